package cometd

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/cometd/cometdtest"
)

// acks returns the numbers that connects showed, "-" for none.
func acks(srv *cometdtest.Server) []string {
	var all []string
	for _, r := range srv.RequestsFor(metaConnect) {
		n := string(r.Messages[0].ExtField("ack"))
		if n == "" {
			n = "-"
		}
		all = append(all, n)
	}
	return all
}

// messages reads n messages, and returns their data and the gaps between them.
func messages(t *testing.T, s *Subscription, n int) (data []string, gaps []*Reconnected) {
	t.Helper()
	for len(data) < n {
		switch e := nextEvent(t, s).(type) {
		case *Message:
			data = append(data, string(e.Data))
		case *Reconnected:
			gaps = append(gaps, e)
		default:
			require.Fail(t, "unexpected", "%#v", e)
		}
	}
	return data, gaps
}

func numbers(from, to int) []string {
	var all []string
	for i := from; i < to; i++ {
		all = append(all, fmt.Sprint(i))
	}
	return all
}

func TestAck_numbers(t *testing.T) {
	eachTransport(t, cometdtest.Options{Ack: true}, func(t *testing.T, srv *cometdtest.Server, use func(*Options)) {
		c := dial(t, srv, use)
		sub := subscribe(t, c, "/a")
		settle()
		for i := range 3 {
			srv.Publish("/a", i)
			settle()
		}
		assert.Equal(t, []string{"0", "1", "2", "3", "4"}, acks(srv))
		data, _ := messages(t, sub, 3)
		assert.Equal(t, numbers(0, 3), data)
		srv.ClearRecord()
		srv.Sessions()[0].Expire()
		after(time.Minute)
		assert.Equal(t, "true", string(srv.RequestsFor(metaHandshake)[0].Messages[0].ExtField("ack")))
		assert.Contains(t, acks(srv), "0", "a new session starts again")
	})
}

func TestAck_startingNumberOfTheHandshake(t *testing.T) {
	bubble(t, cometdtest.Options{Ack: true}, func(t *testing.T, srv *cometdtest.Server) {
		srv.On(cometdtest.Match{Channel: metaHandshake}, cometdtest.Set("ext", map[string]any{"ack": map[string]any{"enabled": true, "batch": 7}}))
		dial(t, srv)
		settle()
		assert.Equal(t, "7", acks(srv)[0])
	})
}

func TestAck_notConfirmedOrNotWanted(t *testing.T) {
	for _, reply := range []any{nil, map[string]any{"ack": false}, map[string]any{"ack": map[string]any{"enabled": false, "batch": 3}}, "odd", map[string]any{"ack": "true"}, map[string]any{"ack": nil}} {
		bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
			srv.On(cometdtest.Match{Channel: metaHandshake}, cometdtest.Set("ext", reply))
			dial(t, srv)
			settle()
			assert.Equal(t, []string{"-", "-"}, acks(srv))
		})
	}
	bubble(t, cometdtest.Options{Ack: true}, func(t *testing.T, srv *cometdtest.Server) {
		dial(t, srv, func(o *Options) { o.NoAck = true })
		settle()
		assert.Equal(t, []string{"-", "-"}, acks(srv))
		assert.Nil(t, srv.RequestsFor(metaHandshake)[0].Messages[0].Ext)
	})
}

func TestAck_lostResponsesAreRepeated(t *testing.T) {
	for name, fault := range map[string]cometdtest.Fault{
		"cut": cometdtest.Drop(), "part": cometdtest.Truncate(30), "swallowed": cometdtest.Swallow(),
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, cometdtest.Options{Ack: true, MaxInterval: time.Hour}, func(t *testing.T, srv *cometdtest.Server) {
				c := dial(t, srv)
				sub := subscribe(t, c, "/a")
				settle()
				srv.On(cometdtest.Match{Channel: metaConnect, Times: 2}, fault)
				for i := range 5 {
					srv.Publish("/a", i)
					settle()
				}
				data, gaps := messages(t, sub, 5)
				assert.Equal(t, numbers(0, 5), data)
				require.Len(t, gaps, 1)
				assert.True(t, gaps[0].Lossless)
				after(5 * time.Minute)
				nothing(t, sub)
				assert.Len(t, srv.RequestsFor(metaHandshake), 1)
			})
		})
	}
}

func TestAck_numberOfAFailedOrStaleReplyIsNotTaken(t *testing.T) {
	bubble(t, cometdtest.Options{Ack: true}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		sub := subscribe(t, c, "/a")
		settle()
		onConnect(srv, cometdtest.Set("successful", false), cometdtest.Advice(map[string]any{"reconnect": "retry"}))
		onConnect(srv, cometdtest.Set("id", "999"))
		onConnect(srv, cometdtest.NoReply())
		for i := range 6 {
			srv.Publish("/a", i)
			after(3 * time.Second)
		}
		data, _ := messages(t, sub, 6)
		assert.Equal(t, numbers(0, 6), data, "each once, in order")
		nothing(t, sub)
		assert.Equal(t, []string{"0", "1", "2", "2", "2", "2"}, acks(srv)[:6])
	})
}

func TestAck_eventsAreDeliveredOnceAcrossSockets(t *testing.T) {
	bubble(t, cometdtest.Options{Ack: true, WebSocket: true}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv, func(o *Options) { o.Transports = []Transport{WebSocket} })
		sub := subscribe(t, c, "/a")
		settle()
		n := 0
		publish := func(k int) {
			for range k {
				srv.Publish("/a", n)
				n++
			}
		}
		for range 5 {
			publish(3)
			settle()
			srv.Sessions()[0].Cut()
			publish(2) // while the socket is down
			after(5 * time.Second)
			// The events arrive, the reply behind them does not.
			onConnect(srv, cometdtest.NoReply(), cometdtest.CloseSocket(1001, "away"))
			publish(2)
			after(30 * time.Second)
			publish(1)
			after(30 * time.Second)
		}
		data, gaps := messages(t, sub, n)
		assert.Equal(t, numbers(0, n), data)
		nothing(t, sub)
		assert.NotEmpty(t, gaps)
		for _, g := range gaps {
			assert.True(t, g.Lossless)
		}
		assert.Len(t, srv.RequestsFor(metaHandshake), 1)
	})
}

func TestAck_overtakenConnect(t *testing.T) {
	eachTransport(t, cometdtest.Options{Ack: true, IgnoreAborts: true}, func(t *testing.T, srv *cometdtest.Server, use func(*Options)) {
		c := dial(t, srv, use)
		sub := subscribe(t, c, "/a")
		settle()
		srv.On(cometdtest.Match{Channel: "/x", Times: -1}, cometdtest.Refuse("402::session_unknown", nil))
		n := 0
		for range 10 {
			go func() { _ = c.Publish(t.Context(), "/x", 1) }() // provokes a probe
			for range 3 {
				srv.Publish("/a", n)
				n++
			}
			after(3 * time.Second)
		}
		data, gaps := messages(t, sub, n)
		assert.Equal(t, numbers(0, n), data)
		for sub.queue.Len() > 0 {
			gaps = append(gaps, nextEvent(t, sub).(*Reconnected))
		}
		for _, g := range gaps {
			assert.True(t, g.Lossless)
		}
		assert.Len(t, srv.RequestsFor(metaHandshake), 1)
	})
}

func TestAck_brokenEventIsAskedForOnceMore(t *testing.T) {
	bubble(t, cometdtest.Options{Ack: true}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		sub := subscribe(t, c, "/a")
		settle()
		srv.Batch(func() {
			srv.Publish("/a", 0)
			srv.PublishRaw(nil, `{"channel":"/a","data":`+"\"\x01\"}")
			srv.Publish("/a", 1)
		})
		settle()
		data, _ := messages(t, sub, 2)
		assert.Equal(t, numbers(0, 2), data)
		assert.Equal(t, []string{"0", "1", "1"}, acks(srv)[:3])
		nothing(t, sub)

		// The server sends it again and again.
		srv.On(cometdtest.Match{Channel: metaConnect, Times: 3}, cometdtest.RawBefore(`{"channel":"/a","data":`+"\"\x01\"}"))
		srv.Publish("/a", 2)
		after(time.Minute)
		data, gaps := messages(t, sub, 1)
		assert.Equal(t, numbers(2, 3), data)
		if len(gaps) == 0 {
			gaps = append(gaps, nextEvent(t, sub).(*Reconnected))
		}
		assert.False(t, gaps[0].Lossless, "something is missing for good")
		srv.Publish("/a", 3)
		for sub.queue.Len() > 0 {
			if g, ok := nextEvent(t, sub).(*Reconnected); ok {
				assert.False(t, g.Lossless)
			}
		}
		assert.Len(t, srv.RequestsFor(metaHandshake), 1)
	})
}

func TestAck_responseThatCanNeverBeReadEndsTheSession(t *testing.T) {
	bubble(t, cometdtest.Options{Ack: true}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv, func(o *Options) { o.MaxMessageSize = 5000 })
		sub := subscribe(t, c, "/a")
		settle()
		srv.Publish("/a", strings.Repeat("x", 6000))
		gap := nextEvent(t, sub).(*Reconnected)
		assert.False(t, gap.Lossless)
		assert.ErrorIs(t, gap.Err, errTooLarge)
		assert.Len(t, srv.RequestsFor(metaHandshake), 2)
		srv.Publish("/a", 1)
		assert.Equal(t, "1", nextData(t, sub))
	})
}

func TestAck_repetitionsAreRecognised(t *testing.T) {
	a := ack{active: true}
	fresh := func(events ...string) (kept []string) {
		for _, e := range events {
			if a.fresh([]byte(e)) {
				kept = append(kept, e)
			}
		}
		return kept
	}
	assert.Equal(t, []string{"a", "a", "b"}, fresh("a", "a", "b"), "equal events are two events")
	a.repeat()
	assert.Equal(t, []string{"c", "a"}, fresh("a", "a", "b", "c", "a"))
	a.repeat()
	assert.Equal(t, []string{"x", "a"}, fresh("a", "x", "a"), "something else than a repetition")
	a.take(5)
	assert.Equal(t, []string{"a"}, fresh("a"))
	assert.Equal(t, int64(5), a.number)
	for range 1000 {
		fresh("z")
	}
	a.take(6)
	assert.LessOrEqual(t, cap(a.seen), keepSeen)
	off := ack{}
	assert.True(t, off.fresh([]byte("a")))
	assert.Empty(t, off.seen)
}
