package cometdtest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/coder/websocket"
)

const (
	longPolling = "long-polling"
	webSocket   = "websocket"
)

// exchange is one body of messages, an HTTP request or a WebSocket frame, on
// its way through the server.
type exchange struct {
	srv        *Server
	r          *http.Request   // the upgrade request on WebSocket
	socket     *socket         // nil on long-polling
	cutting    <-chan struct{} // closed when the server restarts
	plan       *plan
	entry      *entry
	messages   []Message
	session    *Session // of the first message; nil if unknown
	replies    []*reply
	connect    *reply // the one among the replies that may wait
	held       *hold
	parked     bool // the other replies have been sent, the held one follows (WebSocket)
	batching   bool
	refused    bool     // the connect was, so that its session lives on
	newCookie  string   // browser id to set
	cookieless bool     // the session exists, and the request lacks its cookie
	opened     *Session // by the handshake in this body
	status     int      // the whole exchange fails with it
}

// run carries out the messages. Afterwards x.status is set, or the replies
// are, or x.held must be waited for.
func (x *exchange) run() {
	s, first := x.srv, &x.messages[0]
	if x.plan.forget {
		if sess := s.Session(first.ClientID); sess != nil {
			s.end(sess, Expired)
		}
	}
	if x.illMixed() {
		x.status = http.StatusInternalServerError
		return
	}
	s.mu.Lock()
	x.session = x.lookup(first.ClientID)
	if x.session != nil && first.Channel != MetaConnect {
		x.batching = true
		x.session.batch++
	}
	s.mu.Unlock()

	for i := range x.messages {
		m := &x.messages[i]
		r := x.handle(m)
		if x.status != 0 {
			return
		}
		if r == nil {
			continue
		}
		s.mu.Lock() // the reply to a held connect may be released meanwhile
		if s.profile.clientID && m.ClientID != "" && !r.anonymous {
			r.fields["clientId"] = m.ClientID
		}
		if s.profile.reference && m.id != nil {
			r.fields["id"] = json.RawMessage(mustJSON(m.ID)) // a string, whatever it was
		}
		s.mu.Unlock()
		x.replies = append(x.replies, r)
	}
}

// illMixed tells whether the messages may not share a body.
func (x *exchange) illMixed() bool {
	if len(x.messages) == 1 {
		return false
	}
	for i := range x.messages {
		switch x.messages[i].Channel {
		case MetaHandshake:
			if !x.srv.profile.handshakeShared {
				return true
			}
		case MetaConnect:
			if x.srv.profile.connectAlone {
				return true
			}
		}
	}
	return false
}

// lookup must be called with mu held.
func (x *exchange) lookup(clientID string) *Session {
	s := x.srv
	sess := s.sessions[clientID]
	switch {
	case sess == nil:
		return nil
	case x.socket != nil:
		if s.opts.RequireHandshakePerConnection && x.socket.opened != sess {
			return nil
		}
	case !s.profile.unbound && !sess.viaSocket && x.browser() != sess.browser:
		x.cookieless = x.browser() == ""
		return nil
	}
	return sess
}

// browser is the value of the browser cookie of the request.
func (x *exchange) browser() string {
	if c, err := x.r.Cookie(x.srv.opts.CookieName); err == nil {
		return c.Value
	}
	return ""
}

// handle carries out one message and returns its reply.
func (x *exchange) handle(m *Message) *reply {
	s, t := x.srv, &x.srv.profile.texts
	if text := x.syntax(m); text != "" {
		if x.status != 0 {
			return nil
		}
		return newReply(m).refuse(say(text, m, ""))
	}
	if refusal := x.plan.refusal; refusal != nil && x.plan.concerns(m) {
		x.seen(m)
		return x.deny(newReply(m), refusal, t.denied)
	}
	if m.Channel == MetaHandshake {
		return x.handshake(m)
	}
	sess := x.session
	s.mu.Lock()
	known := sess != nil && sess.live && sess.ID == m.ClientID
	if known {
		sess.keepAlive(m.Channel == MetaConnect)
		x.adopt(sess)
	}
	s.mu.Unlock()
	if !known && s.profile.freePublish && !strings.HasPrefix(m.Channel, "/meta/") {
		return x.publish(m)
	}
	if !known || s.opts.Authorize != nil && s.opts.Authorize(x.r, sess) != nil {
		return x.unknown(m)
	}
	if s.opts.Incoming != nil && !s.opts.Incoming(sess, *m) {
		return newReply(m).refuse(say(t.deleted, m, ""))
	}
	switch m.Channel {
	case MetaConnect:
		return x.doConnect(m)
	case MetaSubscribe:
		return x.subscribe(m)
	case MetaUnsubscribe:
		return x.unsubscribe(m)
	case MetaDisconnect:
		s.end(sess, Disconnected)
		return newReply(m)
	}
	return x.publish(m)
}

// adopt must be called with mu held; a session's messages move it to the
// socket that they arrive on.
func (x *exchange) adopt(sess *Session) {
	old := sess.socket
	if x.socket == old || x.socket == nil && !x.isConnect() {
		return
	}
	if sess.held != nil && sess.held.x.socket != nil {
		sess.release(superseded)
		if x.srv.profile.cancelCloses {
			old.outbox.put(outgoing{closing: websocket.StatusNormalClosure, text: "Cancel"})
		}
	}
	sess.socket = x.socket
	if x.socket != nil {
		x.socket.session = sess
		sess.wake()
	}
}

func (x *exchange) isConnect() bool { return x.messages[0].Channel == MetaConnect }

// seen keeps the session alive although its connect is refused by a fault.
func (x *exchange) seen(m *Message) {
	x.srv.mu.Lock()
	defer x.srv.mu.Unlock()
	if m.Channel == MetaConnect && x.session != nil {
		x.session.keepAlive(true)
		x.refused = true
	}
}

// syntax returns the error text for a message whose fields are not well-formed.
func (x *exchange) syntax(m *Message) string {
	t := &x.srv.profile.texts
	if m.Channel == "" {
		x.status = x.srv.profile.missingStatus
		return t.channelMissing
	}
	if x.srv.opts.NoFieldValidation {
		return ""
	}
	if _, ok := x.channel(m.Channel); !ok {
		return t.channelInvalid
	}
	if m.id != nil && t.idInvalid != "" && !validID(m.id) {
		return t.idInvalid
	}
	return ""
}

// channel checks a channel of the client's. If it is not well-formed x.status
// is set where that fails the whole exchange.
func (x *exchange) channel(asked string) (string, bool) {
	p := &x.srv.profile
	name, ok := channelName(asked, p.strictChannels)
	switch {
	case ok, x.srv.opts.NoFieldValidation:
		return name, true
	case len(name) < 2 || name[0] != '/' || p.strictChannels:
		x.status = p.badSyntax
	case p.reference:
		x.status = http.StatusInternalServerError // an empty segment is an exception
	default:
		return name, true
	}
	return name, false
}

// unknown is the answer to a message whose session does not exist.
func (x *exchange) unknown(m *Message) *reply {
	p := &x.srv.profile
	text := p.texts.unknown
	if p.texts.noCookie != "" && x.cookieless {
		text = p.texts.noCookie
	}
	r := newReply(m).refuse(say(text, m, ""))
	if p.bareUnknown {
		delete(r.fields, "subscription")
	}
	r.anonymous = p.onlyForgets && m.subscription == nil
	if m.Channel == MetaConnect {
		advice := map[string]any{"reconnect": "handshake"}
		if !p.bareAdvice {
			advice["interval"] = 0
		}
		r.fields["advice"] = advice
	}
	return r
}

func (x *exchange) deny(r *reply, refusal *Refusal, text string) *reply {
	if refusal.Text != "" {
		text = refusal.Text
	}
	r.refuse(text)
	if refusal.Advice != nil {
		r.fields["advice"] = refusal.Advice
	}
	if refusal.Ext != nil {
		r.fields["ext"] = refusal.Ext
	}
	return r
}

// finish waits for nothing: it closes the batch, and returns the messages of
// the response in their order.
func (x *exchange) finish() [][]byte {
	s := x.srv
	s.mu.Lock()
	var events []event
	switch {
	case x.held != nil:
		events = x.held.events
	case x.opened != nil:
		if s.opts.MessagesDuringHandshake {
			events = x.openingEvents()
		}
	case x.session != nil:
		if x.connect != nil {
			events = x.closeConnect(timedOut)
		} else {
			events = x.session.take(false)
		}
	}
	x.endBatch()
	s.mu.Unlock()
	a := x.arrange(x.replies, events)
	return slices.Concat(a.repliesBefore, a.events, a.replies)
}

// endBatch must be called with mu held, when the response's events are taken.
func (x *exchange) endBatch() {
	if x.batching {
		x.batching = false
		x.session.batch--
		x.session.wake()
	}
}

// arrangement is the messages of a response in their order, encoded.
type arrangement struct{ repliesBefore, events, replies [][]byte }

// arrange puts replies and events into the order of the preset, or of the plan.
func (x *exchange) arrange(replies []*reply, events []event) arrangement {
	p := x.plan
	a := arrangement{events: p.eventsBefore}
	var concerned [][]byte
	for _, r := range replies {
		if out := x.srv.opts.Outgoing; out != nil {
			out(x.session, r.fields)
		}
		early := r.to.Channel == MetaHandshake || x.srv.profile.connectFirst
		if p.order != 0 {
			early = p.order < 0
		}
		encoded := p.edit(r)
		if p.concerns(r.to) {
			concerned = append(concerned, encoded...)
		}
		if early {
			a.repliesBefore = append(a.repliesBefore, encoded...)
		} else {
			a.replies = append(a.replies, encoded...)
		}
	}
	x.duplicate(concerned)
	for _, e := range events {
		a.events = append(a.events, e.raw)
	}
	a.replies = append(a.replies, p.eventsAfter...)
	return a
}

// duplicate has replies sent again later, if the plan says so.
func (x *exchange) duplicate(replies [][]byte) {
	if len(replies) == 0 {
		return
	}
	for _, d := range x.plan.duplicate {
		time.AfterFunc(d, func() {
			x.srv.mu.Lock()
			defer x.srv.mu.Unlock()
			if x.socket != nil {
				x.socket.send(joinArray(replies))
			} else if x.session != nil {
				for _, raw := range replies { // they wait, without releasing a connect
					x.session.queue = append(x.session.queue, event{raw: raw, once: true})
				}
			}
		})
	}
}

// answered must be called when the response has been written, or was lost.
func (x *exchange) answered() {
	var later time.Duration
	if x.socket != nil {
		later = x.plan.delayReply // the frames wait for it in the outbox
	}
	if x.opened != nil {
		x.opened.answered(later)
	}
	if (x.connect != nil || x.refused) && (x.held == nil || x.held.why != superseded) {
		x.session.answered(later)
	}
}
