package voice

import (
	"context"
	"errors"
	"slices"
	"time"
)

// patience is for how long a function of the caller that does not return is
// waited for, where that must end.
const patience = time.Second

// Close ends the notification session and everything that waits: pending
// operations with an [*UnconfirmedError], subscriptions with [ErrClosed]. It
// returns when no goroutine of the client is left, which takes up to three
// seconds if the server does not answer, and may be called more than once. For
// one that runs a function of yours (see [Where]) it waits a second at most; that
// ends when the function returns. Close does not log the agent out; that is
// [Client.EndContactCenterSession]. It always returns nil.
func (c *Client) Close() error {
	c.close(context.Background())
	return nil
}

// close is Close, but does not wait for goroutines longer than ctx lets it.
func (c *Client) close(ctx context.Context) {
	c.fail(ErrClosed)
	if c.events != nil {
		_ = c.events.Close()
	}
	select {
	case <-c.quiet:
	case <-ctx.Done():
	case <-time.After(patience):
		c.log.Warn("closed while a function of the caller runs")
	}
	if c.private {
		c.transport.CloseIdleConnections()
	}
}

// fail ends the client; only the first reason counts. It does not wait for the
// turn: an event that takes effect meanwhile may still be in some subscriptions
// and not in others. Operations end before subscriptions do, so that none is
// settled by an event that is not in all of them.
func (c *Client) fail(err error) {
	c.endOnce.Do(func() {
		r := c.registry
		r.mu.Lock()
		r.closed = err
		pending := slices.Clone(r.pending)
		r.stopAlarm()
		all, limited := r.listeners(&Lagged{})
		if r.work == 0 {
			close(c.quiet)
		}
		r.mu.Unlock()
		for _, p := range pending {
			c.settleUnknown(p, err)
		}
		for _, s := range all {
			s.queue.Close(err)
		}
		for _, s := range limited {
			s.queue.Close(err)
		}
		c.err = err
		close(c.done)
		c.end() // whoever finds that it has ended may ask for the reason
		for _, p := range pending {
			p.abort()
		}
		c.log.Info("closed", "err", err)
		e, refused := errors.AsType[*APIError](err)
		switch {
		case c.events == nil || err == ErrClosed:
		case refused && e.refusesLogin():
			_ = c.events.CloseNow() // a farewell would be another attempt with these credentials
		default:
			_ = c.events.Close()
		}
	})
}

// enter registers work that Close must wait for. It returns false once the
// client has ended.
func (c *Client) enter() bool {
	r := c.registry
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed != nil {
		return false
	}
	r.work++
	return true
}

func (c *Client) leave() {
	r := c.registry
	r.mu.Lock()
	defer r.mu.Unlock()
	r.work--
	if r.closed != nil && r.work == 0 {
		close(c.quiet)
	}
}
