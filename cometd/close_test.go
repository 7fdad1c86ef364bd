package cometd

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/cometd/cometdtest"
)

func eachTransport(t *testing.T, o cometdtest.Options, f func(t *testing.T, srv *cometdtest.Server, use func(*Options))) {
	for _, transport := range []Transport{LongPolling, WebSocket} {
		t.Run(string(transport), func(t *testing.T) {
			o.WebSocket = true
			bubble(t, o, func(t *testing.T, srv *cometdtest.Server) {
				f(t, srv, func(o *Options) { o.Transports = []Transport{transport} })
			})
		})
	}
}

func TestClose_tellsTheServerAndWaitsForTheConnect(t *testing.T) {
	eachTransport(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server, use func(*Options)) {
		c := dial(t, srv, use)
		settle()
		srv.On(cometdtest.Match{Channel: metaDisconnect}, cometdtest.DelayReply(time.Second))
		start := time.Now()
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() { assert.NoError(t, c.Close()) })
		}
		wg.Wait()
		assert.Equal(t, time.Second, time.Since(start))
		assert.ErrorIs(t, c.Err(), ErrClosed)
		n := len(srv.Requests())
		assert.Len(t, srv.RequestsFor(metaDisconnect), 1)
		for _, r := range srv.Requests() {
			assert.False(t, r.Aborted, "%s", r.Body)
		}
		after(time.Hour)
		assert.Len(t, srv.Requests(), n, "nothing is sent later")
		_, err := c.Subscribe(t.Context(), "/a")
		assert.ErrorIs(t, err, ErrClosed)
		assert.ErrorIs(t, c.Publish(t.Context(), "/a", 1), ErrClosed)
	})
}

func TestClose_doesNotWaitForEver(t *testing.T) {
	for name, test := range map[string]struct {
		fault cometdtest.Fault
		limit time.Duration
	}{
		"silence": {cometdtest.Silence(), 3 * time.Second},
		"402":     {cometdtest.Refuse("402::session_unknown", nil), 0},
		"cut":     {cometdtest.DropBefore(), 0},
		"slow":    {cometdtest.Delay(20 * time.Second), 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			eachTransport(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server, use func(*Options)) {
				c := dial(t, srv, use)
				settle()
				srv.On(cometdtest.Match{Channel: metaDisconnect}, test.fault)
				start := time.Now()
				require.NoError(t, c.Close())
				assert.Equal(t, test.limit, time.Since(start))
				assert.ErrorIs(t, c.Err(), ErrClosed)
			})
		})
	}
}

func TestClose_connectThatIsNotReleased(t *testing.T) {
	eachTransport(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server, use func(*Options)) {
		c := dial(t, srv, use)
		settle()
		onConnect(srv, cometdtest.Swallow())
		srv.Sessions()[0].Deliver("/service/x", 1) // ends the connect on long-polling
		after(30 * time.Second)
		start := time.Now()
		require.NoError(t, c.Close())
		assert.Equal(t, time.Second, time.Since(start))
	})
}

func TestClose_whereverTheSessionIs(t *testing.T) {
	for name, prepare := range map[string]func(srv *cometdtest.Server){
		"server gone":        func(srv *cometdtest.Server) { srv.Restart(time.Hour) },
		"rehandshaking":      func(srv *cometdtest.Server) { forget(srv, cometdtest.Silence()) },
		"handshake in delay": func(srv *cometdtest.Server) { forget(srv, cometdtest.Status(503, nil, "")) },
		"restoring": func(srv *cometdtest.Server) {
			forget(srv)
			srv.On(cometdtest.Match{Channel: metaSubscribe}, cometdtest.Silence())
		},
		"restoring in delay": func(srv *cometdtest.Server) {
			forget(srv)
			srv.On(cometdtest.Match{Channel: metaSubscribe, Times: -1}, cometdtest.Status(503, nil, ""))
		},
		"connecting": func(srv *cometdtest.Server) {
			forget(srv)
			srv.On(cometdtest.Match{Channel: metaConnect, Nth: 2}, cometdtest.Silence())
		},
		"connect in delay": func(srv *cometdtest.Server) {
			srv.Sessions()[0].Cut()
			srv.On(cometdtest.Match{Channel: metaConnect, Times: -1}, cometdtest.Status(503, nil, ""))
		},
		"connect in interval": func(srv *cometdtest.Server) { onConnect(srv, cometdtest.Advice(map[string]any{"interval": 3600000})) },
		"publishing":          func(srv *cometdtest.Server) { srv.On(cometdtest.Match{Channel: "/x"}, cometdtest.Silence()) },
	} {
		t.Run(name, func(t *testing.T) {
			eachTransport(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server, use func(*Options)) {
				c := dial(t, srv, use)
				subscribe(t, c, "/a")
				settle()
				var wg sync.WaitGroup
				wg.Go(func() { time.Sleep(32 * time.Second); _ = c.Publish(t.Context(), "/x", 1) })
				prepare(srv)
				after(33 * time.Second)
				start := time.Now()
				require.NoError(t, c.Close())
				assert.LessOrEqual(t, time.Since(start), 3*time.Second)
				if name != "publishing" && name != "restoring" && name != "connecting" {
					assert.LessOrEqual(t, time.Since(start), time.Second)
				}
				wg.Wait()
				n := len(srv.Requests())
				after(time.Hour)
				assert.Len(t, srv.Requests(), n)
			})
		})
	}
}

// forget loses the session with the next connect, and spoils the handshake.
func forget(srv *cometdtest.Server, faults ...cometdtest.Fault) {
	onConnect(srv, cometdtest.Forget())
	if len(faults) > 0 {
		srv.On(cometdtest.Match{Channel: metaHandshake, Times: -1}, faults...)
	}
}

func TestClose_whileOtherThingsFail(t *testing.T) {
	for _, failing := range []string{metaHandshake, metaConnect, metaSubscribe, "/x"} {
		t.Run(failing, func(t *testing.T) {
			eachTransport(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server, use func(*Options)) {
				c := dial(t, srv, use)
				settle()
				srv.On(cometdtest.Match{Channel: failing, Times: -1}, cometdtest.Delay(time.Second), cometdtest.DropBefore())
				var wg sync.WaitGroup
				for i := range 20 {
					wg.Go(func() { _ = c.Publish(t.Context(), "/x", i) })
					wg.Go(func() { _, _ = c.Subscribe(t.Context(), fmt.Sprint("/s", i)) })
				}
				wg.Go(func() { time.Sleep(time.Second); expireAll(srv) })
				wg.Go(func() { time.Sleep(time.Second + ms); _ = c.Close() })
				wg.Wait()
				assert.Equal(t, Closed, c.State())
			})
		})
	}
}

func TestClose_byTheServer(t *testing.T) {
	for _, order := range []cometdtest.Fault{cometdtest.ReplyFirst(), cometdtest.ReplyLast()} {
		eachTransport(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server, use func(*Options)) {
			c := dial(t, srv, use)
			sub := subscribe(t, c, "/a")
			srv.On(cometdtest.Match{Channel: metaConnect, Times: -1}, order)
			after(time.Minute)
			n := len(srv.Requests())
			srv.Batch(func() {
				srv.Publish("/a", "bye")
				srv.Sessions()[0].Disconnect()
			})
			<-c.Done()
			assert.Equal(t, `"bye"`, nextData(t, sub))
			_, err := sub.Next(t.Context())
			assert.ErrorIs(t, err, ErrDisconnected)
			assert.ErrorIs(t, c.Err(), ErrDisconnected)
			assert.Equal(t, Closed, c.State())
			after(time.Hour)
			assert.Len(t, srv.Requests(), n)
		})
	}
}

func TestClose_byAMessageOfTheServerAlone(t *testing.T) {
	eachTransport(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server, use func(*Options)) {
		c := dial(t, srv, use)
		settle()
		srv.Sessions()[0].DeliverRaw(`{"channel":"/meta/disconnect","successful":true}`)
		<-c.Done()
		assert.ErrorIs(t, c.Err(), ErrDisconnected)
		assert.Empty(t, srv.RequestsFor(metaDisconnect))
	})
}

func TestCloseNow_sendsNothing(t *testing.T) {
	eachTransport(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server, use func(*Options)) {
		c := dial(t, srv, use)
		sub := subscribe(t, c, "/a")
		srv.On(cometdtest.Match{Channel: "/x"}, cometdtest.Silence())
		srv.Publish("/a", 1)
		settle()
		var wg sync.WaitGroup
		wg.Go(func() { assert.ErrorIs(t, c.Publish(t.Context(), "/x", 1), ErrClosed) })
		settle()
		n := len(srv.Requests())
		start := time.Now()
		require.NoError(t, c.CloseNow())
		require.NoError(t, c.Close())
		wg.Wait()
		assert.Zero(t, time.Since(start))
		assert.Equal(t, "1", nextData(t, sub), "the backlog can be read")
		_, err := sub.Next(t.Context())
		assert.ErrorIs(t, err, ErrClosed)
		assert.Len(t, srv.Requests(), n)
	})
}

func TestClose_anotherClientCanBeDialledAfterwards(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		o := &Options{HTTPClient: srv.Client()}
		ends := []func(*Client){
			func(c *Client) { _ = c.Close() },
			func(c *Client) { _ = c.CloseNow() },
			func(c *Client) {
				for _, s := range srv.Sessions() {
					s.Disconnect()
				}
				<-c.Done()
			},
		}
		cookies := map[string]bool{}
		for _, end := range ends {
			c, err := Dial(t.Context(), srv.URL(), o)
			require.NoError(t, err)
			settle()
			list := srv.RequestsFor(metaConnect)
			cookies[list[len(list)-1].Header.Get("Cookie")] = true
			handshakes := srv.RequestsFor(metaHandshake)
			assert.Empty(t, handshakes[len(handshakes)-1].Header.Get("Cookie"))
			end(c)
		}
		assert.Len(t, cookies, 3, "a new browser cookie each")
	})
}

func TestDial_cancelledContextDoesNotEndTheClient(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		ctx, cancel := context.WithCancel(t.Context())
		c, err := tryDial(ctx, srv)
		require.NoError(t, err)
		cancel()
		after(time.Hour)
		assert.Equal(t, Connected, c.State())
		assert.NoError(t, c.Err())
		require.NoError(t, c.Close())
	})
}
