// Package handover lets package voice take the events of a subscription on the
// goroutine that has read them from the network. A goroutine of its own would
// cost every idle agent a stack, and every event two switches.
//
// It is no part of cometd's interface: a program that did something slow there
// would hold up its session.
package handover

import (
	"context"

	"github.com/gwsvoice/gws-go/internal/jsonscan"
)

// Reader takes the events of one subscription, in turns with a goroutine that
// reads its queue while there is something slow to do.
type Reader struct {
	// Look reads the data of a message, exactly one value of s, while the message
	// is being scanned, so that it has not to be scanned again. Its channel is not
	// known yet, since it may come behind the data, nor whether it is a good
	// message: what Look returns is for Take, should it get this one. Memory for
	// it is note, what any reader's Look has returned for another message, or nil.
	// May be nil.
	Look func(note any, s *jsonscan.Scanner) any

	// Take is offered each message while the queue is empty. If it returns false
	// the message goes into the queue. data is valid during the call only. note
	// is what Look has made of it, nil if it was not asked. Take may be called by
	// two goroutines, must be quick, and must not call methods of the subscription
	// or its client.
	Take func(channel string, data []byte, note any) bool

	// Taken is called after the last event of a response if Take has accepted
	// one.
	Taken func()

	// Queued is called when there is something to read in the queue, or it has
	// been closed. It must not block.
	Queued func()

	// Readable tells whether Next would return at once, and Len how many events
	// are in the queue. The subscription sets them.
	Readable func() bool
	Len      func() int
}

type key struct{}

// With returns a context that makes r the reader of the subscription that is
// made under it.
func With(ctx context.Context, r *Reader) context.Context {
	return context.WithValue(ctx, key{}, r)
}

// From returns the reader that With has put into ctx, or nil.
func From(ctx context.Context) *Reader {
	r, _ := ctx.Value(key{}).(*Reader)
	return r
}
