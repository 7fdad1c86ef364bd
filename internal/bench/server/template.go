package server

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
)

// The recorded event and answers, with places for what differs.
var (
	//go:embed event.json
	eventSource []byte
	//go:embed me.json
	meSource []byte
)

const (
	callIDPrefix = "02C7KQ5M3T9FV6PA81ND4WLA" // agent and call follow, five and three digits
	callIDPlace  = "CALL-ID-OF-THIRTY-TWO-CHARACTERS"
	devicePlace  = "DEVICE-ID-OF-THIRTY-SIX-CHARACTERS--"
	agentPlace   = "AGENT"
	numberPlace  = "SEQ-NUMBER"
)

// CallID returns the id of an agent's call.
func CallID(agent, call int) string { return fmt.Sprintf("%s%05d%03d", callIDPrefix, agent, call) }

func deviceID(agent int) string { return fmt.Sprintf("5d2f0c1e-7a44-4b39-9c55-1f0be2a%05d", agent) }

// place is where in a template something is put in.
type place struct {
	at   int
	what string
}

// template is a JSON text in which every value that differs has a fixed width.
type template struct {
	text   []byte
	places []place
}

func newTemplate(source []byte, replace ...string) *template {
	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte(strings.NewReplacer(replace...).Replace(string(source)))); err != nil {
		panic(err)
	}
	t := &template{text: compact.Bytes()}
	for _, what := range []string{callIDPlace, devicePlace, agentPlace, numberPlace} {
		for from := 0; ; {
			i := bytes.Index(t.text[from:], []byte(what))
			if i < 0 {
				break
			}
			t.places = append(t.places, place{from + i, what})
			from += i + len(what)
		}
	}
	return t
}

// append appends the text for one event or answer.
func (t *template) append(b []byte, agent, call int, number uint64) []byte {
	start := len(b)
	b = append(b, t.text...)
	for _, p := range t.places {
		to := b[start+p.at : start+p.at+len(p.what)]
		switch p.what {
		case callIDPlace:
			n := copy(to, callIDPrefix)
			digits(to[n:n+5], uint64(agent))
			digits(to[n+5:], uint64(call))
		case devicePlace:
			copy(to, deviceID(agent))
		case agentPlace:
			digits(to, uint64(agent))
		case numberPlace:
			digits(to, number)
		}
	}
	return b
}

func digits(to []byte, n uint64) {
	for i := len(to) - 1; i >= 0; i-- {
		to[i] = byte('0' + n%10)
		n /= 10
	}
}
