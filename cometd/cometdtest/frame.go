package cometdtest

import (
	"net/http"
	"slices"
	"time"

	"github.com/coder/websocket"
)

// frame carries out the messages of one frame.
func (k *socket) frame(body []byte) {
	s := k.srv
	messages, err := parseBody(body)
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
		x.sendHandled(p.handler)
		return
	case parseErr != nil && s.profile.ignoreBroken:
		return
	case parseErr != nil:
		x.closeSocket(websocket.StatusInternalError, "cannot parse the messages")
		return
	case len(x.messages) == 0:
		if s.profile.pong {
			k.outbox.put(outgoing{data: []byte("[]"), answers: x.entry})
			return
		}
		x.closeSocket(websocket.StatusInternalError, "no messages")
		return
	}
	x.run()
	x.entry.session(x)
	if x.status != 0 {
		s.mu.Lock()
		x.endBatch()
		s.mu.Unlock()
		x.closeSocket(websocket.StatusInternalError, "protocol violation")
		return
	}
	s.mu.Lock()
	x.deliver()
	s.mu.Unlock()
	if x.leaving {
		s.end(x.session, Disconnected)
	}
	x.answered()
}

// sendHandled sends what an HTTP handler answers: the body as a frame, or the
// end of the socket if its status is not 200.
func (x *exchange) sendHandled(h http.Handler) {
	w := &frameWriter{header: http.Header{}, status: http.StatusOK}
	h.ServeHTTP(w, x.r)
	if w.status != http.StatusOK {
		x.closeSocket(websocket.StatusInternalError, http.StatusText(w.status))
		return
	}
	x.socket.outbox.put(outgoing{data: w.body, answers: x.entry})
}

// closeSocket ends the socket instead of answering.
func (x *exchange) closeSocket(code websocket.StatusCode, reason string) {
	x.entry.abort()
	x.socket.outbox.put(outgoing{closing: code, text: reason})
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
// again when a connect that they hold is released. It sends the replies, all
// together.
func (x *exchange) deliver() {
	replies, held := x.replies, x.held
	var events []event
	switch {
	case held != nil && !held.over:
		x.parked = true
		return
	case held != nil && !held.answers():
		replies = slices.DeleteFunc(slices.Clone(replies), func(r *reply) bool { return r == x.connect })
	case held != nil:
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
		x.closeSocket(p.ws.closing, p.ws.reason)
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
