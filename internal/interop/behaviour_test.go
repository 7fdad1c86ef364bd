//go:build unix

package interop

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/cometd"
)

// behaviours are what every server must see our client do, and the client
// the server. Each leaves no session behind.
var behaviours = []struct {
	name string
	run  func(t *testing.T, s *server, g target)
	skip func(g target) string
}{
	{"receive", receive, always},
	{"publish", publishes, always},
	{"patterns", patterns, always},
	{"unsubscribe", unsubscribe, always},
	{"big", big, always},
	{"hold", holds, unless(func(g target) bool { return g.transport == cometd.LongPolling }, "requests are counted over long-polling")},
	{"negotiate", negotiates, unless(func(g target) bool { return g.transport == cometd.LongPolling }, "covered by long-polling")},
	{"sharedJar", sharedJar, unless(func(g target) bool { return g.cookies }, "the server knows no cookies")},
	{"cut", cut, always},
	{"lostResponse", lostResponse, always},
	{"expire", expire, always},
	{"forgotten", forgotten, always},
	{"kicked", kicked, unless(func(g target) bool { return g.kicks }, "the server cannot end a session")},
	{"restart", restart, always},
}

func always(target) string { return "" }

func unless(f func(target) bool, reason string) func(target) string {
	return func(g target) string {
		if f(g) {
			return ""
		}
		return reason
	}
}

// Thousands of events arrive in order, and so does one at a time.
func receive(t *testing.T, s *server, g target) {
	c := dial(t, s, g)
	l := subscribe(t, c, channel)
	s.publish(channel, 1, 3000)
	l.expect(1, 3000)
	for n := 3001; n <= 3020; n++ {
		s.publish(channel, n, 1)
		l.expect(n, n)
	}
	assert.Equal(t, cometd.Connected, c.State())
	closes(t, c)
	_, err := l.sub.Next(t.Context())
	assert.ErrorIs(t, err, cometd.ErrClosed)
}

// closes closes the client, after which the server has no session: it was told.
func closes(t *testing.T, c *cometd.Client) {
	t.Helper()
	began := time.Now()
	require.NoError(t, c.Close())
	assert.Less(t, time.Since(began), maxInterval, "closed without the server's answer")
}

// Publishing returns with the server's answer; the event comes back unchanged.
func publishes(t *testing.T, s *server, g target) {
	c := dial(t, s, g)
	l := subscribe(t, c, channel)
	for n := 1; n <= 20; n++ {
		require.NoError(t, send(t, c, channel, map[string]any{"n": n}))
	}
	l.expect(1, 20)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { assert.NoError(t, send(t, c, channel, map[string]any{"n": 21})) })
	}
	all.Wait()
	for range 20 {
		assert.Equal(t, 21, number(t, l.next()))
	}
	data := json.RawMessage(`{"n":22,"text":"\u00e9\ud83d\ude00\u2028 <&>","list":[null,true,-1.5e3,{}],"":""}`)
	require.NoError(t, send(t, c, channel, data))
	assert.JSONEq(t, string(data), string(l.next().(*cometd.Message).Data))

	// A refusal is this call's error, and nothing else happens.
	refused := func(err error) {
		t.Helper()
		var failure *cometd.Error
		require.ErrorAs(t, err, &failure)
		assert.Equal(t, 403, failure.Code, err)
		assert.NotEmpty(t, failure.Raw)
	}
	refused(send(t, c, "/forbidden/x", 1))
	_, err := c.Subscribe(t.Context(), "/forbidden/x")
	refused(err)
	_, err = c.SubscribeChannels(t.Context(), "/interop/other", "/forbidden/x")
	refused(err)
	eventually(t, "the other channel given up", func() bool { return s.subscribers("/interop/other") == "0" })
	require.NoError(t, send(t, c, channel, map[string]any{"n": 23}))
	l.expect(23, 23)
	closes(t, c)
}

// Patterns get what they cover, each subscription each event once.
func patterns(t *testing.T, s *server, g target) {
	c := dial(t, s, g)
	clients := []*cometd.Client{c, c, c}
	if g.copies { // to one session it would deliver the same event several times
		clients = []*cometd.Client{c, dial(t, s, g), dial(t, s, g)}
	}
	exact := subscribe(t, clients[0], "/interop/a/b")
	one := subscribe(t, clients[1], "/interop/a/*")
	deep := subscribe(t, clients[2], "/interop/**")
	for n, name := range []string{"/interop/a/b", "/interop/a/c", "/interop/a/b/c", "/interop/x", "/elsewhere/a/b"} {
		s.publish(name, n+1, 1)
	}
	s.publish("/interop/a/b", 6, 1)
	exact.mayMiss(2, 3, 4, 5)
	exact.end(6)
	assert.Equal(t, 6, exact.last)
	one.expect(1, 2)
	one.mayMiss(3, 4, 5)
	one.end(6)
	deep.expect(1, 4)
	deep.mayMiss(5)
	deep.end(6)
	for _, c := range clients {
		closes(t, c)
	}
}

// The last subscription to a channel tells the server, an earlier one does not.
func unsubscribe(t *testing.T, s *server, g target) {
	c := dial(t, s, g)
	first, second := subscribe(t, c, channel), subscribe(t, c, channel)
	other := subscribe(t, c, "/interop/other")
	require.NoError(t, first.sub.Close())
	s.publish(channel, 1, 1)
	second.expect(1, 1)
	_, err := first.sub.Next(t.Context())
	assert.ErrorIs(t, err, cometd.ErrClosed)
	assert.Equal(t, "1", s.subscribers(channel))

	require.NoError(t, second.sub.Close())
	eventually(t, "unsubscribed", func() bool { return s.subscribers(channel) == "0" })
	s.publish(channel, 2, 1)
	s.publish("/interop/other", 1, 1)
	other.expect(1, 1)

	again := subscribe(t, c, channel)
	s.publish(channel, 3, 1)
	again.expect(3, 3)
	closes(t, c)
}

// Large events, and more subscriptions than fit into one frame, which are
// restored when the session is lost.
func big(t *testing.T, s *server, g target) {
	c := dial(t, s, g)
	l := subscribe(t, c, channel)
	_, err := s.ask(t.Context(), "/publish", "channel", channel, "first", "1", "count", "3", "pad", fmt.Sprint(1<<20))
	require.NoError(t, err)
	l.expect(1, 3)

	var names []string
	for n := range 500 {
		names = append(names, fmt.Sprintf("/interop/%0200d", n))
	}
	many := subscribe(t, c, names...)
	check := func() {
		t.Helper()
		for n, name := range names {
			s.publish(name, n, 1)
		}
		many.expect(0, len(names)-1)
	}
	check()
	s.forgetAll()
	assert.False(t, many.reconnected().Lossless)
	check()
	closes(t, c)
}

// Connects are held by the server, not repeated at once.
func holds(t *testing.T, s *server, g target) {
	requests := make(chan struct{}, 1000)
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	c := dial(t, s, g, func(o *cometd.Options) {
		o.HTTPClient = &http.Client{Transport: countingTransport{transport, func() { requests <- struct{}{} }}}
	})
	eventually(t, "a held connect", func() bool { return len(requests) == 3 }) // handshake, two connects
	began := time.Now()
	eventually(t, "two more connects", func() bool { return len(requests) >= 5 })
	assert.GreaterOrEqual(t, time.Since(began), holdTime)
	closes(t, c)
}

// A server without WebSocket gets long-polling, one that has it WebSocket.
func negotiates(t *testing.T, s *server, g target) {
	before := s.proxy.upgrades.Load()
	c := dial(t, s, g, func(o *cometd.Options) {
		o.Transports = []cometd.Transport{cometd.WebSocket, cometd.LongPolling}
	})
	l := subscribe(t, c, channel)
	s.publish(channel, 1, 10)
	l.expect(1, 10)
	assert.Equal(t, g.sockets, s.proxy.upgrades.Load() > before)
	closes(t, c)
}

// Two clients over one cookie jar do not look like one browser, which the
// servers would let poll every two seconds only.
func sharedJar(t *testing.T, s *server, g target) {
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	shared := func(o *cometd.Options) { o.HTTPClient = &http.Client{Transport: transport, Jar: jar} }
	clients := []*cometd.Client{dial(t, s, g, shared), dial(t, s, g, shared)}
	listeners := []*listener{subscribe(t, clients[0], channel), subscribe(t, clients[1], channel)}
	began := time.Now()
	for n := 1; n <= 5; n++ {
		s.publish(channel, n, 1)
		for _, l := range listeners {
			l.expect(n, n)
		}
	}
	assert.Less(t, time.Since(began), 2*time.Second)
	for _, c := range clients {
		closes(t, c)
	}
}

// The network fails again and again: with acknowledgements nothing is lost,
// without them what is lost is reported, and the session lives on.
func cut(t *testing.T, s *server, g target) {
	c := dial(t, s, g)
	l := subscribe(t, c, channel)
	l.unordered = g.transport == cometd.LongPolling && !g.ack
	id := s.sessions()
	n := 0
	for round := range 10 {
		for range 5 {
			n++
			s.publish(channel, n, 1)
		}
		s.proxy.cutAll()
		n++
		s.publish(channel, n, 1)
		eventually(t, "publishing", func() bool { return send(t, c, "/interop/other", 0) == nil })
		if round%2 == 0 { // the other half is cut while it connects
			eventually(t, "a connection", func() bool { return c.State() == cometd.Connected })
		}
	}
	// Without acknowledgements the very last events may be lost: go on until
	// one arrives.
	more := make(chan struct{})
	var publishing sync.WaitGroup
	stop := sync.OnceFunc(func() {
		close(more)
		publishing.Wait()
	})
	defer stop()
	reached := n
	publishing.Go(func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-more:
				return
			case <-tick.C:
				n++
				s.publish(channel, n, 1)
			}
		}
	})
	l.until(reached)
	stop()
	s.awaitConnect(1)
	n++
	s.publish(channel, n, 1)
	l.end(n)
	assert.Equal(t, id, s.sessions(), "the session")
	if g.ack {
		for _, gap := range l.gaps {
			assert.True(t, gap.Lossless, "%+v", gap)
		}
	} else {
		assert.NotEmpty(t, l.gaps)
	}
	closes(t, c)
}

// A response that the server has sent does not arrive.
func lostResponse(t *testing.T, s *server, g target) {
	c := dial(t, s, g)
	l := subscribe(t, c, channel)
	id := s.sessions()
	s.publish(channel, 1, 10)
	l.expect(1, 10)
	lost := s.proxy.cutAt(`"n":13`)
	s.publish(channel, 11, 5)
	select {
	case <-lost:
	case <-time.After(patience):
		require.Fail(t, "nothing to cut")
	}
	if g.ack {
		l.until(15)
		for _, gap := range l.gaps {
			assert.True(t, gap.Lossless, "%+v", gap)
		}
	} else {
		l.untilGaps(1)
		assert.False(t, l.gaps[0].Lossless)
	}
	s.awaitConnect(1)
	s.publish(channel, 16, 10)
	l.end(25)
	assert.Equal(t, id, s.sessions(), "the session")
	closes(t, c)
}

// The network is down for longer than the session lives.
func expire(t *testing.T, s *server, g target) {
	c := dial(t, s, g)
	l, other := subscribe(t, c, channel), subscribe(t, c, "/interop/*")
	if g.copies {
		require.NoError(t, other.sub.Close())
		other = subscribe(t, c, "/interop2/*")
	}
	id := s.sessions()
	s.publish(channel, 1, 10)
	l.expect(1, 10)
	s.awaitConnect(1)
	s.proxy.setDown(true)
	defer s.proxy.setDown(false)
	if !g.forgetful {
		s.publish(channel, 11, 5)
	}
	eventually(t, "expiry", func() bool { return len(s.sessions()) == 0 })
	s.proxy.setDown(false)
	gap := l.reconnected()
	assert.False(t, gap.Lossless)
	assert.Error(t, gap.Err)
	assert.Empty(t, gap.Refused)
	assert.WithinDuration(t, time.Now(), gap.Since, patience)
	s.publish(channel, 16, 10)
	l.expect(16, 25)
	if !g.copies {
		other.expect(1, 10)
		assert.False(t, other.reconnected().Lossless)
		other.expect(16, 25)
	}
	assert.Len(t, s.sessions(), 1)
	assert.NotEqual(t, id, s.sessions())
	eventually(t, "connected", func() bool { return c.State() == cometd.Connected })
	closes(t, c)
}

// The server forgets the session while a connect waits, and again while
// something else is sent.
func forgotten(t *testing.T, s *server, g target) {
	c := dial(t, s, g)
	l := subscribe(t, c, channel)
	for n := range 3 {
		s.publish(channel, 3*n+1, 1)
		l.expect(3*n+1, 3*n+1)
		s.awaitConnect(1) // a session that ends while its connect is on its way may take two attempts
		s.forgetAll()
		assert.False(t, l.reconnected().Lossless)
		s.publish(channel, 3*n+2, 2)
		l.expect(3*n+2, 3*n+3)
	}
	s.forgetAll()
	// This finds out before the connect does, or is held until there is a
	// session again; either way it has one outcome.
	err := send(t, c, "/interop/other", 1)
	var failure *cometd.Error
	if err != nil {
		require.ErrorAs(t, err, &failure)
	}
	l.reconnected()
	eventually(t, "a session", func() bool { return s.subscribers(channel) == "1" && c.State() == cometd.Connected })
	require.NoError(t, send(t, c, channel, map[string]int{"n": 10}))
	l.until(10)
	closes(t, c)
}

// The server ends the session: the client ends too, with what came before.
func kicked(t *testing.T, s *server, g target) {
	c := dial(t, s, g)
	l := subscribe(t, c, channel)
	s.publish(channel, 1, 3)
	l.expect(1, 3)
	s.awaitConnect(1) // without it there would be nobody to tell
	s.disconnectAll()
	select {
	case <-c.Done():
	case <-time.After(patience):
		require.Fail(t, "the client goes on")
	}
	require.ErrorIs(t, c.Err(), cometd.ErrDisconnected)
	_, err := l.sub.Next(t.Context())
	require.ErrorIs(t, err, cometd.ErrDisconnected)
	assert.Equal(t, cometd.Closed, c.State())
	assert.Empty(t, s.sessions(), "it came back")
	assert.Error(t, send(t, c, channel, 1))
	assert.NoError(t, c.Close())
}

// The server is killed and started again while both sides publish.
func restart(t *testing.T, s *server, g target) {
	c := dial(t, s, g)
	l := subscribe(t, c, channel)
	l.unordered = g.transport == cometd.LongPolling && !g.ack
	var mu sync.Mutex // guards the server's addresses

	enough := make(chan struct{})
	var load sync.WaitGroup
	stop := sync.OnceFunc(func() {
		close(enough)
		load.Wait()
	})
	defer stop()
	var published atomic.Int64
	load.Go(func() {
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for n := 1; ; n++ {
			select {
			case <-enough:
				return
			case <-tick.C:
			}
			mu.Lock()
			if _, err := s.ask(t.Context(), "/publish", "channel", channel, "first", fmt.Sprint(n), "count", "1"); err != nil {
				l.mayMiss(n) // whether it was published is not known
			}
			mu.Unlock()
			published.Store(int64(n))
		}
	})
	var succeeded, failed atomic.Int64
	load.Go(func() {
		for {
			select {
			case <-enough:
				return
			case <-time.After(5 * time.Millisecond):
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			err := c.Publish(ctx, "/interop/other", map[string]int{"x": 1})
			cancel()
			var failure *cometd.Error
			switch {
			case err == nil:
				succeeded.Add(1)
			case errors.As(err, &failure) && ctx.Err() != context.DeadlineExceeded:
				failed.Add(1)
			default:
				assert.NoError(t, err)
			}
		}
	})
	for range 2 {
		reached := published.Load()
		eventually(t, "load", func() bool { return published.Load() > reached+20 })
		gaps := len(l.gaps)
		mu.Lock()
		s.process.kill()
		s.start(s.port)
		mu.Unlock()
		l.untilGaps(gaps + 1)
	}
	reached, before := published.Load(), succeeded.Load()
	eventually(t, "load", func() bool { return published.Load() > reached+20 && succeeded.Load() > before })
	stop()
	s.awaitConnect(1)
	n := int(published.Load()) + 1
	s.publish(channel, n, 1)
	l.end(n)
	require.NotEmpty(t, l.gaps)
	for _, gap := range l.gaps {
		assert.False(t, gap.Lossless, "%+v", gap)
	}
	assert.Len(t, s.sessions(), 1)
	eventually(t, "connected", func() bool { return c.State() == cometd.Connected })
	t.Logf("%d events, %d gaps; %d publishes, %d of them failed", n, len(l.gaps), succeeded.Load()+failed.Load(), failed.Load())
	closes(t, c)
}
