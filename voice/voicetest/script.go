package voicetest

import (
	"slices"
	"strings"
	"sync"

	"github.com/gwsvoice/gws-go/voice"
)

// Script is what [Server.On] has set up.
type Script struct {
	op    voice.OperationName // "": any
	path  string              // of a read; "": any
	agent *agent              // nil: any
	plan  *plan
	owner *scripts

	// guarded by owner.mu
	fired     int
	cancelled bool
}

// scripts are the faults that wait for their requests.
type scripts struct {
	mu         sync.Mutex
	operations map[voice.OperationName][]*Script
	reads      []*Script
}

// On makes the next request with this operation suffer the faults, whoever
// sends it; "" stands for any operation. The faults of one call all hit the
// same request; those of a second call wait for the one after. A request that
// is refused for its login or its token is not looked at.
func (s *Server) On(op voice.OperationName, faults ...Fault) *Script {
	return s.scripts.add(&Script{op: op}, faults)
}

// OnRead makes the next GET of a path below /api/v2 suffer the faults:
// "/me/calls", without a query; "" stands for any. Of the faults, those make
// sense that concern the response.
func (s *Server) OnRead(path string, faults ...Fault) *Script {
	return s.scripts.addRead(&Script{path: path}, faults)
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

func (s *scripts) add(script *Script, faults []Fault) *Script {
	script.plan, script.owner = newPlan(faults), s
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.operations == nil {
		s.operations = map[voice.OperationName][]*Script{}
	}
	s.operations[script.op] = append(s.operations[script.op], script)
	return script
}

func (s *scripts) addRead(script *Script, faults []Fault) *Script {
	script.plan, script.owner = newPlan(faults), s
	script.path = "/" + strings.Trim(script.path, "/")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads = append(s.reads, script)
	return script
}

// take returns what is to happen to an agent's request.
func (s *scripts) take(op voice.OperationName, a *agent) plan {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range []voice.OperationName{op, ""} {
		waiting := live(s.operations[name])
		if waiting != nil {
			s.operations[name] = waiting
		}
		if p := use(waiting, func(c *Script) bool { return c.agent == nil || c.agent == a }); p != nil {
			return *p
		}
	}
	return *newPlan(nil)
}

func (s *scripts) takeRead(path string, a *agent) plan {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads = live(s.reads)
	p := use(s.reads, func(c *Script) bool {
		return (c.path == "/" || c.path == path) && (c.agent == nil || c.agent == a)
	})
	if p == nil {
		return *newPlan(nil)
	}
	return *p
}

// live returns the scripts that are not used up.
func live(all []*Script) []*Script {
	return slices.DeleteFunc(all, func(c *Script) bool { return c.cancelled || c.fired >= c.plan.times })
}

// use fires the first script that fits.
func use(all []*Script, fits func(*Script) bool) *plan {
	for _, c := range all {
		if fits(c) {
			c.fired++
			return c.plan
		}
	}
	return nil
}
