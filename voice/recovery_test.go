package voice_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/cometd"
	"github.com/gwsvoice/gws-go/cometd/cometdtest"
	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// onConnect has the next n connects suffer, from now on.
func onConnect(n int, faults ...cometdtest.Fault) func(*voicetest.Server) {
	return func(sim *voicetest.Server) {
		sim.CometD().On(cometdtest.Match{Channel: cometdtest.MetaConnect, Times: n}, faults...)
		cutConnects(sim)
	}
}

// cutConnects ends the connect that is being held.
func cutConnects(sim *voicetest.Server) {
	for _, session := range sim.CometD().Sessions() {
		session.Cut()
	}
}

func forbidden(code int) cometdtest.Fault {
	return cometdtest.Status(http.StatusForbidden, http.Header{"Content-Type": {"application/json"}},
		fmt.Sprintf(`{"statusCode":%d,"statusMessage":"no"}`, code))
}

func proxy(status int) cometdtest.Fault { return cometdtest.Status(status, nil, "<html>") }

var adviceNone = map[string]any{"reconnect": "none"}

// recoveries is what may go wrong with the notification session, and what the
// client does about it. After each the changes that were missed are told, an
// operation whose message is lost is settled by the snapshot, and one of which
// the snapshot shows nothing is reported unknown.
var recoveries = []struct {
	symptom string
	o       voicetest.Options
	strike  func(sim *voicetest.Server)
	action  string          // what is sent beside connects
	pauses  []time.Duration // from connect to connect, at least
	renewed bool            // the session is another one
}{
	{symptom: "network error on connect", strike: cutConnects, action: "snapshot"},
	{symptom: "network errors on connect", strike: onConnect(2, cometdtest.DropBefore()), action: "snapshot",
		pauses: []time.Duration{1 * second, 2 * second}},
	{symptom: "402 session unknown", strike: func(sim *voicetest.Server) { sim.DropSession("5001") },
		action: "handshake, subscribe, snapshot", renewed: true},
	{symptom: "402 session unknown, the answer to the handshake is lost", strike: func(sim *voicetest.Server) {
		sim.CometD().On(cometdtest.Match{Channel: cometdtest.MetaHandshake}, cometdtest.Drop())
		sim.DropSession("5001")
	}, action: "handshake, handshake, subscribe, snapshot", renewed: true},
	{symptom: "403 with code 20, the login is replaced", strike: onConnect(1, forbidden(20)), action: "login, snapshot"},
	{symptom: "403 with code 20, the session is gone too", strike: func(sim *voicetest.Server) {
		sim.CometD().On(cometdtest.Match{Channel: cometdtest.MetaConnect}, forbidden(20))
		sim.ExpireLogin("5001")
	}, action: "login, handshake, subscribe, snapshot", renewed: true},
	{symptom: "the login expires, credentials are in every request", strike: func(sim *voicetest.Server) { sim.ExpireLogin("5001") },
		action: "handshake, subscribe, snapshot", renewed: true},
	{symptom: "403 with the text Csrf", o: voicetest.Options{CSRF: true, CSRFOnBayeux: true}, strike: func(sim *voicetest.Server) {
		sim.RotateCSRF("5001")
		cutConnects(sim)
	}, action: "login, snapshot"},
	{symptom: "502 of a proxy", strike: onConnect(2, proxy(502)), action: "snapshot", pauses: []time.Duration{1 * second, 2 * second}},
	{symptom: "503 of a proxy", strike: onConnect(2, proxy(503)), action: "snapshot", pauses: []time.Duration{1 * second, 2 * second}},
	{symptom: "504 of a proxy", strike: onConnect(2, proxy(504)), action: "snapshot", pauses: []time.Duration{1 * second, 2 * second}},
	{symptom: "the server starts anew", strike: func(sim *voicetest.Server) { sim.Restart(2 * time.Second) },
		action: "handshake, subscribe, snapshot", pauses: []time.Duration{1 * second}, renewed: true},
}

func TestRecovery(t *testing.T) {
	for _, row := range recoveries {
		t.Run(row.symptom, func(t *testing.T) {
			bubble(t, row.o, func(t *testing.T, sim *voicetest.Server) {
				client, w := connectBy(t, sim)
				m := follow(t, client)
				gone := established(t, sim, client)
				_, err := client.Hold(t.Context(), gone)
				require.NoError(t, err)
				stays := established(t, sim, client)
				sim.On(voice.OpHold, voicetest.LostEvent())
				lost, err := client.Start(t.Context(), voice.Operation{Name: voice.OpHold, CallID: stays})
				require.NoError(t, err)
				sim.On(voice.OpDoNotDisturbOn, voicetest.Silence())
				silent, err := client.Start(t.Context(), voice.Operation{Name: voice.OpDoNotDisturbOn, DeviceID: client.User().Devices[0].ID})
				require.NoError(t, err)
				synctest.Wait()
				session := sim.CometD().Sessions()[0].ID
				w.clear()

				start := time.Now()
				row.strike(sim)
				sim.HangupCustomer(gone)
				sim.Agent("5001").SetState(voice.OpNotReady)
				fresh := sim.Ring(voicetest.Call{Queue: "9000", To: "5001"})
				out, err := lost.Wait(t.Context())
				require.NoError(t, err)
				assert.True(t, out.Call.Synthetic, "the snapshot tells")
				synctest.Wait()
				assert.Less(t, time.Since(start), 9*time.Second)
				assert.Equal(t, row.action, w.others())
				for i, least := range row.pauses {
					assert.GreaterOrEqual(t, w.pauses()[i], least, "the back-off grows")
				}
				sessions := sim.CometD().Sessions()
				require.NotEmpty(t, sessions)
				assert.Equal(t, row.renewed, sessions[len(sessions)-1].ID != session)
				assert.Empty(t, m.wrong(sim), "all is told\n%s", m.lately())
				assert.Equal(t, voice.StateReleased, called(t, client, gone).State)
				assert.Equal(t, voice.StateRinging, called(t, client, fresh).State)

				_, err = silent.Wait(t.Context())
				requireUnconfirmed(t, err, true, voice.ErrOutcomeTimeout)
				assert.Equal(t, 10*second, time.Since(start))
				_, err = client.Reject(t.Context(), fresh)
				assert.NoError(t, err, "and the session works")
				assert.Zero(t, posts(sim, voice.OpStartContactCenterSession), "that is the application's")
			})
		})
	}
}

// follow keeps a mirror until the client ends.
func follow(t *testing.T, client *voice.Client) *mirror {
	t.Helper()
	m := reflectEvents(client)
	go func() {
		for ev, err := range m.sub.All(t.Context()) {
			if err != nil {
				return
			}
			m.apply(ev)
		}
	}()
	return m
}

// wrong returns where agent5001 was told anything but the truth.
func (m *mirror) wrong(sim *voicetest.Server) []string {
	calls, devices := m.known()
	return differences(sim, "agent5001", calls, devices)
}

// Refusals that another attempt would not change end the client, which says why.
func TestRecovery_isGivenUp(t *testing.T) {
	for _, row := range []struct {
		symptom string
		strike  func(*voicetest.Server)
		code    voice.StatusCode // of the APIError; 0: it is the server's advice
		action  string
	}{
		{"advice none", onConnect(-1, cometdtest.Refuse("500::gone", adviceNone)), 0, ""},
		{"advice none, whoever asks", onConnect(-1, cometdtest.Refuse("403::denied", adviceNone)), 0, "login, handshake, subscribe…"},
		{"403 with code 3", onConnect(-1, forbidden(3)), voice.CodeForbidden, ""},
		{"403 with code 5", onConnect(-1, forbidden(5)), voice.CodeNoPermission, ""},
		{"403 with code 20, whoever asks", onConnect(-1, forbidden(20)), voice.CodeNotAuthenticated, "login…"},
		{"403 with code 20, also for the login", func(sim *voicetest.Server) {
			onConnect(-1, forbidden(20))(sim)
			sim.OnRead("/me", voicetest.Times(100, voicetest.RefuseStatus(403, 20, "Access denied")))
		}, voice.CodeNotAuthenticated, "login"},
	} {
		t.Run(row.symptom, func(t *testing.T) {
			bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
				client, w := connectBy(t, sim)
				id := established(t, sim, client)
				sub := client.Subscribe(voice.ForCall(id))
				sim.On(voice.OpHold, voicetest.Silence())
				pending, err := client.Start(t.Context(), voice.Operation{Name: voice.OpHold, CallID: id})
				require.NoError(t, err)
				synctest.Wait()
				w.clear()
				start := time.Now()
				row.strike(sim)
				select {
				case <-client.Done():
				case <-time.After(time.Hour):
					require.Fail(t, "not given up")
				}
				if row.action == "" || row.action == "login" {
					assert.Less(t, time.Since(start), time.Second)
					assert.Equal(t, row.action, w.others())
				} else {
					assert.Less(t, time.Since(start), 5*time.Minute, "attempts are limited")
				}
				err = client.Err()
				e, refused := errors.AsType[*voice.APIError](err)
				assert.Equal(t, row.code != 0, refused, "%v", err)
				if refused {
					assert.Equal(t, row.code, e.Code)
				} else {
					_, ok := errors.AsType[*cometd.Error](err)
					assert.True(t, ok, "%v", err)
				}
				for {
					if _, subErr := sub.Next(t.Context()); subErr != nil {
						assert.Equal(t, err, subErr)
						break
					}
				}
				_, err = pending.Wait(t.Context())
				_, unknown := errors.AsType[*voice.UnconfirmedError](err)
				assert.True(t, unknown, "%v", err)
				_, err = client.Hold(t.Context(), id)
				_, unsent := errors.AsType[*voice.NotSentError](err)
				assert.True(t, unsent, "%v", err)
				w.clear()
				time.Sleep(time.Hour)
				assert.Empty(t, w.others(), "asked no more")
			})
		})
	}
}
