package voice_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
)

// reader lets reads of calls and devices take their time.
type reader struct {
	inner http.RoundTripper
	takes atomic.Int64 // nanoseconds
	count atomic.Int64
}

func (r *reader) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method == http.MethodGet && (strings.HasSuffix(req.URL.Path, "/me/calls") || strings.HasSuffix(req.URL.Path, "/me/devices")) {
		r.count.Add(1)
		select {
		case <-time.After(time.Duration(r.takes.Load())):
		case <-req.Context().Done():
			return nil, req.Context().Err()
		}
	}
	return r.inner.RoundTrip(req)
}

// slowly connects a client whose reads go through the reader that it returns.
func (s *scripted) slowly() (*voice.Client, *reader) {
	r := &reader{inner: s.client.Transport}
	return s.connect(func(c *voice.Config) { c.HTTPClient = &http.Client{Transport: r} }), r
}

// says lets the server send what it also lists from now on.
func (s *scripted) says(n note) {
	s.list(n)
	s.publish(n)
}

const never = time.Hour

func holding(t *testing.T) (talking, held note) {
	held = samples(t, "Hold")[0]
	return held.with(map[string]any{"state": "Established"}), held
}

// told returns what a subscription has got, a letter for each: small where a
// read has told it.
func told(t *testing.T, sub *voice.Subscription) string {
	t.Helper()
	var s strings.Builder
	for {
		ev, err := nextNow(t.Context(), sub)
		if err != nil {
			return s.String()
		}
		switch ev := ev.(type) {
		case *voice.CallStateChangeMessage:
			letter := string(ev.Call.State)[:1]
			if ev.Synthetic {
				letter = strings.ToLower(letter)
			}
			s.WriteString(letter)
		case *voice.DeviceStateChangeMessage:
			letter := (string(ev.Devices[0].UserState.State) + string(ev.Devices[0].UserState.WorkMode))[:1]
			if ev.Synthetic {
				letter = strings.ToLower(letter)
			}
			s.WriteString(letter)
		}
	}
}

// What happens again, and is over before the server can be asked, has happened.
func TestRepetition_soonUndone(t *testing.T) {
	talking, held := holding(t)
	ready, notReady := samples(t, "Ready")[0], samples(t, "NotReady")[0]
	afterCall := notReady.with(map[string]any{"userState": map[string]any{"state": "NotReady", "workMode": "AfterCallWork"}})
	for name, c := range map[string]struct {
		before, after, then note
		do                  func(context.Context, *voice.Client) error
		want                string
	}{
		"call": {talking, held, talking, func(ctx context.Context, c *voice.Client) error { _, err := c.Hold(ctx, call01); return err },
			"HEHE"},
		"device": {notReady, ready, afterCall, func(ctx context.Context, c *voice.Client) error { _, err := c.Ready(ctx); return err },
			"RNRN"},
	} {
		for _, read := range []time.Duration{30 * time.Millisecond, 120 * time.Millisecond, never} { // never: nor can be told
			t.Run(fmt.Sprint(name, " read takes ", read), func(t *testing.T) {
				script(t, func(t *testing.T, s *scripted) {
					s.list(c.before)
					client, reads := s.slowly()
					sub := client.Subscribe()
					s.says(c.after)
					s.says(c.before)
					settle()
					reads.takes.Store(int64(read))
					s.answerWith(func(w http.ResponseWriter, _ scriptedPost) {
						accept(w)
						go func() {
							time.Sleep(100 * time.Millisecond)
							s.publish(c.after)
							s.list(c.then)
							time.Sleep(50 * time.Millisecond)
							s.publish(c.then)
						}()
					})
					start := time.Now()
					require.NoError(t, c.do(t.Context(), client))
					assert.LessOrEqual(t, time.Since(start), 100*time.Millisecond+second)
					time.Sleep(5 * second)
					synctest.Wait()
					assert.Equal(t, c.want, told(t, sub))
				})
			})
		}
	}
}

// A message that cannot be checked is better than none: it is told, and what is
// true is read as soon as that is possible.
func TestRepetition_uncheckable(t *testing.T) {
	talking, held := holding(t)
	for _, late := range []bool{false, true} {
		script(t, func(t *testing.T, s *scripted) {
			s.list(talking)
			client, reads := s.slowly()
			sub := client.Subscribe()
			s.says(held)
			s.says(talking)
			settle()
			reads.takes.Store(int64(never))
			s.answerWith(func(w http.ResponseWriter, _ scriptedPost) {
				accept(w)
				if !late {
					s.list(held)
				}
				s.publish(held)
			})
			start := time.Now()
			_, err := client.Hold(t.Context(), call01)
			require.NoError(t, err)
			assert.Equal(t, second, time.Since(start))
			time.Sleep(5 * second)
			want, state := "HEH", voice.StateHeld
			if late {
				want, state = "HEHe", voice.StateEstablished
			}
			assert.Equal(t, want, told(t, sub))
			call, err := client.Call(t.Context(), call01)
			require.NoError(t, err)
			assert.Equal(t, state, call.State)
		})
	}
}

// What was put aside counts for operations that were there by then, if what
// follows comes soon.
func TestRepetition_putAside(t *testing.T) {
	talking, held := holding(t)
	for name, c := range map[string]struct {
		wait time.Duration
		want string
	}{
		"soon":  {500 * time.Millisecond, "HEHE"},
		"later": {2 * second, "HEE"},
	} {
		t.Run(name, func(t *testing.T) {
			script(t, func(t *testing.T, s *scripted) {
				s.list(talking)
				client, _ := s.slowly()
				sub := client.Subscribe()
				s.says(held)
				s.says(talking)
				settle()
				s.publish(held)
				settle()
				go func() {
					time.Sleep(c.wait)
					s.publish(talking)
				}()
				_, err := client.Hold(t.Context(), call01)
				requireUnconfirmed(t, err, true, voice.ErrOutcomeTimeout)
				assert.Equal(t, c.want, told(t, sub))
			})
		})
	}
}

// The check of a message holds up the others for a second at most.
func TestRepetition_holdsUpNobody(t *testing.T) {
	ready, notReady := samples(t, "Ready")[0], samples(t, "NotReady")[0]
	_, held := holding(t)
	script(t, func(t *testing.T, s *scripted) {
		s.list(notReady)
		client, reads := s.slowly()
		s.says(ready)
		s.says(notReady)
		settle()
		reads.takes.Store(int64(9 * second))
		sub := client.Subscribe(voice.ForCall(call01))
		s.publish(ready)
		s.publish(held.with(map[string]any{"state": "Ringing"}))
		start := time.Now()
		next(t, sub)
		assert.LessOrEqual(t, time.Since(start), second)
	})
}

// After a reconnection the messages may come from a server whose clock is slow.
func TestLateMessage_byAnotherClock(t *testing.T) {
	talking, held := holding(t)
	script(t, func(t *testing.T, s *scripted) {
		s.list(talking)
		client, reads := s.slowly()
		duration := 30
		stamped := func(n note, slow time.Duration) note {
			duration++
			n = n.with(map[string]any{"duration": fmt.Sprint(duration)})
			return n.metrics(map[string]any{"eventProcessing": map[string]any{"serverGenerationTimestamp": time.Now().Add(-slow).UnixMilli()}})
		}
		s.says(stamped(held, 0))
		s.says(stamped(talking, 0))
		settle()
		for _, sess := range s.cometd.Sessions() {
			sess.Expire()
		}
		time.Sleep(10 * second)
		require.True(t, client.Connected())
		before := reads.count.Load()
		s.answerWith(func(w http.ResponseWriter, _ scriptedPost) {
			accept(w)
			s.says(stamped(held, 2*time.Minute))
			s.says(stamped(talking, 2*time.Minute))
		})
		for range 3 {
			_, err := client.Hold(t.Context(), call01)
			require.NoError(t, err)
			time.Sleep(second)
		}
		assert.Equal(t, before, reads.count.Load(), "no message is taken for a late one")
	})
}
