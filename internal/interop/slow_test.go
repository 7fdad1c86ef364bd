//go:build unix

package interop

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/cometd"
)

// A reader who stops reading for longer than a session lives without connects
// does not lose the session, and is told how much was missed. The servers keep
// sessions for as long as they do by default, and all wait at the same time.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	const usual = 10 * time.Second
	type reader struct {
		target
		s       *server
		c       *cometd.Client
		l       *listener
		session []string
	}
	var readers []*reader
	for _, g := range targets() {
		s := startServer(t, g.program(t), fmt.Sprintf("ack=%v", g.ack),
			fmt.Sprintf("maxInterval=%d", usual.Milliseconds()), fmt.Sprintf("timeout=%d", usual.Milliseconds()/2))
		c := dial(t, s, g, func(o *cometd.Options) { o.Buffer = 10 })
		r := &reader{target: g, s: s, c: c, l: subscribe(t, c, channel), session: s.sessions()}
		s.publish(channel, 1, 1000)
		readers = append(readers, r)
	}
	<-time.After(usual + 2*time.Second)
	var all sync.WaitGroup
	for _, r := range readers {
		all.Go(func() {
			assert.Equal(t, r.session, r.s.sessions(), "%v: the session", r)
			received := 0
			for received+r.l.lost < 1000 {
				switch event := r.l.next().(type) {
				case *cometd.Message:
					received++
					n := number(t, event)
					assert.Greater(t, n, r.l.last, "%v", r)
					r.l.last = n
				case *cometd.Lagged:
					r.l.lost += event.Dropped
				default:
					assert.Fail(t, "the session was interrupted", "%v: %+v", r, event)
					return
				}
			}
			assert.NotZero(t, r.l.lost, "%v", r)
		})
	}
	all.Wait()
	require.False(t, t.Failed())
	for _, r := range readers {
		r.s.publish(channel, 1001, 1)
		r.l.expect(1001, 1001)
		closes(t, r.c)
	}
}
