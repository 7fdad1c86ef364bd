package cometd

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/cometd/cometdtest"
)

func TestRenewal_subscriptionsAndHeldMessagesInOneBodyBeforeTheConnect(t *testing.T) {
	for _, transport := range []Transport{LongPolling, WebSocket} {
		t.Run(string(transport), func(t *testing.T) {
			bubble(t, cometdtest.Options{WebSocket: true}, func(t *testing.T, srv *cometdtest.Server) {
				c := dial(t, srv, func(o *Options) { o.Transports = []Transport{transport} })
				a, _, gone := subscribe(t, c, "/a", "/b"), subscribe(t, c, "/a"), subscribe(t, c, "/gone")
				settle()
				require.NoError(t, gone.Close())
				settle()
				srv.ClearRecord()
				old := srv.Sessions()[0]
				confirmed := time.Now()
				srv.On(cometdtest.Match{Channel: metaHandshake}, cometdtest.Delay(2*time.Second))
				onConnect(srv, cometdtest.Forget())
				after(30 * time.Second)
				assert.Equal(t, Connecting, c.State())
				var wg sync.WaitGroup
				for _, channel := range []string{"/p", "/q", "/r"} {
					wg.Go(func() { assert.NoError(t, c.Publish(t.Context(), channel, 1)) })
					settle()
				}
				wg.Go(func() { subscribe(t, c, "/new") })
				wg.Wait()
				settle()
				assert.Equal(t, []string{"connect", "handshake", "subscribe subscribe subscribe /p /q /r", "connect", "connect"}, wire(srv))
				var channels []string
				for _, m := range srv.RequestsFor(metaSubscribe)[0].Messages[:3] {
					channels = append(channels, m.Subscriptions...)
				}
				assert.Equal(t, []string{"/a", "/b", "/new"}, channels)
				assert.Equal(t, []bool{false, true, false}, probes(t, srv))
				assert.Equal(t, Connected, c.State())

				gap := nextEvent(t, a).(*Reconnected)
				assert.Equal(t, confirmed.Add(30*time.Second), gap.Since)
				assert.Equal(t, 402, asE(t, gap.Err).Code)
				assert.False(t, gap.Lossless)
				assert.Empty(t, gap.Refused)
				assert.NotContains(t, gap.Err.Error(), old.ID)
				srv.Publish("/b", 1)
				assert.Equal(t, "1", nextData(t, a))
				nothing(t, a)
			})
		})
	}
}

func TestRenewal_gapComesAfterTheAnswersAndBeforeNewEvents(t *testing.T) {
	for _, transport := range []Transport{LongPolling, WebSocket} {
		t.Run(string(transport), func(t *testing.T) {
			bubble(t, cometdtest.Options{WebSocket: true}, func(t *testing.T, srv *cometdtest.Server) {
				c := dial(t, srv, func(o *Options) { o.Transports = []Transport{transport} })
				a, b := subscribe(t, c, "/a"), subscribe(t, c, "/b")
				settle()
				srv.On(cometdtest.Match{Channel: metaHandshake}, cometdtest.EventAfter("/a", "with the handshake"))
				srv.On(cometdtest.Match{Channel: metaSubscribe}, cometdtest.EventBefore("/a", "with the subscribe"), cometdtest.DelayReply(3*time.Second))
				onConnect(srv, cometdtest.Forget())
				after(30 * time.Second)
				after(time.Second)
				assert.Zero(t, a.queue.Len())
				srv.Publish("/a", "pushed")
				after(5 * time.Second)
				require.IsType(t, &Reconnected{}, nextEvent(t, a))
				got := map[string]bool{}
				for range 3 {
					got[nextData(t, a)] = true
				}
				assert.Equal(t, map[string]bool{`"with the handshake"`: true, `"with the subscribe"`: true, `"pushed"`: true}, got)
				require.IsType(t, &Reconnected{}, nextEvent(t, b))
				nothing(t, a)
				nothing(t, b)
			})
		})
	}
}

func TestRenewal_refusedSubscriptionIsReportedAndRemoved(t *testing.T) {
	allowed := true
	var mu sync.Mutex
	bubble(t, cometdtest.Options{Policy: func(_ *cometdtest.Session, a cometdtest.Action, channel string) *cometdtest.Refusal {
		mu.Lock()
		defer mu.Unlock()
		if a == cometdtest.Subscribe && channel == "/b" && !allowed {
			return &cometdtest.Refusal{Text: "403::no"}
		}
		return nil
	}}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		both, only, other := subscribe(t, c, "/a", "/b"), subscribe(t, c, "/b"), subscribe(t, c, "/a")
		settle()
		mu.Lock()
		allowed = false
		mu.Unlock()
		srv.Sessions()[0].Expire()
		gap := nextEvent(t, both).(*Reconnected)
		require.Len(t, gap.Refused, 1)
		assert.Equal(t, "/b", gap.Refused[0].Subscription)
		assert.Empty(t, nextEvent(t, other).(*Reconnected).Refused)
		require.Len(t, nextEvent(t, only).(*Reconnected).Refused, 1)
		_, err := only.Next(t.Context())
		assert.Equal(t, 403, asE(t, err).Code)
		srv.Publish("/a", 1)
		assert.Equal(t, "1", nextData(t, both))
		mu.Lock()
		allowed = true
		mu.Unlock()
		again := subscribe(t, c, "/b")
		srv.Publish("/b", 2)
		assert.Equal(t, "2", nextData(t, again))
		nothing(t, both)
	})
}

func TestRenewal_unknownSessionWhileRestoring(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		sub := subscribe(t, c, "/a")
		settle()
		srv.On(cometdtest.Match{Channel: metaSubscribe}, cometdtest.Forget())
		srv.Sessions()[0].Expire()
		require.IsType(t, &Reconnected{}, nextEvent(t, sub))
		settle()
		assert.Len(t, srv.RequestsFor(metaHandshake), 3)
		srv.Publish("/a", 1)
		assert.Equal(t, "1", nextData(t, sub))

		// A server that contradicts itself: the session lives, says connect.
		srv.On(cometdtest.Match{Channel: metaSubscribe}, cometdtest.Refuse("402::session_unknown", nil))
		srv.Sessions()[0].Expire()
		gap := nextEvent(t, sub).(*Reconnected)
		require.Len(t, gap.Refused, 1)
		_, err := sub.Next(t.Context())
		assert.Equal(t, 402, asE(t, err).Code)
	})
}

func TestRenewal_failingRestoreIsRepeated(t *testing.T) {
	for name, fault := range map[string]cometdtest.Fault{
		"status": cometdtest.Status(503, nil, ""), "cut": cometdtest.Drop(), "silence": cometdtest.Silence(),
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, cometdtest.Options{MaxInterval: time.Minute}, func(t *testing.T, srv *cometdtest.Server) {
				c := dial(t, srv)
				sub := subscribe(t, c, "/a")
				settle()
				srv.ClearRecord()
				srv.On(cometdtest.Match{Channel: metaSubscribe, Times: 2}, fault)
				srv.Sessions()[0].Expire()
				require.IsType(t, &Reconnected{}, nextEvent(t, sub))
				settle()
				assert.Len(t, srv.RequestsFor(metaSubscribe), 3)
				assert.Len(t, srv.RequestsFor(metaHandshake), 1)
				assert.Equal(t, Connected, c.State())
				srv.Publish("/a", 1)
				assert.Equal(t, "1", nextData(t, sub))
			})
		})
	}
}

func TestRenewal_pendingSubscriptionIsRestoredUnsubscribedIsNot(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		settle()
		srv.On(cometdtest.Match{Channel: metaSubscribe}, cometdtest.Silence())
		var wg sync.WaitGroup
		wg.Go(func() {
			sub := subscribe(t, c, "/pending")
			srv.Publish("/pending", 1)
			assert.Equal(t, "1", nextData(t, sub))
			time.Sleep(time.Minute) // the first attempt has timed out meanwhile
			srv.Publish("/pending", 2)
			assert.Equal(t, "2", nextData(t, sub))
		})
		settle()
		// This one waits behind it, and is not sent twice either.
		wg.Go(func() { subscribe(t, c, "/behind") })
		settle()
		srv.Sessions()[0].Expire() // while the subscribe is under way
		after(time.Second)
		assert.Equal(t, []string{"/behind", "/pending"}, srv.Sessions()[0].Subscriptions())
		wg.Wait()
		n := 0
		for _, r := range srv.RequestsFor(metaSubscribe) {
			n += len(r.Messages)
		}
		assert.Equal(t, 3, n)
	})
}

func TestRenewal_afterARestartOfTheServer(t *testing.T) {
	for _, transport := range []Transport{LongPolling, WebSocket} {
		t.Run(string(transport), func(t *testing.T) {
			bubble(t, cometdtest.Options{WebSocket: true}, func(t *testing.T, srv *cometdtest.Server) {
				c := dial(t, srv, func(o *Options) { o.Transports = []Transport{transport, LongPolling} })
				sub := subscribe(t, c, "/a")
				after(time.Minute)
				srv.Restart(20 * time.Second)
				after(time.Second)
				assert.Equal(t, Unconnected, c.State())
				assert.Error(t, c.Publish(t.Context(), "/x", 1))
				after(time.Minute)
				assert.Equal(t, Connected, c.State())
				require.IsType(t, &Reconnected{}, nextEvent(t, sub))
				srv.Publish("/a", 1)
				assert.Equal(t, "1", nextData(t, sub))
				list := srv.RequestsFor(metaHandshake)
				assert.Equal(t, string(transport), list[len(list)-1].Transport, "a restart is no reason for another transport")
			})
		})
	}
}

func TestRenewal_expiryWhileTheNetworkIsDown(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		sub := subscribe(t, c, "/a")
		settle()
		srv.On(cometdtest.Match{Times: 12}, cometdtest.DropBefore())
		srv.Sessions()[0].Cut()
		after(5 * time.Minute)
		assert.Equal(t, Connected, c.State())
		require.IsType(t, &Reconnected{}, nextEvent(t, sub))
		nothing(t, sub)
	})
}

func TestRenewal_clientIDThatChangesWithoutHandshake(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		settle()
		id := srv.Sessions()[0].ID
		onConnect(srv, cometdtest.HoldFor(time.Second), cometdtest.Set("clientId", "other"))
		after(2 * time.Minute)
		assert.Equal(t, Connected, c.State())
		for _, r := range srv.RequestsFor(metaConnect) {
			assert.Equal(t, id, r.Messages[0].ClientID)
		}
	})
}

func TestRenewal_interruptionsAreReportedWhereEventsMayBeLost(t *testing.T) {
	for name, test := range map[string]struct {
		fault  cometdtest.Fault
		report bool
	}{
		"cut after the request": {cometdtest.Drop(), true},
		"half a response":       {cometdtest.Truncate(20), true},
		"gateway timeout":       {cometdtest.Status(504, nil, ""), true},
		"unavailable":           {cometdtest.Status(503, nil, ""), false},
		"not found":             {cometdtest.Status(404, nil, ""), false},
		"refused":               {cometdtest.Refuse("500::odd", nil), false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, ack := range []bool{false, true} {
				bubble(t, cometdtest.Options{Ack: ack}, func(t *testing.T, srv *cometdtest.Server) {
					c := dial(t, srv)
					sub := subscribe(t, c, "/a")
					settle()
					onConnect(srv, test.fault)
					srv.Publish("/a", 1) // ends the held connect
					assert.Equal(t, "1", nextData(t, sub))
					settle()
					srv.Publish("/a", 2)
					after(time.Minute)
					if test.report {
						gap, ok := nextEvent(t, sub).(*Reconnected)
						if assert.True(t, ok) {
							assert.Equal(t, ack, gap.Lossless)
						}
					}
					lost := test.report && !ack && test.fault != nil && name != "gateway timeout"
					if lost {
						lost = sub.queue.Len() == 0
					}
					if !lost {
						assert.Equal(t, "2", nextData(t, sub))
					}
					nothing(t, sub)
				})
			}
		})
	}
}
