//go:build unix

package interop

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/cometd"
)

// target is a server in one configuration, and the way to talk to it.
type target struct {
	name      string
	program   func(testing.TB) program
	transport cometd.Transport
	ack       bool // with the acknowledged-messages extension
	sockets   bool // the server has WebSocket
	kicks     bool // the server can end a session and tell the client
	cookies   bool // the server tells browsers apart by a cookie
	copies    bool // one copy of an event per matching subscription
	forgetful bool // a session lives for ever if a response to it cannot be written
}

func (g target) String() string {
	ack := ""
	if g.ack {
		ack = "/ack"
	}
	return fmt.Sprintf("%s/%s%s", g.name, g.transport, ack)
}

func targets() []target {
	cometd31 := func(t testing.TB) program { return javaProgram(t, "cometd31") }
	cometd9 := func(t testing.TB) program { return javaProgram(t, "cometd9") }
	node := func(t testing.TB) program { return nodeProgram(t, "cometd-server") }
	faye := func(t testing.TB) program { return nodeProgram(t, "faye-server") }
	all := []target{
		{name: "node", program: node, transport: cometd.LongPolling, kicks: true, cookies: true, copies: true, forgetful: true},
		{name: "node", program: node, transport: cometd.LongPolling, kicks: true, cookies: true, copies: true, forgetful: true, ack: true},
		{name: "faye", program: faye, transport: cometd.LongPolling, sockets: true},
		{name: "faye", program: faye, transport: cometd.WebSocket, sockets: true},
	}
	for _, transport := range []cometd.Transport{cometd.LongPolling, cometd.WebSocket} {
		for _, ack := range []bool{false, true} {
			all = append(all,
				target{name: "cometd31", program: cometd31, transport: transport, ack: ack, sockets: true, kicks: true, cookies: true},
				target{name: "cometd9", program: cometd9, transport: transport, ack: ack, sockets: true, kicks: true, cookies: true})
		}
	}
	return all
}

// TestClient puts our client to each server.
func TestClient(t *testing.T) {
	for _, g := range targets() {
		t.Run(g.String(), func(t *testing.T) {
			t.Parallel()
			s := startServer(t, g.program(t), fmt.Sprintf("ack=%v", g.ack), "handshakeReconnect=true")
			for _, b := range behaviours {
				t.Run(b.name, func(t *testing.T) {
					s.t = t
					if reason := b.skip(g); reason != "" {
						t.Skip(reason)
					}
					defer func() {
						if t.Failed() {
							s.proxy.show(t)
						}
					}()
					b.run(t, s, g)
					eventually(t, "no session left", func() bool { return len(s.sessions()) == 0 })
				})
			}
		})
	}
}

// dial opens a session that ends with the test.
func dial(t *testing.T, s *server, g target, change ...func(*cometd.Options)) *cometd.Client {
	t.Helper()
	options := cometd.Options{
		Transports: []cometd.Transport{g.transport},
		Buffer:     20000,
		MinBackoff: 50e6,
		MaxBackoff: 1e9,
		Logger:     slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, f := range change {
		f(&options)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	client, err := cometd.Dial(ctx, s.url(), &options)
	require.NoError(t, err)
	t.Cleanup(func() { client.Close() })
	return client
}

// listener reads a subscription to numbered events.
type listener struct {
	t    *testing.T
	sub  *cometd.Subscription
	last int // the highest number seen
	gaps []*cometd.Reconnected
	lost int // reported as dropped

	// Over two connections and without acknowledgements an event may overtake
	// another one, so that nothing is known to be lost before the end.
	unordered bool
	missing   map[int]bool // numbers left out: true if in a gap that was reported
	seen      bool         // a gap was reported since the last event

	mu  sync.Mutex
	may []int // numbers that may be missing for another reason
}

func subscribe(t *testing.T, c *cometd.Client, channels ...string) *listener {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	sub, err := c.SubscribeChannels(ctx, channels...)
	require.NoError(t, err)
	return &listener{t: t, sub: sub, missing: map[int]bool{}}
}

func (l *listener) mayMiss(numbers ...int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.may = append(l.may, numbers...)
}

// next returns the next event.
func (l *listener) next() cometd.Event {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), patience)
	defer cancel()
	event, err := l.sub.Next(ctx)
	require.NoError(l.t, err, "after event %d", l.last)
	return event
}

// expect wants exactly the events first to last, and nothing else between them.
func (l *listener) expect(first, last int) {
	l.t.Helper()
	for n := first; n <= last; n++ {
		event := l.next()
		require.IsType(l.t, &cometd.Message{}, event, "instead of event %d: %+v", n, event)
		require.Equal(l.t, n, number(l.t, event))
		l.last = n
	}
}

// until reads until event n has arrived. What is missing then must have been
// reported.
func (l *listener) until(n int) {
	l.t.Helper()
	for l.last < n {
		l.take(l.next())
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for number, reported := range l.missing {
		if !reported && !l.unordered {
			require.Contains(l.t, l.may, number, "lost without a word")
		}
	}
}

// end is until, with nothing on its way any more.
func (l *listener) end(n int) {
	l.t.Helper()
	l.until(n)
	l.mu.Lock()
	defer l.mu.Unlock()
	for number, reported := range l.missing {
		if !reported {
			require.Contains(l.t, l.may, number, "lost without a word")
		}
	}
}

// untilGaps reads up to the n-th report of an interruption.
func (l *listener) untilGaps(n int) {
	l.t.Helper()
	for len(l.gaps) < n {
		l.take(l.next())
	}
}

func (l *listener) take(event cometd.Event) {
	l.t.Helper()
	switch event := event.(type) {
	case *cometd.Message:
		got := number(l.t, event)
		if _, late := l.missing[got]; late && l.unordered {
			delete(l.missing, got)
			return
		}
		require.Greater(l.t, got, l.last, "an event came twice, or in the wrong order")
		for n := l.last + 1; n < got; n++ {
			l.missing[n] = l.seen
		}
		l.last, l.seen = got, false
	case *cometd.Reconnected:
		l.gaps = append(l.gaps, event)
		l.gap(!event.Lossless)
	case *cometd.Lagged:
		l.lost += event.Dropped
		l.gap(true)
	}
}

// gap notes that events may be missing from here on, and if others can have
// overtaken them before, too.
func (l *listener) gap(losing bool) {
	if !losing {
		return
	}
	l.seen = true
	if l.unordered {
		for n := range l.missing {
			l.missing[n] = true
		}
	}
}

// reconnected wants a report of an interruption to be the next event.
func (l *listener) reconnected() *cometd.Reconnected {
	l.t.Helper()
	event := l.next()
	require.IsType(l.t, &cometd.Reconnected{}, event, "%+v", event)
	return event.(*cometd.Reconnected)
}

func number(t *testing.T, event cometd.Event) int {
	t.Helper()
	var data struct{ N *int }
	message := event.(*cometd.Message)
	require.NoError(t, json.Unmarshal(message.Data, &data), string(message.Raw))
	require.NotNil(t, data.N, string(message.Raw))
	return *data.N
}

// send has the client publish, and waits for the server's word.
func send(t *testing.T, c *cometd.Client, channel string, data any) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return c.Publish(ctx, channel, data)
}

// countingTransport counts the requests that go through it.
type countingTransport struct {
	http.RoundTripper
	count func()
}

func (c countingTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	c.count()
	return c.RoundTripper.RoundTrip(r)
}
