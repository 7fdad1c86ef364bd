package cometd

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestSpan_isUsedAgainOnlyIfNothingEndedIt(t *testing.T) {
	for name, r := range map[string]struct {
		during func(s *span, client context.CancelCauseFunc)
		again  bool
		cause  error
	}{
		"nothing":     {func(*span, context.CancelCauseFunc) { time.Sleep(59 * time.Second) }, true, nil},
		"timeout":     {func(*span, context.CancelCauseFunc) { time.Sleep(61 * time.Second) }, false, errTimeout},
		"interrupted": {func(s *span, _ context.CancelCauseFunc) { s.cancel(errInterrupted) }, false, errInterrupted},
		"closed":      {func(_ *span, end context.CancelCauseFunc) { end(ErrClosed) }, false, ErrClosed},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &Client{}
				c.ctx, c.cancel = context.WithCancelCause(t.Context())
				first := c.newSpan()
				first.begin(time.Minute)
				r.during(first, c.cancel)
				synctest.Wait()
				assert.ErrorIs(t, context.Cause(first.ctx), r.cause)
				c.endSpan(first)
				second := c.newSpan()
				assert.Equal(t, r.again, first == second)
				second.begin(time.Hour)
				time.Sleep(59 * time.Minute) // the first minute counts no more
				if name != "closed" {
					assert.NoError(t, second.ctx.Err())
				}
				c.endSpan(second)
				c.cancel(nil)
			})
		})
	}
}
