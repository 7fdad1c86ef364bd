package cometd

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"sync"

	"github.com/gwsvoice/gws-go/internal/handover"
	"github.com/gwsvoice/gws-go/internal/jsonscan"
)

// message is the envelope of a received message. All slices belong to the body
// that it was read from.
type message struct {
	raw          []byte
	channel      []byte
	id           []byte // the text of a string or number
	clientID     []byte
	data         part
	ext          part
	advice       part
	subscription part
	err          []byte
	transports   part
	announced    int // x-messages
	successful   int8
	hasError     bool
}

// Values of message.successful; 0 is missing.
const (
	failed    int8 = -1
	succeeded int8 = 1
)

// part is a value within a message. The zero part is a missing one.
type part struct{ from, to int }

func (p part) missing() bool { return p.to == 0 }

// of returns the part in raw, nil if it is missing.
func (p part) of(raw []byte) json.RawMessage {
	if p.missing() {
		return nil
	}
	return raw[p.from:p.to:p.to]
}

// maxBroken is how many broken messages of a body are stepped over.
const maxBroken = 100

var (
	errNotMessage = errors.New("not a Bayeux message")
	errNoChannel  = errors.New("message without channel")
)

// scanned is what scan works with.
type scanned struct {
	message message
	reader  *handover.Reader // looks at data; nil: nobody does
	note    any              // what it has seen of the latest
}

// What scan works with is of no use to a client that waits for the next event.
var scans = sync.Pool{New: func() any { return new(scanned) }}

// scan calls yield with each message of body, which is an array of messages or
// a single one, and lets a reader look at their data. It uses the memory of w.
// A message that is broken is left out, and so is what cannot be
// told from it; err is what was wrong with the first one. scan may write to the
// body where that is broken.
func scan(body []byte, w *scanned, yield func(*message)) (n int, err error) {
	if len(body) >= 4 && bytes.HasPrefix(body, []byte("/*")) && bytes.HasSuffix(body, []byte("*/")) {
		body = bytes.TrimSpace(body[2 : len(body)-2]) // a relic of old servers
	}
	m := &w.message
	defer func() { *m = message{} }()
	one := func(s *jsonscan.Scanner) {
		if wrong := w.scan(body, s); wrong != nil {
			if err == nil {
				err = wrong
			}
			return
		}
		n++
		yield(m)
	}
	s := jsonscan.New(body)
	if s.Kind() != jsonscan.Array {
		one(&s)
		if end := s.End(); err == nil {
			err = end
		}
		return n, err
	}
	for range maxBroken {
		s.Array()
		from := s.Pos()
		for s.NextElem() {
			one(&s)
			if s.Err() == nil {
				from = s.Pos()
			}
		}
		end := s.End()
		if end == nil {
			return n, err
		}
		if err == nil {
			err = end
		}
		// Go on behind the broken message, if its end can be found.
		rest := behindBroken(body[from:])
		if rest == 0 || from+rest >= len(body) {
			return n, err
		}
		body = body[from+rest-1:]
		body[0] = '[' // instead of the comma
		s = jsonscan.New(body)
	}
	return n, err
}

// scan reads one message. An error of another kind than the scanner's concerns
// this message only.
func (w *scanned) scan(body []byte, s *jsonscan.Scanner) error {
	m := &w.message
	*m = message{}
	if s.Kind() != jsonscan.Object {
		s.Skip()
		if err := s.Err(); err != nil {
			return err
		}
		return errNotMessage
	}
	from := s.Pos()
	value := func() part {
		raw := s.Raw()
		return part{s.Pos() - len(raw) - from, s.Pos() - from}
	}
	s.Object()
	for s.NextKey() {
		switch string(s.Key()) {
		case "channel":
			m.channel, _ = s.Text()
		case "id":
			if s.Kind() == jsonscan.Number {
				m.id, _ = s.Number()
			} else {
				m.id, _ = s.Text()
			}
		case "clientId":
			m.clientID, _ = s.Text()
		case "data":
			if w.reader == nil {
				m.data = value()
				continue
			}
			s.Kind() // steps over space
			at := s.Pos() - from
			w.note = w.reader.Look(w.note, s)
			m.data = part{at, s.Pos() - from}
		case "ext":
			m.ext = value()
		case "advice":
			m.advice = value()
		case "subscription":
			m.subscription = value()
		case "supportedConnectionTypes":
			m.transports = value()
		case "x-messages":
			n, _ := s.Int()
			m.announced = int(min(max(n, 0), 1<<20))
		case "error":
			m.hasError = s.Kind() != jsonscan.Null
			m.err, _ = s.Text()
		case "successful":
			if value, ok := s.Bool(); ok {
				m.successful = failed
				if value {
					m.successful = succeeded
				}
			}
		}
	}
	if err := s.Err(); err != nil {
		return err
	}
	m.raw = body[from:s.Pos():s.Pos()]
	if len(m.channel) == 0 {
		return errNoChannel
	}
	return nil
}

// event copies m out of the body that it arrived in.
func (m *message) event(channel string) *Message {
	raw := slices.Clone(m.raw)
	return &Message{Channel: channel, Data: m.data.of(raw), Ext: m.ext.of(raw), Raw: raw}
}

// behindBroken returns where the next message begins after the object at the
// beginning of b, which is no valid JSON: behind the brace that closes it and a
// comma. It returns 0 if that cannot be found.
func behindBroken(b []byte) int {
	depth, quoted, something := 0, false, false
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
			if depth < 0 {
				return 0
			}
		case c == ',' && depth == 0 && something:
			return i + 1
		}
		something = something || c > ' ' && c != ','
	}
	return 0
}
