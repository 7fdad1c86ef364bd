package cometdtest

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// peer is a client driven by hand.
type peer struct {
	t    *testing.T
	srv  *Server
	http *http.Client
	id   string // clientId
	next int    // message id
}

func newPeer(t *testing.T, s *Server) *peer { return &peer{t: t, srv: s, http: s.Client()} }

// bubble runs f with an in-memory server in a synctest bubble.
func bubble(t *testing.T, o Options, f func(t *testing.T, s *Server)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		o.InMemory = true
		s := NewServer(o)
		defer s.Close()
		f(t, s)
	})
}

// post sends a body and returns status and body of the answer; CLIENT in the
// body is replaced by the clientId.
func (p *peer) post(body string) (int, string) {
	p.t.Helper()
	res, got, err := p.try(body)
	require.NoError(p.t, err)
	return res.StatusCode, got
}

func (p *peer) try(body string) (*http.Response, string, error) {
	body = strings.ReplaceAll(body, "CLIENT", p.id)
	res, err := p.http.Post(p.srv.URL(), "application/json;charset=UTF-8", strings.NewReader(body))
	if err != nil {
		return nil, "", err
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	return res, string(got), err
}

// wants posts a body and compares the answer as JSON.
func (p *peer) wants(body, want string) {
	p.t.Helper()
	status, got := p.post(body)
	require.Equal(p.t, 200, status, got)
	assert.JSONEq(p.t, strings.ReplaceAll(want, "CLIENT", p.id), got)
}

// handshake opens a session and returns the reply.
func (p *peer) handshake() map[string]any {
	p.t.Helper()
	_, body := p.post(`[{"id":"1","channel":"/meta/handshake","version":"1.0","minimumVersion":"1.0","supportedConnectionTypes":["long-polling"]}]`)
	r := decode(p.t, body)[0]
	require.Equal(p.t, true, r["successful"], body)
	p.id = r["clientId"].(string)
	return r
}

// open is handshake, subscribe and first connect.
func (p *peer) open(channels ...string) *peer {
	p.t.Helper()
	p.handshake()
	for _, c := range channels {
		p.request("/meta/subscribe", `"subscription":"`+c+`"`)
	}
	p.connect()
	return p
}

// request posts one message and returns the messages of the answer.
func (p *peer) request(channel, fields string) []map[string]any {
	p.t.Helper()
	p.next++
	body := `[{"id":"r` + strconv.Itoa(p.next) + `","channel":"` + channel + `","clientId":"CLIENT"`
	if fields != "" {
		body += "," + fields
	}
	status, got := p.post(body + "}]")
	require.Equal(p.t, 200, status, got)
	return decode(p.t, got)
}

func (p *peer) connect() []map[string]any {
	p.t.Helper()
	return p.request("/meta/connect", `"connectionType":"long-polling"`)
}

// session is the server's view of the peer.
func (p *peer) session() *Session { return p.srv.Session(p.id) }

func decode(t *testing.T, body string) []map[string]any {
	t.Helper()
	var all []map[string]any
	require.NoError(t, json.Unmarshal([]byte(body), &all), body)
	return all
}

// answer is what a request in another goroutine got.
type answer struct {
	status int
	body   string
	err    error
}

// async posts in a goroutine.
func (p *peer) async(body string) <-chan answer {
	c := make(chan answer, 1)
	go func() {
		res, got, err := p.try(body)
		a := answer{body: got, err: err}
		if res != nil {
			a.status = res.StatusCode
		}
		c <- a
	}()
	return c
}

const held = `[{"id":"7","channel":"/meta/connect","clientId":"CLIENT","connectionType":"long-polling"}]`

type jsonRaw = json.RawMessage

func contextFor(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), d)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// connectNow is connect without waiting.
func (p *peer) connectNow() []map[string]any {
	p.t.Helper()
	return p.request("/meta/connect", `"connectionType":"long-polling","advice":{"timeout":0}`)
}
