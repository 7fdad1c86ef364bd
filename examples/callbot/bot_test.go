package main

import (
	"bytes"
	"context"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/examples/internal/lively"
	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// table is what a bot printed.
type table struct {
	text string
	rows map[string]row // by caller; the last one of each
}

type row struct{ dialled, rule, did, result, trouble string }

var gap = regexp.MustCompile(`  +`)

func parse(text string) table {
	t := table{text, map[string]row{}}
	for line := range strings.Lines(text) {
		f := gap.Split(strings.TrimRight(line, " \n"), -1)
		if len(f) >= 7 && f[0] != "TIME" {
			r := row{dialled: f[2], rule: f[3], did: f[4], result: f[5]}
			if len(f) > 7 {
				r.trouble = f[7]
			}
			t.rows[f[1]] = r
		}
	}
	return t
}

// start lets a bot work for agent5001 until stop is called, which returns its
// table.
func start(t *testing.T, sim *voicetest.Server, rules []rule) (stop func() table) {
	ctx, cancel := context.WithCancel(t.Context())
	var out bytes.Buffer
	ended := make(chan error, 1)
	cfg := voice.Config{BaseURL: sim.URL(), Auth: voice.BasicAuth(bot5001, "secret"), HTTPClient: sim.Client()}
	go func() { ended <- work(ctx, cfg, rules, 0, &out) }()
	time.Sleep(time.Second)
	return func() table {
		cancel()
		assert.NoError(t, <-ended)
		return parse(out.String())
	}
}

func defaults(t *testing.T) []rule {
	rules, err := readRules("")
	require.NoError(t, err)
	return rules
}

func options() voicetest.Options {
	o := lively.Options()
	o.InMemory, o.RingTimeout = true, 0
	for i := range o.Agents[1:] {
		o.Agents[1+i].Queues = []string{}
	}
	return o
}

func call(number, queue, segment, topic string) voicetest.Call {
	return voicetest.Call{From: number, Queue: queue, UserData: map[string]any{"Segment": segment, "Topic": topic}}
}

func TestBot_doesWhatTheRulesSay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := voicetest.NewServer(options())
		defer sim.Close()
		stop := start(t, sim, defaults(t))

		invoice := sim.Enqueue(call("4155550001", lively.Billing, "Silver", "invoice"))
		time.Sleep(5 * time.Second)
		plain := sim.Enqueue(call("4155550002", lively.Sales, "Silver", "price"))
		time.Sleep(5 * time.Second)
		blocked := sim.Enqueue(call("4155550003", lively.Sales, "Blocked", "price"))
		time.Sleep(5 * time.Second)
		direct := sim.Ring(voicetest.Call{From: "4155550004", To: "5001"})
		time.Sleep(5 * time.Second)

		at5003 := sim.Calls("5003")
		require.Len(t, at5003, 1)
		assert.Equal(t, invoice, at5003[0].ID)
		assert.Equal(t, "sent to billing", at5003[0].UserData["Bot"])
		assert.False(t, sim.Alive(plain))
		info, _ := sim.Call(bot5001, plain)
		assert.Equal(t, "told the opening hours", info.UserData["Bot"])
		assert.Equal(t, "Informed", info.Disposition)
		assert.Equal(t, []string{blocked}, sim.Waiting(lively.Sales))
		assert.Equal(t, voice.StateRinging, sim.Calls(bot5001)[0].State, "not from a queue: left alone")
		assert.Equal(t, direct, sim.Calls(bot5001)[0].ID)

		got := stop()
		assert.Equal(t, map[string]row{
			"4155550001": {"9002", "invoice", `answered, data, "Transferred", to 5003`, "done", ""},
			"4155550002": {"9000", "anybody else", `answered, data, talked, "Informed", hung up`, "done", ""},
			"4155550003": {"9000", "blocked caller", "rejected", "done", ""},
		}, got.rows)
		assert.Contains(t, got.text, "\ncalls: 3 (3 done); times trouble: 0\n")
		assert.Equal(t, "NotReady", sim.State(bot5001), "signed off")
	})
}

func TestBot_callerHangsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := voicetest.NewServer(options())
		defer sim.Close()
		stop := start(t, sim, defaults(t))

		id := sim.Enqueue(call("4155550001", lively.Sales, "Silver", "price"))
		time.Sleep(time.Second)
		sim.HangupCustomer(id) // while they talk
		time.Sleep(2 * time.Second)
		sim.On(voice.OpSingleStepTransfer, voicetest.FailLater(time.Second, 71, "invalid number"))
		id = sim.Enqueue(call("4155550002", lively.Sales, "Gold", "price"))
		time.Sleep(1600 * time.Millisecond)
		sim.HangupCustomer(id) // before the second try
		time.Sleep(time.Minute)

		got := stop()
		assert.Equal(t, row{"9000", "anybody else", `answered, data, talked, "Informed", call ended`, "done", ""}, got.rows["4155550001"])
		assert.Equal(t, row{"9000", "gold customer", `answered, data, "Transferred"`, "call ended", "SingleStepTransfer failed"}, got.rows["4155550002"])
	})
}

func TestBot_takesCallThatRingsAlready(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := voicetest.NewServer(options())
		defer sim.Close()
		sim.Enqueue(call("4155550001", lively.Billing, "Silver", "invoice"))
		stop := start(t, sim, defaults(t))
		time.Sleep(5 * time.Second)
		assert.Equal(t, "done", stop().rows["4155550001"].result)
	})
}

func TestBot_logsItsAgentIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := options()
		o.Agents[0].LoggedOut = true
		o.AfterStart = voice.OpNotReady
		sim := voicetest.NewServer(o)
		defer sim.Close()
		stop := start(t, sim, defaults(t))
		time.Sleep(5 * time.Second)
		assert.Equal(t, "Ready", sim.State(bot5001))
		stop()
	})
}

func TestBot_interruptedFinishesItsCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := voicetest.NewServer(options())
		defer sim.Close()
		stop := start(t, sim, []rule{{Name: "long", Talk: duration(8 * time.Second)}, {Name: "second"}})
		sim.Enqueue(call("4155550001", lively.Sales, "Silver", "price"))
		time.Sleep(time.Second)
		require.Len(t, sim.Calls(bot5001), 1)
		began := time.Now()
		got := stop()
		assert.Equal(t, row{"9000", "long", "answered, talked, hung up", "done", ""}, got.rows["4155550001"])
		assert.Less(t, time.Since(began), 9*time.Second)
	})
}

func TestBot_interruptedWaitsNoLongerThanGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := voicetest.NewServer(options())
		defer sim.Close()
		stop := start(t, sim, []rule{{Name: "endless", Talk: duration(time.Hour)}})
		sim.Enqueue(call("4155550001", lively.Sales, "Silver", "price"))
		time.Sleep(time.Second)
		began := time.Now()
		got := stop()
		assert.Equal(t, "interrupted", got.rows["4155550001"].result)
		assert.LessOrEqual(t, time.Since(began), grace+2*time.Second)
	})
}

func TestWork_serverThatIsJustStarting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := voicetest.NewServer(options())
		defer sim.Close()
		sim.OnRead("/me", voicetest.Times(2, voicetest.Answer(502, "text/html", "<html>")))
		stop := start(t, sim, defaults(t))
		time.Sleep(10 * time.Second)
		sim.Enqueue(call("4155550001", lively.Sales, "Blocked", "price"))
		time.Sleep(5 * time.Second)
		assert.Equal(t, "rejected", stop().rows["4155550001"].did)
	})
}

func TestWork_wrongPassword(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := voicetest.NewServer(options())
		defer sim.Close()
		cfg := voice.Config{BaseURL: sim.URL(), Auth: voice.BasicAuth(bot5001, "wrong"), HTTPClient: sim.Client()}
		err := work(t.Context(), cfg, defaults(t), 0, &bytes.Buffer{})
		assert.ErrorContains(t, err, "voice: ")
	})
}

func TestWork_endsAfterSoManyCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := options()
		sim := simulate(o, false)
		defer sim.stop()
		var out bytes.Buffer
		cfg := voice.Config{BaseURL: sim.URL(), Auth: voice.BasicAuth(bot5001, "secret"), HTTPClient: sim.Client()}
		require.NoError(t, work(t.Context(), cfg, defaults(t), 10, &out))
		assert.Contains(t, out.String(), "\ncalls: 10 (10 done); times trouble: 0\n")
	})
}
