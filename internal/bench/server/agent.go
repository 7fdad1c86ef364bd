package server

import (
	"fmt"
	"sync"
	"time"
)

const maxAgents = 100000

// agent is what the server knows of an agent. Its events have numbers that
// count up whether they reach somebody or not.
type agent struct {
	number int

	mu         sync.Mutex
	clientID   string // of the session; "" if there is none
	sessions   int
	subscribed bool
	waiting    []byte // events for the next response, each followed by a comma
	wake       chan struct{}
	poll       int // counts the connects
	events     uint64
	cursor     int // of a fountain
	held       map[int]bool
}

func (a *agent) handshake() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sessions++
	a.clientID = fmt.Sprintf("%05dk8x0q3w7n2m5v9zq%06d", a.number, a.sessions)
	a.subscribed, a.waiting = false, nil
	a.signal()
	return a.clientID
}

func (a *agent) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.clientID, a.subscribed, a.waiting = "", false, nil
	a.signal()
}

// push adds an event about a call in its present state.
func (s *Server) push(a *agent, call int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.events++
	if !a.subscribed {
		return
	}
	a.waiting = append(s.event(a.held[call]).append(a.waiting, a.number, call, a.events), ',')
	a.signal()
}

func (a *agent) signal() {
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// connect waits for events, no longer than until a later connect arrives, and
// takes them into b. known is false if the session is not the agent's.
func (s *Server) connect(a *agent, m bayeuxMessage, b []byte) (events []byte, known bool) {
	a.mu.Lock()
	a.poll++
	poll := a.poll
	a.signal()
	a.mu.Unlock()
	var timeout <-chan time.Time
	for {
		a.mu.Lock()
		known = a.clientID != "" && a.clientID == m.ClientID
		if a.poll != poll { // a later connect takes what comes
			a.signal()
			a.mu.Unlock()
			return b[:0], known
		}
		if !known || len(a.waiting) > 0 || m.atOnce {
			b = append(b[:0], a.waiting...)
			a.waiting = a.waiting[:0]
			if cap(a.waiting) > 16<<10 {
				a.waiting = nil
			}
			a.mu.Unlock()
			return b, known
		}
		a.mu.Unlock()
		if timeout == nil {
			timer := time.NewTimer(s.opts.Hold)
			defer timer.Stop()
			timeout = timer.C
		}
		select {
		case <-a.wake:
		case <-timeout:
			return b[:0], true
		case <-s.done:
			return b[:0], false
		}
	}
}
