package voicetest

import (
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// builder writes JSON from front to back. A key "" writes an array element.
type builder struct {
	b    []byte
	ends []byte // the closing brackets that are due
}

func (b *builder) key(name string) {
	if n := len(b.b); n > 0 && b.b[n-1] != '{' && b.b[n-1] != '[' {
		b.b = append(b.b, ',')
	}
	if name != "" {
		b.b = append(b.b, '"')
		b.b = append(b.b, name...)
		b.b = append(b.b, '"', ':')
	}
}

func (b *builder) open(name string)  { b.begin(name, '{', '}') }
func (b *builder) array(name string) { b.begin(name, '[', ']') }

func (b *builder) begin(name string, start, end byte) {
	b.key(name)
	b.b = append(b.b, start)
	b.ends = append(b.ends, end)
}

func (b *builder) close() {
	n := len(b.ends) - 1
	b.b = append(b.b, b.ends[n])
	b.ends = b.ends[:n]
}

func (b *builder) str(name, value string) {
	b.key(name)
	b.b = appendQuoted(b.b, value)
}

func (b *builder) strings(name string, values []string) {
	b.array(name)
	for _, v := range values {
		b.str("", v)
	}
	b.close()
}

func (b *builder) bool(name string, value bool) {
	b.key(name)
	b.b = strconv.AppendBool(b.b, value)
}

func (b *builder) int(name string, value int64) {
	b.key(name)
	b.b = strconv.AppendInt(b.b, value, 10)
}

func (b *builder) onOff(name string, on bool) {
	if on {
		b.str(name, "On")
	} else {
		b.str(name, "Off")
	}
}

func (b *builder) raw(name string, value []byte) {
	b.key(name)
	b.b = append(b.b, value...)
}

// value writes anything that encoding/json can write, and null for what it
// cannot.
func (b *builder) value(name string, value any) {
	raw, err := json.Marshal(value)
	if err != nil {
		raw = []byte("null")
	}
	b.raw(name, raw)
}

func appendQuoted(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			raw, _ := json.Marshal(s) // a string always has a JSON form
			return append(b, raw...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
