package cometdtest

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFault_webSocketFrames(t *testing.T) {
	reply := `[` + pubReply + `]`
	for name, row := range map[string]struct {
		faults []Fault
		want   []string
	}{
		"TextFrame":       {[]Fault{TextFrame("[]"), TextFrame("{")}, []string{"[]", "{", reply}},
		"Object":          {[]Fault{Object()}, []string{pubReply}},
		"Duplicate":       {[]Fault{Duplicate(time.Second)}, []string{reply, reply}},
		"NoReply":         {[]Fault{NoReply(), EventBefore("/x", 1)}, []string{`[{"channel":"/x","data":1}]`}},
		"EventAfter":      {[]Fault{EventAfter("/x", 1)}, []string{`[` + pubReply + `,{"channel":"/x","data":1}]`}},
		"ReplyFirst":      {[]Fault{ReplyFirst(), EventBefore("/x", 1)}, []string{reply, `[{"channel":"/x","data":1}]`}},
		"Chunks":          {[]Fault{Chunks(3, time.Second)}, []string{reply}},
		"Body":            {[]Fault{Body("{broken")}, []string{"{broken"}},
		"Delay":           {[]Fault{Delay(time.Second)}, []string{reply}},
		"DelayReply":      {[]Fault{DelayReply(time.Second)}, []string{reply}},
		"Forget":          {[]Fault{Forget()}, []string{`[{"id":"9","channel":"/foo","successful":false,"error":"402::session_unknown"}]`}},
		"Refuse":          {[]Fault{Refuse("500::x", nil)}, []string{`[{"id":"9","channel":"/foo","successful":false,"error":"500::x"}]`}},
		"Silence, others": {[]Fault{Silence()}, nil},
		"Swallow, others": {[]Fault{Swallow()}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, Options{}, func(t *testing.T, s *Server) {
				w := openWire(t, s).open()
				s.On(toFoo, row.faults...)
				w.send(pub)
				for _, frame := range row.want {
					if strings.HasPrefix(frame, "{") {
						assert.JSONEq(t, `"`+strings.ReplaceAll(frame, `"`, `'`)+`"`, `"`+strings.ReplaceAll(sortless(w.next()), `"`, `'`)+`"`)
						continue
					}
					w.wants(frame)
				}
				w.send(`[{"id":"99","channel":"/bar","clientId":"CLIENT","data":1}]`)
				assert.Contains(t, w.next(), `"99"`)
			})
		})
	}
}

// sortless leaves broken JSON alone and gives an encoded reply the order of pubReply.
func sortless(frame string) string {
	if frame == `{"channel":"/foo","id":"9","successful":true}` {
		return pubReply
	}
	return frame
}

func TestFault_webSocketBinary(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, s *Server) {
		w := openWire(t, s).open()
		s.On(toFoo, BinaryFrame([]byte{1, 2}))
		w.send(pub)
		kind, data, err := w.conn.Read(t.Context())
		require.NoError(t, err)
		assert.Equal(t, websocket.MessageBinary, kind)
		assert.Equal(t, []byte{1, 2}, data)
		w.wants(`[` + pubReply + `]`)
		s.Session(w.id).SendBinary([]byte{3})
		kind, _, err = w.conn.Read(t.Context())
		require.NoError(t, err)
		assert.Equal(t, websocket.MessageBinary, kind)
		s.Session(w.id).SendFrame("[]")
		assert.Equal(t, "[]", w.next())
	})
}

func TestFault_webSocketEnds(t *testing.T) {
	for name, row := range map[string]struct {
		fault     Fault
		code      websocket.StatusCode // -1: cut
		processed bool
	}{
		"CloseSocket": {CloseSocket(1001, "away"), 1001, true},
		"Drop":        {Drop(), -1, true},
		"DropBefore":  {DropBefore(), -1, false},
		"Truncate":    {Truncate(5), -1, true},
		"Status":      {Status(500, nil, ""), 1011, false},
	} {
		t.Run(name, func(t *testing.T) {
			published := false
			bubble(t, Options{OnPublish: func(*Session, string, jsonRaw) { published = true }}, func(t *testing.T, s *Server) {
				w := openWire(t, s).open()
				s.On(toFoo, row.fault)
				w.send(pub)
				_, _, err := w.conn.Read(t.Context())
				require.Error(t, err)
				assert.Equal(t, row.code, websocket.CloseStatus(err), err)
				synctest.Wait()
				assert.Equal(t, row.processed, published)
				assert.True(t, s.Session(w.id).Alive())
			})
		})
	}
}

func TestFault_webSocketMute(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, s *Server) {
		s.On(Match{Upgrade: true}, Mute())
		w := openWire(t, s)
		w.send(`[{"id":"1","channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["websocket"]}]`)
		ctx, cancel := contextFor(t, 10*time.Second)
		defer cancel()
		go func() { _ = w.conn.Ping(ctx) }()
		_, _, err := w.conn.Read(ctx)
		require.Error(t, err)
		assert.Equal(t, 1, s.Pings())
		assert.Empty(t, s.Sessions())
	})
}

func TestWebSocket_protocolViolations(t *testing.T) {
	for name, frame := range map[string]string{
		"broken":    `[{"channel"`,
		"empty":     `[]`,
		"handshake": `[{"id":"1","channel":"/meta/handshake","version":"1.0"},{"id":"2","channel":"/foo","data":1}]`,
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, Options{}, func(t *testing.T, s *Server) {
				w := openWire(t, s).open()
				w.send(frame)
				_, _, err := w.conn.Read(t.Context())
				assert.Equal(t, websocket.StatusInternalError, websocket.CloseStatus(err), err)
			})
		})
	}
	bubble(t, Options{Preset: Faye}, func(t *testing.T, s *Server) {
		w := openWire(t, s)
		w.send("[]")
		w.wants("[]")
	})
	bubble(t, Options{MaxMessageSize: 100}, func(t *testing.T, s *Server) {
		w := openWire(t, s)
		w.send(strings.Repeat(" ", 101))
		_, _, err := w.conn.Read(t.Context())
		assert.Equal(t, websocket.StatusMessageTooBig, websocket.CloseStatus(err), err)
	})
}
