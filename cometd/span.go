package cometd

import (
	"context"
	"time"
)

// span is a context for an exchange, and the timer that ends it. Mostly nothing
// ends an exchange before its time, and then the next one has the same: making
// a context, which net/http makes another one of, costs a tenth of a poll.
type span struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer // nil until it is first needed
}

// newSpan returns the span for an exchange of the session goroutine.
func (c *Client) newSpan() *span {
	s := c.spare
	c.spare = nil
	if s == nil || s.ctx.Err() != nil {
		s = new(span)
		s.ctx, s.cancel = context.WithCancelCause(c.ctx)
	}
	return s
}

// begin ends s in d, unless the exchange has ended by then.
func (s *span) begin(d time.Duration) {
	if s.timer != nil {
		s.timer.Reset(d)
		return
	}
	s.timer = time.AfterFunc(d, func() { s.cancel(errTimeout) })
}

// endSpan is called at the end of the exchange, when nobody can interrupt it any
// more. A span that was ended, or is about to be, is of no more use.
func (c *Client) endSpan(s *span) {
	if s.timer != nil && s.timer.Stop() && s.ctx.Err() == nil {
		c.spare = s
		return
	}
	s.cancel(nil)
}
