package voice

import (
	"bytes"
	"encoding/json"
	"sync"

	"github.com/gwsvoice/gws-go/cometd"
	"github.com/gwsvoice/gws-go/internal/handover"
)

// inbox is where messages come in. Mostly they take effect on the goroutine
// that read them from the network. What takes time, such as asking the server,
// is done by a goroutine that exists only meanwhile; what comes in then waits
// in the queue of the notification session, and is dealt with by the same.
type inbox struct {
	*handover.Reader

	mu      sync.Mutex
	working bool     // that goroutine exists, or must not yet
	slow    []func() // what it has to do before it reads the queue
	taking  bool     // a message takes effect elsewhere
	queued  bool     // something was queued meanwhile
	burst   int      // messages of the present response whose readers are asleep

	backlogs []*backlog // that somebody waits for
	read     uint64     // messages taken out of the queue so far
}

// wakeEvery is how many events take effect before the readers of the first are
// woken: waking somebody costs more than taking an event.
const wakeEvery = 32

// newInbox returns an inbox that queues everything until beginReceiving.
func newInbox(c *Client) *inbox {
	return &inbox{
		Reader:  &handover.Reader{Look: c.look, Take: c.take, Taken: c.taken, Queued: c.messagesQueued},
		working: true,
	}
}

// beginReceiving lets what has come in since the subscription was made take
// effect, and then what comes.
func (c *Client) beginReceiving() error {
	if !c.enter() {
		return ErrClosed
	}
	go c.receive()
	return nil
}

// isReady tells whether a message may take effect on the spot, and whether all
// have to be decoded. Functions of the caller never run there: a slow one would
// hold up the session.
func (c *Client) isReady() (ready, all bool) {
	b := c.inbox
	b.mu.Lock()
	busy := b.working || b.taking
	b.mu.Unlock()
	all, foreign := c.registry.wanted()
	return !busy && !foreign, all
}

// take lets a message take effect, unless it has to wait.
func (c *Client) take(channel string, data []byte, seen any) bool {
	b := c.inbox
	_, foreign := c.registry.wanted()
	b.mu.Lock()
	if foreign || b.working || b.taking {
		b.mu.Unlock()
		return false
	}
	b.taking = true
	b.mu.Unlock()

	slow, overlooked := c.took(channel, data, seen)

	b.mu.Lock()
	b.taking = false
	if slow != nil {
		b.slow = append(b.slow, slow)
	}
	if slow != nil || b.queued {
		c.startWork()
	}
	if !overlooked {
		b.burst++
	}
	wake := b.burst == wakeEvery
	if wake {
		b.burst = 0
	}
	b.mu.Unlock()
	if wake {
		c.wakeReadersSoon()
	}
	return true
}

// took lets a message take effect. It returns what remains to be done, as
// received does, or that nobody has to be woken.
func (c *Client) took(channel string, data []byte, seen any) (slow func(), overlooked bool) {
	n, _ := seen.(*note)
	switch {
	case n != nil && n.event != nil && (channel == callsTopic || channel == devicesTopic):
		ev := n.event
		n.event = nil
		return c.decoded(channel, ev, c.tryDispatch), false
	case n != nil && n.glanced && channel == callsTopic:
		overlooked = c.overlookCall(n.glimpse, data)
	default:
		overlooked = c.overlook(channel, data)
	}
	if overlooked {
		return nil, true
	}
	return c.received(channel, bytes.Clone(data), c.tryDispatch), false
}

// taken is called after the last message of a response.
func (c *Client) taken() {
	b := c.inbox
	b.mu.Lock()
	some := b.burst > 0
	b.burst = 0
	b.mu.Unlock()
	if some {
		c.wakeReadersSoon()
	}
}

// messagesQueued is called when the queue is worth reading.
func (c *Client) messagesQueued() {
	b := c.inbox
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.taking {
		b.queued = true
		return
	}
	c.startWork()
}

// startWork makes sure that somebody receives; inbox.mu is held.
func (c *Client) startWork() {
	b := c.inbox
	b.queued = false
	if b.working {
		return
	}
	b.working = true
	if c.enter() {
		go c.receive()
	}
}

// receive does what is slow, and reads the queue until it is empty.
func (c *Client) receive() {
	defer c.leave()
	b := c.inbox
	done := 0 // messages in this round
	for n := 1; ; n++ {
		var slow func()
		b.mu.Lock()
		b.handled(done)
		done = 0
		if len(b.slow) > 0 {
			slow = b.slow[0]
			b.slow = b.slow[1:]
		} else if !b.Readable() {
			b.working, b.slow = false, nil
			b.emptied()
			b.mu.Unlock()
			c.wakeReaders()
			return
		}
		if slow == nil {
			ev, err := c.sub.Next(c.lifetime)                    // at once, since there is something to read
			if _, ok := ev.(*cometd.Lagged); !ok && err == nil { // which stands for those that have no place in the queue
				done = 1
				b.read++
			}
			place := b.read
			b.mu.Unlock()
			if err != nil {
				c.unsubscribed(err)
				return
			}
			slow = c.queued(ev, place)
		} else {
			b.mu.Unlock()
		}
		if slow != nil {
			c.wakeReaders()
			slow()
		}
		if n%wakeEvery == 0 {
			c.wakeReaders()
		}
	}
}

// unsubscribed ends the client when there is nothing more to read.
func (c *Client) unsubscribed(err error) {
	if c.lifetime.Err() != nil {
		return
	}
	if cause := c.events.Err(); cause != nil {
		err = cause
	}
	c.fail(c.openError(c.lifetime, err))
}

// queued lets what was at a place of the queue take effect, and returns what
// remains to be done.
func (c *Client) queued(ev cometd.Event, place uint64) (slow func()) {
	switch ev := ev.(type) {
	case *cometd.Message:
		if c.overlook(ev.Channel, ev.Data) {
			return nil
		}
		return c.received(ev.Channel, ev.Data, func(ev Event) bool { return c.dispatchAsleep(ev, place) })
	case *cometd.Reconnected:
		c.log.Info("reconnected", "since", ev.Since, "lossless", ev.Lossless, "err", ev.Err)
		for _, refused := range ev.Refused {
			c.log.Warn("subscription lost", "err", refused)
		}
		c.dispatch(&Reconnected{Since: ev.Since, Lossless: ev.Lossless, Err: ev.Err})
		return c.recoverGap
	case *cometd.Lagged:
		c.log.Warn("messages dropped", "dropped", ev.Dropped)
		c.dispatch(&Lagged{Dropped: ev.Dropped})
		return c.recoverGap
	}
	return nil
}

// received lets a message take effect by dispatch, which keeps data, and returns
// what remains to be done: it takes time, and must be done before the next
// message takes effect.
func (c *Client) received(channel string, data json.RawMessage, dispatch func(Event) bool) (slow func()) {
	ev, err := decodeMessage(channel, data)
	if err != nil {
		c.log.Warn("message not understood", "channel", channel, "err", err)
		return nil
	}
	return c.decoded(channel, ev, dispatch)
}

// decoded is received for a message that has been decoded.
func (c *Client) decoded(channel string, ev Event, dispatch func(Event) bool) (slow func()) {
	if services, ok := ev.(*ServiceStateChange); ok {
		return func() { c.serviceChanged(services) }
	}
	if c.registry.outOfOrder(ev) {
		return func() {
			if c.isTrue(ev) {
				c.dispatch(ev)
				return
			}
			c.log.Warn("late message ignored", "call", eventCallID(ev), "channel", channel)
		}
	}
	if !dispatch(ev) {
		return func() { c.dispatch(ev) }
	}
	return nil
}

// dispatchAsleep is dispatch for what was at a place of the queue, but leaves the
// readers of subscriptions asleep.
func (c *Client) dispatchAsleep(ev Event, place uint64) bool {
	if c.turn.Acquire(c.lifetime, 1) == nil {
		defer c.turn.Release(1)
		c.deliverUnless(ev, false, place)
	}
	return true
}

// wakeReaders wakes the readers of what has been delivered.
func (c *Client) wakeReaders() {
	if c.turn.Acquire(c.lifetime, 1) == nil {
		c.endTurn()
	}
}

// wakeReadersSoon is wakeReaders for the goroutine that reads from the network,
// which leaves it to another one if somebody has the turn.
func (c *Client) wakeReadersSoon() {
	if c.turn.TryAcquire(1) {
		c.endTurn()
		return
	}
	c.inbox.mu.Lock()
	defer c.inbox.mu.Unlock()
	c.startWork()
}
