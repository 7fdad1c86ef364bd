package voice

import (
	"slices"
	"time"
)

// aside is a repetition that the server's list did not bear out. Either it was
// late, or things have gone on, and the message that says so is about to come.
type aside struct {
	ev        Event
	concerned []*Pending // as of then: later operations did not cause it
	seq       uint64
	until     time.Time
}

func (r *registry) putAside(ev Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	r.aside = slices.DeleteFunc(r.aside, func(a aside) bool { return now.After(a.until) })
	r.aside = append(r.aside, aside{ev, r.concerned(ev), r.seq, now.Add(lateTimeout)})
}

// takeAside returns what was put aside and is borne out by ev: the message that
// comes next about the same call or device. What has changed otherwise since
// makes it void.
func (r *registry) takeAside(ev Event) (borneOut []aside) {
	now := time.Now()
	r.aside = slices.DeleteFunc(r.aside, func(a aside) bool {
		same, void := r.follows(a, ev)
		if same && !void && !now.After(a.until) {
			borneOut = append(borneOut, a)
		}
		return same || now.After(a.until)
	})
	return borneOut
}

// follows tells whether ev is about the same as a, and whether something else
// has taken effect in between.
func (r *registry) follows(a aside, ev Event) (same, void bool) {
	switch ev := ev.(type) {
	case *CallStateChangeMessage:
		if old, ok := a.ev.(*CallStateChangeMessage); ok && old.Call.ID == ev.Call.ID {
			known := r.calls[ev.Call.ID]
			return true, ev.Synthetic || known == nil || known.last > a.seq
		}
	case *DeviceStateChangeMessage:
		old, ok := a.ev.(*DeviceStateChangeMessage)
		for _, d := range ev.Devices {
			if ok && slices.ContainsFunc(old.Devices, func(other *Device) bool { return other.ID == d.ID }) {
				known := r.device(d.ID)
				return true, ev.Synthetic || known == nil || known.last > a.seq
			}
		}
	}
	return false, false
}

// deliverAside delivers, ahead of ev, what ev bears out. Its print stays where it
// is, since that of ev is the last.
func (c *Client) deliverAside(ev Event) {
	r := c.registry
	r.mu.Lock()
	borneOut := r.takeAside(ev)
	r.mu.Unlock()
	for _, a := range borneOut {
		c.log.Info("late message was true", "call", eventCallID(a.ev))
		r.mu.Lock()
		r.apply(a.ev)
		all, limited := r.listeners(a.ev)
		r.mu.Unlock()
		c.offerAll(all, limited, a.ev)
		c.judge(a.concerned, a.ev)
	}
}
