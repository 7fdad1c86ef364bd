package voice

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/internal/jsonscan"
)

func decodeWith(d *decoder, text string) Event {
	d.Scanner = jsonscan.New([]byte(text))
	var m rawMessage
	d.message(&m)
	if d.End() != nil {
		return nil
	}
	return d.finish(&m, callsTopic, nil)
}

func TestAgain_isAsIfReadAnew(t *testing.T) {
	values := []string{"", "null", "1", "{}", `{"a":1}`, ` {"a":1}`, `{"a":12}`, `{"a":1,"b":2}`, `{"a":{"a":1}}`, `{"a":1`, "[]", `["Hold"]`, `["Hold","Hangup"]`,
		`["Hold"`, `["Hold",{"digits":"7"}]`, `[{"e164Number":"+49","country":{"name":"N"}}]`, `"text"`, `{"long":"` + strings.Repeat("x", maxAgain) + `"}`}
	var d decoder
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 2))
		for range 500 {
			text := `{"messageType":"CallStateChangeMessage"`
			call := fmt.Sprintf(`"id":"%d","dnis":"%d"`, random.IntN(2), random.IntN(2))
			for _, key := range []string{"userData", "participants", "participantsInfo", "capabilities", "extensions"} {
				value := values[random.IntN(len(values))]
				switch {
				case value == "":
				case key == "extensions":
					text += `,"extensions":` + value
				default:
					call += fmt.Sprintf(",%q:%s", key, value)
				}
			}
			text += `,"call":{` + call + "}}"
			require.Equal(t, decodeWith(new(decoder), text), decodeWith(&d, text), text)
			fresh := new(decoder)
			fresh.Scanner, d.Scanner = jsonscan.New([]byte(text)), jsonscan.New([]byte(text))
			want, ok := fresh.glance()
			got, same := d.glance()
			require.Equal(t, want, got)
			require.Equal(t, ok, same)
			require.Equal(t, fresh.End(), d.End())
			d.pending, d.text = d.pending[:0], d.text[:0] // as free does after an error
			d.resetParticipants()
			d.made = againParticipants{}
		}
	}
}

func TestAgain_sparesMemory(t *testing.T) {
	data := callMessage("call", StateEstablished, 1, 1)
	var d decoder // not one of the pool, which forgets some under the race detector
	n := testing.AllocsPerRun(100, func() {
		d.Scanner = jsonscan.New(data)
		var m rawMessage
		d.message(&m)
		d.finish(&m, callsTopic, data)
		d.resetParticipants()
	})
	assert.LessOrEqual(t, n, 3.0, "the event, the call and what the compiler may not keep on the stack")
}
