package voice_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

func to(number string) voice.Destination { return voice.Destination{PhoneNumber: number} }

func TestDial_theNumberIsNormalised(t *testing.T) {
	own := samples(t, "Dial")[0]
	for dialled, shown := range map[string]map[string]any{
		"(916) 555-0104":   {"dnis": "+19165550104", "participants": parties("+19165550104")},
		"+1 916 555 0104":  {"dnis": "9165550104", "participants": parties("9165550104")},
		"9 916 555 0104":   {"dnis": "99165550104", "participants": parties("99165550104")},
		"0049 89 1234567":  {"dnis": "004989 1234567", "participants": []any{}},
		"7002":             {"dnis": nil, "participants": []any{"7002"}, "participantsInfo": []any{map[string]any{"digits": "7002"}}},
		"RP_9000@switch":   {"dnis": "RP_9000@switch", "participants": []any{}},
		"sip:ada@test":     {"dnis": "sip:ada@test", "participants": []any{}},
		"800 555 0199 #12": {"dnis": "800555019912", "participants": []any{}},
	} {
		script(t, func(t *testing.T, s *scripted) {
			s.list(samples(t, "Ready")...)
			c := s.connect()
			s.answerWith(func(w http.ResponseWriter, _ scriptedPost) { accept(w); s.publish(own.with(shown)) })
			start := time.Now()
			msg, err := c.Dial(t.Context(), to(dialled))
			require.NoError(t, err, dialled)
			assert.Zero(t, time.Since(start))
			assert.Equal(t, call01, msg.Call.ID)
		})
	}
	for dialled, other := range map[string]string{"7002": "17002", "5550104": "5550105", "555-0104": "04", "abc": "abd"} {
		script(t, func(t *testing.T, s *scripted) {
			s.list(samples(t, "Ready")...)
			c := s.connect()
			n := own.with(map[string]any{"dnis": other, "participants": parties(other)})
			s.answerWith(func(w http.ResponseWriter, _ scriptedPost) { accept(w); s.publish(n); s.list(n) })
			_, err := c.Dial(t.Context(), to(dialled))
			requireUnconfirmed(t, err, true, voice.ErrOutcomeTimeout)
		})
	}
}

func TestDial_twoAtOnce(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim)
		sim.On(voice.OpDial, voicetest.ResponseFirst(2*second))
		sim.On(voice.OpDial, voicetest.ResponseFirst(second))
		ids := make(chan string, 2)
		start := time.Now()
		for range 2 {
			go func() {
				msg, err := client.Dial(t.Context(), to("4155550100")) // the same number, too
				assert.NoError(t, err)
				ids <- msg.Call.ID
			}()
		}
		one, two := <-ids, <-ids
		assert.NotEqual(t, one, two)
		assert.Equal(t, 3*second, time.Since(start), "one after the other")
		believes(t, sim, "5001", client)
	})
}

// The caller of a Dial has gone: its call must not be taken for that of the next.
func TestDial_givenUp(t *testing.T) {
	for name, fault := range map[string]voicetest.Fault{
		"after acceptance": voicetest.ResponseFirst(3 * second),
		"during the POST":  voicetest.Slow(3 * second),
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
				client := connect(t, sim)
				sim.On(voice.OpDial, fault)
				ctx, cancel := context.WithTimeout(t.Context(), second)
				defer cancel()
				start := time.Now()
				_, err := client.Dial(ctx, to("4155550100"))
				requireUnconfirmed(t, err, name == "after acceptance", context.DeadlineExceeded)
				assert.Equal(t, second, time.Since(start))
				msg, err := client.Dial(t.Context(), to("4155550100"))
				require.NoError(t, err)
				calls := sim.Calls("5001")
				require.NotEmpty(t, calls)
				assert.Equal(t, calls[len(calls)-1].ID, msg.Call.ID, "the newest call is that of the second Dial")
				believes(t, sim, "5001", client)
			})
		})
	}
}

func TestDial_whileTheSameNumberCalls(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim)
		sim.On(voice.OpDial, voicetest.ResponseFirst(3*second))
		got := make(chan *voice.CallStateChangeMessage, 1)
		go func() {
			msg, err := client.Dial(t.Context(), to("4155550100"))
			assert.NoError(t, err)
			got <- msg
		}()
		time.Sleep(second)
		incoming := sim.Ring(voicetest.Call{From: "4155550100", To: "5001"})
		time.Sleep(second)
		sim.Agent("5001").Answer(incoming) // by the telephone
		msg := <-got
		assert.NotEqual(t, incoming, msg.Call.ID)
		assert.Equal(t, voice.StateDialing, msg.Call.State)

		// Nor when it ends.
		sim.On(voice.OpDial, voicetest.ResponseFirst(3*second))
		go func() {
			msg, err := client.Dial(t.Context(), to("4155550101"))
			assert.NoError(t, err)
			got <- msg
		}()
		time.Sleep(second)
		incoming = sim.Ring(voicetest.Call{From: "4155550101", To: "5001"})
		time.Sleep(second)
		sim.HangupCustomer(incoming)
		assert.NotEqual(t, incoming, (<-got).Call.ID)
	})
}

func TestDial_whatBecomesOfIt(t *testing.T) {
	own := samples(t, "Dial")
	dialing, talking := own[0], own[1]
	ended := dialing.with(map[string]any{"state": "Released", "capabilities": []any{}})
	for name, r := range map[string]struct {
		send  []note
		state voice.CallState // "": it fails
	}{
		"it is answered at once":           {[]note{talking}, voice.StateEstablished},
		"it ends before it is seen":        {[]note{ended}, ""},
		"it ends at once":                  {[]note{dialing, ended}, voice.StateDialing},
		"a consultation goes there too":    {[]note{samples(t, "InitiateTransfer")[1].with(map[string]any{"dnis": "7002", "participants": parties("7002")}), dialing}, voice.StateDialing},
		"an inbound call comes, answered":  {[]note{talking.with(map[string]any{"id": "IN", "callUuid": "IN", "callType": "Inbound", "dnis": "9000"}), dialing}, voice.StateDialing},
		"an internal call comes, answered": {[]note{talking.with(map[string]any{"id": "IN", "callUuid": "IN", "dnis": "7001"}), dialing}, voice.StateDialing},
		"an inbound call ends":             {[]note{ended.with(map[string]any{"id": "IN", "callUuid": "IN", "callType": "Inbound", "dnis": "9000"}), dialing}, voice.StateDialing},
		"another device dials the number":  {[]note{dialing.with(map[string]any{"id": "OTHER", "callUuid": "OTHER", "deviceUri": sampleHost + "/api/v2/devices/other"}), dialing}, voice.StateDialing},
	} {
		t.Run(name, func(t *testing.T) {
			script(t, func(t *testing.T, s *scripted) {
				s.list(samples(t, "Ready")...)
				c := s.connect()
				s.answerWith(func(w http.ResponseWriter, _ scriptedPost) {
					accept(w)
					for _, n := range r.send {
						s.publish(n)
					}
				})
				start := time.Now()
				msg, err := c.Dial(t.Context(), to("7002"))
				assert.Zero(t, time.Since(start))
				if r.state == "" {
					requireFailed(t, err, voice.ErrCallReleased)
					return
				}
				require.NoError(t, err)
				assert.Equal(t, r.state, msg.Call.State)
				assert.Equal(t, call01, msg.Call.ID)
			})
		})
	}
}

// Two agents act on one call in the same instant.
func TestTwoAgents_onOneCall(t *testing.T) {
	type act = func(sim *voicetest.Server, c *voice.Client, id string) error
	do := func(m callMethod) act {
		return func(_ *voicetest.Server, c *voice.Client, id string) error {
			_, err := m(c, context.Background(), id)
			return err
		}
	}
	acts := map[string]act{
		"Hangup": do((*voice.Client).Hangup),
		"Hold":   do((*voice.Client).Hold),
		"transfer": func(_ *voicetest.Server, c *voice.Client, id string) error {
			_, err := c.SingleStepTransfer(context.Background(), id, to("5003"))
			return err
		},
		"conference": func(_ *voicetest.Server, c *voice.Client, id string) error {
			_, err := c.SingleStepConference(context.Background(), id, to("5003"))
			return err
		},
		"consult": func(_ *voicetest.Server, c *voice.Client, id string) error {
			_, err := c.InitiateTransfer(context.Background(), id, to("5003"))
			return err
		},
		"data": func(_ *voicetest.Server, c *voice.Client, id string) error {
			_, err := c.UpdateUserData(context.Background(), id, map[string]any{"by": c.User().UserName})
			return err
		},
	}
	for first, a := range acts {
		for next, b := range acts {
			for _, fault := range []voicetest.Fault{nil, voicetest.ResponseFirst(second), voicetest.EventFirst(second), voicetest.Slow(second)} {
				bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
					one, two := connect(t, sim, agent("5001")), connect(t, sim, agent("5002"))
					id := sim.Establish(voicetest.Call{From: "5001", To: "5002"})
					awaitState(t, one, id, voice.StateEstablished)
					awaitState(t, two, id, voice.StateEstablished)
					time.Sleep(second)
					if fault != nil {
						sim.Agent("5001").On("", fault)
						sim.Agent("5002").On("", fault)
					}
					results := make(chan error, 2)
					start := time.Now()
					go func() { results <- a(sim, one, id) }()
					go func() { results <- b(sim, two, id) }()
					for range 2 {
						switch err := (<-results).(type) {
						case nil, *voice.APIError, *voice.FailedError:
						default:
							assert.NoError(t, err, "%s and %s", first, next)
						}
					}
					assert.LessOrEqual(t, time.Since(start), 2*second, "%s and %s", first, next)
					time.Sleep(20 * second)
					believes(t, sim, "5001", one)
					believes(t, sim, "5002", two)
				})
			}
		}
	}
}

func TestDial_waitsForItsTurnOnlyAsLongAsItMay(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim)
		sim.On(voice.OpDial, voicetest.Silence())
		go func() { _, _ = client.Dial(t.Context(), to("4155550100")) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), second)
		defer cancel()
		start := time.Now()
		_, err := client.Dial(ctx, to("4155550100"))
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.True(t, voice.SafeToRetry(err), "%v", err)
		assert.Equal(t, second, time.Since(start))
		assert.Equal(t, 1, posts(sim, voice.OpDial))

		failed := make(chan error, 1)
		go func() { _, err := client.Dial(t.Context(), to("4155550100")); failed <- err }()
		synctest.Wait()
		require.NoError(t, client.Close())
		assert.ErrorIs(t, <-failed, voice.ErrClosed)
	})
}
