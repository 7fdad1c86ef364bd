package voice_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// choose decides what an agent does, by what his client believes.
func (w *worker) choose() deed {
	calls, devices := w.client.Known()
	switch w.rand.IntN(12) {
	case 0:
		return w.byHand(calls)
	case 1, 2:
		return w.spoil(w.state(devices))
	case 3:
		if len(calls) < 2 {
			return w.spoil(w.dial())
		}
	}
	if len(calls) == 0 {
		return w.spoil(w.state(devices))
	}
	call := calls[w.rand.IntN(len(calls))]
	if len(calls) > 3 && call.Can(voice.OpHangup) {
		return w.spoil(deed{op: voice.OpHangup, run: simple((*voice.Client).Hangup, call.ID)})
	}
	if len(call.Capabilities) == 0 {
		return deed{}
	}
	return w.spoil(w.operate(call, calls, call.Capabilities[w.rand.IntN(len(call.Capabilities))]))
}

// spoil lets a third of the operations suffer.
func (w *worker) spoil(d deed) deed {
	some := func(longest time.Duration) time.Duration {
		return w.d(time.Duration(w.rand.Int64N(int64(longest))))
	}
	if d.run == nil || w.tame || w.rand.IntN(3) > 0 {
		return d
	}
	n := w.rand.IntN(20)
	d.about += fmt.Sprint(" fault ", n)
	switch n {
	case 0, 1:
		d.faults = []voicetest.Fault{voicetest.EventFirst(some(5 * second))}
	case 2, 3:
		d.faults = []voicetest.Fault{voicetest.ResponseFirst(some(8 * second))}
		d.excuse = true // it may be impossible by then, and the error somebody else's
	case 4:
		d.faults = []voicetest.Fault{voicetest.Slow(some(8 * second))}
	case 5:
		d.faults, d.excuse = []voicetest.Fault{voicetest.FailLater(some(5*second), 58, "no")}, true
	case 6:
		d.faults, d.excuse = []voicetest.Fault{voicetest.Silence()}, true
	case 7, 8:
		d.faults, d.excuse, d.loses = []voicetest.Fault{voicetest.LostEvent()}, true, true
	case 9:
		if w.metrics { // otherwise a message that another has overtaken looks like any
			d.faults, d.excuse, d.loses = []voicetest.Fault{voicetest.LateEvent(some(20 * second))}, true, true
		}
	case 10, 11:
		d.faults, d.repeats = []voicetest.Fault{voicetest.Duplicate(some(20 * second)), voicetest.Duplicate(some(second))}, true
	case 12:
		d.faults, d.excuse = []voicetest.Fault{voicetest.CutBefore()}, true
	case 13:
		d.faults, d.excuse = []voicetest.Fault{voicetest.CutAfter()}, true
	case 14:
		if d.op != voice.OpStartContactCenterSession { // messages of one device come in order
			d.faults = []voicetest.Fault{voicetest.SwapEvents()}
		}
	case 15:
		d.faults, d.excuse = []voicetest.Fault{voicetest.DropSession()}, true
		w.trouble(time.Minute)
	case 16:
		d.faults, d.excuse = []voicetest.Fault{voicetest.ExpireLogin()}, true
		w.trouble(time.Minute)
	case 17:
		d.faults, d.excuse = []voicetest.Fault{voicetest.AnswerAfter(502, "text/html", "<html>")}, true
	case 18:
		d.faults, d.excuse = []voicetest.Fault{voicetest.Truncate(w.rand.IntN(15))}, true
	case 19:
		d.leave = some(2*second) + 1
	}
	return d
}

func simple(m callMethod, id string) func(context.Context, *voice.Client) error {
	return func(ctx context.Context, c *voice.Client) error { _, err := m(c, ctx, id); return err }
}

func (w *worker) dial() deed {
	number := w.number()
	return deed{op: voice.OpDial, run: func(ctx context.Context, c *voice.Client) error {
		_, err := c.Dial(ctx, voice.Destination{PhoneNumber: number})
		return err
	}}
}

// number is somebody's: an agent's, the queue's, an outside one, or nobody's.
func (w *worker) number() string {
	switch w.rand.IntN(8) {
	case 0, 1:
		return fmt.Sprintf("41555501%02d", w.rand.IntN(100))
	case 2:
		return "9000"
	case 3:
		return "123"
	}
	for {
		if other := w.agents[w.rand.IntN(len(w.agents))]; other != w {
			return other.dn
		}
	}
}

func (w *worker) state(devices []*voice.Device) deed {
	if len(devices) == 0 {
		return deed{}
	}
	d := devices[0]
	run := func(m func(*voice.Client, context.Context, ...voice.AgentStateOptions) (*voice.DeviceStateChangeMessage, error)) func(context.Context, *voice.Client) error {
		return func(ctx context.Context, c *voice.Client) error { _, err := m(c, ctx); return err }
	}
	onDevice := func(m deviceMethod) func(context.Context, *voice.Client) error {
		return func(ctx context.Context, c *voice.Client) error { _, err := m(c, ctx, d.ID); return err }
	}
	if d.UserState == nil || d.UserState.State == voice.UserLoggedOut {
		return deed{op: voice.OpStartContactCenterSession, run: func(ctx context.Context, c *voice.Client) error {
			return c.StartContactCenterSession(ctx, voice.Session{})
		}}
	}
	switch w.rand.IntN(14) {
	case 0:
		return deed{op: voice.OpNotReady, run: run((*voice.Client).NotReady)}
	case 1:
		return deed{op: voice.OpAfterCallWork, run: run((*voice.Client).AfterCallWork)}
	case 2:
		return deed{op: voice.OpAuxWork, run: run((*voice.Client).AuxWork)}
	case 3:
		return deed{op: voice.OpOffline, run: run((*voice.Client).Offline)}
	case 4:
		return deed{op: "Lunch", run: func(ctx context.Context, c *voice.Client) error {
			_, err := c.SetAgentState(ctx, "Lunch")
			return err
		}}
	case 5:
		if d.Can(voice.OpDoNotDisturbOn) {
			return deed{op: voice.OpDoNotDisturbOn, run: onDevice((*voice.Client).DoNotDisturbOn)}
		}
		return deed{op: voice.OpDoNotDisturbOff, run: onDevice((*voice.Client).DoNotDisturbOff)}
	case 6:
		number := w.number()
		if d.Can(voice.OpForwardCallsOn) {
			return deed{op: voice.OpForwardCallsOn, run: func(ctx context.Context, c *voice.Client) error {
				_, err := c.ForwardCallsOn(ctx, d.ID, number)
				return err
			}}
		}
		return deed{op: voice.OpForwardCallsOff, run: onDevice((*voice.Client).ForwardCallsOff)}
	case 7, 8, 9:
		if d.Can(voice.OpListenIn) {
			return w.monitor(d)
		}
	}
	return deed{op: voice.OpReady, run: run((*voice.Client).Ready)}
}

func (w *worker) monitor(d *voice.Device) deed {
	if d.Can(voice.OpCancelSupervisorMonitoring) && w.rand.IntN(2) == 0 {
		return deed{op: voice.OpCancelSupervisorMonitoring, run: func(ctx context.Context, c *voice.Client) error {
			_, err := c.CancelSupervisorMonitoring(ctx, d.ID)
			return err
		}}
	}
	var target *worker
	for target == nil || target == w {
		target = w.agents[w.rand.IntN(len(w.agents))]
	}
	m := voice.Monitor{TargetDeviceID: w.sim.Agent(target.name).DeviceID(),
		Scope: []voice.MonitoringScope{"", voice.MonitorAgent}[w.rand.IntN(2)], Mode: []voice.MonitoringMode{"", voice.MonitorNextCall}[w.rand.IntN(2)]}
	method, op := (*voice.Client).ListenIn, voice.OpListenIn
	switch w.rand.IntN(3) {
	case 0:
		method, op = (*voice.Client).Coach, voice.OpCoach
	case 1:
		method, op = (*voice.Client).BargeIn, voice.OpBargeIn
	}
	return deed{op: op, run: func(ctx context.Context, c *voice.Client) error {
		_, err := method(c, ctx, d.ID, m)
		return err
	}}
}

var plainMethods = map[voice.OperationName]callMethod{
	voice.OpAnswer: (*voice.Client).Answer, voice.OpReject: (*voice.Client).Reject, voice.OpHangup: (*voice.Client).Hangup,
	voice.OpClearCall: (*voice.Client).ClearCall, voice.OpHold: (*voice.Client).Hold, voice.OpRetrieve: (*voice.Client).Retrieve,
	voice.OpMuteCall: (*voice.Client).MuteCall, voice.OpUnmuteCall: (*voice.Client).UnmuteCall,
	voice.OpDeleteUserData:     (*voice.Client).DeleteUserData,
	voice.OpStartCallRecording: (*voice.Client).StartCallRecording, voice.OpPauseCallRecording: (*voice.Client).PauseCallRecording,
	voice.OpResumeCallRecording: (*voice.Client).ResumeCallRecording, voice.OpStopCallRecording: (*voice.Client).StopCallRecording,
	voice.OpSwitchToListenIn: (*voice.Client).SwitchToListenIn, voice.OpSwitchToBargeIn: (*voice.Client).SwitchToBargeIn,
	voice.OpMuteMonitoredUser: (*voice.Client).MuteMonitoredUser, voice.OpUnmuteMonitoredUser: (*voice.Client).UnmuteMonitoredUser,
}

// operate is what is done with a call.
func (w *worker) operate(call *voice.Call, calls []*voice.Call, op voice.OperationName) deed {
	d := deed{op: op, about: fmt.Sprintf("%+v", call)}
	key, value := fmt.Sprint("key", w.rand.IntN(4)), w.rand.IntN(1000)
	to := voice.Destination{PhoneNumber: w.number()}
	d.about += " to " + to.PhoneNumber
	switch op {
	case voice.OpSendDTMF:
		d.run = func(ctx context.Context, c *voice.Client) error {
			_, err := c.SendDTMF(ctx, call.ID, "1*#")
			return err
		}
	case voice.OpAttachUserData:
		d.run = func(ctx context.Context, c *voice.Client) error {
			_, err := c.AttachUserData(ctx, call.ID, map[string]any{w.name + key: value})
			return err
		}
	case voice.OpUpdateUserData:
		if w.rand.IntN(3) == 0 {
			d.op = voice.OpSetCallDisposition
			d.run = func(ctx context.Context, c *voice.Client) error {
				_, err := c.SetCallDisposition(ctx, call.ID, voice.Disposition{Value: fmt.Sprint("v", value), Key: w.name})
				return err
			}
			break
		}
		d.run = func(ctx context.Context, c *voice.Client) error {
			_, err := c.UpdateUserData(ctx, call.ID, map[string]any{w.name + key: value, "nested": map[string]any{"by": w.name}})
			return err
		}
	case voice.OpDeleteUserDataPair:
		d.run = func(ctx context.Context, c *voice.Client) error {
			_, err := c.DeleteUserDataPair(ctx, call.ID, w.name+key)
			return err
		}
	case voice.OpSingleStepTransfer:
		d.run = func(ctx context.Context, c *voice.Client) error {
			_, err := c.SingleStepTransfer(ctx, call.ID, to)
			return err
		}
	case voice.OpSingleStepConference:
		d.excuse = len(to.PhoneNumber) < 10 // who joins may be another, where a queue or a telephone forwards
		d.run = func(ctx context.Context, c *voice.Client) error {
			_, err := c.SingleStepConference(ctx, call.ID, to)
			return err
		}
	case voice.OpInitiateTransfer:
		d.run = func(ctx context.Context, c *voice.Client) error {
			_, err := c.InitiateTransfer(ctx, call.ID, to)
			return err
		}
	case voice.OpInitiateConference:
		d.run = func(ctx context.Context, c *voice.Client) error {
			_, err := c.InitiateConference(ctx, call.ID, to)
			return err
		}
	case voice.OpCompleteTransfer:
		d.run = func(ctx context.Context, c *voice.Client) error {
			_, err := c.CompleteTransfer(ctx, call.ID, voice.Complete{})
			return err
		}
	case voice.OpCompleteConference:
		d.run = func(ctx context.Context, c *voice.Client) error {
			_, err := c.CompleteConference(ctx, call.ID, voice.Complete{})
			return err
		}
	case voice.OpRemoveParticipantFromConference:
		if len(call.Participants) > 0 {
			number := call.Participants[w.rand.IntN(len(call.Participants))].PhoneNumber
			d.run = func(ctx context.Context, c *voice.Client) error {
				_, err := c.RemoveParticipantFromConference(ctx, call.ID, number)
				return err
			}
		}
	case voice.OpSwapCalls:
		other := slices.IndexFunc(calls, func(o *voice.Call) bool { return o.ParentID == call.ID || call.ParentID == o.ID })
		if other >= 0 {
			id := calls[other].ID
			d.run = func(ctx context.Context, c *voice.Client) error { _, err := c.SwapCalls(ctx, call.ID, id); return err }
		}
	default:
		if m := plainMethods[op]; m != nil {
			d.run = simple(m, call.ID)
		}
	}
	return d
}

// byHand uses the telephone itself.
func (w *worker) byHand(calls []*voice.Call) deed {
	hand := w.sim.Agent(w.name)
	if len(calls) == 0 {
		hand.SetState([]voice.OperationName{voice.OpReady, voice.OpNotReady, "Training"}[w.rand.IntN(3)])
		return deed{}
	}
	id := calls[w.rand.IntN(len(calls))].ID
	switch w.rand.IntN(4) {
	case 0:
		hand.Answer(id)
	case 1:
		hand.Hold(id)
	case 2:
		hand.Retrieve(id)
	case 3:
		hand.Hangup(id)
	}
	return deed{}
}
