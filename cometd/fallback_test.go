package cometd

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/cometd/cometdtest"
)

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

func TestFallback_serverAwayBeforeAWebSocketEverWorked(t *testing.T) {
	socketBubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		srv.On(cometdtest.Match{Upgrade: true}, cometdtest.Status(503, nil, ""))
		c := dial(t, srv, socketFirst)
		settle()
		srv.Restart(30 * time.Second)
		after(2 * time.Minute)
		assert.Equal(t, Connected, c.State())
		assert.Equal(t, []string{"long-polling", "websocket"}, carriers(srv, metaHandshake))
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
				after(time.Second)
				if test.carrier == "long-polling" {
					assert.LessOrEqual(t, ours(), 1, "the socket of the handshake is closed")
				}
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
