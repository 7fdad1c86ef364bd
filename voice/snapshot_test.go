package voice

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func answer(t *testing.T, name string) []byte {
	t.Helper()
	body, err := os.ReadFile("testdata/rest/" + name + ".json")
	require.NoError(t, err)
	return body
}

func TestDecodeUser(t *testing.T) {
	u, err := decodeUser(answer(t, "me-with-call"))
	require.NoError(t, err)
	require.Len(t, u.Devices, 1)
	require.Len(t, u.Calls, 1)
	device, call := u.Devices[0], u.Calls[0]
	u.Devices, u.Calls = nil, nil
	assert.Equal(t, &User{
		ID: "7be1d5a03c2f4e90a6c8842f19d7b305", UserName: "agent7001", FirstName: "Ada", LastName: "Test",
		Roles: []string{RoleAgent}, Enabled: true, ContactCenterID: "2f6c0d1b-8e43-4a57-9d20-6b1a7c5e3f84",
		URI: "http://gws.example.test:8080/api/v2/users/7be1d5a03c2f4e90a6c8842f19d7b305", Path: "/users/7be1d5a03c2f4e90a6c8842f19d7b305",
	}, u)
	assert.Equal(t, &Device{
		ID: "5d2f0c1e-7a44-4b39-9c55-1f0be2a6d701", State: DeviceActive,
		UserState:   &UserState{ID: StateIDReady, DisplayName: "Ready", State: UserReady},
		PhoneNumber: "7001", TelephonyNetwork: NetworkPrivate,
		VoiceEnvironmentID:  "a9c7d1e0-2b35-47f8-8e16-50d4c3f2b904",
		VoiceEnvironmentURI: "http://gws.example.test:8080/api/v2/voice-environments/a9c7d1e0-2b35-47f8-8e16-50d4c3f2b904",
		Capabilities:        []OperationName{OpDoNotDisturbOn, OpForwardCallsOn}, Channels: []string{"voice"},
	}, device)
	assert.Equal(t, "02C7KQ5M3T9FV6PA81ND4WLAES000001", call.ID)
	assert.Equal(t, 22*time.Second, call.Duration)

	u, err = decodeUser(answer(t, "me-login"))
	require.NoError(t, err)
	assert.Nil(t, u.Calls, "not asked for")
	assert.True(t, u.Devices[0].UserState.Is("0f7f5003-ef26-4d13-a6ef-d0c7ec819beb"))
	require.Len(t, u.Features, 5)
	assert.True(t, u.HasFeature("api-voice"))
	assert.False(t, u.HasFeature("api-none"))
	assert.Equal(t, Feature{
		ID: "api-voice", DisplayName: "Voice API", Description: "API for Voice", AutoAssign: true,
		URI: "http://gws.example.test:8080/api/v2/features/api-voice", Path: "/features/api-voice",
	}, u.Features[2])

	u, err = decodeUser(answer(t, "me-recovery"))
	require.NoError(t, err)
	assert.Equal(t, []*Call{}, u.Calls, "asked for, and there is none")
	assert.Equal(t, []Channel{{Name: "chat", UserState: &UserState{ID: StateIDNotReady, DisplayName: "Not Ready", State: UserNotReady}}}, u.Channels)

	u, err = decodeUser([]byte(`{"statusCode":0,"user":{"uri":"/users/U","changePasswordOnFirstLogin":"true","calls":null,"devices":null}}`))
	require.NoError(t, err)
	assert.Equal(t, &User{ID: "U", URI: "/users/U", ChangePasswordOnFirstLogin: true}, u)
}

func TestDecodeCalls(t *testing.T) {
	calls, err := decodeCalls(answer(t, "calls"))
	require.NoError(t, err)
	require.Len(t, calls, 1)
	call, err := decodeCall(answer(t, "call"))
	require.NoError(t, err)
	assert.Equal(t, calls[0], call)
	assert.Equal(t, StateEstablished, call.State)

	calls, err = decodeCalls([]byte(`{"statusCode":0,"calls":[]}`))
	require.NoError(t, err)
	assert.Empty(t, calls)
}

// A list that is not understood completely must not look like a shorter one:
// the missing calls would count as ended.
func TestDecodeCalls_isWholeOrFails(t *testing.T) {
	for _, body := range []string{
		`{"statusCode":0}`, `{"statusCode":0,"uris":["http://h/calls/X"]}`, `{"calls":null}`, `{"calls":{}}`, `{"calls":["http://h/calls/X"]}`,
		`{"calls":[{"id":"X"},{"state":"Held"}]}`, `{"calls":[{"id":"X"},null]}`, `{"calls":[{"id":"X"}`, ``, `[]`, `"x"`, `<html>`,
	} {
		calls, err := decodeCalls([]byte(body))
		assert.Error(t, err, body)
		assert.Nil(t, calls, body)
	}
	for _, body := range []string{
		`{"user":{"calls":[{}]}}`, `{"user":{"calls":{}}}`, `{"user":{"calls":[{}],"devices":[]}}`, `{"user":[]}`, `{"user":null}`, `{}`,
	} {
		u, err := decodeUser([]byte(body))
		assert.Error(t, err, body)
		assert.Nil(t, u, body)
	}
}

func TestDecodeDevices(t *testing.T) {
	devices, err := decodeDevices(answer(t, "devices"))
	require.NoError(t, err)
	require.Len(t, devices, 1)
	device, err := decodeDevice(answer(t, "device"))
	require.NoError(t, err)
	assert.Equal(t, devices[0], device)
	device, err = decodeDevice(answer(t, "device-inactive"))
	require.NoError(t, err)
	assert.Equal(t, DeviceInactive, device.State)
	assert.Nil(t, device.UserState)
	assert.True(t, device.Can(OpForwardCallsOn))
	assert.False(t, device.UserState.Is(StateIDReady), "nil is no state")
	_, err = decodeDevices(answer(t, "devices-uris"))
	assert.EqualError(t, err, `voice: not an answer of GWS: no "devices" (HTTP 200)`)
}

func TestDecodeServices(t *testing.T) {
	services, err := decodeServices(answer(t, "services-all"))
	require.NoError(t, err)
	require.Len(t, services, 4)
	assert.Equal(t, Service{
		ID: "a9c7d1e0-2b35-47f8-8e16-50d4c3f2b904", Name: "SIP_Switch_TServer", Type: ServiceVoice, State: ServiceActive,
		URI:  "http://gws.example.test:8080/api/v2/services/a9c7d1e0-2b35-47f8-8e16-50d4c3f2b904",
		Path: "/services/a9c7d1e0-2b35-47f8-8e16-50d4c3f2b904",
	}, services[1])
	assert.Equal(t, ServiceInactive, services[3].State)
}

func TestDecodeAgentStates(t *testing.T) {
	states, err := decodeAgentStates(answer(t, "agent-states"))
	require.NoError(t, err)
	require.Len(t, states, 6)
	assert.Equal(t, AgentState{
		ID: "5C0E7B1A-93D4-4F26-8A17-6E2B0D9F4C81", OperationName: "Lunch", DisplayName: "Out to Lunch",
		State: UserNotReady, WorkMode: WorkModeAuxWork, Reason: "Lunch",
	}, states[5])
	assert.Equal(t, UserStatus("Logout"), states[1].State)
	states, err = decodeAgentStates([]byte(`{"settings":[{"id":"A","reasonCode":"Tea","operationName":"Tea"},{"id":"B"},null]}`))
	require.NoError(t, err)
	assert.Equal(t, []AgentState{{ID: "A", OperationName: "Tea", Reason: "Tea"}}, states)
	_, err = decodeAgentStates(answer(t, "general-settings"))
	assert.Error(t, err)
}

func TestDecodeChannelsAndVersion(t *testing.T) {
	channels, err := decodeChannels(answer(t, "channels"))
	require.NoError(t, err)
	require.Len(t, channels, 2)
	assert.Equal(t, "Lunch", channels[1].UserState.Reason)
	version, err := decodeVersion(answer(t, "version"))
	require.NoError(t, err)
	assert.Equal(t, "8.5.202.96", version)
}
