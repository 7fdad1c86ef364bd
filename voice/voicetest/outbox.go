package voicetest

import (
	"encoding/json"
	"sync"
	"time"

	"github.com/gwsvoice/gws-go/cometd/cometdtest"
)

// outbox keeps the messages of one agent in the order in which the switch made
// them, until each may be delivered to the agent's CometD sessions.
type outbox struct {
	mu       sync.Mutex
	entries  []entry
	timer    *time.Timer
	closed   bool
	sessions map[*cometdtest.Session]struct{}

	delivering sync.Mutex // held while messages are handed to the sessions
}

type entry struct {
	notice
	due  time.Time // not before; zero: at once
	hold *hold     // not before it is released; nil: at once
}

// hold keeps back the messages of a request until its response is sent.
type hold struct {
	out  *outbox
	gone bool // guarded by out.mu
}

// release lets the messages go, and returns when they are delivered. A nil
// hold keeps nothing back.
func (h *hold) release() {
	if h == nil {
		return
	}
	h.out.mu.Lock()
	h.gone = true
	h.out.mu.Unlock()
	h.out.flush()
}

func (o *outbox) push(e entry) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return
	}
	if n := len(o.entries); n > 0 && e.due.Before(o.entries[n-1].due) {
		e.due = o.entries[n-1].due
	}
	o.entries = append(o.entries, e)
}

// flush delivers, in order, what is due. A message that is held back holds
// back those behind it.
func (o *outbox) flush() {
	o.delivering.Lock()
	defer o.delivering.Unlock()
	for {
		o.mu.Lock()
		if len(o.entries) == 0 {
			o.entries = nil
			o.mu.Unlock()
			return
		}
		head := o.entries[0]
		wait := time.Until(head.due)
		if head.hold != nil && !head.hold.gone || !head.due.IsZero() && wait > 0 {
			if wait > 0 && !head.due.IsZero() && o.timer == nil && !o.closed {
				o.timer = time.AfterFunc(wait, o.wake)
			}
			o.mu.Unlock()
			return
		}
		o.entries = o.entries[1:]
		sessions := o.open()
		o.mu.Unlock()
		head.deliver(sessions)
	}
}

func (o *outbox) wake() {
	o.mu.Lock()
	o.timer = nil
	o.mu.Unlock()
	o.flush()
}

// deliver hands a message over out of turn.
func (o *outbox) deliver(n notice) {
	o.delivering.Lock()
	defer o.delivering.Unlock()
	o.mu.Lock()
	sessions := o.open()
	o.mu.Unlock()
	n.deliver(sessions)
}

func (n notice) deliver(sessions []*cometdtest.Session) {
	for _, s := range sessions {
		if n.raw {
			s.DeliverRaw(string(n.data))
			continue
		}
		s.Publish(n.channel, json.RawMessage(n.data))
	}
}

// open must be called with mu held.
func (o *outbox) open() []*cometdtest.Session {
	if o.closed || len(o.sessions) == 0 {
		return nil
	}
	all := make([]*cometdtest.Session, 0, len(o.sessions))
	for s := range o.sessions {
		all = append(all, s)
	}
	return all
}

func (o *outbox) add(s *cometdtest.Session) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.sessions == nil {
		o.sessions = map[*cometdtest.Session]struct{}{}
	}
	o.sessions[s] = struct{}{}
}

func (o *outbox) remove(s *cometdtest.Session) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.sessions, s)
}

func (o *outbox) all() []*cometdtest.Session {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.open()
}

func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	o.entries = nil
	if o.timer != nil {
		o.timer.Stop()
		o.timer = nil
	}
}
