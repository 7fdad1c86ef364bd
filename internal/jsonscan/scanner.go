// Package jsonscan reads JSON from memory in one pass, without reflection and
// without allocating: the caller pulls keys and values, takes what it wants and
// leaves the rest, and every byte is checked on the way.
//
//	s := jsonscan.New(data)
//	if s.Object() {
//		for s.NextKey() {
//			switch string(s.Key()) {
//			case "id":
//				id, _ = s.Str()
//			case "ext":
//				ext = s.Raw()
//			} // what is not read is skipped
//		}
//	}
//	err := s.End()
//
// It accepts exactly the documents that encoding/json accepts, except that
// nesting ends at [MaxDepth]. As there, bytes that are not UTF-8 become U+FFFD
// in strings.
package jsonscan

// MaxDepth is how many arrays and objects may be open at one place. A document
// that nests deeper is an error.
const MaxDepth = 1000

// Kind is the kind of a JSON value.
type Kind uint8

// The kinds. Invalid is what a scanner sees at the end, after an error, and
// where no value can begin.
const (
	Invalid Kind = iota
	Null
	Bool
	Number
	String
	Array
	Object
)

var kindNames = [...]string{"invalid", "null", "bool", "number", "string", "array", "object"}

func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "invalid"
}

// Scanner reads one JSON document. The first error ends it: from then on every
// method reports that there is nothing, and [Scanner.Err] tells why.
//
// A value is read by exactly one of Object, Array, Text, Str, Bool, Number,
// Int, Any, Raw and Skip. Each of the typed ones skips a value of another kind
// and reports false, so that a wrong type costs one value and not the document.
// Inside an object or array, a value that is not read at all is skipped by the
// next NextKey or NextElem. A loop over those two has to run to its end, or the
// scanner must not be used any more.
//
// The zero value is a scanner of an empty document.
type Scanner struct {
	data []byte
	pos  int // of the next byte

	key    []byte // last key, unescaped
	depth  int    // containers entered and not left
	first  bool   // a container was entered and nothing read from it yet
	unread bool   // the value that NextKey or NextElem stopped at is unread

	problem problem // 0: none
	errPos  int
}

// New returns a scanner at the beginning of data. What it hands out as []byte
// are parts of data wherever that is possible.
func New(data []byte) Scanner { return Scanner{data: data} }

// Pos returns the offset of the next unread byte.
func (s *Scanner) Pos() int {
	if s.problem != 0 {
		return s.errPos
	}
	return s.pos
}

// Kind tells what the next value is, without reading it.
func (s *Scanner) Kind() Kind {
	switch c := s.peek(); c {
	case '"':
		return String
	case '{':
		return Object
	case '[':
		return Array
	case 't', 'f':
		return Bool
	case 'n':
		return Null
	default:
		if c == '-' || '0' <= c && c <= '9' {
			return Number
		}
		return Invalid
	}
}

// Object enters an object; [Scanner.NextKey] then visits its members. It skips
// a value of another kind and reports false.
func (s *Scanner) Object() bool { return s.enter('{') }

// Array enters an array; [Scanner.NextElem] then visits its elements. It skips
// a value of another kind and reports false.
func (s *Scanner) Array() bool { return s.enter('[') }

func (s *Scanner) enter(open byte) bool {
	if s.peek() != open {
		s.Skip()
		return false
	}
	if s.depth >= MaxDepth {
		s.fail(s.pos, tooDeep)
		return false
	}
	s.depth++
	s.pos++
	s.first, s.unread = true, false
	return true
}

// NextKey goes to the next member of the object: [Scanner.Key] is its key, and
// its value comes next. It reports false at the end of the object.
func (s *Scanner) NextKey() bool {
	if !s.next('}') {
		return false
	}
	if s.peek() != '"' {
		s.fail(s.pos, wantKey)
		return false
	}
	start := s.pos + 1
	end, st := scanString(s.data, start)
	if st > rewrite {
		s.fail(end, st.problem())
		return false
	}
	s.key = s.data[start:end]
	if st != plain {
		s.key = s.clean(s.key, st)
	}
	s.pos = end + 1
	if s.peek() != ':' {
		s.fail(s.pos, wantColon)
		return false
	}
	s.pos++
	s.unread = true
	return true
}

// Key returns the key that NextKey found. It is valid as long as the data and
// must not be changed.
func (s *Scanner) Key() []byte { return s.key }

// NextElem goes to the next element of the array. It reports false at the end
// of the array.
func (s *Scanner) NextElem() bool {
	if !s.next(']') {
		return false
	}
	s.unread = true
	return true
}

// next steps over the comma before the next member or element, or over the end
// of the container.
func (s *Scanner) next(end byte) bool {
	if s.unread {
		s.Skip()
	}
	c := s.peek()
	switch {
	case c == end && s.depth > 0:
		s.pos++
		s.depth--
		s.first, s.unread = false, false
		return false
	case s.first:
		s.first = false
		return s.problem == 0
	case c == ',':
		s.pos++
		return true
	}
	s.fail(s.pos, wantComma)
	return false
}

// Text reads a string and returns its bytes, unescaped. They are a part of the
// data unless something had to be unescaped, and must not be changed.
func (s *Scanner) Text() ([]byte, bool) {
	if s.peek() != '"' {
		s.Skip()
		return nil, false
	}
	start := s.pos + 1
	end, st := scanString(s.data, start)
	if st > rewrite {
		s.fail(end, st.problem())
		return nil, false
	}
	s.pos = end + 1
	s.unread = false
	text := s.data[start:end]
	if st != plain {
		text = s.clean(text, st)
	}
	return text, true
}

// Str reads a string. The result does not refer to the data.
func (s *Scanner) Str() (string, bool) {
	text, ok := s.Text()
	return string(text), ok
}

// Bool reads true or false.
func (s *Scanner) Bool() (value, ok bool) {
	c := s.peek()
	s.Skip()
	if s.problem != 0 {
		return false, false
	}
	return c == 't', c == 't' || c == 'f'
}

// Number reads a number and returns it as written.
func (s *Scanner) Number() ([]byte, bool) {
	if c := s.peek(); c != '-' && (c < '0' || c > '9') {
		s.Skip()
		return nil, false
	}
	text := s.Raw()
	return text, s.problem == 0
}

// Raw reads the next value, whatever it is, and returns the part of the data
// that it is written in, without space around it; nil after an error.
func (s *Scanner) Raw() []byte {
	s.peek()
	start := s.pos
	s.Skip()
	if s.problem != 0 {
		return nil
	}
	return s.data[start:s.pos:s.pos]
}

// Since returns the part of the data from an offset to the next unread byte.
func (s *Scanner) Since(from int) []byte { return s.data[from:s.pos:s.pos] }

// Err returns the error that ended the scanner, a *[SyntaxError], or nil.
func (s *Scanner) Err() error {
	if s.problem == 0 {
		return nil
	}
	return s.syntaxError()
}

// End checks that nothing but space follows, and returns [Scanner.Err]. It is
// called after the one value of the document has been read.
func (s *Scanner) End() error {
	if s.problem == 0 {
		s.peek()
		if s.pos < len(s.data) || s.depth > 0 {
			s.fail(s.pos, wantEnd)
		}
	}
	return s.Err()
}

// Valid returns nil if data is one JSON value, and a *[SyntaxError] otherwise.
func Valid(data []byte) error {
	s := New(data)
	s.Skip()
	return s.End()
}

// peek steps over space and returns the next byte, 0 at the end.
func (s *Scanner) peek() byte {
	if s.pos < len(s.data) {
		if c := s.data[s.pos]; c > ' ' {
			return c
		}
	}
	return s.peekSpace()
}

func (s *Scanner) peekSpace() byte {
	s.pos = skipSpace(s.data, s.pos)
	if s.pos < len(s.data) {
		return s.data[s.pos]
	}
	return 0
}
