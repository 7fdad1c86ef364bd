package voice

// The conditions of outcomes that a device message shows.

// onDevice settles by a message about the operation's device, or about one of
// the agent's devices if the operation names none.
func onDevice(shows func(*Pending, *Device) bool) *rule {
	return &rule{others: true, settles: func(p *Pending, ev Event) bool {
		msg, ok := ev.(*DeviceStateChangeMessage)
		if !ok {
			return false
		}
		for _, d := range msg.Devices {
			if p.mayChange(d, shows) && shows(p, d) {
				p.outcome.Device = msg
				return true
			}
		}
		return false
	}}
}

// mayChange tells whether d can show the outcome of p. For an operation that
// names no device it is any that was not as the operation wants it; one that
// was so already shows something only if all are.
func (p *Pending) mayChange(d *Device, shows func(*Pending, *Device) bool) bool {
	if p.op.DeviceID != "" {
		return d.ID == p.op.DeviceID
	}
	for _, before := range p.devices {
		if before.ID == d.ID && !shows(p, before) {
			return true
		}
	}
	for _, now := range p.client.registry.knownDevices() {
		loggedOut := now.UserState == nil || now.UserState.State == UserLoggedOut
		if now.ID != d.ID && !loggedOut && !shows(p, now) {
			return false
		}
	}
	return true
}

// inUserState is for the states that every contact centre has: a configured
// state of the same kind has a reason.
func inUserState(status UserStatus, mode WorkMode) func(*Pending, *Device) bool {
	return func(_ *Pending, d *Device) bool {
		s := d.UserState
		return s != nil && s.State == status && s.WorkMode == mode && s.Reason == ""
	}
}

// inConfiguredState is for the states that an administrator configured.
func inConfiguredState(want AgentState) func(*Pending, *Device) bool {
	return func(_ *Pending, d *Device) bool {
		s := d.UserState
		switch {
		case s == nil:
			return false
		case s.ID != "" && want.ID != "":
			return s.Is(want.ID)
		}
		return s.Reason == want.Reason && s.WorkMode == want.WorkMode && s.State == want.State
	}
}

func monitors(op OperationName) func(*Pending, *Device) bool {
	return func(p *Pending, d *Device) bool {
		params, _ := p.params.(monitorParams)
		m := d.SupervisorMonitoring
		return m != nil && m.State == op && (params.targetID == "" || m.TargetDeviceID == "" || m.TargetDeviceID == params.targetID)
	}
}

func monitorsNobody(_ *Pending, d *Device) bool { return d.SupervisorMonitoring == nil }

func forwards(p *Pending, d *Device) bool {
	params, _ := p.params.(forwardParams)
	return sameNumber(d.ForwardTo, params.Destination)
}

func forwardsNowhere(_ *Pending, d *Device) bool { return d.ForwardTo == "" }

func undisturbed(on bool) func(*Pending, *Device) bool {
	return func(_ *Pending, d *Device) bool { return d.DoNotDisturb == on }
}
