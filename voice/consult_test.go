package voice_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// What the other side does while a consultation is being completed: no wrong
// outcome, and none later than the timeout.
func TestComplete_whileTheOtherSideActs(t *testing.T) {
	type how struct {
		name string
		do   func(sim *voicetest.Server, original, consult string)
		// check gets the outcome of CompleteTransfer and CompleteConference.
		transfer, conference func(t *testing.T, got *voice.Consultation, err error)
	}
	done := func(t *testing.T, got *voice.Consultation, err error) {
		require.NoError(t, err)
		assert.Equal(t, voice.StateReleased, got.Consult.Call.State)
	}
	gone := func(t *testing.T, _ *voice.Consultation, err error) { requireFailed(t, err, nil) }
	for _, answered := range []bool{false, true} {
		for _, h := range []how{
			{"the consulted party answers", func(sim *voicetest.Server, _, consult string) { sim.Agent("5002").Answer(consult) }, done, done},
			{"the consulted party hangs up", func(sim *voicetest.Server, _, consult string) { sim.Agent("5002").Hangup(consult) }, gone, gone},
			{"the customer hangs up", func(sim *voicetest.Server, original, _ string) { sim.HangupCustomer(original) }, gone, gone},
			{"both hang up", func(sim *voicetest.Server, original, consult string) {
				sim.HangupCustomer(original)
				sim.Agent("5002").Hangup(consult)
			}, nil, gone},
			{"the agent's telephone hangs the consultation up", func(sim *voicetest.Server, _, consult string) { sim.Agent("5001").Hangup(consult) }, gone, gone},
		} {
			for _, op := range []voice.OperationName{voice.OpCompleteTransfer, voice.OpCompleteConference} {
				if !answered && op == voice.OpCompleteConference {
					continue // who rings cannot be joined
				}
				name := h.name + ", ringing/" + string(op)
				if answered {
					name = h.name + ", talking/" + string(op)
				}
				// Accepted, and carried out after the other side has acted; or never.
				for _, never := range []bool{false, true} {
					if never {
						name += ", silence"
					}
					t.Run(name, func(t *testing.T) {
						bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
							client := connect(t, sim)
							original := established(t, sim, client)
							start, complete, check := client.InitiateTransfer, client.CompleteTransfer, h.transfer
							if op == voice.OpCompleteConference {
								start, complete, check = client.InitiateConference, client.CompleteConference, h.conference
							}
							got, err := start(t.Context(), original, to5002)
							require.NoError(t, err)
							consult := got.Consult.Call.ID
							if answered {
								sim.Agent("5002").Answer(consult)
								awaitState(t, client, consult, voice.StateEstablished)
							}
							fault := voicetest.ResponseFirst(2 * second)
							if never {
								fault = voicetest.Silence()
							}
							sim.On(op, fault)
							began := time.Now()
							go func() {
								time.Sleep(second)
								h.do(sim, original, consult)
							}()
							got, err = complete(t.Context(), original, voice.Complete{ConsultCallID: consult})
							assert.LessOrEqual(t, time.Since(began), 10*second, "%v", err)
							if never && h.name == "the consulted party answers" {
								requireUnconfirmed(t, err, true, voice.ErrOutcomeTimeout)
							} else if check != nil {
								check(t, got, err)
							}
							time.Sleep(30 * second)
							synctest.Wait()
							calls, devices := client.Known()
							assert.Empty(t, differences(sim, "agent5001", calls, devices))
						})
					})
				}
			}
		}
	}
}

// The customer hangs up in the middle of each operation on two calls.
func TestInitiate_whileTheCustomerHangsUp(t *testing.T) {
	for _, conference := range []bool{false, true} {
		bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
			client := connect(t, sim)
			start, op := client.InitiateTransfer, voice.OpInitiateTransfer
			if conference {
				start, op = client.InitiateConference, voice.OpInitiateConference
			}
			id := established(t, sim, client)
			sim.On(op, voicetest.ResponseFirst(2*second))
			began := time.Now()
			go func() { time.Sleep(second); sim.HangupCustomer(id) }()
			_, err := start(t.Context(), id, to5002)
			requireFailed(t, err, voice.ErrCallReleased)
			assert.Equal(t, second, time.Since(began), "at once")
		})
	}
}

func TestSwapCalls_whileOneEnds(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim)
		s := &scene{t: t, sim: sim, client: client, user: "agent5001"}
		original, consult := s.consultation((*voice.Client).InitiateTransfer)
		sim.On(voice.OpSwapCalls, voicetest.ResponseFirst(2*second))
		began := time.Now()
		go func() { time.Sleep(second); sim.HangupCustomer(original) }()
		_, err := client.SwapCalls(t.Context(), consult, original)
		requireFailed(t, err, voice.ErrCallReleased)
		assert.Equal(t, second, time.Since(began))
	})
}

// A consultation is answered before the message comes that the original is
// held, or it ends before it was seen at all.
func TestInitiateTransfer_theConsultationGoesOn(t *testing.T) {
	own := samples(t, "InitiateTransfer")
	held, dialing, talking := own[0], own[1], own[2]
	ended := dialing.with(map[string]any{"state": "Released", "capabilities": []any{}})
	for name, r := range map[string]struct {
		send  []note
		check func(t *testing.T, got *voice.Consultation, err error)
	}{
		"answered before the original is held": {[]note{dialing, talking, held}, func(t *testing.T, got *voice.Consultation, err error) {
			require.NoError(t, err)
			assert.Equal(t, voice.StateEstablished, got.Consult.Call.State)
		}},
		"its first message is lost": {[]note{held, talking}, func(t *testing.T, got *voice.Consultation, err error) {
			require.NoError(t, err)
			assert.Equal(t, voice.StateEstablished, got.Consult.Call.State)
		}},
		"ended unseen": {[]note{held, ended}, func(t *testing.T, _ *voice.Consultation, err error) { requireFailed(t, err, voice.ErrCallReleased) }},
		"ended before the original is held": {[]note{dialing, ended, held}, func(t *testing.T, _ *voice.Consultation, err error) {
			requireFailed(t, err, voice.ErrCallReleased)
		}},
		"the parent is not told": {[]note{held, dialing.with(map[string]any{"parentCallUri": nil, "parentCallPath": nil})}, func(t *testing.T, got *voice.Consultation, err error) {
			require.NoError(t, err)
		}},
		"of another call": {[]note{held, dialing.with(map[string]any{"parentCallUri": sampleHost + "/api/v2/me/calls/X", "parentCallPath": "/calls/X"})},
			func(t *testing.T, _ *voice.Consultation, err error) {
				requireUnconfirmed(t, err, true, voice.ErrOutcomeTimeout)
			}},
	} {
		t.Run(name, func(t *testing.T) {
			script(t, func(t *testing.T, s *scripted) {
				s.list(held.with(map[string]any{"state": "Established"}))
				c := s.connect()
				s.answerWith(func(w http.ResponseWriter, _ scriptedPost) {
					accept(w)
					for _, n := range r.send {
						s.publish(n)
					}
				})
				got, err := c.InitiateTransfer(t.Context(), call11, to7003)
				r.check(t, got, err)
			})
		})
	}
}

// Two on one call at once: the one consultation that appears belongs to one of
// them only.
func TestInitiateTransfer_twiceAtOnce(t *testing.T) {
	own := samples(t, "InitiateTransfer")
	script(t, func(t *testing.T, s *scripted) {
		s.list(own[0].with(map[string]any{"state": "Established"}))
		c := s.connect()
		results := make(chan error, 2)
		for range 2 {
			go func() { _, err := c.InitiateTransfer(t.Context(), call11, to7003); results <- err }()
		}
		synctest.Wait()
		s.list(own[:2]...)
		s.publish(own[0])
		s.publish(own[1])
		require.NoError(t, <-results)
		requireUnconfirmed(t, <-results, true, voice.ErrOutcomeTimeout)
	})
}

// Of two consultations at once, the one that appears is not that which did not
// happen.
func TestInitiate_twoAtOnceOfWhichOneHappens(t *testing.T) {
	for _, happens := range []voice.OperationName{voice.OpInitiateTransfer, voice.OpInitiateConference} {
		for _, lost := range []bool{false, true} {
			t.Run(fmt.Sprint(happens, ", its messages are lost: ", lost), func(t *testing.T) {
				bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
					client := connect(t, sim)
					id := established(t, sim, client)
					for _, op := range []voice.OperationName{voice.OpInitiateTransfer, voice.OpInitiateConference} {
						fault := voicetest.Silence()
						switch {
						case op == happens && lost:
							fault = voicetest.LostEvent()
						case op == happens:
							fault = voicetest.Slow(0)
						}
						sim.On(op, fault)
					}
					outcome := map[voice.OperationName]chan error{voice.OpInitiateTransfer: make(chan error, 1), voice.OpInitiateConference: make(chan error, 1)}
					go func() {
						_, err := client.InitiateTransfer(t.Context(), id, to5002)
						outcome[voice.OpInitiateTransfer] <- err
					}()
					go func() {
						_, err := client.InitiateConference(t.Context(), id, voice.Destination{PhoneNumber: "5003"})
						outcome[voice.OpInitiateConference] <- err
					}()
					for op, result := range outcome {
						if op == happens {
							assert.NoError(t, <-result)
						} else {
							requireUnconfirmed(t, <-result, true, voice.ErrOutcomeTimeout)
						}
					}
				})
			})
		}
	}
}

// A conference may show its parties under other numbers, and be known only by
// their count: then it is neither done nor failed.
func TestCompleteConference_underOtherNumbers(t *testing.T) {
	own := samples(t, "CompleteConference")
	for name, r := range map[string]struct {
		original note
		check    func(t *testing.T, err error)
	}{
		"normalised":        {own[1].with(map[string]any{"participants": parties("7002", "+7003")}), func(t *testing.T, err error) { require.NoError(t, err) }},
		"another number":    {own[1].with(map[string]any{"participants": parties("7002", "7777")}), func(t *testing.T, err error) { requireUnconfirmed(t, err, true, voice.ErrOutcomeTimeout) }},
		"without them":      {own[1].with(map[string]any{"participants": parties("7002")}), func(t *testing.T, err error) { requireFailed(t, err, voice.ErrCallReleased) }},
		"still held":        {own[1].with(map[string]any{"participants": parties("7002"), "state": "Held"}), func(t *testing.T, err error) { requireFailed(t, err, voice.ErrCallReleased) }},
		"the customer left": {own[1].with(map[string]any{"participants": parties("7003")}), func(t *testing.T, err error) { require.NoError(t, err) }},
	} {
		t.Run(name, func(t *testing.T) {
			script(t, func(t *testing.T, s *scripted) {
				s.list(plays[voice.OpCompleteConference].before(own)...)
				c := s.connect()
				s.answerWith(func(w http.ResponseWriter, _ scriptedPost) {
					s.list(own[0], r.original)
					accept(w)
					s.publish(own[0])
					s.publish(r.original)
				})
				_, err := c.CompleteConference(t.Context(), call22, voice.Complete{})
				r.check(t, err)
			})
		})
	}
}

// Where the calls cannot be read when the time is up, nothing is known.
func TestCompleteTransfer_halfSeenAndNotReadable(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim)
		s := &scene{t: t, sim: sim, client: client, user: "agent5001"}
		original, consult := s.consultation((*voice.Client).InitiateTransfer)
		sim.On(voice.OpCompleteTransfer, voicetest.Silence())
		sim.OnRead("/me/calls", voicetest.Times(3, voicetest.Answer(500, "text/html", "<html>")))
		go func() { time.Sleep(second); sim.Agent("5002").Hangup(consult) }()
		_, err := client.CompleteTransfer(t.Context(), original, voice.Complete{})
		requireUnconfirmed(t, err, true, voice.ErrOutcomeTimeout)
	})
}
