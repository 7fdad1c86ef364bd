package voice

import "github.com/gwsvoice/gws-go/internal/jsonscan"

// again keeps the value that was read last at one place of a document. The
// messages about a call repeat most of what they show, in the same bytes: then
// the value, which is read-only, is that of the message before.
type again[T any] struct {
	written []byte // nil: there is none
	value   T
}

// maxAgain is how many bytes are remembered. Larger values repeat as well, but
// each decoder would keep one. Nor can these be nested too deeply elsewhere.
const maxAgain = 512

// same reads the next value if it is the one that was read last.
func (a *again[T]) same(s *jsonscan.Scanner) (value T, ok bool) {
	if s.SkipSame(a.written) {
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
	if s.SkipSame(a.written) {
		return
	}
	from := s.Pos()
	s.Skip()
	a.remember(s, from, a.value)
}

// remember keeps the value that was read from an offset of s on.
func (a *again[T]) remember(s *jsonscan.Scanner, from int, value T) {
	written := s.Since(from)
	if s.Err() != nil || len(written) == 0 || len(written) > maxAgain {
		return
	}
	a.written, a.value = append(a.written[:0], written...), value
}

// forget makes the next value one that has not been read.
func (a *again[T]) forget() {
	var none T
	a.written, a.value = a.written[:0], none
}
