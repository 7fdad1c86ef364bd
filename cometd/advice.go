package cometd

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// maxAdvice bounds every time that a server advises.
const maxAdvice = time.Hour

type reconnect uint8

const (
	reconnectMissing reconnect = iota
	reconnectRetry
	reconnectHandshake
	reconnectNone
	reconnectUnknown
)

// duration is a time that may be missing.
type duration struct {
	d   time.Duration
	set bool
}

// or returns the time, or other if it is missing.
func (d duration) or(other time.Duration) time.Duration {
	if d.set {
		return d.d
	}
	return other
}

// advice is what a server says about the next request. Every part may be
// missing.
type advice struct {
	reconnect                      reconnect
	interval, timeout, maxInterval duration
	never                          bool // negative interval: a failed request is not to be repeated
	multiple                       bool // multiple-clients
}

// parseAdvice reads an advice object as it concerns transport t. What is of a
// wrong type counts as missing.
func parseAdvice(raw json.RawMessage, t Transport) advice {
	var a advice
	a.merge(raw, t)
	return a
}

func (a *advice) merge(raw json.RawMessage, t Transport) {
	if len(raw) == 0 {
		return // before anything is allocated
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return
	}
	if v, ok := fields["reconnect"]; ok {
		var text string
		if json.Unmarshal(v, &text) == nil {
			switch text {
			case "retry":
				a.reconnect = reconnectRetry
			case "handshake":
				a.reconnect = reconnectHandshake
			case "none":
				a.reconnect = reconnectNone
			default:
				a.reconnect = reconnectUnknown
			}
		}
	}
	if d, ok := milliseconds(fields["interval"]); ok {
		a.interval, a.never = duration{d, true}, false
		if d < 0 {
			a.interval, a.never = duration{}, true
		}
	}
	if d, ok := milliseconds(fields["timeout"]); ok {
		a.timeout = duration{max(d, 0), true}
	}
	if d, ok := milliseconds(fields["maxInterval"]); ok && d >= 0 {
		a.maxInterval = duration{d, true}
	}
	if v, ok := fields["multiple-clients"]; ok {
		var multiple bool
		if json.Unmarshal(v, &multiple) == nil {
			a.multiple = multiple
		}
	}
	if t != "" {
		a.merge(fields[string(t)], "")
	}
}

// milliseconds reads a JSON number, or a string that holds one.
func milliseconds(raw json.RawMessage) (time.Duration, bool) {
	text := string(raw)
	if strings.HasPrefix(text, `"`) && json.Unmarshal(raw, &text) != nil {
		return 0, false
	}
	text = strings.TrimSpace(text)
	if text == "" || !strings.ContainsAny(text[:1], "-0123456789") {
		return 0, false
	}
	ms, err := strconv.ParseFloat(text, 64)
	if err != nil && !math.IsInf(ms, 0) || math.IsNaN(ms) {
		return 0, false
	}
	switch limit := float64(maxAdvice / time.Millisecond); {
	case ms > limit:
		return maxAdvice, true
	case ms < -limit:
		return -maxAdvice, true
	}
	d := time.Duration(ms * float64(time.Millisecond))
	if ms < 0 && d == 0 {
		d = -1
	}
	return d, true
}
