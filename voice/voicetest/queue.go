package voicetest

import (
	"container/list"
	"slices"

	"github.com/gwsvoice/gws-go/voice"
)

// queue distributes calls to the agents who are ready for it, the one that has
// been ready longest first.
type queue struct {
	number   string
	waiting  *list.List // of *call, the oldest first
	ready    *list.List // of *device
	monitors []*device  // of supervisors who listen to its calls
}

func newQueue(number string) *queue {
	return &queue{number: number, waiting: list.New(), ready: list.New()}
}

// distribute gives a call to a queue, which offers it to somebody or lets it
// wait.
func (tx *transaction) distribute(c *call, q *queue) {
	c.queue, c.through = q, q
	for e := q.ready.Front(); e != nil; e = e.Next() {
		if d := e.Value.(*device); d.free() && !c.skips(d) {
			tx.offer(c, d)
			return
		}
	}
	c.waiting = q.waiting.PushBack(c)
}

// skips reports whether the device's agent has rejected the call, and has not
// made himself ready again since.
func (c *call) skips(d *device) bool {
	epoch, rejected := c.skip[d]
	return rejected && epoch == d.readyEpoch
}

// offer lets a call from a queue ring at a device.
func (tx *transaction) offer(c *call, d *device) {
	if c.waiting != nil {
		c.queue.waiting.Remove(c.waiting)
		c.waiting = nil
	}
	l := tx.join(c, d.dn, d, ringing)
	l.viaQueue = true
	tx.leaveReady(d)
	tx.ring(l)
}

// ring tells a leg's agent that it rings, and the others on the call who is
// being called.
func (tx *transaction) ring(l *leg) {
	tx.notify(l, statusChange, offered)
	if d := tx.opts.RingTimeout; d > 0 {
		tx.after(d, func(tx *transaction) {
			if l.state == ringing {
				tx.noAnswer(l)
			}
		})
	}
}

// unqueue takes a call out of its queue: answered, or gone.
func (tx *transaction) unqueue(c *call) {
	if c.waiting != nil {
		c.queue.waiting.Remove(c.waiting)
		c.waiting = nil
	}
	c.queue = nil
	c.skip = nil
}

// reject sends a ringing call back to the queue that delivered it.
func (tx *transaction) reject(l *leg, ext extensions) {
	c := l.call
	q := c.queue
	if c.skip == nil {
		c.skip = map[*device]int{}
	}
	c.skip[l.device] = l.device.readyEpoch
	l.state = released
	tx.notify(l, statusChange, ext)
	tx.remove(l)
	tx.afterLeaving(l)
	if q == nil {
		q = c.through
	}
	tx.distribute(c, q)
}

// noAnswer ends the ringing of a leg whose agent does not answer.
func (tx *transaction) noAnswer(l *leg) {
	if !l.viaQueue {
		tx.drop(l, businessCall)
		return
	}
	tx.setState(l.device, tx.states[voice.OpNotReady])
	tx.reject(l, businessCall)
}

// dispatch looks whether a device has become free for the calls of its queues,
// or stopped being so.
func (tx *transaction) dispatch(d *device) {
	if !d.free() || tx.down {
		tx.leaveReady(d)
		return
	}
	for _, q := range d.queues {
		for e := q.waiting.Front(); e != nil; e = e.Next() {
			if c := e.Value.(*call); !c.skips(d) {
				tx.offer(c, d)
				return
			}
		}
	}
	for i, q := range d.queues {
		if d.ready[i] == nil {
			d.ready[i] = q.ready.PushBack(d)
		}
	}
}

func (tx *transaction) leaveReady(d *device) {
	for i, e := range d.ready {
		if e != nil {
			d.queues[i].ready.Remove(e)
			d.ready[i] = nil
		}
	}
}

// destination is where a number leads.
type destination struct {
	number  string
	device  *device
	queue   *queue
	outside bool
}

// resolve returns where a number leads; ok is false if nobody has it.
func (x *exchange) resolve(number string) (to destination, ok bool) {
	to.number = number
	seen := []string{}
	for {
		if q := x.queues[number]; q != nil {
			to.queue = q
			return to, true
		}
		d := x.byDN[number]
		if d == nil || d.dn != number {
			to.outside = isOutside(number)
			return to, to.outside
		}
		if d.forward == "" || slices.Contains(seen, d.forward) {
			to.device = d
			return to, d.registered
		}
		seen = append(seen, number)
		number = d.forward
	}
}

// busy reports whether the destination refuses calls now.
func (to *destination) busy() bool { return to.device != nil && to.device.dnd }

// call lets a destination ring as a party of a call.
func (tx *transaction) call(c *call, to destination) {
	switch {
	case to.queue != nil:
		tx.distribute(c, to.queue)
	case to.device != nil:
		tx.ring(tx.join(c, to.device.dn, to.device, ringing))
	default:
		l := tx.join(c, to.number, nil, ringing)
		if d := tx.opts.OutsideAnswer; d > 0 {
			tx.after(d, func(tx *transaction) {
				if l.state == ringing {
					tx.answer(l)
				}
			})
		}
	}
}
