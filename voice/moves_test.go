package voice_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// A call moves to and fro between two agents, and comes back under an id that
// has ended before: every outcome is right, and both know the truth all the time.
func TestCall_movesBetweenAgents(t *testing.T) {
	answer := func(t *testing.T, c *voice.Client) {
		id := ringing(t, c)
		_, err := c.Answer(t.Context(), id)
		require.NoError(t, err)
	}
	ways := map[string]func(t *testing.T, from, to *voice.Client, id string, d voice.Destination){
		"in one step": func(t *testing.T, from, to *voice.Client, id string, d voice.Destination) {
			_, err := from.SingleStepTransfer(t.Context(), id, d)
			require.NoError(t, err)
			answer(t, to)
		},
		"after a talk": func(t *testing.T, from, to *voice.Client, id string, d voice.Destination) {
			got, err := from.InitiateTransfer(t.Context(), id, d)
			require.NoError(t, err)
			answer(t, to)
			awaitState(t, from, got.Consult.Call.ID, voice.StateEstablished)
			_, err = from.CompleteTransfer(t.Context(), id, voice.Complete{})
			require.NoError(t, err)
		},
		"while it rings": func(t *testing.T, from, to *voice.Client, id string, d voice.Destination) {
			_, err := from.InitiateTransfer(t.Context(), id, d)
			require.NoError(t, err)
			_, err = from.CompleteTransfer(t.Context(), id, voice.Complete{})
			require.NoError(t, err)
			time.Sleep(time.Second) // it may ring under another id now
			answer(t, to)
		},
	}
	for server, o := range map[string]voicetest.Options{
		"8.5.2": {}, "8.5.0": {Release: voicetest.Release850}, "8.5.202": {Release: voicetest.Release85202},
		"new id": {NewIDAfterTransfer: true}, "connection ids": {ConnectionIDs: true},
		"slow": {Latency: voicetest.Latency{Response: 100 * time.Millisecond, Event: 100 * time.Millisecond, Spread: 1}},
	} {
		for way, move := range ways {
			t.Run(server+", "+way, func(t *testing.T) {
				bubble(t, o, func(t *testing.T, sim *voicetest.Server) {
					clients := []*voice.Client{connect(t, sim), connect(t, sim, agent("5002"))}
					mirrors := []*mirror{follow(t, clients[0]), follow(t, clients[1])}
					established(t, sim, clients[0])
					for i := range 6 {
						from, to := clients[i%2], clients[(i+1)%2]
						calls, _ := from.Known()
						require.Len(t, calls, 1)
						start := time.Now()
						move(t, from, to, calls[0].ID, voice.Destination{PhoneNumber: []string{"5002", "5001"}[i%2]})
						assert.Less(t, time.Since(start), 4*time.Second)
						time.Sleep(time.Second)
						synctest.Wait()
						for i, name := range []string{"agent5001", "agent5002"} {
							calls, devices := clients[i].Known()
							assert.Empty(t, differences(sim, name, calls, devices))
							calls, devices = mirrors[i].known()
							assert.Empty(t, differences(sim, name, calls, devices))
						}
					}
				})
			})
		}
	}
}

// ringing waits until a call rings and returns its id.
func ringing(t *testing.T, c *voice.Client) string {
	t.Helper()
	sub := c.Subscribe()
	defer sub.Close()
	calls, _ := c.Known()
	for _, call := range calls {
		if call.State == voice.StateRinging {
			return call.ID
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for ev, err := range sub.All(ctx) {
		require.NoError(t, err)
		if msg, ok := ev.(*voice.CallStateChangeMessage); ok && msg.Call.State == voice.StateRinging {
			return msg.Call.ID
		}
	}
	return ""
}
