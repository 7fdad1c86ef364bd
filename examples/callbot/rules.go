package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
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
	*d = duration(parsed)
	return err
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

func parseRules(data []byte) ([]rule, error) {
	var content struct {
		Rules []rule `json:"rules"`
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&content); err != nil {
		return nil, err
	}
	if len(content.Rules) == 0 {
		return nil, errors.New("there are none")
	}
	for i, r := range content.Rules {
		if err := r.check(); err != nil {
			return nil, fmt.Errorf("rule %d %q: %w", i+1, r.Name, err)
		}
	}
	return content.Rules, nil
}

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
	patterns := []string{r.When.DNIS, r.When.Caller}
	for _, pattern := range r.When.Data {
		patterns = append(patterns, pattern)
	}
	for _, pattern := range patterns {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("when: %q is not a pattern", pattern)
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
