package voice

// User is the agent, as the server knows the person. Read-only.
//
// Reference: Voice API, UsersResource.
type User struct {
	ID           string   `json:"id"`
	UserName     string   `json:"userName"`
	FirstName    string   `json:"firstName,omitempty"`
	LastName     string   `json:"lastName,omitempty"`
	EmailAddress string   `json:"emailAddress,omitempty"`
	Roles        []string `json:"roles,omitempty"` // RoleAgent, ...
	Enabled      bool     `json:"enabled"`

	// ChangePasswordOnFirstLogin says that the server wants a new password
	// before it does anything else.
	ChangePasswordOnFirstLogin bool   `json:"changePasswordOnFirstLogin,omitempty"`
	ContactCenterID            string `json:"contactCenterId,omitempty"`

	// Nil where the answer did not contain them, empty where there are none.
	Devices  []*Device `json:"devices,omitempty"`
	Calls    []*Call   `json:"calls,omitempty"`
	Features []Feature `json:"features,omitempty"`
	Channels []Channel `json:"channels,omitempty"`

	URI  string `json:"uri,omitempty"`
	Path string `json:"path,omitempty"`
}

// The roles of a user.
const (
	RoleAgent      = "ROLE_AGENT"
	RoleSupervisor = "ROLE_SUPERVISOR"
	RoleAdmin      = "ROLE_ADMIN"
)

// HasFeature reports whether the contact centre has the feature, "api-voice"
// for example. That the agent may use it is not said.
func (u *User) HasFeature(id string) bool {
	for i := range u.Features {
		if u.Features[i].ID == id {
			return true
		}
	}
	return false
}

// Feature is a part of the API that is switched on for a contact centre.
type Feature struct {
	ID          string `json:"id"` // "api-voice"
	DisplayName string `json:"displayName,omitempty"`
	Description string `json:"description,omitempty"`
	AutoAssign  bool   `json:"autoAssignOnContactCenterCreate,omitempty"`
	URI         string `json:"uri,omitempty"`
	Path        string `json:"path,omitempty"`
}

// Channel is the agent's state on a medium other than voice.
type Channel struct {
	Name         string     `json:"channel"` // "chat", "email"
	UserState    *UserState `json:"userState,omitempty"`
	DoNotDisturb bool       `json:"dndState"`
}
