package voicetest

import (
	"encoding/json"
	"maps"
	"strings"

	"github.com/gwsvoice/gws-go/voice"
)

var basicOperations = map[voice.OperationName]*operation{
	voice.OpDial:   {on: onDeviceCalls, check: checkDial, run: dial},
	voice.OpAnswer: {on: onCall, gated: true, run: func(tx *transaction, rq *request) { tx.answer(rq.leg) }},
	voice.OpReject: {on: onCall, gated: true, run: func(tx *transaction, rq *request) { tx.reject(rq.leg, answered) }},
	voice.OpHangup: {on: onCall, gated: true, run: func(tx *transaction, rq *request) { tx.drop(rq.leg, businessCall) }},
	voice.OpClearCall: {on: onCall, gated: true, run: func(tx *transaction, rq *request) {
		tx.clear(rq.leg.call, rq.leg, clearCall)
	}},
	voice.OpHold: {on: onCall, gated: true, run: func(tx *transaction, rq *request) { tx.setLegState(rq.leg, held) }},
	voice.OpRetrieve: {on: onCall, gated: true, run: func(tx *transaction, rq *request) {
		tx.setLegState(rq.leg, established)
	}},
	voice.OpSwapCalls:  {on: onCall, gated: true, check: checkSwap, run: swap},
	voice.OpSendDTMF:   {on: onCall, gated: true, check: checkDigits, run: sendDTMF},
	voice.OpMuteCall:   {on: onCall, gated: true, run: func(tx *transaction, rq *request) { tx.mute(rq.leg, true) }},
	voice.OpUnmuteCall: {on: onCall, gated: true, run: func(tx *transaction, rq *request) { tx.mute(rq.leg, false) }},
	voice.OpAccept:     {on: onCall, gated: true, run: func(tx *transaction, rq *request) { tx.acceptPreview(rq.leg) }},
	voice.OpDecline:    {on: onCall, gated: true, run: func(tx *transaction, rq *request) { tx.endPreview(rq.leg) }},
}

func checkDial(rq *request) *refusal {
	if r := rq.destination(); r != nil {
		return r
	}
	if !rq.device.loggedIn() {
		return notLoggedIn(rq.device)
	}
	return rq.userData(false)
}

func dial(tx *transaction, rq *request) {
	to, ok := tx.resolve(rq.text)
	if !ok || to.device == rq.device {
		rq.fail(tx, 71, "Invalid Called DN")
		return
	}
	tx.dialOut(rq.device, to, rq.data)
}

// dialOut makes a call from a device.
func (tx *transaction) dialOut(d *device, to destination, data map[string]any) *leg {
	kind := internal
	if to.outside {
		kind = outbound
	}
	c := tx.newCall(kind, to.number)
	c.data = maps.Clone(data)
	l := tx.join(c, d.dn, d, dialing)
	tx.reach(l, to)
	return l
}

// reach shows a leg dialling and lets the destination ring.
func (tx *transaction) reach(l *leg, to destination) {
	tx.notify(l, statusChange, answered)
	if to.busy() {
		tx.drop(l, businessCall)
		return
	}
	tx.call(l.call, to)
}

// setLegState holds or retrieves a call.
func (tx *transaction) setLegState(l *leg, state string) {
	l.state = state
	tx.notify(l, statusChange, businessCall)
	tx.touch(l)
}

func checkSwap(rq *request) *refusal {
	uri, r := rq.string("otherCallUri")
	if r != nil {
		return r
	}
	rq.other = rq.agent.legs[lastSegment(uri)]
	if rq.other == nil || rq.other == rq.leg {
		return refuse(6, "Call not found")
	}
	return nil
}

func swap(tx *transaction, rq *request) {
	was, other := rq.leg, rq.other
	if was.state == held {
		was, other = other, was
	}
	if was.state != established || other.state != held {
		rq.fail(tx, 93, "Invalid state of the call")
		return
	}
	was.state, other.state = held, established
	tx.notify(other, statusChange, businessCall)
	tx.notify(was, statusChange, businessCall)
	tx.touch(was, other)
}

func checkDigits(rq *request) *refusal {
	raw, ok := rq.body["digits"]
	if !ok || string(raw) == "null" || string(raw) == `""` {
		return missing("digits")
	}
	if json.Unmarshal(raw, &rq.text) != nil || strings.Trim(rq.text, "0123456789*#") != "" {
		return invalid("digits")
	}
	return nil
}

func sendDTMF(tx *transaction, rq *request) {
	rq.leg.dtmf += rq.text
	tx.notify(rq.leg, dtmfSent, businessCall)
}

func (tx *transaction) mute(l *leg, on bool) {
	l.muted = on
	tx.notify(l, statusChange, businessCall)
}

// offerPreview shows an agent a record of an outbound campaign.
func (tx *transaction) offerPreview(d *device, number string, data map[string]any) *leg {
	c := tx.newCall(outbound, number)
	c.data = data
	l := tx.join(c, d.dn, d, preview)
	l.recording = ""
	tx.notify(l, statusChange, noExtensions)
	return l
}

func (tx *transaction) acceptPreview(l *leg) {
	to, ok := tx.resolve(l.call.dnis)
	if !ok {
		tx.endPreview(l)
		return
	}
	l.state, l.unanswered = dialing, true
	if l.device.recording {
		l.recording = "Stopped"
	}
	tx.reach(l, to)
}

func (tx *transaction) endPreview(l *leg) {
	l.state = cancelled
	tx.notify(l, statusChange, noExtensions)
	tx.remove(l)
}
