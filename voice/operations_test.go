package voice_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
)

// result is what a method of Client returned, whatever its type.
type result struct {
	call, consult *voice.CallStateChangeMessage
	device        *voice.DeviceStateChangeMessage
}

// played is one operation as the samples tell it.
type played struct {
	before func(own []note) []note
	first  int // how many of the messages settle it, the first ones; 0 means all
	run    func(ctx context.Context, c *voice.Client) (result, error)
	path   string            // what is posted to
	more   map[string]runner // further request samples
	unseen bool              // no read of calls or devices can show the outcome
	onlyOK bool              // acceptance is the outcome
}

type runner = func(ctx context.Context, c *voice.Client) (result, error)

const (
	call01  = "02C7KQ5M3T9FV6PA81ND4WLAES000001"
	call03  = "02C7KQ5M3T9FV6PA81ND4WLAES000003"
	call04  = "02C7KQ5M3T9FV6PA81ND4WLAES000004"
	call11  = "02C7KQ5M3T9FV6PA81ND4WLAES000011"
	call12  = "02C7KQ5M3T9FV6PA81ND4WLAES000012"
	call13  = "02C7KQ5M3T9FV6PA81ND4WLAES000013"
	call21  = "02C7KQ5M3T9FV6PA81ND4WLAES000021"
	call22  = "02C7KQ5M3T9FV6PA81ND4WLAES000022"
	call23  = "02C7KQ5M3T9FV6PA81ND4WLAES000023"
	call31  = "02C7KQ5M3T9FV6PA81ND4WLAES000031"
	call41  = "02C7KQ5M3T9FV6PA81ND4WLAES000041"
	call51  = "02C7KQ5M3T9FV6PA81ND4WLAES000051"
	call61  = "02C7KQ5M3T9FV6PA81ND4WLAES000061"
	device1 = "5d2f0c1e-7a44-4b39-9c55-1f0be2a6d701"
	device5 = "c41a9d3b-58f6-4d7e-b1c0-9e3477aa5f03"
	target2 = sampleHost + "/api/v2/devices/0b8e64f2-3c1d-4e0a-8a77-62d95cf4e802"
)

type callMethod = func(c *voice.Client, ctx context.Context, id string) (*voice.CallStateChangeMessage, error)

// onCall is an operation on one call with nothing but its id.
func onCall(id string, method callMethod) runner {
	return func(ctx context.Context, c *voice.Client) (result, error) {
		msg, err := method(c, ctx, id)
		return result{call: msg}, err
	}
}

type deviceMethod = func(c *voice.Client, ctx context.Context, id string) (*voice.DeviceStateChangeMessage, error)

func onDevice(id string, method deviceMethod) runner {
	return func(ctx context.Context, c *voice.Client) (result, error) {
		msg, err := method(c, ctx, id)
		return result{device: msg}, err
	}
}

func call(msg *voice.CallStateChangeMessage, err error) (result, error) {
	return result{call: msg}, err
}

func device(msg *voice.DeviceStateChangeMessage, err error) (result, error) {
	return result{device: msg}, err
}

func two(msg *voice.Consultation, err error) (result, error) {
	if err != nil {
		return result{}, err
	}
	return result{call: msg.Original, consult: msg.Consult}, nil
}

// was is the first message with other attributes: how things were before.
func was(changes map[string]any) func([]note) []note {
	return func(own []note) []note { return []note{own[0].with(changes)} }
}

func inState(state voice.CallState) func([]note) []note {
	return was(map[string]any{"state": string(state)})
}

func parties(numbers ...string) []any {
	list := []any{}
	for _, n := range numbers {
		list = append(list, map[string]any{"phoneNumber": n, "digits": n})
	}
	return list
}

var (
	readyState    = map[string]any{"id": voice.StateIDReady, "displayName": "Ready", "state": "Ready"}
	notReadyState = map[string]any{"id": voice.StateIDNotReady, "displayName": "Not Ready", "state": "NotReady"}
	fromReady     = was(map[string]any{"userState": readyState})
	fromNotReady  = was(map[string]any{"userState": notReadyState})
)

// pair is how the two calls of a consultation were before the last step.
func pair(original, consult int, was voice.CallState) func([]note) []note {
	return func(own []note) []note {
		return []note{
			own[original].with(map[string]any{"state": string(was), "participants": parties("7002")}),
			own[consult].with(map[string]any{"state": "Established"}),
		}
	}
}

func agentState(method func(*voice.Client, context.Context, ...voice.AgentStateOptions) (*voice.DeviceStateChangeMessage, error), opts ...voice.AgentStateOptions) runner {
	return func(ctx context.Context, c *voice.Client) (result, error) { return device(method(c, ctx, opts...)) }
}

var to7003 = voice.Destination{PhoneNumber: "7003"}

var monitor2 = voice.Monitor{TargetDeviceURI: target2, Scope: voice.MonitorCall, Mode: voice.MonitorAllCalls}

func monitoring(method func(*voice.Client, context.Context, string, voice.Monitor) (*voice.DeviceStateChangeMessage, error)) played {
	return played{path: "/me/devices/" + device5, before: was(map[string]any{"supervisorMonitoringState": nil}),
		run: func(ctx context.Context, c *voice.Client) (result, error) {
			return device(method(c, ctx, device5, monitor2))
		}}
}

// plays tells of every operation how the samples come about.
var plays = map[voice.OperationName]played{
	voice.OpDial: {path: "/me/devices/" + device1 + "/calls", first: 1, before: func([]note) []note { return nil },
		run: func(ctx context.Context, c *voice.Client) (result, error) {
			return call(c.Dial(ctx, voice.Destination{PhoneNumber: "7002", DeviceID: device1}))
		},
		more: map[string]runner{"userdata": func(ctx context.Context, c *voice.Client) (result, error) {
			return call(c.Dial(ctx, voice.Destination{PhoneNumber: "7002", DeviceID: device1, UserData: map[string]any{"Product": "Guitars"}}))
		}}},
	voice.OpAnswer:    {path: "/me/calls/" + call03, before: inState("Ringing"), run: onCall(call03, (*voice.Client).Answer)},
	voice.OpReject:    {path: "/me/calls/" + call04, before: inState("Ringing"), run: onCall(call04, (*voice.Client).Reject)},
	voice.OpHangup:    {path: "/me/calls/" + call01, before: inState("Established"), run: onCall(call01, (*voice.Client).Hangup)},
	voice.OpClearCall: {path: "/me/calls/" + call41, before: inState("Established"), run: onCall(call41, (*voice.Client).ClearCall)},
	voice.OpHold:      {path: "/me/calls/" + call01, before: inState("Established"), run: onCall(call01, (*voice.Client).Hold)},
	voice.OpRetrieve:  {path: "/me/calls/" + call01, before: inState("Held"), run: onCall(call01, (*voice.Client).Retrieve)},
	voice.OpSwapCalls: {path: "/me/calls/" + call12,
		before: func(own []note) []note {
			return []note{own[0].with(map[string]any{"state": "Held"}), own[1].with(map[string]any{"state": "Established"})}
		},
		run: func(ctx context.Context, c *voice.Client) (result, error) {
			swap, err := c.SwapCalls(ctx, call12, call11)
			if err != nil {
				return result{}, err
			}
			return result{call: swap.Established, consult: swap.Held}, nil
		}},
	voice.OpSendDTMF: {path: "/me/calls/" + call01, before: inState("Established"), unseen: true,
		run: func(ctx context.Context, c *voice.Client) (result, error) { return call(c.SendDTMF(ctx, call01, "5")) }},
	voice.OpMuteCall:   {path: "/me/calls/" + call01, before: was(map[string]any{"mute": "Off"}), run: onCall(call01, (*voice.Client).MuteCall)},
	voice.OpUnmuteCall: {path: "/me/calls/" + call01, before: was(map[string]any{"mute": "On"}), run: onCall(call01, (*voice.Client).UnmuteCall)},
	voice.OpAccept:     {path: "/me/calls/" + call61, before: inState("Preview"), run: onCall(call61, (*voice.Client).Accept)},
	voice.OpDecline:    {path: "/me/calls/" + call61, before: inState("Preview"), run: onCall(call61, (*voice.Client).Decline)},

	voice.OpSingleStepTransfer: {path: "/me/calls/" + call13, before: inState("Established"),
		run: func(ctx context.Context, c *voice.Client) (result, error) {
			return call(c.SingleStepTransfer(ctx, call13, to7003))
		},
		more: map[string]runner{"userdata": func(ctx context.Context, c *voice.Client) (result, error) {
			return call(c.SingleStepTransfer(ctx, call13, voice.Destination{PhoneNumber: "7003", UserData: map[string]any{"TransferReason": "Escalation"}}))
		}}},
	voice.OpInitiateTransfer: {path: "/me/calls/" + call11, first: 2, before: inState("Established"),
		run: func(ctx context.Context, c *voice.Client) (result, error) {
			return two(c.InitiateTransfer(ctx, call11, to7003))
		}},
	voice.OpCompleteTransfer: {path: "/me/calls/" + call12, before: pair(0, 1, "Held"),
		run: func(ctx context.Context, c *voice.Client) (result, error) {
			return two(c.CompleteTransfer(ctx, call12, voice.Complete{}))
		},
		more: map[string]runner{"consult": func(ctx context.Context, c *voice.Client) (result, error) {
			return two(c.CompleteTransfer(ctx, call11, voice.Complete{ConsultCallID: call12}))
		}}},
	voice.OpSingleStepConference: {path: "/me/calls/" + call23, before: was(map[string]any{"participants": parties("7002")}),
		run: func(ctx context.Context, c *voice.Client) (result, error) {
			return call(c.SingleStepConference(ctx, call23, to7003))
		}},
	voice.OpInitiateConference: {path: "/me/calls/" + call21, before: inState("Established"),
		run: func(ctx context.Context, c *voice.Client) (result, error) {
			return two(c.InitiateConference(ctx, call21, to7003))
		}},
	voice.OpCompleteConference: {path: "/me/calls/" + call22, before: pair(1, 0, "Held"),
		run: func(ctx context.Context, c *voice.Client) (result, error) {
			return two(c.CompleteConference(ctx, call22, voice.Complete{}))
		}},
	voice.OpRemoveParticipantFromConference: {path: "/me/calls/" + call23, before: was(map[string]any{"participants": parties("7002", "7003")}),
		run: func(ctx context.Context, c *voice.Client) (result, error) {
			return call(c.RemoveParticipantFromConference(ctx, call23, "7002"))
		}},

	voice.OpAttachUserData: {path: "/me/calls/" + call01, before: was(map[string]any{"userData": nil}),
		run: func(ctx context.Context, c *voice.Client) (result, error) {
			return call(c.AttachUserData(ctx, call01, map[string]any{"AccountNumber": "90210"}))
		}},
	voice.OpUpdateUserData: {path: "/me/calls/" + call01, before: was(map[string]any{"userData": map[string]any{"AccountNumber": "90210"}}),
		run: func(ctx context.Context, c *voice.Client) (result, error) {
			return call(c.UpdateUserData(ctx, call01, map[string]any{"AccountNumber": "90211", "CustomerSegment": "Gold"}))
		}},
	voice.OpDeleteUserDataPair: {path: "/me/calls/" + call01,
		before: was(map[string]any{"userData": map[string]any{"AccountNumber": "90211", "CustomerSegment": "Gold"}}),
		run: func(ctx context.Context, c *voice.Client) (result, error) {
			return call(c.DeleteUserDataPair(ctx, call01, "CustomerSegment"))
		}},
	voice.OpDeleteUserData: {path: "/me/calls/" + call01, before: was(map[string]any{"userData": map[string]any{"AccountNumber": "90211"}}),
		run: onCall(call01, (*voice.Client).DeleteUserData)},
	voice.OpSetCallDisposition: {path: "/me/calls/" + call01, before: was(map[string]any{"userData": nil}),
		run: func(ctx context.Context, c *voice.Client) (result, error) {
			return call(c.SetCallDisposition(ctx, call01, voice.Disposition{Value: "Resolved", Key: "DispositionCode"}))
		}},

	voice.OpStartCallRecording:  {path: "/me/calls/" + call31, before: was(map[string]any{"recordingState": "Stopped"}), run: onCall(call31, (*voice.Client).StartCallRecording)},
	voice.OpPauseCallRecording:  {path: "/me/calls/" + call31, before: was(map[string]any{"recordingState": "Recording"}), run: onCall(call31, (*voice.Client).PauseCallRecording)},
	voice.OpResumeCallRecording: {path: "/me/calls/" + call31, before: was(map[string]any{"recordingState": "Paused"}), run: onCall(call31, (*voice.Client).ResumeCallRecording)},
	voice.OpStopCallRecording:   {path: "/me/calls/" + call31, before: was(map[string]any{"recordingState": "Recording"}), run: onCall(call31, (*voice.Client).StopCallRecording)},

	voice.OpListenIn: monitoring((*voice.Client).ListenIn),
	voice.OpCoach:    monitoring((*voice.Client).Coach),
	voice.OpBargeIn:  monitoring((*voice.Client).BargeIn),
	voice.OpCancelSupervisorMonitoring: {path: "/me/devices/" + device5,
		before: was(map[string]any{"supervisorMonitoringState": map[string]any{"state": "ListenIn", "targetDeviceUri": target2}}),
		run:    onDevice(device5, (*voice.Client).CancelSupervisorMonitoring)},
	voice.OpSwitchToListenIn:    {path: "/me/calls/" + call51, before: was(map[string]any{"mute": "Off"}), run: onCall(call51, (*voice.Client).SwitchToListenIn)},
	voice.OpSwitchToBargeIn:     {path: "/me/calls/" + call51, before: was(map[string]any{"mute": "On"}), run: onCall(call51, (*voice.Client).SwitchToBargeIn)},
	voice.OpMuteMonitoredUser:   {path: "/me/calls/" + call51, before: was(map[string]any{"monitoredUserMuted": false}), run: onCall(call51, (*voice.Client).MuteMonitoredUser)},
	voice.OpUnmuteMonitoredUser: {path: "/me/calls/" + call51, before: was(map[string]any{"monitoredUserMuted": true}), run: onCall(call51, (*voice.Client).UnmuteMonitoredUser)},

	voice.OpForwardCallsOn: {path: "/me/devices/" + device1, before: was(map[string]any{"forwardTo": nil}),
		run: func(ctx context.Context, c *voice.Client) (result, error) {
			return device(c.ForwardCallsOn(ctx, device1, "7002"))
		}},
	voice.OpForwardCallsOff: {path: "/me/devices/" + device1, before: was(map[string]any{"forwardTo": "7002"}), run: onDevice(device1, (*voice.Client).ForwardCallsOff)},
	voice.OpDoNotDisturbOn:  {path: "/me/devices/" + device1, before: was(map[string]any{"doNotDisturb": "Off"}), run: onDevice(device1, (*voice.Client).DoNotDisturbOn)},
	voice.OpDoNotDisturbOff: {path: "/me/devices/" + device1, before: was(map[string]any{"doNotDisturb": "On"}), run: onDevice(device1, (*voice.Client).DoNotDisturbOff)},

	voice.OpReady: {path: "/me/channels/voice", before: fromNotReady, run: agentState((*voice.Client).Ready),
		more: map[string]runner{"workmode": agentState((*voice.Client).Ready, voice.AgentStateOptions{WorkMode: "AutoIn"})}},
	voice.OpNotReady:      {path: "/me/channels/voice", before: fromReady, run: agentState((*voice.Client).NotReady)},
	voice.OpAfterCallWork: {path: "/me/channels/voice", before: fromReady, run: agentState((*voice.Client).AfterCallWork, voice.AgentStateOptions{WrapUpTime: "0"})},
	voice.OpAuxWork:       {path: "/me/channels/voice", before: fromReady, run: agentState((*voice.Client).AuxWork)},
	voice.OpOffline:       {path: "/me/channels/voice", before: fromReady, run: agentState((*voice.Client).Offline)},
	"Lunch": {path: "/me/channels/voice", before: fromReady,
		run: func(ctx context.Context, c *voice.Client) (result, error) {
			return device(c.SetAgentState(ctx, "Lunch"))
		}},

	voice.OpStartContactCenterSession: {path: "/me", onlyOK: true, before: was(map[string]any{"userState": nil}),
		run: startSession(voice.Session{}),
		more: map[string]runner{
			"voice-place":  startSession(voice.Session{Channels: []string{"voice", "chat"}, Place: "Place_7001", LoginCode: "7001", Queue: "8000"}),
			"voice-device": startSession(voice.Session{Place: "Place_7001", DevicePath: "/devices/" + device1}),
		}},
	voice.OpEndContactCenterSession: {path: "/me", onlyOK: true, before: func([]note) []note { return nil },
		run: func(ctx context.Context, c *voice.Client) (result, error) {
			return result{}, c.EndContactCenterSession(ctx)
		}},
}

func startSession(p voice.Session) runner {
	return func(ctx context.Context, c *voice.Client) (result, error) {
		return result{}, c.StartContactCenterSession(ctx, p)
	}
}

// everyOperation runs a test for each of plays, in a bubble of its own, when
// the state before the operation is known to the client.
func everyOperation(t *testing.T, test func(t *testing.T, s *scripted, c *voice.Client, p played, own []note)) {
	for _, op := range append(voice.OperationNames(), "Lunch") {
		t.Run(string(op), func(t *testing.T) {
			p, ok := plays[op]
			require.True(t, ok)
			own := samples(t, string(op))
			script(t, func(t *testing.T, s *scripted) {
				s.list(p.before(own)...)
				test(t, s, s.connect(), p, p.settling(own))
			})
		})
	}
}

// settling returns the messages that settle the operation.
func (p played) settling(own []note) []note {
	switch {
	case p.onlyOK:
		return nil
	case p.first > 0:
		return own[:p.first]
	}
	return own
}

// TestRequests_areTheSamples compares what goes out with the samples.
func TestRequests_areTheSamples(t *testing.T) {
	for _, op := range append(voice.OperationNames(), "Lunch") {
		p := plays[op]
		runs := map[string]runner{"request.json": p.run}
		for variant, run := range p.more {
			runs["request-"+variant+".json"] = run
		}
		files, err := filepath.Glob(filepath.Join("testdata", string(op), "request*.json"))
		require.NoError(t, err)
		assert.Len(t, files, len(runs), "%s: every request sample is somebody's", op)
		for file, run := range runs {
			t.Run(string(op)+"/"+file, func(t *testing.T) {
				want, err := os.ReadFile(filepath.Join("testdata", string(op), file))
				require.NoError(t, err)
				own := samples(t, string(op))
				script(t, func(t *testing.T, s *scripted) {
					s.list(p.before(own)...)
					client := s.connect()
					ctx, cancel := context.WithTimeout(t.Context(), 1)
					defer cancel()
					s.answerWith(nil)
					_, _ = run(ctx, client)
					sent := s.sent()
					require.Len(t, sent, 1)
					assert.JSONEq(t, string(want), string(sent[0].Body))
					path := p.path
					if file == "request-consult.json" {
						path = "/me/calls/" + call11
					}
					assert.Equal(t, path, sent[0].Path)
					assert.True(t, strings.HasPrefix(string(sent[0].Body), `{"operationName":"`), "the name comes first")
				})
			})
		}
	}
}

// sameAs tells whether a message is the sample, byte for byte.
func sameAs(t *testing.T, want note, raw json.RawMessage) {
	t.Helper()
	assert.JSONEq(t, string(want.Data), string(raw))
}
