package voice

import (
	"encoding/json"
	"time"

	"github.com/gwsvoice/gws-go/internal/jsonscan"
)

// The topics of the server.
const (
	channelCalls    = "/v2/me/calls"
	channelDevices  = "/v2/me/devices"
	channelServices = "/notifications/services"
)

// Values of messageType.
const (
	typeCall    = "CallStateChangeMessage"
	typeDevice  = "DeviceStateChangeMessage"
	typeError   = "ErrorMessage"
	typeService = "ServiceStateChangeMessage"
)

// rawMessage is everything that any message may carry.
type rawMessage struct {
	kind, notification string
	generated          time.Time

	call        *Call
	phoneNumber []byte
	extensions  map[string]any

	devices     []*Device
	haveDevices bool

	errorMessage                    string
	errorCode                       int
	callID, callURI, callPath       []byte
	deviceID, deviceURI, devicePath []byte
	referenceID                     any
}

// decodeMessage turns the data of a notification into an event, which keeps
// data as its Raw. Any JSON value makes an event; the error is about data that
// is not JSON. A message without the data wrapper, as one page of the reference
// shows it, is decoded when it is passed as a whole.
func decodeMessage(channel string, data json.RawMessage) (Event, error) {
	if channel == channelServices {
		return asEvent(decodeServiceChange(data))
	}
	d := newDecoder(data)
	defer d.free()
	if d.Kind() != jsonscan.Object {
		d.Skip()
		return asEvent(&UnknownMessage{Channel: channel, Raw: data}, d.End())
	}
	var m rawMessage
	d.message(&m)
	if err := d.End(); err != nil {
		return nil, err
	}
	if m.kind == typeService {
		return asEvent(decodeServiceChange(data))
	}
	return d.finish(&m, channel, data), nil
}

// finish makes an event of what was read.
func (d *decoder) finish(m *rawMessage, channel string, data json.RawMessage) Event {
	ev := d.event(m, channel, data)
	d.flush()
	if e, ok := ev.(*ErrorMessage); ok && e.Call != nil && e.CallID == "" {
		e.CallID = e.Call.ID
	}
	return ev
}

// asEvent keeps a nil pointer from becoming an Event.
func asEvent[E Event](ev E, err error) (Event, error) {
	if err != nil {
		return nil, err
	}
	return ev, nil
}

func (d *decoder) message(m *rawMessage) {
	d.Object()
	for d.NextKey() {
		switch string(d.Key()) {
		case "messageType":
			m.kind = d.word()
		case "notificationType":
			m.notification = d.word()
		case "metrics":
			m.generated = d.metrics()
		case "call":
			m.call = d.call()
		case "phoneNumber":
			m.phoneNumber = d.scalar()
		case "extensions":
			m.extensions = d.object(&d.last().extensions)
		case "devices":
			m.haveDevices = d.Kind() == jsonscan.Array
			m.devices = d.devices()
		case "errorMessage":
			m.errorMessage = string(d.scalar())
		case "errorCode":
			m.errorCode = int(d.integer())
		case "callId":
			m.callID = d.scalar()
		case "callUri":
			m.callURI = d.scalar()
		case "callPath":
			m.callPath = d.scalar()
		case "deviceId":
			m.deviceID = d.scalar()
		case "deviceUri":
			m.deviceURI = d.scalar()
		case "devicePath":
			m.devicePath = d.scalar()
		case "referenceId":
			m.referenceID = d.Any()
		}
	}
}

// event decides what the message is. The strings of the event are there after
// the next flush.
func (d *decoder) event(m *rawMessage, channel string, data json.RawMessage) Event {
	named := m.kind != ""
	switch {
	case m.kind == typeError, m.errorMessage != "":
		return d.errorMessage(m, channel, data)
	case m.kind == typeCall, !named && channel == channelCalls:
		if m.call == nil || !d.named(&m.call.ID) {
			break
		}
		ev := &CallStateChangeMessage{
			NotificationType: NotificationType(m.notification),
			Call:             m.call, Extensions: m.extensions, Generated: m.generated, Raw: data,
		}
		d.put(&ev.PhoneNumber, m.phoneNumber)
		return ev
	case m.kind == typeDevice, !named && channel == channelDevices:
		if !m.haveDevices {
			break
		}
		return &DeviceStateChangeMessage{Devices: m.devices, Generated: m.generated, Raw: data}
	}
	return &UnknownMessage{Channel: channel, Type: m.kind, Generated: m.generated, Raw: data}
}

func (d *decoder) errorMessage(m *rawMessage, channel string, data json.RawMessage) Event {
	if m.call != nil && !d.named(&m.call.ID) {
		m.call = nil
	}
	ev := &ErrorMessage{
		Code: m.errorCode, Message: m.errorMessage, Call: m.call, ReferenceID: m.referenceID,
		Channel: channel, Type: m.kind, Generated: m.generated, Raw: data,
	}
	d.put(&ev.CallID, id(m.callID, m.callURI, m.callPath))
	d.put(&ev.DeviceID, id(m.deviceID, m.deviceURI, m.devicePath))
	return ev
}

// devices reads a list of devices; those without an id are left out, because
// nothing can be said of them.
func (d *decoder) devices() []*Device {
	list := []*Device{}
	if !d.Array() {
		return list
	}
	for n := 0; d.NextElem(); n++ {
		if n > 0 {
			d.flush() // so that who keeps one device does not keep the text of all
		}
		if v := d.device(); v != nil && d.named(&v.ID) {
			list = append(list, v)
		}
	}
	return list
}

// named tells whether the string at to will not be empty after the next flush.
func (d *decoder) named(to *string) bool {
	for i := len(d.pending) - 1; i >= 0; i-- {
		if d.pending[i].to == to {
			return d.pending[i].end > d.pending[i].start
		}
	}
	return *to != ""
}

// metrics reads when the server made the message; zero if it does not tell.
func (d *decoder) metrics() (generated time.Time) {
	if !d.Object() {
		return generated
	}
	for d.NextKey() {
		if string(d.Key()) != "eventProcessing" {
			continue
		}
		generated = time.Time{}
		if !d.Object() {
			continue
		}
		for d.NextKey() {
			if string(d.Key()) == "serverGenerationTimestamp" {
				generated = unixMilli(d.integer())
			}
		}
	}
	return generated
}

func unixMilli(ms int64) time.Time {
	const year9999 = 253402300799999 // later times have no JSON form
	if ms <= 0 || ms > year9999 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
