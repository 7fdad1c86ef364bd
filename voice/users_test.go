package voice_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

func TestUsers_tellWhoseDeviceIsWhose(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		sim.Agent("agent5002").SetState("Lunch")
		users, err := connect(t, sim).Users(t.Context())
		require.NoError(t, err)
		require.Len(t, users, len(sim.AgentNames()))
		for i, name := range sim.AgentNames() {
			user := users[i]
			assert.Equal(t, name, user.UserName)
			require.Len(t, user.Devices, 1)
			assert.Equal(t, sim.Agent(name).DeviceID(), user.Devices[0].ID)
			assert.Equal(t, sim.Agent(name).DN(), user.Devices[0].PhoneNumber)
		}
		assert.Equal(t, "Lunch", users[1].Devices[0].UserState.Reason)
	})
}

func TestUsers_needTheirFeature(t *testing.T) {
	bubble(t, voicetest.Options{Features: []string{"api-voice"}}, func(t *testing.T, sim *voicetest.Server) {
		_, err := connect(t, sim).Users(t.Context())
		refused, ok := errors.AsType[*voice.APIError](err)
		require.True(t, ok, "%v", err)
		assert.Equal(t, voice.CodeNoPermission, refused.Code)
	})
}

func TestUsers_answersThatAreOdd(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim)
		sim.OnRead("/users", voicetest.Answer(200, "application/json",
			`{"statusCode":"0","users":[null,7,{"uri":"http://x/api/v2/users/U"},{"id":"V","userName":"v","devices":null,"new":[{}]}]}`))
		users, err := client.Users(t.Context())
		require.NoError(t, err)
		assert.Equal(t, []*voice.User{{ID: "U", URI: "http://x/api/v2/users/U"}, {ID: "V", UserName: "v"}}, users)

		for _, body := range []string{`{"statusCode":0}`, `{"statusCode":0,"users":{}}`, `{"statusCode":0,"users":[{"id":`} {
			sim.OnRead("/users", voicetest.Answer(200, "application/json", body))
			_, err = client.Users(t.Context())
			assert.Error(t, err, body)
		}
	})
}
