package cometdtest

import (
	"time"

	"github.com/coder/websocket"
)

// outcome is why a held connect ends.
type outcome int

const (
	hasEvents  outcome = iota // there is something to deliver
	timedOut                  // advice.timeout has passed
	released                  // the session was disconnected
	superseded                // a newer connect has arrived
	swept                     // the session was forgotten
	cut                       // the server goes down
)

// hold is a connect that waits.
type hold struct {
	x       *exchange
	session *Session
	timer   *time.Timer
	browser string        // counted under this cookie; "" if not counted
	done    chan struct{} // closed when it has ended

	// valid once done is closed
	over   bool
	why    outcome
	events []event
}

// hold must be called with mu held.
func (sess *Session) hold(x *exchange, timeout time.Duration) *hold {
	s := sess.srv
	h := &hold{x: x, session: sess, done: make(chan struct{})}
	if x.socket == nil && sess.browser != "" {
		h.browser = sess.browser
		s.browsers[h.browser]++
	}
	sess.held = h
	h.timer = time.AfterFunc(timeout, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if sess.held == h {
			sess.release(timedOut)
		}
	})
	return h
}

// release must be called with mu held. It ends the held connect, if any, and
// takes along what its response delivers.
func (sess *Session) release(why outcome) {
	h := sess.held
	if h == nil {
		return
	}
	sess.held = nil
	h.timer.Stop()
	if h.browser != "" {
		if sess.srv.browsers[h.browser]--; sess.srv.browsers[h.browser] <= 0 {
			delete(sess.srv.browsers, h.browser)
		}
	}
	h.why, h.over = why, true
	switch why {
	case hasEvents, timedOut, released:
		h.events = h.x.closeConnect(why)
	}
	close(h.done)
	if h.x.socket == nil {
		return
	}
	if why == swept {
		h.x.socket.outbox.put(outgoing{closing: websocket.StatusNormalClosure, text: "Destroy"})
	}
	if h.x.parked && h.answers() {
		h.x.deliver()
		if sess.live {
			sess.afterConnect(h.x.plan.delayReply)
		}
	}
}

// answers tells whether the connect gets a reply.
func (h *hold) answers() bool {
	switch h.why {
	case released:
		return h.x.socket == nil || !h.x.srv.profile.endCloses
	case hasEvents, timedOut:
		return true
	}
	return false
}
