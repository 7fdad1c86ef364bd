package voicetest

import (
	"maps"

	"github.com/gwsvoice/gws-go/voice"
)

var dataOperations = map[voice.OperationName]*operation{
	voice.OpAttachUserData:     {on: onCall, gated: true, check: checkData, run: updateData},
	voice.OpUpdateUserData:     {on: onCall, gated: true, check: checkData, run: updateData},
	voice.OpDeleteUserDataPair: {on: onCall, gated: true, check: checkKey, run: deletePair},
	voice.OpDeleteUserData: {on: onCall, gated: true, run: func(tx *transaction, rq *request) {
		rq.leg.call.data = nil
		tx.dataChanged(rq.leg.call, rq.leg)
	}},
	voice.OpSetCallDisposition: {on: onCall | onDevice, check: checkDisposition, run: setDisposition},
}

func checkData(rq *request) *refusal { return rq.userData(true) }

// updateData adds pairs and replaces those whose key is there already. The
// switch would keep both after AttachUserData; which one shows is not
// documented, so that the simulator shows the newer one.
func updateData(tx *transaction, rq *request) {
	c := rq.leg.call
	tx.attach(c, rq.data)
	tx.dataChanged(c, rq.leg)
}

// attach changes the data of a call without a message.
func (tx *transaction) attach(c *call, data map[string]any) {
	if len(data) == 0 {
		return
	}
	merged := make(map[string]any, len(c.data)+len(data))
	maps.Copy(merged, c.data)
	maps.Copy(merged, data)
	c.data = merged
}

func (tx *transaction) detach(c *call, key string) {
	left := maps.Clone(c.data)
	delete(left, key)
	if len(left) == 0 {
		left = nil
	}
	c.data = left
}

// dataChanged shows everybody on the call its data, the leg that changed them
// first.
func (tx *transaction) dataChanged(c *call, first *leg) {
	if first != nil {
		tx.notify(first, dataChanged, noExtensions)
	}
	for _, l := range c.legs {
		if l != first {
			tx.notify(l, dataChanged, noExtensions)
		}
	}
}

func checkKey(rq *request) (r *refusal) {
	rq.key, r = rq.string("key")
	return r
}

func deletePair(tx *transaction, rq *request) {
	tx.detach(rq.leg.call, rq.key)
	tx.dataChanged(rq.leg.call, rq.leg)
}

// checkDisposition accepts the operation on a call, also one that was
// released, and on a device, where older clients post it.
func checkDisposition(rq *request) *refusal {
	uri, r := rq.string("callUri")
	if r != nil {
		return r
	}
	if _, r = rq.string("callUuid"); r != nil {
		return r
	}
	if rq.text, r = rq.string("disposition"); r != nil {
		return r
	}
	rq.key = "DispositionCode"
	if _, given := rq.body["dispositionKey"]; given {
		if rq.key, r = rq.string("dispositionKey"); r != nil {
			return r
		}
	}
	if rq.on == onDevice {
		rq.callID = lastSegment(uri)
		rq.leg = rq.agent.legs[rq.callID]
		if rq.leg == nil && rq.agent.endedLeg(rq.callID) == nil {
			return refuse(6, "Call not found")
		}
	}
	return nil
}

// setDisposition sends nothing for a call that has ended: the switch passes
// the disposition on as an event of its own.
func setDisposition(tx *transaction, rq *request) {
	if rq.leg == nil {
		if l := rq.agent.endedLeg(rq.callID); l != nil {
			l.disposition = rq.text
		}
		return
	}
	rq.leg.disposition = rq.text
	tx.attach(rq.leg.call, map[string]any{rq.key: rq.text})
	tx.dataChanged(rq.leg.call, rq.leg)
}
