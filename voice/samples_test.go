package voice

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// messageFiles returns every sample of a message.
func messageFiles(t testing.TB) []string {
	var files []string
	for _, pattern := range []string{"testdata/*/notification-*.json", "testdata/messages/*.json"} {
		some, err := filepath.Glob(pattern)
		require.NoError(t, err)
		files = append(files, some...)
	}
	require.Greater(t, len(files), 70)
	return files
}

// readMessage returns the channel and data of a sample. One has no data: the
// message is the payload.
func readMessage(t testing.TB, file string) (channel string, data json.RawMessage) {
	t.Helper()
	body, err := os.ReadFile(file)
	require.NoError(t, err)
	var wire struct {
		Channel string
		Data    json.RawMessage
	}
	require.NoError(t, json.Unmarshal(body, &wire), file)
	if wire.Data == nil {
		return channelCalls, body
	}
	require.NotEmpty(t, wire.Channel, file)
	return wire.Channel, wire.Data
}

// leaves calls visit for every scalar, empty object and empty array of v, with
// its path: "call.participants[].digits", and the positions in its arrays.
func leaves(v any, path string, at []int, visit func(path string, at []int, leaf any)) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			leaves(e, strings.TrimPrefix(path+"."+k, "."), at, visit)
		}
		if len(v) > 0 {
			return
		}
	case []any:
		for i, e := range v {
			leaves(e, path+"[]", append(slices.Clone(at), i), visit)
		}
		if len(v) > 0 {
			return
		}
	}
	visit(path, at, v)
}

// In the tables below every attribute that occurs in a sample has the typed
// value that shows it, in the words of the wire.

var callAttributes = map[string]func(c *Call, at []int) any{
	"id":                            func(c *Call, _ []int) any { return c.ID },
	"callUuid":                      func(c *Call, _ []int) any { return c.UUID },
	"connId":                        func(c *Call, _ []int) any { return c.ConnID },
	"state":                         func(c *Call, _ []int) any { return string(c.State) },
	"callType":                      func(c *Call, _ []int) any { return string(c.Type) },
	"deviceUri":                     func(c *Call, _ []int) any { return c.DeviceURI },
	"participants":                  func(c *Call, _ []int) any { return empty(len(c.Participants)) },
	"participants[]":                func(c *Call, at []int) any { return c.Participants[at[0]].PhoneNumber },
	"capabilities":                  func(c *Call, _ []int) any { return empty(len(c.Capabilities)) },
	"capabilities[]":                func(c *Call, at []int) any { return string(c.Capabilities[at[0]]) },
	"ani":                           func(c *Call, _ []int) any { return c.ANI },
	"dnis":                          func(c *Call, _ []int) any { return c.DNIS },
	"duration":                      func(c *Call, _ []int) any { return strconv.Itoa(int(c.Duration.Seconds())) },
	"mute":                          func(c *Call, _ []int) any { return onOff(c.Mute) },
	"recordingState":                func(c *Call, _ []int) any { return string(c.RecordingState) },
	"supervisorListeningIn":         func(c *Call, _ []int) any { return c.SupervisorListeningIn },
	"monitoredUserMuted":            func(c *Call, _ []int) any { return c.MonitoredUserMuted },
	"monitoring":                    func(c *Call, _ []int) any { return c.Monitoring },
	"uri":                           func(c *Call, _ []int) any { return c.URI },
	"path":                          func(c *Call, _ []int) any { return c.Path },
	"parentCallUri":                 func(c *Call, _ []int) any { return segment(c.ParentID) },
	"parentCallPath":                func(c *Call, _ []int) any { return segment(c.ParentID) },
	"participantsInfo[].digits":     func(c *Call, at []int) any { return c.Participants[at[0]].Digits },
	"participantsInfo[].e164Number": func(c *Call, at []int) any { return c.Participants[at[0]].E164Number },
	"participantsInfo[].formattedPhoneNumber": func(c *Call, at []int) any { return c.Participants[at[0]].FormattedPhoneNumber },
	"participants[].phoneNumber":              func(c *Call, at []int) any { return c.Participants[at[0]].PhoneNumber },
	"participants[].digits":                   func(c *Call, at []int) any { return c.Participants[at[0]].Digits },
	"participants[].e164Number":               func(c *Call, at []int) any { return c.Participants[at[0]].E164Number },
	"participants[].formattedPhoneNumber":     func(c *Call, at []int) any { return c.Participants[at[0]].FormattedPhoneNumber },
	"participants[].location":                 func(c *Call, at []int) any { return c.Participants[at[0]].Location },
	"participants[].country.name":             func(c *Call, at []int) any { return c.Participants[at[0]].Country.Name },
	"participants[].country.code":             func(c *Call, at []int) any { return c.Participants[at[0]].Country.Code },
	"participants[].country.callingCode":      func(c *Call, at []int) any { return c.Participants[at[0]].Country.CallingCode },
	"supervisorMonitoringState.state":         func(c *Call, _ []int) any { return string(c.SupervisorMonitoring.State) },
}

var deviceAttributes = map[string]func(d *Device, at []int) any{
	"id":                              func(d *Device, _ []int) any { return d.ID },
	"deviceState":                     func(d *Device, _ []int) any { return string(d.State) },
	"userState.id":                    func(d *Device, _ []int) any { return d.UserState.ID },
	"userState.displayName":           func(d *Device, _ []int) any { return d.UserState.DisplayName },
	"userState.state":                 func(d *Device, _ []int) any { return string(d.UserState.State) },
	"userState.workMode":              func(d *Device, _ []int) any { return string(d.UserState.WorkMode) },
	"userState.reason":                func(d *Device, _ []int) any { return d.UserState.Reason },
	"phoneNumber":                     func(d *Device, _ []int) any { return d.PhoneNumber },
	"e164Number":                      func(d *Device, _ []int) any { return d.E164Number },
	"telephonyNetwork":                func(d *Device, _ []int) any { return string(d.TelephonyNetwork) },
	"doNotDisturb":                    func(d *Device, _ []int) any { return onOff(d.DoNotDisturb) },
	"forwardTo":                       func(d *Device, _ []int) any { return d.ForwardTo },
	"voiceEnvironmentUri":             func(d *Device, _ []int) any { return d.VoiceEnvironmentURI },
	"capabilities[]":                  func(d *Device, at []int) any { return string(d.Capabilities[at[0]]) },
	"channels[]":                      func(d *Device, at []int) any { return d.Channels[at[0]] },
	"description":                     func(d *Device, _ []int) any { return d.Description },
	"dynamicPhoneNumber":              func(d *Device, _ []int) any { return d.DynamicPhoneNumber },
	"supervisorMonitoringState.state": func(d *Device, _ []int) any { return string(d.SupervisorMonitoring.State) },
	"supervisorMonitoringState.mode":  func(d *Device, _ []int) any { return string(d.SupervisorMonitoring.Mode) },
	"supervisorMonitoringState.scope": func(d *Device, _ []int) any { return string(d.SupervisorMonitoring.Scope) },
	"supervisorMonitoringState.targetDeviceUri": func(d *Device, _ []int) any { return d.SupervisorMonitoring.TargetDeviceURI },
}

var serviceAttributes = map[string]func(s *Service) any{
	"id": func(s *Service) any { return s.ID }, "name": func(s *Service) any { return s.Name },
	"type": func(s *Service) any { return string(s.Type) }, "state": func(s *Service) any { return string(s.State) },
	"uri": func(s *Service) any { return s.URI }, "path": func(s *Service) any { return s.Path },
}

// onlyInRaw is what has no typed field: it is undocumented, or says what another
// attribute says, or belongs to another medium.
var onlyInRaw = []string{
	"call.case", "call.someFutureAttribute.a",
	"metrics.eventProcessing.nodeProcessingTimeNanos", "metrics.eventProcessing.serverProcessingTimeTotalMs",
	"channels[].channel", "channels[].dndState",
	"channels[].userState.id", "channels[].userState.displayName", "channels[].userState.state",
	"notificationType: PasswordChangeError", "notificationType: PasswordChangeSuccessful",
}

// segment stands for a value of which only the last segment is kept.
type segment string

// empty is how an empty list of the wire looks when it has n elements.
func empty(n int) any {
	if n == 0 {
		return []any{}
	}
	return n
}

func onOff(on bool) string {
	if on {
		return "On"
	}
	return "Off"
}

// TestSamples_loseNothing finds every attribute of every sample in the event
// that it decodes to.
func TestSamples_loseNothing(t *testing.T) {
	rawUsed := map[string]bool{}
	for _, file := range messageFiles(t) {
		t.Run(strings.TrimPrefix(file, "testdata/"), func(t *testing.T) {
			channel, data := readMessage(t, file)
			ev, err := decodeMessage(channel, data)
			require.NoError(t, err)
			var sent any
			require.NoError(t, json.Unmarshal(data, &sent))
			leaves(sent, "", nil, func(path string, at []int, leaf any) {
				if word, ok := leaf.(string); ok && slices.Contains(onlyInRaw, path+": "+word) {
					path += ": " + word
				}
				if slices.Contains(onlyInRaw, path) {
					rawUsed[path] = true
					return
				}
				got, ok := typedValue(ev, path, at)
				require.True(t, ok, "%T has nothing for %s", ev, path)
				if s, ok := got.(segment); ok {
					leaf, got = leaf.(string)[strings.LastIndex(leaf.(string), "/")+1:], string(s)
				}
				assert.Equal(t, leaf, got, path)
			})
			assert.JSONEq(t, string(data), string(rawOf(ev)))
		})
	}
	for _, path := range onlyInRaw {
		assert.True(t, rawUsed[path], "no sample has %s any more", path)
	}
}

func rawOf(ev Event) json.RawMessage {
	switch ev := ev.(type) {
	case *CallStateChangeMessage:
		return ev.Raw
	case *DeviceStateChangeMessage:
		return ev.Raw
	case *ErrorMessage:
		return ev.Raw
	case *ServiceStateChange:
		return ev.Raw
	case *UnknownMessage:
		return ev.Raw
	}
	return nil
}

// typedValue returns what the event shows of an attribute.
func typedValue(ev Event, path string, at []int) (any, bool) {
	var generated time.Time
	var kind string
	defer func() { _ = recover() }() // a missing element: not shown
	switch ev := ev.(type) {
	case *CallStateChangeMessage:
		kind, generated = typeCall, ev.Generated
		switch {
		case path == "notificationType":
			return string(ev.NotificationType), true
		case path == "phoneNumber":
			return ev.PhoneNumber, true
		case strings.HasPrefix(path, "extensions."):
			return inMap(ev.Extensions, strings.TrimPrefix(path, "extensions."))
		case strings.HasPrefix(path, "call.userData."):
			return inMap(ev.Call.UserData, strings.TrimPrefix(path, "call.userData."))
		case strings.HasPrefix(path, "call."):
			if f := callAttributes[strings.TrimPrefix(path, "call.")]; f != nil {
				return f(ev.Call, at), true
			}
		}
	case *DeviceStateChangeMessage:
		kind, generated = typeDevice, ev.Generated
		if name, ok := strings.CutPrefix(path, "devices[]."); ok {
			if f := deviceAttributes[name]; f != nil {
				return f(ev.Devices[at[0]], at[1:]), true
			}
		}
	case *ErrorMessage:
		kind, generated = ev.Type, ev.Generated
		switch path {
		case "errorMessage":
			return ev.Message, true
		case "errorCode":
			return float64(ev.Code), true
		case "callUri", "callPath":
			return segment(ev.CallID), true
		case "deviceUri", "devicePath":
			return segment(ev.DeviceID), true
		}
	case *ServiceStateChange:
		kind, generated = typeService, ev.Generated
		if name, ok := strings.CutPrefix(path, "services[]."); ok && serviceAttributes[name] != nil {
			return serviceAttributes[name](&ev.Services[at[0]]), true
		}
	case *UnknownMessage:
		kind, generated = ev.Type, ev.Generated
	}
	switch path {
	case "messageType":
		return kind, true
	case "metrics.eventProcessing.serverGenerationTimestamp":
		return float64(generated.UnixMilli()), true
	}
	return nil, false
}

func inMap(m map[string]any, path string) (any, bool) {
	key, rest, more := strings.Cut(path, ".")
	v, ok := m[key]
	if more {
		inner, _ := v.(map[string]any)
		return inMap(inner, rest)
	}
	return v, ok
}

// TestSamples_becomeTheRightKind checks that no sample ends as an UnknownMessage
// that could say more.
func TestSamples_becomeTheRightKind(t *testing.T) {
	want := map[string]Event{
		"error-calls": &ErrorMessage{}, "error-with-call": &ErrorMessage{}, "error-bare-observed": &ErrorMessage{},
		"error-devices": &ErrorMessage{}, "password-change-error": &ErrorMessage{}, "password-change-ok": &UnknownMessage{},
		"channel-offline": &UnknownMessage{}, "channel-not-ready": &UnknownMessage{}, "services": &ServiceStateChange{},
	}
	for _, file := range messageFiles(t) {
		channel, data := readMessage(t, file)
		ev, err := decodeMessage(channel, data)
		require.NoError(t, err)
		kind := want[strings.TrimSuffix(filepath.Base(file), ".json")]
		if kind == nil && channel == channelCalls {
			kind = &CallStateChangeMessage{}
		}
		if kind == nil {
			kind = &DeviceStateChangeMessage{}
		}
		assert.IsType(t, kind, ev, file)
	}
}

// TestSeed is the message of the page on Reject that this package began with.
func TestSeed_everyField(t *testing.T) {
	channel, data := readMessage(t, "testdata/messages/reject-seed.json")
	ev, err := decodeMessage(channel, data)
	require.NoError(t, err)
	assert.Equal(t, &CallStateChangeMessage{
		NotificationType: StatusChange,
		Call: &Call{
			ID:           "013V08JRL498H1OI04000VTAES00000I",
			UUID:         "013V08JRL498H1OI04000VTAES00000I",
			ConnID:       "0071023821aec012",
			State:        StateReleased,
			Type:         CallTypeInternal,
			DeviceID:     "9c14cad7-17c4-48d0-8492-7cf0ff92c224",
			DeviceURI:    "http://127.0.0.1:8080/api/v2/devices/9c14cad7-17c4-48d0-8492-7cf0ff92c224",
			Participants: []Participant{{PhoneNumber: "5005", Digits: "5005", FormattedPhoneNumber: "5005"}},
			DNIS:         "9000",
			Capabilities: []OperationName{},
			Duration:     5 * time.Second,
			URI:          "http://127.0.0.1:8080/api/v2/me/calls/013V08JRL498H1OI04000VTAES00000I",
			Path:         "/calls/013V08JRL498H1OI04000VTAES00000I",
		},
		PhoneNumber: "5001",
		Extensions:  map[string]any{"WrapUpTime": 0.0, "BusinessCall": 0.0},
		Raw:         data,
	}, ev)
}

func TestSeed_asRecognisedFromPaper(t *testing.T) {
	body, err := os.ReadFile("testdata/messages/reject-seed-ocr.txt")
	require.NoError(t, err)
	ev, err := decodeMessage(channelCalls, body)
	assert.Nil(t, ev)
	assert.ErrorContains(t, err, `invalid character '\n' in a string`)
	assert.ErrorContains(t, err, `"deviceUri"`)

	// With its line in one piece it is JSON. Its misread attribute means nothing.
	body = []byte(strings.Replace(string(body), "devices/\n", "devices/", 1))
	var wire struct{ Data json.RawMessage }
	require.NoError(t, json.Unmarshal(body, &wire))
	ev, err = decodeMessage(channelCalls, wire.Data)
	require.NoError(t, err)
	assert.Nil(t, ev.(*CallStateChangeMessage).Extensions)
	assert.Contains(t, string(ev.(*CallStateChangeMessage).Raw), "WrapUpTime")
}
