package lively

import (
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// Traffic is the customers' side, and that of the colleagues.
type Traffic struct {
	// Every is the time between two calls, on average; 0 means 5 s.
	Every time.Duration
	// Calls is how many calls there are in all; 0 means no end.
	Calls int
	// Colleagues are agents, by DN, whose calls are answered and ended for
	// them, as long as no client is logged in for them.
	Colleagues []string
	// AlsoWithClient takes their calls also if a client is logged in for them,
	// as if they did it on the telephone.
	AlsoWithClient bool
	// Talk is how long a conversation takes on average; 0 means 15 s.
	Talk time.Duration
	// Patience is how long a customer waits to be answered on average; 0 means
	// 40 s.
	Patience time.Duration
}

// tick is how often it is looked who has waited or talked long enough.
const tick = 100 * time.Millisecond

// Start lets the traffic flow; the first customer calls after a second. The returned channel is closed when the last of
// Traffic.Calls has ended; stop ends everything that goes on and returns when
// nothing of it is left.
func (t Traffic) Start(sim *voicetest.Server) (done <-chan struct{}, stop func()) {
	t.Every = or(t.Every, 5*time.Second)
	t.Talk = or(t.Talk, 15*time.Second)
	t.Patience = or(t.Patience, 40*time.Second)
	f := &flow{Traffic: t, sim: sim, random: rand.New(rand.NewPCG(1, 2)), due: map[party]time.Time{},
		next: time.Now().Add(time.Second)}
	quit, gone, over := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		for ended := false; ; {
			if f.step(time.Now()); f.finished() && !ended {
				ended = true
				close(over)
			}
			select {
			case <-quit:
				return
			case <-time.After(tick):
			}
		}
	}()
	end := sync.OnceFunc(func() { close(quit) })
	return over, func() {
		end()
		<-gone
	}
}

func or(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}

// flow is what goes on.
type flow struct {
	Traffic
	sim    *voicetest.Server
	random *rand.Rand
	made   int                 // calls
	next   time.Time           // when the next customer calls
	alive  []string            // their calls
	due    map[party]time.Time // when somebody loses patience, answers, has talked enough
}

// party is somebody in one phase of a call.
type party struct {
	call, agent string // agent "" is the customer
	state       voice.CallState
}

func (f *flow) finished() bool { return f.Calls > 0 && f.made >= f.Calls && len(f.alive) == 0 }

// step does what is due.
func (f *flow) step(now time.Time) {
	f.alive = slices.DeleteFunc(f.alive, func(id string) bool { return !f.sim.Alive(id) })
	current := map[party]bool{}
	talking := map[string]bool{}
	for _, agent := range f.sim.AgentNames() {
		for _, call := range f.sim.Calls(agent) {
			talking[call.ID] = talking[call.ID] || call.State == voice.StateEstablished
			if f.plays(agent) {
				f.colleague(now, current, agent, call)
			}
		}
	}
	for _, id := range f.alive {
		state, mean := voice.StateRinging, f.Patience
		if talking[id] {
			state, mean = voice.StateEstablished, 2*f.Talk // mostly the agent ends it
		}
		if f.isDue(now, current, party{id, "", state}, mean) {
			f.sim.HangupCustomer(id)
		}
	}
	for p := range f.due {
		if !current[p] {
			delete(f.due, p)
		}
	}
	if (f.Calls == 0 || f.made < f.Calls) && !now.Before(f.next) {
		f.call()
		f.next = now.Add(f.about(f.Every))
	}
}

// call lets the next customer call.
func (f *flow) call() {
	c, w := customers[f.made%len(customers)], wishes[f.made%len(wishes)]
	f.made++
	f.alive = append(f.alive, f.sim.Enqueue(voicetest.Call{From: c.number, Queue: w.queue, UserData: map[string]any{
		"CustomerName": c.name,
		"Segment":      c.segment,
		"Topic":        w.topic,
	}}))
}

// plays reports whether an agent is a colleague whom nobody plays.
func (f *flow) plays(agent string) bool {
	return slices.Contains(f.Colleagues, f.sim.Agent(agent).DN()) && (f.AlsoWithClient || f.sim.Sessions(agent) == 0)
}

// colleague answers a call after a moment, and ends it after a while.
func (f *flow) colleague(now time.Time, current map[party]bool, agent string, call voicetest.CallInfo) {
	mean := f.Talk
	switch call.State {
	case voice.StateRinging:
		mean = 2 * time.Second
	case voice.StateEstablished:
	default:
		return
	}
	if !f.isDue(now, current, party{call.ID, agent, call.State}, mean) {
		return
	}
	if control := f.sim.Agent(agent); call.State == voice.StateRinging {
		control.Answer(call.ID)
	} else {
		control.Hangup(call.ID)
	}
}

// isDue reports whether somebody has been in a phase for long enough, which is
// decided when he enters it.
func (f *flow) isDue(now time.Time, current map[party]bool, p party, mean time.Duration) bool {
	current[p] = true
	at, known := f.due[p]
	if !known {
		at = now.Add(f.about(mean))
		f.due[p] = at
	}
	return !now.Before(at)
}

// about returns the duration give or take a half.
func (f *flow) about(d time.Duration) time.Duration {
	return d/2 + time.Duration(f.random.Int64N(int64(d)))
}
