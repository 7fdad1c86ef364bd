package jsonscan

import (
	"hash/maphash"
	"sync/atomic"
)

// Table keeps strings that come again and again, so that each is allocated
// once: keys, addresses, states. It is small and forgets: a string that has not
// come for a while makes room for another. The zero value is ready to use, by
// several goroutines at once.
type Table struct {
	slots [tableSize]atomic.Pointer[string]
}

const (
	tableSize = 1024 // a power of two
	maxIntern = 128  // longer strings are rarely the same, and would be kept
)

var tableSeed = maphash.MakeSeed()

// String returns text as a string, if possible one that was returned before.
func (t *Table) String(text []byte) string {
	if len(text) == 0 {
		return ""
	}
	if len(text) > maxIntern {
		return string(text)
	}
	h := maphash.Bytes(tableSeed, text)
	// Two places for each string, so that two that come in turn seldom fight.
	first := &t.slots[h%tableSize]
	if p := first.Load(); p != nil && *p == string(text) {
		return *p
	}
	second := &t.slots[(h>>32)%tableSize]
	if p := second.Load(); p != nil && *p == string(text) {
		return *p
	}
	v := string(text)
	switch {
	case first.Load() == nil:
	case second.Load() == nil || h>>63 == 0:
		first = second
	}
	first.Store(&v)
	return v
}
