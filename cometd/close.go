package cometd

import (
	"errors"
	"time"
)

// closing is the end of a client while it is under way.
type closing struct {
	err     error
	request *request    // the disconnect, nil if there is no session to end
	timer   *time.Timer // ends the client whatever happens
}

// disconnect begins to end the client by telling the server.
func (c *Client) disconnect() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing != nil || c.err != nil {
		return
	}
	c.closing = &closing{err: ErrClosed}
	waiting := c.outbox
	c.outbox = nil
	for _, r := range waiting {
		c.finishRequest(r, nil, ErrClosed)
	}
	if !c.phase.hasSession() || c.transport == nil {
		c.cancel(ErrClosed)
		c.rouse()
		return
	}
	limit := min(c.opts.MaxNetworkDelay, disconnectLimit)
	if c.phase == unconnected {
		limit = min(limit, disconnectUnsureWait)
	}
	c.closing.request = &request{kind: kindDisconnect, session: c.session, done: make(chan struct{})}
	c.closing.timer = time.AfterFunc(limit, func() { c.cancel(ErrClosed) })
	c.outbox = []*request{c.closing.request}
	c.startSender()
	if c.interrupt != nil && c.phase == handshaken {
		c.interrupt(errInterrupted)
	}
	c.rouse()
}

// disconnected is called when the disconnect was answered or failed; c.mu must
// be held. The session goroutine may be in a connect that the server is about
// to release; it does not have long.
func (c *Client) disconnectFinished(err error) {
	if c.closing == nil || c.closing.timer == nil {
		return
	}
	if err != nil {
		c.cancel(ErrClosed)
		return
	}
	c.closing.timer.Reset(reconnectGrace)
}

// awaitDisconnect waits for the answer to the disconnect.
func (c *Client) awaitDisconnect() input {
	c.mu.Lock()
	r := c.closing.request
	c.mu.Unlock()
	if r != nil {
		select {
		case <-r.done:
		case <-c.ctx.Done():
		}
	}
	return input{kind: inDisconnectDone}
}

// end ends the client at once.
func (c *Client) end(err error) {
	c.mu.Lock()
	if c.closing == nil {
		c.closing = &closing{err: err}
	}
	c.mu.Unlock()
	c.cancel(err)
	c.rouse()
}

func asError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Err: err}
}
