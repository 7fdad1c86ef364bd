package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// Wrong command lines get a message that names the argument, and exit code 2.
func TestUsage(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"dial", "NUMBER is missing"},
		{"dial |", "NUMBER is empty"},
		{"dial 5002 5003", `there is an argument too many: "5003"`},
		{"transfer", "NUMBER is missing"},
		{"transfer start", "NUMBER is missing"},
		{"conference remove", "NUMBER is missing"},
		{"forward", "NUMBER is missing"},
		{"dtmf", "DIGITS is missing"},
		{"dtmf 12a", `DIGITS "12a" is not a sequence of 0 to 9, * and #`},
		{"disposition", "DISPOSITION is missing"},
		{"state", "STATE is missing"},
		{"state Nap", `STATE "Nap" is not among the configured agent states`},
		{"await", "STATE is missing"},
		{"await sleeping", `STATE: "sleeping" is not a state of a call`},
		{"op", "OPERATION is missing"},
		{"op Hold --params [1]", "--params: not a JSON object: "},
		{"op Hold --call 1 --device 2", "if any flags in the group [call device path] are set none of the others can be"},
		{"data", "data: say which: attach, clear, delete, set, show"},
		{"data eat", `data: there is no "eat"`},
		{"data set", "KEY=VALUE is missing"},
		{"data set Name", `KEY=VALUE: "Name" is not of the form KEY=VALUE`},
		{"data set =x", `KEY=VALUE: "=x" is not of the form KEY=VALUE`},
		{"data set a=1 a=2", `KEY=VALUE: "a" is given twice`},
		{"data set a:=x", `KEY=VALUE: the value of "a" is not JSON: `},
		{"data delete", "KEY is missing"},
		{"transfer 5002 --data x", `--data: "x" is not of the form KEY=VALUE`},
		{"record", "record: say which: pause, resume, start, stop"},
		{"monitor", "monitor: say which: "},
		{"monitor listen", "NUMBER is missing"},
		{"monitor listen 5001 --scope ever", `invalid argument "ever" for "--scope" flag: it is one of Agent, Call`},
		{"dnd", "dnd: say which: off, on"},
		{"dnd on --device 9", `--device: there is no "9"; there is 5001`},
		{"hold a --call b", `CALL is given twice: "a" and --call "b"`},
		{"hold a b", `there is an argument too many: "b"`},
		{"hold a/b", `CALL "a/b" is not an id`},
		{"answer --output xml", `--output: "xml" is neither text nor json`},
		{"answer --timeout -1s", "--timeout: -1s is negative"},
		{"answer --timeout soon", `invalid argument "soon" for "--timeout" flag`},
		{"answer --outcome-timeout 0s", "--outcome-timeout: 0s is not positive"},
		{"answer --loud", "unknown flag: --loud"},
		{"asnwer", `unknown command "asnwer" for "voicectl"`},
		{"ready --user agent5001", "--user needs --url or GWS_URL"},
		{"ready --url http://127.0.0.1:1", "--user or GWS_USER is missing"},
		{"ready --url http://127.0.0.1:1 --user agent5001", "the password is expected in the environment variable GWS_PASSWORD"},
		{"demo --every 0s", "--every: 0s is not positive"},
		{"demo --addr nowhere:x", "--addr: "},
	} {
		t.Run(c.line, func(t *testing.T) {
			args := strings.Fields(c.line)
			for i := range args {
				args[i] = strings.ReplaceAll(args[i], "|", "")
			}
			r := ctl(t.Context(), nil, args...)
			assert.Equal(t, exitUsage, r.code)
			assert.Contains(t, r.err, "voicectl: "+c.want)
			assert.Empty(t, r.out)
		})
	}
}

func TestUsage_badURL(t *testing.T) {
	a := newApp()
	a.env = func(name string) string { return map[string]string{"GWS_TOKEN": "t"}[name] }
	r := a.record(t.Context(), []string{"calls", "--url", "gws.example.com"})
	assert.Equal(t, exitUsage, r.code)
	assert.Contains(t, r.err, `voicectl: --url "gws.example.com" is not an http or https URL with a host`)
}

func TestPick_whichCall(t *testing.T) {
	inCentre(t, func(t *testing.T, sim *voicetest.Server) {
		r := ctl(t.Context(), sim, "hold")
		assert.Equal(t, exitNoCall, r.code)
		assert.Equal(t, "voicectl: no call offers Hold; there are no calls\n", r.err)

		held := sim.Establish(voicetest.Call{From: "4155550101"})
		sim.Agent("5001").Hold(held)
		r = ctl(t.Context(), sim, "hold")
		assert.Equal(t, exitNoCall, r.code)
		assert.Equal(t, "voicectl: no call offers Hold; there is "+held+" (Held, 4155550101)\n", r.err)

		talking := sim.Establish(voicetest.Call{From: "4155550102"})
		r = ctl(t.Context(), sim, "transfer", "5002")
		assert.Equal(t, exitUsage, r.code, "both offer it")
		assert.Contains(t, r.err, "CALL has to be named, since more than one offers SingleStepTransfer; there is "+
			held+" (Held, 4155550101), "+talking+" (Established, 4155550102)\n")
		assert.Equal(t, exitDone, ctl(t.Context(), sim, "hold").code, "one only offers it")
		assert.Equal(t, exitDone, ctl(t.Context(), sim, "retrieve", "…"+talking[len(talking)-6:]).code, "by its end")
		assert.Equal(t, exitDone, ctl(t.Context(), sim, "hold", "--call", talking).code)

		r = ctl(t.Context(), sim, "retrieve", talking[:4])
		assert.Equal(t, exitUsage, r.code)
		assert.Contains(t, r.err, `voicectl: CALL: "`+talking[:4]+`" fits more than one; there is `)
		r = ctl(t.Context(), sim, "hold", "ZZZ")
		assert.Equal(t, exitRefused, r.code, "left to the server")

		assert.Equal(t, exitDone, ctl(t.Context(), sim, "hangup", talking).code)
		assert.Equal(t, exitDone, ctl(t.Context(), sim, "data", "set", "a=1", "--call", held[len(held)-3:]).code)
		assert.Equal(t, "a=1\n", ctl(t.Context(), sim, "data", "show").out)
		assert.Equal(t, exitDone, ctl(t.Context(), sim, "op", "Retrieve").code)
		assert.Equal(t, exitDone, ctl(t.Context(), sim, "op", "NotReady").code)
		assert.Equal(t, "NotReady", sim.State("5001"))
	})
}

func TestSwap_whichCalls(t *testing.T) {
	inCentre(t, func(t *testing.T, sim *voicetest.Server) {
		r := ctl(t.Context(), sim, "swap")
		assert.Equal(t, exitNoCall, r.code)
		assert.Contains(t, r.err, "there are no two calls that offer SwapCalls; there are no calls")
		r = ctl(t.Context(), sim, "swap", "a", "a")
		assert.Equal(t, exitUsage, r.code)
		assert.Contains(t, r.err, "OTHER is the same call as CALL")
	})
}
