package voice

// rule tells what settles an operation.
type rule struct {
	// settles reports whether ev completes the outcome of p, and notes in
	// p.outcome what it has seen. It sees every event that may concern the call
	// or device of p from before the request is sent, and messages made from a
	// snapshot, marked Synthetic. nil: acceptance is the outcome.
	settles func(p *Pending, ev Event) bool

	// single rules share no event: one message confirms one operation, the
	// oldest. The others describe a state that confirms all who wait for it.
	single bool

	// ends, if not nil, replaces the rule that the operation has failed when
	// Operation.CallID is released without settling it.
	ends func(p *Pending, msg *CallStateChangeMessage) bool

	// lost, if not nil, tells whether the operation has failed, when a fresh read
	// has not settled it: what it waits for cannot happen any more.
	lost func(p *Pending) bool

	// others is set if calls other than Operation.CallID can settle it.
	others bool
}

// outcomes is the table: operation -> what settles it. "Settled" never means
// that a request was answered, only that a message, or the server's own list of
// calls, shows the effect.
var outcomes = map[OperationName]*rule{
	OpDial:       {settles: dialled, single: true, others: true, ends: dialEnded},
	OpAnswer:     onCall(inState(StateEstablished)),
	OpReject:     onCall(inState(StateReleased)),
	OpHangup:     onCall(inState(StateReleased)),
	OpClearCall:  onCall(inState(StateReleased)),
	OpHold:       onCall(inState(StateHeld)),
	OpRetrieve:   onCall(inState(StateEstablished)),
	OpSwapCalls:  {settles: swapped, others: true, ends: eitherReleased},
	OpSendDTMF:   {settles: onCall(notified(DTMFSent)).settles, single: true},
	OpMuteCall:   onCall(muted(true)),
	OpUnmuteCall: onCall(muted(false)),
	OpAccept:     {settles: onCall(leftPreview).settles, ends: previewEnded},
	OpDecline:    onCall(declined),

	OpSingleStepTransfer: onCall(inState(StateReleased)),
	OpInitiateTransfer:   {settles: consulting, single: true, others: true, ends: consultationEnded},
	OpCompleteTransfer:   {settles: bothReleased, others: true, ends: never, lost: transferLost},

	OpSingleStepConference:            onCall(gainsParticipant),
	OpInitiateConference:              {settles: consulting, single: true, others: true, ends: consultationEnded},
	OpCompleteConference:              {settles: merged, others: true, ends: originalReleased, lost: conferenceLost},
	OpRemoveParticipantFromConference: onCall(lacksParticipant),

	OpAttachUserData:     onCall(showsUserData),
	OpUpdateUserData:     onCall(showsUserData),
	OpDeleteUserDataPair: onCall(lacksUserDataKey),
	OpDeleteUserData:     onCall(lacksUserData),
	OpSetCallDisposition: {settles: onCall(showsDisposition).settles, ends: never},

	OpStartCallRecording:  onCall(inRecordingState(RecordingActive)),
	OpPauseCallRecording:  onCall(inRecordingState(RecordingPaused)),
	OpResumeCallRecording: onCall(inRecordingState(RecordingActive)),
	OpStopCallRecording:   onCall(inRecordingState(RecordingStopped)),

	OpListenIn:                   onDevice(monitors(OpListenIn)),
	OpCoach:                      onDevice(monitors(OpCoach)),
	OpBargeIn:                    onDevice(monitors(OpBargeIn)),
	OpCancelSupervisorMonitoring: onDevice(monitorsNobody),
	OpSwitchToListenIn:           onCall(muted(true)),
	OpSwitchToBargeIn:            onCall(muted(false)),
	OpMuteMonitoredUser:          onCall(monitoredUserMuted(true)),
	OpUnmuteMonitoredUser:        onCall(monitoredUserMuted(false)),

	OpForwardCallsOn:  onDevice(forwards),
	OpForwardCallsOff: onDevice(forwardsNowhere),
	OpDoNotDisturbOn:  onDevice(undisturbed(true)),
	OpDoNotDisturbOff: onDevice(undisturbed(false)),

	OpReady:         onDevice(inUserState(UserReady, "")),
	OpNotReady:      onDevice(inUserState(UserNotReady, "")),
	OpAfterCallWork: onDevice(inUserState(UserNotReady, WorkModeAfterCallWork)),
	OpAuxWork:       onDevice(inUserState(UserNotReady, WorkModeAuxWork)),
	OpOffline:       onDevice(inUserState(UserLoggedOut, "")),

	// What a session start did is in its answer; the end is the last request.
	OpStartContactCenterSession: {},
	OpEndContactCenterSession:   {},
}

// accepted is the rule of operations that this package does not know.
var accepted = &rule{}

// ruleFor returns the rule for op.
func ruleFor(op *Operation) *rule {
	switch {
	case op.rule != nil:
		return op.rule
	case op.Until == nil && outcomes[op.Name] != nil:
		return outcomes[op.Name]
	case op.Until == nil:
		return accepted
	}
	return &rule{others: true, settles: func(p *Pending, ev Event) bool {
		if !p.op.Until(ev) {
			return false
		}
		p.outcome.Event = ev
		switch ev := ev.(type) {
		case *CallStateChangeMessage:
			p.outcome.Call = ev
		case *DeviceStateChangeMessage:
			p.outcome.Device = ev
		}
		return true
	}}
}

// onCall settles by a message about the operation's own call.
func onCall(shows func(*Pending, *CallStateChangeMessage) bool) *rule {
	return &rule{settles: func(p *Pending, ev Event) bool {
		msg, ok := ev.(*CallStateChangeMessage)
		if !ok || msg.Call.ID != p.op.CallID || !shows(p, msg) {
			return false
		}
		p.outcome.Call = msg
		return true
	}}
}

func inState(state CallState) func(*Pending, *CallStateChangeMessage) bool {
	return func(_ *Pending, msg *CallStateChangeMessage) bool { return msg.Call.State == state }
}
