package voicetest_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// TestLoad_everyCallIsServedOnce lets thirty agents among two thousand work
// on a queue at the same time.
func TestLoad_everyCallIsServedOnce(t *testing.T) {
	agents := voicetest.NumberedAgents(6000, 2000)
	for i := range agents {
		agents[i].NotReady = i >= 30
	}
	bubble(t, voicetest.Options{Agents: agents, RecordLimit: -1}, func(t *testing.T, sim *voicetest.Server) {
		var clients []*agentClient
		for _, a := range agents[:30] {
			clients = append(clients, online(t, sim, "agent"+a.DN))
		}
		const calls = 150
		for range calls {
			sim.Enqueue(voicetest.Call{Queue: "9000"})
		}
		assert.Len(t, sim.Waiting("9000"), calls-30)
		assert.Empty(t, sim.Requests())

		var mu sync.Mutex
		served := map[string]int{}
		var work sync.WaitGroup
		for _, c := range clients {
			work.Go(func() {
				for calls := sim.Calls(c.user); len(calls) > 0; calls = sim.Calls(c.user) {
					id := calls[0].ID
					for _, op := range []string{"Answer", "Hold", "Retrieve", "Hangup"} {
						if res := c.on(id, op); res.status != 200 {
							t.Errorf("%s %s: %d %s", c.user, op, res.status, res.text)
							return
						}
					}
					mu.Lock()
					served[id]++
					mu.Unlock()
				}
			})
		}
		work.Wait()
		assert.Len(t, served, calls)
		for id, n := range served {
			assert.Equal(t, 1, n, id)
		}
		events := 0
		for _, c := range clients {
			var last time.Time
			for _, m := range c.take() {
				events++
				require.False(t, m.At.Before(last))
				last = m.At
			}
		}
		assert.Equal(t, calls*5, events, "ringing, and one for each operation")
	})
}

// TestOrder_ofAnAgentsMessages posts in parallel: the messages come in the
// order in which the switch has done the work, whatever became of the
// responses.
func TestOrder_ofAnAgentsMessages(t *testing.T) {
	bubble(t, voicetest.Options{Latency: voicetest.Latency{Event: 100 * time.Millisecond, Spread: 0.9}}, func(t *testing.T, sim *voicetest.Server) {
		c, id := established(t, sim)
		time.Sleep(time.Second)
		c.take()
		var work sync.WaitGroup
		for i := range 50 {
			work.Go(func() { c.on(id, "UpdateUserData", "userData", object{"k" + string(rune('A'+i)): i}) })
		}
		work.Wait()
		time.Sleep(time.Second)
		messages := c.take()
		require.Len(t, messages, 50)
		for i, m := range messages {
			assert.Len(t, m.call()["userData"], i+1)
		}
	})
}

func TestServer_overTCP(t *testing.T) {
	sim := voicetest.NewServer(voicetest.Options{Prefix: "/gws"})
	defer sim.Close()
	c := newClient(t, sim, "agent5001")
	id := sim.Establish(voicetest.Call{})
	c.accepted(id, "Hold")
	assert.Equal(t, "Held", c.get("/me/calls/" + id)["call"].(object)["state"])
	assert.Contains(t, c.get("/me/calls")["uris"].([]any)[0], sim.URL()+"/api/v2/me/calls/")
	sim.Restart(time.Millisecond)
	require.Eventually(t, func() bool { return c.do("GET", "/me", nil).status == 200 }, 10*time.Second, 5*time.Millisecond)
	sim.Close()
	assert.Error(t, c.do("GET", "/me", nil).err)
}
