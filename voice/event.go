package voice

import (
	"encoding/json"
	"time"
)

// Event is what a [Subscription] delivers: a *[CallStateChangeMessage],
// *[DeviceStateChangeMessage], *[ErrorMessage], *[ServiceStateChange],
// *[UnknownMessage], *[Reconnected] or *[Lagged]. No other kinds will come
// without a new major version. Events are shared by all who receive them and
// read-only.
type Event interface{ isEvent() }

// CallStateChangeMessage says that something about a call changed, and shows
// the whole call as it is now.
//
// Reference: Voice API, CallsMessageType.
type CallStateChangeMessage struct {
	// NotificationType is what changed. It is a hint: Call counts, whatever
	// NotificationType is. Older servers may leave it "".
	NotificationType NotificationType `json:"notificationType,omitempty"`

	Call        *Call          `json:"call"`                  // never nil, its ID never ""
	PhoneNumber string         `json:"phoneNumber,omitempty"` // the agent's own DN
	Extensions  map[string]any `json:"extensions,omitzero"`   // of the T-Server event; values as in Call.UserData, read-only; nil if none

	// Synthetic is true if the message was not notified but derived from a read
	// of the agent's calls, after a gap or when an outcome was overdue.
	Synthetic bool `json:"synthetic,omitempty"`

	Generated time.Time       `json:"generated,omitzero"` // by the server's clock; zero if it did not tell
	Raw       json.RawMessage `json:"-"`                  // as received; nil if Synthetic
}

// NotificationType is what a [CallStateChangeMessage] is about. A type that
// this package does not know passes through.
type NotificationType string

// The notification types of voice calls.
const (
	StatusChange                  NotificationType = "StatusChange" // also: muted, and how a supervisor listens
	ParticipantsUpdated           NotificationType = "ParticipantsUpdated"
	AttachedDataChanged           NotificationType = "AttachedDataChanged" // UserData, changed by anyone
	DTMFSent                      NotificationType = "DtmfSent"
	CallRecordingStateChange      NotificationType = "CallRecordingStateChange"
	MonitoredUserMutedStateChange NotificationType = "MonitoredUserMutedStateChange"
)

// DeviceStateChangeMessage says that something about the agent's devices
// changed: the agent's state, do-not-disturb, forwarding, or monitoring. It
// shows the whole of each device that it names.
//
// Reference: Voice API, CallsMessageType.
type DeviceStateChangeMessage struct {
	Devices   []*Device       `json:"devices"`             // observed: one
	Synthetic bool            `json:"synthetic,omitempty"` // read back, not notified
	Generated time.Time       `json:"generated,omitzero"`  // by the server's clock; zero if it did not tell
	Raw       json.RawMessage `json:"-"`                   // as received; nil if Synthetic
}

// ErrorMessage says that something which was accepted has failed. The server
// rarely tells what: every field may be empty. One that surely belongs to an
// operation of this client ends that operation as a [FailedError] and is an
// event all the same.
//
// Reference: Voice API, ErrorHandling.
type ErrorMessage struct {
	// Operation is the operation of this client that it surely belongs to and
	// that it ended; "" if there is none.
	Operation OperationName `json:"operationName,omitempty"`

	Code        int             `json:"errorCode,omitempty"`    // T-Server error number; 0 if none was given
	Message     string          `json:"errorMessage,omitempty"` // the server's free text; do not match on it
	CallID      string          `json:"callId,omitempty"`       // "" if it names no call
	DeviceID    string          `json:"deviceId,omitempty"`     // "" if it names no device
	Call        *Call           `json:"call,omitempty"`         // if the message shows one; rare
	ReferenceID any             `json:"referenceId,omitempty"`  // never seen on voice; nil if absent
	Channel     string          `json:"channel,omitempty"`      // where it came from: "/v2/me/devices"
	Type        string          `json:"type,omitempty"`         // messageType as received, mostly "ErrorMessage"
	Generated   time.Time       `json:"generated,omitzero"`     // by the server's clock; zero if it did not tell
	Raw         json.RawMessage `json:"-"`                      // as received
}

// ServiceStateChange says that servers behind GWS failed or came back. Those
// of type [ServiceVoice] decide whether calls can be controlled.
//
// Reference: AsynchronousEvents; the form of the message is inferred.
type ServiceStateChange struct {
	Services  []Service       `json:"services"`            // empty if the message could not be understood
	Synthetic bool            `json:"synthetic,omitempty"` // concluded from an answer, not notified
	Generated time.Time       `json:"generated,omitzero"`  // by the server's clock; zero if it did not tell
	Raw       json.RawMessage `json:"-"`                   // as received; nil if Synthetic
}

// Reconnected marks a gap: the notification session was lost and is restored,
// calls and devices have been read again, and what changed is told by the
// synthetic messages that follow. What came and went in between is not known.
type Reconnected struct {
	Since    time.Time // when the old session was last known to work
	Lossless bool      // it is proven that nothing is missing
	Err      error     // what ended the old session
}

// Lagged marks a gap of one [Subscription]: its reader was slow, and this many
// events were dropped here.
type Lagged struct {
	Dropped int
}

// UnknownMessage is a message that this package does not understand.
type UnknownMessage struct {
	Channel   string          `json:"channel,omitempty"`
	Type      string          `json:"messageType,omitempty"` // "" if the message has none
	Generated time.Time       `json:"generated,omitzero"`    // by the server's clock; zero if it did not tell
	Raw       json.RawMessage `json:"data,omitempty"`        // as received
}

func (*CallStateChangeMessage) isEvent()   {}
func (*DeviceStateChangeMessage) isEvent() {}
func (*ErrorMessage) isEvent()             {}
func (*ServiceStateChange) isEvent()       {}
func (*Reconnected) isEvent()              {}
func (*Lagged) isEvent()                   {}
func (*UnknownMessage) isEvent()           {}
