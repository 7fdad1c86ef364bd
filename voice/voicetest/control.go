package voicetest

import (
	"slices"

	"github.com/gwsvoice/gws-go/voice"
)

// AgentControl is the hand on an agent's phone: what he does without the
// client, and what happens to his device and his token.
type AgentControl struct {
	srv   *Server
	agent *agent
}

// Agent returns the control of the agent with this user name, DN or user id.
// It panics if there is none; see [Server.HasAgent].
func (s *Server) Agent(name string) *AgentControl {
	return &AgentControl{srv: s, agent: s.mustAgent(name)}
}

// HasAgent reports whether there is an agent with this user name, DN or user
// id.
func (s *Server) HasAgent(name string) bool { return s.agent(name) != nil }

// AgentNames returns the user names of the agents, in the order of
// Options.Agents.
func (s *Server) AgentNames() []string {
	var names []string
	for _, a := range s.exchange.agents {
		names = append(names, a.UserName)
	}
	return names
}

// agent needs no lock: who there is does not change.
func (s *Server) agent(name string) *agent { return s.exchange.byName[name] }

func (s *Server) mustAgent(name string) *agent {
	a := s.agent(name)
	if a == nil {
		panic("voicetest: there is no agent " + quote(name))
	}
	return a
}

// On is [Server.On] for this agent's requests only.
func (c *AgentControl) On(op voice.OperationName, faults ...Fault) *Script {
	return c.srv.scripts.add(&Script{op: op, agent: c.agent}, faults)
}

// OnRead is [Server.OnRead] for this agent's requests only.
func (c *AgentControl) OnRead(path string, faults ...Fault) *Script {
	return c.srv.scripts.addRead(&Script{path: path, agent: c.agent}, faults)
}

// UserName returns the agent's user name.
func (c *AgentControl) UserName() string { return c.agent.UserName }

// DN returns the number of the agent's first device.
func (c *AgentControl) DN() string { return c.agent.DN }

// DeviceID returns the id of the agent's first device.
func (c *AgentControl) DeviceID() string { return c.agent.home[0].id }

// UserID returns the agent's id in /users.
func (c *AgentControl) UserID() string { return c.agent.id }

// onLeg runs a step on one of the agent's calls, if he is on it and the
// condition holds.
func (c *AgentControl) onLeg(id string, may func(*leg) bool, step func(*transaction, *leg)) bool {
	done := false
	c.srv.exchange.do(nil, nil, func(tx *transaction) {
		l := c.leg(id)
		if l != nil && may(l) {
			step(tx, l)
			done = true
		}
	})
	return done
}

// leg must be called inside a step. A call is also found by an id that other
// parties know it by.
func (c *AgentControl) leg(id string) *leg {
	if l := c.agent.legs[id]; l != nil {
		return l
	}
	for _, l := range c.agent.order {
		if l.call == c.srv.exchange.calls[id] {
			return l
		}
	}
	return nil
}

func is(states ...string) func(*leg) bool {
	return func(l *leg) bool { return slices.Contains(states, l.state) }
}

// Answer picks the handset up. It reports false if the call does not ring.
func (c *AgentControl) Answer(id string) bool {
	return c.onLeg(id, is(ringing), (*transaction).answer)
}

// Hangup puts the handset down. It reports false if the agent is not on the
// call. A ringing call from a queue goes back to it.
func (c *AgentControl) Hangup(id string) bool {
	return c.onLeg(id, (*leg).alive, func(tx *transaction, l *leg) {
		switch {
		case l.state == preview:
			tx.endPreview(l)
		case l.state == ringing && l.viaQueue:
			tx.reject(l, businessCall)
		default:
			tx.drop(l, businessCall)
		}
	})
}

// Hold presses the phone's hold key.
func (c *AgentControl) Hold(id string) bool {
	return c.onLeg(id, is(established), func(tx *transaction, l *leg) { tx.setLegState(l, held) })
}

// Retrieve presses the phone's hold key again.
func (c *AgentControl) Retrieve(id string) bool {
	return c.onLeg(id, is(held), func(tx *transaction, l *leg) { tx.setLegState(l, established) })
}

// Dial dials on the phone. It returns the id of the call, "" if nobody has the
// number.
func (c *AgentControl) Dial(number string) string {
	var id string
	c.srv.exchange.do(nil, nil, func(tx *transaction) {
		d := c.agent.home[0]
		if to, ok := tx.resolve(number); ok && to.device != d {
			id = tx.dialOut(d, to, nil).id
		}
	})
	return id
}

// SetState presses a key of the phone, or is a timer of the switch: OpReady,
// OpNotReady, OpOffline, or the operation of a configured state; StayLoggedIn
// logs in without a state. It panics if there is no such state.
func (c *AgentControl) SetState(op voice.OperationName) {
	st := c.srv.exchange.states[op]
	if op == StayLoggedIn {
		st = loggedIn
	}
	if st == nil {
		panic("voicetest: there is no state " + quote(string(op)))
	}
	c.srv.exchange.do(nil, nil, func(tx *transaction) {
		for _, d := range c.agent.devices {
			tx.setState(d, st)
		}
	})
}

// SetRegistered takes the agent's devices off the switch, or brings them back,
// logged out.
func (c *AgentControl) SetRegistered(registered bool) {
	c.srv.exchange.do(nil, nil, func(tx *transaction) {
		for _, d := range c.agent.devices {
			d.registered = registered
			tx.setState(d, tx.states[voice.OpOffline])
		}
	})
}

// SetToken replaces the bearer token that the server accepts for the agent, as
// when the old one expires. "" means that it accepts none.
func (c *AgentControl) SetToken(token string) {
	x := c.srv.exchange
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.tokens[c.agent.token] == c.agent {
		delete(x.tokens, c.agent.token)
	}
	c.agent.token = token
	if token != "" {
		x.tokens[token] = c.agent
	}
}
