// Package stream hands events from a producer that must never wait to readers
// that may be slow, and tells a reader exactly where it lost some.
package stream

import (
	"context"
	"sync"
)

// controlRoom is how many events PushControl may add beyond the limit.
const controlRoom = 64

// shrinkAbove is the capacity beyond which an emptied queue gives its memory
// back, so that one burst does not cost an idle reader for ever.
const shrinkAbove = 64

// Queue is an ordered, bounded queue. The producer never blocks: when the
// queue is full, the newest event is dropped and counted, and the reader finds
// the count at the place where the events would have been.
//
// All methods may be called from several goroutines.
type Queue[E any] struct {
	limit int
	wake  chan struct{} // holds a token while there may be something to read

	mu      sync.Mutex
	items   []item[E]
	head    int // index of the oldest item in items
	lost    int // events dropped after the newest item
	err     error
	waiting int    // readers that found nothing
	onRoom  func() // called once when an item is read; see NotifyRoom
	notify  func() // see Notify
}

type item[E any] struct {
	event E
	lost  int // events dropped just before this one
}

// New returns a queue that keeps up to limit events. Memory grows on demand.
func New[E any](limit int) *Queue[E] {
	return &Queue[E]{limit: max(limit, 1), wake: make(chan struct{}, 1)}
}

// Push appends e and reports whether it was kept. On a closed queue it is not
// kept and not counted.
func (q *Queue[E]) Push(e E) bool { return q.push(e, q.limit, true) }

// Put is Push without waking a reader who waits: Wake does that, at the end of
// a burst of events.
func (q *Queue[E]) Put(e E) bool { return q.push(e, q.limit, false) }

// PushControl appends an event that marks a hole and must therefore survive a
// full queue. It is dropped and counted as any other once controlRoom such
// events are queued beyond the limit.
func (q *Queue[E]) PushControl(e E) bool { return q.push(e, q.limit+controlRoom, true) }

func (q *Queue[E]) push(e E, limit int, wake bool) bool {
	q.mu.Lock()
	if q.err != nil {
		q.mu.Unlock()
		return false
	}
	kept := q.len() < limit
	if kept {
		// Moving less than half of the items down would have to be done too often.
		if len(q.items) == cap(q.items) && q.head > len(q.items)/2 {
			n := copy(q.items, q.items[q.head:])
			clear(q.items[n:])
			q.items, q.head = q.items[:n], 0
		}
		q.items = append(q.items, item[E]{event: e, lost: q.lost})
		q.lost = 0
	} else {
		q.lost++
	}
	q.mu.Unlock()
	if wake {
		q.Wake()
	}
	return kept
}

// Lose counts n events as dropped after the newest one.
func (q *Queue[E]) Lose(n int) {
	if n <= 0 {
		return
	}
	q.mu.Lock()
	if q.err == nil {
		q.lost += n
	}
	q.mu.Unlock()
	q.Wake()
}

// Wake wakes a reader who waits, if there is something to read.
func (q *Queue[E]) Wake() {
	q.mu.Lock()
	readable, wake, notify := q.readable(), q.waiting > 0, q.notify
	q.mu.Unlock()
	if wake && readable {
		q.signal()
	}
	if notify != nil && readable {
		notify()
	}
}

// Notify arranges for f to be called whenever a reader would be woken, whether
// one waits or not. f must not block. It is set before the first event.
func (q *Queue[E]) Notify(f func()) {
	q.mu.Lock()
	q.notify = f
	q.mu.Unlock()
}

// Readable tells whether Next would return at once.
func (q *Queue[E]) Readable() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.readable()
}

// Next returns the oldest event. If events were dropped just before it, it
// returns their number instead, with the zero event, and the event itself the
// next time. It waits until there is something, ctx ends, or the queue is
// closed and read to its end; then the error is ctx's or that given to Close.
func (q *Queue[E]) Next(ctx context.Context) (e E, dropped int, err error) {
	if err := ctx.Err(); err != nil {
		return e, 0, err
	}
	for { // whoever was woken must look, even if ctx has ended: nobody else was
		if e, dropped, err, ok := q.take(); ok {
			return e, dropped, err
		}
		select {
		case <-q.wake:
			q.awake()
		case <-ctx.Done():
			q.awake()
			return e, 0, ctx.Err()
		}
	}
}

// awake is called by a reader who has stopped waiting.
func (q *Queue[E]) awake() {
	q.mu.Lock()
	q.waiting--
	q.mu.Unlock()
}

// take returns what Next returns. If there is nothing, the reader counts as
// waiting.
func (q *Queue[E]) take() (e E, dropped int, err error, ok bool) {
	q.mu.Lock()
	var room func()
	switch {
	case q.len() > 0 && q.items[q.head].lost > 0:
		dropped, q.items[q.head].lost = q.items[q.head].lost, 0
	case q.len() > 0:
		e = q.items[q.head].event
		q.items[q.head] = item[E]{}
		q.head++
		if q.len() == 0 {
			q.items, q.head = q.items[:0], 0
			if cap(q.items) > shrinkAbove {
				q.items = nil
			}
		}
		room, q.onRoom = q.onRoom, nil
	case q.lost > 0:
		dropped, q.lost = q.lost, 0
	case q.err != nil:
		err = q.err
	default:
		q.waiting++
		q.mu.Unlock()
		return e, 0, nil, false
	}
	others := q.waiting > 0 && q.readable()
	q.mu.Unlock()
	if others {
		q.signal()
	}
	if room != nil {
		room()
	}
	return e, dropped, err, true
}

// Close makes Next return err once the queue has been read to its end, and
// drops what is pushed from now on. Only the first call counts.
func (q *Queue[E]) Close(err error) {
	q.mu.Lock()
	if q.err == nil {
		q.err = err
	}
	q.mu.Unlock()
	q.Wake()
}

// Free returns how many events Push would still keep.
func (q *Queue[E]) Free() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return max(q.limit-q.len(), 0)
}

// Len returns how many events wait to be read.
func (q *Queue[E]) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.len()
}

// NotifyRoom arranges for f to be called once, by the reader, after the next
// event has been read. A later call replaces an earlier one; nil cancels.
// f must not block.
func (q *Queue[E]) NotifyRoom(f func()) {
	q.mu.Lock()
	q.onRoom = f
	q.mu.Unlock()
}

func (q *Queue[E]) len() int { return len(q.items) - q.head }

func (q *Queue[E]) readable() bool { return q.len() > 0 || q.lost > 0 || q.err != nil }

func (q *Queue[E]) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}
