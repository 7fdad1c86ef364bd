package cometd

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gwsvoice/gws-go/internal/backoff"
)

var errInterrupted = errors.New("interrupted")

func jitter(d time.Duration) time.Duration { return backoff.Jitter(d) }

// run is the session goroutine: it does what next decides until that is to end.
func (c *Client) run() {
	act := c.step(input{kind: inStart})
	var in input
	for act.kind != actTerminate {
		var early bool
		if in, early = c.pause(&act); !early {
			in = c.perform(act)
		}
		if in.kind < inClose && c.isClosing() {
			in = input{kind: inClose} // whatever else happened does not matter any more
		}
		if then := c.step(in); then.kind != actNone {
			act = then
		}
	}
	c.finish(in.err)
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
// ends the wait; what is left of it is left in act.
func (c *Client) pause(act *action) (input, bool) {
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
			return in, true
		}
		if timer == nil {
			if delay <= 0 {
				return input{}, false
			}
			timer = time.NewTimer(delay)
		}
		select {
		case <-c.wake:
		case <-timer.C:
			return input{}, false
		case <-c.ctx.Done():
			timer.Stop()
			return input{kind: inAbort, err: context.Cause(c.ctx)}, true
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

// perform carries out an action that is due.
func (c *Client) perform(act action) input {
	var in input
	switch act.kind {
	case actHandshake:
		in = c.handshake()
	case actRestore:
		in = c.restore()
	case actConnect:
		in = c.connect(act.probe)
	case actDisconnect:
		in = c.awaitDisconnect()
	}
	if c.ctx.Err() != nil {
		return input{kind: inAbort, err: context.Cause(c.ctx)}
	}
	if errors.Is(in.err, errInterrupted) {
		if posted, ok := c.take(); ok {
			return posted
		}
		return input{kind: inDoubt}
	}
	return in
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
	ctx, cancel := context.WithCancelCause(c.ctx)
	defer cancel(nil)
	c.mu.Lock()
	if len(c.inbox) > 0 || c.closing != nil {
		c.mu.Unlock()
		return c.settle(x, errInterrupted, t)
	}
	c.interrupt, c.holding = cancel, holding
	c.mu.Unlock()
	err := t.open(ctx)
	if err == nil && x != nil {
		timer := time.AfterFunc(limit, func() { cancel(errTimeout) })
		err = t.roundTrip(ctx, x)
		timer.Stop()
	}
	c.mu.Lock()
	c.interrupt, c.holding = nil, false
	c.mu.Unlock()
	return c.settle(x, err, t)
}

// connect sends a connect and waits for its reply.
func (c *Client) connect(probe bool) input {
	c.mu.Lock()
	t := c.transport
	acked := int64(-1)
	if c.ack.active {
		acked = c.ack.number
	}
	r := &request{kind: kindConnect, probe: probe || !t.isOpen(), ack: acked, session: c.session}
	x := c.newExchange(t, r)
	if r.probe {
		c.probed = time.Now()
	}
	c.mu.Unlock()
	began := time.Now()
	err := c.exchange(t, x, c.opts.MaxNetworkDelay+c.st.hold(r.probe), !r.probe)
	took := time.Since(began)
	c.mu.Lock()
	reply := r.reply
	c.mu.Unlock()
	if reply == nil && errors.Is(err, errInterrupted) {
		if t.kind() == LongPolling && !r.probe {
			c.openGap(err, acked >= 0) // it may have been on its way with events
		}
		return input{err: errInterrupted}
	}
	if reply == nil {
		return c.connectFailed(r, x, t, err)
	}
	in := input{kind: inConnectReply, ok: reply.ok, advice: reply.advice}
	if !reply.ok {
		in.err = reply.err
		in.unknown = reply.err.unknownSession()
		if reply.advice.reconnect == reconnectNone || reply.err.Code == 401 && !in.unknown {
			in.refreshed, in.fatal = c.tryRefresh(reply.err, x.login)
			if !in.refreshed && reply.err.Err == nil && reply.advice.reconnect == reconnectNone {
				reply.err.Err = ErrDisconnected
			}
		}
		c.mu.Lock()
		c.ack.repeat()
		c.mu.Unlock()
		c.log.Warn("connect refused", "error", reply.err)
		return in
	}
	if reply.advice.reconnect == reconnectNone {
		in.err = &Error{Channel: metaConnect, Transport: t.kind(), Err: ErrDisconnected}
		return in
	}
	if reply.advice.reconnect == reconnectHandshake {
		in.err = &Error{Channel: metaConnect, Transport: t.kind(), Message: "another handshake is advised"}
		return in
	}
	in.quick = !r.probe && x.events.Load() == 0 && took < quickAnswer
	if reply.advice.multiple && !c.st.multiple {
		c.log.Warn("the server sees several clients in one browser and slows this one down", "interval", reply.advice.interval.d)
	}
	c.sessionConfirmed(x, reply)
	return in
}

// connectFailed digests a connect that got no reply.
func (c *Client) connectFailed(r *request, x *exchange, t transport, err error) input {
	in := input{kind: inConnectFailed, err: r.failure(err, t.kind())}
	failure := asError(in.err)
	in.retryAfter = retryAfter(err)
	if failure.unauthorized() {
		in.refreshed, in.fatal = c.tryRefresh(failure, x.login)
	}
	c.mu.Lock()
	acked := c.ack.active
	c.ack.repeat()
	c.mu.Unlock()
	in.unreadable = acked && isUnreadable(err)
	in.otherway = c.lostTransport(t, err)
	if c.ctx.Err() == nil && (mayHaveLost(err) || x.broken != nil) {
		c.openGap(in.err, acked)
	}
	c.log.Warn("connect failed", "error", in.err)
	return in
}

// lostTransport reports whether a server that has a session does not let it use
// transport t any more, and there is another.
func (c *Client) lostTransport(t transport, err error) bool {
	refusal, ok := errors.AsType[*upgradeError](err)
	if !ok || !refusal.isFinal() || refusal.status == http.StatusUnauthorized || refusal.status == http.StatusForbidden {
		return false
	}
	otherway, _ := c.negotiate.failed(t, err)
	return otherway
}

// sessionConfirmed is called after each connect that succeeded.
func (c *Client) sessionConfirmed(x *exchange, reply *reply) {
	broken := x.broken
	c.mu.Lock()
	switch a := &c.ack; {
	case !a.active || !reply.ack.set:
	case broken != nil && !a.broken: // the server may be luckier another time
		a.broken, broken = true, nil
		a.repeat()
	default:
		a.take(reply.ack.number)
	}
	c.confirmed = time.Now()
	c.grace = fullGrace
	if c.ack.active {
		expiry := defaultExpiry
		if c.st.maxInterval > 0 {
			expiry = c.st.maxInterval
		}
		c.grace = expiry / 2
	}
	c.mu.Unlock()
	c.refuseDoubtful()
	if broken != nil {
		c.openGap(broken, false)
	}
	c.closeGap()
}

// finish ends the client: nobody waits for it any more after done is closed.
func (c *Client) finish(cause error) {
	c.mu.Lock()
	err := cause
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
