package server

import "time"

// Options are what a benchmark needs of the server.
type Options struct {
	// Events, if not 0, makes this a fountain: from Flow on every connect is
	// answered at once with so many events, or on WebSocket with a number of
	// frames of so many events each.
	Events int `json:"events,omitempty"`

	Pause time.Duration `json:"pause,omitempty"` // of a fountain before it answers a connect

	Calls int           `json:"calls,omitempty"` // that an agent has, and that the events of a fountain are about in turn
	Hold  time.Duration `json:"hold,omitempty"`  // how long a connect is held; 0: 30s
	Delay time.Duration `json:"delay,omitempty"` // between an operation's answer and its event
}

// eventsPerConnect is how many events a fountain lets go over WebSocket until
// it waits for the next connect.
const eventsPerConnect = 1000
