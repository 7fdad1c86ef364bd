package main

import (
	"strings"
	"unicode"
)

// form is what the page sends with an operation. Each operation looks at its
// own fields.
type form struct {
	Number      string `json:"number"`      // to call, transfer to, forward to, monitor
	Digits      string `json:"digits"`      // tones
	Key         string `json:"key"`         // of attached data
	Value       string `json:"value"`       // of attached data, or a disposition
	Participant string `json:"participant"` // to remove from a conference
	Target      string `json:"target"`      // device to monitor
	Scope       string `json:"scope"`
	Mode        string `json:"mode"`
}

// number returns the number in a form as it is dialled. People write spaces,
// dashes and brackets; the switch wants none.
func (f *form) number() (string, error) {
	text := strings.TrimSpace(f.Number)
	if text == "" {
		return "", &fieldError{"number", "Enter a number."}
	}
	plain := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -()./\u00a0", r) {
			return -1
		}
		return r
	}, text)
	rest := strings.TrimPrefix(plain, "+")
	if rest == "" || strings.Trim(rest, "0123456789*#") != "" {
		return "", &fieldError{"number", "“" + short(text) + "” is not a number. A number has digits only, as 5002 or +1 916 555 0104."}
	}
	if len(rest) > 32 {
		return "", &fieldError{"number", "This number is too long."}
	}
	return plain, nil
}

// tones returns the digits to send.
func (f *form) tones() (string, error) {
	digits := strings.Join(strings.Fields(f.Digits), "")
	switch {
	case digits == "":
		return "", &fieldError{"digits", "Enter the digits to send."}
	case strings.Trim(digits, "0123456789*#") != "":
		return "", &fieldError{"digits", "Only the digits 0 to 9, * and # can be sent, not “" + short(strings.Trim(digits, "0123456789*#")) + "”."}
	case len(digits) > 64:
		return "", &fieldError{"digits", "Send at most 64 digits at a time."}
	}
	return digits, nil
}

func (f *form) pair() (map[string]any, error) {
	key, err := f.key()
	if err != nil {
		return nil, err
	}
	if f.Value == "" {
		return nil, &fieldError{"value", "Enter a value."}
	}
	if len(f.Value) > 4000 {
		return nil, &fieldError{"value", "This value is too long."}
	}
	return map[string]any{key: f.Value}, nil
}

func (f *form) key() (string, error) {
	key := strings.TrimSpace(f.Key)
	switch {
	case key == "":
		return "", &fieldError{"key", "Enter a name for the value."}
	case len(key) > 200:
		return "", &fieldError{"key", "This name is too long."}
	case strings.ContainsFunc(key, unicode.IsControl):
		return "", &fieldError{"key", "This name has control characters in it."}
	}
	return key, nil
}

func (f *form) disposition() (string, error) {
	value := strings.TrimSpace(f.Value)
	switch {
	case value == "":
		return "", &fieldError{"value", "Enter or choose a result."}
	case len(value) > 200:
		return "", &fieldError{"value", "This result is too long."}
	}
	return value, nil
}

// short keeps what is quoted in a message readable.
func short(text string) string {
	r := []rune(text)
	if len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return text
}
