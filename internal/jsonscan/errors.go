package jsonscan

import (
	"fmt"
	"unicode/utf8"
)

// SyntaxError tells where and why a document is not JSON. Its text shows at
// most the character at that place and the key before it, never a value: what
// is broken may still be confidential.
type SyntaxError struct {
	Offset int    // of the byte that is wrong, the length of the data at its end
	Reason string // "invalid character '}' where a value should begin"
	Key    string // the last key before it, cut to 32 bytes; may be empty
}

func (e *SyntaxError) Error() string {
	if e.Key == "" {
		return fmt.Sprintf("invalid JSON: %s, at offset %d", e.Reason, e.Offset)
	}
	return fmt.Sprintf("invalid JSON: %s, at offset %d, behind key %q", e.Reason, e.Offset, e.Key)
}

// problem is what was wrong; the text is made when somebody asks.
type problem uint8

const (
	wantValue problem = iota + 1
	wantKey
	wantColon
	wantComma
	wantEnd
	wantQuote
	badControl
	badEscape
	tooDeep
)

var problems = [...]string{
	wantValue:  "where a value should go on",
	wantKey:    "where a key should begin",
	wantColon:  "behind a key",
	wantComma:  "behind a value",
	wantEnd:    "behind the end",
	wantQuote:  "in a string",
	badControl: "in a string",
	badEscape:  "in a string, not an escape",
	tooDeep:    "nested too deeply",
}

// fail ends the scanner.
func (s *Scanner) fail(pos int, p problem) {
	if s.problem != 0 {
		return
	}
	s.problem, s.errPos = p, pos
	s.pos = len(s.data)
	s.unread = false
}

// failBehind ends the scanner, where key was the last one if it is not nil.
func (s *Scanner) failBehind(key []byte, pos int, p problem) {
	if key != nil && s.problem == 0 {
		s.key = key
	}
	s.fail(pos, p)
}

func (s *Scanner) syntaxError() *SyntaxError {
	const maxKey = 32
	e := &SyntaxError{Offset: s.errPos, Key: string(s.key[:min(len(s.key), maxKey)])}
	where := problems[s.problem]
	switch {
	case s.problem == tooDeep:
		e.Reason = fmt.Sprintf("%s (more than %d levels)", where, MaxDepth)
	case s.errPos >= len(s.data):
		e.Reason = "unexpected end " + where
		if s.problem == wantEnd {
			e.Reason = "unexpected end inside an object or array"
		}
	default:
		r, _ := utf8.DecodeRune(s.data[s.errPos:])
		e.Reason = fmt.Sprintf("invalid character %q %s", r, where)
	}
	return e
}
