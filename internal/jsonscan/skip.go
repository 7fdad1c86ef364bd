package jsonscan

import (
	"encoding/binary"
	"math/bits"
)

// Skip reads the next value and drops it. Every byte of it is checked.
func (s *Scanner) Skip() {
	s.unread = false
	switch c := s.peek(); c {
	case '"':
		end, st := scanString(s.data, s.pos+1)
		if st > rewrite {
			s.fail(end, st.problem())
			return
		}
		s.pos = end + 1
	case '{', '[':
		s.skipContainer()
	default:
		end, ok := scanScalar(s.data, s.pos)
		if !ok {
			s.fail(end, wantValue)
			return
		}
		s.pos = end
	}
}

// skipContainer steps over an object or array. It keeps the kinds of the open
// containers in a bit set, so that depth costs no stack.
func (s *Scanner) skipContainer() {
	var objects [MaxDepth/64 + 1]uint64
	data, i := s.data, s.pos
	depth, room := 0, MaxDepth-s.depth
	inObject := false
	var key []byte

value:
	i = skipSpace(data, i)
	if i >= len(data) {
		s.failBehind(key, i, wantValue)
		return
	}
	switch c := data[i]; c {
	case '"':
		end, st := scanString(data, i+1)
		if st > rewrite {
			s.failBehind(key, end, st.problem())
			return
		}
		i = end + 1
	case '{', '[':
		if depth >= room {
			s.failBehind(key, i, tooDeep)
			return
		}
		// The bit at depth belongs to the container being left for a while.
		if inObject {
			objects[depth>>6] |= 1 << (depth & 63)
		} else {
			objects[depth>>6] &^= 1 << (depth & 63)
		}
		depth++
		inObject = c == '{'
		i = skipSpace(data, i+1)
		if i < len(data) && data[i] == c+2 { // '{'+2 is '}', '['+2 is ']'
			goto closed
		}
		if inObject {
			goto member
		}
		goto value
	default:
		end, ok := scanScalar(data, i)
		if !ok {
			s.failBehind(key, end, wantValue)
			return
		}
		i = end
	}

after:
	i = skipSpace(data, i)
	if i >= len(data) {
		s.failBehind(key, i, wantComma)
		return
	}
	switch c := data[i]; {
	case c == ',':
		i = skipSpace(data, i+1)
		if inObject {
			goto member
		}
		goto value
	case c == '}' && inObject, c == ']' && !inObject:
		goto closed
	}
	s.failBehind(key, i, wantComma)
	return

closed:
	i++
	depth--
	if depth == 0 {
		s.pos = i
		return
	}
	inObject = objects[depth>>6]&(1<<(depth&63)) != 0
	goto after

member: // i is behind space
	if i >= len(data) || data[i] != '"' {
		s.failBehind(key, i, wantKey)
		return
	}
	end, st := scanString(data, i+1)
	if st > rewrite {
		s.failBehind(key, end, st.problem())
		return
	}
	key = data[i+1 : end]
	i = skipSpace(data, end+1)
	if i >= len(data) || data[i] != ':' {
		s.failBehind(key, i, wantColon)
		return
	}
	i++
	goto value
}

func skipSpace(data []byte, i int) int {
	for i < len(data) {
		c := data[i]
		if c > ' ' || c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			break
		}
		i++
	}
	return i
}

// stringState tells what scanString found.
type stringState uint8

const (
	plain   stringState = iota // ASCII, nothing to unescape
	wide                       // bytes above ASCII, nothing to unescape
	rewrite                    // has escapes
	unended                    // no closing quote
	control                    // a control character
	escape                     // an escape that does not exist
)

func (st stringState) problem() problem {
	switch st {
	case unended:
		return wantQuote
	case control:
		return badControl
	default:
		return badEscape
	}
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// scanString looks for the end of a string whose first byte behind the quote
// is data[i]. It returns the offset of the closing quote, or with a state above
// rewrite the offset of the error. Eight bytes are looked at in one step.
func scanString(data []byte, i int) (int, stringState) {
	var high uint64 // has a high bit if a byte above ASCII was seen
	st := plain
	for {
		for len(data)-i >= 8 {
			w := binary.LittleEndian.Uint64(data[i:])
			// A byte's high bit is set where the byte is a quote, a backslash
			// or below 0x20. Above the first such byte the bits may be wrong.
			q, b := w^(ones*'"'), w^(ones*'\\')
			m := ((q-ones)&^q | (b-ones)&^b | (w-ones*' ')&^w) & highs
			if m != 0 {
				n := bits.TrailingZeros64(m) &^ 7
				high |= w & (1<<n - 1)
				i += n >> 3
				break
			}
			high |= w
			i += 8
		}
		if i >= len(data) {
			return i, unended
		}
		switch c := data[i]; {
		case c == '"':
			if st == plain && high&highs != 0 {
				st = wide
			}
			return i, st
		case c == '\\':
			st = rewrite
			n := escapeLen(data, i)
			if n == 0 {
				return i, escape
			}
			i += n
		case c < ' ':
			return i, control
		default: // one of the last seven bytes
			high |= uint64(c)
			i++
		}
	}
}

// escapeLen returns the length of the escape at data[i], 0 if it is not one.
func escapeLen(data []byte, i int) int {
	if i+1 >= len(data) {
		return 0
	}
	switch data[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(data)-i < 6 {
			return 0
		}
		for _, c := range data[i+2 : i+6] {
			if hexValue(c) < 0 {
				return 0
			}
		}
		return 6
	}
	return 0
}

// scanScalar steps over a number, true, false or null. If there is none, it
// returns the offset of the byte that is wrong.
func scanScalar(data []byte, i int) (int, bool) {
	if i >= len(data) {
		return i, false
	}
	switch data[i] {
	case 't':
		return scanWord(data, i, "true")
	case 'f':
		return scanWord(data, i, "false")
	case 'n':
		return scanWord(data, i, "null")
	}
	return scanNumber(data, i)
}

func scanWord(data []byte, i int, word string) (int, bool) {
	if len(data)-i >= len(word) && string(data[i:i+len(word)]) == word {
		return i + len(word), true
	}
	for j := range len(word) {
		if i+j >= len(data) || data[i+j] != word[j] {
			return i + j, false
		}
	}
	return i, false
}

func scanNumber(data []byte, i int) (int, bool) {
	if i < len(data) && data[i] == '-' {
		i++
	}
	switch {
	case i < len(data) && data[i] == '0':
		i++
	default:
		end := scanDigits(data, i)
		if end == i {
			return i, false
		}
		i = end
	}
	if i < len(data) && data[i] == '.' {
		end := scanDigits(data, i+1)
		if end == i+1 {
			return end, false
		}
		i = end
	}
	if i < len(data) && (data[i] == 'e' || data[i] == 'E') {
		i++
		if i < len(data) && (data[i] == '+' || data[i] == '-') {
			i++
		}
		end := scanDigits(data, i)
		if end == i {
			return i, false
		}
		i = end
	}
	return i, true
}

func scanDigits(data []byte, i int) int {
	for i < len(data) && '0' <= data[i] && data[i] <= '9' {
		i++
	}
	return i
}
