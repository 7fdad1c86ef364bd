package jsonscan

import "hash/maphash"

// Print recognises an object or array that comes again in the same bytes: by
// their number and a sum of 64 bits that nobody can foresee. The zero value is
// that of none.
type Print struct {
	length int
	sum    uint64
}

var printSeed = maphash.MakeSeed()

// Print returns the print of the value that was read from an offset to the next
// unread byte.
func (s *Scanner) Print(from int) Print {
	value := s.Since(from)
	return Print{len(value), maphash.Bytes(printSeed, value)}
}

// Len is how many bytes the value takes.
func (p Print) Len() int { return p.length }

// SkipSame skips the next value if it is written exactly as the one that p is
// the print of, which a scanner has accepted before, at most at the same depth.
// Comparing is a fraction of reading.
func (s *Scanner) SkipSame(p Print) bool {
	c := s.peek()
	if p.length == 0 || s.problem != 0 || len(s.data)-s.pos < p.length {
		return false
	}
	value := s.data[s.pos : s.pos+p.length] // to be closed by the bracket that is two behind c
	if c != '{' && c != '[' || value[p.length-1] != c+2 || maphash.Bytes(printSeed, value) != p.sum {
		return false
	}
	s.pos += p.length
	s.unread = false
	return true
}
