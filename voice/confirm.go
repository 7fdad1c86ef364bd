package voice

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// lastRead is how long before the end of the wait for an outcome the server's
// own list is asked for, if no message has told by then: a read takes time too,
// and the outcome must not come later than was promised.
const lastRead = 2 * time.Second

// lead is lastRead for a wait, of which at least four fifths come before.
func lead(wait time.Duration) time.Duration { return min(lastRead, wait/5) }

// startWaiting limits the wait for the outcome, of which the last part is for a
// read; mu is held.
func (c *Client) startWaiting(p *Pending, wait, read time.Duration) {
	if p.decided || p.finished {
		return
	}
	now := time.Now()
	p.deadline = now.Add(wait)
	c.callAt(p, now.Add(wait-read), (*Pending).confirm)
}

// confirm is called when p has waited long enough. The server's own list decides
// at the end of the wait, for a message that comes until then tells more.
func (p *Pending) confirm() {
	c := p.client
	if !c.enter() {
		return
	}
	defer c.leave()
	ctx, cancel := context.WithDeadline(c.lifetime, p.deadline)
	defer cancel()
	s := &snapshot{since: c.registry.now()}
	read := c.readCalls
	if p.op.CallID == "" && p.op.Name != OpDial && p.op.Until == nil {
		read = c.readDevices
	}
	err := read(ctx, s)
	inOrder := err == nil && c.awaitBacklog(ctx)
	r := c.registry
	r.mu.Lock()
	defer r.mu.Unlock()
	if !p.finished && c.lifetime.Err() == nil {
		c.callAt(p, p.deadline, func(p *Pending) { c.conclude(p, s, err, inOrder) })
	}
}

// errBacklog is why a list is of no use.
var errBacklog = errors.New("older messages have not taken effect")

// conclude ends p when its time is over, by the list that was read, or else as
// unknown. inOrder tells whether older messages have taken effect; otherwise only
// functions of the caller are a reason to wait for them any longer.
func (c *Client) conclude(p *Pending, s *snapshot, readErr error, inOrder bool) {
	if !c.enter() {
		return // whoever closes the client settles p
	}
	defer c.leave()
	ctx, cancel := context.WithTimeout(c.lifetime, patience)
	defer cancel()
	_, foreign := c.registry.wanted()
	switch {
	case readErr != nil:
	case !inOrder && !(foreign && c.awaitBacklog(ctx)):
		readErr = errBacklog
	default:
		readErr = c.reconcile(ctx, s)
	}
	err := ErrOutcomeTimeout
	if readErr == nil {
		if p.rule.lost != nil && c.isLost(ctx, p) {
			c.decide(p, &FailedError{Operation: p.op.Name, CallID: p.op.CallID, Call: c.registry.call(p.op.CallID), Err: ErrCallReleased})
		}
	} else {
		// Not wrapped: why a read failed must not pass for a refusal of the operation.
		err = fmt.Errorf("%w, nor could it be read back: %v", ErrOutcomeTimeout, readErr)
	}
	if p.sendErr != nil {
		err = p.sendErr
	}
	c.settleUnknown(p, err)
}

// isLost asks the rule of p for its last word, after a fresh read.
func (c *Client) isLost(ctx context.Context, p *Pending) bool {
	if c.turn.Acquire(ctx, 1) != nil {
		return false
	}
	defer c.turn.Release(1)
	return !c.isDecided(p) && p.rule.lost(p)
}
