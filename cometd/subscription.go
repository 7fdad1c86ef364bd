package cometd

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync/atomic"
	"time"

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
	stalled atomic.Bool // the reader has used up its grace

	// Guarded by client.mu.
	topics  []*topic
	since   uint32 // session in which it began, 0 before
	held    []*Message
	lost    int // dropped after held
	refused []*Error
	fatal   error // why it has no channels any more
	ended   bool
}

// topic is a channel or pattern that somebody listens to. Guarded by Client.mu.
type topic struct {
	name      string
	order     uint64
	local     bool // the server need not know
	confirmed bool // the server does know
	subs      []*Subscription
	request   *request // the subscribe under way or waiting, nil if none
	attempt   *attempt // what those wait for who subscribe
	doubt     error    // the session was unknown when it was to be restored
	ignored   int      // attempts to restore it that were answered without a reply to it
}

// ignoredInARow is how often a server may leave out the reply to a subscribe
// that restores a channel before that counts as a refusal.
const ignoredInARow = 5

// attempt is the outcome of subscribing, shared by all who wait for it.
type attempt struct {
	done chan struct{}
	err  error
}

// end makes the outcome known; c.mu must be held.
func (a *attempt) end(err error) {
	if a == nil {
		return
	}
	select {
	case <-a.done:
	default:
		a.err = err
		close(a.done)
	}
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
	s := &Subscription{client: c, queue: stream.New[Event](c.opts.Buffer)}
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

// join makes s a listener of channels. It returns what to wait for, and the
// topics that are new to s. c.mu must be held.
func (c *Client) join(s *Subscription, names []string) ([]*attempt, []*topic, error) {
	if err := c.closedErr(); err != nil {
		return nil, nil, err
	}
	if s.ended {
		return nil, nil, ErrClosed
	}
	var attempts []*attempt
	var topics []*topic
	for _, name := range names {
		t := c.topics[name]
		if t == nil {
			var err error
			if t, err = c.newTopic(name); err != nil {
				return attempts, topics, err
			}
		}
		if slices.Contains(t.subs, s) {
			continue
		}
		t.subs = append(t.subs, s)
		s.topics = append(s.topics, t)
		topics = append(topics, t)
		if t.local || t.confirmed {
			s.begin(c.session)
			attempts = append(attempts, nil)
		} else {
			if t.attempt == nil {
				t.attempt = &attempt{done: make(chan struct{})}
			}
			attempts = append(attempts, t.attempt)
		}
	}
	if len(topics) > 0 && !slices.Contains(c.subs, s) {
		c.subs = append(c.subs, s)
	}
	return attempts, topics, nil
}

// newTopic begins to listen to a channel; c.mu must be held.
func (c *Client) newTopic(name string) (*topic, error) {
	c.ids++
	t := &topic{name: name, order: c.ids, local: isLocal(name)}
	if !t.local && c.link != linkNone {
		t.request = &request{kind: kindSubscribe, channel: name, topic: t}
		if t.request.size() > c.opts.MaxSendSize {
			return nil, fmt.Errorf("cometd: channel name of %d bytes is too long", len(name))
		}
		if err := c.enqueue(t.request); err != nil {
			return nil, err
		}
	}
	if c.topics == nil {
		c.topics = map[string]*topic{}
	}
	c.topics[name] = t
	if isPattern(name) {
		c.wildcards++
	}
	if isMeta(name) {
		c.listeners++
	}
	return t, nil
}

// leave makes s no listener of t any more, and unsubscribes when it was the
// last; c.mu must be held.
func (c *Client) leave(t *topic, s *Subscription) {
	s.topics = slices.DeleteFunc(s.topics, func(other *topic) bool { return other == t })
	t.subs = slices.DeleteFunc(t.subs, func(other *Subscription) bool { return other == s })
	if len(t.subs) > 0 || c.topics[t.name] != t {
		return
	}
	c.drop(t)
	r := t.request
	if r != nil && !r.sent {
		c.withdraw(r)
		return
	}
	if t.confirmed || r != nil {
		_ = c.enqueue(&request{kind: kindUnsubscribe, channel: t.name})
	}
}

// drop forgets a topic; c.mu must be held.
func (c *Client) drop(t *topic) {
	delete(c.topics, t.name)
	if isPattern(t.name) {
		c.wildcards--
	}
	if isMeta(t.name) {
		c.listeners--
	}
}

// subscribed is called when a subscribe is finished; c.mu must be held.
func (c *Client) subscribed(r *request, err error) {
	t := r.topic
	if t.request != r {
		return // a later session has asked again
	}
	t.request = nil
	switch {
	case err == nil:
		t.confirmed, t.doubt, t.ignored = true, nil, 0
		for _, s := range t.subs {
			s.begin(c.session)
		}
		t.attempt.end(nil)
		t.attempt = nil
	case r.restoring && asError(err).unknownSession():
		t.doubt = err
	case r.restoring && errors.Is(err, errNoReply) && t.ignored < ignoredInARow:
		t.ignored++ // not answered: it is tried again
	case r.restoring && asError(err).Raw == nil && !errors.Is(err, errNoReply):
		// not answered: it is tried again
	default:
		c.refuse(t, err)
	}
}

// refuse ends a topic that the server does not want; c.mu must be held.
func (c *Client) refuse(t *topic, err error) {
	t.doubt = nil
	if c.topics[t.name] == t {
		c.drop(t)
	}
	for _, s := range t.subs {
		s.topics = slices.DeleteFunc(s.topics, func(other *topic) bool { return other == t })
		if s.since != 0 && t.attempt == nil {
			s.refused = append(s.refused, asError(err))
			s.fatal = err
		}
	}
	t.subs = nil
	t.attempt.end(err)
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
	c.put(s, m)
	s.queue.Wake()
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

// Buffered returns how many events can be read without waiting.
func (s *Subscription) Buffered() int { return s.queue.Len() }

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
