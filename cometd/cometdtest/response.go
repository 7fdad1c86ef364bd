package cometdtest

import (
	"slices"
	"time"
)

// finish waits for nothing: it closes the batch, and returns the messages of
// the response in their order.
func (x *exchange) finish() [][]byte {
	s := x.srv
	s.mu.Lock()
	var events []event
	switch {
	case x.held != nil:
		events = x.held.events
	case x.opened != nil:
		if s.opts.MessagesDuringHandshake {
			events = x.openingEvents()
		}
	case x.session != nil:
		if x.connect != nil {
			events = x.closeConnect(timedOut)
		} else {
			events = x.session.take(false)
		}
	}
	x.endBatch()
	s.mu.Unlock()
	a := x.arrange(x.replies, events)
	return slices.Concat(a.repliesBefore, a.events, a.replies)
}

// endBatch must be called with mu held, when the response's events are taken.
func (x *exchange) endBatch() {
	if x.batching {
		x.batching = false
		x.session.batch--
		x.session.wake()
	}
}

// arrangement is the messages of a response in their order, encoded.
type arrangement struct{ repliesBefore, events, replies [][]byte }

// arrange puts replies and events into the order of the preset, or of the plan.
func (x *exchange) arrange(replies []*reply, events []event) arrangement {
	p := x.plan
	a := arrangement{events: p.eventsBefore}
	var concerned [][]byte
	if x.srv.profile.waitForConnect && len(replies) > 1 { // the others were ready before the connect
		others := slices.DeleteFunc(slices.Clone(replies), func(r *reply) bool { return r == x.connect })
		if len(others) < len(replies) {
			replies = append(others, x.connect)
		}
	}
	for _, r := range replies {
		if out := x.srv.opts.Outgoing; out != nil {
			out(x.session, r.fields)
		}
		early := r.to.Channel == MetaHandshake || x.srv.profile.connectFirst
		if p.order != 0 {
			early = p.order < 0
		}
		encoded := p.edit(r)
		if p.concerns(r.to) {
			concerned = append(concerned, encoded...)
		}
		if early {
			a.repliesBefore = append(a.repliesBefore, encoded...)
		} else {
			a.replies = append(a.replies, encoded...)
		}
	}
	x.duplicate(concerned)
	for _, e := range events {
		a.events = append(a.events, e.raw)
	}
	a.replies = append(a.replies, p.eventsAfter...)
	return a
}

// duplicate has replies sent again later, if the plan says so.
func (x *exchange) duplicate(replies [][]byte) {
	if len(replies) == 0 {
		return
	}
	for _, d := range x.plan.duplicate {
		time.AfterFunc(d, func() {
			x.srv.mu.Lock()
			defer x.srv.mu.Unlock()
			if x.socket != nil {
				x.socket.send(joinArray(replies))
			} else if x.session != nil {
				for _, raw := range replies { // they wait, without releasing a connect
					x.session.queue = append(x.session.queue, event{raw: raw, once: true})
				}
			}
		})
	}
}

// answered must be called when the response has been written, or was lost.
func (x *exchange) answered() {
	var later time.Duration
	if x.socket != nil {
		later = x.plan.delayReply // the frames wait for it in the outbox
	}
	if x.opened != nil {
		x.opened.answered(later)
	}
	if x.connect == nil && !x.refused {
		return
	}
	x.srv.mu.Lock()
	replaced := x.held != nil && x.held.why == superseded
	x.srv.mu.Unlock()
	if !replaced {
		x.session.answered(later)
	}
}
