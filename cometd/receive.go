package cometd

import (
	"encoding/json"
	"slices"
)

// receive takes in a response or frame: replies finish the requests of x,
// events go to the subscriptions. It never waits for a reader, but for the
// short time that fullGrace allows.
func (c *Client) receive(x *exchange, body []byte, t Transport) error {
	w := scans.Get().(*scanned)
	w.reader, x.scanned = c.reader.Load(), w
	n, err := scan(body, w, func(m *message) { c.handle(x, m, t) })
	w.reader, x.scanned = nil, nil
	scans.Put(w)
	x.wakeReaders()
	if err == nil {
		return nil
	}
	err = &unreadableError{err: err, begin: excerpt(body)}
	x.broken = err
	c.log.Warn("message not understood", "error", err, "others", n)
	if n == 0 {
		return err
	}
	return nil
}

// handle takes in one message.
func (c *Client) handle(x *exchange, m *message, t Transport) {
	switch {
	case isMeta(m.channel):
		c.handleMeta(x, m, t)
	case m.data.missing():
		c.handleReply(x, m, t)
	case m.successful != 0 && !isLocal(string(m.channel)) && c.isEcho(x, m):
		c.handleReply(x, m, t)
	default:
		x.events.Add(1)
		if x.ordered && !c.isFresh(m) {
			return
		}
		if !m.advice.missing() {
			c.advise(m, t, c.currentSession())
		}
		c.deliver(x, m)
	}
}

// isEcho reports whether m is the reply of a server that repeats the data in
// its replies to publishes.
func (c *Client) isEcho(x *exchange, m *message) bool {
	if len(m.id) == 0 {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	r := x.find(m)
	return r != nil && r.kind == kindPublish
}

// isFresh reports whether an event has not been delivered before.
func (c *Client) isFresh(m *message) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ack.fresh(m.raw)
}

func (c *Client) currentSession() uint32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session
}

func (c *Client) handleMeta(x *exchange, m *message, t Transport) {
	switch string(m.channel) {
	case metaHandshake, metaConnect, metaSubscribe, metaUnsubscribe:
		c.handleReply(x, m, t)
	case metaDisconnect:
		if len(m.id) > 0 {
			c.handleReply(x, m, t)
			return
		}
		c.mu.Lock()
		session := c.session
		c.mu.Unlock()
		c.post(input{kind: inServerDisconnect, session: session,
			err: &Error{Channel: metaDisconnect, Transport: t, Err: ErrDisconnected}})
		c.listen(m)
	default:
		c.log.Debug("ignored", "channel", string(m.channel))
	}
}

// handleReply finishes the request that m answers. A reply that nobody waits
// for is late, stale or unasked: it changes nothing.
func (c *Client) handleReply(x *exchange, m *message, t Transport) {
	c.mu.Lock()
	r := x.find(m)
	if r == nil {
		if string(m.channel) == metaConnect {
			c.ack.repeat() // its events come again, with the connect that has replaced it
		}
		c.mu.Unlock()
		c.log.Debug("reply without request", "channel", string(m.channel), "id", string(m.id))
		return
	}
	session := r.session
	rep, err := c.readReply(r, m, t)
	if r.kind == kindHandshake && rep.ok {
		c.greeted = true
		c.awaited = rep.announced
		if t == LongPolling {
			c.awaited = max(rep.announced-int(x.events.Load()), 0)
		}
	}
	c.finishRequest(r, rep, err)
	if x.lasting {
		x.requests = slices.DeleteFunc(x.requests, func(other *request) bool { return other == r })
	}
	c.mu.Unlock()
	c.listen(m)
	if rep != nil {
		return
	}
	if !m.advice.missing() && c.advise(m, t, session) {
		return
	}
	if failure, ok := err.(*Error); ok && failure.unknownSession() {
		c.post(input{kind: inDoubt, session: session, err: failure})
	}
}

// readReply evaluates m as the reply to r; c.mu must be held.
func (c *Client) readReply(r *request, m *message, t Transport) (*reply, error) {
	ok := m.successful > 0
	if m.successful == 0 {
		ok = !m.hasError
	}
	if r.kind == kindHandshake && len(m.clientID) == 0 {
		ok = false
	}
	var failure *Error
	if !ok {
		failure = &Error{Channel: r.name(), Transport: t, Ext: slices.Clone(m.ext.of(m.raw)), Raw: slices.Clone(m.raw)}
		if r.kind == kindSubscribe || r.kind == kindUnsubscribe {
			failure.Subscription = r.channel
		}
		failure.parse(string(m.err))
		failure.Args = concealed(failure.Args, c.clientID)
		failure.Message = concealed(failure.Message, c.clientID)
	}
	if r.kind != kindHandshake && r.kind != kindConnect {
		if failure != nil {
			return nil, failure
		}
		return nil, nil
	}
	rep := r.room
	if rep == nil {
		rep = new(reply)
	}
	*rep = reply{ok: ok, err: failure, advice: parseAdvice(m.advice.of(m.raw), t)}
	rep.ack = parseAck(m.ext.of(m.raw))
	if r.kind == kindHandshake {
		rep.clientID = string(m.clientID)
		rep.announced = m.announced
		var names []Transport
		if json.Unmarshal(m.transports.of(m.raw), &names) == nil {
			rep.transports = names
		}
	}
	return rep, nil
}

// advise passes on the advice of a message that is no handshake or connect
// reply. It reports whether that ends the session.
func (c *Client) advise(m *message, t Transport, session uint32) bool {
	in := input{kind: inAdvice, session: session, advice: parseAdvice(m.advice.of(m.raw), t)}
	if m.successful < 0 && in.advice.reconnect == reconnectHandshake {
		in.kind = inRenew
		in.err = &Error{Channel: string(m.channel), Transport: t, Message: "another handshake is advised"}
	}
	c.post(in)
	return in.kind == inRenew
}

// deliver hands an event to the subscriptions that want it. Their readers are
// woken when all of the body has been delivered.
func (c *Client) deliver(x *exchange, m *message) {
	var found [8]*Subscription
	subs := found[:0]
	var name string
	channel := m.channel
	if n := len(channel); n > 2 && channel[n-1] == '/' {
		channel = channel[:n-1] // servers leave the slash with which somebody has published
	}
	c.mu.Lock()
	add := func(t *topic) {
		for _, s := range t.subs {
			if !slices.Contains(subs, s) {
				subs = append(subs, s)
			}
		}
		if t.name == string(channel) {
			name = t.name
		}
	}
	if t := c.topics[string(channel)]; t != nil {
		add(t)
	}
	if c.wildcards > 0 {
		var buf [64]byte
		patterns(channel, buf[:0], func(p []byte) bool {
			if t := c.topics[string(p)]; t != nil {
				add(t)
			}
			return true
		})
	}
	if c.awaited > 0 {
		c.countAnnounced()
	}
	if len(subs) == 0 {
		c.mu.Unlock()
		return
	}
	if name == "" {
		name = string(channel)
	}
	// What comes before the new session has begun is late and of the old one: it
	// belongs before the mark.
	if c.gated && c.greeted {
		event := m.event(name)
		for _, s := range subs {
			s.hold(event)
		}
		c.mu.Unlock()
		return
	}
	c.mu.Unlock()
	var event *Message
	for _, s := range subs {
		if !slices.Contains(x.readers, s) {
			x.readers = append(x.readers, s)
		}
		if s.take(name, m.data.of(m.raw), x.scanned.note) {
			continue
		}
		if s.queue.Free() == 0 && !s.stalled.Load() {
			x.wakeReaders() // the others need not wait until this one has room
			x.readers = append(x.readers, s)
		}
		if event == nil {
			event = m.event(name)
		}
		c.put(s, event)
	}
}

// wakeReaders wakes those who wait for the events that came with x.
func (x *exchange) wakeReaders() {
	for _, s := range x.readers {
		s.wake()
	}
	clear(x.readers)
	x.readers = x.readers[:0]
}

// listen hands a meta message to the subscriptions of its channel.
func (c *Client) listen(m *message) {
	if !isMeta(m.channel) {
		return
	}
	c.mu.Lock()
	if c.listeners == 0 {
		c.mu.Unlock()
		return
	}
	var subs []*Subscription
	if t := c.topics[string(m.channel)]; t != nil {
		subs = slices.Clone(t.subs)
	}
	c.mu.Unlock()
	for _, s := range subs {
		c.push(s, m.event(string(m.channel)))
	}
}

// countAnnounced counts an event that the handshake reply announced; c.mu must
// be held.
func (c *Client) countAnnounced() {
	if c.awaited--; c.awaited == 0 && c.arrived != nil {
		close(c.arrived)
		c.arrived = nil
	}
}
