package main

import (
	"strings"
	"sync"
	"time"
)

const (
	attempts = 5 // failed logins of a user name
	window   = time.Minute
)

// guard slows down who guesses passwords through this server.
type guard struct {
	mu    sync.Mutex
	tries map[string][]time.Time // when logins failed, by user name
}

func newGuard() *guard { return &guard{tries: map[string][]time.Time{}} }

// wait returns how long the user must wait before the next attempt.
func (g *guard) wait(user string) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	recent := g.recent(strings.ToLower(user))
	if len(recent) < attempts {
		return 0
	}
	return window - now().Sub(recent[len(recent)-attempts])
}

func (g *guard) failed(user string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for other := range g.tries { // nothing stays for ever
		g.recent(other)
	}
	user = strings.ToLower(user)
	g.tries[user] = append(g.tries[user], now())
}

func (g *guard) succeeded(user string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.tries, strings.ToLower(user))
}

// recent forgets what is too long ago; g.mu is held.
func (g *guard) recent(user string) []time.Time {
	all := g.tries[user]
	for len(all) > 0 && now().Sub(all[0]) >= window {
		all = all[1:]
	}
	if len(all) == 0 {
		delete(g.tries, user)
	} else {
		g.tries[user] = all
	}
	return all
}
