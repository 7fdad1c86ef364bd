package cometdtest

import "sync"

// Match says which requests a script waits for. The zero value matches every
// request except WebSocket upgrades.
type Match struct {
	// Channel is the channel of a message that the body must contain; "" means
	// any, also a body that is not JSON.
	Channel string
	// Session restricts the match to bodies with this session's clientId.
	Session *Session
	// Transport is "long-polling" or "websocket"; "" means either.
	Transport string
	// Upgrade matches requests that open a WebSocket, and nothing else.
	Upgrade bool
	// Func must return true, if it is set. It must not call the server.
	Func func(Request) bool
	// Nth is how many matching requests there must be, the one that gets the
	// faults included; 0 means 1, the next one.
	Nth int
	// Times is how many requests get the faults; 0 means 1, negative all.
	Times int
}

// Script is what [Server.On] has set up.
type Script struct {
	match  Match
	faults []Fault
	owner  *scripts

	// guarded by owner.mu
	seen, fired int
	cancelled   bool
}

// On makes the next request that m describes suffer the faults, once unless
// m.Times says otherwise. Scripts are asked in the order in which they were
// set up, and a request gets the faults of one script only: two scripts for
// one channel are for two requests.
func (s *Server) On(m Match, faults ...Fault) *Script {
	script := &Script{match: m, faults: faults, owner: &s.scripts}
	s.scripts.mu.Lock()
	defer s.scripts.mu.Unlock()
	s.scripts.all = append(s.scripts.all, script)
	return script
}

// Fired returns how many requests got the faults.
func (s *Script) Fired() int {
	s.owner.mu.Lock()
	defer s.owner.mu.Unlock()
	return s.fired
}

// Cancel takes the script back.
func (s *Script) Cancel() {
	s.owner.mu.Lock()
	defer s.owner.mu.Unlock()
	s.cancelled = true
}

type scripts struct {
	mu  sync.Mutex
	all []*Script
}

// find returns the plan for an exchange; never nil.
func (s *scripts) find(x *exchange, upgrade bool) *plan {
	p := &plan{truncate: -1}
	s.mu.Lock()
	defer s.mu.Unlock()
	var chosen *Script
	kept := s.all[:0]
	for _, script := range s.all {
		if !script.cancelled && script.match.covers(x, upgrade) {
			script.seen++
			if chosen == nil && script.seen >= script.match.Nth {
				chosen = script
				script.fired++
			}
		}
		if !script.cancelled && !script.used() {
			kept = append(kept, script)
		}
	}
	clear(s.all[len(kept):])
	s.all = kept
	if chosen != nil {
		p.channel = chosen.match.Channel
		for _, f := range chosen.faults {
			f(p)
		}
	}
	return p
}

func (s *Script) used() bool {
	return s.match.Times >= 0 && s.fired >= max(s.match.Times, 1)
}

func (m *Match) covers(x *exchange, upgrade bool) bool {
	transport := longPolling
	if x.socket != nil || upgrade {
		transport = webSocket
	}
	if m.Upgrade != upgrade || m.Transport != "" && m.Transport != transport {
		return false
	}
	if m.Channel != "" || m.Session != nil {
		found := false
		for i := range x.messages {
			found = found || (m.Channel == "" || x.messages[i].Channel == m.Channel) &&
				(m.Session == nil || x.messages[i].ClientID == m.Session.ID)
		}
		if !found {
			return false
		}
	}
	return m.Func == nil || m.Func(x.entry.snapshot())
}
