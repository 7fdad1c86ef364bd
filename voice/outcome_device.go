package voice

// The conditions of outcomes that a device message shows.

// onDevice settles by a message about the operation's device, or about any of
// the agent's devices if the operation names none.
func onDevice(shows func(*Pending, *Device) bool) rule {
	return rule{others: true, settles: func(p *Pending, ev Event) bool {
		msg, ok := ev.(*DeviceStateChangeMessage)
		if !ok {
			return false
		}
		for _, d := range msg.Devices {
			if (p.op.DeviceID == "" || d.ID == p.op.DeviceID) && shows(p, d) {
				p.outcome.Device = msg
				return true
			}
		}
		return false
	}}
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
