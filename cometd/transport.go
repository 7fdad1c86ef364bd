package cometd

import (
	"context"
	"slices"
	"sync/atomic"
)

// transport carries messages. Everything that comes back, with a response or
// by itself, goes to [Client.receive].
type transport interface {
	kind() Transport

	// roundTrip sends x and returns when all its replies are there, or with
	// the reason why some will not come. Ending ctx gives up the wait.
	roundTrip(ctx context.Context, x *exchange) error

	// send sends x, and waits for the replies only if it must not send
	// anything else before they are there.
	send(ctx context.Context, x *exchange) error

	// open prepares for sending, on the session goroutine only. isOpen is
	// false if it has something to do, so that the server will not expect
	// the session where it comes from; Client.mu must be held for it.
	open(ctx context.Context) error
	isOpen() bool

	// close releases what belongs to this client alone.
	close()
}

// exchange is a group of requests that travel together. On long-polling it
// lives as long as the HTTP request, on WebSocket it holds all that is pending.
type exchange struct {
	requests []*request
	body     []byte
	hint     int  // where the next reply probably belongs
	login    int  // refreshes of the credentials before it was sent
	lasting  bool // it belongs to a connection: requests are taken out when they are finished
	ordered  bool // events that come with it are acknowledged, if the session does so

	events atomic.Int64 // received with it
	broken error        // why a message in the response could not be read

	scanned *scanned         // while a response or frame is being read
	first   [1]*request      // mostly room enough for requests
	reader  [1]*Subscription // and for readers
	readers []*Subscription  // to be woken at the end of the response or frame
}

// find returns the request that a reply belongs to, by its id, or by what it
// is about if it has none.
func (x *exchange) find(m *message) *request {
	n, from := len(x.requests), x.hint
	if len(m.id) == 0 {
		from = 0 // the oldest comes first
	}
	for i := range n {
		at := (from + i) % n
		if r := x.requests[at]; !r.finished && r.isAnsweredBy(m) {
			x.hint = at + 1
			return r
		}
	}
	return nil
}

// unfinished returns the requests that have no reply.
func (x *exchange) unfinished() []*request {
	return slices.DeleteFunc(slices.Clone(x.requests), func(r *request) bool { return r.finished })
}
