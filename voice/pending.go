package voice

import (
	"context"
	"slices"
	"time"
)

// expect registers the expectation of op, before its request is sent, and limits
// the wait for the answer to that. cancel gives the request up.
func (c *Client) expect(ctx context.Context, op Operation, params any, cancel context.CancelCauseFunc) (*Pending, error) {
	if op.Name == OpDial {
		if err := c.awaitDialTurn(ctx, op.DeviceID); err != nil {
			return nil, err
		}
	}
	p := &Pending{client: c, op: op, params: params, rule: ruleFor(&op), after: c.inbox.end(), done: make(chan struct{}), cancel: cancel}
	r := c.registry
	r.mu.Lock()
	defer r.mu.Unlock()
	err := ctx.Err()
	if err == nil {
		err = r.closed
	}
	if err == nil {
		err = r.outage()
	}
	if err != nil {
		if op.Name == OpDial {
			r.endDialTurn(op.DeviceID)
		}
		return nil, err
	}
	p.since = r.seq
	if op.DeviceID == "" && op.CallID == "" {
		for _, known := range r.devices {
			p.devices = append(p.devices, known.device)
		}
	}
	p.device = r.deviceOf(&op)
	r.expectRemoval(p)
	r.expectAddition(p)
	if op.Until != nil {
		r.foreign++
	}
	r.pending = append(r.pending, p)
	p.alone[0] = p
	alone := p.alone[:]
	if op.CallID != "" && !p.rule.others {
		r.forCall[op.CallID] = with(r.forCall[op.CallID], alone)
	} else {
		r.others = with(r.others, alone)
	}
	c.callAt(p, time.Now().Add(answerTimeout), func(p *Pending) { p.cancel(context.DeadlineExceeded) })
	return p, nil
}

// abort gives up the request of p, if it is not answered yet.
func (p *Pending) abort() { p.cancel(nil) }

// How long the answer to a request is still awaited when a message has shown the
// outcome. A refusal would say that a success was not this request's doing, and
// is worth more than it would add to a failure.
const (
	graceOfSuccess = 5 * time.Second
	graceOfFailure = 2 * time.Second
)

// limitAnswer limits the wait for the answer to p, which is decided; mu is held.
func (c *Client) limitAnswer(p *Pending) {
	grace := graceOfSuccess
	if p.verdict != nil {
		grace = graceOfFailure
	}
	at := time.Now().Add(min(grace, c.operationTimeout))
	if p.due.IsZero() || at.Before(p.due) {
		c.callAt(p, at, (*Pending).abort)
	}
}

// remove takes p out of everything.
func (r *registry) remove(p *Pending) {
	i := slices.Index(r.pending, p)
	if i < 0 {
		return
	}
	r.pending = slices.Delete(r.pending, i, i+1)
	if p.op.Until != nil {
		r.foreign--
	}
	r.others = without(r.others, p)
	if left := without(r.forCall[p.op.CallID], p); len(left) > 0 {
		r.forCall[p.op.CallID] = left
	} else {
		delete(r.forCall, p.op.CallID)
	}
	if p.op.Name == OpDial {
		r.endDialTurn(p.op.DeviceID)
	}
}

// with returns list with one more at its end. The lists of those that a message
// may settle stay as they are, since whoever has the turn iterates over them
// without the lock.
func with(list, alone []*Pending) []*Pending {
	if len(list) == 0 {
		return alone
	}
	return slices.Concat(list, alone)
}

// without returns list without p.
func without(list []*Pending, p *Pending) []*Pending {
	i := slices.Index(list, p)
	switch {
	case i < 0:
		return list
	case len(list) == 1:
		return nil
	}
	return slices.Concat(list[:i], list[i+1:])
}

// awaitDialTurn waits until no other Dial is unmatched on the device: two new
// calls could not be told apart.
func (c *Client) awaitDialTurn(ctx context.Context, device string) error {
	r := c.registry
	for {
		r.mu.Lock()
		if r.closed != nil {
			defer r.mu.Unlock()
			return r.closed
		}
		busy := r.dialling[device]
		if busy == nil {
			r.dialling[device] = make(chan struct{})
			r.mu.Unlock()
			return nil
		}
		r.mu.Unlock()
		select {
		case <-busy:
		case <-ctx.Done():
			return ctx.Err()
		case <-c.done:
			return ErrClosed
		}
	}
}

func (r *registry) endDialTurn(device string) {
	if busy := r.dialling[device]; busy != nil {
		delete(r.dialling, device)
		close(busy)
	}
}

// decide fixes the outcome of p: what p.outcome holds, or err. It takes effect
// when the request has been answered, since a refusal outranks a message that
// came by for another reason; but the answer is not awaited for long any more.
func (c *Client) decide(p *Pending, err error) {
	r := c.registry
	r.mu.Lock()
	if !p.decided {
		p.decided, p.verdict = true, err
		if !p.answered {
			c.limitAnswer(p)
		}
	}
	finish := p.answered && p.finish(p.verdict)
	if finish {
		r.remove(p)
	}
	r.mu.Unlock()
	if finish {
		close(p.done)
	}
}

// finish must be called with mu held. If it returns true, the caller removes p
// and closes p.done.
func (p *Pending) finish(err error) bool {
	if p.finished {
		return false
	}
	p.finished, p.err = true, err
	return true
}

// accept notes that the server has answered statusCode 0.
func (c *Client) accept(p *Pending) {
	r := c.registry
	r.mu.Lock()
	p.answered, p.accepted = true, true
	switch {
	case p.decided:
	case p.rule.settles == nil:
		p.decided = true // acceptance is the outcome, whatever else was said meanwhile
	case p.suspect != nil:
		p.decided, p.verdict = true, c.failedLocked(p, p.suspect)
	}
	c.startWaiting(p, c.operationTimeout, lead(c.operationTimeout))
	finish := p.decided && p.finish(p.verdict)
	if finish {
		r.remove(p)
	}
	r.mu.Unlock()
	if finish {
		close(p.done)
	}
}

// unanswered notes that the request got out and that no usable answer came. The
// outcome is awaited for another while, or, if there was time enough for it to
// show, only read back.
func (c *Client) unanswered(p *Pending, err error, wait time.Duration) {
	r := c.registry
	r.mu.Lock()
	p.answered, p.sendErr = true, err
	switch {
	case p.decided:
	case p.rule.settles == nil:
		p.decided, p.verdict = true, c.unconfirmedLocked(p, err) // no message can tell
	case p.suspect != nil:
		p.decided, p.verdict = true, c.failedLocked(p, p.suspect) // refused or failed: it did not happen
	}
	if wait > 0 {
		c.startWaiting(p, wait, lead(wait))
	} else {
		c.startWaiting(p, lastRead, lastRead)
	}
	finish := p.decided && p.finish(p.verdict)
	if finish {
		r.remove(p)
	}
	r.mu.Unlock()
	if finish {
		close(p.done)
	}
}

// withdraw ends the expectation of a request that changed nothing. refused
// tells whether the server said so, in which case an error message about it
// may still come, or be there already.
func (c *Client) withdraw(p *Pending, refused bool) {
	r := c.registry
	r.mu.Lock()
	defer r.mu.Unlock()
	p.decided, p.finished, p.refused = true, true, true
	if refused && p.suspect == nil {
		r.noteRefusal(p)
	}
	r.remove(p)
}

// abandon tells the caller of an operation that its outcome is not known, when
// err ended the request. The operation itself stays pending: the message that
// it causes must not be taken for that of another one.
func (c *Client) abandon(p *Pending, err error) error {
	unknown := c.unconfirmed(p, err)
	c.unanswered(p, err, c.operationTimeout)
	return unknown
}

// settleUnknown ends p with an UnconfirmedError, unless its outcome is known. It
// may fail yet: an error message that comes late must not be taken for another
// operation's.
func (c *Client) settleUnknown(p *Pending, err error) {
	r := c.registry
	r.mu.Lock()
	if !p.decided {
		p.decided, p.verdict = true, c.unconfirmedLocked(p, err)
		r.doubt(p)
		r.noteUnknown(p, c.operationTimeout)
	}
	finish := p.finish(p.verdict)
	if finish {
		r.remove(p)
	}
	r.mu.Unlock()
	if finish {
		close(p.done)
	}
}

// unconfirmed returns what is known of p when the wait for it ends with err.
func (c *Client) unconfirmed(p *Pending, err error) error {
	c.registry.mu.Lock()
	defer c.registry.mu.Unlock()
	return c.unconfirmedLocked(p, err)
}

func (c *Client) unconfirmedLocked(p *Pending, err error) error {
	return &UnconfirmedError{
		Operation: p.op.Name,
		CallID:    p.op.CallID,
		Accepted:  p.accepted,
		Call:      c.registry.callLocked(p.op.CallID),
		Err:       err,
	}
}
