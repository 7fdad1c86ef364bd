package cometd

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/cometd/cometdtest"
)

// bubble runs f with an in-memory server in a bubble with a fake clock. A
// goroutine or connection left behind at its end fails the test.
func bubble(t *testing.T, o cometdtest.Options, f func(t *testing.T, srv *cometdtest.Server)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		o.InMemory = true
		srv := cometdtest.NewServer(o)
		t.Cleanup(srv.Close)
		f(t, srv)
	})
}

// dial returns a client without random delays that is closed with the test.
func dial(t *testing.T, srv *cometdtest.Server, opts ...func(*Options)) *Client {
	t.Helper()
	c, err := tryDial(t.Context(), srv, opts...)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func tryDial(ctx context.Context, srv *cometdtest.Server, opts ...func(*Options)) (*Client, error) {
	o := &Options{HTTPClient: srv.Client(), noSpread: true}
	for _, set := range opts {
		set(o)
	}
	return Dial(ctx, srv.URL(), o)
}

func subscribe(t *testing.T, c *Client, channels ...string) *Subscription {
	t.Helper()
	s, err := c.SubscribeChannels(t.Context(), channels...)
	require.NoError(t, err)
	return s
}

// settle waits until everything is idle, which lets no time pass.
func settle() { synctest.Wait() }

// after lets time pass, and everything that happens meanwhile happen.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// next returns the next event, which must be there within a minute.
func nextEvent(t *testing.T, s *Subscription) Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	e, err := s.Next(ctx)
	require.NoError(t, err)
	return e
}

// nextData returns the data of the next event, which must be a message.
func nextData(t *testing.T, s *Subscription) string {
	t.Helper()
	e := nextEvent(t, s)
	m, ok := e.(*Message)
	require.True(t, ok, "%#v", e)
	return string(m.Data)
}

// nothing requires that no event waits.
func nothing(t *testing.T, s *Subscription) {
	t.Helper()
	settle()
	require.Zero(t, s.queue.Len())
}

// times returns when the requests with a message on channel arrived, since
// start.
func times(srv *cometdtest.Server, channel string, start time.Time) []time.Duration {
	var all []time.Duration
	for _, r := range srv.RequestsFor(channel) {
		all = append(all, r.Time.Sub(start))
	}
	return all
}

// wire returns the channels of the messages of every request, a string each.
func wire(srv *cometdtest.Server) []string {
	var all []string
	for _, r := range srv.Requests() {
		var names []string
		for _, m := range r.Messages {
			names = append(names, strings.TrimPrefix(m.Channel, "/meta/"))
		}
		all = append(all, strings.Join(names, " "))
	}
	return all
}

// journal collects log records.
type journal struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.String()
}

func (j *journal) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(j, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func count(text, part string) int { return strings.Count(text, part) }

// expireAll makes the server forget everybody; there may be nobody.
func expireAll(srv *cometdtest.Server) {
	for _, sess := range srv.Sessions() {
		sess.Expire()
	}
}
