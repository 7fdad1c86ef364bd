package voicetest

import (
	"slices"
	"strconv"
	"time"

	"github.com/gwsvoice/gws-go/voice"
)

// appendCall writes a leg as its agent sees the call. ext tells which message
// it stands in, for the little that depends on that.
func (x *exchange) appendCall(b *builder, name string, l *leg, ext extensions) {
	c := l.call
	old := x.opts.Release == Release850
	inPreview := l.state == preview || l.state == cancelled
	b.open(name)
	b.str("id", l.id)
	b.str("state", l.state)
	b.str("callUuid", l.uuid)
	if !old && !inPreview {
		b.str("connId", c.connID)
	}
	b.str("deviceUri", x.base+"/devices/"+l.device.id)
	b.participants(l, old, inPreview)
	if c.ani != "" && !inPreview {
		b.str("ani", c.ani)
	}
	if c.dnis != "" && !inPreview {
		b.str("dnis", c.dnis)
	}
	b.str("callType", c.kind)
	b.array("capabilities")
	for _, t := range x.offers(l).names() {
		b.str("", string(t))
	}
	b.close()
	if len(c.data) > 0 {
		b.value("userData", c.data)
	}
	if l.parentID != "" {
		b.str("parentCallUri", x.base+"/me/calls/"+l.parentID)
	}
	b.str("duration", strconv.Itoa(int(time.Since(l.began)/time.Second)))
	b.onOff("mute", l.muted)
	if l.recording != "" {
		b.str("recordingState", l.recording)
	}
	if !old && !inPreview && ext != clearCall {
		b.bool("supervisorListeningIn", l.watcher != nil)
		b.bool("monitoredUserMuted", l.userMuted)
		if !l.supervising() {
			b.bool("monitoring", false)
		}
	}
	if l.supervising() && x.opts.Release == Release85202 {
		b.bool("monitoring", true)
		b.open("supervisorMonitoringState")
		b.str("state", l.mode)
		b.close()
	}
	b.str("uri", x.base+"/me/calls/"+l.id)
	if !old {
		b.str("path", "/calls/"+l.id)
		if l.parentID != "" {
			b.str("parentCallPath", "/calls/"+l.parentID)
		}
	}
	if x.opts.Release == Release85202 && l.state == established {
		b.array("case")
		b.close()
	}
	b.close()
}

func (b *builder) participants(l *leg, old, plain bool) {
	numbers := l.participants()
	b.array("participants")
	for _, n := range numbers {
		if old {
			b.str("", n)
		} else {
			b.number(n, plain)
		}
	}
	b.close()
	if !old {
		return
	}
	b.array("participantsInfo")
	for _, n := range numbers {
		b.open("")
		b.str("digits", digitsOf(n))
		b.str("e164Number", n)
		b.str("formattedPhoneNumber", n)
		b.close()
	}
	b.close()
}

// appendDevice writes a device.
func (x *exchange) appendDevice(b *builder, name string, d *device) {
	recorded := x.opts.Release == Release85202
	active := d.registered && !x.down
	b.open(name)
	b.str("id", d.id)
	if active {
		b.str("deviceState", "Active")
		b.userState("userState", d.state)
	} else {
		b.str("deviceState", "Inactive")
	}
	b.str("phoneNumber", d.dn)
	if recorded {
		b.str("description", "")
		b.str("e164Number", "")
	} else {
		b.str("e164Number", d.dn)
	}
	if d.public {
		b.str("telephonyNetwork", "Public")
	} else {
		b.str("telephonyNetwork", "Private")
	}
	b.onOff("doNotDisturb", d.dnd)
	if d.forward != "" {
		b.str("forwardTo", d.forward)
	}
	b.str("voiceEnvironmentUri", x.base+"/voice-environments/"+x.voiceID)
	b.array("capabilities")
	for _, name := range d.capabilities() {
		b.str("", string(name))
	}
	b.close()
	if m := d.monitoring; m != nil {
		x.appendMonitoring(b, m)
	}
	if recorded {
		b.strings("channels", []string{"voice"})
		b.str("dynamicPhoneNumber", "")
	}
	b.close()
}

func (b *builder) userState(name string, s *userState) {
	b.open(name)
	if s.id != "" {
		b.str("id", s.id)
		b.str("displayName", s.displayName)
	}
	b.str("state", s.state)
	if s.workMode != "" {
		b.str("workMode", s.workMode)
	}
	if s.reason != "" {
		b.str("reason", s.reason)
	}
	b.close()
}

// capabilities returns what the device's agent may do with it now.
func (d *device) capabilities() []voice.OperationName {
	all := []voice.OperationName{voice.OpForwardCallsOn, voice.OpDoNotDisturbOn}
	if d.forward != "" {
		all[0] = voice.OpForwardCallsOff
	}
	if d.dnd {
		all[1] = voice.OpDoNotDisturbOff
	}
	if d.owner != nil && d.owner.Supervisor {
		all = append(all, voice.OpListenIn, voice.OpCoach, voice.OpBargeIn)
		if d.monitoring != nil {
			all = append(all, voice.OpCancelSupervisorMonitoring)
		}
	}
	return all
}

func (d *device) offers(name voice.OperationName) bool {
	return slices.Contains(d.capabilities(), name)
}
