package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
)

func noEnv(string) string { return "" }

// started runs the program as a user would and returns a page.
func started(t *testing.T, args ...string) (p *page, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	reader, writer := io.Pipe()
	logs := &logbook{}
	done := make(chan error, 1)
	go func() {
		err := run(ctx, append([]string{"-addr", "127.0.0.1:0"}, args...), noEnv, writer, logs)
		_ = writer.CloseWithError(io.EOF)
		done <- err
	}()
	lines := bufio.NewScanner(reader)
	require.True(t, lines.Scan(), "nothing printed: %s", logs)
	_, url, found := strings.Cut(lines.Text(), "http://")
	require.True(t, found, "the address is printed: %s", lines.Text())
	go func() { _, _ = io.Copy(io.Discard, reader) }()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	p = &page{t: t, url: "http://" + url, client: &http.Client{Jar: jar}, topics: noTopics()}
	p.csrf = p.get("/api/session")["csrf"].(string)
	ended := false
	stop = func() error {
		if ended {
			return nil
		}
		ended = true
		cancel()
		select {
		case err := <-done:
			return err
		case <-time.After(patience):
			t.Fatal("it does not end")
			return nil
		}
	}
	t.Cleanup(func() { _ = stop() })
	return p, stop
}

func (p *page) signIn(user, begin string) {
	p.t.Helper()
	status, answer := p.post("/api/login", map[string]any{"user": user, "password": demoPassword, "begin": begin})
	require.Equal(p.t, http.StatusOK, status, answer)
}

func TestRun_withoutFlagsIsAContactCentreToPlayWith(t *testing.T) {
	t.Parallel() // it takes its time
	p, stop := started(t, "-quiet", "-timeout", "1s")
	people := p.get("/api/session")["people"].([]any)
	require.Len(t, people, visitors)
	p.signIn("ada", "Ready")
	act := func(action string) {
		t.Helper()
		status, answer := p.post("/api/demo/"+action, nil)
		require.Equal(t, http.StatusOK, status, action)
		require.Equal(t, notice, answer["outcome"])
		require.NotEmpty(t, answer["message"], action)
	}
	act("hangup") // nobody there yet
	act("ring")
	call := p.awaitCall("", "Ringing")
	assert.Equal(t, "Maria Ortiz", call.Name)
	assert.Contains(t, call.Operations, "Reject")
	p.confirm(callURL(call.Call.ID, "Answer"), nil)
	for _, test := range [][2]string{{"fail", failed}, {"refuse", refused}, {"silence", unknown}} {
		act(test[0])
		_, answer := p.post(callURL(call.Call.ID, "MuteCall"), nil)
		assert.Equal(t, test[1], answer["outcome"], test[0])
	}
	act("hangup")
	p.awaitRecord(func(r shownRecord) bool { return r.Name == "Maria Ortiz" && r.Answered > 0 })
	act("colleague")
	direct := p.awaitCall("", "Ringing")
	assert.NotContains(t, direct.Operations, "Reject", "a direct call")
	p.confirm(callURL(direct.Call.ID, "Answer"), nil)
	act("outage")
	await(p, "link", func(l link) bool { return l.Voice == "down" })
	act("cut")
	await(p, "link", func(l link) bool { return l.State == linkLost })
	await(p, "link", func(l link) bool { return l.State == linkUp && l.Gap })
	status, _ := p.post("/api/demo/nonsense", nil)
	assert.Equal(t, http.StatusNotFound, status)

	require.NoError(t, stop())
	for topic, data := p.next(); ; topic, data = p.next() {
		if topic == "end" {
			assert.JSONEq(t, `{"reason":"stopped"}`, string(data), "the page is told")
			break
		}
	}
}

func TestRun_isLively(t *testing.T) {
	t.Parallel()
	p, stop := started(t)
	p.signIn("sam", "NotReady")
	colleagues := await(p, "team", func(team []member) bool {
		busy := slices.IndexFunc(team, func(m member) bool { return len(m.Calls) > 0 && m.Calls[0].State == voice.StateEstablished })
		return len(team) == len(staff) && busy >= 0
	})
	for _, m := range colleagues {
		assert.NotEmpty(t, m.Name)
	}
	require.NoError(t, stop())
}

func TestRun_refusesWhatMakesNoSense(t *testing.T) {
	for name, args := range map[string][]string{
		"a word":            {"now"},
		"a URL that is not": {"-url", "gws.example.com"},
		"an unknown flag":   {"-colour", "blue"},
		"no such address":   {"-addr", "nowhere.invalid:1"},
	} {
		assert.Error(t, run(t.Context(), args, noEnv, io.Discard, io.Discard), name)
	}
	env := func(name string) string { return map[string]string{"GWS_URL": "gws.example.com"}[name] }
	assert.ErrorContains(t, run(t.Context(), nil, env, io.Discard, io.Discard), `"gws.example.com" is not an http or https URL`)
}
