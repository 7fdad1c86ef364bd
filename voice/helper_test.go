package voice_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// bubble runs a test against a simulator in a bubble, where time is virtual and
// a goroutine that is left behind fails the test.
func bubble(t *testing.T, o voicetest.Options, test func(t *testing.T, sim *voicetest.Server)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		o.InMemory = true
		sim := voicetest.NewServer(o)
		t.Cleanup(sim.Close) // after the clients that the test opens
		test(t, sim)
	})
}

// config is that of agent5001.
func config(sim *voicetest.Server) voice.Config {
	return voice.Config{BaseURL: sim.URL(), HTTPClient: sim.Client(), Auth: voice.BasicAuth("agent5001", "secret")}
}

func connect(t *testing.T, sim *voicetest.Server, change ...func(*voice.Config)) *voice.Client {
	t.Helper()
	cfg := config(sim)
	for _, f := range change {
		f(&cfg)
	}
	client, err := voice.Connect(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { closeClient(client, cfg.HTTPClient) })
	return client
}

func closeClient(client *voice.Client, hc *http.Client) {
	_ = client.Close()
	if hc != nil {
		hc.CloseIdleConnections()
	}
}

func agent(dn string) func(*voice.Config) {
	return func(c *voice.Config) { c.Auth = voice.BasicAuth("agent"+dn, "secret") }
}

// queueCall rings at agent5001 and is known to the client.
func queueCall(t *testing.T, sim *voicetest.Server, client *voice.Client) string {
	t.Helper()
	id := sim.Ring(voicetest.Call{Queue: "9000", From: "5005", To: "5001"})
	awaitState(t, client, id, voice.StateRinging)
	return id
}

// established is a call of agent5001 that the client knows as established.
func established(t *testing.T, sim *voicetest.Server, client *voice.Client) string {
	t.Helper()
	id := sim.Establish(voicetest.Call{From: "7002", To: "5001"})
	awaitState(t, client, id, voice.StateEstablished)
	return id
}

func awaitState(t *testing.T, client *voice.Client, id string, state voice.CallState) *voice.Call {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	call, err := client.Await(ctx, id, func(c *voice.Call) bool { return c.State == state })
	require.NoError(t, err)
	return call
}

// next returns the next event of a subscription.
func next(t *testing.T, sub *voice.Subscription) voice.Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ev, err := sub.Next(ctx)
	require.NoError(t, err)
	return ev
}

// posts counts the operations that reached the server.
func posts(sim *voicetest.Server, op voice.OperationName) int {
	n := 0
	for _, r := range sim.Requests() {
		if r.Method == http.MethodPost && strings.Contains(string(r.Body), `"`+string(op)+`"`) {
			n++
		}
	}
	return n
}

// journal keeps a debug log.
type journal struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.String()
}

func (j *journal) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(io.Writer(j), &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// spyJar is a cookie jar that remembers the values it has seen.
type spyJar struct {
	once   sync.Once
	inner  *cookiejar.Jar
	values []string
	mu     sync.Mutex
}

func (j *spyJar) jar() *cookiejar.Jar {
	j.once.Do(func() { j.inner, _ = cookiejar.New(nil) })
	return j.inner
}

func (j *spyJar) SetCookies(u *url.URL, cookies []*http.Cookie) {
	j.mu.Lock()
	for _, c := range cookies {
		if len(c.Value) > 5 {
			j.values = append(j.values, c.Value)
		}
	}
	j.mu.Unlock()
	j.jar().SetCookies(u, cookies)
}

func (j *spyJar) Cookies(u *url.URL) []*http.Cookie { return j.jar().Cookies(u) }
