package cometd

import (
	"context"
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

// peer is the server's end of a WebSocket, driven by hand.
type peer struct {
	t    *testing.T
	conn *websocket.Conn
	ctx  context.Context
	over chan struct{} // closed at the end of the test
}

// receive returns the next message of the client.
func (p *peer) receive() map[string]any {
	_, body, err := p.conn.Read(p.ctx)
	if err != nil {
		return nil
	}
	var all []map[string]any
	assert.NoError(p.t, json.Unmarshal(body, &all))
	return all[0]
}

func (p *peer) send(text string) { _ = p.conn.Write(p.ctx, websocket.MessageText, []byte(text)) }

// handshake answers a handshake and the first connect.
func (p *peer) handshake(fields string) {
	m := p.receive()
	p.send(fmt.Sprintf(`[{"channel":"/meta/handshake","id":%q,"successful":true,"clientId":"c","supportedConnectionTypes":["websocket"]%s}]`, m["id"], fields))
}

func (p *peer) answer(m map[string]any, fields string) {
	p.send(fmt.Sprintf(`[{"channel":%q,"id":%q,"successful":true%s}]`, m["channel"], m["id"], fields))
}

// withPeer runs f with a client whose WebSockets are served by serve.
func withPeer(t *testing.T, serve func(*peer), f func(t *testing.T, c *Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := memnet.Listen()
		over := make(chan struct{})
		defer close(over)
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			conn, err := websocket.Accept(w, r, nil)
			if err != nil {
				return
			}
			defer conn.CloseNow()
			serve(&peer{t, conn, r.Context(), over})
		})}
		go func() { _ = server.Serve(l) }()
		defer server.Close()
		transport := &http.Transport{DialContext: l.DialContext}
		c, err := Dial(t.Context(), "ws://mem/", &Options{HTTPClient: &http.Client{Transport: transport}, Transports: []Transport{WebSocket}, noSpread: true})
		require.NoError(t, err)
		defer c.CloseNow()
		f(t, c)
	})
}

func TestWebSocket_announcedEventsAreAwaited(t *testing.T) {
	connected := make(chan time.Time, 10)
	withPeer(t, func(p *peer) {
		p.handshake(`,"x-messages":2`)
		time.Sleep(time.Second)
		p.send(`[{"channel":"/a","data":1},{"channel":"/meta/subscribe","id":"x","successful":true}]`)
		time.Sleep(time.Second)
		p.send(`[{"channel":"/a","data":2}]`)
		for m := p.receive(); m != nil; m = p.receive() {
			connected <- time.Now()
		}
	}, func(t *testing.T, c *Client) {
		start := time.Now()
		after(time.Minute)
		assert.Equal(t, 2*time.Second, (<-connected).Sub(start))
	})
}

func TestWebSocket_peerThatFallsSilent(t *testing.T) {
	sockets := make(chan time.Time, 10)
	withPeer(t, func(p *peer) {
		sockets <- time.Now()
		if len(sockets) == 1 {
			p.handshake("")
		}
		p.answer(p.receive(), `,"advice":{"timeout":600000}`)
		p.receive()
		<-p.over // reads no more, so there are no pongs
	}, func(t *testing.T, c *Client) {
		start := time.Now()
		after(31 * time.Second)
		assert.Equal(t, Connected, c.State())
		<-sockets
		assert.Equal(t, 30500*ms, (<-sockets).Sub(start), "20s to the ping, 10s for the pong")
	})
}

func TestAck_replyThatComesBehindTheConnectThatReplacesIt(t *testing.T) {
	withPeer(t, func(p *peer) {
		p.handshake(`,"ext":{"ack":true}`)
		var held map[string]any
		for m := p.receive(); m != nil; m = p.receive() {
			switch {
			case m["channel"] != metaConnect && m["channel"] != "/x":
				p.answer(m, "")
			case m["channel"] == "/x":
				p.send(fmt.Sprintf(`[{"channel":"/x","id":%q,"successful":false,"error":"402::session_unknown"}]`, m["id"]))
			case m["advice"] != nil && held == nil:
				p.answer(m, `,"ext":{"ack":1}`)
			case m["advice"] != nil: // the answer to the one that it replaces is under way
				p.send(`[{"channel":"/a","data":1}]`)
				p.answer(held, `,"ext":{"ack":2}`)
				assert.Equal(p.t, map[string]any{"ack": 1.0}, m["ext"])
				p.send(`[{"channel":"/a","data":1},{"channel":"/a","data":2}]`)
				p.answer(m, `,"ext":{"ack":3}`)
			default:
				held = m
			}
		}
	}, func(t *testing.T, c *Client) {
		sub := subscribe(t, c, "/a")
		after(2 * time.Second)
		require.Error(t, c.Publish(t.Context(), "/x", 1))
		assert.Equal(t, "1", nextData(t, sub))
		assert.Equal(t, "2", nextData(t, sub))
		nothing(t, sub)
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

func TestWebSocket_eachRequestHasItsOwnLimit(t *testing.T) {
	socketBubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv, socketOnly)
		settle()
		srv.On(cometdtest.Match{Channel: "/slow"}, cometdtest.Delay(5*time.Second))
		srv.On(cometdtest.Match{Channel: "/never"}, cometdtest.Silence())
		start := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() { assert.NoError(t, c.Publish(t.Context(), "/slow", 1)) })
		wg.Go(func() {
			time.Sleep(4 * time.Second)
			assert.Error(t, c.Publish(t.Context(), "/never", 1))
			assert.Equal(t, 14*time.Second, time.Since(start))
		})
		wg.Wait()
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
		c.mu.Lock()
		assert.Len(t, c.negotiate.socket.socket.pending.requests, 1, "what is superseded is forgotten")
		c.mu.Unlock()
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

func TestWebSocket_fragmentedFrames(t *testing.T) {
	socketBubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv, socketOnly)
		sub := subscribe(t, c, "/a")
		srv.On(cometdtest.Match{Channel: "/x"}, cometdtest.EventBefore("/a", strings.Repeat("y", 200)), cometdtest.Chunks(16, 10*ms))
		require.NoError(t, c.Publish(t.Context(), "/x", 1))
		assert.Len(t, nextData(t, sub), 202)
	})
}
