package voice_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/cometd/cometdtest"
	"github.com/gwsvoice/gws-go/internal/memnet"
	"github.com/gwsvoice/gws-go/voice"
)

// scripted is a server that knows nothing of telephony: it answers reads with
// what it was given, accepts every POST, and sends the messages that a test
// tells it to send, when it is told. With it the samples are played back byte
// by byte, in orders in which a switch would not bring them about.
type scripted struct {
	t      *testing.T
	cometd *cometdtest.Server
	client *http.Client

	mu      sync.Mutex
	calls   []json.RawMessage
	devices []json.RawMessage
	posts   []scriptedPost
	// onPost answers a POST; nil accepts it. It may sleep and publish.
	onPost func(w http.ResponseWriter, p scriptedPost)
}

type scriptedPost struct {
	Path string
	Body json.RawMessage
	gone <-chan struct{} // closed when the client does not wait any more
}

// wait lets d pass, or less if the client goes.
func (p scriptedPost) wait(d time.Duration) {
	select {
	case <-time.After(d):
	case <-p.gone:
	}
}

// sampleHost is the server's idea of its address in the samples.
const sampleHost = "http://gws.example.test:8080"

// script runs a test against a scripted server in a bubble.
func script(t *testing.T, test func(t *testing.T, s *scripted)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &scripted{t: t, cometd: cometdtest.NewHandler(cometdtest.Options{Preset: cometdtest.GWS})}
		listener := memnet.Listen()
		server := &http.Server{Handler: s}
		served := make(chan struct{})
		go func() { defer close(served); _ = server.Serve(listener) }()
		transport := &http.Transport{DialContext: listener.DialContext}
		s.client = &http.Client{Transport: transport}
		t.Cleanup(func() {
			s.cometd.Close()
			transport.CloseIdleConnections()
			_ = server.Close()
			<-served
		})
		test(t, s)
	})
}

func (s *scripted) connect(change ...func(*voice.Config)) *voice.Client {
	s.t.Helper()
	cfg := voice.Config{BaseURL: sampleHost, HTTPClient: s.client}
	for _, f := range change {
		f(&cfg)
	}
	client, err := voice.Connect(s.t.Context(), cfg)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = client.Close() })
	return client
}

func (s *scripted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/api/v2")
	if strings.HasPrefix(path, "/notifications") {
		s.cometd.ServeHTTP(w, r)
		return
	}
	if r.Method == http.MethodPost {
		body, _ := io.ReadAll(r.Body)
		p := scriptedPost{path, body, r.Context().Done()}
		s.mu.Lock()
		s.posts = append(s.posts, p)
		answer := s.onPost
		s.mu.Unlock()
		if answer != nil {
			answer(w, p)
			return
		}
		accept(w)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	answer := map[string]any{"statusCode": 0}
	switch path {
	case "/me":
		answer["user"] = map[string]any{"id": "U", "userName": "agent7001", "calls": orEmpty(s.calls), "devices": orEmpty(s.devices)}
	case "/me/calls":
		answer["calls"] = orEmpty(s.calls)
	case "/me/devices":
		answer["devices"] = orEmpty(s.devices)
	case "/settings/agent-states":
		states, err := os.ReadFile("testdata/rest/agent-states.json")
		require.NoError(s.t, err)
		_, _ = w.Write(states)
		return
	default:
		w.WriteHeader(http.StatusNotFound)
		answer = map[string]any{"statusCode": 6, "statusMessage": "Not found"}
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func accept(w http.ResponseWriter) { _, _ = io.WriteString(w, `{"statusCode":0}`) }

// cut ends the connection of a request without an answer.
func cut(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

func orEmpty(list []json.RawMessage) []json.RawMessage {
	if list == nil {
		return []json.RawMessage{}
	}
	return list
}

// answerWith sets what is done with the POSTs to come.
func (s *scripted) answerWith(f func(w http.ResponseWriter, p scriptedPost)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onPost = f
}

// sent returns the POSTs so far.
func (s *scripted) sent() []scriptedPost {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]scriptedPost(nil), s.posts...)
}

// note is a message of a topic.
type note struct {
	Channel string
	Data    json.RawMessage
}

func (s *scripted) publish(n note) { s.cometd.Publish(n.Channel, n.Data) }

// list makes reads show the calls and devices of the messages, as a server
// would that has just sent them.
func (s *scripted) list(notes ...note) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range notes {
		var m struct {
			Call    json.RawMessage
			Devices []json.RawMessage
		}
		require.NoError(s.t, json.Unmarshal(n.Data, &m))
		if m.Call != nil {
			s.calls = replace(s.calls, m.Call)
		}
		for _, d := range m.Devices {
			s.devices = replace(s.devices, d)
		}
	}
}

func replace(list []json.RawMessage, one json.RawMessage) []json.RawMessage {
	var left []json.RawMessage
	for _, other := range list {
		if field(other, "id") != field(one, "id") {
			left = append(left, other)
		}
	}
	if field(one, "state") == "Released" {
		return left
	}
	return append(left, one)
}

func field(object json.RawMessage, name string) string {
	var m map[string]any
	_ = json.Unmarshal(object, &m)
	text, _ := m[name].(string)
	return text
}

// samples returns the messages of an operation, in their documented order.
func samples(t *testing.T, operation string) []note {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", operation, "notification-*.json"))
	require.NoError(t, err)
	sort.Strings(files)
	var notes []note
	for _, file := range files {
		notes = append(notes, sample(t, file))
	}
	return notes
}

func sample(t *testing.T, file string) note {
	t.Helper()
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	var n note
	require.NoError(t, json.Unmarshal(raw, &n))
	return n
}

// with returns the message with attributes of its call, or of its one device,
// changed; nil takes one away.
func (n note) with(changes map[string]any) note {
	var m map[string]any
	if json.Unmarshal(n.Data, &m) != nil {
		panic("not JSON")
	}
	target, _ := m["call"].(map[string]any)
	if target == nil {
		target = m["devices"].([]any)[0].(map[string]any)
	}
	for name, value := range changes {
		if value == nil {
			delete(target, name)
		} else {
			target[name] = value
		}
	}
	data, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return note{n.Channel, data}
}

// as returns the message with another notificationType.
func (n note) as(kind voice.NotificationType) note {
	var m map[string]any
	if json.Unmarshal(n.Data, &m) != nil {
		panic("not JSON")
	}
	if m["notificationType"] != nil {
		m["notificationType"] = kind
	}
	data, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return note{n.Channel, data}
}

// callID returns the id of the call that the message is about.
func (n note) callID() string {
	var m struct{ Call struct{ ID string } }
	_ = json.Unmarshal(n.Data, &m)
	return m.Call.ID
}

// settle lets everything happen that does not wait for time.
func settle() { time.Sleep(time.Millisecond); synctest.Wait() }

// metrics returns the message with metrics.
func (n note) metrics(value any) note {
	var m map[string]any
	if json.Unmarshal(n.Data, &m) != nil {
		panic("not JSON")
	}
	m["metrics"] = value
	data, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return note{n.Channel, data}
}
