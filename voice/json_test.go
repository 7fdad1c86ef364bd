package voice

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestJSON_ofACall(t *testing.T) {
	call := Call{
		ID: "X", State: StateHeld, Type: CallTypeConsult, DeviceID: "D", ParentID: "P", Duration: 90 * time.Second, Mute: true,
		Participants: []Participant{{PhoneNumber: "7002", Country: &Country{"United States", "US", "1"}}},
		Capabilities: []OperationName{OpRetrieve, OpSendDTMF}, UserData: map[string]any{"a": 1.0},
		SupervisorMonitoring: &MonitoringState{State: OpCoach},
	}
	const want = `{"id":"X","state":"Held","callType":"Consult","deviceId":"D","parentCallId":"P","duration":90,"mute":true,
		"participants":[{"phoneNumber":"7002","country":{"name":"United States","code":"US","callingCode":"1"}}],
		"capabilities":["Retrieve","SendDtmf"],"userData":{"a":1},"supervisorListeningIn":false,"monitoredUserMuted":false,
		"monitoring":false,"supervisorMonitoringState":{"state":"Coach"}}`
	for _, v := range []any{call, &call} {
		text, err := json.Marshal(v)
		require.NoError(t, err)
		assert.JSONEq(t, want, string(text))
	}
	var back Call
	require.NoError(t, json.Unmarshal([]byte(want), &back))
	assert.Equal(t, call, back)

	text, err := json.Marshal(Call{})
	require.NoError(t, err)
	assert.Contains(t, string(text), `"participants":[],`, "a list is never null")
	assert.Contains(t, string(text), `"capabilities":[],`)

	require.NoError(t, json.Unmarshal([]byte("null"), &back))
	assert.Equal(t, call, back, "null changes nothing")
	assert.Error(t, json.Unmarshal([]byte("[]"), &back))
	assert.Error(t, new(Call).UnmarshalJSON([]byte("{")))
	assert.Error(t, json.Unmarshal([]byte("5"), &Device{}))
}

func TestJSON_ofEvents(t *testing.T) {
	at := time.Date(2026, 1, 27, 22, 58, 8, 0, time.UTC)
	for want, ev := range map[string]Event{
		`{"messageType":"CallStateChangeMessage","notificationType":"StatusChange","phoneNumber":"7001","extensions":{"a":1},"synthetic":true,
			"generated":"2026-01-27T22:58:08Z","call":{"id":"X","state":"Held","duration":0,"mute":false,"participants":[],"capabilities":[],
			"supervisorListeningIn":false,"monitoredUserMuted":false,"monitoring":false}}`: &CallStateChangeMessage{
			NotificationType: StatusChange, PhoneNumber: "7001", Extensions: map[string]any{"a": 1.0}, Synthetic: true, Generated: at,
			Call: &Call{ID: "X", State: StateHeld}, Raw: json.RawMessage(`{"secret":1}`),
		},
		`{"messageType":"DeviceStateChangeMessage","devices":[{"id":"D","doNotDisturb":true,"capabilities":null,"userState":{"state":"Ready"}}]}`: &DeviceStateChangeMessage{Devices: []*Device{{ID: "D", DoNotDisturb: true, UserState: &UserState{State: UserReady}}}},
		`{"messageType":"ErrorMessage","errorCode":71,"errorMessage":"no","callId":"X","deviceId":"D","channel":"/c","type":"T"}`: &ErrorMessage{
			Code: 71, Message: "no", CallID: "X", DeviceID: "D", Channel: "/c", Type: "T",
		},
		`{"messageType":"ServiceStateChangeMessage","services":[{"id":"V","type":"Voice","state":"Inactive"}]}`: &ServiceStateChange{Services: []Service{{ID: "V", Type: ServiceVoice, State: ServiceInactive}}},
		`{"messageType":"Reconnected","since":"2026-01-27T22:58:08Z","lossless":true,"error":"reset"}`:          &Reconnected{Since: at, Lossless: true, Err: errors.New("reset")},
		`{"messageType":"Lagged","dropped":3}`:                    &Lagged{Dropped: 3},
		`{"channel":"/c","messageType":"Other","data":{"a":[1]}}`: &UnknownMessage{Channel: "/c", Type: "Other", Raw: json.RawMessage(`{"a":[1]}`)},
	} {
		text, err := json.Marshal(ev)
		require.NoError(t, err)
		assert.JSONEq(t, want, string(text))
	}
}

// An event that was marshalled is one that decodes: a browser's code, or a
// test's, can use both forms alike.
func TestJSON_ofEventsDecodes(t *testing.T) {
	for _, file := range messageFiles(t) {
		channel, data := readMessage(t, file)
		ev, err := decodeMessage(channel, data)
		require.NoError(t, err)
		text, err := json.Marshal(ev)
		require.NoError(t, err)
		again, err := decodeMessage(channel, text)
		require.NoError(t, err)
		switch ev := ev.(type) {
		case *CallStateChangeMessage:
			ev.Raw, ev.Generated = text, time.Time{}
		case *DeviceStateChangeMessage:
			ev.Raw, ev.Generated = text, time.Time{}
		default:
			continue
		}
		assert.Equal(t, ev, again, file)
	}
}

func TestStatusCode_hasAText(t *testing.T) {
	seen := map[string]bool{}
	for c := CodeSuccess; c <= CodeNotAuthenticated; c++ {
		assert.NotEmpty(t, c.String())
		assert.False(t, seen[c.String()], c.String())
		seen[c.String()] = true
	}
	assert.Len(t, seen, 21)
	assert.Equal(t, "not authenticated", StatusCode(20).String())
	assert.Equal(t, "status 21", StatusCode(21).String())
	assert.Equal(t, "status -1", StatusCode(-1).String())
}

func TestDecode_allocatesLittle(t *testing.T) {
	for file, limit := range map[string]float64{"messages/established-observed": 15, "Hold/notification-1": 13, "messages/device-ready-observed": 13} {
		channel, data := readMessage(t, "testdata/"+file+".json")
		n := testing.AllocsPerRun(200, func() {
			if _, err := decodeMessage(channel, data); err != nil {
				t.Fatal(err)
			}
		})
		assert.LessOrEqual(t, n, limit, file)
	}
}
