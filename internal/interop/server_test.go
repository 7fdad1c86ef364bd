//go:build unix

package interop

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// How long the servers hold a connect, and how long they keep a session
// without one: short, so that the tests see both end.
const (
	holdTime    = 1500 * time.Millisecond
	maxInterval = 3000 * time.Millisecond // of Faye twice the hold time
)

// patience bounds every wait for something that ought to happen.
const patience = 20 * time.Second

// server is a running Bayeux server that is not ours, behind a proxy.
type server struct {
	t       testing.TB
	program program
	args    []string
	process *process
	proxy   *proxy
	port    string
	control string // the address of its control interface
}

func startServer(t testing.TB, p program, args ...string) *server {
	t.Helper()
	s := &server{t: t, program: p, args: append([]string{
		fmt.Sprintf("timeout=%d", holdTime.Milliseconds()),
		fmt.Sprintf("maxInterval=%d", maxInterval.Milliseconds()),
	}, args...)}
	s.start("0")
	s.proxy = startProxy(t, "127.0.0.1:"+s.port)
	return s
}

func (s *server) start(port string) {
	s.t.Helper()
	s.process = start(s.t, s.program, append(s.args, "port="+port)...)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		line := s.process.line(ctx)
		var control string
		if n, _ := fmt.Sscanf(line, "LISTENING %s %s", &s.port, &control); n == 2 {
			s.control = "127.0.0.1:" + control
			return
		}
	}
}

// restart kills the server and starts it again on the same port.
func (s *server) restart() {
	s.t.Helper()
	s.process.kill()
	s.start(s.port)
}

// url is where clients find the server, through the proxy.
func (s *server) url() string { return "http://" + s.proxy.addr() + "/cometd" }

// publish has the server itself publish {"n":first}, {"n":first+1}, … on channel.
func (s *server) publish(channel string, first, count int) {
	s.t.Helper()
	_, err := s.ask(context.Background(), "/publish", "channel", channel, "first", fmt.Sprint(first), "count", fmt.Sprint(count))
	require.NoError(s.t, err)
}

// disconnectAll ends all sessions as the server's own code would.
func (s *server) disconnectAll() {
	s.t.Helper()
	_, err := s.ask(context.Background(), "/disconnect")
	require.NoError(s.t, err)
}

// forgetAll removes all sessions as if they had expired.
func (s *server) forgetAll() {
	s.t.Helper()
	_, err := s.ask(context.Background(), "/forget")
	require.NoError(s.t, err)
}

// sessions returns the ids of the sessions that the server has.
func (s *server) sessions() []string {
	s.t.Helper()
	text, err := s.ask(context.Background(), "/sessions")
	require.NoError(s.t, err)
	return strings.Fields(text)
}

// subscribers returns how many sessions are subscribed to channel.
func (s *server) subscribers(channel string) string {
	s.t.Helper()
	text, err := s.ask(context.Background(), "/subscribers", "channel", channel)
	require.NoError(s.t, err)
	return text
}

// held returns something that changes when the server holds another connect.
func (s *server) held() string {
	s.t.Helper()
	text, err := s.ask(context.Background(), "/held")
	require.NoError(s.t, err)
	return text
}

// awaitConnect waits until the server holds n connects.
func (s *server) awaitConnect(n int) {
	s.t.Helper()
	eventually(s.t, "held connects", func() bool {
		text, err := s.ask(context.Background(), "/waiting")
		require.NoError(s.t, err)
		return text == fmt.Sprint(n)
	})
}

// ask sends a request to the server's control interface.
func (s *server) ask(ctx context.Context, path string, query ...string) (string, error) {
	values := url.Values{}
	for i := 0; i < len(query); i += 2 {
		values.Set(query[i], query[i+1])
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.control+path+"?"+values.Encode(), nil)
	if err != nil {
		return "", err
	}
	response, err := controlClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", path, response.Status, text)
	}
	return string(text), err
}

var controlClient = &http.Client{Transport: &http.Transport{IdleConnTimeout: time.Second}}

// eventually waits until cond holds.
func eventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	deadline := time.After(patience)
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for !cond() {
		select {
		case <-again.C:
		case <-deadline:
			require.FailNow(t, "waited in vain", what)
		}
	}
}
