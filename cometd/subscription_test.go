package cometd

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/cometd/cometdtest"
)

func TestSubscribe_onlyTheFirstAndTheLastAreSent(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		settle()
		srv.ClearRecord()
		a, b := subscribe(t, c, "/foo"), subscribe(t, c, "/foo")
		assert.Len(t, srv.RequestsFor(metaSubscribe), 1)
		require.NoError(t, a.Close())
		settle()
		assert.Empty(t, srv.RequestsFor(metaUnsubscribe))
		srv.Publish("/foo", 1)
		assert.Equal(t, "1", nextData(t, b))
		require.NoError(t, b.Close())
		require.NoError(t, b.Close())
		settle()
		assert.Len(t, srv.RequestsFor(metaUnsubscribe), 1)
		assert.Empty(t, srv.Sessions()[0].Subscriptions())
		_, err := b.Next(t.Context())
		assert.ErrorIs(t, err, ErrClosed)
		assert.ErrorIs(t, b.Add(t.Context(), "/x"), ErrClosed)
	})
}

func TestSubscribe_laterOnesShareThePendingOutcome(t *testing.T) {
	for _, refused := range []bool{false, true} {
		bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
			c := dial(t, srv)
			settle()
			faults := []cometdtest.Fault{cometdtest.Delay(3 * time.Second)}
			if refused {
				faults = append(faults, cometdtest.Refuse("403::no", nil))
			}
			srv.On(cometdtest.Match{Channel: metaSubscribe}, faults...)
			start := time.Now()
			var wg sync.WaitGroup
			for range 3 {
				wg.Go(func() {
					s, err := c.Subscribe(t.Context(), "/foo")
					assert.Equal(t, 3*time.Second, time.Since(start))
					assert.Equal(t, refused, err != nil)
					assert.Equal(t, refused, s == nil)
				})
				settle()
			}
			wg.Wait()
			assert.Len(t, srv.RequestsFor(metaSubscribe), 1)
			if refused {
				s := subscribe(t, c, "/foo")
				assert.Len(t, srv.RequestsFor(metaSubscribe), 2)
				srv.Publish("/foo", 1)
				assert.Equal(t, "1", nextData(t, s))
			}
		})
	}
}

func TestSubscribe_allOrNothing(t *testing.T) {
	bubble(t, cometdtest.Options{Policy: func(_ *cometdtest.Session, a cometdtest.Action, channel string) *cometdtest.Refusal {
		if a == cometdtest.Subscribe && channel == "/bad" {
			return &cometdtest.Refusal{Text: "403::no"}
		}
		return nil
	}}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		settle()
		srv.ClearRecord()
		keep := subscribe(t, c, "/keep")
		_, err := c.SubscribeChannels(t.Context(), "/a", "/bad", "/keep", "/b")
		assert.Equal(t, "/bad", asE(t, err).Subscription)
		settle()
		assert.Equal(t, []string{"subscribe", "subscribe subscribe subscribe", "unsubscribe unsubscribe"}, wire(srv))
		assert.Equal(t, []string{"/keep"}, srv.Sessions()[0].Subscriptions())

		require.Error(t, keep.Add(t.Context(), "/bad"))
		require.NoError(t, keep.Add(t.Context(), "/more"))
		require.NoError(t, keep.Add(t.Context(), "/more"), "twice is once")
		assert.Equal(t, []string{"/keep", "/more"}, srv.Sessions()[0].Subscriptions())
		srv.Publish("/more", 1)
		srv.Publish("/keep", 2)
		assert.Equal(t, "1", nextData(t, keep))
		assert.Equal(t, "2", nextData(t, keep))
		_ = keep.Close()
		settle()
		assert.Empty(t, srv.Sessions()[0].Subscriptions())
	})
}

func TestSubscribe_wildcards(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		settle()
		subs := map[string]*Subscription{}
		for _, channel := range []string{"/a/b", "/a/*", "/a/**", "/**", "/*", "/a/b/c", "/a/*/c"} {
			subs[channel] = subscribe(t, c, channel)
		}
		for channel, want := range map[string][]string{
			"/a/b":     {"/a/b", "/a/*", "/a/**", "/**"},
			"/a/x":     {"/a/*", "/a/**", "/**"},
			"/a/b/c":   {"/a/b/c", "/a/**", "/**"},
			"/a":       {"/*", "/**"},
			"/b":       {"/*", "/**"},
			"/b/c/d/e": {"/**"},
			"/a/*/c":   {"/a/*/c", "/a/**", "/**"}, // a literal star
		} {
			srv.Sessions()[0].DeliverRaw(fmt.Sprintf(`{"channel":%q,"data":1}`, channel))
			settle()
			for pattern, s := range subs {
				n := s.queue.Len()
				if slices.Contains(want, pattern) {
					if assert.Equal(t, 1, n, "%s on %s", channel, pattern) {
						assert.Equal(t, channel, nextEvent(t, s).(*Message).Channel)
					}
				} else {
					assert.Zero(t, n, "%s on %s", channel, pattern)
				}
			}
		}
		require.NoError(t, c.Publish(t.Context(), "/q/r/s", 1))
		after(time.Minute)
		assert.Equal(t, "/q/r/s", nextEvent(t, subs["/**"]).(*Message).Channel)
		nothing(t, subs["/**"]) // no meta messages
	})
}

func TestSubscribe_overlappingPatternsDeliverOnce(t *testing.T) {
	bubble(t, cometdtest.Options{Preset: cometdtest.Reference}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		sub := subscribe(t, c, "/a/b", "/a/*", "/a/**", "/a/b/")
		srv.Publish("/a/b", 1)
		assert.Equal(t, "1", nextData(t, sub))
		nothing(t, sub)
		assert.Equal(t, []string{"/a/*", "/a/**", "/a/b"}, srv.Sessions()[0].Subscriptions())
	})
}

func TestSubscribe_mostSpecificPatternFirst(t *testing.T) {
	var got []string
	patterns([]byte("/a/b/c"), nil, func(p []byte) bool { got = append(got, string(p)); return true })
	assert.Equal(t, []string{"/a/b/*", "/a/b/**", "/a/**", "/**"}, got)
	got = nil
	patterns([]byte("/a"), nil, func(p []byte) bool { got = append(got, string(p)); return len(got) < 1 })
	assert.Equal(t, []string{"/*"}, got)
}

func TestSubscribe_localChannelsSendNothing(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		settle()
		service, meta := subscribe(t, c, "/service/x"), subscribe(t, c, "/meta/connect")
		assert.Empty(t, srv.RequestsFor(metaSubscribe))
		srv.Sessions()[0].Deliver("/service/x", 1)
		assert.Equal(t, "1", nextData(t, service))
		m := nextEvent(t, meta).(*Message)
		assert.Nil(t, m.Data)
		var reply struct{ Successful bool }
		require.NoError(t, json.Unmarshal(m.Raw, &reply))
		assert.True(t, reply.Successful)
		_ = service.Close()
		_ = meta.Close()
		settle()
		assert.Empty(t, srv.RequestsFor(metaUnsubscribe))
	})
}

func TestSubscribe_trailingSlash(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		sub := subscribe(t, c, "/foo/")
		assert.Equal(t, []string{"/foo"}, srv.Sessions()[0].Subscriptions())
		require.NoError(t, c.Publish(t.Context(), "/foo/", 1))
		assert.Equal(t, "/foo", nextEvent(t, sub).(*Message).Channel)

		// Others publish with a slash, too, and servers leave it.
		deeper := subscribe(t, c, "/foo/*")
		for _, channel := range []string{"/foo/", "/foo/bar/"} {
			srv.PublishRaw(nil, `{"channel":"`+channel+`","data":2}`)
		}
		assert.Equal(t, "/foo", nextEvent(t, sub).(*Message).Channel)
		assert.Equal(t, "/foo/bar", nextEvent(t, deeper).(*Message).Channel)
		nothing(t, sub)
	})
}

func TestSubscribe_eventsInTheResponseOfTheSubscribe(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		settle()
		srv.On(cometdtest.Match{Channel: metaSubscribe}, cometdtest.EventBefore("/foo", "before"), cometdtest.EventAfter("/foo", "after"))
		sub := subscribe(t, c, "/foo")
		assert.Equal(t, `"before"`, nextData(t, sub))
		assert.Equal(t, `"after"`, nextData(t, sub))
	})
}

func TestSubscribe_orderOfCallsDecides(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		settle()
		srv.On(cometdtest.Match{Channel: metaSubscribe}, cometdtest.DelayReply(time.Second))
		ctx, cancel := context.WithTimeout(t.Context(), 500*ms)
		defer cancel()
		_, err := c.Subscribe(ctx, "/foo") // unsubscribes behind the pending subscribe
		require.Error(t, err)
		sub := subscribe(t, c, "/foo") // and subscribes behind that
		settle()
		assert.Equal(t, []string{"/foo"}, srv.Sessions()[0].Subscriptions())
		srv.Publish("/foo", 1)
		assert.Equal(t, "1", nextData(t, sub))
		var order []string
		for _, w := range wire(srv) {
			if w != "connect" && w != "handshake" {
				order = append(order, w)
			}
		}
		assert.Equal(t, []string{"subscribe", "unsubscribe subscribe"}, order)
	})
}

func TestSubscription_readerMayUseTheClient(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		sub := subscribe(t, c, "/foo")
		done := make(chan struct{})
		go func() {
			defer close(done)
			for e, err := range sub.All(t.Context()) {
				if err != nil {
					assert.ErrorIs(t, err, ErrClosed)
					return
				}
				if string(e.(*Message).Data) == "1" {
					assert.NoError(t, c.Publish(t.Context(), "/foo", 2))
					other, err := c.Subscribe(t.Context(), "/bar")
					assert.NoError(t, err)
					assert.NoError(t, other.Close())
					continue
				}
				assert.NoError(t, c.Close())
			}
		}()
		srv.Publish("/foo", 1)
		<-done
	})
}

func TestSubscription_readerThatPanicsConcernsNobodyElse(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		a, b := subscribe(t, c, "/foo"), subscribe(t, c, "/foo")
		func() {
			defer func() { assert.NotNil(t, recover()) }()
			srv.Publish("/foo", 1)
			for range a.All(t.Context()) {
				panic("reader")
			}
		}()
		assert.Equal(t, "1", nextData(t, b))
		srv.Publish("/foo", 2)
		assert.Equal(t, "2", nextData(t, a))
		assert.Equal(t, "2", nextData(t, b))
	})
}

func TestSubscription_contextEndsNext(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		sub := subscribe(t, c, "/foo")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		_, err := sub.Next(ctx)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(start))
	})
}

func TestSubscription_slowReaderDoesNotCostTheSession(t *testing.T) {
	for _, transport := range []Transport{LongPolling, WebSocket} {
		for _, ack := range []bool{false, true} {
			t.Run(fmt.Sprint(transport, ack), func(t *testing.T) {
				bubble(t, cometdtest.Options{WebSocket: true, Ack: ack}, func(t *testing.T, srv *cometdtest.Server) {
					c := dial(t, srv, func(o *Options) { o.Buffer = 4; o.Transports = []Transport{transport} })
					slow, other := subscribe(t, c, "/foo"), subscribe(t, c, "/bar")
					for i := range 60 { // a reader that blocks for 30 seconds
						srv.Publish("/foo", i)
						after(500 * ms)
					}
					assert.Equal(t, Connected, c.State())
					srv.Publish("/bar", 1)
					assert.Equal(t, "1", nextData(t, other))
					next, lagged := 0, 0
					for next < 60 {
						switch e := nextEvent(t, slow).(type) {
						case *Message:
							assert.Equal(t, fmt.Sprint(next), string(e.Data))
							next++
						case *Lagged:
							lagged += e.Dropped
							next += e.Dropped
						}
					}
					assert.Equal(t, 56, lagged)
					assert.Len(t, srv.RequestsFor(metaHandshake), 1)
					srv.Publish("/foo", "end")
					assert.Equal(t, `"end"`, nextData(t, slow))
				})
			})
		}
	}
}

func TestSubscription_heartbeatDoesNotWaitWhileThereIsRoom(t *testing.T) {
	bubble(t, cometdtest.Options{Ack: true}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv, func(o *Options) { o.Buffer = 10 })
		subscribe(t, c, "/foo")
		settle()
		srv.ClearRecord()
		start := time.Now()
		for i := range 9 {
			srv.Publish("/foo", i)
			settle()
		}
		assert.Equal(t, make([]time.Duration, 9), times(srv, metaConnect, start))
	})
}

func TestSubscription_ackWithholdsTheConnectFromAFullQueue(t *testing.T) {
	bubble(t, cometdtest.Options{Ack: true}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv, func(o *Options) { o.Buffer = 2 })
		sub := subscribe(t, c, "/foo")
		settle()
		for i := range 3 {
			srv.Publish("/foo", i)
			settle()
		}
		srv.ClearRecord()
		start := time.Now()
		after(3 * time.Second)
		assert.Empty(t, srv.RequestsFor(metaConnect), "the server keeps what it has")
		for i := range 3 {
			assert.Equal(t, fmt.Sprint(i), nextData(t, sub))
		}
		settle()
		assert.Equal(t, []time.Duration{3 * time.Second}, times(srv, metaConnect, start))

		for i := range 4 {
			srv.Publish("/foo", i)
			settle()
		}
		start = time.Now()
		srv.ClearRecord()
		after(10 * time.Second)
		assert.Equal(t, 5*time.Second, times(srv, metaConnect, start)[0], "half of maxInterval")
		assert.Equal(t, "0", nextData(t, sub))
		assert.Equal(t, "1", nextData(t, sub))
		assert.Equal(t, &Lagged{Dropped: 2}, nextEvent(t, sub))
	})
}
