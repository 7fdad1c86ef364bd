package voicetest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice/voicetest"
)

func TestListen(t *testing.T) {
	sim, err := voicetest.Listen(voicetest.Options{})
	require.NoError(t, err)
	defer sim.Close()
	_, err = voicetest.Listen(voicetest.Options{Addr: sim.URL()[len("http://"):]})
	assert.ErrorContains(t, err, "address already in use")
	_, err = voicetest.Listen(voicetest.Options{Agents: []voicetest.Agent{{DN: "1"}, {DN: "1"}}})
	assert.EqualError(t, err, `agent agent1: the DN '1' is missing or taken`)
	_, err = voicetest.Listen(voicetest.Options{Agents: []voicetest.Agent{{DN: "1", Queues: []string{"7"}}}})
	assert.EqualError(t, err, `agent agent1: no queue '7'`)
}

func TestServer_livesOnAfterWrongArgument(t *testing.T) {
	sim := voicetest.NewServer(voicetest.Options{InMemory: true})
	defer sim.Close()
	assert.PanicsWithValue(t, `voicetest: there is no agent '9'`, func() { sim.Ring(voicetest.Call{To: "9"}) })
	assert.PanicsWithValue(t, `voicetest: there is no state 'Nap'`, func() { sim.Agent("5001").SetState("Nap") })
	assert.NotEmpty(t, sim.Ring(voicetest.Call{To: "5001"}))
}
