package voice_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// methods are the methods whose names are not the operation's.
var methods = map[voice.OperationName]string{voice.OpSendDTMF: "SendDTMF"}

// TestEveryOperation_isComplete finds what is missing of an operation.
func TestEveryOperation_isComplete(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	client := reflect.TypeFor[*voice.Client]()
	seen := map[voice.OperationName]bool{}
	for _, op := range voice.OperationNames() {
		assert.False(t, seen[op], "%s is there twice", op)
		seen[op] = true
		method := methods[op]
		if method == "" {
			method = string(op)
		}
		_, ok := client.MethodByName(method)
		assert.True(t, ok, "%s has no method", op)
		assert.True(t, voice.HasRule(op), "%s has no rule in outcomes", op)
		assert.Contains(t, string(readme), "\n| `"+method+"(", "%s has no row in README.md", op)
		assert.FileExists(t, filepath.Join("testdata", string(op), "request.json"))
		played, ok := plays[op]
		assert.True(t, ok, "%s is not played", op)
		if !played.onlyOK {
			assert.FileExists(t, filepath.Join("testdata", string(op), "notification-1.json"))
		}
		assert.Contains(t, simulated, op, "%s is not tried on the simulator", op)
	}
	folders, err := os.ReadDir("testdata")
	require.NoError(t, err)
	for _, f := range folders {
		switch name := f.Name(); {
		case !f.IsDir(), name == "messages", name == "rest", name == "fuzz", name == "Lunch":
		default:
			assert.True(t, seen[voice.OperationName(name)], "testdata/%s is nobody's", name)
		}
	}
	for i := range client.NumMethod() { // a method is no operation unless it is listed
		name := client.Method(i).Name
		if strings.Contains(string(readme), "\n| `"+name+"(") && name != "SetAgentState" {
			assert.True(t, seen[operationOf(name)], "%s has a row in README.md and no OperationName", name)
		}
	}
}

func operationOf(method string) voice.OperationName {
	for op, name := range methods {
		if name == method {
			return op
		}
	}
	return voice.OperationName(method)
}

// scene is a contact centre in which an operation is possible.
type scene struct {
	t      *testing.T
	sim    *voicetest.Server
	client *voice.Client
	user   string
}

// newScene connects somebody who may do op.
func newScene(t *testing.T, sim *voicetest.Server, op voice.OperationName) *scene {
	t.Helper()
	s := &scene{t: t, sim: sim, user: "agent5001"}
	if supervises(op) {
		s.user = "supervisor5009"
	}
	s.client = connect(t, sim, func(c *voice.Config) { c.Auth = voice.BasicAuth(s.user, "secret") })
	return s
}

func (s *scene) talk() string { return established(s.t, s.sim, s.client) }

func (s *scene) device() string { return s.sim.Agent(s.user).DeviceID() }

// consultation is a call with an outside party, and one with agent 5002 about
// it.
func (s *scene) consultation(start func(*voice.Client, context.Context, string, voice.Destination) (*voice.Consultation, error)) (original, consult string) {
	original = s.talk()
	got, err := start(s.client, s.t.Context(), original, to5002)
	require.NoError(s.t, err)
	s.sim.Agent("5002").Answer(got.Consult.Call.ID)
	awaitState(s.t, s.client, got.Consult.Call.ID, voice.StateEstablished)
	return original, got.Consult.Call.ID
}

// must runs what has to work before.
func (s *scene) must(r runner) {
	_, err := r(s.t.Context(), s.client)
	require.NoError(s.t, err)
}

// watched is a call of agent 5002 that the supervisor is on.
func (s *scene) watched(op voice.OperationName) string {
	s.must(s.monitor(op))
	id := s.sim.Establish(voicetest.Call{From: "7002", To: "5002"})
	awaitState(s.t, s.client, id, voice.StateEstablished)
	return id
}

func (s *scene) monitor(op voice.OperationName) runner {
	target := voice.Monitor{TargetDeviceID: s.sim.Agent("5002").DeviceID()}
	return func(ctx context.Context, c *voice.Client) (result, error) {
		switch op {
		case voice.OpCoach:
			return device(c.Coach(ctx, s.device(), target))
		case voice.OpBargeIn:
			return device(c.BargeIn(ctx, s.device(), target))
		}
		return device(c.ListenIn(ctx, s.device(), target))
	}
}

var to5002 = voice.Destination{PhoneNumber: "5002"}

func onTalk(method callMethod, before ...callMethod) func(*scene) runner {
	return func(s *scene) runner {
		id := s.talk()
		for _, m := range before {
			s.must(onCall(id, m))
		}
		return onCall(id, method)
	}
}

func onOwnDevice(method deviceMethod, before ...deviceMethod) func(*scene) runner {
	return func(s *scene) runner {
		for _, m := range before {
			s.must(onDevice(s.device(), m))
		}
		return onDevice(s.device(), method)
	}
}

func withData(op callMethod) func(*scene) runner {
	return func(s *scene) runner {
		id := s.talk()
		s.must(func(ctx context.Context, c *voice.Client) (result, error) {
			return call(c.AttachUserData(ctx, id, map[string]any{"a": "1", "b": "2"}))
		})
		return onCall(id, op)
	}
}

func onWatched(how voice.OperationName, method callMethod, before ...callMethod) func(*scene) runner {
	return func(s *scene) runner {
		id := s.watched(how)
		for _, m := range before {
			s.must(onCall(id, m))
		}
		return onCall(id, method)
	}
}

func toState(r runner) func(*scene) runner {
	return func(*scene) runner { return r }
}

// simulated brings each operation about in the simulator.
var simulated = map[voice.OperationName]func(s *scene) runner{
	voice.OpDial: func(s *scene) runner {
		return func(ctx context.Context, c *voice.Client) (result, error) { return call(c.Dial(ctx, to5002)) }
	},
	voice.OpAnswer: func(s *scene) runner {
		return onCall(queueCall(s.t, s.sim, s.client), (*voice.Client).Answer)
	},
	voice.OpReject: func(s *scene) runner {
		return onCall(queueCall(s.t, s.sim, s.client), (*voice.Client).Reject)
	},
	voice.OpHangup: onTalk((*voice.Client).Hangup),
	voice.OpClearCall: onTalk((*voice.Client).ClearCall, func(c *voice.Client, ctx context.Context, id string) (*voice.CallStateChangeMessage, error) {
		return c.SingleStepConference(ctx, id, to5002)
	}),
	voice.OpHold:     onTalk((*voice.Client).Hold),
	voice.OpRetrieve: onTalk((*voice.Client).Retrieve, (*voice.Client).Hold),
	voice.OpSwapCalls: func(s *scene) runner {
		original, consult := s.consultation((*voice.Client).InitiateTransfer)
		return func(ctx context.Context, c *voice.Client) (result, error) {
			swap, err := c.SwapCalls(ctx, consult, original)
			if err != nil {
				return result{}, err
			}
			return result{call: swap.Established, consult: swap.Held}, nil
		}
	},
	voice.OpSendDTMF: onTalk(func(c *voice.Client, ctx context.Context, id string) (*voice.CallStateChangeMessage, error) {
		return c.SendDTMF(ctx, id, "12*#")
	}),
	voice.OpMuteCall:   onTalk((*voice.Client).MuteCall),
	voice.OpUnmuteCall: onTalk((*voice.Client).UnmuteCall, (*voice.Client).MuteCall),
	voice.OpAccept:     onPreview((*voice.Client).Accept),
	voice.OpDecline:    onPreview((*voice.Client).Decline),
	voice.OpSingleStepTransfer: onTalk(func(c *voice.Client, ctx context.Context, id string) (*voice.CallStateChangeMessage, error) {
		return c.SingleStepTransfer(ctx, id, to5002)
	}),
	voice.OpInitiateTransfer: func(s *scene) runner {
		id := s.talk()
		return func(ctx context.Context, c *voice.Client) (result, error) {
			return two(c.InitiateTransfer(ctx, id, to5002))
		}
	},
	voice.OpCompleteTransfer: func(s *scene) runner {
		original, _ := s.consultation((*voice.Client).InitiateTransfer)
		return func(ctx context.Context, c *voice.Client) (result, error) {
			return two(c.CompleteTransfer(ctx, original, voice.Complete{}))
		}
	},
	voice.OpSingleStepConference: onTalk(func(c *voice.Client, ctx context.Context, id string) (*voice.CallStateChangeMessage, error) {
		return c.SingleStepConference(ctx, id, to5002)
	}),
	voice.OpInitiateConference: func(s *scene) runner {
		id := s.talk()
		return func(ctx context.Context, c *voice.Client) (result, error) {
			return two(c.InitiateConference(ctx, id, to5002))
		}
	},
	voice.OpCompleteConference: func(s *scene) runner {
		_, consult := s.consultation((*voice.Client).InitiateConference)
		return func(ctx context.Context, c *voice.Client) (result, error) {
			return two(c.CompleteConference(ctx, consult, voice.Complete{}))
		}
	},
	voice.OpRemoveParticipantFromConference: func(s *scene) runner {
		original, consult := s.consultation((*voice.Client).InitiateConference)
		_, err := s.client.CompleteConference(s.t.Context(), consult, voice.Complete{})
		require.NoError(s.t, err)
		return func(ctx context.Context, c *voice.Client) (result, error) {
			return call(c.RemoveParticipantFromConference(ctx, original, "5002"))
		}
	},
	voice.OpAttachUserData: onTalk(func(c *voice.Client, ctx context.Context, id string) (*voice.CallStateChangeMessage, error) {
		return c.AttachUserData(ctx, id, map[string]any{"Case": "4711", "Nested": map[string]any{"n": 5, "list": []any{true, "x"}}})
	}),
	voice.OpUpdateUserData: withData(func(c *voice.Client, ctx context.Context, id string) (*voice.CallStateChangeMessage, error) {
		return c.UpdateUserData(ctx, id, map[string]any{"a": 3})
	}),
	voice.OpDeleteUserDataPair: withData(func(c *voice.Client, ctx context.Context, id string) (*voice.CallStateChangeMessage, error) {
		return c.DeleteUserDataPair(ctx, id, "a")
	}),
	voice.OpDeleteUserData: withData((*voice.Client).DeleteUserData),
	voice.OpSetCallDisposition: onTalk(func(c *voice.Client, ctx context.Context, id string) (*voice.CallStateChangeMessage, error) {
		return c.SetCallDisposition(ctx, id, voice.Disposition{Value: "Resolved"})
	}),
	voice.OpStartCallRecording:  onTalk((*voice.Client).StartCallRecording),
	voice.OpPauseCallRecording:  onTalk((*voice.Client).PauseCallRecording, (*voice.Client).StartCallRecording),
	voice.OpResumeCallRecording: onTalk((*voice.Client).ResumeCallRecording, (*voice.Client).StartCallRecording, (*voice.Client).PauseCallRecording),
	voice.OpStopCallRecording:   onTalk((*voice.Client).StopCallRecording, (*voice.Client).StartCallRecording),

	voice.OpListenIn: func(s *scene) runner { return s.monitor(voice.OpListenIn) },
	voice.OpCoach:    func(s *scene) runner { return s.monitor(voice.OpCoach) },
	voice.OpBargeIn:  func(s *scene) runner { return s.monitor(voice.OpBargeIn) },
	voice.OpCancelSupervisorMonitoring: func(s *scene) runner {
		s.must(s.monitor(voice.OpListenIn))
		return onDevice(s.device(), (*voice.Client).CancelSupervisorMonitoring)
	},
	voice.OpSwitchToListenIn:    onWatched(voice.OpBargeIn, (*voice.Client).SwitchToListenIn),
	voice.OpSwitchToBargeIn:     onWatched(voice.OpListenIn, (*voice.Client).SwitchToBargeIn),
	voice.OpMuteMonitoredUser:   onWatched(voice.OpBargeIn, (*voice.Client).MuteMonitoredUser),
	voice.OpUnmuteMonitoredUser: onWatched(voice.OpBargeIn, (*voice.Client).UnmuteMonitoredUser, (*voice.Client).MuteMonitoredUser),

	voice.OpForwardCallsOn:  onOwnDevice(forward5003),
	voice.OpForwardCallsOff: onOwnDevice((*voice.Client).ForwardCallsOff, forward5003),
	voice.OpDoNotDisturbOn:  onOwnDevice((*voice.Client).DoNotDisturbOn),
	voice.OpDoNotDisturbOff: onOwnDevice((*voice.Client).DoNotDisturbOff, (*voice.Client).DoNotDisturbOn),

	voice.OpReady: func(s *scene) runner {
		s.must(agentState((*voice.Client).NotReady))
		return agentState((*voice.Client).Ready)
	},
	voice.OpNotReady:      toState(agentState((*voice.Client).NotReady)),
	voice.OpAfterCallWork: toState(agentState((*voice.Client).AfterCallWork)),
	voice.OpAuxWork:       toState(agentState((*voice.Client).AuxWork)),
	voice.OpOffline:       toState(agentState((*voice.Client).Offline)),
	"Lunch":               toState(plays["Lunch"].run),

	voice.OpStartContactCenterSession: func(s *scene) runner {
		s.must(agentState((*voice.Client).Offline))
		return startSession(voice.Session{})
	},
	voice.OpEndContactCenterSession: toState(plays[voice.OpEndContactCenterSession].run),
}

func forward5003(c *voice.Client, ctx context.Context, id string) (*voice.DeviceStateChangeMessage, error) {
	return c.ForwardCallsOn(ctx, id, "5003")
}

func onPreview(method callMethod) func(*scene) runner {
	return func(s *scene) runner {
		id := s.sim.Preview(voicetest.Call{From: "4155550142", To: "5001"})
		awaitState(s.t, s.client, id, voice.StatePreview)
		return onCall(id, method)
	}
}

func supervises(op voice.OperationName) bool {
	switch op {
	case voice.OpListenIn, voice.OpCoach, voice.OpBargeIn, voice.OpCancelSupervisorMonitoring,
		voice.OpSwitchToListenIn, voice.OpSwitchToBargeIn, voice.OpMuteMonitoredUser, voice.OpUnmuteMonitoredUser:
		return true
	}
	return false
}

// how an operation goes wrong, or late, in the simulator, and what that means.
var mishaps = map[string]struct {
	faults []voicetest.Fault
	took   time.Duration
	check  func(t *testing.T, op voice.OperationName, err error)
}{
	"nothing":                    {check: succeeds},
	"event first":                {[]voicetest.Fault{voicetest.EventFirst(3 * second)}, 3 * second, succeeds},
	"response first":             {[]voicetest.Fault{voicetest.ResponseFirst(2 * second)}, 2 * second, succeeds},
	"slow":                       {[]voicetest.Fault{voicetest.Slow(4 * second)}, 4 * second, succeeds},
	"late event":                 {[]voicetest.Fault{voicetest.LateEvent(5 * second)}, 5 * second, succeeds},
	"twice":                      {[]voicetest.Fault{voicetest.Duplicate(second), voicetest.Duplicate(0)}, 0, succeeds},
	"swapped":                    {[]voicetest.Fault{voicetest.SwapEvents()}, 0, succeeds},
	"swapped, event first":       {[]voicetest.Fault{voicetest.SwapEvents(), voicetest.EventFirst(second)}, second, succeeds},
	"executed, connection cut":   {[]voicetest.Fault{voicetest.CutAfter()}, 0, isSettled},
	"lost event":                 {[]voicetest.Fault{voicetest.LostEvent()}, 10 * second, isReadBack},
	"executed, cut, lost event":  {[]voicetest.Fault{voicetest.CutAfter(), voicetest.LostEvent()}, 10 * second, isReadBack},
	"silence":                    {[]voicetest.Fault{voicetest.Silence()}, 10 * second, staysUnknown},
	"not executed, cut":          {[]voicetest.Fault{voicetest.CutBefore()}, 10 * second, staysUnknown},
	"fails later":                {[]voicetest.Fault{voicetest.FailLater(second, 58, "not now")}, second, failsLater},
	"fails before the response":  {[]voicetest.Fault{voicetest.FailLater(0, 58, "not now"), voicetest.Slow(second)}, second, failsLater},
	"refused":                    {[]voicetest.Fault{voicetest.Refuse(voice.CodeForbidden, "no")}, 0, isRefused},
	"the login expires":          {[]voicetest.Fault{voicetest.ExpireLogin()}, -1, isReadBack},
	"the session is dropped":     {[]voicetest.Fault{voicetest.DropSession()}, -1, isReadBack},
	"the session drops, silence": {[]voicetest.Fault{voicetest.DropSession(), voicetest.Silence()}, 10 * second, staysUnknown},
}

func onlyAccepted(op voice.OperationName) bool { return plays[op].onlyOK }

func succeeds(t *testing.T, _ voice.OperationName, err error) { require.NoError(t, err) }

func isReadBack(t *testing.T, op voice.OperationName, err error) {
	switch cut := strings.Contains(t.Name(), "cut"); {
	case plays[op].unseen, onlyAccepted(op) && cut: // no list of calls shows that digits were sent
		e, ok := errors.AsType[*voice.UnconfirmedError](err)
		require.True(t, ok, "%v", err)
		assert.Equal(t, !cut, e.Accepted)
	default:
		require.NoError(t, err)
	}
}

func isSettled(t *testing.T, op voice.OperationName, err error) {
	if onlyAccepted(op) && strings.Contains(t.Name(), "cut") {
		staysUnknown(t, op, err)
		return
	}
	require.NoError(t, err)
}

func staysUnknown(t *testing.T, op voice.OperationName, err error) {
	if onlyAccepted(op) && !strings.Contains(t.Name(), "cut") {
		require.NoError(t, err)
		return
	}
	_, ok := errors.AsType[*voice.UnconfirmedError](err)
	require.True(t, ok, "%v", err)
}

func failsLater(t *testing.T, op voice.OperationName, err error) {
	if onlyAccepted(op) {
		require.NoError(t, err)
		return
	}
	e := requireFailed(t, err, nil)
	assert.Equal(t, 58, e.Code)
	assert.Equal(t, op, e.Operation)
}

func isRefused(t *testing.T, op voice.OperationName, err error) {
	assert.Equal(t, op, requireRefused(t, err, voice.CodeForbidden).Operation)
}

// TestEveryOperation_onTheSimulator runs every operation with every mishap, and
// compares what the client believes with the truth afterwards.
func TestEveryOperation_onTheSimulator(t *testing.T) {
	for name, m := range mishaps {
		for _, op := range append(voice.OperationNames(), "Lunch") {
			t.Run(name+"/"+string(op), func(t *testing.T) {
				bubble(t, voicetest.Options{Recording: true, Muting: true}, func(t *testing.T, sim *voicetest.Server) {
					s := newScene(t, sim, op)
					run := simulated[op](s)
					time.Sleep(2 * second)
					if len(m.faults) > 0 {
						sim.On(op, m.faults...)
					}
					sim.ClearRequests()
					start := time.Now()
					_, err := run(t.Context(), s.client)
					m.check(t, op, err)
					if m.took >= 0 && (!onlyAccepted(op) || name == "slow") && !(plays[op].unseen && strings.Contains(name, "cut")) {
						assert.Equal(t, m.took, time.Since(start))
					}
					assert.Equal(t, 1, posts(sim, op), "a POST is sent once")

					time.Sleep(time.Minute)
					synctest.Wait()
					if op == voice.OpStartContactCenterSession && strings.HasPrefix(name, "swapped") {
						return // the reference promises that this does not happen
					}
					if op == voice.OpEndContactCenterSession {
						return
					}
					calls, devices := s.client.Known()
					assert.Empty(t, differences(sim, s.user, calls, devices))
					waiting, _ := s.client.Waiting()
					assert.Zero(t, waiting)
				})
			})
		}
	}
}
