package voicetest

import (
	"slices"

	"github.com/gwsvoice/gws-go/voice"
)

// monitoring is what a supervisor's device is set to listen to.
type monitoring struct {
	state  string // ListenIn, Coach, BargeIn
	mode   string // NextCall, AllCalls
	scope  string // Agent, Call
	target *device
	queue  *queue // instead of target
	number string
}

func (x *exchange) appendMonitoring(b *builder, m *monitoring) {
	if x.opts.Release == Release850 {
		b.str("supervisorMonitoringState", m.state)
		b.str("supervisorMonitoringMode", m.mode)
		return
	}
	b.open("supervisorMonitoringState")
	b.str("state", m.state)
	b.str("mode", m.mode)
	b.str("scope", m.scope)
	if m.target != nil {
		b.str("targetDeviceUri", x.base+"/devices/"+m.target.id)
	} else {
		b.str("phoneNumber", m.number)
	}
	b.close()
}

// watch brings the supervisor of a leg that has just been connected into the
// call. The messages are the caller's to send.
func (tx *transaction) watch(l *leg) []*leg {
	if l.device == nil || l.supervising() || l.watcher != nil {
		return nil
	}
	supervisor := l.device.monitoredBy
	if supervisor == nil && l.viaQueue && l.call.through != nil && len(l.call.through.monitors) > 0 {
		supervisor = l.call.through.monitors[0]
	}
	if supervisor == nil || supervisor.monitoring == nil || tx.alreadyOn(l.call, supervisor) {
		return nil
	}
	m := supervisor.monitoring
	w := tx.join(l.call, supervisor.dn, supervisor, established)
	w.mode, w.scope, w.muted, w.watched = m.state, m.scope, m.state == string(voice.OpListenIn), l
	w.recording = ""
	l.watcher = w
	return []*leg{w}
}

func (tx *transaction) alreadyOn(c *call, d *device) bool {
	return slices.ContainsFunc(c.legs, func(o *leg) bool { return o.device == d })
}

// monitor sets what a supervisor's device listens to.
func (tx *transaction) monitor(d *device, m *monitoring) {
	tx.endMonitoring(d)
	d.monitoring = m
	if m.target != nil {
		m.target.monitoredBy = d
	} else {
		m.queue.monitors = append(m.queue.monitors, d)
	}
	tx.notifyDevice(d)
	if m.state != string(voice.OpBargeIn) || m.target == nil || m.target.owner == nil {
		return
	}
	for _, l := range slices.Clone(m.target.owner.order) {
		if l.device != m.target || l.state != established {
			continue
		}
		for _, w := range tx.watch(l) {
			tx.notify(w, statusChange, answered)
			tx.notify(l, statusChange, businessCall)
		}
	}
}

func (tx *transaction) endMonitoring(d *device) {
	m := d.monitoring
	if m == nil {
		return
	}
	d.monitoring = nil
	if m.target != nil && m.target.monitoredBy == d {
		m.target.monitoredBy = nil
	}
	if m.queue != nil {
		m.queue.monitors = slices.DeleteFunc(m.queue.monitors, func(o *device) bool { return o == d })
	}
}

// afterLeaving settles what supervision there was of, or by, a leg that has
// left its call.
func (tx *transaction) afterLeaving(l *leg) {
	if w := l.watcher; w != nil {
		l.watcher = nil
		w.watched = nil
		if w.alive() && w.scope == "Agent" {
			tx.drop(w, businessCall)
		}
	}
	if !l.supervising() {
		return
	}
	if watched := l.watched; watched != nil {
		l.watched, watched.watcher = nil, nil
		muted := watched.userMuted
		watched.userMuted = false
		if watched.alive() {
			tx.notify(watched, statusChange, businessCall)
			if muted {
				tx.notify(watched, monitoredMuted, answered)
			}
		}
	}
	if d := l.device; d.monitoring != nil && d.monitoring.mode == "NextCall" {
		tx.endMonitoring(d)
		tx.notifyDevice(d)
	}
}
