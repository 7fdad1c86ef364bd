package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// patience is how long something may take to show; tests that wait do not sleep.
const patience = 20 * time.Second

// logbook collects a log that several goroutines write.
type logbook struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// settings are those of the program without flags, with a contact centre of the
// test's own.
func settings(sim *voicetest.Server, logs io.Writer) config {
	return config{
		url: sim.URL(), idle: 30 * time.Minute, lifetime: 12 * time.Hour, timeout: 10 * time.Second,
		look: look{nameKey: "CustomerName", dispositions: []string{"Resolved"}},
		log:  slog.New(slog.NewTextHandler(logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
}

// desktop is a running backend with its contact centre.
type desktop struct {
	*app
	sim  *voicetest.Server
	url  string
	logs *logbook
}

func newDesktop(t *testing.T, o voicetest.Options, change ...func(*config)) *desktop {
	t.Helper()
	sim := voicetest.NewServer(o)
	t.Cleanup(sim.Close)
	logs := &logbook{}
	cfg := settings(sim, logs)
	for _, f := range change {
		f(&cfg)
	}
	a := newApp(cfg)
	server := httptest.NewServer(a)
	t.Cleanup(func() {
		a.close()
		server.Close()
	})
	return &desktop{a, sim, server.URL, logs}
}

// page is a browser's view of the backend.
type page struct {
	t      *testing.T
	url    string
	client *http.Client
	csrf   string

	stream *bufio.Reader
	topics map[string]json.RawMessage
}

func (d *desktop) page(t *testing.T) *page {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	p := &page{t: t, url: d.url, client: &http.Client{Jar: jar}, topics: noTopics()}
	p.csrf = p.get("/api/session")["csrf"].(string)
	return p
}

// agent is a page at which somebody has signed in.
func (d *desktop) agent(t *testing.T, dn string) *page {
	t.Helper()
	p := d.page(t)
	name := "agent" + dn
	if !d.sim.HasAgent(name) {
		name = "supervisor" + dn
	}
	status, answer := p.post("/api/login", map[string]any{"user": name, "password": "secret"})
	require.Equal(t, http.StatusOK, status, "login: %v", answer)
	return p
}

func (p *page) get(path string) map[string]any {
	p.t.Helper()
	response, err := p.client.Get(p.url + path)
	require.NoError(p.t, err)
	return p.read(response)
}

func (p *page) read(response *http.Response) map[string]any {
	p.t.Helper()
	defer response.Body.Close()
	var body map[string]any
	require.NoError(p.t, json.NewDecoder(response.Body).Decode(&body))
	return body
}

// post sends what the page would send.
func (p *page) post(path string, body any) (status int, answer map[string]any) {
	p.t.Helper()
	data, err := json.Marshal(body)
	require.NoError(p.t, err)
	response := p.send(path, string(data), "Content-Type", "application/json", "X-CSRF-Token", p.csrf)
	answer = p.read(response)
	if csrf, ok := answer["csrf"].(string); ok {
		p.csrf = csrf
	}
	return response.StatusCode, answer
}

// send sends a POST with the given headers only.
func (p *page) send(path, body string, headers ...string) *http.Response {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.url+path, strings.NewReader(body))
	require.NoError(p.t, err)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := p.client.Do(request)
	require.NoError(p.t, err)
	return response
}

// confirm posts an operation that must succeed.
func (p *page) confirm(path string, body any) {
	p.t.Helper()
	status, answer := p.post(path, body)
	require.Equal(p.t, confirmed, answer["outcome"], "%s: %d %v", path, status, answer)
	require.Equal(p.t, http.StatusOK, status)
	require.NotEmpty(p.t, answer["message"])
}

// next reads one event of the stream, which it opens if need be.
func (p *page) next() (topic string, data json.RawMessage) {
	p.t.Helper()
	if p.stream == nil {
		ctx, cancel := context.WithTimeout(p.t.Context(), patience)
		p.t.Cleanup(cancel)
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+"/api/events", nil)
		require.NoError(p.t, err)
		response, err := p.client.Do(request)
		require.NoError(p.t, err)
		p.t.Cleanup(func() { response.Body.Close() })
		require.Equal(p.t, "text/event-stream; charset=utf-8", response.Header.Get("Content-Type"))
		p.stream = bufio.NewReader(response.Body)
	}
	for {
		line, err := p.stream.ReadString('\n')
		require.NoError(p.t, err, "the stream ends before what the test waits for; last: %s", p.topics)
		line = strings.TrimSuffix(line, "\n")
		switch {
		case line == "" && topic != "":
			p.topics[topic] = data
			return topic, data
		case strings.HasPrefix(line, "event: "):
			topic = line[len("event: "):]
		case strings.HasPrefix(line, "data: "):
			data = json.RawMessage(line[len("data: "):])
		}
	}
}

// await reads the stream until a topic has a value that fits.
func await[T any](p *page, topic string, fits func(T) bool) T {
	p.t.Helper()
	for {
		if data, ok := p.topics[topic]; ok {
			var value T
			require.NoError(p.t, json.Unmarshal(data, &value), "%s: %s", topic, data)
			if fits(value) {
				return value
			}
		}
		for changed := ""; changed != topic; {
			changed, _ = p.next()
		}
	}
}

// shownCall is what a test looks at of a call on the page.
type shownCall struct {
	Call struct {
		ID           string         `json:"id"`
		State        string         `json:"state"`
		ParentID     string         `json:"parentCallId"`
		UserData     map[string]any `json:"userData"`
		Capabilities []string       `json:"capabilities"`
		Recording    string         `json:"recordingState"`
	} `json:"call"`
	Name       string   `json:"name"`
	Number     string   `json:"number"`
	Queue      string   `json:"queue"`
	Incoming   bool     `json:"incoming"`
	Began      int64    `json:"began"`
	Since      int64    `json:"since"`
	Monitoring string   `json:"monitoring"`
	Operations []string `json:"operations"`
}

// awaitCall waits until the page shows a call in a state.
func (p *page) awaitCall(id, state string) shownCall {
	p.t.Helper()
	var found shownCall
	await(p, "calls", func(calls []shownCall) bool {
		for _, c := range calls {
			if (id == "" || c.Call.ID == id) && c.Call.State == state {
				found = c
				return true
			}
		}
		return false
	})
	return found
}

func (p *page) awaitNoCalls() {
	p.t.Helper()
	await(p, "calls", func(calls []shownCall) bool { return len(calls) == 0 })
}

type shownRecord struct {
	CallID      string `json:"callId"`
	Name        string `json:"name"`
	Number      string `json:"number"`
	Queue       string `json:"queue"`
	Incoming    bool   `json:"incoming"`
	Answered    int64  `json:"answered"`
	Ended       int64  `json:"ended"`
	How         string `json:"how"`
	Disposition string `json:"disposition"`
}

func (p *page) awaitRecord(fits func(shownRecord) bool) shownRecord {
	p.t.Helper()
	var found shownRecord
	await(p, "history", func(records []shownRecord) bool {
		for _, r := range records {
			if fits(r) {
				found = r
				return true
			}
		}
		return false
	})
	return found
}

func callURL(id, operation string) string { return "/api/calls/" + id + "/" + operation }

func deviceURL(d *desktop, dn, operation string) string {
	return "/api/devices/" + d.sim.Agent(dn).DeviceID() + "/" + operation
}

func mustURL(text string) *url.URL {
	u, err := url.Parse(text)
	if err != nil {
		panic(err)
	}
	return u
}

// adopt gives a session that was opened without HTTP a cookie's value as id.
func (s *sessions) adopt(sess *session) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byID, sess.id)
	sess.id = rand.Text()
	s.byID[sess.id] = sess
	return sess.id
}

// streamed is a response that is read while it is written.
type streamed struct {
	logbook
	header http.Header
}

func (s *streamed) Header() http.Header { return s.header }
func (s *streamed) WriteHeader(int)     {}
func (s *streamed) FlushError() error   { return nil }
func (s *streamed) text() string        { return s.String() }

func noTopics() map[string]json.RawMessage { return map[string]json.RawMessage{} }
