package voicetest

import "github.com/gwsvoice/gws-go/voice"

var conferenceOperations = map[voice.OperationName]*operation{
	voice.OpSingleStepConference: {on: onCall, gated: true, check: checkMove, run: singleStepConference},
	voice.OpInitiateConference: {on: onCall, gated: true, check: checkMove, run: func(tx *transaction, rq *request) {
		consultCall(tx, rq, true)
	}},
	voice.OpCompleteConference: {on: onCall, gated: true, check: checkPair, run: completeConference},
	voice.OpRemoveParticipantFromConference: {on: onCall, gated: true, check: checkParticipant,
		run: func(tx *transaction, rq *request) { removeParticipant(tx, rq.leg, rq.other) }},
}

func singleStepConference(tx *transaction, rq *request) {
	l := rq.leg
	to, ok := rq.target(tx)
	if !ok {
		return
	}
	c := l.call
	tx.attach(c, rq.data)
	l.owner = true
	tx.call(c, to)
	tx.notify(l, participantsUpdated, businessCall)
	tx.changed(c, l)
}

func completeConference(tx *transaction, rq *request) {
	original, consultation := rq.pair()
	into := original.call
	original.consult, consultation.parent = nil, nil
	tx.finish(consultation, businessCall)
	moved := tx.merge(consultation, into)
	tx.remove(consultation)
	tx.afterLeaving(consultation)
	original.state, original.owner = established, true
	tx.notify(original, participantsUpdated, businessCall)
	tx.joined(into, moved, original)
}

func checkParticipant(rq *request) *refusal {
	number, r := rq.string("participant")
	if r != nil {
		return r
	}
	rq.other = nil
	for _, o := range rq.leg.others() {
		if o.number == number {
			rq.other = o
			return nil
		}
	}
	return invalid("participant")
}

// removeParticipant takes another party off a conference.
func removeParticipant(tx *transaction, l, other *leg) {
	c := l.call
	staying := 0
	for _, o := range c.talkers() {
		if o != other {
			staying++
		}
	}
	if staying < 2 {
		tx.clear(c, other, businessCall)
		return
	}
	tx.finish(other, businessCall)
	tx.remove(other)
	tx.afterLeaving(other)
	tx.notify(l, participantsUpdated, businessCall)
	for _, o := range c.legs {
		if o != l && !o.supervising() {
			tx.notify(o, participantsUpdated, businessCall)
		}
	}
	tx.touch(c.legs...)
}
