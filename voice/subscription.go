package voice

import (
	"context"
	"iter"

	"github.com/gwsvoice/gws-go/internal/stream"
)

// Subscription is an ordered, bounded stream of events. Several goroutines may
// read from one; each event goes to one of them.
type Subscription struct {
	client  *Client
	filters []Filter
	queue   *stream.Queue[Event]
	asleep  bool // whoever has the turn has yet to wake the reader
}

// Subscribe returns a subscription to the events that at least one of filters
// selects, or to all events without filters. It is listening when Subscribe
// returns: an event that is dispatched later is in it. [Reconnected], [Lagged]
// and [ServiceStateChange] come through every filter.
//
// The subscription keeps up to [Config.EventBuffer] events for a reader that
// is late; beyond that the newest are dropped, and a [Lagged] says how many,
// at the place where they would have been. On a closed client the subscription
// has already ended.
func (c *Client) Subscribe(filters ...Filter) *Subscription {
	s := &Subscription{client: c, filters: filters, queue: stream.New[Event](c.eventBuffer)}
	if err := c.registry.subscribe(s); err != nil {
		s.queue.Close(err)
	}
	return s
}

// Next returns the next event. It waits until there is one, ctx ends, or the
// subscription or the client is closed; events that were already there are
// returned first. The error is ctx's, [ErrClosed], or the client's Err.
func (s *Subscription) Next(ctx context.Context) (Event, error) {
	ev, dropped, err := s.queue.Next(ctx)
	switch {
	case err != nil:
		return nil, err
	case dropped > 0:
		return &Lagged{Dropped: dropped}, nil
	}
	return ev, nil
}

// All returns the events as Next does, for a range loop. A pair with an error
// is the last.
func (s *Subscription) All(ctx context.Context) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for {
			ev, err := s.Next(ctx)
			if !yield(ev, err) || err != nil {
				return
			}
		}
	}
}

// Close ends the subscription. Reading it returns what is left, then
// [ErrClosed]. It always returns nil.
func (s *Subscription) Close() error {
	s.client.registry.unsubscribe(s)
	s.queue.Close(ErrClosed)
	return nil
}

// callIDs returns the calls that the subscription is limited to; none means
// that it may select events of any call.
func (s *Subscription) callIDs() []string {
	var ids []string
	for _, f := range s.filters {
		if f.callID == "" {
			return nil
		}
		ids = append(ids, f.callID)
	}
	return ids
}

// functions returns how many filters are functions of the caller.
func (s *Subscription) functions() int {
	n := 0
	for _, f := range s.filters {
		if f.match != nil {
			n++
		}
	}
	return n
}

// offer appends ev to s if a filter selects it; the caller has the turn.
func (c *Client) offer(s *Subscription, ev Event) {
	switch {
	case marksHole(ev):
		s.queue.PushControl(ev)
		return
	case !s.selects(ev):
		return
	}
	s.queue.Put(ev)
	if !s.asleep {
		s.asleep = true
		c.asleep = append(c.asleep, s)
	}
}

func (s *Subscription) selects(ev Event) bool {
	for _, f := range s.filters {
		if f.selects(ev) {
			return true
		}
	}
	return len(s.filters) == 0
}
