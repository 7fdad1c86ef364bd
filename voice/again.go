package voice

import (
	"sync"

	"github.com/gwsvoice/gws-go/internal/jsonscan"
)

// again keeps the value that was read last at one place of a document. The
// messages about a call repeat most of what they show, in the same bytes: then
// the value, which is read-only, is that of the message before.
type again[T any] struct {
	print jsonscan.Print
	value T
}

// maxAgain is how many bytes a value may take that is recognised. A longer one
// could be nested too deeply elsewhere.
const maxAgain = 1024

// same reads the next value if it is the one that was read last.
func (a *again[T]) same(s *jsonscan.Scanner) (value T, ok bool) {
	if s.SkipSame(a.print) {
		return a.value, true
	}
	return value, false
}

// skip skips the next value, which was not read the last time either.
func (a *again[T]) skip(s *jsonscan.Scanner) {
	if kind := s.Kind(); kind != jsonscan.Array && kind != jsonscan.Object {
		s.Skip()
		return
	}
	if s.SkipSame(a.print) {
		return
	}
	from := s.Pos()
	s.Skip()
	a.remember(s, from, a.value)
}

// remember keeps the value that was read from an offset of s on.
func (a *again[T]) remember(s *jsonscan.Scanner, from int, value T) {
	if length := s.Pos() - from; s.Err() != nil || length == 0 || length > maxAgain {
		return
	}
	a.print, a.value = s.Print(from), value
}

// repeated is what the messages to one client repeat. A program may write to
// some of it, although it should not: then no other agent sees that.
type repeated struct {
	text         string                    // all strings of a message
	capabilities [2]again[[]OperationName] // a call goes back and forth between two states
	userData     again[map[string]any]
	extensions   again[map[string]any]
	participants againParticipants
}

// memory is what is kept of the messages to one client from one to the next.
type memory struct {
	mu sync.Mutex
	repeated
}
