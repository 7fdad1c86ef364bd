package cometd

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"time"
)

// handshake asks for a session.
func (c *Client) handshake() input {
	t, offered := c.negotiate.begin()
	c.mu.Lock()
	c.session++
	c.ids++
	id := c.ids
	c.ack = ack{}
	session := c.session
	c.mu.Unlock()
	data, err := c.handshakeMessage(id, offered)
	if err != nil {
		return c.handshakeFailed(&exchange{}, t, &hookError{err})
	}
	r := &request{kind: kindHandshake, id: id, data: data, session: session}
	c.mu.Lock()
	x := new(exchange)
	c.encode(x, t, r)
	c.mu.Unlock()
	err = c.exchange(t, x, c.opts.MaxNetworkDelay, false)
	c.mu.Lock()
	reply := r.reply
	c.mu.Unlock()
	if reply == nil {
		if errors.Is(err, errInterrupted) {
			return input{err: errInterrupted}
		}
		return c.handshakeFailed(x, t, r.failure(err, t.kind()))
	}
	in := input{kind: inHandshakeReply, ok: reply.ok, advice: reply.advice}
	if !reply.ok {
		in.err = reply.err
		if reply.advice.reconnect == reconnectNone || reply.err.Code == 401 {
			in.refreshed, in.fatal, in.permanent = c.refreshForHandshake(reply.err, x.login)
		}
		c.noteHandshakeFailure(reply.err)
		return in
	}
	chosen, err := c.negotiate.accept(t, reply.transports)
	if err != nil {
		in.ok, in.fatal, in.err = false, true, err
		return in
	}
	c.asked = false
	c.mu.Lock()
	c.last = nil
	c.transport = chosen
	c.clientID = reply.clientID
	c.ack = ack{active: reply.ack.active, number: reply.ack.number}
	c.confirmed = time.Now()
	c.grace = fullGrace
	c.mu.Unlock()
	c.log.Debug("handshaken", "transport", chosen.kind(), "ack", reply.ack.active)
	select {
	case <-c.ready:
	default:
		close(c.ready)
	}
	return in
}

// handshakeFailed digests a handshake that got no reply.
func (c *Client) handshakeFailed(x *exchange, t transport, err error) input {
	in := input{kind: inHandshakeFailed, err: err, permanent: isPermanent(err), retryAfter: retryAfter(err)}
	failure := asError(err)
	if failure.unauthorized() {
		in.refreshed, in.fatal, in.permanent = c.refreshForHandshake(failure, x.login)
	}
	if c.ctx.Err() == nil && !in.fatal && !in.refreshed {
		in.otherway, in.fatal = c.negotiate.failed(t, err)
	}
	c.noteHandshakeFailure(err)
	return in
}

// refreshForHandshake asks for other credentials, during Dial only once.
func (c *Client) refreshForHandshake(cause *Error, login int) (refreshed, fatal, permanent bool) {
	if c.asked && !c.st.established {
		return false, false, true
	}
	refreshed, fatal = c.tryRefresh(cause, login)
	c.asked = true
	return refreshed, fatal, !refreshed
}

func (c *Client) noteHandshakeFailure(err error) {
	c.mu.Lock()
	c.last = err
	c.mu.Unlock()
	c.log.Warn("handshake failed", "error", err)
}

// handshakeMessage encodes the message with the fields of the application,
// which cannot replace those of the protocol.
func (c *Client) handshakeMessage(id uint64, offered []Transport) ([]byte, error) {
	fields := map[string]any{}
	if c.opts.Handshake != nil {
		more, err := c.opts.Handshake(c.ctx)
		if err != nil {
			return nil, fmt.Errorf("handshake fields: %w", err)
		}
		maps.Copy(fields, more)
	}
	delete(fields, "clientId")
	delete(fields, "advice")
	fields["id"] = strconv.FormatUint(id, 10)
	fields["channel"] = metaHandshake
	fields["version"] = "1.0"
	fields["minimumVersion"] = "1.0"
	fields["supportedConnectionTypes"] = offered
	if !c.opts.NoAck {
		ext, err := withAck(fields["ext"])
		if err != nil {
			return nil, err
		}
		fields["ext"] = ext
	}
	data, err := json.Marshal(fields)
	if err != nil {
		return nil, fmt.Errorf("handshake fields: %w", err)
	}
	return data, nil
}

// withAck adds the request for acknowledged messages to an ext object.
func withAck(ext any) (map[string]json.RawMessage, error) {
	merged := map[string]json.RawMessage{}
	if ext != nil {
		encoded, err := json.Marshal(ext)
		if err == nil {
			err = json.Unmarshal(encoded, &merged)
		}
		if err != nil {
			return nil, fmt.Errorf("handshake ext: %w", err)
		}
		if merged == nil {
			merged = map[string]json.RawMessage{}
		}
	}
	merged["ack"] = json.RawMessage("true")
	return merged, nil
}
