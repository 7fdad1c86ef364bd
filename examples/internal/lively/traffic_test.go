package lively

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

func start(t *testing.T, traffic Traffic) (*voicetest.Server, <-chan struct{}) {
	options := Options()
	options.InMemory = true
	sim := voicetest.NewServer(options)
	t.Cleanup(sim.Close)
	done, stop := traffic.Start(sim)
	t.Cleanup(stop)
	return sim, done
}

func TestTraffic_endsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim, done := start(t, Traffic{Calls: 12, Colleagues: []string{"5001", "5002", "5003"}})
		select {
		case <-done:
		case <-time.After(10 * time.Minute):
			require.Fail(t, "still calls after ten minutes")
		}
		for _, agent := range sim.AgentNames() {
			assert.Empty(t, sim.Calls(agent))
		}
	})
}

func TestTraffic_customersLosePatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim, done := start(t, Traffic{Calls: 4}) // nobody answers
		time.Sleep(15 * time.Second)
		assert.NotEmpty(t, sim.Calls("5001"), "the first calls ring")
		assert.Equal(t, voice.StateRinging, sim.Calls("5001")[0].State)
		<-done
	})
}

func TestTraffic_colleaguesLeaveCallsToWhoeverIsLoggedIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim, _ := start(t, Traffic{Calls: 1, Colleagues: []string{"5001"}, Every: time.Minute})
		client, err := voice.Connect(t.Context(), voice.Config{
			BaseURL:    sim.URL(),
			Auth:       voice.BasicAuth("agent5001", "secret"),
			HTTPClient: sim.Client(),
		})
		require.NoError(t, err)
		defer client.Close()
		time.Sleep(10 * time.Second)
		require.NotEmpty(t, sim.Calls("5001"))
		assert.Equal(t, voice.StateRinging, sim.Calls("5001")[0].State)
	})
}
