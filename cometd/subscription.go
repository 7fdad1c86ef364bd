package cometd

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync/atomic"
	"time"

	"github.com/gwsvoice/gws-go/internal/handover"
	"github.com/gwsvoice/gws-go/internal/stream"
)

// fullGrace is how long a subscription that has just become full may delay the
// session, so that a burst does not outrun a reader who is reading.
const fullGrace = 100 * time.Millisecond

// Subscription is a stream of events. Its methods may be called from several
// goroutines; each event goes to one caller of Next.
type Subscription struct {
	client  *Client
	queue   *stream.Queue[Event]
	reader  *handover.Reader // takes events past the queue; may be nil
	stalled atomic.Bool      // the reader has used up its grace

	// Guarded by client.mu.
	topics  []*topic
	since   uint32 // session in which it began, 0 before
	held    []*Message
	lost    int // dropped after held
	refused []*Error
	fatal   error // why it has no channels any more
	ended   bool
}

// Subscribe subscribes to channel, which may be a pattern such as /foo/* or
// /foo/**, and returns after the server has acknowledged it, with an [*Error]
// if it was refused. The subscription lasts until it is closed, across all
// sessions of the client. Messages of /meta/ and /service/ channels are
// delivered without asking the server. Cancelling ctx gives up this
// subscription only.
func (c *Client) Subscribe(ctx context.Context, channel string) (*Subscription, error) {
	return c.SubscribeChannels(ctx, channel)
}

// SubscribeChannels is Subscribe for several channels in one stream, in the
// order of their arrival, each message once. All requests travel together; if
// one is refused none remains.
func (c *Client) SubscribeChannels(ctx context.Context, channels ...string) (*Subscription, error) {
	if len(channels) == 0 {
		return nil, errors.New("cometd: no channel to subscribe")
	}
	s := &Subscription{client: c, queue: stream.New[Event](c.opts.Buffer), reader: handover.From(ctx)}
	if s.reader != nil {
		s.reader.Readable, s.reader.Len = s.queue.Readable, s.queue.Len
		s.queue.Notify(s.reader.Queued)
		if s.reader.Look != nil {
			c.reader.Store(s.reader)
		}
	}
	if err := s.add(ctx, channels); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// Add subscribes to one more channel, whose messages go into the same stream.
// When it fails the subscription is as it was.
func (s *Subscription) Add(ctx context.Context, channel string) error {
	return s.add(ctx, []string{channel})
}

func (s *Subscription) add(ctx context.Context, channels []string) error {
	names := make([]string, 0, len(channels))
	for _, channel := range channels {
		name, err := checkChannel(channel)
		if err != nil {
			return err
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if err := ctx.Err(); err != nil {
		return &Error{Channel: metaSubscribe, Subscription: names[0], Err: err}
	}
	c := s.client
	c.mu.Lock()
	attempts, topics, err := c.join(s, names)
	c.mu.Unlock()
	for i, a := range attempts {
		if a == nil || err != nil && ctx.Err() != nil {
			continue
		}
		select {
		case <-a.done:
			if a.err != nil {
				err = errors.Join(err, a.err)
			}
		case <-ctx.Done():
			err = &Error{Channel: metaSubscribe, Subscription: topics[i].name, Err: ctx.Err()}
		}
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok && len(joined.Unwrap()) == 1 {
		err = joined.Unwrap()[0]
	}
	if err != nil {
		c.mu.Lock()
		for _, t := range topics {
			c.leave(t, s)
		}
		c.mu.Unlock()
	}
	return err
}

// begin notes that events may arrive from now on; c.mu must be held.
func (s *Subscription) begin(session uint32) {
	if s.since == 0 {
		s.since = session
	}
}

// hold keeps an event until the gap before it has been reported; client.mu must
// be held.
func (s *Subscription) hold(m *Message) {
	if len(s.held) >= s.client.opts.Buffer {
		s.lost++
		return
	}
	s.held = append(s.held, m)
}

// flush hands over what was held, and reports whether there was something.
func (s *Subscription) flush() bool {
	s.client.mu.Lock()
	held, lost := s.held, s.lost
	s.held, s.lost = nil, 0
	s.client.mu.Unlock()
	for _, m := range held {
		s.client.push(s, m)
	}
	s.queue.Lose(lost)
	return len(held) > 0
}

// push hands an event to s.
func (c *Client) push(s *Subscription, m *Message) {
	if !s.take(m.Channel, m.Data, nil) {
		c.put(s, m)
	}
	s.wake()
}

// take offers a message to who may take it past the queue.
func (s *Subscription) take(channel string, data []byte, note any) bool {
	return s.reader != nil && !s.queue.Readable() && s.reader.Take(channel, data, note)
}

// wake wakes who waits for what was put.
func (s *Subscription) wake() {
	s.queue.Wake()
	if s.reader != nil {
		s.reader.Taken()
	}
}

// put is push without waking the reader, unless s is full: then it gives the
// reader some time.
func (c *Client) put(s *Subscription, m *Message) {
	if s.queue.Free() == 0 && !s.stalled.Load() {
		c.mu.Lock()
		grace := c.grace
		c.mu.Unlock()
		if !s.awaitRoom(grace) {
			s.stalled.Store(true)
		}
	}
	if s.queue.Put(m) {
		s.stalled.Store(false)
	}
}

// awaitRoom waits until an event can be kept, at most for d.
func (s *Subscription) awaitRoom(d time.Duration) bool {
	room := make(chan struct{})
	s.queue.NotifyRoom(func() { close(room) })
	s.queue.Wake()
	defer s.queue.NotifyRoom(nil)
	if s.queue.Free() > 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-room:
	case <-timer.C:
	case <-s.client.ctx.Done():
	}
	return s.queue.Free() > 0
}

// Next returns the next event. It waits until there is one, ctx ends, or the
// subscription has ended and been read to its end; then the error is that of
// ctx, [ErrClosed] after Close, the reason why the client has ended, or the
// refusal of the server to restore its last channel.
func (s *Subscription) Next(ctx context.Context) (Event, error) {
	e, dropped, err := s.queue.Next(ctx)
	switch {
	case err != nil:
		return nil, err
	case dropped > 0:
		return &Lagged{Dropped: dropped}, nil
	}
	return e, nil
}

// All yields what Next returns. An error ends the loop.
func (s *Subscription) All(ctx context.Context) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for {
			e, err := s.Next(ctx)
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// Close ends the subscription. The server is told, if nobody else listens to
// its channels, but its answer is not waited for.
func (s *Subscription) Close() error {
	c := s.client
	c.mu.Lock()
	s.ended = true
	for len(s.topics) > 0 {
		c.leave(s.topics[0], s)
	}
	c.subs = slices.DeleteFunc(c.subs, func(other *Subscription) bool { return other == s })
	c.mu.Unlock()
	s.queue.Close(ErrClosed)
	return nil
}
