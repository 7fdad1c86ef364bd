package cometdtest

import (
	"net/http"
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
	leaving    bool // the session ends when its disconnect is answered
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
		if x.session != nil && x.session.acks != nil && s.profile.emptyExt && isMeta(m.Channel) && r != x.connect {
			r.ext()
		}
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
	case !s.profile.unbound && (sess.browser == "" || x.browser() != sess.browser):
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
	s, p := x.srv, &x.srv.profile
	if text, status := x.syntax(m); status != 0 {
		x.status = status
		return nil
	} else if text != "" {
		return p.newReply(m).refuse(say(text, m, ""))
	}
	if refusal := x.plan.refusal; refusal != nil && x.plan.concerns(m) {
		x.seen(m)
		return x.deny(p.newReply(m), refusal, p.texts.denied)
	}
	if m.Channel == MetaHandshake {
		return x.handshake(m)
	}
	sess := x.session
	s.mu.Lock()
	known := sess != nil && sess.live && (sess.ID == m.ClientID || p.firstID)
	s.mu.Unlock()
	if !known && p.openPublish && !isMeta(m.Channel) {
		return x.publish(m)
	}
	if !known || s.opts.Authorize != nil && s.opts.Authorize(x.r, sess) != nil {
		return x.unknown(m)
	}
	if s.opts.Incoming != nil && !s.opts.Incoming(sess, *m) {
		x.seen(m)
		return p.newReply(m).refuse(say(p.texts.deleted, m, ""))
	}
	s.mu.Lock()
	sess.keepAlive(m.Channel == MetaConnect)
	x.adopt(sess)
	s.mu.Unlock()
	switch m.Channel {
	case MetaConnect:
		return x.doConnect(m)
	case MetaSubscribe:
		return x.subscribe(m)
	case MetaUnsubscribe:
		return x.unsubscribe(m)
	case MetaDisconnect:
		if x.leaving = x.socket != nil && p.disconnectFirst; !x.leaving {
			s.end(sess, Disconnected)
		}
		return p.newReply(m)
	}
	return x.publish(m)
}

// adopt must be called with mu held; a session's messages move it to the
// socket that they arrive on.
func (x *exchange) adopt(sess *Session) {
	if !sess.live || x.socket == sess.socket || x.socket == nil && !x.isConnect() {
		return
	}
	if sess.held != nil && sess.held.x.socket != nil {
		older := sess.held.x.socket
		sess.release(superseded)
		if x.srv.profile.cancelCloses {
			older.outbox.put(outgoing{closing: websocket.StatusNormalClosure, text: "Cancel"})
		}
	}
	sess.socket = x.socket
	if x.socket != nil {
		x.socket.session = sess
		sess.wake()
	}
}

func (x *exchange) isConnect() bool { return x.messages[0].Channel == MetaConnect }

// seen keeps the session alive although its connect is refused.
func (x *exchange) seen(m *Message) {
	x.srv.mu.Lock()
	defer x.srv.mu.Unlock()
	if m.Channel == MetaConnect && x.session != nil {
		x.session.keepAlive(true)
		x.refused = true
	}
}

// syntax returns the error text, or the HTTP status, for a message whose fields
// are not well-formed.
func (x *exchange) syntax(m *Message) (string, int) {
	p := &x.srv.profile
	if m.channel == nil || m.Channel == "" && !p.textID {
		return p.texts.channelMissing, int(p.noChannel)
	}
	if ok, status := p.channel(m.Channel); !ok {
		return p.texts.channelInvalid, status
	}
	if m.id != nil && p.checkID && !validID(m.id) {
		return p.texts.idInvalid, 0
	}
	return "", 0
}

// unknown is the answer to a message whose session does not exist.
func (x *exchange) unknown(m *Message) *reply {
	p := &x.srv.profile
	text := p.texts.unknown
	switch {
	case p.texts.noCookie != "" && x.cookieless:
		text = p.texts.noCookie
	case m.ClientID == "" && p.strictChannels:
		text = "402:clientId:Missing required parameter"
	}
	r := p.newReply(m).refuse(say(text, m, ""))
	if p.unknownBare {
		delete(r.fields, "subscription")
	}
	if p.strictChannels && (m.Channel == MetaConnect || m.Channel == MetaDisconnect) {
		delete(r.fields, "clientId")
	}
	if m.Channel == MetaConnect {
		r.fields["advice"] = p.handshakeAdvice()
	}
	return r
}

// handshakeAdvice sends a client back to the handshake.
func (p *profile) handshakeAdvice() map[string]any {
	if p.bareAdvice {
		return map[string]any{"reconnect": "handshake"}
	}
	return map[string]any{"reconnect": "handshake", "interval": 0}
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

// wait lets d pass; it returns false if the client or the server went first.
func (x *exchange) wait(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-x.gone():
		return false
	case <-x.cutting:
		return false
	case <-x.srv.closing:
		return false
	}
}
