package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// inCentre runs a test in a bubble, with a simulator that has agent5001.
func inCentre(t *testing.T, test func(t *testing.T, sim *voicetest.Server)) {
	synctest.Test(t, func(t *testing.T) {
		sim := voicetest.NewServer(voicetest.Options{InMemory: true})
		defer sim.Close()
		test(t, sim)
	})
}

func TestOutcomes_areToldApart(t *testing.T) {
	for _, c := range []struct {
		name    string
		fault   voicetest.Fault
		code    int
		outcome string
		err     string
		check   func(t *testing.T, p *problem)
	}{
		{name: "settled", fault: voicetest.EventFirst(time.Second), code: 0, outcome: "settled"},
		{name: "refused", fault: voicetest.Refuse(voice.CodeInvalidState, "not now"), code: 3, outcome: "refused",
			err: "refused: voice: Hold ID: not now (status 2, HTTP 400)",
			check: func(t *testing.T, p *problem) {
				assert.Equal(t, voice.CodeInvalidState, p.StatusCode)
				assert.Equal(t, 400, p.HTTPStatus)
			}},
		{name: "failed", fault: voicetest.FailLater(time.Second, 93, "wrong state"), code: 4, outcome: "failed",
			err: "failed: voice: Hold ID: wrong state (T-Server error 93)",
			check: func(t *testing.T, p *problem) {
				assert.Equal(t, 93, p.SwitchError)
				assert.Equal(t, voice.StateEstablished, p.LastSeen.State)
			}},
		{name: "unknown", fault: voicetest.Silence(), code: 5, outcome: "unknown",
			err: "unknown: voice: Hold ID: accepted, outcome unknown, last seen Established: no message settled it in time",
			check: func(t *testing.T, p *problem) {
				assert.True(t, p.Accepted)
				assert.Equal(t, voice.StateEstablished, p.LastSeen.State)
			}},
		{name: "gateway", fault: voicetest.Times(1, voicetest.AnswerAfter(502, "text/html", "<h1>Bad Gateway</h1>"), voicetest.LostEvent()), code: 5, outcome: "unknown",
			err: "unknown: voice: Hold ID: "},
		{name: "lost", fault: voicetest.CutBefore(), code: 5, outcome: "unknown", err: "unknown: voice: Hold ID: sent, outcome unknown"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inCentre(t, func(t *testing.T, sim *voicetest.Server) {
				id := sim.Establish(voicetest.Call{})
				sim.On(voice.OpHold, c.fault)
				r := ctl(t.Context(), sim, "hold", "-o", "json")
				assert.Equal(t, c.code, r.code)
				var got report
				require.NoError(t, json.Unmarshal([]byte(r.out), &got), r.out)
				assert.Equal(t, c.outcome, got.Outcome)
				if c.code == 0 {
					assert.Empty(t, r.err)
					assert.Equal(t, voice.StateHeld, got.Call.Call.State)
					return
				}
				assert.Contains(t, r.err, "voicectl: "+replaceID(c.err, id))
				require.NotNil(t, got.Error)
				if c.check != nil {
					c.check(t, got.Error)
				}
			})
			inCentre(t, func(t *testing.T, sim *voicetest.Server) {
				sim.Establish(voicetest.Call{})
				sim.On(voice.OpHold, c.fault)
				r := ctl(t.Context(), sim, "hold")
				assert.Equal(t, c.code, r.code, "as text")
				assert.Equal(t, c.code != 0, r.out == "", "only what happened goes to standard output: %s", r.out)
			})
		})
	}
}

func TestOutcome_callEndedMeanwhile(t *testing.T) {
	inCentre(t, func(t *testing.T, sim *voicetest.Server) {
		id := sim.Establish(voicetest.Call{})
		sim.On(voice.OpHold, voicetest.Silence())
		time.AfterFunc(time.Second, func() { sim.HangupCustomer(id) })
		r := ctl(t.Context(), sim, "hold")
		assert.Equal(t, exitFailed, r.code)
		assert.Equal(t, "voicectl: failed: voice: Hold "+id+": call released\n", r.err)
	})
}

func TestOutcome_outcomeTimeout(t *testing.T) {
	inCentre(t, func(t *testing.T, sim *voicetest.Server) {
		sim.Establish(voicetest.Call{})
		sim.On(voice.OpHold, voicetest.Silence())
		began := time.Now()
		assert.Equal(t, exitUnknown, ctl(t.Context(), sim, "hold", "--outcome-timeout", "3s").code)
		assert.Equal(t, 3*time.Second, time.Since(began))
	})
}

func TestOutcome_timeoutOfTheCommand(t *testing.T) {
	inCentre(t, func(t *testing.T, sim *voicetest.Server) {
		sim.Establish(voicetest.Call{})
		sim.On(voice.OpHold, voicetest.Silence())
		assert.Equal(t, exitUnknown, ctl(t.Context(), sim, "hold", "--timeout", "2s").code)
		r := ctl(t.Context(), sim, "await", "released", "--timeout", "2s")
		assert.Equal(t, exitError, r.code)
		assert.Equal(t, "voicectl: no end within 2s: context deadline exceeded\n", r.err)
	})
}

func TestOutcome_interrupted(t *testing.T) {
	inCentre(t, func(t *testing.T, sim *voicetest.Server) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, cancel)
		r := ctl(ctx, sim, "await", "ringing")
		assert.Equal(t, exitInterrupted, r.code)
		assert.Equal(t, "voicectl: interrupted\n", r.err)
		assert.Equal(t, exitDone, ctl(ctx, sim, "help").code)
	})
	inCentre(t, func(t *testing.T, sim *voicetest.Server) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, cancel)
		assert.Equal(t, exitDone, ctl(ctx, sim, "watch").code, "that is how one ends it")
	})
}

func TestOutcome_partialLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := voicetest.NewServer(voicetest.Options{InMemory: true, NoMultimedia: true,
			Agents: []voicetest.Agent{{DN: "5001", LoggedOut: true}}})
		defer sim.Close()
		r := ctl(t.Context(), sim, "login", "--channel", "voice,chat", "-o", "json")
		assert.Equal(t, exitFailed, r.code)
		var got report
		require.NoError(t, json.Unmarshal([]byte(r.out), &got))
		assert.Len(t, got.Error.Channels, 2)
		assert.Equal(t, "Ready", sim.State("agent5001"))
	})
}

func TestOutcome_refusedLogin(t *testing.T) {
	inCentre(t, func(t *testing.T, sim *voicetest.Server) {
		a := newApp()
		a.env = func(name string) string {
			return map[string]string{"GWS_URL": sim.URL(), "GWS_USER": "agent5001", "GWS_PASSWORD": "wrong"}[name]
		}
		a.http = sim.Client()
		r := a.record(t.Context(), []string{"calls"})
		assert.Equal(t, exitRefused, r.code)
		assert.Contains(t, r.err, "voicectl: refused: voice: ")
		assert.NotContains(t, r.err, "wrong")
	})
}

func TestOutcome_noServer(t *testing.T) {
	a := newApp()
	a.env = func(name string) string {
		return map[string]string{"GWS_URL": "http://127.0.0.1:1", "GWS_TOKEN": "token"}[name]
	}
	r := a.record(t.Context(), []string{"calls"})
	assert.Equal(t, exitError, r.code)
	assert.Contains(t, r.err, "not connected")
}

func TestLogin_byToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := voicetest.NewServer(voicetest.Options{InMemory: true, Agents: []voicetest.Agent{{DN: "5001", Token: "the-token"}}})
		defer sim.Close()
		a := newApp()
		a.env = func(name string) string {
			return map[string]string{"GWS_URL": sim.URL(), "GWS_TOKEN": "the-token"}[name]
		}
		a.http = sim.Client()
		assert.Equal(t, exitDone, a.record(t.Context(), []string{"me"}).code)
	})
}

func TestDial_waitsForTheAnswer(t *testing.T) {
	inCentre(t, func(t *testing.T, sim *voicetest.Server) {
		time.AfterFunc(5*time.Second, func() { sim.Agent("5002").Answer(sim.Calls("5002")[0].ID) })
		r := ctl(t.Context(), sim, "dial", "5002", "--wait", "--data", "Reason=callback", "-o", "json")
		require.Equal(t, exitDone, r.code, r.err)
		var got report
		require.NoError(t, json.Unmarshal([]byte(r.out), &got))
		assert.Equal(t, voice.StateEstablished, got.Call.Call.State)
		assert.Equal(t, map[string]any{"Reason": "callback"}, got.Call.Call.UserData)
		assert.Equal(t, 5.0, got.Seconds)
	})
	inCentre(t, func(t *testing.T, sim *voicetest.Server) {
		time.AfterFunc(5*time.Second, func() { sim.RefuseOutside(sim.Calls("5001")[0].ID) })
		r := ctl(t.Context(), sim, "dial", "4155550100", "--wait")
		assert.Equal(t, exitFailed, r.code)
		assert.Contains(t, r.err, "not answered")
	})
	inCentre(t, func(t *testing.T, sim *voicetest.Server) {
		r := ctl(t.Context(), sim, "dial", "5002", "--wait", "--timeout", "20s")
		assert.Equal(t, exitUnknown, r.code, "it still rings")
	})
}

func TestAwait_callEndsFirst(t *testing.T) {
	inCentre(t, func(t *testing.T, sim *voicetest.Server) {
		id := sim.Ring(voicetest.Call{})
		time.AfterFunc(time.Minute, func() { sim.HangupCustomer(id) })
		r := ctl(t.Context(), sim, "await", "established", id)
		assert.Equal(t, exitNoCall, r.code)
		assert.Contains(t, r.err, "call released")
	})
}

func TestAwait_callThatComesLater(t *testing.T) {
	inCentre(t, func(t *testing.T, sim *voicetest.Server) {
		time.AfterFunc(time.Hour, func() { sim.Ring(voicetest.Call{From: "4155550123"}) })
		r := ctl(t.Context(), sim, "await", "RINGING")
		assert.Equal(t, exitDone, r.code)
		assert.Contains(t, r.out, "4155550123")
	})
}

func replaceID(text, id string) string { return strings.ReplaceAll(text, "ID", id) }
