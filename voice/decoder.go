package voice

import (
	"bytes"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gwsvoice/gws-go/internal/jsonscan"
)

// decoder turns one JSON document into the types of this package, in one pass.
// Nothing is ever refused for the type of one attribute: what cannot be read is
// as if it were absent. A repeated attribute counts as its last.
//
// Strings are not allocated one by one. put notes where a string is to go and
// keeps its bytes; flush makes one string of all bytes and hands out its parts.
type decoder struct {
	jsonscan.Scanner

	text    []byte
	pending []pendingString

	participants, infos []rawParticipant
	written             writtenLists      // of the call that is being read, outside the stack, which every client has
	made                againParticipants // to be remembered with the next flush, which completes them
	capabilities        []OperationName

	overlooked again[struct{}] // capabilities

	own  repeated
	lent *memory // to be used instead of own; locked
}

type pendingString struct {
	to         *string
	start, end int // in text
}

var decoders = sync.Pool{New: func() any { return new(decoder) }}

func newDecoder(data []byte) *decoder {
	d := decoders.Get().(*decoder)
	d.Scanner = jsonscan.New(data)
	return d
}

// remind lets d use what is kept in m, unless another decoder does.
func (d *decoder) remind(m *memory) {
	if m.mu.TryLock() {
		d.lent = m
	}
}

// last is what came last.
func (d *decoder) last() *repeated {
	if d.lent != nil {
		return &d.lent.repeated
	}
	return &d.own
}

// free gives the decoder back, with nothing in it that would keep a document
// or a result alive.
func (d *decoder) free() {
	if d.lent != nil {
		d.lent.mu.Unlock()
		d.lent = nil
	} else {
		d.own = repeated{}
	}
	const tooLarge = 1 << 14
	if cap(d.text) > tooLarge || cap(d.pending) > tooLarge/16 || cap(d.participants) > 64 ||
		cap(d.infos) > 64 || cap(d.capabilities) > 256 {
		return
	}
	clear(d.pending)
	clear(d.capabilities)
	d.text, d.pending, d.capabilities = d.text[:0], d.pending[:0], d.capabilities[:0]
	d.resetParticipants()
	d.made = againParticipants{}
	d.Scanner = jsonscan.Scanner{}
	decoders.Put(d)
}

// put lets *to become text with the next flush. The strings of a message often
// end like the one before: digits like number, path like URI.
func (d *decoder) put(to *string, text []byte) {
	start := len(d.text)
	if n := len(d.pending); n > 0 {
		last := d.pending[n-1]
		if bytes.HasSuffix(d.text[last.start:last.end], text) {
			d.pending = append(d.pending, pendingString{to, last.end - len(text), last.end})
			return
		}
	}
	d.text = append(d.text, text...)
	d.pending = append(d.pending, pendingString{to, start, len(d.text)})
}

func (d *decoder) flush() {
	all := d.last().text
	if all != string(d.text) { // messages about one call mostly have the same
		all = string(d.text)
		if len(all) <= maxAgain {
			d.last().text = all
		}
	}
	for _, p := range d.pending {
		*p.to = all[p.start:p.end]
	}
	clear(d.pending)
	d.text, d.pending = d.text[:0], d.pending[:0]
	if d.made.value != nil {
		d.last().participants, d.made = d.made, againParticipants{}
	}
}

// scalar reads a string, or a number as it is written; nil for other kinds.
func (d *decoder) scalar() []byte {
	switch d.Kind() {
	case jsonscan.String:
		text, _ := d.Text()
		return text
	case jsonscan.Number:
		text, _ := d.Number()
		return text
	}
	d.Skip()
	return nil
}

// word reads a string out of a small vocabulary.
func (d *decoder) word() string { return word(d.scalar()) }

// flag reads an on/off state, which servers write as "On", true or 1.
func (d *decoder) flag() bool {
	if d.Kind() == jsonscan.Bool {
		v, _ := d.Bool()
		return v
	}
	switch text := d.scalar(); len(text) {
	case 1:
		return text[0] == '1'
	case 2:
		return bytes.EqualFold(text, []byte("on"))
	case 4:
		return bytes.EqualFold(text, []byte("true"))
	}
	return false
}

// seconds reads a duration, which servers write as "5" or 5.
func (d *decoder) seconds() time.Duration {
	const most = float64(1<<63-1) / float64(time.Second) / 2
	text := d.scalar()
	if len(text) == 0 || text[0] < '0' || text[0] > '9' {
		return 0
	}
	if n, ok := jsonscan.ParseInt(text); ok && float64(n) < most {
		return time.Duration(n) * time.Second
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil || f >= most {
		return 0
	}
	return time.Duration(f * float64(time.Second))
}

// integer reads a number, also one in a string; 0 for anything else.
func (d *decoder) integer() int64 {
	n, _ := jsonscan.ParseInt(d.scalar())
	return n
}

// object reads arbitrary attributes, read-only; nil if there is no object.
func (d *decoder) object(last *again[map[string]any]) map[string]any {
	if m, ok := last.same(&d.Scanner); ok {
		return m
	}
	from := d.Pos() // same has stepped over space
	if !d.Object() {
		return nil
	}
	m := map[string]any{}
	for d.NextKey() {
		key := keys.String(d.Key())
		m[key] = d.Any()
	}
	last.remember(&d.Scanner, from, m)
	return m
}

// operations reads a list of capabilities, read-only. The result is never nil.
func (d *decoder) operations() []OperationName {
	last := &d.last().capabilities
	for i := range last {
		if list, ok := last[i].same(&d.Scanner); ok {
			return list
		}
	}
	from := d.Pos()
	if !d.Array() {
		return []OperationName{}
	}
	list := d.capabilities[:0]
	for d.NextElem() {
		if name := d.word(); name != "" {
			list = append(list, OperationName(name))
		}
	}
	d.capabilities = list
	list = slices.Clip(append(make([]OperationName, 0, len(list)), list...))
	last[1] = last[0]
	last[0].remember(&d.Scanner, from, list)
	return list
}

// wordList reads a list of words; nil if there is none.
func (d *decoder) wordList() []string {
	if !d.Array() {
		return nil
	}
	list := []string{}
	for d.NextElem() {
		if w := d.word(); w != "" {
			list = append(list, w)
		}
	}
	return list
}

// id returns what names a thing: the id that was sent, or else the last segment
// of the first address that has one.
func id(sent []byte, addresses ...[]byte) []byte {
	for _, address := range addresses {
		if len(sent) > 0 {
			break
		}
		sent = lastSegment(address)
	}
	return sent
}

// lastSegment returns what an address names.
func lastSegment(address []byte) []byte {
	if i := bytes.IndexByte(address, '?'); i >= 0 {
		address = address[:i]
	}
	for len(address) > 0 && address[len(address)-1] == '/' {
		address = address[:len(address)-1]
	}
	address = address[bytes.LastIndexByte(address, '/')+1:]
	if bytes.IndexByte(address, '%') >= 0 {
		if s, err := url.PathUnescape(string(address)); err == nil && utf8.ValidString(s) {
			return []byte(s)
		}
	}
	return address
}
