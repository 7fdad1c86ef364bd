package voicetest

import (
	"slices"
	"strconv"
	"time"

	"github.com/gwsvoice/gws-go/voice"
)

// The topics of an agent.
const (
	topicCalls    = "/v2/me/calls"
	topicDevices  = "/v2/me/devices"
	topicChannels = "/v2/me/channels"
	topicServices = "/notifications/services"
)

// The notification types of call messages.
const (
	statusChange        = "StatusChange"
	participantsUpdated = "ParticipantsUpdated"
	dataChanged         = "AttachedDataChanged"
	dtmfSent            = "DtmfSent"
	recordingChanged    = "CallRecordingStateChange"
	monitoredMuted      = "MonitoredUserMutedStateChange"
)

// extensions is which of the T-Server's extensions a call message carries.
type extensions int

const (
	noExtensions extensions = iota
	businessCall            // BusinessCall 0
	answered                // WrapUpTime 0, BusinessCall 0
	offered                 // as answered; with more on a recorded ringing call
	clearCall               // BusinessCall 1
)

// notify sends a call message about a leg to its agent.
func (tx *transaction) notify(l *leg, kind string, ext extensions) {
	if l.agent == nil { // somebody outside
		return
	}
	l.told = tx.offers(l)
	if tx.down {
		return
	}
	b := builder{b: make([]byte, 0, 1024)}
	b.open("")
	b.str("notificationType", kind)
	tx.appendCall(&b, "call", l, ext)
	b.str("phoneNumber", l.device.dn)
	tx.appendExtensions(&b, l, ext)
	b.str("messageType", "CallStateChangeMessage")
	tx.appendMetrics(&b, 3)
	b.close()
	tx.tell(l.agent, topicCalls, b.b)
}

func (tx *transaction) appendExtensions(b *builder, l *leg, ext extensions) {
	if ext == noExtensions || tx.opts.NoExtensions || tx.opts.Release == Release850 {
		return
	}
	b.open("extensions")
	if tx.opts.Release == Release85202 && ext == offered {
		b.str("NO_ANSWER_ACTION", "notready")
		b.int("NO_ANSWER_TIMEOUT", 15)
		b.str("NO_ANSWER_OVERFLOW", "recall")
		for _, o := range l.others() {
			b.str("OriginationDN", o.number)
			b.str("OriginationDN_location", "SIP_Switch")
			break
		}
	}
	if ext == answered || ext == offered {
		b.int("WrapUpTime", 0)
	}
	business := int64(0)
	if ext == clearCall {
		business = 1
	}
	b.int("BusinessCall", business)
	b.close()
}

func (tx *transaction) appendMetrics(b *builder, total int64) {
	if !tx.opts.Metrics && tx.opts.Release != Release85202 {
		return
	}
	b.open("metrics")
	b.open("eventProcessing")
	b.int("nodeProcessingTimeNanos", 465232)
	b.int("serverGenerationTimestamp", tx.now.UnixMilli())
	b.int("serverProcessingTimeTotalMs", total)
	b.close()
	b.close()
}

// notifyDevice sends the device's message to the agent who has it.
func (tx *transaction) notifyDevice(d *device) {
	if d.owner == nil {
		return
	}
	b := builder{b: make([]byte, 0, 512)}
	b.open("")
	b.array("devices")
	tx.appendDevice(&b, "", d)
	b.close()
	b.str("messageType", "DeviceStateChangeMessage")
	tx.appendMetrics(&b, 0)
	b.close()
	tx.tell(d.owner, topicDevices, b.b)
}

// failure is an ErrorMessage.
type failure struct {
	code     int    // 0: none
	text     string // "": none
	topic    string
	nameCall bool
	device   *device // nil: none is named
	leg      *leg    // may be nil
	callID   string  // if there is no leg
}

func (tx *transaction) notifyError(a *agent, f failure) {
	b := builder{b: make([]byte, 0, 256)}
	b.open("")
	b.str("messageType", "ErrorMessage")
	if f.text != "" {
		b.str("errorMessage", f.text)
	}
	if f.code != 0 {
		b.int("errorCode", int64(f.code))
	}
	tx.appendMetrics(&b, -1)
	if id := f.call(); f.nameCall && id != "" {
		b.str("callUri", tx.base+"/me/calls/"+id)
		b.str("callPath", "/calls/"+id)
	}
	if f.device != nil {
		b.str("devicePath", "/devices/"+f.device.id)
		b.str("deviceUri", tx.base+"/devices/"+f.device.id)
	}
	b.close()
	tx.tell(a, f.topic, b.b)
}

func (f *failure) call() string {
	if f.leg != nil {
		return f.leg.id
	}
	return f.callID
}

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
