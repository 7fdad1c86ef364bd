package cometd

import (
	"errors"
	"net/http"
	"time"
)

// connect is a connect that is under way.
type connect struct {
	request   *request
	exchange  *exchange
	transport transport
	began     time.Time
}

// connect sends a connect, waits for its reply and leaves what came of it in
// c.in.
func (c *Client) connect(probe bool) {
	p := c.newConnect(probe)
	err := c.exchange(p.transport, p.exchange, c.opts.MaxNetworkDelay+c.st.hold(p.request.probe), !p.request.probe)
	c.connected(p, err)
}

func (c *Client) newConnect(probe bool) connect {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.transport
	acked := int64(-1)
	if c.ack.active {
		acked = c.ack.number
	}
	m := new(struct { // one piece of memory, since there is a connect for every few events
		request  request
		reply    reply
		exchange exchange
	})
	r, x := &m.request, &m.exchange
	*r = request{kind: kindConnect, probe: probe || !t.isOpen(), ack: acked, session: c.session, room: &m.reply}
	c.encode(x, t, r)
	now := time.Now()
	if r.probe {
		c.probed = now
	}
	return connect{r, x, t, now}
}

//go:noinline
func (c *Client) connected(p connect, err error) { c.in = c.connectEnded(p, err) }

// connectEnded digests the end of a connect.
func (c *Client) connectEnded(p connect, err error) input {
	r, x, t := p.request, p.exchange, p.transport
	took := time.Since(p.began)
	c.mu.Lock()
	reply := r.reply
	c.mu.Unlock()
	if reply == nil && errors.Is(err, errInterrupted) {
		if t.kind() == LongPolling && !r.probe {
			c.openGap(err, r.ack >= 0) // it may have been on its way with events
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
