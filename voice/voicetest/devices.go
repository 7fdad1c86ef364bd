package voicetest

import "github.com/gwsvoice/gws-go/voice"

var deviceOperations = map[voice.OperationName]*operation{
	voice.OpForwardCallsOn: {on: onDevice, gated: true, check: checkForward, run: func(tx *transaction, rq *request) {
		tx.setForward(rq.device, rq.text)
	}},
	voice.OpForwardCallsOff: {on: onDevice, gated: true, run: func(tx *transaction, rq *request) {
		tx.setForward(rq.device, "")
	}},
	voice.OpDoNotDisturbOn:  {on: onDevice | onMe, check: checkDND, run: setDND(true)},
	voice.OpDoNotDisturbOff: {on: onDevice | onMe, check: checkDND, run: setDND(false)},
}

// checkForward reads a plain string, unlike the destination of calls.
func checkForward(rq *request) (r *refusal) {
	rq.text, r = rq.string("destination")
	return r
}

func (tx *transaction) setForward(d *device, number string) {
	d.forward = number
	tx.devices = append(tx.devices, d)
	tx.notifyDevice(d)
}

// checkDND needs the capability of the device; on /me, where all devices are
// meant, none.
func checkDND(rq *request) *refusal {
	if rq.on == onDevice && !rq.device.offers(rq.name) {
		return notAvailable(rq.name)
	}
	return nil
}

func setDND(on bool) func(*transaction, *request) {
	return func(tx *transaction, rq *request) {
		devices := rq.agent.devices
		if rq.on == onDevice {
			devices = []*device{rq.device}
		}
		for _, d := range devices {
			d.dnd = on
			tx.devices = append(tx.devices, d)
			tx.notifyDevice(d)
		}
	}
}
