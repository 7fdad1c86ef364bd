package cometdtest

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// wire is a WebSocket driven by hand.
type wire struct {
	t    *testing.T
	conn *websocket.Conn
	id   string
}

func openWire(t *testing.T, s *Server) *wire {
	t.Helper()
	conn, _, err := websocket.Dial(t.Context(), s.URL(), &websocket.DialOptions{HTTPClient: s.Client()})
	require.NoError(t, err)
	conn.SetReadLimit(-1)
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &wire{t: t, conn: conn}
}

func (w *wire) send(frame string) {
	w.t.Helper()
	require.NoError(w.t, w.conn.Write(w.t.Context(), websocket.MessageText, []byte(strings.ReplaceAll(frame, "CLIENT", w.id))))
}

func (w *wire) next() string {
	w.t.Helper()
	_, frame, err := w.conn.Read(w.t.Context())
	require.NoError(w.t, err)
	return string(frame)
}

// wants compares the next frame.
func (w *wire) wants(frame string) {
	w.t.Helper()
	assert.JSONEq(w.t, strings.ReplaceAll(frame, "CLIENT", w.id), w.next())
}

// open is handshake, subscribe and first connect.
func (w *wire) open(channels ...string) *wire {
	w.t.Helper()
	w.send(`[{"id":"1","channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["websocket"]}]`)
	w.id = decode(w.t, w.next())[0]["clientId"].(string)
	for _, c := range channels {
		w.send(`[{"id":"2","channel":"/meta/subscribe","clientId":"CLIENT","subscription":"` + c + `"}]`)
		w.next()
	}
	w.send(`[{"id":"3","channel":"/meta/connect","clientId":"CLIENT","connectionType":"websocket","advice":{"timeout":0}}]`)
	w.wants(`[{"id":"3","channel":"/meta/connect","successful":true,"advice":{"reconnect":"retry","interval":0,"timeout":30000}}]`)
	return w
}

func (w *wire) connect(id string) {
	w.t.Helper()
	w.send(`[{"id":"` + id + `","channel":"/meta/connect","clientId":"CLIENT","connectionType":"websocket"}]`)
}

func TestWebSocket_trace(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, s *Server) {
		w := openWire(t, s).open("/foo")
		w.connect("30")
		w.send(`[{"id":"31","channel":"/foo","clientId":"CLIENT","data":2}]`)
		w.wants(`[{"channel":"/foo","data":2}]`)
		w.wants(`[{"id":"31","channel":"/foo","successful":true}]`)

		s.Session(w.id).Cut()
		_, _, err := w.conn.Read(t.Context())
		require.Error(t, err)
		assert.Equal(t, websocket.StatusCode(-1), websocket.CloseStatus(err))

		again := openWire(t, s)
		again.id = w.id
		again.send(`[{"id":"32","channel":"/meta/connect","clientId":"CLIENT","connectionType":"websocket","advice":{"timeout":0}}]`)
		again.wants(`[{"id":"32","channel":"/meta/connect","successful":true,"advice":{"reconnect":"retry","interval":0,"timeout":30000}}]`)
		start := time.Now()
		again.connect("33")
		again.wants(`[{"id":"33","channel":"/meta/connect","successful":true}]`)
		assert.Equal(t, 30*time.Second, time.Since(start))
	})
}

func TestWebSocket_expiry(t *testing.T) {
	bubble(t, Options{MaxInterval: 5 * time.Second}, func(t *testing.T, s *Server) {
		w := openWire(t, s).open()
		w.connect("4")
		time.Sleep(31 * time.Second) // answered a second ago
		w.next()
		require.True(t, s.Session(w.id).Alive())
		time.Sleep(4 * time.Second)
		synctest.Wait()
		require.Nil(t, s.Session(w.id))
		w.connect("5")
		w.wants(`[{"id":"5","channel":"/meta/connect","successful":false,"error":"402::session_unknown","advice":{"reconnect":"handshake","interval":0}}]`)
	})
}

func TestWebSocket_secondConnectSilencesTheFirst(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, s *Server) {
		w := openWire(t, s).open()
		w.connect("4")
		w.send(`[{"id":"5","channel":"/meta/connect","clientId":"CLIENT","connectionType":"websocket","advice":{"timeout":0}}]`)
		w.wants(`[{"id":"5","channel":"/meta/connect","successful":true,"advice":{"reconnect":"retry","interval":0,"timeout":30000}}]`)
		w.connect("6")
		w.wants(`[{"id":"6","channel":"/meta/connect","successful":true}]`)
	})
}

func TestWebSocket_disconnect(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, s *Server) {
		w := openWire(t, s).open()
		w.connect("8")
		w.send(`[{"id":"9","channel":"/meta/disconnect","clientId":"CLIENT"}]`)
		w.wants(`[{"id":"8","channel":"/meta/connect","successful":true,"advice":{"reconnect":"none"}}]`)
		w.wants(`[{"id":"9","channel":"/meta/disconnect","successful":true}]`)
	})
}

func TestWebSocket_kick(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, s *Server) {
		w := openWire(t, s).open()
		w.connect("8")
		synctest.Wait()
		sess := s.Session(w.id)
		sess.Deliver("/user/kick", "bye")
		sess.Disconnect()
		w.wants(`[{"channel":"/user/kick","data":"bye"}]`)
		w.wants(`[{"channel":"/meta/disconnect","successful":true}]`)
		w.wants(`[{"id":"8","channel":"/meta/connect","successful":true,"advice":{"reconnect":"none"}}]`)
	})
}

func TestWebSocket_ack(t *testing.T) {
	bubble(t, Options{Ack: true}, func(t *testing.T, s *Server) {
		w := openWire(t, s)
		w.send(`[{"id":"1","channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["websocket"],"ext":{"ack":true}}]`)
		w.id = decode(t, w.next())[0]["clientId"].(string)
		w.send(`[{"id":"2","channel":"/meta/subscribe","clientId":"CLIENT","subscription":"/foo"}]`)
		w.next()
		w.send(`[{"id":"3","channel":"/meta/connect","clientId":"CLIENT","connectionType":"websocket","advice":{"timeout":0},"ext":{"ack":0}}]`)
		w.wants(`[{"id":"3","channel":"/meta/connect","successful":true,"ext":{"ack":1},"advice":{"reconnect":"retry","interval":0,"timeout":30000}}]`)
		w.send(`[{"id":"4","channel":"/meta/connect","clientId":"CLIENT","connectionType":"websocket","ext":{"ack":1}}]`)
		synctest.Wait()
		s.On(Match{Channel: MetaConnect}, Swallow())
		s.Publish("/foo", 1)
		w.wants(`[{"channel":"/foo","data":1}]`)
		w.wants(`[{"id":"4","channel":"/meta/connect","successful":true,"ext":{"ack":2}}]`)
		s.Publish("/foo", 2)
		w.send(`[{"id":"5","channel":"/meta/connect","clientId":"CLIENT","connectionType":"websocket","ext":{"ack":2}}]`)
		synctest.Wait() // lost
		w.send(`[{"id":"6","channel":"/meta/connect","clientId":"CLIENT","connectionType":"websocket","ext":{"ack":2}}]`)
		w.wants(`[{"channel":"/foo","data":2}]`)
		w.wants(`[{"id":"6","channel":"/meta/connect","successful":true,"ext":{"ack":4},"advice":{"reconnect":"retry","interval":0,"timeout":30000}}]`)
	})
}

func TestWebSocket_upgradeRefused(t *testing.T) {
	dial := func(s *Server) (*http.Response, error) {
		conn, res, err := websocket.Dial(context.Background(), s.URL(), &websocket.DialOptions{HTTPClient: s.Client()})
		if err == nil {
			_ = conn.CloseNow()
		}
		return res, err
	}
	bubble(t, Options{Preset: GWS}, func(t *testing.T, s *Server) {
		res, err := dial(s)
		require.Error(t, err)
		assert.Equal(t, 400, res.StatusCode)
	})
	bubble(t, Options{}, func(t *testing.T, s *Server) {
		s.On(Match{Upgrade: true}, Status(403, nil, "no"))
		res, err := dial(s)
		require.Error(t, err)
		assert.Equal(t, 403, res.StatusCode)
		s.On(Match{Upgrade: true}, StripUpgrade())
		_, err = dial(s)
		require.Error(t, err)
		_, err = dial(s)
		require.NoError(t, err)
	})
}
