package cometd

import (
	"context"
	"errors"
	"time"

	"github.com/gwsvoice/gws-go/internal/backoff"
)

var errInterrupted = errors.New("interrupted")

func jitter(d time.Duration) time.Duration { return backoff.Jitter(d) }

// idlePoll is after what time a poll counts as idle.
const idlePoll = time.Second

// run is the session goroutine: it does what next decides until that is to end.
//
// The goroutine of an idle agent spends its life waiting for the answer to a
// poll, and there may be ten thousand of them, so its stack should be small
// while it waits. What is on it then, from here down to the transport, has
// small frames; functions that would make them larger are not inlined. And
// because a stack that has grown over a response does not shrink again, a
// goroutine hands over to a new one when the session is made, and after a poll
// that was idle.
func (c *Client) run(act action) {
	for act.kind != actTerminate {
		probe := act.probe
		if !c.pause(&act) {
			c.perform(&act)
		}
		c.decide(&act)
		if act.kind == actConnect && (probe || c.now()-c.resumed > idlePoll) {
			c.resumed = c.now()
			go c.run(act)
			return
		}
	}
	c.finish()
}

// decide replaces an action that has been carried out, or was interrupted, by
// the next.
//
//go:noinline
func (c *Client) decide(act *action) {
	if c.in.kind < inClose && c.isClosing() {
		c.in = input{kind: inClose} // whatever else happened does not matter any more
	}
	if then := c.step(c.in); then.kind != actNone {
		*act = then
	}
}

// step passes an input to the state machine.
func (c *Client) step(in input) action {
	in.now = c.now()
	before := c.st
	after, act := next(before, in)
	c.st = after
	if before.phase.hasSession() && after.phase == rehandshaking {
		c.sessionLost(in.err)
	}
	c.mu.Lock()
	c.phase, c.digest = after.phase, after.digest()
	c.mu.Unlock()
	if after.phase == before.phase {
		return act
	}
	switch {
	case after.phase == connected:
		c.log.Info("connected", "transport", c.negotiate.current)
	case after.phase == unconnected:
		c.log.Info("disconnected", "error", in.err)
	}
	c.log.Debug("state", "from", before.phase, "to", after.phase)
	return act
}

// pause waits until the action is due. An input that arrives in the meantime
// ends the wait, and pause reports true; what is left of it is left in act.
func (c *Client) pause(act *action) (early bool) {
	delay := act.delay + c.spread(act.spread)
	act.spread = 0
	due := c.now() + delay
	var timer *time.Timer
	for {
		if in, ok := c.take(); ok {
			act.delay = max(due-c.now(), 0)
			if timer != nil {
				timer.Stop()
			}
			c.in = in
			return true
		}
		if timer == nil {
			if delay <= 0 {
				return false
			}
			timer = time.NewTimer(delay)
		}
		select {
		case <-c.wake:
		case <-timer.C:
			return false
		case <-c.ctx.Done():
			timer.Stop()
			c.in = input{kind: inAbort, err: context.Cause(c.ctx)}
			return true
		}
	}
}

// take returns the oldest input of the inbox that concerns this session.
func (c *Client) take() (input, bool) {
	if c.ctx.Err() != nil {
		return input{kind: inAbort, err: context.Cause(c.ctx)}, true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.inbox) > 0 {
		in := c.inbox[0]
		c.inbox = c.inbox[1:]
		if len(c.inbox) == 0 {
			c.inbox = nil
		}
		if in.session == c.session {
			return in, true
		}
	}
	if c.closing != nil && c.phase != disconnecting {
		return input{kind: inClose}, true
	}
	return input{}, false
}

// post hands an input to the session goroutine; any other may call it.
func (c *Client) post(in input) {
	c.mu.Lock()
	if in.session == c.session && !c.postpone(in) {
		c.inbox = append(c.inbox, in)
		if c.interrupt != nil && (in.kind == inRenew || in.kind == inServerDisconnect || in.kind == inDoubt) {
			c.interrupt(errInterrupted)
		}
	}
	c.mu.Unlock()
	c.rouse()
}

// postpone deals with doubts about the session, which a connect that is
// answered at once settles: one at a time, one a second. c.mu must be held.
func (c *Client) postpone(in input) bool {
	if in.kind != inDoubt {
		return false
	}
	if c.interrupt != nil && !c.holding || c.probeTimer != nil {
		return true // settled by what is under way, or soon
	}
	now := time.Now()
	if wait := c.probed.Add(probeEvery).Sub(now); wait > 0 {
		c.probeTimer = time.AfterFunc(wait, func() {
			c.mu.Lock()
			c.probeTimer = nil
			c.mu.Unlock()
			c.post(in)
		})
		return true
	}
	c.probed = now
	return false
}

func (c *Client) rouse() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *Client) isClosing() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closing != nil
}

// perform carries out an action that is due, and leaves what came of it in c.in.
func (c *Client) perform(act *action) {
	c.resumed = c.now()
	if act.kind == actConnect {
		c.connect(act.probe)
	} else {
		c.performOther(act.kind)
	}
	c.overrule()
}

//go:noinline
func (c *Client) performOther(kind actionKind) {
	switch kind {
	case actHandshake:
		c.in = c.handshake()
	case actRestore:
		c.in = c.restore()
	case actDisconnect:
		c.in = c.awaitDisconnect()
	}
}

// overrule replaces what came of an action by what counts more.
//
//go:noinline
func (c *Client) overrule() {
	if c.ctx.Err() != nil {
		c.in = input{kind: inAbort, err: context.Cause(c.ctx)}
		return
	}
	if errors.Is(c.in.err, errInterrupted) {
		if posted, ok := c.take(); ok {
			c.in = posted
		} else {
			c.in = input{kind: inDoubt}
		}
	}
}

// openTransport makes t ready, without sending anything.
func (c *Client) openTransport(t transport) error {
	c.mu.Lock()
	open := t.isOpen()
	c.mu.Unlock()
	if open {
		return nil
	}
	return c.exchange(t, nil, 0, false)
}

// exchange sends x on behalf of the session goroutine and waits for its end.
func (c *Client) exchange(t transport, x *exchange, limit time.Duration, holding bool) error {
	s := c.newSpan()
	defer c.endSpan(s)
	c.mu.Lock()
	if len(c.inbox) > 0 || c.closing != nil {
		c.mu.Unlock()
		return c.settle(x, errInterrupted, t)
	}
	c.interrupt, c.holding = s.cancel, holding
	c.mu.Unlock()
	err := t.open(s.ctx)
	if err == nil && x != nil {
		s.begin(limit)
		err = t.roundTrip(s.ctx, x)
	}
	c.mu.Lock()
	c.interrupt, c.holding = nil, false
	c.mu.Unlock()
	return c.settle(x, err, t)
}

// finish ends the client: nobody waits for it any more after done is closed.
func (c *Client) finish() {
	c.mu.Lock()
	err := c.in.err
	switch {
	case c.closing != nil:
		err = c.closing.err
	case err == nil:
		err = ErrDisconnected
	}
	c.err = err
	c.link = linkNone
	c.phase = terminating
	if c.probeTimer != nil {
		c.probeTimer.Stop()
		c.probeTimer = nil
	}
	if c.closing != nil && c.closing.timer != nil {
		c.closing.timer.Stop()
	}
	t := c.transport
	waiting := c.outbox
	c.outbox, c.inbox = nil, nil
	for _, r := range waiting {
		c.finishRequest(r, nil, err)
	}
	for _, tp := range c.topics {
		tp.attempt.end(err)
	}
	c.mu.Unlock()
	if t != nil {
		t.close()
	}
	c.cancel(err)
	c.negotiate.close()
	c.workers.Wait()
	if c.private != nil {
		c.private.CloseIdleConnections()
	}
	c.step(input{kind: inEnded})
	c.mu.Lock()
	subs := c.subs
	c.subs, c.topics = nil, nil
	c.mu.Unlock()
	for _, s := range subs {
		s.flush()
		s.queue.Close(err)
	}
	if errors.Is(err, ErrClosed) {
		c.log.Info("closed")
	} else {
		c.log.Warn("closed", "error", err)
	}
	close(c.done)
}
