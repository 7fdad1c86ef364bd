package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/gwsvoice/gws-go/voice"
)

//go:embed rules.json
var defaultRules []byte

// rule says what is done with the calls that it fits.
type rule struct {
	Name string    `json:"name"`
	When condition `json:"when"`

	Reject      bool           `json:"reject"`      // back to the queue, unanswered; or:
	Attach      map[string]any `json:"attach"`      // user data for whoever gets the call next
	Talk        duration       `json:"talk"`        // how long the bot talks, if the caller lets it
	Transfer    string         `json:"transfer"`    // then to this number; "" means hang up
	Disposition string         `json:"disposition"` // how the call is classified; "" means not at all
}

// condition fits a call if all that it names fits. Everything is a pattern of
// package path: "212*".
type condition struct {
	DNIS   string            `json:"dnis"`
	Caller string            `json:"caller"`
	Data   map[string]string `json:"data"`
}

// duration is a time.Duration that JSON writes as "1.5s".
type duration time.Duration

func (d *duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf(`talk: %q is not a duration, such as "1.5s"`, text)
	}
	*d = duration(parsed)
	return nil
}

// readRules reads the rules from a file, or returns those of the program.
func readRules(file string) ([]rule, error) {
	data := defaultRules
	if file != "" {
		var err error
		if data, err = os.ReadFile(file); err != nil {
			return nil, err
		}
	}
	rules, err := parseRules(data)
	if err != nil {
		return nil, fmt.Errorf("rules %s: %w", file, err)
	}
	return rules, nil
}

// parseRules says of what is wrong the line, the rule, and the field.
func parseRules(data []byte) ([]rule, error) {
	var content struct {
		Rules []json.RawMessage `json:"rules"`
	}
	if at, err := decode(data, &content); err != nil {
		return nil, fmt.Errorf("line %d: %w", line(data, at), err)
	}
	if len(content.Rules) == 0 {
		return nil, errors.New("there are none")
	}
	rules := make([]rule, len(content.Rules))
	start := 0
	for i, raw := range content.Rules {
		start += bytes.Index(data[start:], raw)
		r := &rules[i]
		at, err := decode(raw, r)
		if err == nil {
			at, err = 0, r.check()
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: rule %d %q: %w", line(data, start+at), i+1, r.Name, err)
		}
		start += len(raw)
	}
	return rules, nil
}

// decode decodes one JSON value that must not hold anything unknown. It returns
// where the error is, as far as that is known.
func decode(data []byte, into any) (at int, err error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	err = decoder.Decode(into)
	if err == nil {
		end := int(decoder.InputOffset())
		if len(bytes.TrimSpace(data[end:])) > 0 {
			return end + 1, errors.New("something follows the rules")
		}
	}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return int(e.Offset), err
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return int(e.Offset), fmt.Errorf("%s: there is a JSON %s that does not belong there", e.Field, e.Value)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return len(data), errors.New("the file ends too early")
	}
	return 0, err
}

// line returns the number of the line of an offset.
func line(data []byte, at int) int { return 1 + bytes.Count(data[:min(at, len(data))], []byte("\n")) }

func (r *rule) check() error {
	switch {
	case r.Name == "":
		return errors.New("name is missing")
	case r.Reject && (len(r.Attach) > 0 || r.Talk != 0 || r.Transfer != "" || r.Disposition != ""):
		return errors.New("reject excludes everything else")
	case r.Talk < 0:
		return errors.New("talk is negative")
	case strings.Trim(r.Transfer, "0123456789*#+") != "":
		return fmt.Errorf("transfer: %q is not a number", r.Transfer)
	}
	patterns := map[string]string{"dnis": r.When.DNIS, "caller": r.When.Caller}
	for key, pattern := range r.When.Data {
		patterns["data."+key] = pattern
	}
	for _, field := range slices.Sorted(maps.Keys(patterns)) {
		if _, err := path.Match(patterns[field], ""); err != nil {
			return fmt.Errorf("when.%s: %q is not a pattern", field, patterns[field])
		}
	}
	return nil
}

// choose returns the first rule that fits the call.
func choose(rules []rule, call *voice.Call) (rule, bool) {
	for _, r := range rules {
		if r.When.fits(call) {
			return r, true
		}
	}
	return rule{}, false
}

func (c *condition) fits(call *voice.Call) bool {
	if !like(c.DNIS, call.DNIS) || !like(c.Caller, caller(call)) {
		return false
	}
	for key, pattern := range c.Data {
		value, present := call.UserData[key]
		if !present || !like(pattern, fmt.Sprint(value)) {
			return false
		}
	}
	return true
}

func like(pattern, text string) bool {
	if pattern == "" {
		return true
	}
	matched, _ := path.Match(pattern, text) // checked when it was read
	return matched
}

// caller returns who calls, "" if the number is hidden.
func caller(call *voice.Call) string {
	if call.ANI == "" && len(call.Participants) > 0 {
		return call.Participants[0].PhoneNumber
	}
	return call.ANI
}
