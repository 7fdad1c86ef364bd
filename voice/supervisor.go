package voice

import "context"

// Monitor tells what a supervisor wants to monitor: an agent's device, named by
// its URI or id, or a number such as a routing point's.
type Monitor struct {
	TargetDeviceURI string          // as in [Device.URI]; or
	TargetDeviceID  string          // the device's id, from which the URI is made; or
	PhoneNumber     string          // the number to monitor; newer servers only
	Scope           MonitoringScope // "" means MonitorCall
	Mode            MonitoringMode  // "" means MonitorAllCalls
}

type monitorParams struct {
	TargetDeviceURI string          `json:"targetDeviceUri,omitzero"`
	Scope           MonitoringScope `json:"supervisorMonitoringScope,omitzero"`
	Mode            MonitoringMode  `json:"supervisorMonitoringMode,omitzero"`
	PhoneNumber     string          `json:"phoneNumber,omitzero"`

	targetID string
}

// ListenIn lets a supervisor hear an agent's calls unheard, and returns the
// message that shows the supervisor's device monitoring. The calls themselves
// appear later, as calls of the supervisor. deviceID is the supervisor's own
// device; it needs the ListenIn capability. Reference: Voice API, Supervisor
// Listen In.
func (c *Client) ListenIn(ctx context.Context, deviceID string, p Monitor) (*DeviceStateChangeMessage, error) {
	return c.monitor(ctx, OpListenIn, deviceID, p)
}

// Coach lets a supervisor hear an agent's calls and be heard by the agent only.
// It returns as [Client.ListenIn] does and needs the Coach capability.
// Reference: Voice API, Supervisor Coach.
func (c *Client) Coach(ctx context.Context, deviceID string, p Monitor) (*DeviceStateChangeMessage, error) {
	return c.monitor(ctx, OpCoach, deviceID, p)
}

// BargeIn lets a supervisor take part in an agent's calls, heard by all. It
// returns as [Client.ListenIn] does and needs the BargeIn capability.
// Reference: Voice API, Supervisor Barge In.
func (c *Client) BargeIn(ctx context.Context, deviceID string, p Monitor) (*DeviceStateChangeMessage, error) {
	return c.monitor(ctx, OpBargeIn, deviceID, p)
}

func (c *Client) monitor(ctx context.Context, op OperationName, deviceID string, p Monitor) (*DeviceStateChangeMessage, error) {
	params := monitorParams{
		TargetDeviceURI: p.TargetDeviceURI,
		Scope:           p.Scope,
		Mode:            p.Mode,
		PhoneNumber:     p.PhoneNumber,
		targetID:        p.TargetDeviceID,
	}
	switch {
	case p.TargetDeviceID != "" && badID(p.TargetDeviceID) != "":
		return nil, &ArgumentError{op, "p.TargetDeviceID", badID(p.TargetDeviceID)}
	case p.TargetDeviceURI != "":
		params.targetID = string(lastSegment([]byte(p.TargetDeviceURI)))
	case p.TargetDeviceID != "":
		params.TargetDeviceURI = c.apiURI() + "/devices/" + p.TargetDeviceID
	case p.PhoneNumber == "":
		return nil, &ArgumentError{op, "p.TargetDeviceURI", "is empty, and so are the other ways to name a target"}
	}
	return c.oneDevice(ctx, Operation{Name: op, DeviceID: deviceID, Params: params})
}

// CancelSupervisorMonitoring ends the monitoring that the supervisor's device is
// set to, and returns the message that shows none. It needs the
// CancelSupervisorMonitoring capability. Reference: Voice API, Supervisor
// Cancel Monitoring.
func (c *Client) CancelSupervisorMonitoring(ctx context.Context, deviceID string) (*DeviceStateChangeMessage, error) {
	return c.oneDevice(ctx, Operation{Name: OpCancelSupervisorMonitoring, DeviceID: deviceID})
}

// SwitchToListenIn makes a supervisor on a call silent, and returns the message
// that shows the supervisor muted. It needs the SwitchToListenIn capability.
// Reference: Voice API, Supervisor Switch To Listen In.
func (c *Client) SwitchToListenIn(ctx context.Context, callID string) (*CallStateChangeMessage, error) {
	return c.one(ctx, Operation{Name: OpSwitchToListenIn, CallID: callID})
}

// SwitchToBargeIn lets a supervisor on a call be heard by all, and returns the
// message that shows the supervisor not muted. There is no way back to
// coaching. It needs the SwitchToBargeIn capability. Reference: Voice API,
// Supervisor Switch To Barge In.
func (c *Client) SwitchToBargeIn(ctx context.Context, callID string) (*CallStateChangeMessage, error) {
	return c.one(ctx, Operation{Name: OpSwitchToBargeIn, CallID: callID})
}

// MuteMonitoredUser mutes the agent whom a supervisor monitors, and returns the
// message that shows it in the supervisor's call. The supervisor must have barged
// in; that it is possible is, observed, not among the capabilities of the call.
// Reference: Voice API, Supervisor Mute Monitored User.
func (c *Client) MuteMonitoredUser(ctx context.Context, callID string) (*CallStateChangeMessage, error) {
	return c.one(ctx, Operation{Name: OpMuteMonitoredUser, CallID: callID})
}

// UnmuteMonitoredUser undoes [Client.MuteMonitoredUser], under the same
// condition, and returns the message that shows it. Reference: Voice API,
// Supervisor Unmute Monitored User.
func (c *Client) UnmuteMonitoredUser(ctx context.Context, callID string) (*CallStateChangeMessage, error) {
	return c.one(ctx, Operation{Name: OpUnmuteMonitoredUser, CallID: callID})
}
