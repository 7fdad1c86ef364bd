package voice

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gwsvoice/gws-go/internal/jsonscan"
)

// The reference decoding: what decodeMessage has to do, written plainly upon
// encoding/json. The fuzz target compares the two.

type wireObject map[string]any

func referenceMessage(channel string, data json.RawMessage) (Event, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if !json.Valid(data) {
		return nil, errors.New("something follows")
	}
	o, ok := v.(map[string]any)
	m := wireObject(o)
	generated := m.generated()
	if channel == channelServices || ok && m.text("messageType") == typeService {
		return &ServiceStateChange{Services: referenceServices(v), Generated: generated, Raw: data}, nil
	}
	kind := m.text("messageType")
	call := referenceCall(m["call"])
	if call != nil && call.ID == "" {
		call = nil
	}
	devices, haveDevices := m["devices"].([]any)
	switch {
	case !ok:
	case kind == typeError || m.text("errorMessage") != "":
		e := &ErrorMessage{
			Code: int(m.integer("errorCode")), Message: m.text("errorMessage"), Call: call,
			CallID: m.id("callId", "callUri", "callPath"), DeviceID: m.id("deviceId", "deviceUri", "devicePath"),
			ReferenceID: plainNumbers(m["referenceId"]), Channel: channel, Type: kind, Generated: generated, Raw: data,
		}
		if e.CallID == "" && call != nil {
			e.CallID = call.ID
		}
		return e, nil
	case kind == typeCall && call != nil, kind == "" && channel == channelCalls && call != nil:
		return &CallStateChangeMessage{
			NotificationType: NotificationType(m.text("notificationType")), Call: call, PhoneNumber: m.text("phoneNumber"),
			Extensions: m.object("extensions"), Generated: generated, Raw: data,
		}, nil
	case kind == typeDevice && haveDevices, kind == "" && channel == channelDevices && haveDevices:
		ev := &DeviceStateChangeMessage{Devices: []*Device{}, Generated: generated, Raw: data}
		for _, v := range devices {
			if dev := referenceDevice(v); dev != nil && dev.ID != "" {
				ev.Devices = append(ev.Devices, dev)
			}
		}
		return ev, nil
	}
	return &UnknownMessage{Channel: channel, Type: kind, Generated: generated, Raw: data}, nil
}

func referenceCall(v any) *Call {
	m, ok := asObject(v)
	if !ok {
		return nil
	}
	c := &Call{
		ID: m.id("id", "uri", "path"), UUID: m.text("callUuid"), ConnID: m.text("connId"),
		State: CallState(m.text("state")), Type: CallType(m.text("callType")),
		DeviceID: m.id("deviceId", "deviceUri", "devicePath"), DeviceURI: m.text("deviceUri"),
		ANI: m.text("ani"), DNIS: m.text("dnis"), Capabilities: m.operations(), UserData: m.object("userData"),
		ParentID: m.id("parentCallId", "parentCallUri", "parentCallPath"), Duration: m.seconds("duration"), Mute: m.flag("mute"),
		RecordingState:        RecordingState(m.text("recordingState")),
		SupervisorListeningIn: m.flag("supervisorListeningIn"), MonitoredUserMuted: m.flag("monitoredUserMuted"),
		Monitoring: m.flag("monitoring"), SupervisorMonitoring: m.monitoring(),
		URI: m.text("uri"), Path: m.text("path"),
		Participants: referenceParticipants(m["participants"]),
	}
	if c.ID == "" {
		c.ID = referenceSegment(c.UUID)
	}
	for i, info := range referenceParticipants(m["participantsInfo"]) {
		if i >= len(c.Participants) {
			c.Participants = append(c.Participants, info)
			continue
		}
		p := &c.Participants[i]
		for to, from := range map[*string]string{
			&p.PhoneNumber: info.PhoneNumber, &p.Digits: info.Digits, &p.E164Number: info.E164Number, &p.Location: info.Location,
			&p.FormattedPhoneNumber: info.FormattedPhoneNumber, &p.LocalPhoneNumber: info.LocalPhoneNumber,
		} {
			if *to == "" {
				*to = from
			}
		}
		if p.Country == nil {
			p.Country = info.Country
		}
	}
	return c
}

func referenceParticipants(v any) []Participant {
	list := []Participant{}
	elements, _ := v.([]any)
	for _, e := range elements {
		switch e := e.(type) {
		case string, json.Number:
			list = append(list, Participant{PhoneNumber: scalarText(e)})
		case map[string]any:
			m := wireObject(e)
			p := Participant{
				PhoneNumber: m.text("phoneNumber"), Digits: m.text("digits"), FormattedPhoneNumber: m.text("formattedPhoneNumber"),
				E164Number: m.text("e164Number"), LocalPhoneNumber: m.text("localPhoneNumber"), Location: m.text("location"),
				Country: m.country(),
			}
			if p.E164Number == "" {
				p.E164Number = m.text("E164digits")
			}
			list = append(list, p)
		}
	}
	return list
}

func referenceDevice(v any) *Device {
	m, ok := asObject(v)
	if !ok {
		return nil
	}
	d := &Device{
		ID: m.id("id", "uri", "path"), State: DeviceState(m.text("deviceState")),
		PhoneNumber: m.text("phoneNumber"), E164Number: m.text("e164Number"), TelephonyNetwork: TelephonyNetwork(m.text("telephonyNetwork")),
		DoNotDisturb: m.flag("doNotDisturb"), ForwardTo: m.text("forwardTo"),
		VoiceEnvironmentID: m.id("voiceEnvironmentId", "voiceEnvironmentUri"), VoiceEnvironmentURI: m.text("voiceEnvironmentUri"),
		Capabilities: m.operations(), SupervisorMonitoring: m.monitoring(),
		Description: m.text("description"), DynamicPhoneNumber: m.text("dynamicPhoneNumber"), Type: m.text("type"),
		Vendor: m.text("vendor"), Model: m.text("model"), Location: m.text("location"), LocalNumber: m.text("localNumber"),
		Country: m.country(), URI: m.text("uri"), Path: m.text("path"),
	}
	if d.SupervisorMonitoring != nil && d.SupervisorMonitoring.Mode == "" {
		d.SupervisorMonitoring.Mode = MonitoringMode(m.text("supervisorMonitoringMode"))
	}
	if list, ok := m["channels"].([]any); ok {
		d.Channels = []string{}
		for _, e := range list {
			if s := scalarText(e); s != "" {
				d.Channels = append(d.Channels, s)
			}
		}
	}
	if u, ok := asObject(m["userState"]); ok {
		d.UserState = &UserState{
			ID: u.text("id"), DisplayName: u.text("displayName"), State: UserStatus(u.text("state")),
			WorkMode: WorkMode(u.text("workMode")), Reason: u.text("reason"),
		}
		if d.UserState.Reason == "" {
			d.UserState.Reason = u.text("reasonCode")
		}
	}
	return d
}

func referenceServices(v any) []Service {
	list := []Service{}
	add := func(v any, ids ...string) {
		m, ok := asObject(v)
		if !ok {
			return
		}
		s := Service{
			ID: m.id("id", ids...), Name: m.text("name"), Type: ServiceType(m.text("type")),
			State: ServiceState(m.text("state")), URI: m.text("uri"), Path: m.text("path"),
		}
		if s.State != "" && (s.ID != "" || s.Type != "") {
			list = append(list, s)
		}
	}
	many := func(v any) {
		elements, ok := v.([]any)
		if !ok {
			elements = []any{v}
		}
		for _, e := range elements {
			add(e, "uri", "path")
		}
	}
	if o, ok := v.(map[string]any); ok {
		many(o["services"])
		many(o["service"])
		add(v)
	} else {
		many(v)
	}
	return list
}

func asObject(v any) (wireObject, bool) {
	m, ok := v.(map[string]any)
	return m, ok
}

func (m wireObject) text(key string) string { return scalarText(m[key]) }

func scalarText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return string(v)
	}
	return ""
}

func (m wireObject) integer(key string) int64 {
	n, _ := jsonscan.ParseInt([]byte(m.text(key)))
	return n
}

func (m wireObject) flag(key string) bool {
	if b, ok := m[key].(bool); ok {
		return b
	}
	switch strings.ToLower(m.text(key)) {
	case "on", "true", "1":
		return true
	}
	return false
}

func (m wireObject) seconds(key string) time.Duration {
	text := m.text(key)
	if text == "" || !strings.Contains("0123456789", text[:1]) {
		return 0
	}
	if n, ok := jsonscan.ParseInt([]byte(text)); ok {
		if n > math.MaxInt64/2/int64(time.Second) {
			return 0
		}
		return time.Duration(n) * time.Second
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f >= math.MaxInt64/2/1e9 {
		return 0
	}
	return time.Duration(f * 1e9)
}

func (m wireObject) object(key string) map[string]any {
	o, _ := plainNumbers(m[key]).(map[string]any)
	return o
}

func (m wireObject) operations() []OperationName {
	list := []OperationName{}
	elements, _ := m["capabilities"].([]any)
	for _, e := range elements {
		if s := scalarText(e); s != "" {
			list = append(list, OperationName(s))
		}
	}
	return list
}

func (m wireObject) country() *Country {
	c, ok := asObject(m["country"])
	if !ok {
		return nil
	}
	return &Country{Name: c.text("name"), Code: c.text("code"), CallingCode: c.text("callingCode")}
}

func (m wireObject) monitoring() *MonitoringState {
	switch v := m["supervisorMonitoringState"].(type) {
	case string:
		if v != "" {
			return &MonitoringState{State: OperationName(v)}
		}
	case map[string]any:
		if len(v) > 0 {
			s := wireObject(v)
			return &MonitoringState{
				State: OperationName(s.text("state")), Mode: MonitoringMode(s.text("mode")), Scope: MonitoringScope(s.text("scope")),
				TargetDeviceID: s.id("targetDeviceId", "targetDeviceUri"), TargetDeviceURI: s.text("targetDeviceUri"),
			}
		}
	}
	return nil
}

func (m wireObject) id(key string, addresses ...string) string {
	v := m.text(key)
	for _, a := range addresses {
		if v == "" {
			v = referenceSegment(m.text(a))
		}
	}
	return v
}

func referenceSegment(address string) string {
	address, _, _ = strings.Cut(address, "?")
	address = strings.TrimRight(address, "/")
	address = address[strings.LastIndex(address, "/")+1:]
	if s, err := url.PathUnescape(address); err == nil && utf8.ValidString(s) {
		return s
	}
	return address
}

func (m wireObject) generated() time.Time {
	metrics, _ := asObject(m["metrics"])
	processing, _ := asObject(metrics["eventProcessing"])
	ms := processing.integer("serverGenerationTimestamp")
	if t := time.UnixMilli(ms).UTC(); ms > 0 && t.Year() <= 9999 {
		return t
	}
	return time.Time{}
}

// plainNumbers replaces each json.Number that survives as a float64.
func plainNumbers(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			out[k] = plainNumbers(e)
		}
		return out
	case []any:
		out := []any{}
		for _, e := range v {
			out = append(out, plainNumbers(e))
		}
		return out
	case json.Number:
		f, err := strconv.ParseFloat(string(v), 64)
		if err != nil || f == 0 && strings.ContainsAny(strings.ToLower(strings.Split(strings.ToLower(string(v)), "e")[0]), "123456789") {
			return v
		}
		if f == 0 {
			return f
		}
		sent, _ := new(big.Rat).SetString(string(v))
		kept, _ := new(big.Rat).SetString(strconv.FormatFloat(f, 'e', -1, 64))
		if sent == nil || kept == nil || sent.Cmp(kept) != 0 {
			return v
		}
		return f
	}
	return v
}
