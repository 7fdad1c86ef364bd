// Package backoff computes the pauses between failed attempts.
package backoff

import (
	"math/rand/v2"
	"time"
)

// Backoff yields growing, jittered delays between Min and Max: the first is
// between Min and twice that, the bounds of each further one are twice those of
// its predecessor, and in the end every delay is between half of Max and Max.
// So clients that failed together do not return together.
// The zero value yields zero delays. It is not safe for concurrent use.
type Backoff struct {
	Min, Max time.Duration
	failures int
}

// Next returns the delay before the next attempt.
func (b *Backoff) Next() time.Duration {
	least := max(b.Min, b.Max/2)
	if shift := b.failures; shift < 32 && b.Min<<shift>>shift == b.Min {
		least = min(b.Min<<shift, least)
	}
	b.failures++
	return min(Jitter(least), b.Max)
}

// Failures returns how many delays were handed out since the last Reset.
func (b *Backoff) Failures() int { return b.failures }

// Reset makes the next delay Min again.
func (b *Backoff) Reset() { b.failures = 0 }

// maxJitter bounds what is added to a long delay.
const maxJitter = 15 * time.Second

// Jitter returns d lengthened at random by up to as much again, and no more than
// 15 seconds. With less the clients of a server that was away for some time come
// back in waves: after 20 seconds of 10,000 clients 3,200 in the same second, if
// it is a fifth, instead of 1,300.
func Jitter(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return d + rand.N(min(d, maxJitter)+1)
}
