package cometdtest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The trace of a whole session, message by message.
func TestLongPolling_trace(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, s *Server) {
		p := newPeer(t, s)
		res, body, err := p.try(`[{"id":"1","channel":"/meta/handshake","version":"1.0","minimumVersion":"1.0","supportedConnectionTypes":["long-polling"]}]`)
		require.NoError(t, err)
		p.id = decode(t, body)[0]["clientId"].(string)
		assert.JSONEq(t, `[{"id":"1","channel":"/meta/handshake","successful":true,"clientId":"`+p.id+`","version":"1.0","minimumVersion":"1.0",
			"supportedConnectionTypes":["websocket","callback-polling","long-polling"],"advice":{"reconnect":"retry","interval":0,"timeout":30000}}]`, body)
		assert.Equal(t, "application/json", res.Header.Get("Content-Type"))
		assert.Regexp(t, `^BAYEUX_BROWSER=\w{16,}; Path=/; HttpOnly$`, res.Header.Get("Set-Cookie"))

		p.wants(`[{"id":"2","channel":"/meta/subscribe","clientId":"CLIENT","subscription":"/foo"}]`,
			`[{"id":"2","channel":"/meta/subscribe","subscription":"/foo","successful":true}]`)
		p.wants(`[{"id":"3","channel":"/meta/connect","clientId":"CLIENT","connectionType":"long-polling","advice":{"timeout":0}}]`,
			`[{"id":"3","channel":"/meta/connect","successful":true,"advice":{"reconnect":"retry","interval":0,"timeout":30000}}]`)

		start := time.Now()
		time.AfterFunc(4*time.Second, func() { s.Publish("/foo", map[string]int{"x": 1}) })
		p.wants(`[{"id":"4","channel":"/meta/connect","clientId":"CLIENT","connectionType":"long-polling"}]`,
			`[{"channel":"/foo","data":{"x":1}},{"id":"4","channel":"/meta/connect","successful":true}]`)
		assert.Equal(t, 4*time.Second, time.Since(start))

		connect := p.async(`[{"id":"5","channel":"/meta/connect","clientId":"CLIENT","connectionType":"long-polling"}]`)
		synctest.Wait()
		p.wants(`[{"id":"6","channel":"/foo","clientId":"CLIENT","data":{"x":2}}]`,
			`[{"channel":"/foo","data":{"x":2}},{"id":"6","channel":"/foo","successful":true}]`)
		p.wants(`[{"id":"7","channel":"/meta/disconnect","clientId":"CLIENT"}]`,
			`[{"id":"7","channel":"/meta/disconnect","successful":true}]`)
		a := <-connect
		require.NoError(t, a.err)
		assert.JSONEq(t, `[{"id":"5","channel":"/meta/connect","successful":true,"advice":{"reconnect":"none"}}]`, a.body)
		assert.Empty(t, s.Sessions())
	})
}

func TestLongPolling_heldUntilTimeout(t *testing.T) {
	bubble(t, Options{Timeout: 20 * time.Second}, func(t *testing.T, s *Server) {
		p := newPeer(t, s).open()
		start := time.Now()
		p.wants(held, `[{"id":"7","channel":"/meta/connect","successful":true}]`)
		assert.Equal(t, 20*time.Second, time.Since(start))
	})
}

func TestLongPolling_sessionExpires(t *testing.T) {
	ends := make(chan End, 1)
	bubble(t, Options{Interval: time.Second, MaxInterval: 5 * time.Second, OnEnd: func(_ *Session, why End) { ends <- why }}, func(t *testing.T, s *Server) {
		p := newPeer(t, s).open()
		time.Sleep(6*time.Second - 1)
		require.True(t, p.session().Alive())
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		assert.Nil(t, p.session())
		assert.Equal(t, Expired, <-ends)
		p.wants(held, `[{"id":"7","channel":"/meta/connect","successful":false,"error":"402::session_unknown","advice":{"reconnect":"handshake","interval":0}}]`)
		p.wants(`[{"id":"8","channel":"/foo","clientId":"CLIENT","data":1}]`, `[{"id":"8","channel":"/foo","successful":false,"error":"402::session_unknown"}]`)
	})
}

func TestServer_realSocket(t *testing.T) {
	s := NewServer(Options{})
	defer s.Close()
	p := newPeer(t, s).open("/foo/*")
	s.Publish("/foo/bar", "hello")
	p.wants(held, `[{"channel":"/foo/bar","data":"hello"},{"id":"7","channel":"/meta/connect","successful":true}]`)
}
