package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

func TestLogin_saysWhatIsWrongBesideTheField(t *testing.T) {
	d := newDesktop(t, voicetest.Options{})
	for name, test := range map[string]struct {
		user, password, begin string
		status                int
		field, message        string
	}{
		"no user":        {"  ", "secret", "", 422, "user", "Enter your user name."},
		"no password":    {"agent5001", "", "", 422, "password", "Enter your password."},
		"a colon":        {"a:b", "secret", "", 422, "user", "A user name has no colon in it."},
		"no such state":  {"agent5001", "secret", "Lunch", 422, "begin", "Choose one of the states."},
		"wrong password": {"agent5001", "guess", "", 401, "password", "This user name and password do not belong together."},
		"nobody":         {"agent9999", "secret", "", 401, "password", "This user name and password do not belong together."},
	} {
		p := d.page(t)
		status, answer := p.post("/api/login", map[string]any{"user": test.user, "password": test.password, "begin": test.begin})
		assert.Equal(t, test.status, status, name)
		assert.Equal(t, test.field, answer["field"], name)
		assert.Equal(t, test.message, answer["message"], name)
		assert.Equal(t, false, p.get("/api/session")["signedIn"], name)
	}
}

func TestLogin_isSlowedDownAfterFailures(t *testing.T) {
	d := newDesktop(t, voicetest.Options{})
	p := d.page(t)
	for range attempts {
		status, _ := p.post("/api/login", map[string]any{"user": "agent5001", "password": "guess"})
		require.Equal(t, http.StatusUnauthorized, status)
	}
	before := len(d.sim.Requests())
	status, answer := p.post("/api/login", map[string]any{"user": "agent5001", "password": "secret"})
	assert.Equal(t, http.StatusTooManyRequests, status)
	assert.Contains(t, answer["message"], "Try again in")
	assert.Len(t, d.sim.Requests(), before, "GWS is not even asked")
}

func TestLogin_tellsWhatIsTheMatterWithGWS(t *testing.T) {
	d := newDesktop(t, voicetest.Options{Agents: []voicetest.Agent{{UserName: "agent5001", DN: "5001"}, {UserName: "new", DN: "5002", MustChangePassword: true}},
		RefusePasswordChange: true})
	status, answer := d.page(t).post("/api/login", map[string]any{"user": "new", "password": "secret"})
	assert.Equal(t, http.StatusForbidden, status)
	assert.Equal(t, "GWS wants you to change your password first.", answer["message"])

	d.sim.OnRead("/me", voicetest.RefuseStatus(500, voice.CodeInternalError, "something broke"))
	status, answer = d.page(t).post("/api/login", map[string]any{"user": "agent5001", "password": "secret"})
	assert.Equal(t, http.StatusBadGateway, status)
	assert.Contains(t, answer["message"], "something broke")

	d.sim.Close()
	status, answer = d.page(t).post("/api/login", map[string]any{"user": "agent5001", "password": "secret"})
	assert.Equal(t, http.StatusServiceUnavailable, status)
	assert.Equal(t, "GWS cannot be reached. Please try again later.", answer["message"])
}

func TestLogin_startsTheAgentsDay(t *testing.T) {
	d := newDesktop(t, voicetest.Options{Agents: []voicetest.Agent{{UserName: "ada", FirstName: "Ada", LastName: "Adams", DN: "5001", LoggedOut: true}},
		Places: []voicetest.Place{{Name: "Window", DNs: []string{"5020"}}}})
	p := d.page(t)
	status, _ := p.post("/api/login", map[string]any{"user": " ada ", "password": "secret", "place": "Window", "begin": "NotReady"})
	require.Equal(t, http.StatusOK, status)
	type shown struct {
		Name, DN string
		State    stateView
		States   []stateChoice
	}
	agent := await(p, "agent", func(a shown) bool { return a.State.Label == "Not ready" })
	assert.Equal(t, "Ada Adams", agent.Name)
	assert.Equal(t, "5020", agent.DN, "at the place that was asked for")
	var labels []string
	for _, s := range agent.States {
		labels = append(labels, s.Label)
		assert.Equal(t, s.Operation == "NotReady", s.Current, s.Label)
	}
	assert.Equal(t, []string{"Ready", "Not ready", "After-call work", "Other work", "Out to Lunch", "Training", "In a Meeting", "Offline"}, labels)
}

func TestLogin_withoutAPhoneStillShowsThePage(t *testing.T) {
	d := newDesktop(t, voicetest.Options{Agents: []voicetest.Agent{{UserName: "ada", DN: "5001", Unregistered: true}}})
	p := d.page(t)
	status, _ := p.post("/api/login", map[string]any{"user": "ada", "password": "secret", "begin": "Ready"})
	require.Equal(t, http.StatusOK, status)
	await(p, "activity", func(all []entry) bool {
		return slices.ContainsFunc(all, func(e entry) bool {
			return e.Title == "Refused: Log in on the phone" && strings.Contains(e.Detail, "not registered")
		})
	})
	agent := await(p, "agent", func(a agentView) bool { return true })
	assert.Equal(t, "Phone not available", agent.State.Label)
}

func TestLogout_asksFirstWhoIsOnACall(t *testing.T) {
	d := newDesktop(t, voicetest.Options{})
	p := d.agent(t, "5001")
	id := d.sim.Establish(voicetest.Call{To: "5001"})
	p.awaitCall(id, "Established")
	status, answer := p.post("/api/logout", map[string]any{})
	assert.Equal(t, http.StatusConflict, status)
	assert.Contains(t, answer["message"], "still on a call")
	status, _ = p.post("/api/logout", map[string]any{"anyway": true})
	assert.Equal(t, http.StatusOK, status)
	for topic, data := p.next(); ; topic, data = p.next() {
		if topic == "end" {
			assert.JSONEq(t, `{"reason":"signed out"}`, string(data), "other pages of the browser are told")
			break
		}
	}
	assert.Equal(t, false, p.get("/api/session")["signedIn"])
	assert.True(t, d.sim.Alive(id))

	p = d.agent(t, "5002")
	status, _ = p.post("/api/logout", map[string]any{})
	assert.Equal(t, http.StatusOK, status)
	d.sessions.wait.Wait()
	assert.Equal(t, "LoggedOut", d.sim.State("agent5002"))
}

func TestLogin_asSomebodyElseEndsTheFirstSession(t *testing.T) {
	d := newDesktop(t, voicetest.Options{})
	p := d.agent(t, "5001")
	status, _ := p.post("/api/login", map[string]any{"user": "agent5002", "password": "secret"})
	require.Equal(t, http.StatusOK, status)
	agent := await(p, "agent", func(a agentView) bool { return true })
	assert.Equal(t, "5002", agent.DN)
	d.sessions.wait.Wait()
	assert.Equal(t, "LoggedOut", d.sim.State("agent5001"))
}

// An agent may look at two screens. Who leaves one still works at the other, and
// so does who signs in twice in one browser.
func TestLogout_ofOneOfTwoSessions(t *testing.T) {
	d := newDesktop(t, voicetest.Options{})
	first, second := d.agent(t, "5001"), d.agent(t, "5001")
	id := d.sim.Ring(voicetest.Call{To: "5001", Queue: "9000"})
	first.awaitCall(id, "Ringing")
	second.awaitCall(id, "Ringing")
	first.confirm(callURL(id, "Reject"), nil)
	for _, page := range []*page{first, second} { // each sees it in its own time
		await(page, "calls", func(calls []callView) bool { return len(calls) == 0 })
	}

	status, _ := first.post("/api/logout", nil)
	require.Equal(t, http.StatusOK, status)
	status, _ = second.post("/api/login", map[string]any{"user": "agent5001", "password": "secret", "begin": "Ready"})
	require.Equal(t, http.StatusOK, status)
	d.sessions.wait.Wait()
	assert.Equal(t, "Ready", d.sim.State("agent5001"))
	status, _ = second.post("/api/logout", nil)
	require.Equal(t, http.StatusOK, status)
	d.sessions.wait.Wait()
	assert.Equal(t, "LoggedOut", d.sim.State("agent5001"))
}

// lockout is a way to a server that may refuse every login from some time on.
type lockout struct {
	http.RoundTripper
	closed atomic.Bool
}

func (l *lockout) RoundTrip(r *http.Request) (*http.Response, error) {
	if !l.closed.Load() {
		return l.RoundTripper.RoundTrip(r)
	}
	w := httptest.NewRecorder()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusForbidden)
	_, _ = w.WriteString(`{"statusCode":20,"statusMessage":"Access denied"}`)
	return w.Result(), nil
}

func TestSession_endsWithTheOneOfGWS(t *testing.T) {
	door := &lockout{}
	d := newDesktop(t, voicetest.Options{}, func(c *config) {
		door.RoundTripper = http.DefaultTransport.(*http.Transport).Clone()
		c.gws = &http.Client{Transport: door}
	})
	p := d.agent(t, "5001")
	await(p, "agent", func(a agentView) bool { return true })
	door.closed.Store(true) // the password was changed, say
	d.sim.ExpireLogin("agent5001")
	for topic, data := p.next(); ; topic, data = p.next() {
		if topic == "end" {
			assert.JSONEq(t, `{"reason":"lost"}`, string(data))
			break
		}
	}
	assert.Equal(t, false, p.get("/api/session")["signedIn"])
}

// A whole day of work leaves nothing in the log that is a secret.
func TestLog_holdsNoSecret(t *testing.T) {
	const password, customer = "pa55-of-ada", "Maria-Ortiz"
	d := newDesktop(t, voicetest.Options{CSRF: true, Agents: []voicetest.Agent{{UserName: "ada", Password: password, DN: "5001"}}})
	p := d.page(t)
	status, _ := p.post("/api/login", map[string]any{"user": "ada", "password": "wrong-" + password})
	require.Equal(t, http.StatusUnauthorized, status)
	status, answer := p.post("/api/login", map[string]any{"user": "ada", "password": password})
	require.Equal(t, http.StatusOK, status)
	assert.NotContains(t, fmt.Sprint(answer), password)
	id := d.sim.Ring(voicetest.Call{Queue: "9000", UserData: map[string]any{"CustomerName": customer}})
	p.confirm(callURL(id, "Answer"), nil)
	d.sim.On(voice.OpHold, voicetest.FailLater(10*time.Millisecond, 93, "no"))
	status, _ = p.post(callURL(id, "Hold"), nil)
	assert.Equal(t, http.StatusFailedDependency, status)
	d.sim.Restart(50 * time.Millisecond)
	await(p, "link", func(l link) bool { return l.Lost > 0 })
	p.confirm(callURL(id, "Hangup"), nil)
	_, _ = p.post("/api/logout", nil)
	d.sessions.wait.Wait()

	text := d.logs.String()
	assert.Contains(t, text, "user=ada", "it is the right log")
	for _, secret := range []string{password, customer, p.csrf, "JSESSIONID", "Basic "} {
		assert.NotContains(t, text, secret)
	}
	for _, cookie := range p.client.Jar.Cookies(mustURL(p.url)) {
		assert.NotContains(t, text, cookie.Value)
	}
}
