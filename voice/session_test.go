package voice_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// agentWith is agent5001 under other circumstances.
func agentWith(change func(a *voicetest.Agent)) []voicetest.Agent {
	agents := voicetest.DefaultAgents()
	change(&agents[0])
	return agents
}

func loggedOut(a *voicetest.Agent) { a.LoggedOut = true }

// The order of the login is: log in, subscribe, read, and only then start the
// session, so that no message of the start is missed.
func TestSession_inOrder(t *testing.T) {
	bubble(t, voicetest.Options{Agents: agentWith(loggedOut), CSRF: true}, func(t *testing.T, sim *voicetest.Server) {
		client, w := connectBy(t, sim)
		synctest.Wait()
		assert.Equal(t, "login, GET /diagnostics/version, handshake, subscribe, subscribe, snapshot", w.others())
		devices, err := client.Devices(t.Context())
		require.NoError(t, err)
		require.Len(t, devices, 1)
		assert.Equal(t, voice.UserLoggedOut, devices[0].UserState.State)

		w.clear()
		sub := client.Subscribe()
		sim.On(voice.OpStartContactCenterSession, voicetest.EventFirst(time.Second))
		require.NoError(t, client.StartContactCenterSession(t.Context(), voice.Session{}))
		assert.Equal(t, "StartContactCenterSession, snapshot", w.others())
		var states []voice.UserStatus
		for range 2 {
			states = append(states, next(t, sub).(*voice.DeviceStateChangeMessage).Devices[0].UserState.State)
		}
		assert.Equal(t, []voice.UserStatus{voice.UserLoggedIn, voice.UserReady}, states)

		w.clear()
		_, err = client.Offline(t.Context())
		require.NoError(t, err)
		require.NoError(t, client.EndContactCenterSession(t.Context()))
		assert.Equal(t, "Offline, disconnect, EndContactCenterSession", w.others(), "the last request of all")
		assert.ErrorIs(t, client.Err(), voice.ErrClosed)
		_, err = client.Ready(t.Context())
		assert.ErrorIs(t, err, voice.ErrClosed)
		err = client.StartContactCenterSession(t.Context(), voice.Session{})
		assert.ErrorIs(t, err, voice.ErrClosed)
		time.Sleep(time.Hour)
		assert.Equal(t, "Offline, disconnect, EndContactCenterSession", w.others())
	})
}

func TestSession_startsInPart(t *testing.T) {
	unregistered := func(a *voicetest.Agent) { a.LoggedOut, a.Unregistered = true, true }
	for name, test := range map[string]struct {
		o        voicetest.Options
		channels []string
		failed   string // "" none, "all" all
		other    string // that succeeds
	}{
		"voice alone":               {o: voicetest.Options{Agents: agentWith(loggedOut)}},
		"both":                      {o: voicetest.Options{Agents: agentWith(loggedOut)}, channels: []string{"voice", "chat"}},
		"no interaction server":     {o: voicetest.Options{Agents: agentWith(loggedOut), NoMultimedia: true}, channels: []string{"voice", "chat"}, failed: "multimedia", other: "voice"},
		"no telephone":              {o: voicetest.Options{Agents: agentWith(unregistered)}, channels: []string{"voice", "chat"}, failed: "voice", other: "multimedia"},
		"no telephone, voice alone": {o: voicetest.Options{Agents: agentWith(unregistered)}, failed: "all"},
		"neither":                   {o: voicetest.Options{Agents: agentWith(unregistered), NoMultimedia: true}, channels: []string{"voice", "chat"}, failed: "all"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, test.o, func(t *testing.T, sim *voicetest.Server) {
				client := connect(t, sim)
				devices, err := client.Devices(t.Context())
				require.NoError(t, err)
				registered := test.failed != "voice" && (test.failed != "all")
				assert.Equal(t, registered, devices[0].State == voice.DeviceActive, "it can be seen beforehand")

				err = client.StartContactCenterSession(t.Context(), voice.Session{Channels: test.channels})
				assert.Equal(t, 1, posts(sim, voice.OpStartContactCenterSession), "sent once")
				switch test.failed {
				case "":
					require.NoError(t, err)
				case "all":
					e, ok := errors.AsType[*voice.APIError](err)
					require.True(t, ok, "%v", err)
					assert.Equal(t, voice.CodeInternalError, e.Code)
				default:
					e, ok := errors.AsType[*voice.PartialError](err)
					require.True(t, ok, "%v", err)
					assert.False(t, voice.SafeToRetry(err))
					failed, said := e.Result(test.failed)
					assert.True(t, said)
					assert.Equal(t, voice.CodeInternalError, failed.Code)
					assert.NotEmpty(t, failed.Message)
					other, said := e.Result(test.other)
					assert.True(t, said)
					assert.Equal(t, voice.CodeSuccess, other.Code)
					assert.ErrorContains(t, err, test.failed+" failed: "+failed.Message)
					assert.ErrorContains(t, err, test.other+" succeeded")
				}
				time.Sleep(time.Second)
				calls, known := client.Known()
				assert.Empty(t, differences(sim, "agent5001", calls, known))
			})
		})
	}
}

func TestSession_passwordMustBeChanged(t *testing.T) {
	must := func(a *voicetest.Agent) { a.MustChangePassword = true }
	t.Run("refused", func(t *testing.T) {
		bubble(t, voicetest.Options{Agents: agentWith(must), RefusePasswordChange: true}, func(t *testing.T, sim *voicetest.Server) {
			_, err := voice.Connect(t.Context(), config(sim))
			assert.Equal(t, voice.CodePasswordChangeRequired, requireRefused(t, err, voice.CodePasswordChangeRequired).Code)
			assert.Len(t, sim.Requests(), 1, "asked once")
		})
	})
	t.Run("told", func(t *testing.T) {
		bubble(t, voicetest.Options{Agents: agentWith(must)}, func(t *testing.T, sim *voicetest.Server) {
			assert.True(t, connect(t, sim).User().ChangePasswordOnFirstLogin)
		})
	})
}

// A server that knows the session by its cookie alone, and forgets it, is asked
// for another one, with credentials that are fetched anew.
func TestSession_expires(t *testing.T) {
	agents := agentWith(func(a *voicetest.Agent) { a.Token = "one" })
	bubble(t, voicetest.Options{Agents: agents, CSRF: true, CSRFOnBayeux: true}, func(t *testing.T, sim *voicetest.Server) {
		var token atomic.Value
		token.Store("one")
		client := connect(t, sim, func(c *voice.Config) {
			c.Auth = voice.BearerAuth(func(context.Context) (string, error) { return token.Load().(string), nil })
		})
		id := established(t, sim, client)
		sub := client.Subscribe()
		token.Store("two")
		sim.Agent("5001").SetToken("two")
		sim.ExpireLogin("5001")
		_, err := client.Hold(t.Context(), id) // finds out
		require.NoError(t, err)
		time.Sleep(time.Minute)
		for {
			ev, err := nextNow(t.Context(), sub)
			if err != nil {
				break
			}
			switch ev.(type) {
			case *voice.Reconnected, *voice.CallStateChangeMessage:
			default:
				assert.Fail(t, "the application notices more", "%#v", ev)
			}
		}
		assert.NoError(t, client.Err())
		assert.Zero(t, posts(sim, voice.OpStartContactCenterSession))
	})
}

// One login is tried when the credentials do not work any more, whoever finds
// out, and however often the application asks.
func TestSession_aWrongPasswordIsNotTriedAgain(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		var wrong atomic.Bool
		client, w := connectBy(t, sim, func(c *voice.Config) {
			c.Auth = authFunc(func(r *http.Request) error {
				password := "secret"
				if wrong.Load() {
					password = "wrong"
				}
				return voice.BasicAuth("agent5001", password).Authorize(r)
			})
		})
		wrong.Store(true)
		sim.ExpireLogin("5001")
		sim.ClearRequests()
		w.clear()
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				_, err := client.Ready(t.Context())
				requireRefused(t, err, voice.CodeNotAuthenticated)
			})
		}
		all.Wait()
		<-client.Done()
		requireRefused(t, client.Err(), voice.CodeNotAuthenticated)
		for range 10 {
			_, err := client.Ready(t.Context())
			_, unsent := errors.AsType[*voice.NotSentError](err)
			assert.True(t, unsent, "%v", err)
		}
		time.Sleep(time.Hour)
		assert.NotContains(t, w.others(), "disconnect", "not with these credentials")
		logins := 0
		for _, r := range sim.Requests() {
			if r.Method == http.MethodGet {
				logins++
			}
		}
		assert.Equal(t, 1, logins)
		assert.LessOrEqual(t, posts(sim, voice.OpReady), 10, "those that were under way")
	})
}

type authFunc func(*http.Request) error

func (f authFunc) Authorize(r *http.Request) error { return f(r) }
