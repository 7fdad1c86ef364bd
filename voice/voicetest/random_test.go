package voicetest_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// TestRandom_whatChangesIsTold lets agents do at random what they are offered,
// and outside parties what they like. What the messages say of each call must
// always be what a read of the calls says: a client that follows the messages
// knows everything.
func TestRandom_whatChangesIsTold(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			options := voicetest.Options{Recording: true, Muting: true, NewIDAfterTransfer: seed%4 == 1, ConnectionIDs: seed%4 == 2,
				ClearCallEverywhere: seed%4 == 3}
			bubble(t, options, func(t *testing.T, sim *voicetest.Server) {
				r := &random{t: t, sim: sim, Rand: rand.New(rand.NewPCG(seed, 1)), belief: map[string]map[string]object{}}
				for _, name := range sim.AgentNames() {
					r.clients = append(r.clients, online(t, sim, name))
					r.belief[name] = map[string]object{}
				}
				for range 120 {
					what := r.step()
					time.Sleep(time.Duration(r.IntN(3000)) * time.Millisecond)
					r.compare(what)
				}
				r.end()
			})
		})
	}
}

type random struct {
	t   *testing.T
	sim *voicetest.Server
	*rand.Rand
	clients []*agentClient
	belief  map[string]map[string]object // by agent and call
	ids     []string
}

func pick[E any](r *random, all []E) E { return all[r.IntN(len(all))] }

var destinations = []string{"5001", "5002", "5003", "5009", "9000", "4155550142", "123"}

// step does something and says what.
func (r *random) step() string {
	switch r.IntN(10) {
	case 0:
		r.ids = append(r.ids, r.sim.Enqueue(voicetest.Call{Queue: "9000"}))
		return "enqueue"
	case 1:
		if len(r.ids) == 0 {
			return "nothing"
		}
		id := pick(r, r.ids)
		switch r.IntN(3) {
		case 0:
			return fmt.Sprint("customer hangs up ", id, r.sim.HangupCustomer(id))
		case 1:
			return fmt.Sprint("outside answers ", id, r.sim.AnswerOutside(id))
		}
		return fmt.Sprint("data ", id, r.sim.AttachData(id, map[string]any{"n": r.IntN(9)}))
	case 2:
		c := pick(r, r.clients)
		op := pick(r, []string{"Ready", "Ready", "NotReady", "Lunch"})
		c.state(op)
		return c.user + " " + op
	case 3:
		c := pick(r, r.clients)
		to := pick(r, destinations)
		c.dial(to)
		return c.user + " dials " + to
	case 4:
		return r.supervise()
	}
	c := pick(r, r.clients)
	calls := r.sim.Calls(c.user)
	if len(calls) == 0 {
		return "nothing"
	}
	call := pick(r, calls)
	r.ids = append(r.ids, call.ID)
	if len(call.Capabilities) == 0 {
		r.t.Fatalf("%s can do nothing with %+v", c.user, call)
	}
	op := pick(r, call.Capabilities)
	c.accepted(call.ID, string(op), r.params(c, call, op)...)
	return fmt.Sprint(c.user, " ", op, " ", call.ID)
}

func (r *random) supervise() string {
	c := r.clients[3]
	device := r.sim.Devices(c.user)[0]
	op := pick(r, device.Capabilities)
	switch op {
	case voice.OpListenIn, voice.OpCoach, voice.OpBargeIn:
		c.device(string(op), "targetDeviceUri", deviceURI(r.sim, pick(r, []string{"5001", "5002", "5003"})),
			"supervisorMonitoringMode", pick(r, []string{"NextCall", "AllCalls"}),
			"supervisorMonitoringScope", pick(r, []string{"Agent", "Call"}))
	case voice.OpCancelSupervisorMonitoring:
		c.device(string(op))
	default:
		return "nothing"
	}
	return fmt.Sprint("supervisor ", op)
}

func (r *random) params(c *agentClient, call voicetest.CallInfo, op voice.OperationName) []any {
	switch op {
	case voice.OpSendDTMF:
		return []any{"digits", "1"}
	case voice.OpAttachUserData, voice.OpUpdateUserData:
		return []any{"userData", object{pick(r, []string{"a", "b", "c"}): r.IntN(100)}}
	case voice.OpDeleteUserDataPair:
		return []any{"key", pick(r, []string{"a", "b", "c"})}
	case voice.OpSingleStepTransfer, voice.OpInitiateTransfer, voice.OpSingleStepConference, voice.OpInitiateConference:
		return []any{"destination", to(pick(r, destinations))}
	case voice.OpRemoveParticipantFromConference:
		return []any{"participant", pick(r, call.Participants)}
	case voice.OpSwapCalls:
		for _, other := range r.sim.Calls(c.user) {
			if other.ID != call.ID && (other.ID == call.ParentID || other.ParentID == call.ID) {
				return []any{"otherCallUri", "/me/calls/" + other.ID}
			}
		}
		r.t.Fatalf("%s has nothing to swap %+v with: %+v", c.user, call, r.sim.Calls(c.user))
	}
	return nil
}

// compare checks each agent's belief.
func (r *random) compare(what string) {
	for _, c := range r.clients {
		known := r.belief[c.user]
		for _, m := range c.take() {
			call := m.call()
			if call == nil {
				continue
			}
			delete(call, "duration")
			id := call["id"].(string)
			known[id] = call
			if state := call["state"]; state == "Released" || state == "PreviewCancelled" {
				delete(known, id)
			}
		}
		truth := map[string]object{}
		for _, v := range c.get("/me/calls?fields=*")["calls"].([]any) {
			call := v.(object)
			delete(call, "duration")
			truth[call["id"].(string)] = call
		}
		require.Equal(r.t, indent(truth), indent(known), "%s after: %s", c.user, what)
	}
}

func indent(v any) string {
	m := v.(map[string]object)
	for _, call := range m {
		caps, _ := call["capabilities"].([]any)
		slices.SortFunc(caps, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
	}
	raw, _ := json.MarshalIndent(m, "", " ")
	return string(raw)
}

// end lets everybody hang up: nothing must be left.
func (r *random) end() {
	for _, c := range r.clients {
		c.state("NotReady")
	}
	r.compare("end")
	for _, c := range r.clients {
		for _, call := range r.sim.Calls(c.user) {
			r.sim.Agent(c.user).Hangup(call.ID)
		}
	}
	for _, id := range slices.Concat(r.sim.Waiting("9000"), r.ids) {
		for r.sim.HangupCustomer(id) {
		}
	}
	r.compare("the end")
	for _, c := range r.clients {
		require.Empty(r.t, r.sim.Calls(c.user))
	}
	for _, id := range slices.Sorted(maps.Keys(func() map[string]bool {
		all := map[string]bool{}
		for _, id := range r.ids {
			all[id] = true
		}
		return all
	}())) {
		require.False(r.t, r.sim.Alive(id), "call %s is left: %v", id, r.sim.Waiting("9000"))
	}
}
