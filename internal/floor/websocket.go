package floor

import (
	"bytes"
	"context"
	"fmt"

	"github.com/coder/websocket"
)

// Socket is an agent's notification session over WebSocket. Its methods may be
// called from one goroutine at a time.
type Socket struct {
	agent *Agent
	conn  *websocket.Conn
}

// LoginSocket is Login over WebSocket.
func LoginSocket(ctx context.Context, o Options) (*Socket, error) {
	a, err := login(ctx, o)
	if err != nil {
		return nil, err
	}
	header := a.header.Clone()
	conn, resp, err := websocket.Dial(ctx, o.BaseURL+eventPath, &websocket.DialOptions{HTTPClient: o.Client, HTTPHeader: header})
	if err != nil {
		return nil, err
	}
	if resp.Body != nil {
		_ = resp.Body.Close()
	}
	conn.SetReadLimit(16 << 20)
	s := &Socket{agent: a, conn: conn}
	reply, err := s.ask(ctx, handshake("websocket"))
	if err != nil {
		return nil, err
	}
	a.client = clientID(reply)
	if _, err := s.ask(ctx, a.subscriptions()); err != nil {
		return nil, err
	}
	_, err = s.ask(ctx, a.firstConnect("websocket"))
	return s, err
}

func (s *Socket) ask(ctx context.Context, message string) ([]byte, error) {
	if err := s.conn.Write(ctx, websocket.MessageText, []byte(message)); err != nil {
		return nil, err
	}
	return s.read(ctx)
}

// Poll sends a connect and calls yield with each event until its reply comes.
// The slices are valid while yield runs.
func (s *Socket) Poll(ctx context.Context, yield func(event []byte)) error {
	s.agent.id++
	connect := fmt.Sprintf(`[{"id":"%d","channel":"/meta/connect","clientId":%q,"connectionType":"websocket"}]`, s.agent.id, s.agent.client)
	if err := s.conn.Write(ctx, websocket.MessageText, []byte(connect)); err != nil {
		return err
	}
	for {
		frame, err := s.read(ctx)
		if err != nil {
			return err
		}
		if bytes.HasPrefix(frame, []byte(`[{"id":`)) { // events begin otherwise
			return confirm(frame)
		}
		Messages(frame, yield)
	}
}

func (s *Socket) read(ctx context.Context) ([]byte, error) {
	_, r, err := s.conn.Reader(ctx)
	if err != nil {
		return nil, err
	}
	b := &s.agent.body
	b.Reset()
	_, err = b.ReadFrom(r)
	return b.Bytes(), err
}

// Close closes the socket without a word.
func (s *Socket) Close() { _ = s.conn.CloseNow() }
