package voice

// MonitoringState is how a supervisor monitors an agent: on the supervisor's
// device what was asked for, on the supervisor's call what is going on.
type MonitoringState struct {
	State           OperationName   `json:"state"`          // OpListenIn, OpCoach or OpBargeIn
	Mode            MonitoringMode  `json:"mode,omitempty"` // "" on a call
	Scope           MonitoringScope `json:"scope,omitempty"`
	TargetDeviceID  string          `json:"targetDeviceId,omitempty"` // the monitored agent's device
	TargetDeviceURI string          `json:"targetDeviceUri,omitempty"`
}

// MonitoringMode is which calls of an agent a supervisor monitors.
type MonitoringMode string

// The modes of monitoring.
const (
	MonitorNextCall MonitoringMode = "NextCall"
	MonitorAllCalls MonitoringMode = "AllCalls" // the server's default
)

// MonitoringScope is how long a supervisor stays on a call.
type MonitoringScope string

// The scopes of monitoring.
const (
	MonitorAgent MonitoringScope = "Agent" // until the agent leaves the call
	MonitorCall  MonitoringScope = "Call"  // as long as the call lasts; the server's default
)
