package voice_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// refusals of one request, and what the client does about them: it sends again
// what cannot have happened, once, after a login that may mend it.
var refusals = []struct {
	symptom string
	o       voicetest.Options
	strike  func(sim *voicetest.Server, request string)
	action  string // in which X is the request
	code    voice.StatusCode
	ok      bool
}{
	{symptom: "403 with code 20", strike: refuse(1, 403, voice.CodeNotAuthenticated), action: "X, login, X", ok: true},
	{symptom: "403 with code 20, twice", strike: refuse(9, 403, voice.CodeNotAuthenticated), action: "X, login, X", code: voice.CodeNotAuthenticated},
	{symptom: "403 with the text Csrf", strike: answer(1, 403, "Missing or invalid Csrf token"), action: "X, login, X", ok: true},
	{symptom: "403 with the text Csrf, twice", strike: answer(9, 403, "Missing or invalid Csrf token"), action: "X, login, X"},
	{symptom: "403 with code 3", strike: refuse(9, 403, voice.CodeForbidden), action: "X", code: voice.CodeForbidden},
	{symptom: "403 with code 5", strike: refuse(9, 403, voice.CodeNoPermission), action: "X", code: voice.CodeNoPermission},
	{symptom: "500 with code 4", strike: refuse(9, 500, voice.CodeInternalError), action: "X", code: voice.CodeInternalError},
}

func refuse(n, status int, code voice.StatusCode) func(*voicetest.Server, string) {
	return strikeRequest(voicetest.Times(n, voicetest.RefuseStatus(status, code, "no")))
}

func answer(n, status int, text string) func(*voicetest.Server, string) {
	return strikeRequest(voicetest.Times(n, voicetest.Answer(status, "text/plain", text)))
}

func strikeRequest(f voicetest.Fault) func(*voicetest.Server, string) {
	return func(sim *voicetest.Server, request string) {
		if request == "Hold" {
			sim.On(voice.OpHold, f)
			return
		}
		sim.OnRead("/me/calls", f)
	}
}

func TestRecovery_ofOneRequest(t *testing.T) {
	for _, row := range refusals {
		for _, request := range []string{"Hold", "GET /me/calls"} {
			t.Run(row.symptom+" for "+request, func(t *testing.T) {
				bubble(t, row.o, func(t *testing.T, sim *voicetest.Server) {
					client, w := connectBy(t, sim)
					id := established(t, sim, client)
					synctest.Wait()
					w.clear()
					row.strike(sim, request)
					var err error
					if request == "Hold" {
						_, err = client.Hold(t.Context(), id)
					} else {
						_, err = client.Calls(t.Context())
					}
					assert.Equal(t, spell(row.action, request), w.others())
					if row.ok {
						assert.NoError(t, err)
						return
					}
					e, refused := errors.AsType[*voice.APIError](err)
					require.True(t, refused, "%v", err)
					assert.Equal(t, row.code, e.Code)
					_, unknown := errors.AsType[*voice.UnconfirmedError](err)
					assert.False(t, unknown, "nothing has happened")
					assert.NoError(t, client.Err())
				})
			})
		}
	}
}

func spell(action, request string) string {
	var text string
	for _, r := range action {
		if r == 'X' {
			text += request
		} else {
			text += string(r)
		}
	}
	return text
}

// 502, 503 and 504 of a proxy leave open whether an operation was carried out:
// it is not sent again, and its message, or the list of calls, tells.
func TestRecovery_ofAnOperationAtAProxy(t *testing.T) {
	for _, status := range []int{502, 503, 504} {
		for _, happens := range []bool{true, false} {
			t.Run(fmt.Sprint(status, " it happens: ", happens), func(t *testing.T) {
				bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
					client := connect(t, sim)
					id := established(t, sim, client)
					if happens {
						sim.On(voice.OpHold, voicetest.EventFirst(time.Second), voicetest.AnswerAfter(status, "text/html", "<html>"))
						msg, err := client.Hold(t.Context(), id)
						require.NoError(t, err)
						assert.Equal(t, voice.StateHeld, msg.Call.State)
					} else {
						sim.On(voice.OpHold, voicetest.Answer(status, "text/html", "<html>"))
						_, err := client.Hold(t.Context(), id)
						_, unknown := errors.AsType[*voice.UnconfirmedError](err)
						require.True(t, unknown, "%v", err)
					}
					assert.Equal(t, 1, posts(sim, voice.OpHold))
				})
			})
		}
	}
}

// The order after a gap is: subscribe, read, apply what came meanwhile.
func TestRecovery_messagesAreAppliedOnTopOfTheSnapshot(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client, w := connectBy(t, sim)
		m := follow(t, client)
		gone := established(t, sim, client)
		_, err := client.Hold(t.Context(), gone)
		require.NoError(t, err)
		stays := established(t, sim, client)
		sub := client.Subscribe()
		synctest.Wait()
		w.clear()

		w.holdBack("snapshot", 5*time.Second)
		sim.DropSession("5001")
		hand := sim.Agent("5001")
		sim.HangupCustomer(gone) // this is in the snapshot
		time.Sleep(time.Second)
		require.Equal(t, "handshake, subscribe, snapshot", w.others())
		hand.Hold(stays) // and this is not
		fresh := sim.Ring(voicetest.Call{Queue: "9000", To: "5001"})
		hand.Answer(fresh)
		sim.HangupCustomer(fresh)
		synctest.Wait()
		assert.Equal(t, voice.StateHeld, called(t, client, gone).State, "nothing takes effect before the snapshot")
		_, ok := next(t, sub).(*voice.Reconnected)
		require.True(t, ok)

		type told struct {
			call      string
			state     voice.CallState
			synthetic bool
		}
		var all []told
		for range 5 {
			msg := nextCall(t, sub)
			all = append(all, told{msg.Call.ID, msg.Call.State, msg.Synthetic})
		}
		assert.Equal(t, []told{
			{gone, voice.StateReleased, true},
			{stays, voice.StateHeld, false},
			{fresh, voice.StateRinging, false},
			{fresh, voice.StateEstablished, false},
			{fresh, voice.StateReleased, false},
		}, all)
		synctest.Wait()
		assert.Equal(t, "handshake, subscribe, snapshot", w.others(), "once is enough")
		assert.Empty(t, m.wrong(sim))
	})
}

// A snapshot that was made later than the messages that wait is not undone by
// them.
func TestRecovery_messagesOlderThanTheSnapshot(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim)
		m := follow(t, client)
		id := established(t, sim, client)
		sub := client.Subscribe()
		sim.OnRead("/me", voicetest.Slow(5*time.Second))
		sim.DropSession("5001")
		time.Sleep(time.Second)
		hand := sim.Agent("5001")
		hand.Hold(id)
		hand.Retrieve(id)
		hand.Hold(id)
		fresh := sim.Ring(voicetest.Call{Queue: "9000", To: "5001"})
		sim.HangupCustomer(fresh)
		sim.HangupCustomer(id)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		assert.Empty(t, m.wrong(sim), "%s", m.lately())
		over := map[string]bool{}
		for {
			ev, err := nextNow(t.Context(), sub)
			if err != nil {
				break
			}
			if msg, ok := ev.(*voice.CallStateChangeMessage); ok {
				assert.False(t, over[msg.Call.ID] && msg.Call.State != voice.StateReleased, "%s is revived", msg.Call.ID)
				over[msg.Call.ID] = msg.Call.State == voice.StateReleased
			}
		}
		assert.True(t, over[id])
	})
}

// The client itself drops messages when more come than it can keep while it
// reads. That is a gap like any other.
func TestRecovery_droppedMessages(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client, w := connectBy(t, sim, func(c *voice.Config) { c.EventBuffer = 1 << 20 })
		m := follow(t, client)
		id := established(t, sim, client)
		sub := client.Subscribe()
		synctest.Wait()
		w.clear()
		w.holdBack("snapshot", 5*time.Second)
		sim.DropSession("5001")
		time.Sleep(time.Second)
		flood := func() {
			for range 5000 {
				sim.InjectMessage("5001", "/v2/me/calls", `{"messageType":"Noise"}`)
			}
			time.Sleep(time.Second)
		}
		flood()
		start := time.Now()
		held, err := client.Start(t.Context(), voice.Operation{Name: voice.OpHold, CallID: id})
		require.NoError(t, err)
		sim.On(voice.OpDoNotDisturbOn, voicetest.Silence())
		silent, err := client.Start(t.Context(), voice.Operation{Name: voice.OpDoNotDisturbOn, DeviceID: client.User().Devices[0].ID})
		require.NoError(t, err)
		fresh := sim.Ring(voicetest.Call{Queue: "9000", To: "5001"})
		flood()
		out, err := held.Wait(t.Context())
		require.NoError(t, err)
		assert.True(t, out.Call.Synthetic, "its message is among those that were dropped")
		assert.Less(t, time.Since(start), 4*time.Second)
		synctest.Wait()
		assert.Equal(t, voice.StateRinging, called(t, client, fresh).State)
		assert.Empty(t, m.wrong(sim))
		assert.Equal(t, "handshake, subscribe, snapshot, Hold, DoNotDisturbOn, snapshot", w.others())
		lagged := 0
		for {
			ev, err := nextNow(t.Context(), sub)
			if err != nil {
				break
			}
			if ev, ok := ev.(*voice.Lagged); ok {
				lagged++
				assert.Positive(t, ev.Dropped)
			}
		}
		assert.NotZero(t, lagged, "a hole is told")
		_, err = silent.Wait(t.Context())
		requireUnconfirmed(t, err, true, voice.ErrOutcomeTimeout)
		assert.Equal(t, 10*second, time.Since(start))
	})
}
