package cometd

import (
	"errors"
	"slices"
)

// maxHeld is how many messages may wait to be sent.
const maxHeld = 1024

// enqueue hands r to the sender; c.mu must be held.
func (c *Client) enqueue(r *request) error {
	if err := c.closedErr(); err != nil {
		return err
	}
	if len(c.outbox) >= maxHeld {
		return r.failure(errOverflow, "")
	}
	c.outbox = append(c.outbox, r)
	c.startSender()
	return nil
}

// startSender starts the goroutine that exists while there is something to
// send; c.mu must be held.
func (c *Client) startSender() {
	if c.sending || len(c.outbox) == 0 || c.link != linkUp && c.closing == nil || c.err != nil {
		return
	}
	c.sending = true
	c.workers.Go(c.sendAll)
}

// withdraw gives r up; if it has not been sent it never will be. c.mu must be
// held.
func (c *Client) withdraw(r *request) {
	if i := slices.Index(c.outbox, r); i >= 0 {
		c.outbox = slices.Delete(c.outbox, i, i+1)
		r.finished = true
	}
}

// sendAll sends what waits, one group after the other: what comes while a
// request is under way goes together with the next.
func (c *Client) sendAll() {
	for {
		c.mu.Lock()
		if len(c.outbox) == 0 || c.link != linkUp && c.closing == nil || c.err != nil {
			c.sending = false
			c.mu.Unlock()
			return
		}
		t := c.transport
		var x *exchange
		x, c.outbox = c.nextExchange(t, c.outbox)
		c.mu.Unlock()

		ctx, cancel := withLimit(c.ctx, c.opts.MaxNetworkDelay)
		err := t.send(ctx, x)
		cancel()
		if t.kind() == LongPolling {
			c.reportLoss(x, err)
		}
		if err == nil || errors.Is(err, errNoReply) {
			_ = c.settle(x, err, t)
			continue
		}
		if failure := asError(err); failure.unauthorized() {
			if _, stop := c.tryRefresh(failure, x.login); stop {
				c.end(failure)
			}
		}
		c.mu.Lock()
		c.failAll(x, err, t)
		var kept []*request
		for _, r := range c.outbox { // nothing may overtake what has failed
			if r.kind == kindDisconnect {
				kept = append(kept, r)
			} else {
				c.finishRequest(r, nil, r.failure(errBehind, ""))
			}
		}
		c.outbox = kept
		c.mu.Unlock()
	}
}

// reportLoss marks the place where events may be missing that travelled with
// the response to a request that was not a connect.
func (c *Client) reportLoss(x *exchange, err error) {
	c.mu.Lock()
	concerned := c.ctx.Err() == nil && x.requests[0].session == c.session && !c.ack.active && c.phase.hasSession()
	well := c.phase == connected
	c.mu.Unlock()
	switch {
	case !concerned:
		return
	case mayHaveLost(err):
	case x.broken != nil:
		err = x.broken
	default:
		return
	}
	c.openGap(err, false)
	if well {
		c.closeGap()
	}
}

// nextExchange takes as many requests from the front of list as go into one
// body; c.mu must be held.
func (c *Client) nextExchange(t transport, list []*request) (*exchange, []*request) {
	n, size := 0, 0
	for n < len(list) {
		size += list[n].size()
		if n > 0 && size > maxBody {
			break
		}
		n++
	}
	x := new(exchange)
	c.encode(x, t, list[:n]...)
	return x, slices.Clone(list[n:])
}

// encode makes x one body of requests; c.mu must be held.
func (c *Client) encode(x *exchange, t transport, list ...*request) {
	x.login, x.ordered = c.refresh.now(), list[0].kind == kindConnect
	x.requests, x.readers = append(x.first[:0], list...), x.reader[:0]
	b := make([]byte, 0, 160*len(list))
	for i, r := range list {
		if i == 0 {
			b = append(b, '[')
		} else {
			b = append(b, ',')
		}
		if r.id == 0 {
			c.ids++
			r.id = c.ids
		}
		r.session, r.sent = c.session, true
		b = r.appendTo(b, c.clientID, t.kind())
	}
	x.body = append(b, ']')
}

// settle finishes the requests of x that got no reply, and returns the error
// of the exchange as a whole.
func (c *Client) settle(x *exchange, err error, t transport) error {
	if err != nil && x != nil {
		c.mu.Lock()
		c.failAll(x, err, t)
		c.mu.Unlock()
	}
	return err
}

// failAll finishes the requests of x that got no reply; c.mu must be held.
func (c *Client) failAll(x *exchange, err error, t transport) {
	for _, r := range x.unfinished() {
		c.finishRequest(r, nil, r.failure(err, t.kind()))
	}
}

// finishRequest ends r with a reply, or with the reason why there is none;
// c.mu must be held. Only the first call counts.
func (c *Client) finishRequest(r *request, rep *reply, err error) {
	if r.finished {
		return
	}
	r.finished = true
	r.reply, r.err = rep, err
	switch r.kind {
	case kindSubscribe:
		c.subscribed(r, err)
	case kindDisconnect:
		c.disconnectFinished(err)
	case kindUnsubscribe:
		if err != nil {
			c.log.Debug("unsubscribe failed", "channel", r.channel, "error", err)
		}
	}
	if r.done != nil {
		close(r.done)
	}
}
