package voice

import (
	"context"
	"time"
)

// Whatever has to be done for an operation at its time, because the server has
// not answered or no message has come, is done by one timer for all operations
// of a client. Most are settled long before, and leave it alone.

// alarm goes off for the operation whose time comes first. Guarded by
// registry.mu.
type alarm struct {
	timer *time.Timer // nil until it is first needed
	at    time.Time   // zero: it is not set
}

// callAt lets do be called at a time, with p and on a goroutine of its own,
// unless p is settled by then or something else is to be done for it; mu is
// held.
func (c *Client) callAt(p *Pending, at time.Time, do func(*Pending)) {
	p.due, p.whenDue = at, do
	a := &c.registry.alarm
	if c.registry.closed != nil || !a.at.IsZero() && !at.Before(a.at) {
		return
	}
	c.setAlarm(at)
}

func (c *Client) setAlarm(at time.Time) {
	a := &c.registry.alarm
	a.at = at
	if a.timer == nil {
		a.timer = time.AfterFunc(time.Until(at), c.callDue)
		return
	}
	a.timer.Reset(time.Until(at))
}

// callDue does what is due, and sets the alarm for what comes next.
func (c *Client) callDue() {
	r := c.registry
	r.mu.Lock()
	defer r.mu.Unlock()
	r.alarm.at = time.Time{}
	var next time.Time
	now := time.Now()
	for _, p := range r.pending {
		switch {
		case p.due.IsZero():
		case !p.due.After(now):
			go p.whenDue(p)
			p.due = time.Time{}
		case next.IsZero() || p.due.Before(next):
			next = p.due
		}
	}
	if !next.IsZero() && r.closed == nil {
		c.setAlarm(next)
	}
}

// stopAlarm is for the end of the client; mu is held.
func (r *registry) stopAlarm() {
	if r.alarm.timer != nil {
		r.alarm.timer.Stop()
	}
}

// requestContext is the context of the request of an operation. The end of its
// time is told by callAt rather than by a timer of its own.
type requestContext struct{ context.Context }

// withRequest returns a context for the request of an operation, which ends with
// ctx. cancel(context.DeadlineExceeded) ends it as a deadline does.
func withRequest(ctx context.Context) (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	return requestContext{ctx}, cancel
}

func (r requestContext) Err() error {
	err := r.Context.Err()
	if err != nil && context.Cause(r.Context) == context.DeadlineExceeded {
		return context.DeadlineExceeded
	}
	return err
}
