package voice

import "slices"

// dispatch makes ev take effect: it replaces the snapshot, appends ev to the
// subscriptions, and then settles operations, in this order, so that when a
// method returns its message is already in every subscription. One event takes
// effect after the other. Functions of the caller run here, with the turn: what
// makes an event take effect waits for them, until the client ends.
func (c *Client) dispatch(ev Event) {
	if c.turn.Acquire(c.lifetime, 1) != nil {
		return
	}
	defer c.endTurn()
	c.deliver(ev)
}

// endTurn wakes the readers of what was delivered, and gives the turn away.
func (c *Client) endTurn() {
	for _, s := range c.asleep {
		s.asleep = false
		s.queue.Wake()
	}
	clear(c.asleep)
	c.asleep = c.asleep[:0]
	c.turn.Release(1)
}

// tryDispatch is dispatch for the goroutine that reads from the network, which
// must not wait: it reports false, and nothing has happened, if somebody else has
// the turn or functions of the caller want to see events. It leaves the readers
// of subscriptions asleep.
func (c *Client) tryDispatch(ev Event) bool {
	if !c.turn.TryAcquire(1) {
		return false
	}
	defer c.turn.Release(1)
	return c.deliverUnless(ev, true, onArrival)
}

// deliver is dispatch for a caller that has the turn. It leaves the readers of
// subscriptions asleep until endTurn.
func (c *Client) deliver(ev Event) { c.deliverUnless(ev, false, onArrival) }

// deliverUnless is deliver, unless functions of the caller want to see events
// and must not run here, or something was put aside. Then it reports false, and
// nothing has happened. place is where ev was in the queue.
func (c *Client) deliverUnless(ev Event, foreign bool, place uint64) bool {
	r := c.registry
	r.mu.Lock()
	if foreign && (r.foreign > 0 || len(r.aside) > 0) { // what was put aside takes the lock more than once
		r.mu.Unlock()
		return false
	}
	if len(r.aside) > 0 {
		r.mu.Unlock()
		c.deliverAside(ev)
		r.mu.Lock()
	}
	r.apply(ev)
	all, limited := r.listeners(ev)
	concerned := causedBy(r.concerned(ev), ev, place)
	r.mu.Unlock()

	var failed *Pending
	if msg, ok := ev.(*ErrorMessage); ok {
		failed = c.attribute(msg, place)
	}
	c.offerAll(all, limited, ev)
	if failed != nil {
		c.decide(failed, c.failed(failed, ev.(*ErrorMessage)))
	} else {
		c.judge(concerned, ev)
	}
	return true
}

func (c *Client) offerAll(all, limited []*Subscription, ev Event) {
	for _, s := range all {
		c.offer(s, ev)
	}
	for _, s := range limited {
		c.offer(s, ev)
	}
}

// judge lets ev settle the operations that it concerns, oldest first.
func (c *Client) judge(concerned []*Pending, ev Event) {
	taken := false // by an operation that shares no event
	for _, p := range concerned {
		if p.rule.settles == nil || p.rule.single && taken || c.isDecided(p) {
			continue
		}
		switch {
		case p.rule.settles(p, ev):
			c.claim(p)
			c.decide(p, nil)
			taken = taken || p.rule.single
		case p.rule.failedBy(p, ev):
			c.noteReleased(p)
			c.decide(p, &FailedError{Operation: p.op.Name, CallID: p.op.CallID, Call: ev.(*CallStateChangeMessage).Call, Err: ErrCallReleased})
		}
	}
}

// claim keeps the call that p has opened from being taken for the one that
// another operation opens.
func (c *Client) claim(p *Pending) {
	opened := p.outcome.Consult
	if p.op.Name == OpDial {
		opened = p.outcome.Call
	}
	if !p.rule.single || opened == nil {
		return
	}
	r := c.registry
	r.mu.Lock()
	defer r.mu.Unlock()
	if known := r.calls[opened.Call.ID]; known != nil {
		known.first = 0
	}
}

func (c *Client) noteReleased(p *Pending) {
	c.registry.mu.Lock()
	defer c.registry.mu.Unlock()
	c.registry.noteRefusal(p)
}

// failedBy tells whether ev proves that what p waits for cannot happen any
// more: its call has ended, and it did not aim at that.
func (r *rule) failedBy(p *Pending, ev Event) bool {
	msg, ok := ev.(*CallStateChangeMessage)
	switch {
	case !ok:
		return false
	case r.ends != nil:
		return r.ends(p, msg)
	}
	return p.op.CallID != "" && msg.Call.ID == p.op.CallID && msg.Call.ended()
}

// concerned returns the operations that ev may settle, oldest first.
func (r *registry) concerned(ev Event) []*Pending {
	var own []*Pending
	switch ev := ev.(type) {
	case *CallStateChangeMessage:
		own = r.forCall[ev.Call.ID]
	case *DeviceStateChangeMessage:
	default:
		if len(r.others) == 0 {
			return nil
		}
	}
	if len(r.others) == 0 {
		return own // replaced, never changed
	}
	return slices.Concat(own, r.others)
}

// isDecided is for the rules of one turn: only those change it to true.
func (c *Client) isDecided(p *Pending) bool {
	c.registry.mu.Lock()
	defer c.registry.mu.Unlock()
	return p.decided
}
