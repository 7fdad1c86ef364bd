package main

import (
	"io/fs"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// everything is a contact centre in which everything can be done.
var everything = voicetest.Options{Recording: true, Muting: true}

// scene is a desktop with an agent who is on a call.
type scene struct {
	*desktop
	t  *testing.T
	p  *page
	id string // of the call
}

func newScene(t *testing.T) *scene {
	t.Helper()
	d := newDesktop(t, everything)
	return &scene{desktop: d, t: t, p: d.agent(t, "5001")}
}

func (s *scene) ring() *scene {
	s.id = s.sim.Ring(voicetest.Call{To: "5001", Queue: "9000", UserData: map[string]any{"CustomerName": "Maria Ortiz", "Order": "A-1"}})
	s.p.awaitCall(s.id, "Ringing")
	return s
}

func (s *scene) talk() *scene {
	s.ring()
	s.do("Answer", nil)
	s.p.awaitCall(s.id, "Established")
	return s
}

func (s *scene) do(operation string, body any) *scene {
	s.t.Helper()
	s.p.confirm(callURL(s.id, operation), body)
	return s
}

// consult begins a two-step transfer or conference with 5002, who answers, and
// returns the id of the new call.
func (s *scene) consult(operation string) string {
	s.t.Helper()
	s.do(operation, form{Number: "5002"})
	var consult string
	await(s.p, "calls", func(calls []shownCall) bool {
		for _, c := range calls {
			if c.Call.ParentID == s.id {
				consult = c.Call.ID
			}
		}
		return consult != ""
	})
	require.True(s.t, s.sim.Agent("5002").Answer(consult))
	s.p.awaitCall(consult, "Established")
	return consult
}

// supervise lets the supervisor join the call of 5001.
func (s *scene) supervise(operation string) *page {
	s.t.Helper()
	s.talk()
	boss := s.agent(s.t, "5009")
	boss.confirm(deviceURL(s.desktop, "5009", operation), form{Target: s.sim.Agent("5001").DeviceID()})
	if operation != "BargeIn" { // that joins at once, the others join the next call
		s.do("Hangup", nil)
		s.talk()
	}
	boss.awaitCall(s.id, "Established")
	return boss
}

// callScenarios exercise each operation of a call through HTTP, up to what the
// contact centre then knows.
var callScenarios = map[voice.OperationName]func(*scene){
	voice.OpAnswer: func(s *scene) { s.talk() },
	voice.OpReject: func(s *scene) {
		s.ring().do("Reject", nil)
		s.p.awaitNoCalls()
		assert.True(s.t, s.sim.Alive(s.id), "it is with the queue again")
	},
	voice.OpHangup: func(s *scene) {
		s.talk().do("Hangup", nil)
		s.p.awaitNoCalls()
	},
	voice.OpClearCall: func(s *scene) {
		s.talk().do("SingleStepConference", form{Number: "5002"})
		require.True(s.t, s.sim.Agent("5002").Answer(s.id))
		s.do("ClearCall", nil)
		assert.False(s.t, s.sim.Alive(s.id))
	},
	voice.OpHold: func(s *scene) {
		s.talk().do("Hold", nil)
		s.p.awaitCall(s.id, "Held")
	},
	voice.OpRetrieve: func(s *scene) {
		s.talk().do("Hold", nil).do("Retrieve", nil)
		s.p.awaitCall(s.id, "Established")
	},
	voice.OpSwapCalls: func(s *scene) {
		consult := s.talk().consult("InitiateTransfer")
		s.do("SwapCalls", nil)
		s.p.awaitCall(consult, "Held")
		s.p.awaitCall(s.id, "Established")
		s.p.confirm(callURL(consult, "SwapCalls"), nil)
		s.p.awaitCall(s.id, "Held")
	},
	voice.OpSendDTMF: func(s *scene) {
		s.talk().do("SendDtmf", form{Digits: " 12#4 "})
		assert.Equal(s.t, "12#4", s.truth().Digits)
	},
	voice.OpMuteCall: func(s *scene) {
		s.talk().do("MuteCall", nil)
		assert.True(s.t, s.truth().Muted)
	},
	voice.OpUnmuteCall: func(s *scene) {
		s.talk().do("MuteCall", nil).do("UnmuteCall", nil)
		assert.False(s.t, s.truth().Muted)
	},
	voice.OpAccept: func(s *scene) {
		s.id = s.sim.Preview(voicetest.Call{To: "5001", From: "4155550142"})
		s.p.awaitCall(s.id, "Preview")
		s.do("Accept", nil)
		s.p.awaitCall(s.id, "Dialing")
	},
	voice.OpDecline: func(s *scene) {
		s.id = s.sim.Preview(voicetest.Call{To: "5001", From: "4155550142"})
		s.p.awaitCall(s.id, "Preview")
		s.do("Decline", nil)
		s.p.awaitNoCalls()
	},
	voice.OpSingleStepTransfer: func(s *scene) {
		s.talk().do("SingleStepTransfer", form{Number: "5002"})
		s.p.awaitNoCalls()
		require.NotEmpty(s.t, s.sim.Calls("agent5002"))
	},
	voice.OpInitiateTransfer: func(s *scene) { s.talk().consult("InitiateTransfer") },
	voice.OpCompleteTransfer: func(s *scene) {
		s.talk().consult("InitiateTransfer")
		s.do("CompleteTransfer", nil)
		s.p.awaitNoCalls()
		require.Len(s.t, s.sim.Calls("agent5002"), 1)
	},
	voice.OpSingleStepConference: func(s *scene) {
		s.talk().do("SingleStepConference", form{Number: "5002"})
	},
	voice.OpInitiateConference: func(s *scene) { s.talk().consult("InitiateConference") },
	voice.OpCompleteConference: func(s *scene) {
		consult := s.talk().consult("InitiateConference")
		s.p.confirm(callURL(consult, "CompleteConference"), nil)
		s.p.awaitCall(s.id, "Established")
		assert.Len(s.t, s.truth().Participants, 2)
	},
	voice.OpRemoveParticipantFromConference: func(s *scene) {
		s.talk().consult("InitiateConference")
		s.do("CompleteConference", nil).do("RemoveParticipantFromConference", form{Participant: "5002"})
		assert.Len(s.t, s.truth().Participants, 1)
	},
	voice.OpAttachUserData: func(s *scene) {
		s.talk().do("AttachUserData", form{Key: " Topic ", Value: "Price"})
		assert.Equal(s.t, "Price", s.truth().UserData["Topic"])
	},
	voice.OpUpdateUserData: func(s *scene) {
		s.talk().do("UpdateUserData", form{Key: "Order", Value: "A-2"})
		assert.Equal(s.t, "A-2", s.truth().UserData["Order"])
	},
	voice.OpDeleteUserDataPair: func(s *scene) {
		s.talk().do("DeleteUserDataPair", form{Key: "Order"})
		assert.NotContains(s.t, s.truth().UserData, "Order")
	},
	voice.OpDeleteUserData: func(s *scene) {
		s.talk().do("DeleteUserData", nil)
		assert.Empty(s.t, s.truth().UserData)
	},
	voice.OpSetCallDisposition: func(s *scene) {
		s.talk().do("SetCallDisposition", form{Value: " Resolved "})
		assert.Equal(s.t, "Resolved", s.truth().Disposition)
		s.do("Hangup", nil).do("SetCallDisposition", form{Value: "Callback"})
		assert.Equal(s.t, "Callback", s.truth().Disposition, "after the end of the call too")
		s.p.awaitRecord(func(r shownRecord) bool { return r.Disposition == "Callback" })
	},
	voice.OpStartCallRecording: func(s *scene) {
		s.talk().do("StartCallRecording", nil)
		assert.Equal(s.t, "Recording", s.truth().RecordingState)
	},
	voice.OpPauseCallRecording: func(s *scene) {
		s.talk().do("StartCallRecording", nil).do("PauseCallRecording", nil)
		assert.Equal(s.t, "Paused", s.truth().RecordingState)
	},
	voice.OpResumeCallRecording: func(s *scene) {
		s.talk().do("StartCallRecording", nil).do("PauseCallRecording", nil).do("ResumeCallRecording", nil)
		assert.Equal(s.t, "Recording", s.truth().RecordingState)
	},
	voice.OpStopCallRecording: func(s *scene) {
		s.talk().do("StartCallRecording", nil).do("StopCallRecording", nil)
		assert.Equal(s.t, "Stopped", s.truth().RecordingState)
	},
	voice.OpSwitchToBargeIn: func(s *scene) {
		boss := s.supervise("ListenIn")
		boss.confirm(callURL(s.id, "SwitchToBargeIn"), nil)
		assert.Equal(s.t, "BargeIn", s.truth("supervisor5009").Supervising)
	},
	voice.OpSwitchToListenIn: func(s *scene) {
		boss := s.supervise("BargeIn")
		boss.confirm(callURL(s.id, "SwitchToListenIn"), nil)
		assert.Equal(s.t, "ListenIn", s.truth("supervisor5009").Supervising)
	},
	voice.OpMuteMonitoredUser: func(s *scene) {
		boss := s.supervise("BargeIn")
		boss.confirm(callURL(s.id, "MuteMonitoredUser"), nil)
		assert.True(s.t, s.truth().MonitoredMuted)
	},
	voice.OpUnmuteMonitoredUser: func(s *scene) {
		boss := s.supervise("BargeIn")
		boss.confirm(callURL(s.id, "MuteMonitoredUser"), nil)
		boss.confirm(callURL(s.id, "UnmuteMonitoredUser"), nil)
		assert.False(s.t, s.truth().MonitoredMuted)
	},
}

// truth is what the contact centre knows of the call.
func (s *scene) truth(agent ...string) voicetest.CallInfo {
	s.t.Helper()
	name := "agent5001"
	if len(agent) > 0 {
		name = agent[0]
	}
	info, ok := s.sim.Call(name, s.id)
	require.True(s.t, ok)
	return info
}

func TestCallOperations_eachWorks(t *testing.T) {
	for op := range callOperations {
		t.Run(string(op), func(t *testing.T) {
			scenario := callScenarios[op]
			require.NotNil(t, scenario, "an operation without a test")
			scenario(newScene(t))
		})
	}
}

func TestDeviceOperations_eachWorks(t *testing.T) {
	device := func(s *scene, dn string) voicetest.DeviceInfo {
		agent := "agent" + dn
		if dn == "5009" {
			agent = "supervisor5009"
		}
		return s.sim.Devices(agent)[0]
	}
	monitored := func(op string) func(*scene) {
		return func(s *scene) {
			boss := s.agent(s.t, "5009")
			boss.confirm(deviceURL(s.desktop, "5009", op), form{Target: s.sim.Agent("5001").DeviceID(), Mode: "NextCall", Scope: "Agent"})
			assert.Equal(s.t, op, device(s, "5009").Monitoring)
			boss.confirm(deviceURL(s.desktop, "5009", op), form{Number: "5002"})
			assert.Equal(s.t, "5009", device(s, "5002").MonitoredByDN, "by its number too")
		}
	}
	scenarios := map[voice.OperationName]func(*scene){
		voice.OpDial: func(s *scene) {
			s.p.confirm(deviceURL(s.desktop, "5001", "Dial"), form{Number: "+1 (916) 555-0104"})
			call := s.p.awaitCall("", "Dialing")
			assert.Equal(s.t, "+19165550104", s.sim.Calls("agent5001")[0].DNIS, "without what people write between the digits")
			assert.False(s.t, call.Incoming)
		},
		voice.OpDoNotDisturbOn: func(s *scene) {
			s.p.confirm(deviceURL(s.desktop, "5001", "DoNotDisturbOn"), nil)
			assert.True(s.t, device(s, "5001").DoNotDisturb)
		},
		voice.OpDoNotDisturbOff: func(s *scene) {
			s.p.confirm(deviceURL(s.desktop, "5001", "DoNotDisturbOn"), nil)
			s.p.confirm(deviceURL(s.desktop, "5001", "DoNotDisturbOff"), nil)
			assert.False(s.t, device(s, "5001").DoNotDisturb)
		},
		voice.OpForwardCallsOn: func(s *scene) {
			s.p.confirm(deviceURL(s.desktop, "5001", "ForwardCallsOn"), form{Number: "5002"})
			assert.Equal(s.t, "5002", device(s, "5001").ForwardTo)
		},
		voice.OpForwardCallsOff: func(s *scene) {
			s.p.confirm(deviceURL(s.desktop, "5001", "ForwardCallsOn"), form{Number: "5002"})
			s.p.confirm(deviceURL(s.desktop, "5001", "ForwardCallsOff"), nil)
			assert.Empty(s.t, device(s, "5001").ForwardTo)
		},
		voice.OpListenIn: monitored("ListenIn"),
		voice.OpCoach:    monitored("Coach"),
		voice.OpBargeIn:  monitored("BargeIn"),
		voice.OpCancelSupervisorMonitoring: func(s *scene) {
			boss := s.agent(s.t, "5009")
			boss.confirm(deviceURL(s.desktop, "5009", "Coach"), form{Number: "5002"})
			boss.confirm(deviceURL(s.desktop, "5009", "CancelSupervisorMonitoring"), nil)
			assert.Empty(s.t, device(s, "5009").Monitoring)
		},
	}
	for op := range deviceOperations {
		t.Run(string(op), func(t *testing.T) {
			scenario := scenarios[op]
			require.NotNil(t, scenario, "an operation without a test")
			scenario(newScene(t))
		})
	}
}

func TestStates_eachWorksConfiguredOnesToo(t *testing.T) {
	s := newScene(t)
	for _, test := range [][3]string{
		{"NotReady", "Not ready", "amber"}, {"AfterCallWork", "After-call work", "blue"}, {"AuxWork", "Other work", "amber"},
		{"Lunch", "Out to Lunch", "amber"}, {"Meeting", "In a Meeting", "amber"}, {"Ready", "Ready", "green"}, {"Offline", "Offline", "grey"},
	} {
		s.p.confirm("/api/state/"+test[0], nil)
		agent := await(s.p, "agent", func(a agentView) bool { return a.State.Label == test[1] })
		assert.Equal(t, test[2], agent.State.Tone, test[0])
	}
	s.p.confirm("/api/state/StartContactCenterSession", nil)
	await(s.p, "agent", func(a agentView) bool { return a.State.Label == "Ready" })
	status, answer := s.p.post("/api/state/Nonsense", nil)
	assert.Equal(t, http.StatusUnprocessableEntity, status)
	assert.Equal(t, invalid, answer["outcome"])
}

func TestBadInput_getsAMessageForItsField(t *testing.T) {
	s := newScene(t).talk()
	sent := len(s.sim.Requests())
	number := "A number has digits only"
	for _, test := range []struct {
		url            string
		form           form
		field, message string
	}{
		{callURL(s.id, "SingleStepTransfer"), form{}, "number", "Enter a number."},
		{callURL(s.id, "InitiateTransfer"), form{Number: "  "}, "number", "Enter a number."},
		{callURL(s.id, "SingleStepConference"), form{Number: "Ben"}, "number", number},
		{callURL(s.id, "InitiateConference"), form{Number: "+"}, "number", number},
		{callURL(s.id, "InitiateTransfer"), form{Number: "5002;ext=1"}, "number", number},
		{callURL(s.id, "InitiateTransfer"), form{Number: strings.Repeat("1", 40)}, "number", "too long"},
		{callURL(s.id, "SendDtmf"), form{}, "digits", "Enter the digits to send."},
		{callURL(s.id, "SendDtmf"), form{Digits: "12a4"}, "digits", "not “a”"},
		{callURL(s.id, "SendDtmf"), form{Digits: strings.Repeat("1", 65)}, "digits", "at most 64"},
		{callURL(s.id, "AttachUserData"), form{Value: "x"}, "key", "Enter a name"},
		{callURL(s.id, "UpdateUserData"), form{Key: "Order"}, "value", "Enter a value."},
		{callURL(s.id, "UpdateUserData"), form{Key: "a\x00b", Value: "x"}, "key", "control characters"},
		{callURL(s.id, "UpdateUserData"), form{Key: "a", Value: strings.Repeat("x", 5000)}, "value", "too long"},
		{callURL(s.id, "UpdateUserData"), form{Key: strings.Repeat("x", 300), Value: "x"}, "key", "too long"},
		{callURL(s.id, "DeleteUserDataPair"), form{}, "key", "which value"},
		{callURL(s.id, "SetCallDisposition"), form{Value: " "}, "value", "Enter or choose"},
		{callURL(s.id, "SetCallDisposition"), form{Value: strings.Repeat("x", 300)}, "value", "too long"},
		{callURL(s.id, "RemoveParticipantFromConference"), form{}, "number", "is empty"},
		{callURL(s.id, "SwapCalls"), form{}, "", "no second call"},
		{callURL("..%2F..%2Fme", "Hold"), form{}, "", "is not an id"},
		{deviceURL(s.desktop, "5001", "Dial"), form{}, "number", "Enter a number."},
		{deviceURL(s.desktop, "5001", "Dial"), form{Number: "call Ben"}, "number", number},
		{deviceURL(s.desktop, "5001", "ForwardCallsOn"), form{Number: "home"}, "number", number},
		{deviceURL(s.desktop, "5001", "ListenIn"), form{}, "number", "Enter a number."},
		{deviceURL(s.desktop, "5001", "Coach"), form{Number: "5002", Mode: "Some"}, "mode", "Choose which calls"},
		{deviceURL(s.desktop, "5001", "BargeIn"), form{Number: "5002", Scope: "Some"}, "scope", "Choose how long"},
	} {
		status, answer := s.p.post(test.url, test.form)
		assert.Equal(t, http.StatusUnprocessableEntity, status, "%s %v", test.url, test.form)
		assert.Equal(t, invalid, answer["outcome"], test.url)
		assert.Equal(t, test.field, orEmpty(answer["field"]), "%s %v", test.url, test.form)
		assert.Contains(t, answer["message"], test.message, test.url)
	}
	for _, r := range s.sim.Requests()[sent:] {
		assert.NotEqual(t, http.MethodPost+" /api/v2/me/calls/"+s.id, r.Method+" "+r.Path, "nothing was sent")
	}
	assert.Equal(t, "", s.truth().Digits)
}

func orEmpty(v any) any {
	if v == nil {
		return ""
	}
	return v
}

func TestOperation_onACallThatHasGone(t *testing.T) {
	s := newScene(t).talk()
	s.sim.HangupCustomer(s.id)
	s.p.awaitNoCalls()
	for _, id := range []string{s.id, "013V08JRL498H1OI04000VTAES00000I"} {
		for op, f := range map[string]form{"SendDtmf": {Digits: "1"}, "Hold": {}, "InitiateTransfer": {Number: "5002"}, "UpdateUserData": {Key: "a", Value: "b"}} {
			status, answer := s.p.post(callURL(id, op), f)
			assert.Equal(t, http.StatusConflict, status, op)
			assert.Equal(t, refused, answer["outcome"], op)
			assert.Equal(t, true, answer["gone"], op)
			assert.Contains(t, answer["message"], "This call has ended", op)
		}
	}
	status, _ := s.p.post(callURL(s.id, "Teleport"), nil)
	assert.Equal(t, http.StatusNotFound, status, "an operation that there is not")
}

// The page and the server know the same operations.
func TestButtons_areTheSameHereAndOnThePage(t *testing.T) {
	page, err := fs.ReadFile(static, "static/buttons.js")
	require.NoError(t, err)
	shown := map[string]bool{}
	for _, m := range regexp.MustCompile(`\bop: "(\w+)"|ops: \[([^\]]*)\]`).FindAllSubmatch(page, -1) {
		for _, name := range regexp.MustCompile(`\w+`).FindAllString(string(m[1])+" "+string(m[2]), -1) {
			shown[name] = true
		}
	}
	for op := range callOperations {
		assert.True(t, shown[string(op)], "%s has no button", op)
	}
	for name := range shown {
		_, known := callOperations[voice.OperationName(name)]
		assert.True(t, known, "the button %s does nothing", name)
	}
	// What is neither of a call nor of a device is the agent's.
	for _, op := range voice.OperationNames() {
		_, ofCall := callOperations[op]
		_, ofDevice := deviceOperations[op]
		ofAgent := slices.Contains([]voice.OperationName{voice.OpReady, voice.OpNotReady, voice.OpAfterCallWork, voice.OpAuxWork, voice.OpOffline,
			voice.OpStartContactCenterSession, voice.OpEndContactCenterSession}, op)
		assert.True(t, ofCall || ofDevice || ofAgent, "%s cannot be done at the desktop", op)
	}
}

func TestButtons_areExactlyTheCapabilities(t *testing.T) {
	s := newScene(t).ring()
	check := func(state string) {
		call := s.p.awaitCall(s.id, state)
		want := append(slices.Clone(call.Call.Capabilities), "SetCallDisposition")
		assert.ElementsMatch(t, want, call.Operations, state)
	}
	check("Ringing")
	s.do("Answer", nil)
	check("Established")
	s.do("Hold", nil)
	check("Held")

	d := s.app.sessions
	d.mu.Lock()
	desk := slices.Collect(maps.Values(d.byID))[0].desk
	d.mu.Unlock()
	all := voice.Call{Capabilities: append(voice.OperationNames(), "Teleport", voice.OpHold)}
	assert.NotContains(t, desk.buttons(&all), voice.OperationName("Teleport"), "what the page has no button for")
	assert.NotContains(t, desk.buttons(&all), voice.OpReady, "what is not of a call")
	seen := map[voice.OperationName]bool{}
	for _, op := range desk.buttons(&all) {
		assert.False(t, seen[op], "%s twice", op)
		seen[op] = true
	}
	assert.Equal(t, []voice.OperationName{voice.OpSetCallDisposition}, desk.buttons(&voice.Call{}), "needs no capability")
}
