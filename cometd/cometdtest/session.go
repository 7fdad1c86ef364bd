package cometdtest

import (
	"crypto/rand"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// Session is what the server knows about one client. Its methods may be called
// from any goroutine, also after the session has ended, when they do nothing.
type Session struct {
	ID    string // the clientId
	Value any    // the application's; to be set in OnHandshake and only read afterwards

	srv       *Server
	handshake Message
	browser   string // value of the browser cookie

	// guarded by srv.mu
	live          bool // known to the server
	gone          bool
	connected     bool // has connected at least once
	subscriptions map[string]struct{}
	queue         []event
	batch         int     // bodies in process whose response will carry the events
	held          *hold   // the connect that waits
	socket        *socket // where events go at once; nil on long-polling
	acks          *acks   // nil without the extension
	expiry        *time.Timer
	expiresAt     time.Time
	interval      time.Duration // announced by the client, beyond the server's
	adviceDue     bool          // the next connect reply must carry advice
	throttled     bool          // multiple-clients was said
	mark          uint64        // last broadcast that reached this session
	waiting       bool          // is in srv.waiting
}

func newID() string { return strings.ToLower(rand.Text()) }

func (s *Server) newSession(m *Message) *Session {
	return &Session{ID: newID(), srv: s, handshake: *m, subscriptions: map[string]struct{}{},
		adviceDue: s.profile.noHandshakeAdvice}
}

// Handshake returns the message that opened the session.
func (sess *Session) Handshake() Message { return sess.handshake }

// Alive reports whether the server still knows the session.
func (sess *Session) Alive() bool {
	sess.srv.mu.Lock()
	defer sess.srv.mu.Unlock()
	return sess.live
}

// Held reports whether a connect of the session is waiting for events.
func (sess *Session) Held() bool {
	sess.srv.mu.Lock()
	defer sess.srv.mu.Unlock()
	return sess.held != nil
}

// Queued returns how many events wait for the session's next response.
func (sess *Session) Queued() int {
	sess.srv.mu.Lock()
	defer sess.srv.mu.Unlock()
	return len(sess.queue)
}

// Subscriptions returns the channels and patterns that the session is
// subscribed to, sorted.
func (sess *Session) Subscriptions() []string {
	sess.srv.mu.Lock()
	defer sess.srv.mu.Unlock()
	return slices.Sorted(maps.Keys(sess.subscriptions))
}

// Expire makes the server forget the session, as it does when no connect
// arrives in time. Later requests of the client are answered 402; a held
// connect ends with an HTTP status, 500 or 408, or with its socket; Faye answers
// it as if nothing had happened.
func (sess *Session) Expire() { sess.srv.end(sess, Expired) }

// Disconnect ends the session from the server's side: the held connect is
// released with the queued events, a /meta/disconnect message and the advice
// not to reconnect. Inside [Server.Batch] events delivered just before travel
// with it. The Node server gives no advice; Faye has no such thing, and the
// session ends as if it had expired.
func (sess *Session) Disconnect() { sess.srv.end(sess, Kicked) }

// Cut cuts the connection that the session's connect is held on, or its
// WebSocket, as a failing network does. The session lives on.
func (sess *Session) Cut() {
	s := sess.srv
	s.mu.Lock()
	defer s.mu.Unlock()
	if sess.socket != nil {
		sess.socket.outbox.put(outgoing{cut: true})
		return
	}
	sess.release(cut)
}

// CloseSocket closes the session's WebSocket, if it has one, with a status
// code such as 1001 and a reason.
func (sess *Session) CloseSocket(code int, reason string) {
	sess.toSocket(outgoing{closing: websocket.StatusCode(code), text: reason})
}

// SendFrame sends a text frame as it is, if the session has a WebSocket.
func (sess *Session) SendFrame(text string) { sess.toSocket(outgoing{data: []byte(text)}) }

// SendBinary sends a binary frame, if the session has a WebSocket.
func (sess *Session) SendBinary(data []byte) { sess.toSocket(outgoing{data: data, binary: true}) }

func (sess *Session) toSocket(o outgoing) {
	sess.srv.mu.Lock()
	defer sess.srv.mu.Unlock()
	if sess.socket != nil {
		sess.socket.outbox.put(o)
	}
}

// Sessions returns the sessions that the server knows, in no special order.
func (s *Server) Sessions() []*Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Values(s.sessions))
}

// Session returns the session with this clientId, or nil.
func (s *Server) Session(id string) *Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions[id]
}

// end removes a session and tells OnEnd.
func (s *Server) end(sess *Session, why End) {
	s.mu.Lock()
	ended := sess.remove(why)
	s.mu.Unlock()
	if ended {
		s.ended(sess, why)
	}
}

func (s *Server) ended(sess *Session, why End) {
	if s.opts.OnEnd != nil {
		s.opts.OnEnd(sess, why)
	}
}

// remove must be called with mu held.
func (sess *Session) remove(why End) bool {
	s := sess.srv
	if !sess.live {
		return false
	}
	sess.live, sess.gone = false, true
	delete(s.sessions, sess.ID)
	for name := range sess.subscriptions {
		delete(s.channels[name].subscribers, sess)
	}
	clear(sess.subscriptions)
	if sess.expiry != nil {
		sess.expiry.Stop()
	}
	if k := sess.socket; k != nil && s.profile.endCloses && sess.connected {
		defer k.outbox.put(outgoing{closing: websocket.StatusNormalClosure})
	}
	switch why {
	case Kicked:
		if message := sess.farewell(); message != "" {
			sess.queue = append(sess.queue, event{raw: []byte(message)})
		}
		if sess.socket != nil && sess.held == nil {
			sess.socket.sendEvents(sess.take(true))
		}
		sess.release(released)
	case Disconnected:
		sess.release(released)
	case Expired:
		if s.profile.endCloses { // Faye
			sess.release(released)
		} else {
			sess.release(swept)
		}
	default:
		sess.release(cut)
	}
	return true
}

// farewell is what tells a client that the server has disconnected it.
func (sess *Session) farewell() string {
	switch p := &sess.srv.profile; {
	case p.strictChannels:
		return "" // Faye does not tell
	case p.emptyExt && sess.acks != nil:
		return `{"channel":"/meta/disconnect","successful":true,"ext":{}}`
	}
	return `{"channel":"/meta/disconnect","successful":true}`
}

// connectOnly must be called with mu held.
func (sess *Session) connectOnly() bool {
	return sess.acks != nil || sess.srv.opts.ConnectDeliverOnly ||
		sess.srv.profile.connectOnly && sess.socket == nil
}

// enqueue must be called with mu held.
func (sess *Session) enqueue(e event) {
	if sess.gone {
		return
	}
	if n := sess.srv.opts.MaxQueue; n > 0 && len(sess.queue) >= n {
		if sess.remove(Kicked) {
			s := sess.srv
			s.later(func() { s.ended(sess, Kicked) })
		}
		return
	}
	sess.queue = append(sess.queue, e)
	sess.wake()
}

// wake must be called with mu held, when there may be events to deliver.
func (sess *Session) wake() {
	s := sess.srv
	sess.waiting = false
	if len(sess.queue) == 0 || !sess.live {
		return
	}
	if s.batch > 0 || s.paused {
		sess.waiting = true
		s.waiting = append(s.waiting, sess)
		return
	}
	if sess.batch > 0 {
		return // the body in process takes them, or wakes again
	}
	if sess.socket != nil && !sess.connectOnly() {
		sess.socket.sendEvents(sess.take(false))
		return
	}
	sess.release(hasEvents)
}

// take must be called with mu held. It empties the queue for a response that
// is about to be written.
func (sess *Session) take(connect bool) []event {
	if sess.connectOnly() && !connect || sess.srv.paused && sess.acks == nil {
		return nil
	}
	var events []event
	if !sess.srv.paused { // else only what was on its way already, and may be lost
		events, sess.queue = sess.queue, nil
	}
	if sess.acks != nil {
		events = sess.acks.deliver(events)
	}
	return events
}

// keepAlive must be called with mu held, for every message of the session.
func (sess *Session) keepAlive(connect bool) {
	if sess.expiry == nil || !sess.live {
		return
	}
	if connect {
		sess.expiry.Stop()
		sess.expiresAt = time.Time{}
		return
	}
	if at := time.Now().Add(sess.srv.profile.maxInterval); !sess.expiresAt.IsZero() && at.After(sess.expiresAt) {
		sess.expireAt(at)
	}
}

// answered starts the time in which the next connect must come.
func (sess *Session) answered(later time.Duration) {
	s := sess.srv
	s.mu.Lock()
	defer s.mu.Unlock()
	if sess.live && sess.held == nil {
		sess.afterConnect(later)
	}
}

// afterConnect must be called with mu held, when a reply is written or will be
// that much later.
func (sess *Session) afterConnect(later time.Duration) {
	p := &sess.srv.profile
	sess.expireAt(time.Now().Add(later + p.interval + sess.interval + p.maxInterval))
}

func (sess *Session) expireAt(at time.Time) {
	sess.expiresAt = at
	if sess.expiry != nil {
		sess.expiry.Reset(time.Until(at))
		return
	}
	sess.expiry = time.AfterFunc(time.Until(at), sess.sweep)
}

// sweep ends a session whose time has come.
func (sess *Session) sweep() {
	s := sess.srv
	s.mu.Lock()
	due := !sess.expiresAt.IsZero() && !time.Now().Before(sess.expiresAt) && sess.held == nil
	ended := due && sess.remove(Expired)
	s.mu.Unlock()
	if ended {
		s.ended(sess, Expired)
	}
}
