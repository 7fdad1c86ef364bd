package voice

import (
	"slices"
	"time"
)

// Call is one call as it was for one agent at one moment. Every message and
// every read carries the whole call, never a part of it, and a Call does not
// change afterwards: it is read-only, and safe to keep, to compare and to use
// from several goroutines.
//
// A Call marshals to JSON under the names of the wire, for a browser for
// example: Duration as a number of seconds, Mute as a boolean, with deviceId
// and parentCallId added. [Call.UnmarshalJSON] reads this form and that of the
// server. A struct that embeds Call needs its own MarshalJSON.
//
// Reference: Voice API, CallResource.
type Call struct {
	// ID names the call in operations. It is opaque: newer servers send the
	// UUID, older ones the connection id. Both parties of an internal call, and
	// a supervisor who listens in, see the same id.
	ID     string `json:"id"`
	UUID   string `json:"callUuid,omitempty"` // Genesys call UUID
	ConnID string `json:"connId,omitempty"`   // T-Server connection id; "" from older servers

	State CallState `json:"state"`
	Type  CallType  `json:"callType,omitempty"`

	DeviceID  string `json:"deviceId,omitempty"`  // the agent's device that the call is on
	DeviceURI string `json:"deviceUri,omitempty"` // as sent; its host is the server's own idea of its address

	// Participants are the other parties, never the agent. It may be empty, as
	// for a caller who hides the number.
	Participants []Participant `json:"participants"`
	ANI          string        `json:"ani,omitempty"`  // where the call came from; mostly only on external calls
	DNIS         string        `json:"dnis,omitempty"` // number that was dialled: for a queue call the queue's

	// Capabilities are the operations that the server allows now, in no
	// particular order. See [Call.Can].
	Capabilities []OperationName `json:"capabilities"`

	// UserData is the data attached to the call. Values are strings, but also
	// float64, bool, nil, []any and map[string]any; a number that float64 would
	// change is a json.Number. Nil if the call has none. Read-only.
	UserData map[string]any `json:"userData,omitzero"`

	// ParentID is the id of the call that a consultation belongs to, and "" for
	// every other call. The parent does not point back.
	ParentID string `json:"parentCallId,omitempty"`

	// Duration is how long the call has existed for this agent, in whole
	// seconds, as of this snapshot: ringing, dialling and hold included.
	Duration time.Duration `json:"-"`
	Mute     bool          `json:"mute"` // the agent is muted, or listens in as a supervisor

	// RecordingState is "" if recording is not enabled for the agent.
	RecordingState RecordingState `json:"recordingState,omitempty"`

	SupervisorListeningIn bool `json:"supervisorListeningIn"` // a supervisor monitors this call
	MonitoredUserMuted    bool `json:"monitoredUserMuted"`    // the supervisor muted the monitored agent
	Monitoring            bool `json:"monitoring"`            // inferred: the agent is on the call as its supervisor

	// SupervisorMonitoring tells how a supervisor is on this call, on the
	// supervisor's own snapshot; nil otherwise.
	SupervisorMonitoring *MonitoringState `json:"supervisorMonitoringState,omitempty"`

	URI  string `json:"uri,omitempty"`  // as sent; may be unreachable from here
	Path string `json:"path,omitempty"` // "/calls/{id}"; "" from older servers
}

// Can reports whether the server offered op when this snapshot was taken. An
// operation that is not offered is refused, or accepted and then failed.
func (c *Call) Can(op OperationName) bool { return slices.Contains(c.Capabilities, op) }

// CallState is the state of a call for one agent. A state that this package
// does not know passes through.
type CallState string

// The states of a call. Released is final.
const (
	StateRinging     CallState = "Ringing"     // incoming, not answered
	StateDialing     CallState = "Dialing"     // outgoing, not answered
	StateEstablished CallState = "Established" // talking, in a conference too
	StateHeld        CallState = "Held"        // put on hold by this agent
	StateReleased    CallState = "Released"    // ended for this agent

	// A record of an outbound campaign was offered, or withdrawn.
	StatePreview          CallState = "Preview"
	StatePreviewCancelled CallState = "PreviewCancelled"
)

// CallType is the kind of a call. A type that this package does not know
// passes through.
type CallType string

// The types of calls.
const (
	CallTypeInternal CallType = "Internal"
	CallTypeInbound  CallType = "Inbound"
	CallTypeOutbound CallType = "Outbound"
	CallTypeConsult  CallType = "Consult" // has a ParentID
)

// RecordingState is whether a call is being recorded.
type RecordingState string

// The states of a recording.
const (
	RecordingStopped RecordingState = "Stopped"
	RecordingActive  RecordingState = "Recording"
	RecordingPaused  RecordingState = "Paused"
)

// ended tells whether the call is over for this agent.
func (c *Call) ended() bool { return c.State.isEnd() }

func (s CallState) isEnd() bool { return s == StateReleased || s == StatePreviewCancelled }
