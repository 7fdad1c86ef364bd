package cometd

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"
)

// maxBody is how long a group of messages may become, in bytes; a single
// message may be longer. Servers limit WebSocket frames to 64 KiB by default.
const maxBody = 48 << 10

// gap is an interruption that the subscriptions have not been told of yet.
type gap struct {
	since    time.Time
	err      error
	lossless bool
	session  uint32 // subscriptions that are younger are not concerned
}

// openGap makes events wait until closeGap has reported an interruption.
func (c *Client) openGap(err error, lossless bool) {
	c.mu.Lock()
	c.openGapLocked(err, lossless)
	c.mu.Unlock()
}

func (c *Client) openGapLocked(err error, lossless bool) {
	c.gated = true
	c.splitGap()
	if c.gap == nil {
		c.gap = &gap{since: c.confirmed, err: err, lossless: lossless, session: c.session}
	}
	c.gap.lossless = c.gap.lossless && lossless
}

// splitGap reports a gap after which events have come already, if another one
// is about to follow: the two are at different places in the stream. Nobody can
// be given time to make room here. c.mu must be held.
func (c *Client) splitGap() {
	if c.gap == nil || !slices.ContainsFunc(c.subs, func(s *Subscription) bool { return len(s.held) > 0 }) {
		return
	}
	for _, s := range c.subs {
		if s.since != 0 && s.since <= c.gap.session {
			s.queue.PushControl(&Reconnected{Since: c.gap.since, Lossless: c.gap.lossless, Err: c.gap.err})
		}
		for _, m := range s.held {
			s.queue.Push(m)
		}
		s.queue.Lose(s.lost)
		s.held, s.lost = nil, 0
	}
	c.gap = nil
}

// closeGap puts the report and then what has waited into every subscription.
func (c *Client) closeGap() {
	c.mu.Lock()
	g := c.gap
	c.gap = nil
	if g == nil {
		c.mu.Unlock()
		return
	}
	subs := slices.Clone(c.subs)
	reports := make([]*Reconnected, len(subs))
	for i, s := range subs {
		if s.since != 0 && s.since <= g.session {
			reports[i] = &Reconnected{Since: g.since, Lossless: g.lossless, Err: g.err, Refused: s.refused}
		}
		s.refused = nil
	}
	c.mu.Unlock()
	for i, s := range subs {
		if reports[i] != nil {
			s.queue.PushControl(reports[i])
		}
	}
	for waiting := true; waiting; {
		waiting = false
		for _, s := range subs {
			waiting = s.flush() || waiting
		}
		if !waiting {
			c.mu.Lock()
			waiting = slices.ContainsFunc(c.subs, func(s *Subscription) bool { return len(s.held) > 0 })
			c.gated = waiting
			subs = slices.Clone(c.subs)
			c.mu.Unlock()
		}
	}
	c.endAbandoned()
}

// endAbandoned ends subscriptions whose last channel was refused.
func (c *Client) endAbandoned() {
	c.mu.Lock()
	var ended []*Subscription
	c.subs = slices.DeleteFunc(c.subs, func(s *Subscription) bool {
		if s.fatal != nil && len(s.topics) == 0 {
			ended = append(ended, s)
			return true
		}
		return false
	})
	c.mu.Unlock()
	for _, s := range ended {
		s.queue.Close(s.fatal)
	}
}

// sessionLost is called when the session is to be renewed.
func (c *Client) sessionLost(err error) {
	c.log.Info("session lost", "error", err)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.openGapLocked(err, false)
	if err != nil {
		c.gap.err = err
	}
	c.link = linkNone
	c.clientID, c.greeted = "", false
	c.ack = ack{}
	c.inbox = nil
	for _, t := range c.topics {
		t.confirmed, t.request = false, nil
	}
	// Subscribing is done for all channels alike when there is a session
	// again; to unsubscribe, not doing that is enough.
	kept := c.outbox[:0]
	for _, r := range c.outbox {
		switch r.kind {
		case kindSubscribe, kindUnsubscribe:
			r.finished = true
		default:
			kept = append(kept, r)
		}
	}
	clear(c.outbox[len(kept):])
	c.outbox = kept
}

// restore makes a new session what the old one was: it subscribes all channels,
// and sends what was held meanwhile.
func (c *Client) restore() input {
	if !c.awaitAnnounced() {
		return input{err: errInterrupted}
	}
	c.mu.Lock()
	c.link = linkRestoring
	var missing []*topic
	for _, t := range c.topics {
		if !t.confirmed && !t.local {
			missing = append(missing, t)
		}
	}
	slices.SortFunc(missing, func(a, b *topic) int { return cmp.Compare(a.order, b.order) })
	var list []*request
	for _, t := range missing {
		t.doubt = nil
		t.request = &request{kind: kindSubscribe, channel: t.name, topic: t, session: c.session, restoring: true}
		list = append(list, t.request)
	}
	list = append(list, c.outbox...)
	c.outbox = nil
	t := c.transport
	c.mu.Unlock()
	if err := c.openTransport(t); err != nil {
		c.mu.Lock()
		c.unsend(list)
		c.mu.Unlock()
		return c.restoreFailed(t, err, c.refresh.now())
	}
	for len(list) > 0 {
		c.mu.Lock()
		if len(c.inbox) > 0 || c.closing != nil {
			c.unsend(list)
			c.mu.Unlock()
			return input{err: errInterrupted}
		}
		var x *exchange
		x, list = c.nextExchange(t, list)
		c.mu.Unlock()
		err := c.exchange(t, x, c.opts.MaxNetworkDelay, false)
		if err == nil || errors.Is(err, errNoReply) && !c.anyUnanswered(x) {
			continue
		}
		c.mu.Lock()
		for _, r := range list {
			if r.kind != kindSubscribe {
				c.finishRequest(r, nil, r.failure(errBehind, ""))
			}
		}
		c.unsend(list)
		c.mu.Unlock()
		return c.restoreFailed(t, err, x.login)
	}
	c.mu.Lock()
	doubtful := false
	for _, t := range missing {
		doubtful = doubtful || t.doubt != nil
	}
	c.link = linkUp
	c.startSender()
	c.mu.Unlock()
	if !doubtful {
		c.closeGap()
	}
	return input{kind: inReady}
}

func (c *Client) restoreFailed(t transport, err error, login int) input {
	in := input{kind: inReadyFailed, err: err, retryAfter: retryAfter(err), otherway: c.lostTransport(t, err)}
	if failure := asError(err); failure.unauthorized() {
		in.refreshed, in.fatal = c.tryRefresh(failure, login)
	}
	if !errors.Is(err, errInterrupted) {
		c.log.Warn("restoring the session failed", "error", err)
	}
	return in
}

// anyUnanswered tells whether a subscribe of x is still to be answered.
func (c *Client) anyUnanswered(x *exchange) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(x.requests, func(r *request) bool {
		return r.kind == kindSubscribe && c.topics[r.channel] == r.topic && !r.topic.confirmed && r.topic.doubt == nil
	})
}

// unsend takes back requests that restore has not got round to; subscribing is
// left to the next time. c.mu must be held.
func (c *Client) unsend(list []*request) {
	c.link = linkNone
	list = append(list, c.outbox...)
	c.outbox = nil
	for _, r := range list {
		switch {
		case r.finished:
		case r.kind == kindSubscribe:
			r.topic.request = nil
			r.finished = true
		default:
			c.outbox = append(c.outbox, r)
		}
	}
}

// refuseDoubtful is called when the session has proved to be alive: channels
// that could not be restored because it was said to be unknown are refused.
func (c *Client) refuseDoubtful() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.topics {
		if t.doubt != nil {
			c.refuse(t, t.doubt)
		}
	}
}

// awaitAnnounced waits for the events that the handshake reply has announced,
// but not for ever. It is false if something else has to be seen to first.
func (c *Client) awaitAnnounced() bool {
	c.mu.Lock()
	if c.awaited == 0 {
		c.mu.Unlock()
		return true
	}
	arrived := make(chan struct{})
	c.arrived = arrived
	c.mu.Unlock()
	ctx, cancel := context.WithTimeout(c.ctx, c.opts.MaxNetworkDelay)
	defer cancel()
	for {
		select {
		case <-arrived:
			return true
		case <-ctx.Done():
			c.mu.Lock()
			c.awaited, c.arrived = 0, nil
			c.mu.Unlock()
			return c.ctx.Err() == nil
		case <-c.wake:
			c.mu.Lock()
			other := len(c.inbox) > 0 || c.closing != nil
			c.mu.Unlock()
			if other {
				return false
			}
		}
	}
}
