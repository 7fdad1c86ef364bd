package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/examples/internal/lively"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// The faults of the next operation, with each operation of the bot.
func TestBot_survivesFaultsOfOperations(t *testing.T) {
	for _, f := range faults {
		if f.at != nil {
			continue
		}
		for _, op := range operations {
			t.Run(f.name+"/"+string(op), func(t *testing.T) {
				survives(t, func(sim *voicetest.Server) *voicetest.Script { return sim.On(op, f.next...) }, 0)
			})
		}
	}
}

// The faults that hit everything, while calls are in each of their phases.
func TestBot_survivesFaultsOfEverything(t *testing.T) {
	for _, f := range faults {
		if f.at == nil {
			continue
		}
		for _, moment := range []time.Duration{0, 20, 60, 120, 180, 240, 300, 500, 1500, 2500} {
			moment *= time.Millisecond
			t.Run(f.name+"/"+moment.String(), func(t *testing.T) {
				survives(t, func(sim *voicetest.Server) *voicetest.Script {
					f.at(sim)
					return nil
				}, moment)
			})
		}
	}
}

// survives lets a fault happen a moment after each of three calls, and then
// looks whether the table is true, and whether the bot still works.
func survives(t *testing.T, hit func(*voicetest.Server) *voicetest.Script, moment time.Duration) {
	synctest.Test(t, func(t *testing.T) {
		o := options()
		o.CSRF = true
		sim := voicetest.NewServer(o)
		defer sim.Close()
		stop := start(t, sim, defaults(t))

		ids := map[string]string{}
		var scripts []*voicetest.Script
		for _, c := range []voicetest.Call{
			call("4155550001", lively.Billing, "Silver", "invoice"),
			call("4155550002", lively.Sales, "Silver", "price"),
			call("4155550003", lively.Service, "Blocked", "price"),
		} {
			if moment == 0 {
				scripts = append(scripts, hit(sim))
			}
			ids[c.From] = sim.Enqueue(c)
			if moment != 0 {
				time.Sleep(moment)
				scripts = append(scripts, hit(sim))
			}
			time.Sleep(2 * time.Minute)
		}
		for _, script := range scripts {
			if script != nil {
				script.Cancel() // whatever the fault was, it is over
			}
		}
		ids["4155550009"] = sim.Enqueue(call("4155550009", lively.Billing, "Silver", "invoice"))
		time.Sleep(2 * time.Minute)
		assert.Equal(t, "Ready", sim.State(bot5001))
		assert.Empty(t, sim.Calls(bot5001), "nobody is left alone")
		got := stop()
		if t.Failed() {
			t.Log(got.text)
		}

		if r := got.rows["4155550009"]; !assert.Equal(t, `answered, data, "Transferred", to 5003 done`, r.did+" "+r.result) {
			t.Log(got.text)
		}
		for number, id := range ids {
			r, found := got.rows[number]
			info, _ := sim.Call(bot5001, id)
			switch {
			case !assert.True(t, found, "a call without a row"):
			case r.result != "done":
				assert.Contains(t, []string{"call ended", "unknown"}, r.result)
			case strings.Contains(r.did, "to 5003"):
				assert.Equal(t, 1, at(sim, "5003", id), "transferred once")
				assert.Equal(t, "sent to billing", info.UserData["Bot"])
				assert.Equal(t, "Transferred", info.UserData["DispositionCode"])
			case strings.HasSuffix(r.did, "hung up"), strings.HasSuffix(r.did, "call ended"):
				assert.False(t, sim.Alive(id))
			case r.did == "rejected":
				assert.Contains(t, sim.Waiting(lively.Service), id)
			default:
				assert.Fail(t, "not explained", "%+v", r)
			}
		}
	})
}

// at returns how often an agent has a call.
func at(sim *voicetest.Server, agent, id string) int {
	n := 0
	for _, call := range sim.Calls(agent) {
		if call.ID == id {
			n++
		}
	}
	return n
}

// Every fault that the simulator has is among those of this test.
func TestFaults_areAll(t *testing.T) {
	known := map[string]bool{}
	for _, f := range faults {
		known[strings.Fields(f.name)[0]] = true
	}
	for _, name := range exportedFaults(t) {
		assert.True(t, known[name], "%s is not tried", name)
	}
}

// exportedFaults returns the functions of voicetest that return a Fault.
func exportedFaults(t *testing.T) []string {
	files, err := filepath.Glob("../../voice/voicetest/*.go")
	require.NoError(t, err)
	var names []string
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, decl := range parsed.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || f.Recv != nil || f.Type.Results == nil || !f.Name.IsExported() {
				continue
			}
			if result, ok := f.Type.Results.List[0].Type.(*ast.Ident); ok && result.Name == "Fault" {
				names = append(names, f.Name.Name)
			}
		}
	}
	require.Contains(t, names, "EventFirst")
	return names
}
