package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// posts are the routes that change something.
var posts = []string{
	"/api/login", "/api/logout", "/api/calls/1/Hold", "/api/devices/1/Dial", "/api/state/Ready", "/api/demo/ring",
}

func TestPosts_needTheTokenOfTheirOwnPage(t *testing.T) {
	d := newDesktop(t, voicetest.Options{}, func(c *config) { c.sim = &simulation{server: voicetest.NewServer(voicetest.Options{})} })
	defer d.config.sim.close()
	mine, other := d.agent(t, "5001"), d.agent(t, "5002")
	for _, path := range posts {
		for name, headers := range map[string][]string{
			"no token":             {"Content-Type", "application/json"},
			"another one's token":  {"Content-Type", "application/json", "X-CSRF-Token", other.csrf},
			"a token of nothing":   {"Content-Type", "application/json", "X-CSRF-Token", d.sessions.token("")},
			"from another site":    {"Content-Type", "application/json", "X-CSRF-Token", mine.csrf, "Origin", "https://evil.example"},
			"from another site, 2": {"Content-Type", "application/json", "X-CSRF-Token", mine.csrf, "Sec-Fetch-Site", "cross-site"},
		} {
			response := mine.send(path, `{}`, headers...)
			assert.Equal(t, http.StatusForbidden, response.StatusCode, "%s: %s", path, name)
			response.Body.Close()
		}
		response := mine.send(path, `{}`, "Content-Type", "text/plain", "X-CSRF-Token", mine.csrf)
		assert.Equal(t, http.StatusUnsupportedMediaType, response.StatusCode, "%s: a form of another site", path)
		response.Body.Close()
	}
	assert.Empty(t, d.sim.Calls("agent5001"), "nothing was done")
}

func TestPosts_needALogin(t *testing.T) {
	d := newDesktop(t, voicetest.Options{})
	p := d.page(t)
	for _, path := range posts {
		if path == "/api/login" || path == "/api/demo/ring" {
			continue
		}
		status, answer := p.post(path, map[string]any{})
		assert.Equal(t, http.StatusUnauthorized, status, path)
		assert.Equal(t, "session", answer["error"], path)
	}
	topic, data := p.next()
	assert.Equal(t, "end", topic, "the stream tells it too")
	assert.JSONEq(t, `{"reason":"none"}`, string(data))
}

func TestDemo_isNotThereForARealContactCentre(t *testing.T) {
	d := newDesktop(t, voicetest.Options{})
	p := d.agent(t, "5001")
	response := p.send("/api/demo/ring", `{}`, "Content-Type", "application/json", "X-CSRF-Token", p.csrf)
	defer response.Body.Close()
	assert.Equal(t, http.StatusMethodNotAllowed, response.StatusCode)
	assert.Empty(t, p.get("/api/session")["people"], "nor are passwords told")
}

func TestBodies_areBoundedAndUnderstoodOrRefused(t *testing.T) {
	d := newDesktop(t, voicetest.Options{})
	p := d.agent(t, "5001")
	for name, test := range map[string]struct {
		body   string
		status int
	}{
		"not JSON":          {`number=1`, http.StatusBadRequest},
		"truncated":         {`{"number":"5`, http.StatusBadRequest},
		"wrong type":        {`{"number":5002}`, http.StatusBadRequest},
		"unknown attribute": {`{"nummer":"5002"}`, http.StatusBadRequest},
		"two values":        {`{}{}`, http.StatusBadRequest},
		"too big":           {`{"number":"` + strings.Repeat("5", 70<<10) + `"}`, http.StatusRequestEntityTooLarge},
		"empty":             {``, http.StatusUnprocessableEntity},
	} {
		response := p.send(deviceURL(d, "5001", "Dial"), test.body, "Content-Type", "application/json", "X-CSRF-Token", p.csrf)
		assert.Equal(t, test.status, response.StatusCode, name)
		response.Body.Close()
	}
}

func TestCookie_isForThisServerOnlyAndNewAfterTheLogin(t *testing.T) {
	d := newDesktop(t, voicetest.Options{}, func(c *config) { c.secure = true })
	response := httptest.NewRecorder()
	d.ServeHTTP(response, httptest.NewRequest(http.MethodGet, "/api/session", nil))
	cookies := response.Result().Cookies()
	require.Len(t, cookies, 1)
	before := cookies[0]
	assert.True(t, before.HttpOnly)
	assert.True(t, before.Secure, "with -secure")
	assert.Equal(t, http.SameSiteStrictMode, before.SameSite)
	assert.Equal(t, "/", before.Path)
	assert.Len(t, before.Value, 26, "130 bits of chance")

	login := func(cookie *http.Cookie) *httptest.ResponseRecorder {
		request := httptest.NewRequest(http.MethodPost, "/api/login", strings.NewReader(`{"user":"agent5001","password":"secret"}`))
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("X-CSRF-Token", d.sessions.token(cookie.Value))
		request.AddCookie(cookie)
		response := httptest.NewRecorder()
		d.ServeHTTP(response, request)
		return response
	}
	response = login(before)
	require.Equal(t, http.StatusOK, response.Code)
	after := response.Result().Cookies()[0]
	assert.NotEqual(t, before.Value, after.Value, "an id known before the login is worth nothing")

	signedIn := func(cookie *http.Cookie) bool {
		request := httptest.NewRequest(http.MethodGet, "/api/session", nil)
		request.AddCookie(cookie)
		response := httptest.NewRecorder()
		d.ServeHTTP(response, request)
		var answer struct{ SignedIn bool }
		require.NoError(t, json.Unmarshal(response.Body.Bytes(), &answer))
		return answer.SignedIn
	}
	assert.True(t, signedIn(after))
	assert.False(t, signedIn(before))
}

// bubbled runs a test with a backend in a bubble, where the clock is virtual and
// a goroutine that is left behind fails the test.
func bubbled(t *testing.T, change func(*config), test func(t *testing.T, a *app, sim *voicetest.Server)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		sim := voicetest.NewServer(voicetest.Options{InMemory: true, SessionTTL: 100 * time.Hour})
		defer sim.Close()
		cfg := settings(sim, &logbook{})
		cfg.gws = sim.Client()
		change(&cfg)
		a := newApp(cfg)
		defer a.close()
		test(t, a, sim)
	})
}

// enter signs an agent in without HTTP.
func enter(t *testing.T, a *app, user string) *session {
	t.Helper()
	d, err := a.work(t.Context(), user, "secret", "", "")
	require.NoError(t, err)
	return a.sessions.open("id of "+user, d)
}

func known(a *app, id string) bool {
	a.sessions.mu.Lock()
	defer a.sessions.mu.Unlock()
	return a.sessions.byID[id] != nil
}

func TestSession_expiresWhenIdle(t *testing.T) {
	bubbled(t, func(c *config) { c.idle = time.Hour }, func(t *testing.T, a *app, sim *voicetest.Server) {
		sess := enter(t, a, "agent5001")
		time.Sleep(59 * time.Minute)
		a.sessions.keep(sess)
		time.Sleep(59 * time.Minute)
		require.True(t, known(a, sess.id), "a page that is open keeps it alive")
		require.NotEqual(t, "LoggedOut", sim.State("agent5001"))

		time.Sleep(2 * time.Minute)
		synctest.Wait()
		assert.False(t, known(a, sess.id))
		_, _, _, ended := sess.desk.board.since(0)
		assert.Equal(t, "expired", ended, "pages are told")
		assert.Equal(t, "LoggedOut", sim.State("agent5001"), "no call must ring where nobody looks")
		assert.Empty(t, a.floor.all())
	})
}

func TestSession_doesNotLiveForEver(t *testing.T) {
	bubbled(t, func(c *config) { c.idle, c.lifetime = time.Hour, 3*time.Hour }, func(t *testing.T, a *app, _ *voicetest.Server) {
		sess := enter(t, a, "agent5001")
		for range 5 {
			time.Sleep(30 * time.Minute)
			a.sessions.keep(sess)
			require.True(t, known(a, sess.id))
		}
		time.Sleep(30*time.Minute + time.Second)
		assert.False(t, known(a, sess.id), "however busy it is")
	})
}

func TestSession_endsWithoutCuttingACallOff(t *testing.T) {
	bubbled(t, func(*config) {}, func(t *testing.T, a *app, sim *voicetest.Server) {
		sess := enter(t, a, "agent5001")
		id := sim.Establish(voicetest.Call{To: "5001", Queue: "9000"})
		synctest.Wait()
		a.sessions.close(sess, "expired")
		synctest.Wait()
		assert.NotEqual(t, "LoggedOut", sim.State("agent5001"), "the agent talks on, phone in hand")
		assert.True(t, sim.Alive(id))
	})
}

func TestGuard_slowsGuessingDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuard()
		for range attempts {
			require.Zero(t, g.wait("Ada"))
			g.failed("Ada")
			time.Sleep(time.Second)
		}
		assert.Equal(t, window-attempts*time.Second, g.wait("ada"), "whatever the case")
		assert.Zero(t, g.wait("ben"), "others may go on")
		time.Sleep(window - attempts*time.Second)
		assert.Zero(t, g.wait("ada"))
		g.succeeded("ada")
		assert.Empty(t, g.tries)
	})
}
