package cometdtest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

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

// frame carries out the messages of one frame.
func (k *socket) frame(body []byte) {
	s := k.srv
	messages, err := parseBody(body, true)
	x := &exchange{srv: s, r: k.r, socket: k, cutting: k.cutting, messages: messages}
	x.entry = s.record.request(k.r, webSocket, body, messages)
	x.plan = s.scripts.find(x, false)
	switch {
	case x.plan.silence:
	case x.plan.delay > 0:
		s.mu.Lock()
		s.later(func() {
			if x.wait(x.plan.delay) {
				x.serveFrame(err)
			}
		})
		s.mu.Unlock()
	default:
		x.serveFrame(err)
	}
}

func (x *exchange) serveFrame(parseErr error) {
	s, k, p := x.srv, x.socket, x.plan
	switch {
	case p.dropBefore:
		x.entry.abort()
		k.outbox.put(outgoing{cut: true})
		return
	case p.handler != nil:
		k.sendHandled(p.handler)
		return
	case parseErr != nil:
		k.outbox.put(outgoing{closing: websocket.StatusInternalError, text: "cannot parse the messages"})
		return
	case len(x.messages) == 0:
		if s.profile.pong {
			k.send([]byte("[]"))
			return
		}
		k.outbox.put(outgoing{closing: websocket.StatusInternalError, text: "no messages"})
		return
	}
	x.run()
	x.entry.session(x)
	if x.status != 0 {
		s.mu.Lock()
		x.endBatch()
		s.mu.Unlock()
		k.outbox.put(outgoing{closing: websocket.StatusInternalError, text: "protocol violation"})
		return
	}
	s.mu.Lock()
	x.deliver()
	s.mu.Unlock()
	x.answered()
}

// sendHandled sends what an HTTP handler answers: the body as a frame, or the
// end of the socket if its status is not 200.
func (k *socket) sendHandled(h http.Handler) {
	w := &frameWriter{header: http.Header{}, status: http.StatusOK}
	h.ServeHTTP(w, k.r)
	if w.status != http.StatusOK {
		k.outbox.put(outgoing{closing: websocket.StatusInternalError, text: http.StatusText(w.status)})
		return
	}
	k.send(w.body)
}

// frameWriter collects what an HTTP handler answers.
type frameWriter struct {
	header http.Header
	status int
	body   []byte
}

func (w *frameWriter) Header() http.Header    { return w.header }
func (w *frameWriter) WriteHeader(status int) { w.status = status }
func (w *frameWriter) Write(b []byte) (int, error) {
	w.body = append(w.body, b...)
	return len(b), nil
}

// deliver must be called with mu held, when the messages are carried out and
// again when a connect that they hold is released. It sends the replies.
func (x *exchange) deliver() {
	replies, held := x.replies, x.held
	others := func() []*reply {
		return slices.DeleteFunc(slices.Clone(replies), func(r *reply) bool { return r == x.connect })
	}
	together := x.srv.profile.waitForConnect
	var events []event
	switch {
	case held != nil && !held.over:
		x.parked = true
		if replies = others(); together {
			replies = nil
		}
	case held != nil && !held.answers():
		replies = others()
	case held != nil:
		if x.parked && !together {
			replies = []*reply{x.connect}
		}
		events = held.events
	case x.opened != nil:
		if x.srv.opts.MessagesDuringHandshake {
			events = x.openingEvents()
		}
	case x.connect != nil:
		events = x.closeConnect(timedOut)
	}
	x.endBatch()
	if len(replies) > 0 {
		x.socket.sendExchange(x, replies, events)
	}
}

// sendExchange queues the frames of a response.
func (k *socket) sendExchange(x *exchange, replies []*reply, events []event) {
	p := x.plan
	if p.swallow {
		return
	}
	if p.drop {
		x.entry.abort()
		k.outbox.put(outgoing{cut: true})
		return
	}
	if p.ws.closing != 0 {
		k.outbox.put(outgoing{closing: p.ws.closing, text: p.ws.reason})
		return
	}
	a := x.arrange(replies, events)
	frames := slices.Clone(p.ws.frames)
	add := func(messages [][]byte, per int) {
		for part := range slices.Chunk(messages, per) {
			o := outgoing{data: joinArray(part), chunk: p.chunk, pause: p.pause}
			if p.object && len(part) == 1 {
				o.data = part[0]
			}
			frames = append(frames, o)
		}
	}
	add(a.repliesBefore, max(len(a.repliesBefore), 1))
	add(a.events, x.srv.opts.MessagesPerFrame)
	add(a.replies, max(len(a.replies), 1))
	if p.truncate >= 0 && len(frames) > 0 {
		last := &frames[len(frames)-1]
		last.data = last.data[:min(p.truncate, len(last.data))]
		last.truncated = true
	}
	if len(frames) > 0 {
		frames[len(frames)-1].answers = x.entry
	}
	if p.delayReply > 0 {
		time.AfterFunc(p.delayReply, func() { k.outbox.put(frames...) })
		return
	}
	k.outbox.put(frames...)
}

// sendEvents must be called with mu held.
func (k *socket) sendEvents(events []event) {
	for part := range slices.Chunk(events, k.srv.opts.MessagesPerFrame) {
		raws := make([][]byte, len(part))
		for i, e := range part {
			raws[i] = e.raw
		}
		k.send(joinArray(raws))
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
