package voicetest

import "github.com/gwsvoice/gws-go/voice"

var recordingOperations = map[voice.OperationName]*operation{
	voice.OpStartCallRecording:  recordTo("Recording", "ON"),
	voice.OpPauseCallRecording:  recordTo("Paused", "PAUSED"),
	voice.OpResumeCallRecording: recordTo("Recording", "ON"),
	voice.OpStopCallRecording:   recordTo("Stopped", "OFF"),
}

// recordTo makes the operation that brings the recording of a call into a state.
// On a device it is meant for the call on which it is offered.
func recordTo(state, mark string) *operation {
	return &operation{on: onCall | onDevice, gated: true, check: findRecorded,
		run: func(tx *transaction, rq *request) {
			l := rq.leg
			l.recording = state
			if l.recordFn == "" {
				l.recordFn = l.uuid + "_" + l.number + "_" + tx.now.UTC().Format("2006-01-02_15-04-05") + "_gws"
			}
			tx.attach(l.call, map[string]any{"GSIP_RECORD": mark, "GSIP_REC_FN": l.recordFn})
			tx.notify(l, recordingChanged, noExtensions)
			for _, o := range l.call.legs {
				if o != l {
					tx.notify(o, dataChanged, noExtensions)
				}
			}
		}}
}

func findRecorded(rq *request) *refusal {
	if rq.on != onDevice {
		return nil
	}
	for _, l := range rq.agent.order {
		if l.device == rq.device && rq.x.allows(l, rq.name) {
			rq.leg = l
			return nil
		}
	}
	return notAvailable(rq.name)
}
