package voice_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/cometd/cometdtest"
	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

func TestConnect_readsWhatIsThere(t *testing.T) {
	bubble(t, voicetest.Options{CSRF: true, CSRFOnBayeux: true, BalancerCookie: true}, func(t *testing.T, sim *voicetest.Server) {
		id := sim.Establish(voicetest.Call{From: "7002", To: "5001"})
		client := connect(t, sim)
		assert.Equal(t, "agent5001", client.User().UserName)
		assert.NotEmpty(t, client.ServerVersion())
		sim.ClearRequests()
		call, err := client.Call(t.Context(), id)
		require.NoError(t, err)
		assert.Equal(t, voice.StateEstablished, call.State)
		assert.Empty(t, sim.Requests(), "it is known from the snapshot")

		msg, err := client.Hold(t.Context(), id)
		require.NoError(t, err)
		assert.Equal(t, voice.StateHeld, msg.Call.State)
	})
}

func TestConnect_bearer(t *testing.T) {
	agents := voicetest.DefaultAgents()
	agents[0].Token = "t0ken"
	bubble(t, voicetest.Options{Agents: agents}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim, func(c *voice.Config) {
			c.Auth = voice.BearerAuth(func(context.Context) (string, error) { return "t0ken", nil })
		})
		assert.Equal(t, "agent5001", client.User().UserName)

		cfg := config(sim)
		cfg.Auth = voice.BearerAuth(func(context.Context) (string, error) { return "", errors.New("no token today") })
		_, err := voice.Connect(t.Context(), cfg)
		assert.ErrorContains(t, err, "no token today")
	})
}

func TestConnect_versionMayBeRefused(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		sim.OnRead("/diagnostics/version", voicetest.Answer(404, "text/html", "<html>not here"))
		client := connect(t, sim)
		assert.Empty(t, client.ServerVersion())
	})
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		sim.OnRead("/diagnostics/version", voicetest.Slow(time.Hour))
		start := time.Now()
		client := connect(t, sim)
		assert.Equal(t, 3*time.Second, time.Since(start), "nobody waits long for it")
		assert.Empty(t, client.ServerVersion())
	})
}

func TestConnect_wrongPassword(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		cfg := config(sim)
		cfg.Auth = voice.BasicAuth("agent5001", "wr0ng")
		_, err := voice.Connect(t.Context(), cfg)
		e, ok := errors.AsType[*voice.APIError](err)
		require.True(t, ok, "%v", err)
		assert.Equal(t, voice.CodeNotAuthenticated, e.Code)
		assert.Equal(t, 403, e.HTTPStatus)
		assert.NotContains(t, err.Error(), "wr0ng")
		time.Sleep(time.Hour)
		assert.Len(t, sim.Requests(), 1, "one round trip, and no storm after it")
		cfg.HTTPClient.CloseIdleConnections()
	})
}

func TestConnect_serverDown(t *testing.T) {
	for name, address := range map[string]string{
		"refused": "http://127.0.0.1:1",
		"unknown": "http://gws.invalid",
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			_, err := voice.Connect(ctx, voice.Config{BaseURL: address})
			require.Error(t, err)
			assert.ErrorIs(t, err, voice.ErrNotConnected)
			assert.NoError(t, ctx.Err(), "at once")
		})
	}
	t.Run("silent", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			start := time.Now()
			over := make(chan struct{})
			defer close(over)
			_, err := voice.Connect(ctx, voice.Config{BaseURL: "http://silent", HTTPClient: &http.Client{Transport: &http.Transport{
				DialContext: func(context.Context, string, string) (net.Conn, error) {
					<-over
					return nil, errors.New("nobody came")
				},
			}}})
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Equal(t, 3*time.Second, time.Since(start))
		})
	})
	t.Run("cancelled while it subscribes", func(t *testing.T) {
		script(t, func(t *testing.T, s *scripted) {
			for nth := 1; nth <= 2; nth++ { // calls and devices, then services
				s.cometd.On(cometdtest.Match{Channel: "/meta/subscribe", Nth: nth}, cometdtest.Silence())
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				start := time.Now()
				_, err := voice.Connect(ctx, voice.Config{BaseURL: sampleHost, HTTPClient: s.client})
				cancel()
				assert.ErrorIs(t, err, context.DeadlineExceeded)
				assert.Equal(t, time.Second, time.Since(start), nth)
			}
		})
	})
	t.Run("gone in the middle", func(t *testing.T) {
		for _, path := range []string{"/me", "/me?subresources=devices,calls"} {
			bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
				cfg := config(sim)
				defer cfg.HTTPClient.CloseIdleConnections()
				path, _, read := strings.Cut(path, "?")
				if read {
					sim.OnRead(path) // the login comes first
				}
				sim.OnRead(path, voicetest.Slow(time.Hour))
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				start := time.Now()
				_, err := voice.Connect(ctx, cfg)
				assert.LessOrEqual(t, time.Since(start), 5*time.Second)
				assert.ErrorIs(t, err, context.DeadlineExceeded, path)
			})
		}
	})
}

func TestConnect_arguments(t *testing.T) {
	for address, want := range map[string]string{
		"":                             "Config.BaseURL",
		"gws.example.com":              "Config.BaseURL",
		"ftp://gws.example.com":        "Config.BaseURL",
		"http://":                      "Config.BaseURL",
		"https://u:s3cret@gws.example": "credentials go into Config.Auth",
		"https://gws.example/?a=b":     "Config.BaseURL",
		"http://[::1":                  "Config.BaseURL",
	} {
		_, err := voice.Connect(t.Context(), voice.Config{BaseURL: address})
		e, ok := errors.AsType[*voice.ArgumentError](err)
		require.True(t, ok, "%q: %v", address, err)
		assert.Contains(t, e.Error(), want)
		assert.NotContains(t, e.Error(), "s3cret")
	}
}

// hostile answers GET /me as a page of its own, and counts.
func TestConnect_badAnswers(t *testing.T) {
	for name, r := range map[string]struct {
		status int
		body   string
		check  func(*testing.T, error)
	}{
		"HTML with 200": {200, "<html>login</html>", isProtocolError},
		"empty":         {200, "", isProtocolError},
		"truncated":     {200, `{"statusCode":0,"user":{"id":`, isProtocolError},
		"no statusCode": {200, `{"user":{}}`, isProtocolError},
		"deeply nested": {200, strings.Repeat(`{"a":`, 50_000), isProtocolError},
		"403 with 20":   {403, `{"statusCode":20,"statusMessage":"Access denied"}`, isAPIError(403, 20)},
		"403 with CSRF": {403, "Missing or invalid Csrf token", isAPIError(403, 0)},
		"500 with JSON": {500, `{"statusCode":4,"statusMessage":"broken"}`, isAPIError(500, 4)},
		"500 without":   {500, "", isAPIError(500, 0)},
		"503 with JSON": {503, `{"statusCode":4,"statusMessage":"Voice service is not available at this time"}`, isAPIError(503, 4)},
		"503 HTML":      {503, "<html>", isAPIError(503, 0)},
		"redirect":      {302, "", isAPIError(302, 0)},
		"401":           {401, "", isAPIError(401, 0)},
	} {
		t.Run(name, func(t *testing.T) {
			var requests atomic.Int32
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				requests.Add(1)
				w.Header().Set("Location", "http://127.0.0.1:1/elsewhere")
				w.WriteHeader(r.status)
				_, _ = io.WriteString(w, r.body)
			}))
			defer srv.Close()
			_, err := voice.Connect(t.Context(), voice.Config{BaseURL: srv.URL, Auth: voice.BasicAuth("agent5001", "s3cret")})
			require.Error(t, err)
			r.check(t, err)
			assert.NotContains(t, err.Error(), "s3cret")
			assert.EqualValues(t, 1, requests.Load())
		})
	}
}

func isProtocolError(t *testing.T, err error) {
	_, ok := errors.AsType[*voice.ProtocolError](err)
	assert.True(t, ok, "%v", err)
}

func isAPIError(status int, code voice.StatusCode) func(*testing.T, error) {
	return func(t *testing.T, err error) {
		e, ok := errors.AsType[*voice.APIError](err)
		require.True(t, ok, "%v", err)
		assert.Equal(t, status, e.HTTPStatus)
		assert.Equal(t, code, e.Code)
	}
}

func TestRedirect_credentialsDoNotFollow(t *testing.T) {
	var visited atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { visited.Add(1) }))
	defer elsewhere.Close()
	sim := voicetest.NewServer(voicetest.Options{})
	defer sim.Close()
	client := connect(t, sim)
	defer client.Close()
	id := queueCall(t, sim, client)
	for _, status := range []int{301, 302, 303, 307, 308} {
		sim.On(voice.OpReject, voicetest.Answer(status, "text/html", ""), voicetest.Header("Location", elsewhere.URL))
		_, err := client.Reject(t.Context(), id)
		isAPIError(status, 0)(t, err)
	}
	assert.Zero(t, visited.Load())
}

func TestSecrets_areNowhere(t *testing.T) {
	var log journal
	bubble(t, voicetest.Options{CSRF: true}, func(t *testing.T, sim *voicetest.Server) {
		var texts []string
		note := func(err error) {
			if err != nil {
				texts = append(texts, err.Error(), fmt.Sprintf("%+v", err))
			}
		}
		cfg := config(sim)
		cfg.Logger = log.logger()
		jar := &spyJar{}
		cfg.HTTPClient.Jar = jar
		client, err := voice.Connect(t.Context(), cfg)
		require.NoError(t, err)
		defer closeClient(client, cfg.HTTPClient)
		texts = append(texts, fmt.Sprintf("%v %+v %#v", cfg.Auth, cfg.Auth, cfg.Auth))

		id := queueCall(t, sim, client)
		_, err = client.UpdateUserData(t.Context(), id, map[string]any{"card": "4111-secret-data"})
		note(err)
		sim.On(voice.OpHold, voicetest.FailLater(0, 93, "Invalid state"))
		_, err = client.Hold(t.Context(), id)
		note(err)
		sim.On(voice.OpAnswer, voicetest.Silence())
		_, err = client.Answer(t.Context(), id)
		note(err)
		sim.ExpireLogin("5001")
		sim.RotateCSRF("5001")
		_, err = client.Reject(t.Context(), id)
		note(err)
		sim.DropSession("5001")
		time.Sleep(time.Minute)
		sim.InjectRaw("5001", `{"channel":"/v2/me/calls","data":{"messageType":`)
		time.Sleep(time.Minute)
		sim.Restart(time.Second)
		time.Sleep(time.Minute)
		cfg.Auth = voice.BasicAuth("agent5001", "wr0ng-secret")
		_, err = voice.Connect(t.Context(), cfg)
		note(err)

		secrets := []string{"secret", "wr0ng", "4111", "YWdlbnQ1MDAx"}
		for _, r := range sim.Requests() {
			if token := r.Header.Get("X-CSRF-TOKEN"); token != "" {
				secrets = append(secrets, token)
			}
		}
		secrets = append(secrets, jar.values...)
		require.Greater(t, len(secrets), 6, "there were tokens and cookies")
		require.Contains(t, log.String(), "accepted", "the log has the whole run")
		for _, secret := range secrets {
			assert.NotContains(t, log.String(), secret)
			for _, text := range texts {
				assert.NotContains(t, text, secret)
			}
		}
	})
}
