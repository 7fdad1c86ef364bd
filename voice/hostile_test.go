package voice

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// hostileMessages are messages as no server should send them.
var hostileMessages = []string{
	`null`, `true`, `5`, `"text"`, `[]`, `[{"id":"V","type":"Voice","state":"Inactive"}]`, `{}`,
	`{"messageType":null}`, `{"messageType":5}`, `{"messageType":{}}`, `{"messageType":""}`,
	`{"messageType":"CallStateChangeMessage"}`,
	`{"messageType":"CallStateChangeMessage","call":null}`,
	`{"messageType":"CallStateChangeMessage","call":"X"}`,
	`{"messageType":"CallStateChangeMessage","call":{}}`,
	`{"messageType":"CallStateChangeMessage","call":{"id":""}}`,
	`{"messageType":"CallStateChangeMessage","call":{"id":7,"state":5,"participants":{},"capabilities":"Hold","userData":[],"duration":true,"mute":[],"deviceUri":null}}`,
	`{"messageType":"CallStateChangeMessage","call":{"uri":"http://h/api/v2/me/calls/a%2Fb?x=1","participants":["1",2,{"phoneNumber":"3","country":{"code":"US"}},null,true,[]]}}`,
	`{"messageType":"CallStateChangeMessage","call":{"path":"calls/P/","duration":5,"mute":true}}`,
	`{"messageType":"CallStateChangeMessage","call":{"callUuid":"U","duration":"5.5","mute":"on"}}`,
	`{"messageType":"CallStateChangeMessage","call":{"id":"D","duration":"99999999999999999999","mute":1}}`,
	`{"messageType":"CallStateChangeMessage","call":{"id":"D","duration":"-5","mute":"TRUE"}}`,
	`{"messageType":"CallStateChangeMessage","call":{"id":"D","duration":1e9,"mute":"1","supervisorMonitoringState":"Coach"}}`,
	`{"messageType":"CallStateChangeMessage","call":{"id":"D","participantsInfo":[{"E164digits":"+19","location":null,"isValidNumber":true,"country":{"name":"N"}},{"digits":"2"}],"participants":["1"]}}`,
	`{"messageType":"CallStateChangeMessage","call":{"id":"D","userData":{"n":12345678901234567890,"o":{"a":[1,null,"x"]},"":""}},"extensions":{}}`,
	`{"messageType":"CallStateChangeMessage","call":{"id":"D"},"errorMessage":"no","errorCode":"415"}`,
	`{"messageType":"ErrorMessage","errorCode":"x","call":{"uri":"/calls/C"},"referenceId":14}`,
	`{"messageType":"ErrorMessage","errorCode":71.0,"callPath":"/calls/C","devicePath":"/devices/D","referenceId":{"a":1},"call":{}}`,
	`{"messageType":"DeviceStateChangeMessage","devices":{}}`,
	`{"messageType":"DeviceStateChangeMessage","devices":[]}`,
	`{"messageType":"DeviceStateChangeMessage","devices":[null,{},{"id":"D","userState":"Ready","supervisorMonitoringState":"ListenIn","supervisorMonitoringMode":"AllCalls","doNotDisturb":true},{"uri":"/devices/E","userState":{"reasonCode":"Lunch"},"channels":["voice",5,null]}]}`,
	`{"messageType":"DeviceStateChangeMessage","devices":[{"id":"D","supervisorMonitoringState":{},"country":{}}],"metrics":{"eventProcessing":{"serverGenerationTimestamp":"1769554688150"}}}`,
	`{"messageType":"ServiceStateChangeMessage","service":{"uri":"/services/V","state":"Active"},"services":[{"id":"A","state":"Active"},{"id":"B"}]}`,
	`{"id":"V","type":"Voice","state":"Inactive","metrics":{"eventProcessing":{"serverGenerationTimestamp":1769554688150}}}`,
	`{"notificationType":"StatusChange","call":{"id":"X"}}`, `{"call":{"id":"X"}}`, `{"devices":[{"id":"X"}]}`,
	`{"metrics":{"eventProcessing":{"serverGenerationTimestamp":9e18}}}`, `{"metrics":{"eventProcessing":null}}`,
}

func TestHostileMessages_agreeWithTheReference(t *testing.T) {
	for _, in := range hostileMessages {
		for _, channel := range fuzzChannels {
			got, err := decodeMessage(channel, []byte(in))
			require.NoError(t, err, in)
			want, err := referenceMessage(channel, []byte(in))
			require.NoError(t, err, in)
			assert.Equal(t, want, got, "%s %s", channel, in)
			requireSound(t, got)
		}
	}
}

func decodeCallForTest(t *testing.T, call string) *Call {
	t.Helper()
	ev, err := decodeMessage(channelCalls, []byte(`{"messageType":"CallStateChangeMessage","call":`+call+`}`))
	require.NoError(t, err)
	m, ok := ev.(*CallStateChangeMessage)
	require.True(t, ok, "%T", ev)
	return m.Call
}

func TestCall_wrongTypesCostOneAttribute(t *testing.T) {
	c := decodeCallForTest(t, `{"id":"A","state":{"x":1},"participants":"7002","capabilities":["Hold",5,null,{},"Hangup"],
		"userData":"none","duration":[],"mute":{},"deviceUri":7,"dnis":7002,"connId":null,"unknown":{"deep":[[[[]]]]}}`)
	assert.Equal(t, "A", c.ID)
	assert.Empty(t, c.State)
	assert.Empty(t, c.Participants)
	assert.Equal(t, []OperationName{OpHold, "5", OpHangup}, c.Capabilities)
	assert.Nil(t, c.UserData)
	assert.Zero(t, c.Duration)
	assert.False(t, c.Mute)
	assert.Equal(t, "7002", c.DNIS, "a number where a string belongs is its digits")
}

func TestCall_bothWireForms(t *testing.T) {
	for in, want := range map[string]time.Duration{
		`"5"`: 5 * time.Second, `5`: 5 * time.Second, `"0"`: 0, `"672"`: 672 * time.Second, `5.0`: 5 * time.Second,
		`5.5`: 5500 * time.Millisecond, `"1.5"`: 1500 * time.Millisecond, `-1`: 0, `"x"`: 0, `""`: 0, `null`: 0, `1e300`: 0,
		`99999999999`: 0,
	} {
		assert.Equal(t, want, decodeCallForTest(t, `{"id":"A","duration":`+in+`}`).Duration, in)
	}
	for in, want := range map[string]bool{
		`"On"`: true, `"Off"`: false, `true`: true, `false`: false, `"on"`: true, `"true"`: true, `1`: true, `0`: false, `"no"`: false,
		`null`: false, `[true]`: false,
	} {
		c := decodeCallForTest(t, `{"id":"A","mute":`+in+`,"supervisorListeningIn":`+in+`,"monitoredUserMuted":`+in+`,"monitoring":`+in+`}`)
		assert.Equal(t, want, c.Mute, in)
		assert.Equal(t, want, c.SupervisorListeningIn, in)
		assert.Equal(t, want, c.MonitoredUserMuted, in)
		assert.Equal(t, want, c.Monitoring, in)
	}
}

func TestCall_participantsOfEveryVersion(t *testing.T) {
	c := decodeCallForTest(t, `{"id":"A","participants":["7002",{"phoneNumber":"7003","digits":"7003"},7004],
		"participantsInfo":[{"digits":"7002","e164Number":"7002","formattedPhoneNumber":"70 02"},
			{"digits":"x","location":"California","country":{"name":"United States","code":"US","callingCode":"1"}},
			{"E164digits":"+17004"}]}`)
	assert.Equal(t, []Participant{
		{PhoneNumber: "7002", Digits: "7002", E164Number: "7002", FormattedPhoneNumber: "70 02"},
		{PhoneNumber: "7003", Digits: "7003", Location: "California", Country: &Country{"United States", "US", "1"}},
		{PhoneNumber: "7004", E164Number: "+17004"},
	}, c.Participants)
}

func TestCall_unknownWordsPassThrough(t *testing.T) {
	c := decodeCallForTest(t, `{"id":"A","state":"Parked","callType":"Unknown","capabilities":["Teleport"],"recordingState":"Failed"}`)
	assert.Equal(t, CallState("Parked"), c.State)
	assert.Equal(t, CallType("Unknown"), c.Type)
	assert.True(t, c.Can("Teleport"))
	assert.False(t, c.Can(OpHold))
	assert.Equal(t, RecordingState("Failed"), c.RecordingState)
}

func TestCall_idFromItsAddress(t *testing.T) {
	for _, in := range []string{
		`{"uri":"http://h:8080/api/v2/me/calls/X"}`, `{"path":"/calls/X"}`, `{"path":"calls/X"}`, `{"uri":"http://h/calls/X/?a=/b"}`,
		`{"callUuid":"X"}`, `{"id":"","uri":"/X"}`, `{"id":"X","uri":"/Y"}`, `{"id":null,"uri":"/%58"}`,
	} {
		assert.Equal(t, "X", decodeCallForTest(t, in).ID, in)
	}
	c := decodeCallForTest(t, `{"id":"X","deviceUri":"http://h/api/v2/devices/D","parentCallPath":"/calls/P"}`)
	assert.Equal(t, "D", c.DeviceID)
	assert.Equal(t, "P", c.ParentID)
}

func TestMessage_withoutMessageType(t *testing.T) {
	call := `{"call":{"id":"X","state":"Held"}}`
	ev, err := decodeMessage(channelCalls, []byte(call))
	require.NoError(t, err)
	assert.IsType(t, &CallStateChangeMessage{}, ev, "a call on the topic of calls")
	ev, err = decodeMessage("/v2/me/chats", []byte(call))
	require.NoError(t, err)
	assert.Equal(t, &UnknownMessage{Channel: "/v2/me/chats", Raw: []byte(call)}, ev, "anything elsewhere")
	ev, err = decodeMessage(channelDevices, []byte(`{"devices":[{"id":"D"}]}`))
	require.NoError(t, err)
	assert.IsType(t, &DeviceStateChangeMessage{}, ev)
	ev, err = decodeMessage(channelDevices, []byte(`{"errorMessage":"no"}`))
	require.NoError(t, err)
	assert.IsType(t, &ErrorMessage{}, ev)
}

func TestMessage_thatIsNotJSON(t *testing.T) {
	for _, in := range []string{``, `{`, `{"call":}`, `{"a":1}}`, `<html>`, strings.Repeat(`{"a":`, 5000), strings.Repeat(`[`, 5_000_000)} {
		ev, err := decodeMessage(channelCalls, []byte(in))
		assert.Error(t, err)
		assert.Nil(t, ev)
		assert.Less(t, len(err.Error()), 300)
		_, err = decodeMessage(channelServices, []byte(in))
		assert.Error(t, err)
	}
}

func TestMessage_deepButValid(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 900) + `1` + strings.Repeat(`}`, 900)
	c := decodeCallForTest(t, `{"id":"A","unknown":`+deep+`,"userData":{"deep":`+deep+`}}`)
	assert.Contains(t, c.UserData, "deep")
}

func TestMessage_doesNotKeepTheDecoder(t *testing.T) {
	data := []byte(`{"messageType":"CallStateChangeMessage","phoneNumber":"7001","call":{"id":"A","dnis":"7002","participants":["7003"]}}`)
	ev, err := decodeMessage(channelCalls, data)
	require.NoError(t, err)
	for range 10 {
		_, err := decodeMessage(channelCalls, []byte(`{"messageType":"CallStateChangeMessage","phoneNumber":"1","call":{"id":"B","dnis":"2","participants":["3","4"]}}`))
		require.NoError(t, err)
	}
	c := ev.(*CallStateChangeMessage)
	assert.Equal(t, []string{"A", "7002", "7001", "7003"}, []string{c.Call.ID, c.Call.DNIS, c.PhoneNumber, c.Call.Participants[0].PhoneNumber})
}
