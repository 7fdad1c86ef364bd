package jsonscan

import (
	"encoding/json"
	"math"
	"strconv"
)

// Any reads the next value as encoding/json would read it into an any, except
// that a number is a [json.Number] where a float64 would not show the same
// decimal value.
func (s *Scanner) Any() any {
	switch s.Kind() {
	case Object:
		if !s.Object() {
			return nil
		}
		m := map[string]any{}
		for s.NextKey() {
			key := string(s.Key())
			m[key] = s.Any()
		}
		return m
	case Array:
		if !s.Array() {
			return nil
		}
		a := []any{}
		for s.NextElem() {
			a = append(a, s.Any())
		}
		return a
	case String:
		v, _ := s.Str()
		return v
	case Bool:
		v, _ := s.Bool()
		return v
	case Number:
		text, ok := s.Number()
		if !ok {
			return nil
		}
		return number(text)
	default:
		s.Skip()
		return nil
	}
}

// Any decodes one JSON document; see [Scanner.Any].
func Any(data []byte) (any, error) {
	s := New(data)
	v := s.Any()
	if err := s.End(); err != nil {
		return nil, err
	}
	return v, nil
}

// Int reads an integer. A number with a fraction, or one that does not fit, is
// skipped and reported as false.
func (s *Scanner) Int() (int64, bool) {
	text, ok := s.Number()
	if !ok {
		return 0, false
	}
	return ParseInt(text)
}

// ParseInt reads text, a JSON number, as an integer: 5, 5.0 and 5e0 are the
// same. It reports false for a fraction and for what does not fit.
func ParseInt(text []byte) (int64, bool) {
	if n, ok := parseDigits(text); ok {
		return n, true
	}
	if n, err := strconv.ParseInt(string(text), 10, 64); err == nil {
		return n, true
	}
	const exact = 1 << 53
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > exact {
		return 0, false
	}
	return int64(f), true
}

// parseDigits reads the common case, up to 18 digits.
func parseDigits(text []byte) (int64, bool) {
	digits, negative := text, false
	if len(digits) > 0 && digits[0] == '-' {
		digits, negative = digits[1:], true
	}
	if len(digits) == 0 || len(digits) > 18 {
		return 0, false
	}
	n := int64(0)
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	if negative {
		n = -n
	}
	return n, true
}

// number returns a JSON number as float64 or json.Number.
func number(text []byte) any {
	if n, ok := parseDigits(text); ok && len(text) <= 15 && (n != 0 || text[0] != '-') {
		return boxed(n)
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil || significant(text) > 15 && !sameDecimal(text, f) || f == 0 && significant(text) > 0 {
		return json.Number(text)
	}
	return f
}

// boxes holds the small integers as any, because most numbers are small and
// each would be an allocation.
var boxes = func() (b [64]any) {
	for i := range b {
		b[i] = float64(i)
	}
	return b
}()

func boxed(n int64) any {
	if 0 <= n && n < int64(len(boxes)) {
		return boxes[n]
	}
	return float64(n)
}

// significant counts the digits of a JSON number without leading and trailing
// zeros. Up to 15 of them survive in a float64.
func significant(text []byte) int {
	digits, _ := normal(text)
	return len(digits)
}

// sameDecimal tells whether f, printed as shortly as it can be, is the number
// that text is.
func sameDecimal(text []byte, f float64) bool {
	d1, e1 := normal(text)
	d2, e2 := normal(strconv.AppendFloat(nil, f, 'e', -1, 64))
	return string(d1) == string(d2) && e1 == e2
}

// normal takes a number apart: its value is 0.digits times ten to the exponent,
// without its sign.
func normal(text []byte) (digits []byte, exponent int) {
	point := -1
	for i, c := range text {
		switch {
		case '0' <= c && c <= '9':
			digits = append(digits, c)
		case c == '.':
			point = len(digits)
		case c == 'e' || c == 'E':
			if n, err := strconv.Atoi(string(text[i+1:])); err == nil {
				exponent = n
			} else {
				return digits, math.MaxInt
			}
		}
		if c == 'e' || c == 'E' {
			break
		}
	}
	if point < 0 {
		point = len(digits)
	}
	exponent += point
	for len(digits) > 0 && digits[0] == '0' {
		digits = digits[1:]
		exponent--
	}
	for len(digits) > 0 && digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
	}
	return digits, exponent
}
