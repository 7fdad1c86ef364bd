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

// A list that is asked for, or answered, while messages wait for a function takes
// effect after those that are older than it.
func TestBlocked_listsWaitForOlderMessages(t *testing.T) {
	for name, asked := range map[string]bool{"asked for before": false, "asked for meanwhile": true} {
		t.Run(name, func(t *testing.T) {
			bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
				client := connect(t, sim)
				id := established(t, sim, client)
				sub := client.Subscribe(voice.ForCall(id))
				g := newGate(t)
				client.Subscribe(voice.Where(g.match))
				sim.OnRead("/me/calls", voicetest.Slow(second))
				states := make(chan voice.CallState, 1)
				read := func() {
					calls, err := client.Calls(t.Context())
					if assert.NoError(t, err) {
						states <- calls[0].State
					}
				}
				if !asked {
					go read()
					synctest.Wait()
				}
				inject(sim, "5001")
				hand := sim.Agent("5001")
				hand.Hold(id)
				hand.Retrieve(id)
				hand.Hold(id)
				synctest.Wait()
				if asked {
					go read()
				}
				time.Sleep(time.Minute)
				assert.Empty(t, states)

				g.open()
				assert.Equal(t, voice.StateHeld, <-states)
				for _, state := range []voice.CallState{voice.StateHeld, voice.StateEstablished, voice.StateHeld} {
					ev, err := nextNow(t.Context(), sub)
					require.NoError(t, err)
					assert.Equal(t, state, ev.(*voice.CallStateChangeMessage).Call.State)
					assert.False(t, ev.(*voice.CallStateChangeMessage).Synthetic)
				}
				_, err := nextNow(t.Context(), sub)
				assert.Error(t, err, "nothing else was told")
			})
		})
	}
}

// What is told by messages that are older than the list does not count as newer.
func TestBlocked_listsKnowWhatIsOlder(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim)
		id := established(t, sim, client)
		g := newGate(t)
		client.Subscribe(voice.Where(g.match))
		sim.AttachData(id, map[string]any{"a": "b"})
		sim.On(voice.OpHangup, voicetest.LostEvent())
		_, err := client.Start(t.Context(), voice.Operation{Name: voice.OpHangup, CallID: id})
		require.NoError(t, err)
		synctest.Wait()
		time.AfterFunc(second, g.open)
		calls, err := client.Calls(t.Context())
		require.NoError(t, err)
		assert.Empty(t, calls)
	})
}

// Somebody who waits for the messages before his list does not wait for those
// that come after it.
func TestBlocked_listsDoNotWaitForNewerMessages(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim)
		id := established(t, sim, client)
		client.Subscribe(voice.Where(func(voice.Event) bool { time.Sleep(second); return true }))
		for i := range 10 {
			sim.AttachData(id, map[string]any{"i": i})
		}
		go func() {
			for i := range 100 {
				time.Sleep(second)
				sim.AttachData(id, map[string]any{"later": i})
			}
		}()
		time.Sleep(100 * time.Millisecond)
		start := time.Now()
		_, err := client.Calls(t.Context())
		require.NoError(t, err)
		assert.Less(t, time.Since(start), 30*time.Second)
		time.Sleep(3 * time.Minute)
	})
}

// What is told while a function runs, gaps among it, takes effect afterwards.
func TestBlocked_gapsAreClosedAfterwards(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim)
		id := established(t, sim, client)
		sub := client.Subscribe(voice.ForCall(id))
		g := newGate(t)
		client.Subscribe(voice.Where(g.match))
		inject(sim, "5001")
		sim.AttachData(id, map[string]any{"i": 1})
		sim.DropSession("5001")
		sim.HangupCustomer(id) // not notified
		time.Sleep(time.Minute)
		leaving(t, func(ctx context.Context) error { _, err := client.Calls(ctx); return err })

		g.open()
		assert.EqualValues(t, 1, nextCall(t, sub).Call.UserData["i"])
		_, ok := next(t, sub).(*voice.Reconnected)
		assert.True(t, ok)
		msg := nextCall(t, sub)
		assert.True(t, msg.Synthetic)
		assert.Equal(t, voice.StateReleased, msg.Call.State)
		calls, err := client.Calls(t.Context())
		require.NoError(t, err)
		assert.Empty(t, calls)
	})
}

// Messages that have begun to wait for a function still do when it is gone.
func TestBlocked_listsWaitThoughTheFunctionIsGone(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim)
		id := established(t, sim, client)
		sub := client.Subscribe(voice.ForCall(id))
		g := newGate(t)
		blocked := client.Subscribe(voice.Where(g.match))
		inject(sim, "5001")
		hand := sim.Agent("5001")
		hand.Hold(id)
		hand.Retrieve(id)
		hand.Hold(id)
		synctest.Wait()
		_ = blocked.Close()
		time.AfterFunc(second, g.open)
		calls, err := client.Calls(t.Context())
		require.NoError(t, err)
		assert.Equal(t, voice.StateHeld, calls[0].State)
		synctest.Wait()
		for _, state := range []voice.CallState{voice.StateHeld, voice.StateEstablished, voice.StateHeld} {
			ev, err := nextNow(t.Context(), sub)
			require.NoError(t, err)
			assert.Equal(t, state, ev.(*voice.CallStateChangeMessage).Call.State)
			assert.False(t, ev.(*voice.CallStateChangeMessage).Synthetic)
		}
		_, err = nextNow(t.Context(), sub)
		assert.Error(t, err, "nothing else was told")
	})
}

// The list that decides about an operation does not take effect before messages
// that are older either: they would undo what was confirmed.
func TestBlocked_whatIsConfirmedIsNotUndone(t *testing.T) {
	for name, others := range map[string]int{"in time": 10, "too late": 40} {
		t.Run(name, func(t *testing.T) {
			bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
				client := connect(t, sim)
				other := established(t, sim, client)
				_, err := client.Hold(t.Context(), other)
				require.NoError(t, err)
				id := established(t, sim, client)
				client.Subscribe(voice.Where(func(voice.Event) bool { time.Sleep(300 * time.Millisecond); return true }))
				for i := range others {
					sim.AttachData(other, map[string]any{"i": i})
				}
				sim.AttachData(id, map[string]any{"a": "b"})
				sim.On(voice.OpHold, voicetest.LostEvent())
				_, err = client.Hold(t.Context(), id)
				state := voice.StateHeld
				if others == 40 {
					requireUnconfirmed(t, err, true, voice.ErrOutcomeTimeout)
					state = voice.StateEstablished
				} else {
					require.NoError(t, err)
				}
				time.Sleep(time.Minute)
				call, err := client.Call(t.Context(), id)
				require.NoError(t, err)
				assert.Equal(t, state, call.State)
			})
		})
	}
}

// What waited for a function before an operation was begun is not the work of
// that; but that its call has ended counts.
func TestBlocked_olderMessagesSettleNothing(t *testing.T) {
	for name, test := range map[string]struct {
		before func(sim *voicetest.Server, id string)
		fault  voicetest.Fault
		took   time.Duration
		check  func(t *testing.T, err error)
	}{
		"held, and no more": {func(sim *voicetest.Server, id string) {
			sim.Agent("5001").Hold(id)
			sim.Agent("5001").Retrieve(id)
		}, voicetest.LateEvent(5 * second), 5 * second, succeeded},
		"error": {func(sim *voicetest.Server, id string) {
			sim.InjectMessage("5001", "/v2/me/calls", `{"messageType":"ErrorMessage","errorMessage":"no","errorCode":7,"callId":"`+id+`"}`)
		}, voicetest.LateEvent(5 * second), 5 * second, succeeded},
		"the end": {func(sim *voicetest.Server, id string) { sim.HangupCustomer(id) },
			voicetest.CutBefore(), second, func(t *testing.T, err error) { requireFailed(t, err, voice.ErrCallReleased) }},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
				client := connect(t, sim)
				id := established(t, sim, client)
				g := newGate(t)
				client.Subscribe(voice.Where(g.match))
				inject(sim, "5001")
				test.before(sim, id)
				synctest.Wait()
				sim.On(voice.OpHold, test.fault)
				start := time.Now()
				time.AfterFunc(second, g.open)
				_, err := client.Hold(t.Context(), id)
				test.check(t, err)
				assert.Equal(t, test.took, time.Since(start))
			})
		})
	}
}
