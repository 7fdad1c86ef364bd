package voice

import "slices"

// OperationName is the name of an operation in requests, and of the capability
// that allows it. A name that this package does not know passes through.
type OperationName string

// The operations of the Voice API, by the words of the wire.
// Each has a method of [Client] that tells what it does.
const (
	OpDial   OperationName = "Dial"
	OpAnswer OperationName = "Answer"
	OpReject OperationName = "Reject"
	OpHangup OperationName = "Hangup"

	OpClearCall OperationName = "ClearCall"
	OpHold      OperationName = "Hold"
	OpRetrieve  OperationName = "Retrieve"
	OpSwapCalls OperationName = "SwapCalls"
	OpSendDTMF  OperationName = "SendDtmf"

	OpMuteCall   OperationName = "MuteCall"
	OpUnmuteCall OperationName = "UnmuteCall"

	// Preview calls of outbound campaigns.
	OpAccept  OperationName = "Accept"
	OpDecline OperationName = "Decline"

	OpSingleStepTransfer OperationName = "SingleStepTransfer"
	OpInitiateTransfer   OperationName = "InitiateTransfer"
	OpCompleteTransfer   OperationName = "CompleteTransfer"

	OpSingleStepConference            OperationName = "SingleStepConference"
	OpInitiateConference              OperationName = "InitiateConference"
	OpCompleteConference              OperationName = "CompleteConference"
	OpRemoveParticipantFromConference OperationName = "RemoveParticipantFromConference"

	OpAttachUserData     OperationName = "AttachUserData"
	OpUpdateUserData     OperationName = "UpdateUserData"
	OpDeleteUserDataPair OperationName = "DeleteUserDataPair"
	OpDeleteUserData     OperationName = "DeleteUserData"
	OpSetCallDisposition OperationName = "SetCallDisposition"

	OpStartCallRecording  OperationName = "StartCallRecording"
	OpPauseCallRecording  OperationName = "PauseCallRecording"
	OpResumeCallRecording OperationName = "ResumeCallRecording"
	OpStopCallRecording   OperationName = "StopCallRecording"

	OpListenIn                   OperationName = "ListenIn"
	OpCoach                      OperationName = "Coach"
	OpBargeIn                    OperationName = "BargeIn"
	OpCancelSupervisorMonitoring OperationName = "CancelSupervisorMonitoring"
	OpSwitchToListenIn           OperationName = "SwitchToListenIn"
	OpSwitchToBargeIn            OperationName = "SwitchToBargeIn"
	OpMuteMonitoredUser          OperationName = "MuteMonitoredUser"
	OpUnmuteMonitoredUser        OperationName = "UnmuteMonitoredUser"

	OpForwardCallsOn  OperationName = "ForwardCallsOn"
	OpForwardCallsOff OperationName = "ForwardCallsOff"
	OpDoNotDisturbOn  OperationName = "DoNotDisturbOn"
	OpDoNotDisturbOff OperationName = "DoNotDisturbOff"

	OpReady         OperationName = "Ready"
	OpNotReady      OperationName = "NotReady"
	OpAfterCallWork OperationName = "AfterCallWork"
	OpAuxWork       OperationName = "AuxWork"
	OpOffline       OperationName = "Offline"

	OpStartContactCenterSession OperationName = "StartContactCenterSession"
	OpEndContactCenterSession   OperationName = "EndContactCenterSession"
)

// OperationNames returns every operation that has a method of [Client], in the
// order of their declaration. The slice is the caller's.
func OperationNames() []OperationName { return slices.Clone(operationNames) }

var operationNames = []OperationName{
	OpDial, OpAnswer, OpReject, OpHangup, OpClearCall, OpHold, OpRetrieve, OpSwapCalls, OpSendDTMF,
	OpMuteCall, OpUnmuteCall, OpAccept, OpDecline,
	OpSingleStepTransfer, OpInitiateTransfer, OpCompleteTransfer,
	OpSingleStepConference, OpInitiateConference, OpCompleteConference, OpRemoveParticipantFromConference,
	OpAttachUserData, OpUpdateUserData, OpDeleteUserDataPair, OpDeleteUserData, OpSetCallDisposition,
	OpStartCallRecording, OpPauseCallRecording, OpResumeCallRecording, OpStopCallRecording,
	OpListenIn, OpCoach, OpBargeIn, OpCancelSupervisorMonitoring,
	OpSwitchToListenIn, OpSwitchToBargeIn, OpMuteMonitoredUser, OpUnmuteMonitoredUser,
	OpForwardCallsOn, OpForwardCallsOff, OpDoNotDisturbOn, OpDoNotDisturbOff,
	OpReady, OpNotReady, OpAfterCallWork, OpAuxWork, OpOffline,
	OpStartContactCenterSession, OpEndContactCenterSession,
}
