package voice

import (
	"context"
	"math"
	"slices"
)

// While functions of the caller see events, messages wait for them in a queue, and
// stay there when those functions are gone. A list that is read meanwhile is newer
// than those and must not take effect before them: they would undo it, and might
// settle what was begun because of it.

// backlog is what had come in when somebody began to wait until it has taken
// effect.
type backlog struct {
	left int           // messages, at most
	done chan struct{} // closed when it has
}

// awaitBacklog waits until what has come in by now has taken effect. It reports
// false if ctx or the client has ended before.
func (c *Client) awaitBacklog(ctx context.Context) bool {
	_, foreign := c.registry.wanted()
	b := c.inbox
	b.mu.Lock()
	if !b.Readable() && !(foreign && b.working) {
		b.mu.Unlock()
		return true
	}
	w := &backlog{left: b.Len() + 1, done: make(chan struct{})} // one may be under way
	b.backlogs = append(b.backlogs, w)
	b.mu.Unlock()
	select {
	case <-w.done:
		return true
	case <-ctx.Done():
	case <-c.lifetime.Done():
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.backlogs = slices.DeleteFunc(b.backlogs, func(other *backlog) bool { return other == w })
	return false
}

// onArrival is the place of what was not in the queue.
const onArrival = math.MaxUint64

// end is the place of the last message in the queue.
func (b *inbox) end() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.Len == nil {
		return 0
	}
	return b.read + uint64(b.Len())
}

// causedBy returns those of list that may have caused ev, which was at a place of
// the queue: not those that were begun when it was there. That a call has ended
// concerns them all the same.
func causedBy(list []*Pending, ev Event, place uint64) []*Pending {
	begunLater := func(p *Pending) bool { return place <= p.after }
	if msg, ok := ev.(*CallStateChangeMessage); ok && msg.Call.ended() || !slices.ContainsFunc(list, begunLater) {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), begunLater)
}

// handled notes that n more messages of the queue have taken effect; mu is held.
func (b *inbox) handled(n int) {
	b.backlogs = slices.DeleteFunc(b.backlogs, func(w *backlog) bool {
		w.left -= n
		if w.left > 0 {
			return false
		}
		close(w.done)
		return true
	})
}

// emptied is handled for all there were.
func (b *inbox) emptied() {
	for _, w := range b.backlogs {
		close(w.done)
	}
	b.backlogs = nil
}

// refresh reads something for the caller of a method, and lets it take effect in
// its place among the messages.
func (c *Client) refresh(ctx context.Context, read func(context.Context, *snapshot) error) error {
	if !c.awaitBacklog(ctx) {
		return &NotSentError{Err: c.whyLeft(ctx)}
	}
	s := &snapshot{since: c.registry.now()}
	if err := read(ctx, s); err != nil {
		return err
	}
	if !c.awaitBacklog(ctx) {
		return c.leftEarly(ctx)
	}
	return c.reconcile(ctx, s)
}
