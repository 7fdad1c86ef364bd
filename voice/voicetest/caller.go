package voicetest

import "maps"

// Call is a call from somebody outside, or from another agent.
type Call struct {
	From     string         // the caller's number; "" means 4155550142
	To       string         // the agent's DN or user name; "" means the first agent
	Queue    string         // the queue that sends it; "" means a direct call, which cannot be rejected
	UserData map[string]any // copied
}

// Ring lets a call ring at an agent and returns its id. It rings whatever the
// agent's state is. If From is an agent's DN, it is that agent who dials. It
// panics if To or Queue do not exist, or if the agent calls himself.
func (s *Server) Ring(c Call) string {
	var id string
	s.exchange.do(nil, nil, func(tx *transaction) { id = tx.incoming(s.incoming(c), c).id })
	return id
}

// Establish is [Server.Ring], answered at once.
func (s *Server) Establish(c Call) string {
	var id string
	s.exchange.do(nil, nil, func(tx *transaction) {
		l := tx.incoming(s.incoming(c), c)
		tx.answer(l)
		id = l.id
	})
	return id
}

// Enqueue lets a call come to a queue and returns its id. The queue offers it
// to the agent who has been ready longest, or lets it wait; To does not count.
func (s *Server) Enqueue(c Call) string {
	if c.Queue == "" {
		c.Queue = s.opts.Queues[0]
	}
	q := s.exchange.queues[c.Queue]
	if q == nil {
		panic("voicetest: there is no queue " + quote(c.Queue))
	}
	var id string
	s.exchange.do(nil, nil, func(tx *transaction) {
		k := tx.caller(c, q.number)
		tx.distribute(k, q)
		id = tx.idOf(k)
	})
	return id
}

// incoming returns where a call is to ring.
func (s *Server) incoming(c Call) *device {
	a := s.exchange.agents[0]
	if c.To != "" {
		a = s.mustAgent(c.To)
	}
	if c.Queue != "" && s.exchange.queues[c.Queue] == nil {
		panic("voicetest: there is no queue " + quote(c.Queue))
	}
	d := s.exchange.byDN[c.To]
	if d == nil || d.dn != c.To {
		d = a.home[0]
	}
	if c.From == d.dn {
		panic("voicetest: " + quote(c.From) + " calls himself")
	}
	return d
}

// caller makes a call with the one who has made it.
func (tx *transaction) caller(c Call, dnis string) *call {
	if c.From == "" {
		c.From = "4155550142"
	}
	d := tx.byDN[c.From]
	if d != nil && d.dn != c.From {
		d = nil
	}
	kind := internal
	if isOutside(c.From) {
		kind = inbound
	}
	k := tx.newCall(kind, dnis)
	k.data = maps.Clone(c.UserData)
	if len(k.data) == 0 {
		k.data = nil
	}
	if kind == inbound {
		k.ani = c.From
	}
	if d == nil {
		tx.join(k, c.From, nil, established)
	} else {
		tx.notify(tx.join(k, d.dn, d, dialing), statusChange, answered)
	}
	return k
}

func (tx *transaction) incoming(d *device, c Call) *leg {
	dnis := d.dn
	if c.Queue != "" {
		dnis = c.Queue
	}
	k := tx.caller(c, dnis)
	if q := tx.queues[c.Queue]; q != nil {
		k.queue, k.through = q, q
	}
	l := tx.join(k, d.dn, d, ringing)
	l.viaQueue = k.queue != nil
	tx.ring(l)
	return l
}

func (x *exchange) idOf(c *call) string {
	if x.opts.ConnectionIDs || x.opts.Release == Release850 {
		return c.connID
	}
	return c.uuid
}

// outside runs a step on the first party of a call that is not an agent and
// fits.
func (s *Server) outside(id string, fits func(*leg) bool, step func(*transaction, *leg)) bool {
	done := false
	s.exchange.do(nil, nil, func(tx *transaction) {
		c := tx.calls[id]
		if c == nil {
			return
		}
		for _, l := range c.legs {
			if l.agent == nil && fits(l) {
				step(tx, l)
				done = true
				return
			}
		}
	})
	return done
}

// HangupCustomer lets the outside party of a call hang up, the first one if
// there are several. It reports false if there is no such call or party.
func (s *Server) HangupCustomer(id string) bool {
	return s.outside(id, (*leg).alive, func(tx *transaction, l *leg) { tx.drop(l, businessCall) })
}

// AnswerOutside lets an outside number that an agent has called answer. It
// reports false if none is ringing on the call.
func (s *Server) AnswerOutside(id string) bool {
	return s.outside(id, is(ringing), (*transaction).answer)
}

// RefuseOutside lets an outside number that an agent has called refuse the
// call, or be busy. It reports false if none is ringing on the call.
func (s *Server) RefuseOutside(id string) bool {
	return s.outside(id, is(ringing), func(tx *transaction, l *leg) { tx.drop(l, businessCall) })
}

// AttachData adds user data to a call, as the routing does. It reports false if
// there is no such call.
func (s *Server) AttachData(id string, data map[string]any) bool {
	done := false
	s.exchange.do(nil, nil, func(tx *transaction) {
		if c := tx.calls[id]; c != nil {
			tx.attach(c, data)
			tx.dataChanged(c, nil)
			done = true
		}
	})
	return done
}

// Preview offers an agent (To, "" means the first) a record of an outbound
// campaign, with the number From to be called, and returns the id of the call.
func (s *Server) Preview(c Call) string {
	var id string
	d := s.incoming(c)
	if c.From == "" {
		c.From = "4155550142"
	}
	s.exchange.do(nil, nil, func(tx *transaction) { id = tx.offerPreview(d, c.From, maps.Clone(c.UserData)).id })
	return id
}

// CancelPreview withdraws what [Server.Preview] has offered. It reports false
// if it is not offered any more.
func (s *Server) CancelPreview(id string) bool {
	done := false
	s.exchange.do(nil, nil, func(tx *transaction) {
		if c := tx.calls[id]; c != nil && len(c.legs) == 1 && c.legs[0].state == preview {
			tx.endPreview(c.legs[0])
			done = true
		}
	})
	return done
}
