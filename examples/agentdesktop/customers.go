package main

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/gwsvoice/gws-go/voice"
)

// live fills the simulated contact centre with life until ctx ends: colleagues
// who take calls, and customers. The returned function waits for its end.
func (s *simulation) live(ctx context.Context, a *app) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var wait sync.WaitGroup
	wait.Go(func() { s.letCustomersCall(ctx) })
	for _, agent := range staff[visitors:] {
		wait.Go(func() {
			if err := act(ctx, a, agent.UserName); err != nil && ctx.Err() == nil {
				a.log.Warn("colleague stays away", "user", agent.UserName, "err", err)
			}
		})
	}
	return func() {
		cancel()
		wait.Wait()
	}
}

// caller is a customer on the line.
type caller struct {
	patience time.Time // hangs up if nobody has answered by then
	enough   time.Time // hangs up in the conversation; zero before it
}

// letCustomersCall has customers call the queues, wait, talk and hang up.
func (s *simulation) letCustomersCall(ctx context.Context) {
	lines := map[string]*caller{}
	next := time.Now().Add(time.Second)
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for id, c := range lines {
			switch {
			case !s.server.Alive(id):
				delete(lines, id)
			case c.enough.IsZero() && s.answered(id):
				c.enough = time.Now().Add(between(40*time.Second, 150*time.Second))
			case c.enough.IsZero() && time.Now().After(c.patience), !c.enough.IsZero() && time.Now().After(c.enough):
				s.server.HangupCustomer(id)
			}
		}
		if time.Now().Before(next) || len(lines) >= s.atWork()+2 {
			continue
		}
		queue := salesQueue
		if rand.IntN(3) == 0 {
			queue = supportQueue
		}
		id := s.call(queue)
		lines[id] = &caller{patience: time.Now().Add(between(30*time.Second, 80*time.Second))}
		next = time.Now().Add(between(4*time.Second, 12*time.Second))
	}
}

// call lets the next customer call a queue. Visitors came to see calls: one who is
// ready and idle mostly does not have to wait for his turn.
func (s *simulation) call(queue string) string {
	for _, i := range rand.Perm(visitors) {
		agent := staff[i]
		if !agent.Supervisor && rand.IntN(4) > 0 && s.server.State(agent.UserName) == string(voice.UserReady) &&
			len(s.server.Calls(agent.UserName)) == 0 {
			return s.server.Ring(s.customer(queue, agent.DN))
		}
	}
	return s.server.Enqueue(s.customer(queue, ""))
}

// answered reports whether an agent talks with the customer.
func (s *simulation) answered(id string) bool {
	for _, agent := range staff {
		if call, ok := s.server.Call(agent.UserName, id); ok && call.State == voice.StateEstablished {
			return true
		}
	}
	return false
}

// atWork is how many agents take calls at the moment.
func (s *simulation) atWork() int {
	n := 0
	for _, agent := range staff {
		if !agent.Supervisor && s.server.State(agent.UserName) == string(voice.UserReady) {
			n++
		}
	}
	return n
}

func between(from, to time.Duration) time.Duration { return from + rand.N(to-from) }
