package main

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gwsvoice/gws-go/voice"
)

// desk is an agent at work: the agent's client of GWS, and what the pages that
// look at it show. The client's events go to the board; nothing is polled.
type desk struct {
	client *voice.Client
	board  *board
	floor  *floor
	log    *slog.Logger
	look   look

	done chan struct{} // closed when run has returned

	mu         sync.Mutex
	calls      []*liveCall // oldest first
	history    []*record   // newest first
	activity   []*entry    // newest first
	devices    []*voice.Device
	states     []voice.AgentState
	stateSince time.Time
	link       link
	lastID     int
}

// look is what the page needs to know about this contact centre.
type look struct {
	nameKey      string   // which attached data holds the customer's name
	dispositions []string // what to offer as the result of a call
}

// liveCall is a call with what the agent wants to know beside it. Its times are
// the desk's own: the server tells the age of a call only.
type liveCall struct {
	*voice.Call
	began    time.Time // for this agent
	since    time.Time // in the present state
	answered time.Time
	incoming bool

	disposition string
}

// newDesk takes over a client that is connected, and follows its events until
// the client ends.
func newDesk(client *voice.Client, f *floor, log *slog.Logger, look look) *desk {
	d := &desk{
		client: client, board: newBoard(), floor: f, log: log, look: look,
		done: make(chan struct{}), stateSince: now(),
		link: link{State: linkUp, Since: millis(now())},
	}
	sub := client.Subscribe() // listening from here on, before anything is read
	go d.run(sub)
	return d
}

// begin logs the agent in on the phone and brings the agent into a first state,
// "" leaving that to the switch. What of it fails the agent sees on the page: an
// agent without a phone can still look at the team.
func (d *desk) begin(ctx context.Context, place string, state voice.OperationName) {
	states, err := d.client.AgentStates(ctx)
	if err != nil {
		d.log.Warn("agent states not read", "err", err)
		states = systemStates
	}
	d.mu.Lock()
	d.states = states
	d.mu.Unlock()
	err = d.client.StartContactCenterSession(ctx, voice.Session{Place: place})
	if err != nil {
		d.noteAside(judge(voice.OpStartContactCenterSession, "Log in on the phone", "", "", err))
	}
	if state != "" && err == nil {
		if _, err := d.client.SetAgentState(ctx, string(state)); err != nil {
			d.noteAside(judge(state, stateName(string(state), states), "", "", err))
		}
	}
	d.reread(ctx)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.postAgent()
	d.postHistory()
	d.postActivity()
	d.board.post("link", d.link)
}

// run follows the events of the client until it ends.
func (d *desk) run(sub *voice.Subscription) {
	defer close(d.done)
	for ev, err := range sub.All(context.Background()) {
		switch {
		case errors.Is(err, voice.ErrClosed):
			return
		case err != nil:
			d.log.Warn("session with GWS ended", "err", err)
			return
		}
		d.apply(ev)
	}
}

// onEnd has f called when the session with GWS ends without this desk's doing.
func (d *desk) onEnd(f func(reason string)) {
	go func() {
		<-d.done
		if !errors.Is(d.client.Err(), voice.ErrClosed) {
			f("lost")
		}
	}()
}

func (d *desk) apply(ev voice.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch ev := ev.(type) {
	case *voice.CallStateChangeMessage:
		d.applyCall(ev.Call)
		d.postCalls()
	case *voice.DeviceStateChangeMessage:
		for _, device := range ev.Devices {
			d.applyDevice(device)
		}
		d.postAgent()
	case *voice.ErrorMessage:
		if ev.Operation == "" { // else the operation's own outcome tells
			d.noteLocked(strayError(ev))
		}
	case *voice.ServiceStateChange:
		d.applyServices(ev)
	case *voice.Reconnected:
		d.restored(ev)
	case *voice.Lagged: // this reader was too slow; the snapshots are elsewhere
		go d.reread(context.Background())
	}
}

// reread takes over what the client knows, for the start and after a gap.
func (d *desk) reread(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	calls, err := d.client.Calls(ctx)
	if err != nil {
		d.log.Warn("calls not read", "err", err)
		return
	}
	devices, err := d.client.Devices(ctx)
	if err != nil {
		d.log.Warn("devices not read", "err", err)
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	listed := map[string]bool{}
	for _, call := range calls {
		listed[call.ID] = true
		d.applyCall(call)
	}
	for _, known := range slices.Clone(d.calls) {
		if !listed[known.ID] {
			d.endCall(known)
		}
	}
	for _, device := range devices {
		d.applyDevice(device)
	}
	d.postCalls()
	d.postAgent()
}

func (d *desk) applyCall(call *voice.Call) {
	known := d.call(call.ID)
	over := call.State == voice.StateReleased || call.State == voice.StatePreviewCancelled
	switch {
	case known == nil && over:
		return
	case known == nil:
		known = &liveCall{began: now().Add(-call.Duration), since: now(), incoming: incoming(call)}
		d.calls = append(d.calls, known)
	case known.State != call.State:
		known.since = now()
	}
	if over { // the last message shows who was on the call, mostly
		if len(call.Participants) == 0 {
			with := *call
			with.Participants = known.Participants
			call = &with
		}
	}
	known.Call = call
	if known.answered.IsZero() && call.State == voice.StateEstablished {
		known.answered = now()
	}
	if over {
		d.endCall(known)
	}
}

func (d *desk) endCall(known *liveCall) {
	d.calls = slices.DeleteFunc(d.calls, func(c *liveCall) bool { return c == known })
	d.remember(known)
	d.postHistory()
}

// incoming tells whether a call that has just appeared came in. A call that was
// there before the page opened tells only by its type.
func incoming(call *voice.Call) bool {
	switch call.State {
	case voice.StateRinging:
		return true
	case voice.StateDialing, voice.StatePreview:
		return false
	}
	return call.Type == voice.CallTypeInbound
}

func (d *desk) applyDevice(device *voice.Device) {
	for i, known := range d.devices {
		if known.ID == device.ID {
			if i == 0 && stateID(known) != stateID(device) {
				d.stateSince = now()
			}
			d.devices[i] = device
			return
		}
	}
	d.devices = append(d.devices, device)
}

// stateID tells two states of an agent apart.
func stateID(device *voice.Device) string {
	if u := device.UserState; u != nil {
		return strings.ToLower(u.ID) + string(u.State) + string(u.WorkMode) + u.Reason
	}
	return ""
}

// call returns a live call; d.mu is held.
func (d *desk) call(id string) *liveCall {
	for _, c := range d.calls {
		if c.ID == id {
			return c
		}
	}
	return nil
}

// busy reports whether the agent is on a call.
func (d *desk) busy() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.calls) > 0
}

// leave ends the agent's work. An agent who is on a call stays logged in, with
// the phone in hand, and so does one with a second browser; otherwise no call
// must ring where nobody looks.
func (d *desk) leave(ctx context.Context) {
	if last := d.floor.remove(d); last && !d.busy() {
		if err := d.client.EndContactCenterSession(ctx); err != nil && !errors.Is(err, voice.ErrClosed) {
			d.log.Warn("agent may still be logged in", "user", d.client.User().UserName, "err", err)
		}
	}
	_ = d.client.Close()
	<-d.done
}

// systemStates are the states that every contact centre has, for a server that
// does not list them.
var systemStates = []voice.AgentState{
	{OperationName: string(voice.OpReady), DisplayName: "Ready", State: voice.UserReady},
	{OperationName: string(voice.OpNotReady), DisplayName: "Not ready", State: voice.UserNotReady},
	{OperationName: string(voice.OpAfterCallWork), DisplayName: "After-call work", State: voice.UserNotReady, WorkMode: voice.WorkModeAfterCallWork},
	{OperationName: string(voice.OpAuxWork), DisplayName: "Other work", State: voice.UserNotReady, WorkMode: voice.WorkModeAuxWork},
	{OperationName: string(voice.OpOffline), DisplayName: "Offline", State: "Logout"},
}

const (
	readTimeout   = 15 * time.Second
	logoutTimeout = 5 * time.Second
)

// now is where all times of the desktop come from.
func now() time.Time { return time.Now() }

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
