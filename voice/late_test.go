package voice_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// believes checks that a client knows the truth.
func believes(t *testing.T, sim *voicetest.Server, agent string, c *voice.Client) {
	t.Helper()
	synctest.Wait()
	calls, devices := c.Known()
	assert.Empty(t, differences(sim, agent, calls, devices))
}

func TestLateMessage_ofTheSameCall(t *testing.T) {
	for name, wait := range map[string]time.Duration{"in the same second": 300 * time.Millisecond, "seconds later": 3 * second} {
		t.Run(name, func(t *testing.T) {
			bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
				client := connect(t, sim)
				id := established(t, sim, client)
				sim.On(voice.OpHold, voicetest.Duplicate(3*wait))
				_, err := client.Hold(t.Context(), id)
				require.NoError(t, err)
				time.Sleep(wait)
				_, err = client.Retrieve(t.Context(), id)
				require.NoError(t, err)
				time.Sleep(wait)
				sub := client.Subscribe()
				sim.On(voice.OpHold, voicetest.Silence())
				_, err = client.Hold(t.Context(), id) // the second Held comes meanwhile
				requireUnconfirmed(t, err, true, voice.ErrOutcomeTimeout)
				_, err = nextNow(t.Context(), sub)
				assert.Error(t, err, "nothing has happened")
				believes(t, sim, "5001", client)
			})
		})
	}
}

func TestLateMessage_ofADevice(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim)
		_, err := client.NotReady(t.Context())
		require.NoError(t, err)
		sim.On(voice.OpReady, voicetest.Duplicate(3*second))
		_, err = client.Ready(t.Context())
		require.NoError(t, err)
		_, err = client.NotReady(t.Context())
		require.NoError(t, err)
		time.Sleep(second)
		sim.On(voice.OpReady, voicetest.Silence())
		_, err = client.Ready(t.Context())
		requireUnconfirmed(t, err, true, voice.ErrOutcomeTimeout)
		believes(t, sim, "5001", client)
		for range 3 { // what happens again is no repetition
			_, err = client.Ready(t.Context())
			require.NoError(t, err)
			_, err = client.NotReady(t.Context())
			require.NoError(t, err)
		}
		believes(t, sim, "5001", client)
	})
}

func TestLateMessage_neverRevivesACall(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim)
		id := established(t, sim, client)
		sim.On(voice.OpHold, voicetest.Duplicate(5*second), voicetest.Duplicate(20*second))
		_, err := client.Hold(t.Context(), id)
		require.NoError(t, err)
		sim.On(voice.OpHangup, voicetest.Duplicate(10*second))
		_, err = client.Hangup(t.Context(), id)
		require.NoError(t, err)
		sub := client.Subscribe(voice.ForCall(id))
		sim.OnRead("/me/calls", voicetest.Answer(503, "text/html", "<html>")) // nor when it cannot be asked for
		time.Sleep(30 * second)
		synctest.Wait()
		call, err := client.Call(t.Context(), id)
		require.NoError(t, err)
		assert.Equal(t, voice.StateReleased, call.State)
		calls, _ := client.Known()
		assert.Empty(t, calls)
		for {
			ev, err := nextNow(t.Context(), sub)
			if err != nil {
				break
			}
			if msg, ok := ev.(*voice.CallStateChangeMessage); ok {
				assert.Equal(t, voice.StateReleased, msg.Call.State)
			}
		}
	})
}

// A rejected call rings again under its old id, at the same agent or after it
// was with another.
func TestCall_comesBack(t *testing.T) {
	for _, unreadable := range []bool{false, true} {
		bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
			one := connect(t, sim, agent("5001"))
			other := connect(t, sim, agent("5002"))
			sim.Agent("5002").SetState(voice.OpNotReady)
			sim.Agent("5003").SetState(voice.OpNotReady)
			id := queueCall(t, sim, one)
			sim.On(voice.OpReject, voicetest.Duplicate(4*second)) // comes when the call is there again
			_, err := one.Reject(t.Context(), id)
			require.NoError(t, err)
			sim.Agent("5001").SetState(voice.OpNotReady)
			synctest.Wait()

			sim.Agent("5002").SetState(voice.OpReady)
			awaitState(t, other, id, voice.StateRinging)
			time.Sleep(second)
			if unreadable {
				sim.Agent("5001").OnRead("/me/calls", voicetest.Answer(503, "text/html", "<html>"))
			}
			_, err = other.Reject(t.Context(), id)
			require.NoError(t, err)
			sim.Agent("5002").SetState(voice.OpNotReady)
			sim.Agent("5001").SetState(voice.OpReady)
			if unreadable {
				time.Sleep(2 * second)
			}
			synctest.Wait()
			call, err := one.Call(t.Context(), id)
			require.NoError(t, err)
			assert.Equal(t, voice.StateRinging, call.State)
			assert.True(t, call.Can(voice.OpAnswer))
			time.Sleep(5 * second) // the second Released of its first time
			believes(t, sim, "5001", one)
			_, err = one.Answer(t.Context(), id)
			require.NoError(t, err)
			believes(t, sim, "5001", one)
			believes(t, sim, "5002", other)
			got, err := one.InitiateTransfer(t.Context(), id, to5002)
			require.NoError(t, err)
			_, err = other.Answer(t.Context(), got.Consult.Call.ID)
			require.NoError(t, err)
			_, err = one.CompleteTransfer(t.Context(), id, voice.Complete{})
			require.NoError(t, err)
			time.Sleep(second)
			believes(t, sim, "5001", one)
			believes(t, sim, "5002", other)
		})
	}
}

// Messages with the server's clock that goes back are late, whatever they show.
func TestLateMessage_byTheServersClock(t *testing.T) {
	own := samples(t, "Hold")
	stamped := func(n note, ms int) note {
		return n.metrics(map[string]any{"eventProcessing": map[string]any{"serverGenerationTimestamp": ms}})
	}
	talking := own[0].with(map[string]any{"state": "Established"})
	script(t, func(t *testing.T, s *scripted) {
		s.list(talking)
		c := s.connect()
		s.publish(stamped(talking, 1769554688200))
		s.publish(stamped(own[0], 1769554688100))
		settle()
		call, err := c.Call(t.Context(), call01)
		require.NoError(t, err)
		assert.Equal(t, voice.StateEstablished, call.State)
		s.list(own[0])
		s.publish(stamped(own[0], 1769554688100)) // now it is true
		settle()
		call, err = c.Call(t.Context(), call01)
		require.NoError(t, err)
		assert.Equal(t, voice.StateHeld, call.State)
	})
}

// A message of a server that counts the duration anew is checked, and believed.
func TestLateMessage_thatIsNone(t *testing.T) {
	own := samples(t, "Hold")
	talking := own[0].with(map[string]any{"state": "Established", "duration": "100"})
	held := own[0].with(map[string]any{"duration": "5"})
	script(t, func(t *testing.T, s *scripted) {
		s.list(talking)
		c := s.connect()
		s.publish(talking)
		settle()
		s.answerWith(func(w http.ResponseWriter, _ scriptedPost) {
			accept(w)
			s.list(held)
			s.publish(held)
		})
		start := time.Now()
		msg, err := c.Hold(t.Context(), call01)
		require.NoError(t, err)
		assert.Zero(t, time.Since(start))
		sameAs(t, held, msg.Raw)
	})
}

// Servers of 8.5.0 name a call by its connection id and send less.
func TestOlderServer(t *testing.T) {
	for name, o := range map[string]voicetest.Options{
		"8.5.0":              {Release: voicetest.Release850},
		"8.5.2, connIds":     {ConnectionIDs: true},
		"8.5.202":            {Release: voicetest.Release85202, Metrics: true},
		"status as a string": {StringStatus: true, NoExtensions: true},
	} {
		t.Run(name, func(t *testing.T) {
			for _, op := range append(voice.OperationNames(), "Lunch") {
				switch {
				case op == voice.OpEndContactCenterSession:
					continue
				case name == "8.5.0" && (op == voice.OpMuteMonitoredUser || op == voice.OpUnmuteMonitoredUser):
					continue // its calls do not show it
				}
				t.Run(string(op), func(t *testing.T) {
					o := o
					o.Recording, o.Muting = true, true
					bubble(t, o, func(t *testing.T, sim *voicetest.Server) {
						s := newScene(t, sim, op)
						_, err := simulated[op](s)(t.Context(), s.client)
						require.NoError(t, err)
						time.Sleep(second)
						believes(t, sim, s.user, s.client)
					})
				})
			}
		})
	}
}
