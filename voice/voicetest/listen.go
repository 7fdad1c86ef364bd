package voicetest

import (
	"errors"
	"strings"
)

// Listen is [NewServer] for programs whose options come from outside: where
// NewServer panics, it returns an error.
func Listen(o Options) (s *Server, err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case string:
			text, ours := strings.CutPrefix(p, "voicetest: ")
			if !ours {
				panic(p)
			}
			s, err = nil, errors.New(text)
		default:
			panic(p)
		}
	}()
	return NewServer(o), nil
}
