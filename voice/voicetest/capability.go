package voicetest

import (
	"math/bits"

	"github.com/gwsvoice/gws-go/voice"
)

// capset is a set of call capabilities.
type capset uint64

// tokens are the call capabilities; each has the bit of its place.
var tokens = []voice.OperationName{
	voice.OpAnswer, voice.OpReject, voice.OpHangup, voice.OpClearCall, voice.OpHold, voice.OpRetrieve,
	voice.OpSwapCalls, voice.OpSendDTMF,
	voice.OpSingleStepTransfer, voice.OpInitiateTransfer, voice.OpCompleteTransfer,
	voice.OpSingleStepConference, voice.OpInitiateConference, voice.OpCompleteConference,
	voice.OpRemoveParticipantFromConference,
	voice.OpAttachUserData, voice.OpUpdateUserData, voice.OpDeleteUserDataPair, voice.OpDeleteUserData,
	voice.OpMuteCall, voice.OpUnmuteCall,
	voice.OpStartCallRecording, voice.OpPauseCallRecording, voice.OpResumeCallRecording, voice.OpStopCallRecording,
	voice.OpSwitchToListenIn, voice.OpSwitchToBargeIn,
	voice.OpAccept, voice.OpDecline,
}

var tokenBit = func() map[voice.OperationName]capset {
	m := make(map[voice.OperationName]capset, len(tokens))
	for i, t := range tokens {
		m[t] = 1 << i
	}
	return m
}()

func setOf(names ...voice.OperationName) capset {
	var s capset
	for _, n := range names {
		s |= tokenBit[n]
	}
	return s
}

func (s capset) has(name voice.OperationName) bool {
	return s&tokenBit[name] != 0 && tokenBit[name] != 0
}

// names returns the set in the order of tokens.
func (s capset) names() []voice.OperationName {
	all := make([]voice.OperationName, 0, bits.OnesCount64(uint64(s)))
	for i, t := range tokens {
		if s&(1<<i) != 0 {
			all = append(all, t)
		}
	}
	return all
}

var (
	capData = setOf(voice.OpAttachUserData, voice.OpUpdateUserData, voice.OpDeleteUserDataPair, voice.OpDeleteUserData)
	capMove = setOf(voice.OpSingleStepTransfer, voice.OpInitiateTransfer, voice.OpSingleStepConference,
		voice.OpInitiateConference)
	capDialing = capData | setOf(voice.OpSendDTMF, voice.OpHangup)
	capTalking = capData | capMove | setOf(voice.OpHold, voice.OpHangup, voice.OpSendDTMF)
	capHeld    = capData | capMove | setOf(voice.OpHangup)
	capJoin    = setOf(voice.OpSwapCalls, voice.OpCompleteTransfer, voice.OpCompleteConference)
	capPreview = setOf(voice.OpAccept, voice.OpDecline)
)

// capabilities returns what the agent may do on the call now.
func (l *leg) capabilities() capset {
	var s capset
	switch l.state {
	case dialing:
		s = capDialing
	case ringing:
		s = capData
		if !l.device.public {
			s |= tokenBit[voice.OpAnswer]
		}
		if l.viaQueue {
			s |= tokenBit[voice.OpReject]
		}
	case established:
		s = l.talking()
	case held:
		s = l.onHold()
	case preview:
		return capPreview
	}
	return s
}

func (l *leg) talking() capset {
	s := capTalking
	if mate := l.mate(); mate != nil && mate.state != dialing {
		s |= capJoin
	}
	if l.supervising() {
		s |= tokenBit[voice.OpRemoveParticipantFromConference]
		if l.mode == string(voice.OpBargeIn) {
			s |= tokenBit[voice.OpSwitchToListenIn]
		} else {
			s |= tokenBit[voice.OpSwitchToBargeIn]
		}
		return s
	}
	if l.owner && len(l.others()) > 1 {
		s |= tokenBit[voice.OpRemoveParticipantFromConference]
	}
	if l.device.muting {
		if l.muted {
			s |= tokenBit[voice.OpUnmuteCall]
		} else {
			s |= tokenBit[voice.OpMuteCall]
		}
	}
	switch l.recording {
	case "Stopped":
		s |= tokenBit[voice.OpStartCallRecording]
	case "Recording":
		s |= setOf(voice.OpPauseCallRecording, voice.OpStopCallRecording)
	case "Paused":
		s |= setOf(voice.OpResumeCallRecording, voice.OpStopCallRecording)
	}
	return s
}

func (l *leg) onHold() capset {
	mate := l.mate()
	switch {
	case mate == nil || mate.state == held:
		s := capHeld | tokenBit[voice.OpRetrieve]
		if mate != nil {
			s |= setOf(voice.OpCompleteTransfer, voice.OpCompleteConference)
		}
		return s
	case mate.state == dialing && mate.conference:
		return capHeld | tokenBit[voice.OpRetrieve]
	case mate.state == dialing:
		return capHeld | setOf(voice.OpSwapCalls, voice.OpCompleteTransfer)
	}
	return capHeld | capJoin
}

// mate is the other call of a consultation: the newest consult call of an
// original, or the original of a consult call.
func (l *leg) mate() *leg {
	if l.consult != nil {
		return l.consult
	}
	return l.parent
}

// offers returns the capabilities as they are sent.
func (x *exchange) offers(l *leg) capset {
	s := l.capabilities()
	if (x.opts.ClearCallEverywhere || x.opts.Release == Release85202) && l.alive() && l.state != preview {
		s |= tokenBit[voice.OpClearCall]
	}
	return s
}

// allows reports whether an operation on a call is accepted. That is what is
// offered, and a little more, where the reference names an operation that its
// samples do not offer.
func (x *exchange) allows(l *leg, op voice.OperationName) bool {
	if x.offers(l).has(op) {
		return true
	}
	switch op {
	case voice.OpClearCall:
		return l.state != preview && len(l.others()) > 1
	case voice.OpCompleteTransfer, voice.OpCompleteConference:
		// on either call of the pair
		mate := l.mate()
		return mate != nil && x.offers(mate).has(op)
	case voice.OpMuteMonitoredUser, voice.OpUnmuteMonitoredUser:
		return l.mode == string(voice.OpBargeIn)
	}
	return false
}
