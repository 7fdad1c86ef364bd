package cometdtest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWebSocket_options(t *testing.T) {
	bubble(t, Options{RequireHandshakePerConnection: true}, func(t *testing.T, s *Server) {
		w := openWire(t, s).open()
		again := openWire(t, s)
		again.id = w.id
		again.connect("5")
		again.wants(`[{"id":"5","channel":"/meta/connect","successful":false,"error":"402::session_unknown","advice":{"reconnect":"handshake","interval":0}}]`)
		again.open()
	})
	bubble(t, Options{MessagesPerFrame: 2}, func(t *testing.T, s *Server) {
		w := openWire(t, s).open("/foo")
		s.Batch(func() {
			for i := range 3 {
				s.Publish("/foo", i)
			}
		})
		w.wants(`[{"channel":"/foo","data":0},{"channel":"/foo","data":1}]`)
		w.wants(`[{"channel":"/foo","data":2}]`)
	})
	bubble(t, Options{Subprotocol: "bayeux/1.0"}, func(t *testing.T, s *Server) {
		_, res, err := websocket.Dial(t.Context(), s.URL(), &websocket.DialOptions{HTTPClient: s.Client()})
		require.Error(t, err)
		assert.Equal(t, 400, res.StatusCode)
		conn, _, err := websocket.Dial(t.Context(), s.URL(), &websocket.DialOptions{HTTPClient: s.Client(), Subprotocols: []string{"x", "bayeux/1.0"}})
		require.NoError(t, err)
		assert.Equal(t, "bayeux/1.0", conn.Subprotocol())
		_ = conn.CloseNow()
	})
	bubble(t, Options{}, func(t *testing.T, s *Server) {
		conn, _, err := websocket.Dial(t.Context(), s.URL(), &websocket.DialOptions{HTTPClient: s.Client(), Subprotocols: []string{"bayeux/1.0"}})
		require.NoError(t, err)
		assert.Empty(t, conn.Subprotocol())
		_ = conn.CloseNow()
	})
}

func TestWebSocket_sessionChangesTransport(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, s *Server) {
		p := newPeer(t, s).open("/foo")
		w := openWire(t, s) // without the cookie
		w.id = p.id
		s.Publish("/foo", 0)
		w.connect("5")
		w.wants(`[{"channel":"/foo","data":0}]`)
		s.Publish("/foo", 1)
		w.wants(`[{"channel":"/foo","data":1}]`)

		p.connectNow() // and back
		s.Publish("/foo", 2)
		p.wants(held, `[{"channel":"/foo","data":2},{"id":"7","channel":"/meta/connect","successful":true}]`)

	})
	// A session that was opened on a WebSocket has no cookie to show elsewhere.
	for trust, took := range map[bool]time.Duration{false: 0, true: 30 * time.Second} {
		bubble(t, Options{TrustClientSession: trust}, func(t *testing.T, s *Server) {
			w := openWire(t, s).open("/foo")
			p := newPeer(t, s)
			p.id = w.id
			start := time.Now()
			assert.Equal(t, trust, p.connect()[0]["successful"])
			assert.Equal(t, took, time.Since(start))
		})
	}
}

func TestWebSocket_olderSocketIsClosed(t *testing.T) {
	for preset, closed := range map[Preset]bool{Reference: false, Reference29: true} {
		bubble(t, Options{Preset: preset}, func(t *testing.T, s *Server) {
			w := openWire(t, s)
			w.send(`[{"id":"1","channel":"/meta/handshake","version":"1.0"}]`)
			w.id = decode(t, w.next())[0]["clientId"].(string)
			w.send(`[{"id":"2","channel":"/meta/connect","clientId":"CLIENT","advice":{"timeout":0}}]`)
			w.next()
			w.connect("3")
			synctest.Wait() // it is held
			again := openWire(t, s)
			again.id = w.id
			again.connect("4")
			synctest.Wait()
			ctx, cancel := contextFor(t, time.Second)
			defer cancel()
			_, _, err := w.conn.Read(ctx)
			assert.Equal(t, closed, websocket.CloseStatus(err) == websocket.StatusNormalClosure, err)
		})
	}
}

// The connect shares its frame with others: their replies wait for it.
func TestWebSocket_connectWithOthers(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, s *Server) {
		w := openWire(t, s).open("/foo")
		start := time.Now()
		w.send(`[{"id":"4","channel":"/foo","clientId":"CLIENT","data":1},{"id":"5","channel":"/meta/connect","clientId":"CLIENT"}]`)
		w.wants(`[{"channel":"/foo","data":1}]`)
		assert.Zero(t, time.Since(start))
		w.wants(`[{"id":"4","channel":"/foo","successful":true},{"id":"5","channel":"/meta/connect","successful":true}]`)
		assert.Equal(t, 30*time.Second, time.Since(start))
	})
}

func TestWebSocket_sweptSessionClosesItsSocket(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, s *Server) {
		w := openWire(t, s).open()
		w.connect("4")
		synctest.Wait()
		s.Session(w.id).Expire()
		_, _, err := w.conn.Read(t.Context())
		assert.Equal(t, websocket.StatusNormalClosure, websocket.CloseStatus(err))
	})
}

// Frames of a session keep the order in which their events were published.
func TestWebSocket_order(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, s *Server) {
		w := openWire(t, s).open("/foo")
		go func() {
			for i := range 500 {
				s.Publish("/foo", i)
			}
		}()
		go func() {
			for range 100 {
				w.send(`[{"id":"4","channel":"/bar","clientId":"CLIENT","data":1}]`)
			}
		}()
		for i := 0; i < 500; {
			if n, ok := decode(t, w.next())[0]["data"]; ok {
				require.Equal(t, float64(i), n)
				i++
			}
		}
		for range 2 {
			synctest.Wait()
		}
	})
}

func TestWebSocket_fayeHoldsAllRepliesWithTheConnect(t *testing.T) {
	bubble(t, Options{Preset: Faye, Timeout: 5 * time.Second}, func(t *testing.T, s *Server) {
		w := openWire(t, s)
		w.send(`[{"id":"1","channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["websocket"]}]`)
		w.id = decode(t, w.next())[0]["clientId"].(string)
		start := time.Now()
		w.send(`[{"id":"4","channel":"/meta/subscribe","clientId":"CLIENT","subscription":"/foo"},{"id":"5","channel":"/meta/connect","clientId":"CLIENT","connectionType":"websocket"}]`)
		synctest.Wait()
		s.Publish("/foo", 1)
		w.wants(`[{"channel":"/foo","data":1}]`)
		w.wants(`[{"id":"4","clientId":"CLIENT","channel":"/meta/subscribe","subscription":"/foo","successful":true},
			{"id":"5","clientId":"CLIENT","channel":"/meta/connect","successful":true,"advice":{"reconnect":"retry","interval":0,"timeout":5000}}]`)
		assert.Equal(t, 5*time.Second, time.Since(start))
	})
}

// A session outlives its socket for as long as it would outlive a connect.
func TestWebSocket_lossStartsTheClock(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, s *Server) {
		w := openWire(t, s).open("/foo")
		w.connect("4")
		synctest.Wait()
		sess := s.Session(w.id)
		require.True(t, sess.Held())
		time.Sleep(20 * time.Second)
		require.NoError(t, w.conn.CloseNow())
		synctest.Wait()
		assert.False(t, sess.Held())
		s.Publish("/foo", 1) // waits for the next socket
		assert.Equal(t, 1, sess.Queued())
		time.Sleep(10*time.Second - time.Nanosecond)
		assert.True(t, sess.Alive())
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		assert.False(t, sess.Alive())
	})
}

func TestWebSocket_fayeAnswersADisconnectBeforeItCloses(t *testing.T) {
	bubble(t, Options{Preset: Faye}, func(t *testing.T, s *Server) {
		w := openWire(t, s)
		w.send(`[{"id":"1","channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["websocket"]}]`)
		w.id = decode(t, w.next())[0]["clientId"].(string)
		w.connect("2")
		w.send(`[{"id":"3","channel":"/meta/disconnect","clientId":"CLIENT"}]`)
		w.wants(`[{"id":"3","clientId":"CLIENT","channel":"/meta/disconnect","successful":true}]`)
		_, _, err := w.conn.Read(t.Context())
		assert.Equal(t, websocket.StatusNormalClosure, websocket.CloseStatus(err), err)
	})
}
