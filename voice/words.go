package voice

import "github.com/gwsvoice/gws-go/internal/jsonscan"

// keys keeps the keys of user data and extensions, which are the same in most
// messages.
var keys jsonscan.Table

// word returns text as a string, without an allocation if it is a word of the
// reference.
func word(text []byte) string {
	if w, ok := words[string(text)]; ok {
		return w
	}
	return string(text)
}

var words = func() map[string]string {
	m := map[string]string{}
	for _, w := range []string{
		string(StateRinging), string(StateDialing), string(StateEstablished), string(StateHeld), string(StateReleased),
		string(StatePreview), string(StatePreviewCancelled),
		string(CallTypeInternal), string(CallTypeInbound), string(CallTypeOutbound), string(CallTypeConsult),
		string(RecordingStopped), string(RecordingActive), string(RecordingPaused),
		string(StatusChange), string(ParticipantsUpdated), string(AttachedDataChanged), string(DTMFSent),
		string(CallRecordingStateChange), string(MonitoredUserMutedStateChange),
		string(MonitorNextCall), string(MonitorAllCalls), string(MonitorAgent), string(MonitorCall),
		string(DeviceActive), string(DeviceInactive), string(NetworkPrivate), string(NetworkPublic),
		string(UserLoggedOut), string(UserLoggedIn), string(UserReady), string(UserNotReady), "Not Ready",
		StateIDReady, StateIDNotReady, StateIDAfterCallWork, StateIDAuxWork, StateIDOffline,
		typeCall, typeDevice, typeError, typeService, "voice",
		string(ServiceVoice), string(ServiceProvisioning), string(ServiceMultiMediaState),
		string(ServiceMultiMediaContent), string(ServiceReporting), string(ServiceMedia),
	} {
		m[w] = w
	}
	for _, op := range operationNames {
		m[string(op)] = string(op)
	}
	return m
}()
