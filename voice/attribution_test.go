package voice_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
)

func errorMessage(members string) note {
	return note{"/v2/me/devices", []byte(`{"messageType":"ErrorMessage"` + members + `}`)}
}

const (
	namingDevice1 = `,"deviceUri":"` + sampleHost + `/api/v2/devices/` + device1 + `"`
	namingDevice5 = `,"devicePath":"/devices/` + device5 + `"`
	naming01      = `,"callUri":"` + sampleHost + `/api/v2/me/calls/` + call01 + `"`
	naming03      = `,"callPath":"/calls/` + call03 + `"`
	naming11      = `,"callPath":"/calls/` + call11 + `"`
	naming12      = `,"call":{"id":"` + call12 + `"}`
)

// attributed is a contact centre with calls 01, 03, 11 (held) and 12 (about 11).
func attributed(t *testing.T, test func(t *testing.T, s *scripted, c *voice.Client)) {
	t.Helper()
	script(t, func(t *testing.T, s *scripted) {
		s.list(samples(t, "Ready")...)
		s.list(samples(t, "Hold")[0].with(map[string]any{"state": "Established"}))
		s.list(samples(t, "Answer")...)
		swap := samples(t, "SwapCalls")
		s.list(swap[0].with(map[string]any{"state": "Held"}), swap[1].with(map[string]any{"state": "Established"}))
		test(t, s, s.connect())
	})
}

type operations map[string]func(c *voice.Client) error

var waiting = operations{
	"Hold 01":      func(c *voice.Client) error { _, err := c.Hold(context.Background(), call01); return err },
	"Hold 03":      func(c *voice.Client) error { _, err := c.Hold(context.Background(), call03); return err },
	"Hold unknown": func(c *voice.Client) error { _, err := c.Hold(context.Background(), "ZZZ"); return err },
	"Swap 12 11":   func(c *voice.Client) error { _, err := c.SwapCalls(context.Background(), call12, call11); return err },
	"Complete 12": func(c *voice.Client) error {
		_, err := c.CompleteTransfer(context.Background(), call12, voice.Complete{})
		return err
	},
	"NotReady": func(c *voice.Client) error { _, err := c.NotReady(context.Background()); return err },
	"DND 5":    func(c *voice.Client) error { _, err := c.DoNotDisturbOn(context.Background(), device5); return err },
	"DND 1":    func(c *voice.Client) error { _, err := c.DoNotDisturbOn(context.Background(), device1); return err },
}

// TestErrorMessage_belongsTo walks the rules by which an error message is an
// operation's, or nobody's.
func TestErrorMessage_belongsTo(t *testing.T) {
	for _, r := range []struct {
		pending []string
		message string
		owner   string // "": nobody's
	}{
		// By call.
		{[]string{"Hold 01"}, naming01, "Hold 01"},
		{[]string{"Hold 01", "Hold 03", "NotReady"}, naming01, "Hold 01"},
		{[]string{"Hold 01", "Hold 03"}, naming03 + namingDevice1, "Hold 03"},
		{[]string{"Hold 03"}, naming01, ""},
		{[]string{"NotReady"}, naming01, ""},
		{[]string{"Hold 01", "Hold 01"}, naming01, ""},
		// By either call of an operation on two.
		{[]string{"Swap 12 11"}, naming11, "Swap 12 11"},
		{[]string{"Swap 12 11"}, naming12, "Swap 12 11"},
		{[]string{"Complete 12"}, naming11, "Complete 12"},
		{[]string{"Swap 12 11", "Complete 12"}, naming11, ""},
		{[]string{"Swap 12 11", "Hold 01"}, naming01, "Hold 01"},
		// By device.
		{[]string{"Hold 01"}, namingDevice1, "Hold 01"},
		{[]string{"NotReady"}, namingDevice1, "NotReady"},
		{[]string{"DND 5"}, namingDevice5, "DND 5"},
		{[]string{"DND 5", "DND 1"}, namingDevice5, "DND 5"},
		{[]string{"DND 5", "Hold 01"}, namingDevice1, "Hold 01"},
		{[]string{"DND 5"}, namingDevice1, ""},
		{[]string{"Hold 01", "NotReady"}, namingDevice1, ""},
		{[]string{"Hold 01", "Hold unknown"}, namingDevice1, ""},
		{[]string{"Hold unknown"}, namingDevice1, "Hold unknown"},
		// By nothing.
		{[]string{"Hold 01"}, "", "Hold 01"},
		{[]string{"Hold 01", "DND 5"}, "", ""},
		{nil, "", ""},
	} {
		for _, when := range []string{"before the answer", "after the answer"} {
			t.Run(fmt.Sprintf("%v %s %s", r.pending, r.message, when), func(t *testing.T) {
				attributed(t, func(t *testing.T, s *scripted, c *voice.Client) {
					s.list(samples(t, "ListenIn")[0].with(map[string]any{"doNotDisturb": "Off"})) // a second device
					_, err := c.Devices(t.Context())
					require.NoError(t, err)
					if when == "before the answer" {
						s.answerWith(func(w http.ResponseWriter, _ scriptedPost) { time.Sleep(2 * second); accept(w) })
					}
					sub := c.Subscribe(voice.Where(func(ev voice.Event) bool { _, ok := ev.(*voice.ErrorMessage); return ok }))
					type outcome struct {
						name string
						err  error
						took time.Duration
					}
					results := make(chan outcome, len(r.pending))
					start := time.Now()
					for _, name := range r.pending {
						go func() {
							err := waiting[name](c)
							results <- outcome{name, err, time.Since(start)}
						}()
					}
					time.Sleep(second)
					s.publish(errorMessage(r.message + `,"errorCode":93,"errorMessage":"no"`))
					for range r.pending {
						o := <-results
						if o.name != r.owner {
							requireUnconfirmed(t, o.err, true, voice.ErrOutcomeTimeout)
							continue
						}
						e := requireFailed(t, o.err, nil)
						assert.Equal(t, 93, e.Code)
						assert.Equal(t, "no", e.Message)
						if when == "after the answer" {
							assert.Equal(t, second, o.took)
						} else {
							assert.Equal(t, 2*second, o.took)
						}
					}
					ev, ok := next(t, sub).(*voice.ErrorMessage)
					require.True(t, ok, "it is an event all the same")
					if when == "after the answer" {
						assert.Equal(t, r.owner != "", ev.Operation != "")
					}
				})
			})
		}
	}
}

// What is not pending any more may explain an error message as well.
func TestErrorMessage_isExplainedBy(t *testing.T) {
	bare := errorMessage(namingDevice1 + `,"errorCode":93`)
	hold := func(c *voice.Client) chan error {
		result := make(chan error, 1)
		go func() { _, err := c.Hold(context.Background(), call01); result <- err }()
		time.Sleep(time.Millisecond)
		return result
	}
	refuse := func(w http.ResponseWriter, _ scriptedPost) {
		w.WriteHeader(500)
		_, _ = w.Write([]byte(`{"statusCode":4,"statusMessage":"Device '7001' is not registered."}`))
	}
	t.Run("a refusal just before", func(t *testing.T) {
		attributed(t, func(t *testing.T, s *scripted, c *voice.Client) {
			s.answerWith(refuse)
			_, err := c.NotReady(t.Context())
			requireRefused(t, err, voice.CodeInternalError)
			s.answerWith(nil)
			result := hold(c)
			time.Sleep(48 * time.Millisecond)
			s.publish(bare)
			requireUnconfirmed(t, <-result, true, voice.ErrOutcomeTimeout)
		})
	})
	t.Run("but only once", func(t *testing.T) {
		attributed(t, func(t *testing.T, s *scripted, c *voice.Client) {
			s.answerWith(refuse)
			_, err := c.NotReady(t.Context())
			requireRefused(t, err, voice.CodeInternalError)
			s.answerWith(nil)
			result := hold(c)
			s.publish(bare)
			settle()
			s.publish(bare)
			requireFailed(t, <-result, nil)
		})
	})
	t.Run("and not for long", func(t *testing.T) {
		attributed(t, func(t *testing.T, s *scripted, c *voice.Client) {
			s.answerWith(refuse)
			_, err := c.NotReady(t.Context())
			requireRefused(t, err, voice.CodeInternalError)
			s.answerWith(nil)
			time.Sleep(2 * second)
			result := hold(c)
			s.publish(bare)
			requireFailed(t, <-result, nil)
		})
	})
	t.Run("a refusal still to come", func(t *testing.T) {
		attributed(t, func(t *testing.T, s *scripted, c *voice.Client) {
			s.answerWith(func(w http.ResponseWriter, p scriptedPost) {
				s.publish(bare)
				time.Sleep(4 * time.Millisecond)
				refuse(w, p)
			})
			_, err := c.NotReady(t.Context())
			requireRefused(t, err, voice.CodeInternalError)
			s.answerWith(nil)
			result := hold(c)
			s.publish(bare) // this one is not the refusal's: that was told before
			requireFailed(t, <-result, nil)
		})
	})
	t.Run("an operation whose caller has gone", func(t *testing.T) {
		attributed(t, func(t *testing.T, s *scripted, c *voice.Client) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			defer cancel()
			_, err := c.MuteCall(ctx, call01)
			requireUnconfirmed(t, err, true, context.DeadlineExceeded)
			result := hold(c)
			s.publish(bare)
			requireUnconfirmed(t, <-result, true, voice.ErrOutcomeTimeout)
		})
	})
	t.Run("an operation whose outcome stayed unknown", func(t *testing.T) {
		attributed(t, func(t *testing.T, s *scripted, c *voice.Client) {
			_, err := c.MuteCall(t.Context(), call01)
			requireUnconfirmed(t, err, true, voice.ErrOutcomeTimeout)
			result := hold(c)
			s.publish(bare)
			requireUnconfirmed(t, <-result, true, voice.ErrOutcomeTimeout)
		})
	})
	t.Run("an operation whose call has ended", func(t *testing.T) {
		attributed(t, func(t *testing.T, s *scripted, c *voice.Client) {
			mute := make(chan error, 1)
			go func() { _, err := c.MuteCall(context.Background(), call03); mute <- err }()
			settle()
			s.publish(samples(t, "Answer")[0].with(map[string]any{"state": "Released"}))
			requireFailed(t, <-mute, voice.ErrCallReleased)
			result := hold(c)
			s.publish(bare)
			requireUnconfirmed(t, <-result, true, voice.ErrOutcomeTimeout)
		})
	})
	t.Run("nothing, where the answer was lost", func(t *testing.T) {
		attributed(t, func(t *testing.T, s *scripted, c *voice.Client) {
			s.answerWith(func(w http.ResponseWriter, _ scriptedPost) {
				s.publish(bare)
				time.Sleep(4 * time.Millisecond)
				cut(w)
			})
			requireFailed(t, <-hold(c), nil)
		})
	})
}

// An agent with two devices is in a state when a device has changed to it, or
// all are in it: that one was in it before proves nothing.
func TestAgentState_ofTwoDevices(t *testing.T) {
	ready := samples(t, "Ready")[0]
	other := samples(t, "ListenIn")[0].with(map[string]any{"supervisorMonitoringState": nil}) // not ready
	for name, r := range map[string]struct {
		send []note
		done bool
	}{
		"the one that was so says something else": {[]note{other.with(map[string]any{"doNotDisturb": "Off"})}, false},
		"the one that was not changes":            {[]note{ready.with(map[string]any{"userState": notReadyState})}, true},
		"nothing":                                 {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			script(t, func(t *testing.T, s *scripted) {
				s.list(ready, other)
				c := s.connect()
				s.answerWith(func(w http.ResponseWriter, _ scriptedPost) {
					accept(w)
					for _, n := range r.send {
						s.publish(n)
					}
				})
				_, err := c.NotReady(t.Context())
				if r.done {
					require.NoError(t, err)
				} else {
					requireUnconfirmed(t, err, true, voice.ErrOutcomeTimeout)
				}
			})
		})
	}
}
