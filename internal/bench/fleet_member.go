package main

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/gwsvoice/gws-go/voice"
)

// member is an agent of the fleet and what he has been told: each event about
// his call bears the next number.
type member struct {
	client *voice.Client
	ended  chan struct{}

	mu         sync.Mutex
	calls      map[string]fact // as told by the events
	last       int             // number of the latest event, or of a snapshot read back
	hole       bool            // something may be missing, and this was said
	delivered  int             // events
	told       int             // events that were missing where that was said
	lost       int             // events that are missing without a word
	reconnects int
	marked     time.Time // when the last hole was announced
	caughtUp   time.Time // when the first snapshot after it came
}

func newMember(c *voice.Client, calls []*voice.Call) *member {
	m := &member{client: c, calls: map[string]fact{}, ended: make(chan struct{})}
	for _, call := range calls {
		m.calls[call.ID] = factOf(call)
	}
	return m
}

func factOf(call *voice.Call) fact {
	number, _ := call.UserData[numberKey].(string)
	return fact{string(call.State), number}
}

// read takes the events until the client is closed. late is told how long each
// was on its way.
func (m *member) read(sub *voice.Subscription, late func(time.Duration)) {
	defer close(m.ended)
	for ev, err := range sub.All(context.Background()) {
		if err != nil {
			return
		}
		m.take(ev, late)
	}
}

func (m *member) take(ev voice.Event, late func(time.Duration)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch ev := ev.(type) {
	case *voice.Reconnected:
		m.reconnects++
		m.hole = m.hole || !ev.Lossless
		m.marked, m.caughtUp = time.Now(), time.Time{}
	case *voice.Lagged:
		m.hole = true
	case *voice.CallStateChangeMessage:
		if ev.Call.State == voice.StateReleased {
			delete(m.calls, ev.Call.ID)
		} else {
			m.calls[ev.Call.ID] = factOf(ev.Call)
		}
		if !m.marked.IsZero() && m.caughtUp.IsZero() {
			m.caughtUp = time.Now()
		}
		n, err := strconv.Atoi(factOf(ev.Call).Number)
		if err == nil && (ev.Synthetic || ev.NotificationType == voice.AttachedDataChanged) {
			m.count(n, ev.Synthetic)
		}
		if sent, _ := ev.Call.UserData[timeKey].(string); !ev.Synthetic && ev.NotificationType == voice.AttachedDataChanged {
			if us, err := strconv.ParseInt(sent, 10, 64); err == nil {
				late(time.Since(time.UnixMicro(us)))
			}
		}
	}
}

// count accounts for the event or snapshot that bears the number n.
func (m *member) count(n int, snapshot bool) {
	if snapshot && !m.hole {
		return // asked for because something was in doubt: every event is to come
	}
	missing := n - m.last
	if !snapshot {
		missing--
		m.delivered++
	}
	switch {
	case missing < 0:
		if !snapshot && m.hole {
			m.told-- // it is in the snapshot, and came all the same
		}
		return
	case m.hole:
		m.told += missing
	default:
		m.lost += missing
	}
	m.last = n
	if !snapshot {
		m.hole = false
	}
}

// missing returns how many events are still to come.
func (m *member) missing(is truth) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return max(is.Sent-m.last, 0)
}

// compare tells in what way the agent, or his client, is not up to date, and
// how many events he lacks that nobody has said to be missing.
func (m *member) compare(is truth) (wrong string, lost int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	lost = m.lost + max(is.Sent-m.last, 0)
	if len(m.calls) != len(is.Calls) {
		return "has other calls", lost
	}
	for id, fact := range is.Calls {
		if m.calls[id] != fact {
			return "was told " + m.calls[id].String() + ", is " + fact.String(), lost
		}
		call, err := m.client.Call(context.Background(), id)
		if err != nil {
			return err.Error(), lost
		}
		if known := factOf(call); known != fact {
			return "knows " + known.String() + ", is " + fact.String(), lost
		}
	}
	if m.delivered+m.told+m.lost != m.last {
		return "events do not add up: " + strconv.Itoa(m.delivered) + "+" + strconv.Itoa(m.told) + "+" + strconv.Itoa(m.lost) + " of " + strconv.Itoa(m.last), lost
	}
	return "", lost
}

func (f fact) String() string { return f.State + " " + f.Number }

// call returns the agent's call as his client knows it, or nil.
func (m *member) call() *voice.Call {
	m.mu.Lock()
	ids := slices.Collect(maps.Keys(m.calls))
	m.mu.Unlock()
	for _, id := range ids {
		if call, err := m.client.Call(context.Background(), id); err == nil && call.State != voice.StateReleased {
			return call
		}
	}
	return nil
}

// since returns when, after the moment at, the agent heard that he was
// connected again, and when he got the first snapshot after that. Either may be
// zero.
func (m *member) since(at time.Time) (marked, caughtUp time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.marked.Before(at) || !m.client.Connected() {
		return time.Time{}, time.Time{}
	}
	return m.marked, m.caughtUp
}

// timings are a number of durations that several goroutines add to.
type timings struct {
	mu  sync.Mutex
	on  bool
	all []time.Duration
}

func (t *timings) add(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.on {
		t.all = append(t.all, d)
	}
}

func (t *timings) record(on bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.on = on
}

func (t *timings) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.all)
}

// percentile returns the duration that this part of all do not exceed.
func (t *timings) percentile(part float64) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.all) == 0 {
		return 0
	}
	slices.Sort(t.all)
	return t.all[int(part*float64(len(t.all)-1))]
}
