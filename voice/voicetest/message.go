package voicetest

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
	l.told = tx.view(l)
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
