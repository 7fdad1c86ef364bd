package voice

// AgentState is a state that an agent can be set to: one of the five that
// every contact centre has, or one that an administrator configured, such as a
// reason for not being ready.
type AgentState struct {
	ID            string `json:"id"`            // compare with [UserState.Is]
	OperationName string `json:"operationName"` // what [Client.SetAgentState] takes
	DisplayName   string `json:"displayName,omitempty"`

	// State is what the device will show, except that the settings call the
	// state of a logged-out agent "Logout" and the device "LoggedOut".
	State    UserStatus `json:"state,omitempty"`
	WorkMode WorkMode   `json:"workMode,omitempty"`
	Reason   string     `json:"reason,omitempty"`
}
