package voice_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/cometd/cometdtest"
	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// untilVoice returns the events up to the one that tells this state of the voice
// service.
func untilVoice(t *testing.T, sub *voice.Subscription, state voice.ServiceState) []voice.Event {
	t.Helper()
	var seen []voice.Event
	for {
		ev := next(t, sub)
		seen = append(seen, ev)
		if s, ok := ev.(*voice.ServiceStateChange); ok {
			for _, one := range s.Services {
				if one.Type == voice.ServiceVoice && one.State == state {
					return seen
				}
			}
		}
	}
}

func TestOutage_endsWhatIsPendingAndRefusesWhatIsNew(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim)
		id := established(t, sim, client)
		sub := client.Subscribe()
		sim.On(voice.OpHold, voicetest.Silence())
		pending, err := client.Start(t.Context(), voice.Operation{Name: voice.OpHold, CallID: id})
		require.NoError(t, err)

		start := time.Now()
		sim.Outage()
		_, err = pending.Wait(t.Context())
		requireUnconfirmed(t, err, true, voice.ErrVoiceUnavailable)
		assert.Zero(t, time.Since(start), "nobody waits for a service that is gone")

		sim.ClearRequests()
		_, err = client.Hold(t.Context(), id)
		_, unsent := errors.AsType[*voice.NotSentError](err)
		assert.True(t, unsent, "%v", err)
		assert.ErrorIs(t, err, voice.ErrVoiceUnavailable)
		assert.True(t, voice.SafeToRetry(err))
		assert.Zero(t, posts(sim, voice.OpHold))

		sim.HangupCustomer(id) // told to nobody
		sim.Restore()
		untilVoice(t, sub, voice.ServiceActive)
		msg := nextCall(t, sub)
		assert.Equal(t, voice.StateReleased, msg.Call.State)
		assert.True(t, msg.Synthetic)
		_, err = client.Ready(t.Context())
		assert.NoError(t, err)
	})
}

func called(t *testing.T, client *voice.Client, id string) *voice.Call {
	t.Helper()
	call, err := client.Call(t.Context(), id)
	require.NoError(t, err)
	return call
}

// nextCall returns the next message about a call.
func nextCall(t *testing.T, sub *voice.Subscription) *voice.CallStateChangeMessage {
	t.Helper()
	for {
		if msg, ok := next(t, sub).(*voice.CallStateChangeMessage); ok {
			return msg
		}
	}
}

func TestOutage_whoseBeginningWasMissed(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim)
		id := established(t, sim, client)
		sub := client.Subscribe()
		sim.DropSession("5001")
		sim.Outage() // finds no session
		untilVoice(t, sub, voice.ServiceInactive)
		_, err := client.Hold(t.Context(), id)
		assert.ErrorIs(t, err, voice.ErrVoiceUnavailable)
		assert.Zero(t, posts(sim, voice.OpHold))

		sim.HangupCustomer(id)
		sim.Restore()
		assert.Equal(t, voice.StateReleased, nextCall(t, sub).Call.State)
	})
}

func TestOutage_ofWhichOnlyTheEndIsTold(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim)
		id := established(t, sim, client)
		sim.OnRead("/services", voicetest.Times(100, voicetest.Answer(502, "text/html", "<html>")))
		sim.DropSession("5001")
		sim.Outage()
		time.Sleep(5 * time.Second)
		sim.HangupCustomer(id)
		synctest.Wait()
		assert.Equal(t, voice.StateEstablished, called(t, client, id).State, "nobody was told")
		start := time.Now()
		sim.Restore()
		awaitState(t, client, id, voice.StateReleased)
		assert.Zero(t, time.Since(start))
	})
}

// Without the topic of services, a refusal is all that tells of an outage.
func TestOutage_knownByARefusalOnly(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		withoutServices(sim)
		client := connect(t, sim)
		id := established(t, sim, client)
		sub := client.Subscribe()
		sim.On(voice.OpHold, voicetest.Silence())
		pending, err := client.Start(t.Context(), voice.Operation{Name: voice.OpHold, CallID: id})
		require.NoError(t, err)
		sim.Outage()
		synctest.Wait()

		_, err = client.Ready(t.Context())
		e, refused := errors.AsType[*voice.APIError](err)
		require.True(t, refused, "%v", err)
		assert.Equal(t, http.StatusServiceUnavailable, e.HTTPStatus)
		assert.Equal(t, voice.CodeInternalError, e.Code)
		seen := untilVoice(t, sub, voice.ServiceInactive)
		assert.True(t, seen[len(seen)-1].(*voice.ServiceStateChange).Synthetic)
		_, err = pending.Wait(t.Context())
		requireUnconfirmed(t, err, true, voice.ErrVoiceUnavailable)

		sim.ClearRequests()
		_, err = client.Ready(t.Context())
		assert.ErrorIs(t, err, voice.ErrVoiceUnavailable)
		assert.Zero(t, posts(sim, voice.OpReady))

		sim.HangupCustomer(id)
		time.Sleep(time.Hour)
		sim.Restore()
		start := time.Now()
		seen = untilVoice(t, sub, voice.ServiceActive)
		assert.LessOrEqual(t, time.Since(start), time.Minute, "it is asked for again and again")
		assert.True(t, seen[len(seen)-1].(*voice.ServiceStateChange).Synthetic)
		msg := nextCall(t, sub)
		assert.Equal(t, voice.StateReleased, msg.Call.State)
		assert.True(t, msg.Synthetic)
		_, err = client.Ready(t.Context())
		assert.NoError(t, err)
	})
}

// withoutServices has every subscription to the topic of services refused.
func withoutServices(sim *voicetest.Server) {
	sim.CometD().On(cometdtest.Match{Channel: cometdtest.MetaSubscribe, Times: -1, Func: func(r cometdtest.Request) bool {
		for _, m := range r.Messages {
			for _, s := range m.Subscriptions {
				if s == "/notifications/services" {
					return true
				}
			}
		}
		return false
	}}, cometdtest.Refuse("403:denied_by_security_policy:subscribe_denied", nil))
}
