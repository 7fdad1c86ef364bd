package cometdtest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/coder/websocket"
)

// socket is an open WebSocket.
type socket struct {
	srv     *Server
	r       *http.Request
	conn    *websocket.Conn
	netConn net.Conn
	cutting <-chan struct{}
	gone    chan struct{} // closed when nothing can be read any more
	outbox  outbox

	// guarded by srv.mu
	opened  *Session // by a handshake on this socket
	session *Session // whose events flow here
}

// serveSocket accepts a WebSocket and reads it to its end.
func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request) {
	x := &exchange{srv: s, r: r, cutting: s.cut()}
	x.entry = s.record.request(r, webSocket, nil, nil)
	x.entry.change(func(r *Request) { r.Upgrade = true })
	out := &recorder{ResponseWriter: w, e: x.entry}
	defer x.entry.done()
	x.plan = s.scripts.find(x, true)
	if !x.wait(x.plan.delay) {
		x.abort()
	}
	if !x.before(out) {
		return
	}
	if x.plan.ws.strip {
		x.stripped(out)
		return
	}
	if p := s.opts.Subprotocol; p != "" && !offers(r, p) {
		http.Error(out, "subprotocol "+p+" required", http.StatusBadRequest)
		return
	}
	for name, values := range x.plan.header {
		out.Header()[name] = values
	}
	conn, err := websocket.Accept(out, r, &websocket.AcceptOptions{
		InsecureSkipVerify: true,
		Subprotocols:       slices.DeleteFunc([]string{s.opts.Subprotocol}, func(p string) bool { return p == "" }),
		OnPingReceived: func(context.Context, []byte) bool {
			s.pings.Add(1)
			return !x.plan.ws.mute
		},
	})
	if err != nil {
		return // Accept has answered
	}
	x.entry.done()
	conn.SetReadLimit(int64(s.opts.MaxMessageSize))
	k := &socket{srv: s, r: r, conn: conn, netConn: out.hijacked, cutting: x.cutting, gone: make(chan struct{})}
	k.outbox.ready = make(chan struct{}, 1)
	k.serve(x.plan.ws.mute)
}

func offers(r *http.Request, protocol string) bool {
	for _, line := range r.Header.Values("Sec-WebSocket-Protocol") {
		for p := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(p), protocol) {
				return true
			}
		}
	}
	return false
}

// stripped answers an upgrade with 101 and without the headers that prove it.
func (x *exchange) stripped(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer conn.Close()
	x.entry.change(func(r *Request) { r.Status = http.StatusSwitchingProtocols })
	_, _ = conn.Write([]byte("HTTP/1.1 101 Switching Protocols\r\n\r\n"))
}

// serve reads frames until the socket ends, one way or another.
func (k *socket) serve(mute bool) {
	s := k.srv
	s.mu.Lock()
	if s.closed || s.down {
		k.cut()
	}
	s.sockets[k] = struct{}{}
	s.mu.Unlock()
	written := make(chan struct{})
	go func() {
		defer close(written)
		k.write()
	}()
	for {
		kind, body, err := k.conn.Read(context.Background())
		if err != nil {
			break
		}
		if kind == websocket.MessageText && !mute {
			k.frame(body)
		}
	}
	close(k.gone)
	k.lost()
	<-written
	_ = k.conn.CloseNow()
}

// cut ends the connection without a close frame.
func (k *socket) cut() { _ = k.netConn.Close() }

// lost ends what depended on the socket.
func (k *socket) lost() {
	s := k.srv
	s.mu.Lock()
	delete(s.sockets, k)
	sess := k.session
	orphan := sess != nil && sess.socket == k
	if orphan {
		sess.socket = nil
		if sess.held != nil && sess.held.x.socket == k {
			sess.release(cut)
		}
	}
	s.mu.Unlock()
	if orphan {
		sess.answered(0)
	}
}

func (k *socket) send(frame []byte) { k.outbox.put(outgoing{data: frame}) }

var errCut = errors.New("cut")

// write sends what is in the outbox until the socket ends.
func (k *socket) write() {
	for {
		select {
		case <-k.gone:
			return
		case <-k.outbox.ready:
		}
		for _, o := range k.outbox.take() {
			if k.writeOne(o) != nil {
				k.cut()
				<-k.gone
				return
			}
		}
	}
}
