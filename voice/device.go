package voice

import (
	"slices"
	"strings"
)

// Device is one of the agent's telephones as it was at one moment. Like [Call]
// it is a complete snapshot and read-only, and it marshals to JSON under the
// names of the wire, DoNotDisturb as a boolean.
//
// Reference: Voice API, CallsDeviceResource.
type Device struct {
	ID    string      `json:"id"`
	State DeviceState `json:"deviceState,omitempty"` // whether the telephone is usable, not the agent

	// UserState is the agent's state on this device. It is nil, observed, while
	// the device is Inactive, and for the media channels it is elsewhere.
	UserState *UserState `json:"userState,omitempty"`

	PhoneNumber      string           `json:"phoneNumber,omitempty"` // the DN
	E164Number       string           `json:"e164Number,omitempty"`
	TelephonyNetwork TelephonyNetwork `json:"telephonyNetwork,omitempty"`
	DoNotDisturb     bool             `json:"doNotDisturb"`
	ForwardTo        string           `json:"forwardTo,omitempty"` // "" while calls are not forwarded

	// VoiceEnvironmentID is the id of the device's [Service] of type Voice.
	VoiceEnvironmentID  string `json:"voiceEnvironmentId,omitempty"`
	VoiceEnvironmentURI string `json:"voiceEnvironmentUri,omitempty"`

	// Capabilities are the operations that the server offers on the device;
	// those that set the agent's state are never among them. Observed: also
	// offered by a device that is Inactive and refuses them.
	Capabilities []OperationName `json:"capabilities"`

	// SupervisorMonitoring is not nil while this device monitors another.
	SupervisorMonitoring *MonitoringState `json:"supervisorMonitoringState,omitempty"`

	Channels           []string `json:"channels,omitempty"` // ["voice"]; newer servers only
	Description        string   `json:"description,omitempty"`
	DynamicPhoneNumber string   `json:"dynamicPhoneNumber,omitempty"`

	// What only the provisioning view of a device has.
	Type        string   `json:"type,omitempty"` // "ACDPosition"
	Vendor      string   `json:"vendor,omitempty"`
	Model       string   `json:"model,omitempty"`
	Location    string   `json:"location,omitempty"`
	LocalNumber string   `json:"localNumber,omitempty"`
	Country     *Country `json:"country,omitempty"`

	URI  string `json:"uri,omitempty"`
	Path string `json:"path,omitempty"`
}

// Can reports whether the server offered op when this snapshot was taken.
func (d *Device) Can(op OperationName) bool { return slices.Contains(d.Capabilities, op) }

// DeviceState is whether a device is usable.
type DeviceState string

// The states of a device. Operations on an Inactive device are refused.
const (
	DeviceActive   DeviceState = "Active"
	DeviceInactive DeviceState = "Inactive" // not registered at the switch, or the voice service is down
)

// TelephonyNetwork is where a device is connected.
type TelephonyNetwork string

// The telephony networks. On a public one the server never offers Answer.
const (
	NetworkPrivate TelephonyNetwork = "Private"
	NetworkPublic  TelephonyNetwork = "Public"
)

// UserState is the state of an agent on a device or media channel.
type UserState struct {
	ID          string     `json:"id,omitempty"` // of the [AgentState]; "" just after the login
	DisplayName string     `json:"displayName,omitempty"`
	State       UserStatus `json:"state"`
	WorkMode    WorkMode   `json:"workMode,omitempty"`
	Reason      string     `json:"reason,omitempty"` // reason code of a configured state
}

// Is reports whether the state is the one with the given id. Servers write ids
// in differing case.
func (u *UserState) Is(id string) bool {
	return u != nil && id != "" && strings.EqualFold(u.ID, id)
}

// UserStatus is whether an agent gets calls.
type UserStatus string

// The statuses of an agent. During a call the status does not change.
const (
	UserLoggedOut UserStatus = "LoggedOut"
	UserLoggedIn  UserStatus = "LoggedIn" // just after the login, neither ready nor not
	UserReady     UserStatus = "Ready"
	UserNotReady  UserStatus = "NotReady"
)

// WorkMode refines the status of an agent who is not ready.
type WorkMode string

// The work modes.
const (
	WorkModeAfterCallWork WorkMode = "AfterCallWork"
	WorkModeAuxWork       WorkMode = "AuxWork"
)

// The ids of the states that every contact centre has, as the server writes
// them. Compare with [UserState.Is].
const (
	StateIDReady         = "9430250E-0A1B-421F-B372-F29E69366DED"
	StateIDNotReady      = "900D55CC-2BB0-431F-8BF9-D3525B383BE6"
	StateIDAfterCallWork = "D3663509-3D82-4DD3-A82E-2EA8EFA02AEF"
	StateIDAuxWork       = "2B36138D-C564-4562-A8CB-3C32D564F296"
	StateIDOffline       = "0F7F5003-EF26-4D13-A6Ef-D0C7EC819BEB"
)
