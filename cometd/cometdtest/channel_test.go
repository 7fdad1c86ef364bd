package cometdtest

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPatterns(t *testing.T) {
	assert.Equal(t, []string{"/a/b/c", "/a/b/*", "/a/b/**", "/a/**", "/**"}, patterns("/a/b/c"))
	assert.Equal(t, []string{"/a", "/*", "/**"}, patterns("/a"))
}

func TestPublish_reachesTheRightSubscribers(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, s *Server) {
		for channel, want := range map[string]string{
			"/a":     "/a /* /**",
			"/a/b":   "/a/b /a/* /a/** /**",
			"/a/b/c": "/a/** /**",
			"/b":     "/* /**",
		} {
			for _, sub := range []string{"/a", "/a/b", "/*", "/**", "/a/*", "/a/**"} {
				p := newPeer(t, s).open(sub)
				s.Publish(channel, 1)
				assert.Equal(t, strings.Contains(" "+want+" ", " "+sub+" "), len(p.connectNow()) == 2, "%s for %s", channel, sub)
				assert.Equal(t, p.session().Publish(channel, 1), strings.Contains(" "+want+" ", " "+sub+" "))
				p.request("/meta/disconnect", "")
			}
		}
	})
}

func TestPublish_once(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, s *Server) {
		p := newPeer(t, s).open("/a/b", "/a/*", "/**")
		s.Publish("/a/b/", map[string]string{"x": "<&>"})
		_, body := p.post(held)
		assert.Equal(t, 1, strings.Count(body, `{"channel":"/a/b","data":{"x":"<&>"}}`))
		assert.Equal(t, 1, strings.Count(body, "data"))
		p.request("/meta/unsubscribe", `"subscription":["/a/b","/a/*"]`)
		assert.Equal(t, []string{"/**"}, p.session().Subscriptions())
		p.request("/meta/unsubscribe", `"subscription":"/**/"`)
		s.Publish("/a/b", 1)
		assert.Zero(t, p.session().Queued())
	})
}

func TestPublishTo_andRaw(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, s *Server) {
		a, b := newPeer(t, s).open("/foo"), newPeer(t, s).open("/foo")
		isA := func(sess *Session) bool { return sess.ID == a.id }
		s.PublishTo(isA, "/foo", json.RawMessage(`{"n":12345678901234567890, "x":1.0}`))
		s.PublishRaw(isA, `{"broken`)
		b.session().Deliver("/service/x", nil)
		_, body := a.post(held)
		assert.Equal(t, `[{"channel":"/foo","data":{"n":12345678901234567890, "x":1.0}},{"broken,{"channel":"/meta/connect","id":"7","successful":true}]`, body)
		b.wants(held, `[{"channel":"/service/x","data":null},{"id":"7","channel":"/meta/connect","successful":true}]`)
		s.PublishRaw(nil, `1`)
		a.session().DeliverRaw(`2`)
		_, body = a.post(held)
		assert.Equal(t, `[1,2,{"channel":"/meta/connect","id":"7","successful":true}]`, body)
	})
}

func TestPublish_panicsWhenDataIsNotJSON(t *testing.T) {
	s := NewHandler(Options{})
	defer s.Close()
	assert.Panics(t, func() { s.Publish("/foo", make(chan int)) })
}

func TestBatch_andPause(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, s *Server) {
		p := newPeer(t, s).open("/foo")
		connect := p.async(held)
		synctest.Wait()
		s.Batch(func() {
			for i := range 10_000 {
				s.Publish("/foo", i)
			}
			synctest.Wait()
			require.True(t, p.session().Held())
		})
		events := decode(t, (<-connect).body)
		require.Len(t, events, 10_001)
		for i, e := range events[:10_000] {
			require.Equal(t, float64(i), e["data"])
		}

		w := openWire(t, s).open("/foo")
		s.Pause()
		s.Publish("/foo", 1)
		p.wants(pub, `[`+pubReply+`]`)
		w.send(pub)
		w.wants(`[` + pubReply + `]`)
		connect = p.async(held)
		time.Sleep(time.Second)
		require.True(t, p.session().Held())
		s.Resume()
		assert.Len(t, decode(t, (<-connect).body), 4)
		w.wants(`[{"channel":"/foo","data":1}]`)
	})
}

func TestOptions_delivery(t *testing.T) {
	const reply7 = `{"id":"7","channel":"/meta/connect","successful":true}`
	for name, row := range map[string]struct {
		o             Options
		publish, next string // answers to a publish of one's own, and to the connect after it
	}{
		"plain":        {Options{}, `{"channel":"/foo","data":1},` + pubReply, reply7},
		"connect only": {Options{ConnectDeliverOnly: true}, pubReply, `{"channel":"/foo","data":1},` + reply7},
		"no echo":      {Options{NoEcho: true}, pubReply, reply7},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, row.o, func(t *testing.T, s *Server) {
				p := newPeer(t, s).open("/foo")
				p.wants(pub, `[`+row.publish+`]`)
				p.wants(held, `[`+row.next+`]`)
			})
		})
	}
}

// What a body causes does not release the connect that is held meanwhile,
// except where only connects may deliver.
func TestLongPolling_ownEventsRideOnTheResponse(t *testing.T) {
	for only, releases := range map[bool]bool{false: false, true: true} {
		bubble(t, Options{ConnectDeliverOnly: only}, func(t *testing.T, s *Server) {
			p := newPeer(t, s).open("/foo")
			connect := p.async(held)
			synctest.Wait()
			p.post(pub)
			synctest.Wait()
			assert.Equal(t, releases, !p.session().Held())
			p.session().Disconnect()
			<-connect
		})
	}
}

func TestOptions_messagesDuringHandshake(t *testing.T) {
	welcome := func(_ *http.Request, sess *Session) error {
		sess.Deliver("/welcome", "a")
		sess.Deliver("/welcome", "b")
		return nil
	}
	const shake = `[{"id":"1","channel":"/meta/handshake","version":"1.0","ext":{"ack":true}}]`
	bubble(t, Options{MessagesDuringHandshake: true, OnHandshake: welcome, Ack: true}, func(t *testing.T, s *Server) {
		p := newPeer(t, s)
		_, body := p.post(shake)
		all := decode(t, body)
		require.Len(t, all, 3)
		assert.Equal(t, 2.0, all[0]["x-messages"])
		assert.Equal(t, map[string]any{"ack": map[string]any{"enabled": true, "batch": 1.0}}, all[0]["ext"])
		assert.Equal(t, "a", all[1]["data"])
		p.id = all[0]["clientId"].(string)
		got := p.request("/meta/connect", `"ext":{"ack":1},"advice":{"timeout":0}`)
		require.Len(t, got, 1)
		assert.Equal(t, map[string]any{"ack": 2.0}, got[0]["ext"])

		w := openWire(t, s)
		w.send(shake)
		assert.Equal(t, 2.0, decode(t, w.next())[0]["x-messages"])
		w.wants(`[{"channel":"/welcome","data":"a"}]`)
		w.wants(`[{"channel":"/welcome","data":"b"}]`)
	})
	bubble(t, Options{OnHandshake: welcome}, func(t *testing.T, s *Server) {
		p := newPeer(t, s)
		r := p.handshake()
		assert.NotContains(t, r, "x-messages")
		assert.Len(t, p.connect(), 3)

		w := openWire(t, s)
		w.send(shake)
		w.id = decode(t, w.next())[0]["clientId"].(string)
		w.send(pub) // installs the session on the socket
		w.wants(`[{"channel":"/welcome","data":"a"}]`)
		w.wants(`[{"channel":"/welcome","data":"b"}]`)
		w.wants(`[` + pubReply + `]`)
	})
}

func TestOptions_advice(t *testing.T) {
	o := Options{Timeout: 5 * time.Second, Interval: 500 * time.Millisecond, MaxInterval: 7 * time.Second, HandshakeReconnect: true,
		CookieName: "SPECIAL", CookieMaxAge: time.Minute, Transports: []string{"long-polling"}}
	bubble(t, o, func(t *testing.T, s *Server) {
		p := newPeer(t, s)
		r := p.handshake()
		assert.Equal(t, map[string]any{"reconnect": "retry", "interval": 500.0, "timeout": 5000.0, "maxInterval": 7000.0}, r["advice"])
		assert.Equal(t, []any{"long-polling"}, r["supportedConnectionTypes"])
		assert.Regexp(t, `^SPECIAL=\w+; Path=/; Max-Age=60; HttpOnly$`, s.Requests()[0].ResponseHeader.Get("Set-Cookie"))
	})
	bubble(t, Options{Preset: GWS, WebSocket: true}, func(t *testing.T, s *Server) {
		assert.Equal(t, []any{"websocket", "long-polling"}, newPeer(t, s).handshake()["supportedConnectionTypes"])
		openWire(t, s)
	})
	bubble(t, Options{TrustClientSession: true}, func(t *testing.T, s *Server) {
		p := newPeer(t, s).open()
		p.http.Jar = nil
		p.wants(pub, `[`+pubReply+`]`)
	})
}

func TestOnPublish(t *testing.T) {
	var got []string
	o := Options{OnPublish: func(sess *Session, channel string, data json.RawMessage) {
		got = append(got, channel+string(data))
		if channel == "/service/echo" {
			sess.Deliver(channel, data)
		}
	}}
	bubble(t, o, func(t *testing.T, s *Server) {
		p := newPeer(t, s).open("/service/echo")
		assert.Empty(t, p.session().Subscriptions())
		p.wants(`[{"id":"1","channel":"/service/echo","clientId":"CLIENT","data":{"a":1}},{"id":"2","channel":"/bar","clientId":"CLIENT","data":null}]`,
			`[{"channel":"/service/echo","data":{"a":1}},{"id":"1","channel":"/service/echo","successful":true},{"id":"2","channel":"/bar","successful":true}]`)
		assert.Equal(t, []string{`/service/echo{"a":1}`, `/barnull`}, got)
		got = nil
		p.wants(`[{"id":"3","channel":"/bar/","clientId":"CLIENT","data":1}]`, `[{"id":"3","channel":"/bar/","successful":true}]`)
		assert.Equal(t, []string{"/bar1"}, got)
	})
}
