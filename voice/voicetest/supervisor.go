package voicetest

import "github.com/gwsvoice/gws-go/voice"

var supervisorOperations = map[voice.OperationName]*operation{
	voice.OpListenIn: {on: onDevice, gated: true, check: checkMonitor, run: startMonitor},
	voice.OpCoach:    {on: onDevice, gated: true, check: checkMonitor, run: startMonitor},
	voice.OpBargeIn:  {on: onDevice, gated: true, check: checkMonitor, run: startMonitor},
	voice.OpCancelSupervisorMonitoring: {on: onDevice, gated: true, run: func(tx *transaction, rq *request) {
		tx.endMonitoring(rq.device)
		tx.notifyDevice(rq.device)
	}},
	voice.OpSwitchToBargeIn: {on: onCall, gated: true, run: func(tx *transaction, rq *request) {
		tx.switchTo(rq.leg, voice.OpBargeIn)
	}},
	voice.OpSwitchToListenIn: {on: onCall, gated: true, run: func(tx *transaction, rq *request) {
		tx.switchTo(rq.leg, voice.OpListenIn)
	}},
	voice.OpMuteMonitoredUser: {on: onCall, gated: true, run: func(tx *transaction, rq *request) {
		tx.muteMonitored(rq.leg, true)
	}},
	voice.OpUnmuteMonitoredUser: {on: onCall, gated: true, run: func(tx *transaction, rq *request) {
		tx.muteMonitored(rq.leg, false)
	}},
}

// checkMonitor reads what is to be monitored. The agent's own device, and one
// that somebody else monitors, are refused.
func checkMonitor(rq *request) *refusal {
	m := &monitoring{state: string(rq.name), scope: "Call", mode: "AllCalls"}
	var r *refusal
	if m.scope, r = rq.choice("supervisorMonitoringScope", "Call", "Agent"); r != nil {
		return r
	}
	if m.mode, r = rq.choice("supervisorMonitoringMode", "AllCalls", "NextCall"); r != nil {
		return r
	}
	rq.monitor = m
	if _, given := rq.body["targetDeviceUri"]; !given {
		if _, given = rq.body["phoneNumber"]; given {
			return rq.monitorNumber(m)
		}
	}
	uri, r := rq.string("targetDeviceUri")
	if r != nil {
		return r
	}
	id := lastSegment(uri)
	m.target = rq.x.byDN[id]
	if m.target == nil || m.target.id != id {
		return refuse(6, "Device not found")
	}
	return rq.checkTarget(m)
}

func (rq *request) monitorNumber(m *monitoring) *refusal {
	number, r := rq.string("phoneNumber")
	if r != nil {
		return r
	}
	m.number = number
	if m.queue = rq.x.queues[number]; m.queue != nil {
		return nil
	}
	m.target = rq.x.byDN[number]
	if m.target == nil || m.target.dn != number {
		return refuse(6, "Device not found")
	}
	return rq.checkTarget(m)
}

func (rq *request) checkTarget(m *monitoring) *refusal {
	if m.target == rq.device {
		return invalid("targetDeviceUri")
	}
	if by := m.target.monitoredBy; by != nil && by != rq.device {
		return refuse(19, "Device is already monitored")
	}
	return nil
}

// choice reads an optional parameter with two values; the first is the default.
func (rq *request) choice(name, usual, other string) (string, *refusal) {
	if _, given := rq.body[name]; !given {
		return usual, nil
	}
	s, r := rq.string(name)
	if r == nil && s != usual && s != other {
		r = invalid(name)
	}
	return s, r
}

func startMonitor(tx *transaction, rq *request) { tx.monitor(rq.device, rq.monitor) }

func (tx *transaction) switchTo(l *leg, mode voice.OperationName) {
	l.mode = string(mode)
	l.muted = mode == voice.OpListenIn
	tx.notify(l, statusChange, answered)
}

// muteMonitored mutes the agent for the others while the supervisor speaks.
func (tx *transaction) muteMonitored(l *leg, on bool) {
	l.userMuted = on
	tx.notify(l, monitoredMuted, answered)
	if l.watched != nil {
		l.watched.userMuted = on
		tx.notify(l.watched, monitoredMuted, answered)
	}
}
