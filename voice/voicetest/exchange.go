package voicetest

import (
	"sync"
	"time"

	"github.com/gwsvoice/gws-go/voice"
)

// exchange is the telephone switch: agents with their devices, queues, calls.
// What happens in it happens in a transaction, see [exchange.do].
type exchange struct {
	opts Options
	ids  *ids
	base string // of every uri: scheme, host and /api/v2

	voiceID, mediaID, contentID string // of the services

	mu     sync.Mutex // guards everything below, and all that hangs on it
	agents []*agent
	byName map[string]*agent  // by user name, user id and DN
	byDN   map[string]*device // by number and by id
	tokens map[string]*agent  // by bearer token
	places map[string]*place
	calls  map[string]*call // by every id that a party knows it by
	queues map[string]*queue
	states map[voice.OperationName]*userState
	listed []AgentState // the states in the order of the settings
	lastID int
	down   bool // the voice service is unavailable
	closed bool
	timers map[*time.Timer]struct{}
}

// transaction is one step of the switch. Everything it changes and every
// message it causes is seen by others at once, when it ends.
type transaction struct {
	*exchange
	now   time.Time
	actor *agent // whose request it is; nil for everybody else's doing
	plan  *plan  // what is to happen to the actor's messages

	own     []notice // for the actor
	touched []*leg   // whose view may have changed
	devices []*device
	pumps   []*agent
}

// notice is a message to one agent.
type notice struct {
	channel string
	data    []byte
	raw     bool // data is the whole message, for sessions subscribed or not
}

// do runs one step and delivers its messages. They wait for the returned hold
// if the plan says that the response comes first.
func (x *exchange) do(actor *agent, p *plan, step func(*transaction)) *hold {
	tx := &transaction{exchange: x, now: time.Now(), actor: actor, plan: p}
	h := tx.run(step)
	for _, a := range tx.pumps {
		a.out.flush()
	}
	return h
}

func (tx *transaction) run(step func(*transaction)) *hold {
	tx.mu.Lock()
	defer tx.mu.Unlock() // also if the step panics about an argument
	if tx.closed {
		return nil
	}
	step(tx)
	for len(tx.touched) > 0 || len(tx.devices) > 0 {
		tx.settle()
	}
	return tx.send()
}

// read runs a function that changes nothing.
func (x *exchange) read(look func()) {
	x.mu.Lock()
	defer x.mu.Unlock()
	look()
}

// after runs a step of the switch later. It must be called inside a step.
func (x *exchange) after(d time.Duration, step func(*transaction)) {
	x.timer(d, func() { x.do(nil, nil, step) })
}

// timer must be called with mu held; it calls f unless the server is closed
// before.
func (x *exchange) timer(d time.Duration, f func()) *time.Timer {
	if x.closed {
		return nil
	}
	var t *time.Timer
	t = time.AfterFunc(d, func() {
		x.mu.Lock()
		_, due := x.timers[t]
		delete(x.timers, t)
		x.mu.Unlock()
		if due {
			f()
		}
	})
	x.timers[t] = struct{}{}
	return t
}

// settle tells agents of capabilities and participants that changed without
// another message, and lets queues find the agents who have become ready.
func (tx *transaction) settle() {
	touched, devices := tx.touched, tx.devices
	tx.touched, tx.devices = nil, nil
	for _, l := range touched {
		if l.agent == nil || !l.alive() {
			continue
		}
		switch now := tx.view(l); {
		case now.participants != l.told.participants:
			tx.notify(l, participantsUpdated, businessCall)
		case now != l.told:
			tx.notify(l, statusChange, businessCall)
		}
	}
	for _, d := range devices {
		tx.dispatch(d)
	}
}

// tell queues a message for an agent.
func (tx *transaction) tell(a *agent, channel string, data []byte) {
	if a == tx.actor && tx.plan != nil {
		tx.own = append(tx.own, notice{channel: channel, data: data})
		return
	}
	tx.push(a, entry{notice: notice{channel: channel, data: data}})
}

func (tx *transaction) push(a *agent, e entry) {
	if d := tx.opts.Latency.event(); d > 0 && e.due.IsZero() {
		e.due = tx.now.Add(d)
	}
	a.out.push(e)
	tx.pumps = append(tx.pumps, a)
}

// send hands the actor's messages over, as the plan wants them.
func (tx *transaction) send() *hold {
	p := tx.plan
	if p == nil || len(tx.own) == 0 {
		return nil
	}
	if p.swap && len(tx.own) > 1 {
		tx.own[0], tx.own[1] = tx.own[1], tx.own[0]
	}
	var h *hold
	if p.hold {
		h = &hold{out: &tx.actor.out}
	}
	switch {
	case p.lose:
	case p.late != nil:
		tx.repeat(tx.own, *p.late)
	default:
		for _, n := range tx.own {
			tx.push(tx.actor, entry{notice: n, hold: h})
		}
		for _, d := range p.duplicates {
			tx.repeat(tx.own, d)
		}
	}
	return h
}

// repeat delivers messages later, in their order, whatever was delivered in
// between.
func (tx *transaction) repeat(all []notice, d time.Duration) {
	a := tx.actor
	tx.timer(d, func() {
		for _, n := range all {
			a.out.deliver(n)
		}
	})
}

// touch has the view of a leg, and of what is tied to it, looked at
// when the step ends.
func (tx *transaction) touch(legs ...*leg) {
	for _, l := range legs {
		if l == nil {
			continue
		}
		tx.touched = append(tx.touched, l)
		if l.parent != nil {
			tx.touched = append(tx.touched, l.parent)
		}
		if l.consult != nil {
			tx.touched = append(tx.touched, l.consult)
		}
	}
}
