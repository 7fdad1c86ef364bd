package voice_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

var voiceGone = note{"/notifications/services", []byte(`{"messageType":"ServiceStateChangeMessage","services":[{"id":"V","type":"Voice","state":"Inactive"}]}`)}

// unanswered runs a test in which a Hold is answered after wait, with refusal if
// that is not "", and m is sent one second after the request.
func unanswered(t *testing.T, wait time.Duration, refusal string, m func(held note) note, test func(t *testing.T, s *scripted, c *voice.Client, hold voice.Operation), change ...func(*voice.Config)) {
	t.Helper()
	script(t, func(t *testing.T, s *scripted) {
		held := samples(t, "Hold")[0]
		s.list(held.with(map[string]any{"state": "Established"}))
		c := s.connect(change...)
		s.answerWith(func(w http.ResponseWriter, p scriptedPost) {
			time.AfterFunc(second, func() { s.publish(m(held)) })
			p.wait(wait)
			if refusal != "" {
				w.WriteHeader(http.StatusConflict)
				_, _ = w.Write([]byte(refusal))
				return
			}
			accept(w)
		})
		test(t, s, c, voice.Operation{Name: voice.OpHold, CallID: held.callID()})
		waiting, _ := c.Waiting()
		assert.Zero(t, waiting)
		assert.Len(t, s.sent(), 1, "a POST is sent once")
		require.NoError(t, c.Close())
		synctest.Wait()
	})
}

func itIsHeld(held note) note { return held }
func itEnds(held note) note   { return held.with(map[string]any{"state": "Released"}) }
func voiceGoes(note) note     { return voiceGone }

const inUse = `{"statusCode":19,"statusMessage":"in use"}`

// What has been decided does not wait for an answer that does not come.
func TestUnanswered_isNotWaitedForOnceTheOutcomeIsKnown(t *testing.T) {
	type check = func(t *testing.T, msg *voice.CallStateChangeMessage, err error)
	succeeds := func(t *testing.T, msg *voice.CallStateChangeMessage, err error) {
		require.NoError(t, err)
		assert.Equal(t, voice.StateHeld, msg.Call.State)
	}
	fails := func(t *testing.T, _ *voice.CallStateChangeMessage, err error) {
		e := requireFailed(t, err, voice.ErrCallReleased)
		assert.Equal(t, voice.StateReleased, e.Call.State)
	}
	refused := func(t *testing.T, _ *voice.CallStateChangeMessage, err error) {
		requireRefused(t, err, voice.CodeInUse)
		assert.True(t, voice.SafeToRetry(err))
	}
	unknown := func(t *testing.T, _ *voice.CallStateChangeMessage, err error) {
		e := requireUnconfirmed(t, err, false, voice.ErrVoiceUnavailable)
		assert.Equal(t, voice.StateEstablished, e.Call.State)
	}
	for name, test := range map[string]struct {
		message func(note) note
		answer  time.Duration
		refusal string
		timeout time.Duration // OperationTimeout; 0 is ten seconds
		took    time.Duration
		check   check
	}{
		"the voice service goes":                 {message: voiceGoes, answer: time.Hour, took: second, check: unknown},
		"the call ends":                          {message: itEnds, answer: time.Hour, took: 3 * second, check: fails},
		"the call ends, accepted in time":        {message: itEnds, answer: 3*second - 1, took: 3*second - 1, check: fails},
		"the call ends, refused in time":         {message: itEnds, answer: 3*second - 1, refusal: inUse, took: 3*second - 1, check: refused},
		"the call ends, refused too late":        {message: itEnds, answer: 3*second + 1, refusal: inUse, took: 3 * second, check: fails},
		"the call ends, a short timeout":         {message: itEnds, answer: time.Hour, timeout: second, took: 2 * second, check: fails},
		"the call is held":                       {message: itIsHeld, answer: time.Hour, took: 6 * second, check: succeeds},
		"the call is held, accepted in time":     {message: itIsHeld, answer: 6*second - 1, took: 6*second - 1, check: succeeds},
		"the call is held, refused in time":      {message: itIsHeld, answer: 6*second - 1, refusal: inUse, took: 6*second - 1, check: refused},
		"the call is held, refused too late":     {message: itIsHeld, answer: 6*second + 1, refusal: inUse, took: 6 * second, check: succeeds},
		"the call is held, a short timeout":      {message: itIsHeld, answer: time.Hour, timeout: second, took: 2 * second, check: succeeds},
		"the voice service goes, a late refusal": {message: voiceGoes, answer: second + 1, refusal: inUse, took: second, check: unknown},
	} {
		t.Run(name, func(t *testing.T) {
			unanswered(t, test.answer, test.refusal, test.message, func(t *testing.T, s *scripted, c *voice.Client, hold voice.Operation) {
				start := time.Now()
				msg, err := c.Hold(t.Context(), hold.CallID)
				assert.Equal(t, test.took, time.Since(start))
				test.check(t, msg, err)
			}, func(c *voice.Config) { c.OperationTimeout = test.timeout })
		})
	}
}

// Start tells what is known without an answer: a settled operation, or none.
func TestUnanswered_Start(t *testing.T) {
	for name, message := range map[string]func(note) note{"held": itIsHeld, "ended": itEnds} {
		t.Run(name, func(t *testing.T) {
			unanswered(t, time.Hour, "", message, func(t *testing.T, s *scripted, c *voice.Client, hold voice.Operation) {
				p, err := c.Start(t.Context(), hold)
				require.NoError(t, err)
				select {
				case <-p.Done():
				default:
					t.Fatal("not settled")
				}
				_, err = p.Wait(t.Context())
				assert.Equal(t, name == "held", err == nil, "%v", err)
			})
		})
	}
	t.Run("unknown", func(t *testing.T) {
		unanswered(t, time.Hour, "", voiceGoes, func(t *testing.T, s *scripted, c *voice.Client, hold voice.Operation) {
			p, err := c.Start(t.Context(), hold)
			requireUnconfirmed(t, err, false, voice.ErrVoiceUnavailable)
			assert.Nil(t, p)
		})
	})
}

// While the answer is still awaited, a caller who leaves does, and what ends
// everything does not change what a message has shown.
func TestUnanswered_endsMeanwhile(t *testing.T) {
	for name, test := range map[string]struct {
		end   func(s *scripted, c *voice.Client, cancel context.CancelFunc)
		check func(t *testing.T, err error)
	}{
		"the context":       {func(_ *scripted, _ *voice.Client, cancel context.CancelFunc) { cancel() }, func(t *testing.T, err error) { requireUnconfirmed(t, err, false, context.Canceled) }},
		"the client":        {func(_ *scripted, c *voice.Client, _ context.CancelFunc) { _ = c.Close() }, func(t *testing.T, err error) { require.NoError(t, err) }},
		"the voice service": {func(s *scripted, _ *voice.Client, _ context.CancelFunc) { s.publish(voiceGone) }, func(t *testing.T, err error) { require.NoError(t, err) }},
	} {
		t.Run(name, func(t *testing.T) {
			unanswered(t, time.Hour, "", itIsHeld, func(t *testing.T, s *scripted, c *voice.Client, hold voice.Operation) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				time.AfterFunc(2*second, func() { test.end(s, c, cancel) })
				start := time.Now()
				_, err := c.Hold(ctx, hold.CallID)
				assert.Equal(t, 2*second, time.Since(start))
				test.check(t, err)
			})
		})
	}
}

// stuck sends no POST.
type stuck struct{ http.RoundTripper }

func (s stuck) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodPost && r.URL.Path == "/api/v2/me/calls/"+call01 {
		_ = r.Body.Close()
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return s.RoundTripper.RoundTrip(r)
}

// What has not gone out by then does not go out any more, and that is known.
func TestUnsent_isGivenUpOnceItIsUseless(t *testing.T) {
	for name, test := range map[string]struct {
		message func(note) note
		took    time.Duration
		why     error
	}{
		"the voice service goes": {voiceGoes, second, voice.ErrVoiceUnavailable},
		"the call ends":          {itEnds, 3 * second, voice.ErrCallReleased},
		"another holds the call": {itIsHeld, 6 * second, voice.ErrNotConnected},
	} {
		t.Run(name, func(t *testing.T) {
			script(t, func(t *testing.T, s *scripted) {
				held := samples(t, "Hold")[0].with(map[string]any{"id": call01})
				s.list(held.with(map[string]any{"state": "Established"}))
				c := s.connect(func(cfg *voice.Config) {
					cfg.HTTPClient = &http.Client{Transport: stuck{s.client.Transport}}
				})
				time.AfterFunc(second, func() { s.publish(test.message(held)) })
				start := time.Now()
				_, err := c.Hold(t.Context(), call01)
				assert.Equal(t, test.took, time.Since(start))
				_, unsent := errors.AsType[*voice.NotSentError](err)
				require.True(t, unsent, "%v", err)
				require.ErrorIs(t, err, test.why)
				assert.NotErrorIs(t, err, context.Canceled, "the caller did not cancel")
				assert.True(t, voice.SafeToRetry(err))
				waiting, _ := c.Waiting()
				assert.Zero(t, waiting)
				assert.Empty(t, s.sent())
			})
		})
	}
}

// The login for a request ends with the time of the request, which is not what
// the caller did.
func TestUnanswered_loginIsOverdue(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim)
		id := established(t, sim, client)
		sim.On(voice.OpHold, voicetest.Slow(second), voicetest.RefuseStatus(http.StatusUnauthorized, voice.CodeNotAuthenticated, ""))
		sim.OnRead("/me", voicetest.Slow(time.Minute))
		start := time.Now()
		_, err := client.Hold(context.Background(), id)
		assert.Equal(t, 28*second, time.Since(start))
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.NotErrorIs(t, err, context.Canceled, "the caller did not cancel")
	})
}
