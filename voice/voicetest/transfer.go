package voicetest

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/gwsvoice/gws-go/voice"
)

var transferOperations = map[voice.OperationName]*operation{
	voice.OpSingleStepTransfer: {on: onCall, gated: true, check: checkMove, run: singleStepTransfer},
	voice.OpInitiateTransfer: {on: onCall, gated: true, check: checkMove, run: func(tx *transaction, rq *request) {
		consultCall(tx, rq, false)
	}},
	voice.OpCompleteTransfer: {on: onCall, gated: true, check: checkPair, run: completeTransfer},
}

// checkMove is for the operations that bring another party into a call.
func checkMove(rq *request) *refusal {
	if r := rq.destination(); r != nil {
		return r
	}
	return rq.userData(false)
}

// target finds out where a request wants to go; if that is nowhere, it reports
// the failure.
func (rq *request) target(tx *transaction) (to destination, ok bool) {
	to, ok = tx.resolve(rq.text)
	switch {
	case !ok:
		rq.fail(tx, 415, "Invalid destination DN")
	case to.busy():
		ok = false
		rq.fail(tx, 71, "Destination is busy")
	case to.device != nil && tx.alreadyOn(rq.leg.call, to.device):
		ok = false
		rq.fail(tx, 415, "Destination is already on the call")
	}
	return to, ok
}

func singleStepTransfer(tx *transaction, rq *request) {
	l := rq.leg
	to, ok := rq.target(tx)
	if !ok {
		return
	}
	c := l.call
	tx.attach(c, rq.data)
	tx.finish(l, businessCall)
	tx.remove(l)
	tx.call(c, to)
	tx.afterLeaving(l)
	tx.changed(c, nil)
}

// changed tells the parties of a call that others have come or gone. Those who
// still have their first message to come are told nothing.
func (tx *transaction) changed(c *call, except *leg) {
	for _, l := range c.legs {
		if l != except && l.state != ringing {
			tx.notify(l, participantsUpdated, businessCall)
		}
	}
	tx.touch(c.legs...)
}

// consultCall holds a call and dials another one about it.
func consultCall(tx *transaction, rq *request, conference bool) {
	l := rq.leg
	to, ok := tx.resolve(rq.text)
	if !ok || to.device == l.device {
		if tx.opts.HoldBeforeConsult {
			l.state = held
			tx.notify(l, statusChange, noExtensions)
		}
		rq.fail(tx, 415, "Invalid destination DN")
		return
	}
	l.state = held
	c := tx.newCall(consult, to.number)
	c.data = maps.Clone(rq.data)
	k := tx.join(c, l.device.dn, l.device, dialing)
	k.parent, k.parentID, k.conference = l, l.id, conference
	if l.consult != nil {
		l.consult.parent = nil
		tx.touch(l.consult)
	}
	l.consult = k
	tx.touch(l)
	tx.notify(l, statusChange, noExtensions)
	tx.reach(k, to)
}

// checkPair finds the two calls of a consultation: the one that the request
// was posted on, and the one that it names or is tied to.
func checkPair(rq *request) *refusal {
	rq.other = rq.leg.mate()
	raw, ok := rq.body["consultCallUri"]
	if !ok || string(raw) == "null" {
		return nil
	}
	var uri string
	if json.Unmarshal(raw, &uri) != nil || uri == "" {
		return invalid("consultCallUri")
	}
	named := rq.agent.legs[lastSegment(uri)]
	if named == nil {
		return refuse(6, "Call not found")
	}
	if named != rq.leg && named != rq.other {
		return notAvailable(rq.name)
	}
	return nil
}

// pair returns the original and the consult call of a request.
func (rq *request) pair() (original, consultation *leg) {
	if rq.leg.parent == rq.other {
		return rq.other, rq.leg
	}
	return rq.leg, rq.other
}

func completeTransfer(tx *transaction, rq *request) {
	original, consultation := rq.pair()
	into := original.call
	original.consult, consultation.parent = nil, nil
	tx.finish(original, businessCall)
	tx.finish(consultation, businessCall)
	moved := tx.merge(consultation, into)
	tx.remove(original)
	tx.remove(consultation)
	tx.afterLeaving(original)
	tx.afterLeaving(consultation)
	if len(into.talkers()) < 2 && into.queue == nil {
		if len(into.legs) > 0 {
			tx.drop(into.legs[0], businessCall)
		}
		return
	}
	tx.joined(into, moved, nil)
}

// merge brings the parties of a consult call, all but the consulting one, into
// another call, which survives. Whoever is on that already leaves the first.
func (tx *transaction) merge(consultation *leg, into *call) (moved []*leg) {
	from := consultation.call
	for _, l := range slices.Clone(from.legs) {
		switch {
		case l == consultation:
		case l.device != nil && tx.alreadyOn(into, l.device):
			tx.finish(l, businessCall)
			tx.remove(l)
			tx.afterLeaving(l)
		default:
			moved = append(moved, l)
		}
	}
	if tx.opts.NewIDAfterTransfer {
		for _, l := range moved {
			tx.leaveID(l)
		}
	}
	q := from.queue
	tx.unqueue(from)
	from.legs = []*leg{consultation}
	into.legs = append(into.legs[:len(into.legs):len(into.legs)], moved...)
	for _, l := range moved {
		l.call = into
	}
	tx.calls[from.uuid], tx.calls[from.connID] = into, into
	into.merged = append(into.merged, from.uuid, from.connID)
	if q != nil {
		into.queue, into.through = q, q
		if len(moved) == 0 {
			tx.distribute(into, q)
		}
	}
	return moved
}

// joined tells everybody on a call, except one leg, who was brought together.
func (tx *transaction) joined(c *call, moved []*leg, except *leg) {
	for _, l := range c.legs {
		switch {
		case l.agent == nil || l == except:
		case tx.opts.NewIDAfterTransfer && slices.Contains(moved, l):
			tx.takeID(l)
		default:
			tx.notify(l, participantsUpdated, businessCall)
		}
	}
	tx.touch(c.legs...)
}

// leaveID ends a call for a party who is to get it back under another id.
func (tx *transaction) leaveID(l *leg) {
	if l.agent == nil {
		return
	}
	state := l.state
	l.state = released
	tx.notify(l, statusChange, businessCall)
	l.state = state
	delete(l.agent.legs, l.id)
}

// takeID gives a party the id of the call that it has come to.
func (tx *transaction) takeID(l *leg) {
	l.setID(tx.exchange)
	l.parentID = ""
	l.agent.legs[l.id] = l
	tx.notify(l, statusChange, businessCall)
}
