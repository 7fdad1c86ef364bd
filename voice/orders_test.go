package voice_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
)

// playback is when the messages of an operation go out, and its answer.
type playback struct {
	answer   time.Duration                             // after the request
	messages func(n int) []time.Duration               // after the request, one for each
	took     func(n int) time.Duration                 // the time until the method returns
	dress    func(notes []note) []note                 // what is sent instead of the plain messages
	answerBy func(w http.ResponseWriter, t0 time.Time) // nil accepts
}

func at(times ...time.Duration) func(int) []time.Duration {
	return func(n int) []time.Duration { return times[:n] }
}

func took(d time.Duration) func(int) time.Duration { return func(int) time.Duration { return d } }

const second = time.Second

var playbacks = map[string]playback{
	"before the answer":     {answer: 5 * second, messages: at(second, 2*second), took: took(5 * second)},
	"all before the answer": {answer: 4 * second, messages: at(0, 0), took: took(4 * second)},
	"with the answer":       {messages: at(0, 0), took: took(0)},
	"after the answer":      {messages: at(2*second, 4*second), took: func(n int) time.Duration { return time.Duration(n) * 2 * second }},
	"around the answer":     {answer: 2 * second, messages: at(second, 3*second), took: func(n int) time.Duration { return time.Duration(n+1) * second }},
	"just in time":          {messages: at(9*second, 10*second-1), took: func(n int) time.Duration { return []time.Duration{9 * second, 10*second - 1}[n-1] }},
	"each twice": {messages: func(n int) []time.Duration { return []time.Duration{second, second, 2 * second, 2 * second}[:2*n] },
		took: func(n int) time.Duration { return time.Duration(n) * second },
		dress: func(notes []note) []note {
			var all []note
			for _, n := range notes {
				all = append(all, n, n)
			}
			return all
		}},
	"the connection is cut": {messages: at(second, 2*second), took: func(n int) time.Duration { return time.Duration(n) * second },
		answerBy: func(w http.ResponseWriter, _ time.Time) { cut(w) }},
	"an answer that is none": {messages: at(second, 2*second), took: func(n int) time.Duration { return time.Duration(n) * second },
		answerBy: func(w http.ResponseWriter, _ time.Time) { _, _ = w.Write([]byte("<html>")) }},
	"no answer at all": {answer: time.Hour, messages: at(second, 2*second), took: func(n int) time.Duration { return time.Duration(n)*second + 5*second }},
}

// orders returns the orders in which the messages of an operation may come:
// those of two calls in either.
func orders(own []note) [][]note {
	if len(own) < 2 {
		return [][]note{own}
	}
	return [][]note{own, {own[1], own[0]}}
}

func TestEveryOperation_inEveryOrder(t *testing.T) {
	for name, b := range playbacks {
		t.Run(name, func(t *testing.T) {
			for i, turned := range []string{"", ", the second first"} {
				t.Run("as documented"+turned, func(t *testing.T) {
					everyOperation(t, func(t *testing.T, s *scripted, c *voice.Client, p played, own []note) {
						all := orders(own)
						if p.onlyOK || i >= len(all) {
							t.SkipNow()
						}
						b.play(t, s, c, p, all[i], own)
					})
				})
			}
		})
	}
}

// play runs the operation and checks what became of it.
func (b playback) play(t *testing.T, s *scripted, c *voice.Client, p played, order, own []note) {
	sub := c.Subscribe()
	send := order
	if b.dress != nil {
		send = b.dress(order)
	}
	times := b.messages(len(own))
	s.answerWith(func(w http.ResponseWriter, post scriptedPost) {
		start := time.Now()
		go func() {
			for i, n := range send {
				time.Sleep(time.Until(start.Add(times[i])))
				s.publish(n)
			}
		}()
		if b.answerBy != nil {
			b.answerBy(w, start)
			return
		}
		post.wait(b.answer)
		accept(w)
	})
	start := time.Now()
	got, err := p.run(t.Context(), c)
	require.NoError(t, err)
	assert.Equal(t, b.took(len(own)), time.Since(start))
	p.check(t, got, own)
	assert.Len(t, s.sent(), 1, "a POST is sent once")

	// What settled it is in every subscription when the method returns.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var seen []json.RawMessage
	for range order {
		ev, err := nextNow(ctx, sub)
		require.NoError(t, err)
		seen = append(seen, rawOf(ev))
	}
	for i, n := range order {
		if b.dress == nil {
			sameAs(t, n, seen[i])
		}
	}
}

// nextNow returns the next event that is already there.
func nextNow(_ context.Context, sub *voice.Subscription) (voice.Event, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Nanosecond)
	defer cancel()
	return sub.Next(ctx)
}

func rawOf(ev voice.Event) json.RawMessage {
	switch ev := ev.(type) {
	case *voice.CallStateChangeMessage:
		return ev.Raw
	case *voice.DeviceStateChangeMessage:
		return ev.Raw
	}
	return nil
}

// check compares what a method returned with the messages that settle it.
func (p played) check(t *testing.T, got result, own []note) {
	t.Helper()
	var have []json.RawMessage
	if got.call != nil {
		assert.False(t, got.call.Synthetic)
		have = append(have, got.call.Raw)
	}
	if got.consult != nil {
		assert.False(t, got.consult.Synthetic)
		have = append(have, got.consult.Raw)
	}
	if got.device != nil {
		assert.False(t, got.device.Synthetic)
		have = append(have, got.device.Raw)
	}
	require.Len(t, have, len(own), "one message for each that settles it")
	for _, n := range own {
		assert.True(t, slices.ContainsFunc(have, func(raw json.RawMessage) bool { return equalJSON(n.Data, raw) }), "%s", n.Data)
	}
	switch {
	case got.consult == nil:
	case got.consult.Call.ParentID != "": // of a consultation and of the swap sample
		assert.Equal(t, got.call.Call.ID, got.consult.Call.ParentID)
	}
}

func equalJSON(a, b json.RawMessage) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && assert.ObjectsAreEqual(x, y)
}

func TestEveryOperation_whoseMessagesAreLost(t *testing.T) {
	everyOperation(t, func(t *testing.T, s *scripted, c *voice.Client, p played, own []note) {
		if p.onlyOK {
			t.SkipNow()
		}
		s.answerWith(func(w http.ResponseWriter, _ scriptedPost) {
			s.list(own...) // it happens, and no message tells
			accept(w)
		})
		start := time.Now()
		got, err := p.run(t.Context(), c)
		assert.Equal(t, 10*second, time.Since(start))
		if p.unseen {
			requireUnconfirmed(t, err, true, voice.ErrOutcomeTimeout)
			return
		}
		require.NoError(t, err)
		for _, msg := range []*voice.CallStateChangeMessage{got.call, got.consult} {
			if msg != nil {
				assert.True(t, msg.Synthetic)
				assert.Nil(t, msg.Raw)
			}
		}
		if got.device != nil {
			assert.True(t, got.device.Synthetic)
		}
	})
}

func TestEveryOperation_thatDoesNotHappen(t *testing.T) {
	everyOperation(t, func(t *testing.T, s *scripted, c *voice.Client, p played, own []note) {
		if p.onlyOK {
			t.SkipNow()
		}
		start := time.Now()
		_, err := p.run(t.Context(), c)
		e := requireUnconfirmed(t, err, true, voice.ErrOutcomeTimeout)
		assert.Equal(t, 10*second, time.Since(start))
		if own[0].callID() != "" && p.path == "/me/calls/"+own[0].callID() {
			require.NotNil(t, e.Call, "what was last seen is told")
			assert.Equal(t, own[0].callID(), e.Call.ID)
		}
		assert.Len(t, s.sent(), 1)
	})
}

func TestEveryOperation_thatIsRefused(t *testing.T) {
	everyOperation(t, func(t *testing.T, s *scripted, c *voice.Client, p played, own []note) {
		s.answerWith(func(w http.ResponseWriter, _ scriptedPost) {
			time.Sleep(second)
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"statusCode":2,"statusMessage":"not now"}`))
		})
		start := time.Now()
		_, err := p.run(t.Context(), c)
		e, ok := errors.AsType[*voice.APIError](err)
		require.True(t, ok, "%v", err)
		assert.Equal(t, second, time.Since(start), "at once")
		assert.Equal(t, voice.CodeInvalidState, e.Code)
		assert.Equal(t, "not now", e.Message)
		assert.True(t, voice.SafeToRetry(err))
		assert.Len(t, s.sent(), 1)
	})
}

// A message that shows the outcome came, and the request is refused: it was
// not this request's doing.
func TestEveryOperation_thatIsRefusedAfterItsMessage(t *testing.T) {
	everyOperation(t, func(t *testing.T, s *scripted, c *voice.Client, p played, own []note) {
		s.answerWith(func(w http.ResponseWriter, _ scriptedPost) {
			for _, n := range own {
				s.publish(n)
			}
			time.Sleep(second)
			w.WriteHeader(http.StatusConflict)
			_, _ = w.Write([]byte(`{"statusCode":19,"statusMessage":"in use"}`))
		})
		_, err := p.run(t.Context(), c)
		e, ok := errors.AsType[*voice.APIError](err)
		require.True(t, ok, "%v", err)
		assert.Equal(t, voice.CodeInUse, e.Code)
	})
}

// Messages of the same kind about another call or device prove nothing, nor do
// those of the same call that show it as it was before.
func TestEveryOperation_isNotSettledByOthers(t *testing.T) {
	everyOperation(t, func(t *testing.T, s *scripted, c *voice.Client, p played, own []note) {
		if p.onlyOK {
			t.SkipNow()
		}
		s.answerWith(func(w http.ResponseWriter, _ scriptedPost) {
			for _, n := range p.before(own) {
				s.publish(n.as("StatusChange"))
			}
			for _, n := range own {
				id := "013V08JRL498H1OI04000VTAES000099"
				if n.callID() == "" {
					id = "11111111-7a44-4b39-9c55-1f0be2a6d799"
				}
				other := map[string]any{"id": id, "callUuid": id, "uri": nil, "path": nil, "parentCallUri": nil, "parentCallPath": nil}
				if n.callID() != "" { // else it would be what Dial or a consultation waits for
					other["deviceUri"], other["dnis"], other["participants"] = nil, "7009", parties("7009")
				}
				if p.path == "/me/channels/voice" {
					continue // of any of the agent's devices
				}
				s.publish(n.with(other))
			}
			accept(w)
		})
		_, err := p.run(t.Context(), c)
		requireUnconfirmed(t, err, true, voice.ErrOutcomeTimeout)
	})
}

func requireUnconfirmed(t *testing.T, err error, accepted bool, why error) *voice.UnconfirmedError {
	t.Helper()
	e, ok := errors.AsType[*voice.UnconfirmedError](err)
	require.True(t, ok, "%v", err)
	assert.Equal(t, accepted, e.Accepted)
	assert.ErrorIs(t, err, why)
	assert.False(t, voice.SafeToRetry(err))
	return e
}

func requireFailed(t *testing.T, err, why error) *voice.FailedError {
	t.Helper()
	e, ok := errors.AsType[*voice.FailedError](err)
	require.True(t, ok, "%v", err)
	if why != nil {
		assert.ErrorIs(t, err, why)
	}
	return e
}

func requireRefused(t *testing.T, err error, code voice.StatusCode) *voice.APIError {
	t.Helper()
	e, ok := errors.AsType[*voice.APIError](err)
	require.True(t, ok, "%v", err)
	assert.Equal(t, code, e.Code, "%v", err)
	return e
}
