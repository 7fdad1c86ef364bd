package main

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/gwsvoice/gws-go/voice"
)

// floor is everybody who works at this process, and for supervisors everybody
// else of the contact centre too. Names for internal numbers come from it.
type floor struct {
	mu        sync.Mutex
	desks     []*desk
	directory []*voice.User     // as GWS listed them last; nil if it does not
	wanted    chan struct{}     // a supervisor has come: the directory is wanted now
	names     map[string]string // by DN
	due       bool              // a post is on its way
	over      bool
	timer     *time.Timer
}

// member is one agent as the others see them.
type member struct {
	Name   string       `json:"name"`
	DN     string       `json:"dn"`
	Device string       `json:"device"`
	State  stateView    `json:"state"`
	Since  int64        `json:"since,omitempty"` // 0: works elsewhere, so that it is not known
	Busy   bool         `json:"busy"`
	Calls  []memberCall `json:"calls,omitempty"` // for supervisors only
}

type memberCall struct {
	With  string          `json:"with"`
	State voice.CallState `json:"state"`
	Queue string          `json:"queue,omitempty"`
	Began int64           `json:"began"`
}

func newFloor() *floor {
	return &floor{names: map[string]string{}, wanted: make(chan struct{}, 1)}
}

func (f *floor) add(d *desk) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.desks = append(f.desks, d)
	f.touchLocked()
	select {
	case f.wanted <- struct{}{}:
	default:
	}
}

// remove takes a desk away, and reports whether it was the agent's last.
func (f *floor) remove(d *desk) (last bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.desks = slices.DeleteFunc(f.desks, func(o *desk) bool { return o == d })
	f.touchLocked()
	return !slices.ContainsFunc(f.desks, func(o *desk) bool { return o.client.User().ID == d.client.User().ID })
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
	f.timer = time.AfterFunc(max(teamDelay, time.Duration(len(f.desks))*teamDelayEach), f.post)
}

func (f *floor) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.over = true
	if f.timer != nil {
		f.timer.Stop()
	}
}

// post shows everybody the team: to supervisors with the calls, and with those
// who do not work here.
func (f *floor) post() {
	f.mu.Lock()
	f.due = false
	desks, directory := slices.Clone(f.desks), f.directory
	f.mu.Unlock()

	here, brief, names := []member{}, []member{}, map[string]string{}
	listed := map[string]bool{}
	for _, d := range desks {
		m, ok := d.member()
		if !ok || listed[m.Device] {
			continue // not ready yet, or the same agent in a second window
		}
		listed[m.Device] = true
		names[m.DN] = m.Name
		here = append(here, m)
		m.Calls = nil
		brief = append(brief, m)
	}
	elsewhere := []member{}
	for _, u := range directory {
		for _, device := range u.Devices {
			if !listed[device.ID] && device.PhoneNumber != "" && len(elsewhere) < maxListed {
				listed[device.ID] = true
				names[device.PhoneNumber] = fullName(u)
				elsewhere = append(elsewhere, member{Name: fullName(u), DN: device.PhoneNumber, Device: device.ID,
					State: describe(device.UserState, device)})
			}
		}
	}
	for _, list := range [][]member{here, brief, elsewhere} {
		slices.SortFunc(list, func(a, b member) int { return cmp.Compare(a.DN, b.DN) })
	}
	f.mu.Lock()
	f.names = names
	f.mu.Unlock()
	forSupervisors, forAgents := encode(slices.Concat(here, elsewhere)), encode(brief[:min(len(brief), maxListed)])
	for _, d := range desks {
		if d.supervises() {
			d.board.postEncoded("team", forSupervisors)
		} else {
			d.board.postEncoded("team", forAgents)
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

const (
	teamDelay      = 150 * time.Millisecond
	teamDelayEach  = 2 * time.Millisecond // for every desk: what all see costs more, the more they are
	directoryEvery = 10 * time.Second
	maxListed      = 500 // more than anybody reads
)

// watchDirectory reads who else there is, as long as a supervisor is here who
// may know.
func (f *floor) watchDirectory(ctx context.Context) {
	tick := time.NewTicker(directoryEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.wanted:
		case <-tick.C:
		}
		for _, d := range f.all() {
			if d.supervises() && f.readDirectory(ctx, d) {
				break
			}
		}
	}
}

func (f *floor) readDirectory(ctx context.Context, d *desk) bool {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	users, err := d.client.Users(ctx)
	if err != nil {
		d.log.Debug("users not read", "err", err) // many servers do not allow it
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.directory = users
	f.touchLocked()
	return true
}
