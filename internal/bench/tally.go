package main

import "time"

// tally counts something in each tenth of a second.
type tally map[int64]int

const tick = 100 * time.Millisecond

func (t *tally) add(at time.Time) {
	if *t == nil {
		*t = tally{}
	}
	(*t)[at.UnixMilli()/tick.Milliseconds()]++
}

// between counts what was at from or later, but before to.
func (t tally) between(from, to time.Time) (n int) {
	for at := from.UnixMilli() / tick.Milliseconds(); at < to.UnixMilli()/tick.Milliseconds(); at++ {
		n += t[at]
	}
	return n
}

// peak returns the most that came in any span of this length after from.
func (t tally) peak(from time.Time, span time.Duration) (most int) {
	begin := from.UnixMilli() / tick.Milliseconds()
	for at := range t {
		if at < begin {
			continue
		}
		n := 0
		for i := range int64(span / tick) {
			n += t[at+i]
		}
		most = max(most, n)
	}
	return most
}
