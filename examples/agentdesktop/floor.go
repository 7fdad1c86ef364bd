package main

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/gwsvoice/gws-go/voice"
)

// floor is everybody who works at this process: what supervisors look at, and
// where names for internal numbers come from.
type floor struct {
	mu    sync.Mutex
	desks []*desk
	names map[string]string // by DN
	due   bool              // a post is on its way
	over  bool
	timer *time.Timer
}

// member is one agent as the others see them.
type member struct {
	Name   string       `json:"name"`
	DN     string       `json:"dn"`
	Device string       `json:"device"`
	State  stateView    `json:"state"`
	Since  int64        `json:"since"`
	Busy   bool         `json:"busy"`
	Calls  []memberCall `json:"calls,omitempty"` // for supervisors only
}

type memberCall struct {
	With  string          `json:"with"`
	State voice.CallState `json:"state"`
	Queue string          `json:"queue,omitempty"`
	Began int64           `json:"began"`
}

func newFloor() *floor { return &floor{names: map[string]string{}} }

func (f *floor) add(d *desk) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.desks = append(f.desks, d)
	f.touchLocked()
}

func (f *floor) remove(d *desk) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.desks = slices.DeleteFunc(f.desks, func(o *desk) bool { return o == d })
	f.touchLocked()
}

func (f *floor) all() []*desk {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.desks)
}

// nameOf returns who has an internal number, as far as is known here.
func (f *floor) nameOf(dn string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.names[dn]
}

// touch lets everybody's view of the team be renewed, a moment later: one
// change seldom comes alone.
func (f *floor) touch() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.touchLocked()
}

func (f *floor) touchLocked() {
	if f.due || f.over {
		return
	}
	f.due = true
	f.timer = time.AfterFunc(teamDelay, f.post)
}

func (f *floor) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.over = true
	if f.timer != nil {
		f.timer.Stop()
	}
}

func (f *floor) post() {
	f.mu.Lock()
	f.due = false
	desks := slices.Clone(f.desks)
	f.mu.Unlock()

	full, brief, names := []member{}, []member{}, map[string]string{}
	for _, d := range desks {
		m, ok := d.member()
		if !ok || slices.ContainsFunc(full, func(o member) bool { return o.Device == m.Device }) {
			continue // not ready yet, or the same agent in a second window
		}
		names[m.DN] = m.Name
		full = append(full, m)
		m.Calls = nil
		brief = append(brief, m)
	}
	byNumber := func(a, b member) int { return cmp.Compare(a.DN, b.DN) }
	slices.SortFunc(full, byNumber)
	slices.SortFunc(brief, byNumber)
	f.mu.Lock()
	f.names = names
	f.mu.Unlock()
	for _, d := range desks {
		if d.supervises() {
			d.board.post("team", full)
		} else {
			d.board.post("team", brief)
		}
	}
}

// member returns the desk's agent as others see them.
func (d *desk) member() (member, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.devices) == 0 {
		return member{}, false
	}
	device := d.devices[0]
	m := member{
		Name: fullName(d.client.User()), DN: device.PhoneNumber, Device: device.ID,
		State: describe(device.UserState, device), Since: millis(d.stateSince), Busy: len(d.calls) > 0,
	}
	for _, c := range d.calls {
		with := d.customer(c.Call)
		if with == "" {
			with = number(c.Call)
		}
		m.Calls = append(m.Calls, memberCall{with, c.State, d.queue(c), millis(c.began)})
	}
	return m, true
}

func (d *desk) supervises() bool {
	if slices.Contains(d.client.User().Roles, voice.RoleSupervisor) {
		return true
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.devices) > 0 && d.devices[0].Can(voice.OpListenIn)
}

const teamDelay = 150 * time.Millisecond
