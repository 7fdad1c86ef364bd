package cometd

import (
	"errors"
	"sync"
)

// refresher makes sure that one refusal leads to one call of RefreshCredentials,
// although two requests may be refused at the same time.
type refresher struct {
	mu    sync.Mutex
	count int // refreshes that succeeded
	busy  chan struct{}
}

// now returns the count to remember with a request that is about to be sent.
func (f *refresher) now() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.count
}

// tryRefresh asks for other credentials after the refusal of a request that
// was sent when the count was before. stop says that the client is to end.
func (c *Client) tryRefresh(cause *Error, before int) (refreshed, stop bool) {
	ask := c.opts.RefreshCredentials
	if ask == nil || !cause.unauthorized() {
		return false, false
	}
	f := &c.refresh
	f.mu.Lock()
	for f.busy != nil {
		busy := f.busy
		f.mu.Unlock()
		select {
		case <-busy:
		case <-c.ctx.Done():
			return false, false
		}
		f.mu.Lock()
	}
	if f.count != before { // another request has done it in the meantime
		f.mu.Unlock()
		return true, false
	}
	f.busy = make(chan struct{})
	f.mu.Unlock()

	told := *cause // a copy: the error that comes back may wrap it, and is wrapped in cause
	err := ask(c.ctx, &told)

	f.mu.Lock()
	close(f.busy)
	f.busy = nil
	if err == nil {
		f.count++
	}
	f.mu.Unlock()
	if err != nil {
		c.log.Warn("credentials not refreshed", "error", err)
		if errors.Is(err, ErrStop) {
			cause.Err = err
			return false, true
		}
		return false, false
	}
	c.log.Debug("credentials refreshed")
	return true, false
}
