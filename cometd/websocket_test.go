package cometd

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/cometd/cometdtest"
	"github.com/gwsvoice/gws-go/internal/memnet"
)

func socketOnly(o *Options)  { o.Transports = []Transport{WebSocket} }
func socketFirst(o *Options) { o.Transports = []Transport{WebSocket, LongPolling} }

// socketBubble is bubble with a server that has WebSockets.
func socketBubble(t *testing.T, o cometdtest.Options, f func(t *testing.T, srv *cometdtest.Server)) {
	t.Helper()
	o.WebSocket = true
	bubble(t, o, f)
}

// upgrades returns the requests that opened, or tried to open, a WebSocket.
func upgrades(srv *cometdtest.Server) []cometdtest.Request {
	var all []cometdtest.Request
	for _, r := range srv.Requests() {
		if r.Upgrade {
			all = append(all, r)
		}
	}
	return all
}

// carriers returns the transport of every request with a message on channel.
func carriers(srv *cometdtest.Server, channel string) []string {
	var all []string
	for _, r := range srv.RequestsFor(channel) {
		all = append(all, r.Transport)
	}
	return all
}

func TestWebSocket_carriesEverything(t *testing.T) {
	socketBubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv, socketFirst)
		sub := subscribe(t, c, "/a")
		require.NoError(t, c.Publish(t.Context(), "/a", 1))
		assert.Equal(t, "1", nextData(t, sub))
		settle()
		for _, r := range srv.Requests() {
			assert.Equal(t, "websocket", r.Transport)
			assert.Empty(t, r.Header.Get("Sec-WebSocket-Protocol"))
			for _, m := range r.Messages {
				if m.Channel == metaConnect {
					assert.Equal(t, "websocket", m.ConnectionType)
				}
			}
		}
		assert.Len(t, upgrades(srv), 1)
		assert.Equal(t, []bool{true, false}, probes(t, srv))
	})
}

func TestWebSocket_subprotocol(t *testing.T) {
	offer := func(o *Options) { o.WebSocketProtocol = "bayeux/1.0"; socketOnly(o) }
	socketBubble(t, cometdtest.Options{Subprotocol: "bayeux/1.0"}, func(t *testing.T, srv *cometdtest.Server) {
		dial(t, srv, offer)
		_, err := tryDial(t.Context(), srv, socketOnly)
		assert.Error(t, err, "the server requires it")
	})
	socketBubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		dial(t, srv, offer)
		assert.Equal(t, "bayeux/1.0", upgrades(srv)[0].Header.Get("Sec-WebSocket-Protocol"))
	})
}

func TestWebSocket_publishCompletesWhileAConnectIsHeld(t *testing.T) {
	socketBubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv, socketOnly)
		settle()
		require.True(t, srv.Sessions()[0].Held())
		srv.On(cometdtest.Match{Channel: "/slow"}, cometdtest.Delay(2*time.Second))
		start := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() {
			assert.NoError(t, c.Publish(t.Context(), "/slow", 1))
			assert.Equal(t, 2*time.Second, time.Since(start))
		})
		settle()
		require.NoError(t, c.Publish(t.Context(), "/fast", 1))
		assert.Zero(t, time.Since(start), "replies come in any order")
		wg.Wait()
	})
}

func TestWebSocket_eventsAtAnyTime(t *testing.T) {
	socketBubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv, socketOnly)
		sub := subscribe(t, c, "/a")
		settle()
		srv.On(cometdtest.Match{Channel: metaHandshake}, cometdtest.DelayReply(ms), cometdtest.EventAfter("/a", "early"))
		onConnect(srv, cometdtest.Forget())
		srv.Sessions()[0].Expire()
		require.IsType(t, &Reconnected{}, nextEvent(t, sub))
		assert.Equal(t, `"early"`, nextData(t, sub))
		srv.Publish("/a", 1)
		assert.Equal(t, "1", nextData(t, sub))
	})
}

func TestWebSocket_announcedEventsAreAwaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memnet.Listen()
		connected := make(chan time.Time, 10)
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			conn, err := websocket.Accept(w, r, nil)
			if err != nil {
				return
			}
			defer conn.CloseNow()
			send := func(text string) { _ = conn.Write(r.Context(), websocket.MessageText, []byte(text)) }
			_, _, _ = conn.Read(r.Context())
			send(`[{"channel":"/meta/handshake","id":"1","successful":true,"clientId":"c","x-messages":2,"supportedConnectionTypes":["websocket"]}]`)
			time.Sleep(time.Second)
			send(`[{"channel":"/a","data":1},{"channel":"/meta/subscribe","id":"x","successful":true}]`)
			time.Sleep(time.Second)
			send(`[{"channel":"/a","data":2}]`)
			_, _, err = conn.Read(r.Context())
			connected <- time.Now()
			for err == nil {
				_, _, err = conn.Read(r.Context())
			}
		})
		server := &http.Server{Handler: handler}
		go func() { _ = server.Serve(l) }()
		defer server.Close()
		transport := &http.Transport{DialContext: l.DialContext}
		start := time.Now()
		c, err := Dial(t.Context(), "ws://mem/", &Options{HTTPClient: &http.Client{Transport: transport}, Transports: []Transport{WebSocket}})
		require.NoError(t, err)
		assert.Zero(t, time.Since(start))
		assert.Equal(t, 2*time.Second, (<-connected).Sub(start))
		_ = c.CloseNow()
	})
}

func TestWebSocket_lossKeepsTheSession(t *testing.T) {
	for name, lose := range map[string]func(*cometdtest.Session){
		"cut":    (*cometdtest.Session).Cut,
		"closed": func(s *cometdtest.Session) { s.CloseSocket(1001, "away") },
	} {
		t.Run(name, func(t *testing.T) {
			socketBubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
				c := dial(t, srv, socketOnly)
				sub := subscribe(t, c, "/a")
				settle()
				sess := srv.Sessions()[0]
				srv.On(cometdtest.Match{Channel: "/x", Times: 2}, cometdtest.Silence())
				srv.ClearRecord()
				start := time.Now()
				var wg sync.WaitGroup
				for range 2 {
					wg.Go(func() {
						e := asE(t, c.Publish(t.Context(), "/x", 1))
						assert.Equal(t, WebSocket, e.Transport)
						if name == "closed" {
							assert.Equal(t, 1001, e.CloseCode)
						}
					})
				}
				settle()
				lose(sess)
				wg.Wait()
				assert.Zero(t, time.Since(start), "all pending fail at once")
				after(time.Second)
				assert.Equal(t, []time.Duration{500 * ms, 500 * ms}, times(srv, metaConnect, start))
				assert.Equal(t, []bool{true, false}, probes(t, srv))
				assert.Empty(t, srv.RequestsFor(metaHandshake))
				assert.Empty(t, srv.RequestsFor(metaSubscribe))
				assert.Len(t, upgrades(srv), 1)
				gap := nextEvent(t, sub).(*Reconnected)
				assert.False(t, gap.Lossless)
				srv.Publish("/a", 1)
				assert.Equal(t, "1", nextData(t, sub))
				nothing(t, sub)
			})
		})
	}
}

func TestWebSocket_lossWithoutAConnectUnderWay(t *testing.T) {
	socketBubble(t, cometdtest.Options{Interval: 5 * time.Second}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv, socketOnly)
		after(6 * time.Second)
		srv.ClearRecord()
		srv.Sessions()[0].Cut()
		after(time.Minute)
		assert.Equal(t, Connected, c.State())
		assert.Equal(t, true, probes(t, srv)[0], "a new socket asks for an answer at once")
		require.NoError(t, c.Publish(t.Context(), "/a", 1))
	})
}

func TestWebSocket_messagesFailFastWithoutASocket(t *testing.T) {
	socketBubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv, socketOnly)
		settle()
		srv.Restart(time.Minute)
		after(time.Second)
		start := time.Now()
		assert.ErrorIs(t, c.Publish(t.Context(), "/a", 1), errNoSocket)
		assert.Zero(t, time.Since(start))
	})
}

func TestWebSocket_serverThatWantsAHandshakePerSocket(t *testing.T) {
	socketBubble(t, cometdtest.Options{RequireHandshakePerConnection: true}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv, socketOnly)
		sub := subscribe(t, c, "/a")
		settle()
		srv.ClearRecord()
		srv.Sessions()[0].Cut()
		require.IsType(t, &Reconnected{}, nextEvent(t, sub))
		settle()
		assert.Equal(t, []string{"", "connect", "handshake", "subscribe", "connect", "connect"}, wire(srv))
		assert.Len(t, upgrades(srv), 1, "on the same socket")
		nothing(t, sub)
	})
}

func TestWebSocket_requestWithoutAnswerClosesTheSocket(t *testing.T) {
	socketBubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv, socketOnly, func(o *Options) { o.PingInterval = -1 })
		settle()
		srv.ClearRecord()
		start := time.Now()
		srv.On(cometdtest.Match{Channel: "/x", Times: -1}, cometdtest.Silence())
		var wg sync.WaitGroup
		for i := range 2 {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * 4 * time.Second)
				assert.Equal(t, 406, asE(t, c.Publish(t.Context(), "/x", 1)).Code)
				assert.Equal(t, 10*time.Second, time.Since(start), "both fail when the first expires")
			})
		}
		wg.Wait()
		after(time.Second)
		assert.Equal(t, Connected, c.State())
		assert.Len(t, upgrades(srv), 1)
		assert.Empty(t, srv.RequestsFor(metaHandshake))
		assert.Zero(t, srv.Pings())

		srv.ClearRecord()
		onConnect(srv, cometdtest.Silence())
		srv.Sessions()[0].Cut()
		after(12 * time.Second)
		assert.Len(t, upgrades(srv), 2, "a connect that is not answered costs the socket too")
		assert.Equal(t, Connected, c.State())
	})
}

func TestWebSocket_lateAndSupersededRepliesAreIgnored(t *testing.T) {
	socketBubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv, socketOnly)
		sub := subscribe(t, c, "/a")
		after(2 * time.Second)
		held := srv.RequestsFor(metaConnect)[1].Messages[0].ID
		srv.On(cometdtest.Match{Channel: "/x"}, cometdtest.Refuse("402::session_unknown", nil))
		require.Error(t, c.Publish(t.Context(), "/x", 1))
		settle()
		assert.Len(t, srv.RequestsFor(metaConnect), 4)
		srv.Sessions()[0].SendFrame(fmt.Sprintf(`[{"channel":"/meta/connect","id":%q,"successful":false,"advice":{"reconnect":"none"}}]`, held))
		srv.On(cometdtest.Match{Channel: "/a"}, cometdtest.Duplicate(time.Second))
		require.NoError(t, c.Publish(t.Context(), "/a", 1))
		assert.Equal(t, "1", nextData(t, sub))
		after(time.Minute)
		assert.Equal(t, Connected, c.State())
		assert.Len(t, srv.RequestsFor(metaHandshake), 1)
		nothing(t, sub)
	})
}

func TestWebSocket_duplicatedConnectReplyMakesNoSecondLoop(t *testing.T) {
	socketBubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		dial(t, srv, socketOnly)
		srv.On(cometdtest.Match{Channel: metaConnect, Times: -1}, cometdtest.Duplicate(time.Second))
		after(5 * time.Minute)
		assert.LessOrEqual(t, len(srv.RequestsFor(metaConnect)), 12)
		assert.Len(t, srv.RequestsFor(metaHandshake), 1)
	})
}

func TestFallback_refusedUpgrade(t *testing.T) {
	for name, faults := range map[string][]cometdtest.Fault{
		"404": {cometdtest.Status(404, nil, "")}, "403": {cometdtest.Status(403, nil, "")},
		"200": {cometdtest.Status(200, nil, "<html>")}, "503": {cometdtest.Status(503, nil, "")},
		"headers": {cometdtest.StripUpgrade()},
	} {
		t.Run(name, func(t *testing.T) {
			socketBubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
				var log journal
				srv.On(cometdtest.Match{Upgrade: true, Times: -1}, faults...)
				start := time.Now()
				c := dial(t, srv, socketFirst, func(o *Options) { o.Logger = log.logger() })
				assert.Zero(t, time.Since(start))
				settle()
				assert.Equal(t, Connected, c.State())
				assert.Equal(t, []string{"long-polling"}, carriers(srv, metaHandshake))
				assert.Equal(t, []string{"long-polling", "long-polling"}, carriers(srv, metaConnect))
				assert.Contains(t, log.String(), "transport unusable")
				if name != "headers" {
					assert.Contains(t, log.String(), "HTTP "+name)
				}
				var m struct{ SupportedConnectionTypes []string }
				require.NoError(t, json.Unmarshal(srv.RequestsFor(metaHandshake)[0].Messages[0].Raw, &m))
				assert.Equal(t, []string{"long-polling"}, m.SupportedConnectionTypes)

				// A renewal does not pay for it again, but for a while only.
				srv.ClearRecord()
				srv.Sessions()[0].Expire()
				after(time.Minute)
				if name == "503" {
					assert.Len(t, upgrades(srv), 1, "that may have passed")
					return
				}
				assert.Empty(t, upgrades(srv))
				after(10 * time.Minute)
				srv.Sessions()[0].Expire()
				after(time.Minute)
				assert.Len(t, upgrades(srv), 1)
			})
		})
	}
}

func TestFallback_nothingLeft(t *testing.T) {
	socketBubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		srv.On(cometdtest.Match{Upgrade: true, Times: -1}, cometdtest.Status(404, nil, ""))
		start := time.Now()
		_, err := tryDial(t.Context(), srv, socketOnly)
		assert.Equal(t, 404, asE(t, err).HTTPStatus)
		assert.Zero(t, time.Since(start))
		assert.Len(t, srv.Requests(), 1)
	})
	socketBubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		srv.On(cometdtest.Match{Upgrade: true, Times: 3}, cometdtest.Status(503, nil, ""))
		c := dial(t, srv, socketOnly)
		settle()
		assert.Equal(t, Connected, c.State(), "temporary causes are waited out")
		assert.Len(t, upgrades(srv), 4)
	})
}

func TestFallback_serverAwayIsNoReason(t *testing.T) {
	socketBubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv, socketFirst)
		settle()
		srv.Restart(30 * time.Second)
		after(2 * time.Minute)
		assert.Equal(t, Connected, c.State())
		assert.NotContains(t, carriers(srv, metaHandshake), "long-polling")
		_ = c.Close()
		srv.Restart(time.Minute)
		_, err := tryDial(t.Context(), srv, socketFirst)
		require.Error(t, err)
		assert.Empty(t, carriers(srv, metaHandshake)[len(carriers(srv, metaHandshake)):])
	})
}

func TestFallback_openingThatHangs(t *testing.T) {
	socketBubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		srv.On(cometdtest.Match{Upgrade: true, Times: -1}, cometdtest.Silence())
		start := time.Now()
		c := dial(t, srv, socketFirst, func(o *Options) { o.ConnectTimeout = 5 * time.Second })
		assert.Equal(t, 10*time.Second, time.Since(start), "two attempts")
		settle()
		assert.Equal(t, []string{"long-polling"}, carriers(srv, metaHandshake))
		assert.Equal(t, Connected, c.State())
	})
	socketBubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		srv.On(cometdtest.Match{Upgrade: true}, cometdtest.Silence())
		start := time.Now()
		dial(t, srv, socketFirst)
		assert.Equal(t, 30*time.Second, time.Since(start), "the default limit")
		assert.Equal(t, []string{"websocket"}, carriers(srv, metaHandshake))
	})
}

func TestFallback_socketThatFailsBeforeTheHandshakeReply(t *testing.T) {
	for name, faults := range map[string][]cometdtest.Fault{
		"mute": {cometdtest.Mute()}, "closed": {cometdtest.CloseSocket(1011, "odd")},
	} {
		t.Run(name, func(t *testing.T) {
			socketBubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
				m := cometdtest.Match{Upgrade: true, Times: -1}
				if name == "closed" {
					m = cometdtest.Match{Channel: metaHandshake, Transport: "websocket", Times: -1}
				}
				srv.On(m, faults...)
				dial(t, srv, socketFirst)
				settle()
				assert.Equal(t, "long-polling", carriers(srv, metaHandshake)[len(carriers(srv, metaHandshake))-1])
			})
		})
	}
}

func TestFallback_stickyUnlessSwitchedOff(t *testing.T) {
	for _, notSticky := range []bool{false, true} {
		socketBubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
			c := dial(t, srv, socketFirst, func(o *Options) { o.NotSticky = notSticky })
			settle()
			srv.ClearRecord()
			srv.On(cometdtest.Match{Channel: metaHandshake, Transport: "websocket", Times: 3}, cometdtest.CloseSocket(1011, "odd"))
			onConnect(srv, cometdtest.Forget())
			after(time.Minute)
			assert.Equal(t, Connected, c.State())
			list := carriers(srv, metaHandshake)
			if notSticky {
				assert.Equal(t, []string{"websocket", "long-polling"}, list)
			} else {
				assert.Equal(t, []string{"websocket", "websocket", "websocket", "websocket"}, list)
			}
		})
	}
}

func TestFallback_notOnAFailedConnect(t *testing.T) {
	socketBubble(t, cometdtest.Options{MaxInterval: time.Hour}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv, socketFirst)
		settle()
		srv.ClearRecord()
		srv.On(cometdtest.Match{Channel: metaConnect, Times: 5}, cometdtest.CloseSocket(1011, "odd"))
		srv.Sessions()[0].Cut()
		after(2 * time.Minute)
		assert.Equal(t, Connected, c.State())
		assert.NotContains(t, carriers(srv, metaConnect), "long-polling")
		assert.Empty(t, srv.RequestsFor(metaHandshake))
	})
}

func TestFallback_upgradesRefusedFromNowOn(t *testing.T) {
	socketBubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv, socketFirst)
		sub := subscribe(t, c, "/a")
		settle()
		srv.On(cometdtest.Match{Upgrade: true, Times: -1}, cometdtest.Status(404, nil, ""))
		srv.Sessions()[0].Cut()
		require.IsType(t, &Reconnected{}, nextEvent(t, sub))
		settle()
		assert.Equal(t, Connected, c.State())
		assert.Equal(t, []string{"websocket", "long-polling"}, carriers(srv, metaHandshake))
	})
}

func TestWebSocket_renewalsUseOneSocket(t *testing.T) {
	socketBubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv, socketFirst)
		sub := subscribe(t, c, "/a")
		settle()
		srv.ClearRecord()
		for range 5 {
			onConnect(srv, cometdtest.Forget())
			after(time.Minute)
			require.IsType(t, &Reconnected{}, nextEvent(t, sub))
		}
		assert.Len(t, srv.RequestsFor(metaHandshake), 5)
		assert.LessOrEqual(t, len(upgrades(srv)), 5)
		socks := map[int]bool{}
		for _, r := range srv.Requests() {
			socks[r.Connection] = true
		}
		assert.Len(t, socks, 1+len(upgrades(srv)))
	})
}

func TestWebSocket_expiredSessionOpensExactlyOneSocket(t *testing.T) {
	socketBubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv, socketFirst)
		sub := subscribe(t, c, "/a")
		for range 5 {
			settle()
			srv.ClearRecord()
			srv.Sessions()[0].Expire() // closes the socket
			require.IsType(t, &Reconnected{}, nextEvent(t, sub))
			settle()
			assert.Len(t, upgrades(srv), 1)
			assert.Len(t, srv.RequestsFor(metaHandshake), 1)
		}
	})
}

func TestWebSocket_messagesDoNotOpenASecondSocket(t *testing.T) {
	socketBubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv, socketFirst)
		settle()
		srv.ClearRecord()
		srv.On(cometdtest.Match{Upgrade: true}, cometdtest.Delay(2*time.Second))
		srv.Sessions()[0].Cut()
		for range 30 {
			go func() { _ = c.Publish(t.Context(), "/a", 1) }()
			after(100 * ms)
		}
		assert.Len(t, upgrades(srv), 1)
		assert.Equal(t, Connected, c.State())
		require.NoError(t, c.Publish(t.Context(), "/a", 1))
	})
}

func TestWebSocket_framesThatAreNoMessages(t *testing.T) {
	socketBubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv, socketOnly)
		sub := subscribe(t, c, "/a")
		settle()
		sess := srv.Sessions()[0]
		sess.SendBinary([]byte("[{\"channel\":\"/a\",\"data\":0}]"))
		sess.SendFrame("[]")
		sess.SendFrame(`{"channel":"/a","data":"object"}`)
		assert.Equal(t, `"object"`, nextData(t, sub))
		sess.SendFrame(`[{"data":"no channel"},{"channel":"/a","data":1}]`)
		assert.Equal(t, "1", nextData(t, sub))
		after(time.Minute)
		assert.Len(t, upgrades(srv), 1)
		require.NoError(t, c.Publish(t.Context(), "/x", strings.Repeat("x", 100_000)), "larger than a frame usually is")
	})
}

func TestWebSocket_brokenFrameClosesTheSocket(t *testing.T) {
	socketBubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv, socketOnly)
		sub := subscribe(t, c, "/a")
		settle()
		srv.ClearRecord()
		srv.On(cometdtest.Match{Channel: "/x"}, cometdtest.Silence())
		var wg sync.WaitGroup
		wg.Go(func() { assert.ErrorContains(t, c.Publish(t.Context(), "/x", 1), "invalid JSON") })
		settle()
		srv.Sessions()[0].SendFrame(`[{"channel":"/a","data":}]`)
		wg.Wait()
		require.IsType(t, &Reconnected{}, nextEvent(t, sub))
		srv.Publish("/a", 1)
		assert.Equal(t, "1", nextData(t, sub))
		assert.Len(t, upgrades(srv), 1)
		assert.Empty(t, srv.RequestsFor(metaHandshake))
	})
}

func TestWebSocket_frameAboveTheLimit(t *testing.T) {
	socketBubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv, socketOnly, func(o *Options) { o.MaxMessageSize = 10_000 })
		sub := subscribe(t, c, "/a")
		settle()
		srv.Publish("/a", strings.Repeat("x", 20_000))
		gap := nextEvent(t, sub).(*Reconnected)
		assert.ErrorIs(t, gap.Err, errTooLarge)
		srv.Publish("/a", strings.Repeat("x", 9_000))
		assert.Len(t, nextData(t, sub), 9_002)
		assert.Len(t, srv.RequestsFor(metaHandshake), 1)
	})
}

func TestWebSocket_pingsFindADeadPeer(t *testing.T) {
	socketBubble(t, cometdtest.Options{Timeout: 10 * time.Minute, MaxInterval: time.Hour}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv, socketOnly)
		after(65 * time.Second)
		assert.Equal(t, 3, srv.Pings())
		srv.On(cometdtest.Match{Upgrade: true}, cometdtest.Mute())
		srv.Sessions()[0].Cut()
		settle()
		srv.ClearRecord()
		after(45 * time.Second)
		assert.Len(t, upgrades(srv), 2)
		assert.Equal(t, Connected, c.State())
	})
}

func TestNegotiation_anotherTransportThanTheHandshake(t *testing.T) {
	for _, test := range []struct {
		prefer  []Transport
		listed  []string
		carrier string
	}{
		{[]Transport{WebSocket, LongPolling}, []string{"long-polling"}, "long-polling"},
		{[]Transport{LongPolling, WebSocket}, []string{"websocket"}, "websocket"},
	} {
		t.Run(test.carrier, func(t *testing.T) {
			socketBubble(t, cometdtest.Options{TrustClientSession: true}, func(t *testing.T, srv *cometdtest.Server) {
				srv.On(cometdtest.Match{Channel: metaHandshake, Times: -1}, cometdtest.Set("supportedConnectionTypes", test.listed))
				c := dial(t, srv, func(o *Options) { o.Transports = test.prefer })
				sub := subscribe(t, c, "/a")
				settle()
				assert.Equal(t, Connected, c.State())
				assert.Equal(t, []string{string(test.prefer[0])}, carriers(srv, metaHandshake))
				for _, r := range srv.RequestsFor(metaConnect) {
					assert.Equal(t, test.carrier, r.Transport)
					assert.Equal(t, test.carrier, r.Messages[0].ConnectionType)
				}
				srv.Publish("/a", 1)
				assert.Equal(t, "1", nextData(t, sub))
			})
		})
	}
}

func TestNegotiation_missingListMeansTheOneInUse(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		srv.On(cometdtest.Match{Channel: metaHandshake}, cometdtest.Without("supportedConnectionTypes"))
		c := dial(t, srv)
		settle()
		assert.Equal(t, Connected, c.State())
	})
}

func TestNegotiation_longPollingRefusedByStatus400(t *testing.T) {
	socketBubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		srv.On(cometdtest.Match{Channel: metaHandshake, Transport: "long-polling"}, cometdtest.Status(http.StatusBadRequest, nil, ""))
		dial(t, srv, func(o *Options) { o.Transports = []Transport{LongPolling, WebSocket} })
		assert.Equal(t, []string{"long-polling", "websocket"}, carriers(srv, metaHandshake))
	})
}

func TestWebSocket_fragmentedFrames(t *testing.T) {
	socketBubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv, socketOnly)
		sub := subscribe(t, c, "/a")
		srv.On(cometdtest.Match{Channel: "/x"}, cometdtest.EventBefore("/a", strings.Repeat("y", 200)), cometdtest.Chunks(16, 10*ms))
		require.NoError(t, c.Publish(t.Context(), "/x", 1))
		assert.Len(t, nextData(t, sub), 202)
	})
}
