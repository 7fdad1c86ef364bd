package voicetest

import (
	"container/list"
	"slices"
	"strings"
	"time"

	"github.com/gwsvoice/gws-go/voice"
)

// The states of a leg.
const (
	ringing     = "Ringing"
	dialing     = "Dialing"
	established = "Established"
	held        = "Held"
	released    = "Released"
	preview     = "Preview"
	cancelled   = "PreviewCancelled"
)

// The kinds of calls.
const (
	internal = "Internal"
	inbound  = "Inbound"
	outbound = "Outbound"
	consult  = "Consult"
)

// call is one call of the switch with everybody on it.
type call struct {
	uuid, connID string
	kind         string
	ani, dnis    string
	data         map[string]any // nil: none
	legs         []*leg         // in the order in which they joined
	merged       []string       // ids of consult calls that became part of it

	queue   *queue          // that distributes it; nil: none (any more)
	through *queue          // the last queue that it went through
	waiting *list.Element   // its place in queue, nil if it is offered to somebody
	skip    map[*device]int // who has rejected it, with his readyEpoch then
}

// leg is one party on a call: an agent's device, or somebody outside.
type leg struct {
	call     *call
	id, uuid string // of the call, as this party knows it
	number   string
	device   *device // nil: outside
	agent    *agent  // nil: outside
	state    string
	began    time.Time
	told     view // what the last message said
	muted    bool
	owner    bool // has made it a conference

	unanswered bool // has dialled, and nobody has answered yet

	viaQueue    bool   // a queue has sent it, and takes it back
	recording   string // Stopped, Recording, Paused; "": not enabled
	recordFn    string
	dtmf        string // the digits that were sent
	disposition string

	parentID   string // on a consult call: the id of the original
	parent     *leg   // while the original is alive
	consult    *leg   // the newest consultation about this call
	conference bool   // on a consult leg: begun by InitiateConference

	mode      string // of a supervisor's leg: ListenIn, Coach, BargeIn
	scope     string
	watched   *leg // of a supervisor's leg: the monitored one
	watcher   *leg // of a monitored leg
	userMuted bool // the monitored user was muted by the supervisor
}

// view is the part of a leg that changes by what others do.
type view struct {
	capabilities capset
	participants string
}

func (x *exchange) view(l *leg) view {
	return view{x.offers(l), strings.Join(l.participants(), " ")}
}

func (l *leg) alive() bool { return l.state != released && l.state != cancelled }

// supervising reports whether the leg is a supervisor's, who is no party of
// the conversation as the others see it.
func (l *leg) supervising() bool { return l.mode != "" }

func (tx *transaction) newCall(kind, dnis string) *call {
	tx.lastID++
	uuid, connID := tx.ids.call(tx.lastID)
	c := &call{uuid: uuid, connID: connID, kind: kind, dnis: dnis}
	tx.calls[uuid], tx.calls[connID] = c, c
	return c
}

// join puts a party on a call.
func (tx *transaction) join(c *call, number string, d *device, state string) *leg {
	l := &leg{call: c, number: number, device: d, state: state, began: tx.now, unanswered: state == dialing}
	l.setID(tx.exchange)
	tx.touch(c.legs...)
	c.legs = append(c.legs, l)
	if d != nil {
		l.agent = d.owner
		d.legs++
		tx.devices = append(tx.devices, d)
		if d.recording {
			l.recording = "Stopped"
		}
	}
	if l.agent != nil {
		l.agent.legs[l.id] = l
		l.agent.order = append(l.agent.order, l)
	}
	return l
}

// setID gives a leg the id of its call.
func (l *leg) setID(x *exchange) {
	l.id, l.uuid = l.call.uuid, l.call.uuid
	if x.opts.ConnectionIDs || x.opts.Release == Release850 {
		l.id = l.call.connID
	}
}

// talkers returns the parties of the conversation.
func (c *call) talkers() []*leg {
	var all []*leg
	for _, l := range c.legs {
		if !l.supervising() || l.mode == string(voice.OpBargeIn) {
			all = append(all, l)
		}
	}
	return all
}

// others returns the parties that a leg sees as participants.
func (l *leg) others() []*leg {
	var all []*leg
	for _, o := range l.call.legs {
		if o != l && !o.supervising() {
			all = append(all, o)
		}
	}
	return all
}

// participants returns the numbers of the parties that a leg's agent sees:
// until somebody has answered the number that was dialled.
func (l *leg) participants() []string {
	if l.state == dialing || l.state == preview || l.state == cancelled {
		return []string{l.call.dnis}
	}
	var all []string
	for _, o := range l.others() {
		all = append(all, o.number)
	}
	if all == nil && l.state == released && l.unanswered {
		all = []string{l.call.dnis}
	}
	return all
}

// remove takes a leg out of the books, after its last message.
func (tx *transaction) remove(l *leg) {
	c := l.call
	c.legs = slices.DeleteFunc(slices.Clone(c.legs), func(o *leg) bool { return o == l })
	if d := l.device; d != nil {
		d.legs--
		tx.devices = append(tx.devices, d)
	}
	if a := l.agent; a != nil && a.legs[l.id] == l {
		delete(a.legs, l.id)
		a.order = slices.DeleteFunc(a.order, func(o *leg) bool { return o == l })
		a.ended = append(a.ended, l)
		if len(a.ended) > endedCalls {
			a.ended = slices.Delete(a.ended, 0, 1)
		}
	}
	if l.parent != nil && l.parent.consult == l {
		l.parent.consult = nil
	}
	if l.consult != nil {
		l.consult.parent = nil
	}
	tx.touch(l.parent, l.consult)
	tx.touch(c.legs...)
	l.parent, l.consult = nil, nil
	if len(c.legs) == 0 {
		tx.forget(c)
	}
}

func (tx *transaction) forget(c *call) {
	for _, id := range append(c.merged, c.uuid, c.connID) {
		if tx.calls[id] == c {
			delete(tx.calls, id)
		}
	}
	tx.unqueue(c)
}

// finish tells a leg's agent that the call has ended for him.
func (tx *transaction) finish(l *leg, ext extensions) {
	talked := l.state == established || l.state == held
	l.state = released
	if l.recording != "" {
		l.recording = "Stopped"
	}
	tx.notify(l, statusChange, ext)
	if l.agent != nil && l.viaQueue && talked && tx.opts.WrapUp > 0 {
		tx.wrapUp(l.device)
	}
}

// drop takes a party off a call. Where fewer than two are left, the call ends
// for them too.
func (tx *transaction) drop(l *leg, ext extensions) {
	if !l.alive() {
		return
	}
	c := l.call
	staying := slices.DeleteFunc(c.talkers(), func(o *leg) bool { return o == l })
	waiting := len(staying) == 1 && c.queue != nil && staying[0].state != ringing
	if len(staying) < 2 && !waiting {
		tx.clear(c, l, ext)
		return
	}
	tx.finish(l, ext)
	tx.remove(l)
	tx.afterLeaving(l)
	for _, o := range c.legs {
		if !l.supervising() {
			tx.notify(o, participantsUpdated, businessCall)
		}
	}
}

// clear ends a call for everybody, first for one party.
func (tx *transaction) clear(c *call, first *leg, ext extensions) {
	legs := slices.Clone(c.legs)
	if i := slices.Index(legs, first); i > 0 {
		legs = slices.Concat(legs[i:i+1], legs[:i], legs[i+1:])
	}
	for _, l := range legs {
		e := businessCall
		if l == first || ext == clearCall {
			e = ext
		}
		tx.finish(l, e)
	}
	for _, l := range legs {
		tx.remove(l)
	}
	for _, l := range legs {
		tx.afterLeaving(l)
	}
}

// answer connects a ringing leg.
func (tx *transaction) answer(l *leg) {
	l.state = established
	c := l.call
	tx.unqueue(c)
	joined := tx.watch(l)
	tx.notify(l, statusChange, answered)
	for _, o := range c.legs {
		if o.state == dialing {
			o.state, o.unanswered = established, false
			watcher := tx.watch(o)
			tx.notify(o, statusChange, businessCall)
			joined = append(joined, watcher...)
		}
	}
	for _, w := range joined {
		tx.notify(w, statusChange, answered)
	}
	tx.touch(c.legs...)
}

// wrapUp gives an agent time after a call.
func (tx *transaction) wrapUp(d *device) {
	if d == nil || d.state.state != "Ready" {
		return
	}
	tx.setState(d, tx.states[voice.OpAfterCallWork])
	epoch := d.readyEpoch
	tx.after(tx.opts.WrapUp, func(tx *transaction) {
		if d.readyEpoch == epoch && d.state == tx.states[voice.OpAfterCallWork] {
			tx.setState(d, tx.states[voice.OpReady])
		}
	})
}
