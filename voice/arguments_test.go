package voice_test

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
)

// badIDs are no ids of calls or devices: as part of a path they would name
// something else, or nothing.
var badIDs = []string{"", ".", "..", "...", "a/b", "/", "/calls", "a/../b", "..%2f", "a?b", "a#b", "a%2Fb", "a\\b", "a b", "a\nb", "a\x00b", "\x7f", "a.b", "a."}

var badNumbers = []string{"", " ", "\t", "50\n01", "\x00", "500\x7f"}

// withID are the methods that take the id of a call or device, with everything
// else in order.
var withID = map[string]struct {
	argument string
	run      func(ctx context.Context, c *voice.Client, id string) error
}{
	"Answer":    {"callID", idOf((*voice.Client).Answer)},
	"Reject":    {"callID", idOf((*voice.Client).Reject)},
	"Hangup":    {"callID", idOf((*voice.Client).Hangup)},
	"ClearCall": {"callID", idOf((*voice.Client).ClearCall)},
	"Hold":      {"callID", idOf((*voice.Client).Hold)},
	"Retrieve":  {"callID", idOf((*voice.Client).Retrieve)},
	"SwapCalls": {"callID", func(ctx context.Context, c *voice.Client, id string) error {
		_, err := c.SwapCalls(ctx, id, call12)
		return err
	}},
	"SwapCalls, the other": {"otherID", func(ctx context.Context, c *voice.Client, id string) error {
		_, err := c.SwapCalls(ctx, call12, id)
		return err
	}},
	"SendDTMF": {"callID", func(ctx context.Context, c *voice.Client, id string) error {
		_, err := c.SendDTMF(ctx, id, "1")
		return err
	}},
	"MuteCall":   {"callID", idOf((*voice.Client).MuteCall)},
	"UnmuteCall": {"callID", idOf((*voice.Client).UnmuteCall)},
	"Accept":     {"callID", idOf((*voice.Client).Accept)},
	"Decline":    {"callID", idOf((*voice.Client).Decline)},
	"SingleStepTransfer": {"callID", func(ctx context.Context, c *voice.Client, id string) error {
		_, err := c.SingleStepTransfer(ctx, id, to7003)
		return err
	}},
	"InitiateTransfer": {"callID", func(ctx context.Context, c *voice.Client, id string) error {
		_, err := c.InitiateTransfer(ctx, id, to7003)
		return err
	}},
	"CompleteTransfer": {"callID", func(ctx context.Context, c *voice.Client, id string) error {
		_, err := c.CompleteTransfer(ctx, id, voice.Complete{})
		return err
	}},
	"CompleteTransfer, the consultation": {"p.ConsultCallID", func(ctx context.Context, c *voice.Client, id string) error {
		if id == "" {
			return &voice.ArgumentError{Argument: "p.ConsultCallID"} // is allowed
		}
		_, err := c.CompleteTransfer(ctx, call11, voice.Complete{ConsultCallID: id})
		return err
	}},
	"SingleStepConference": {"callID", func(ctx context.Context, c *voice.Client, id string) error {
		_, err := c.SingleStepConference(ctx, id, to7003)
		return err
	}},
	"InitiateConference": {"callID", func(ctx context.Context, c *voice.Client, id string) error {
		_, err := c.InitiateConference(ctx, id, to7003)
		return err
	}},
	"CompleteConference": {"callID", func(ctx context.Context, c *voice.Client, id string) error {
		_, err := c.CompleteConference(ctx, id, voice.Complete{})
		return err
	}},
	"RemoveParticipantFromConference": {"callID", func(ctx context.Context, c *voice.Client, id string) error {
		_, err := c.RemoveParticipantFromConference(ctx, id, "7003")
		return err
	}},
	"AttachUserData": {"callID", func(ctx context.Context, c *voice.Client, id string) error {
		_, err := c.AttachUserData(ctx, id, map[string]any{"a": 1})
		return err
	}},
	"UpdateUserData": {"callID", func(ctx context.Context, c *voice.Client, id string) error {
		_, err := c.UpdateUserData(ctx, id, map[string]any{"a": 1})
		return err
	}},
	"DeleteUserDataPair": {"callID", func(ctx context.Context, c *voice.Client, id string) error {
		_, err := c.DeleteUserDataPair(ctx, id, "a")
		return err
	}},
	"DeleteUserData": {"callID", idOf((*voice.Client).DeleteUserData)},
	"SetCallDisposition": {"callID", func(ctx context.Context, c *voice.Client, id string) error {
		_, err := c.SetCallDisposition(ctx, id, voice.Disposition{Value: "Resolved"})
		return err
	}},
	"StartCallRecording":  {"callID", idOf((*voice.Client).StartCallRecording)},
	"PauseCallRecording":  {"callID", idOf((*voice.Client).PauseCallRecording)},
	"ResumeCallRecording": {"callID", idOf((*voice.Client).ResumeCallRecording)},
	"StopCallRecording":   {"callID", idOf((*voice.Client).StopCallRecording)},
	"ListenIn":            {"deviceID", monitorOf((*voice.Client).ListenIn)},
	"Coach":               {"deviceID", monitorOf((*voice.Client).Coach)},
	"BargeIn":             {"deviceID", monitorOf((*voice.Client).BargeIn)},
	"ListenIn, the target": {"p.TargetDeviceID", func(ctx context.Context, c *voice.Client, id string) error {
		if id == "" {
			return &voice.ArgumentError{Argument: "p.TargetDeviceID"} // the others may name it
		}
		_, err := c.ListenIn(ctx, device5, voice.Monitor{TargetDeviceID: id})
		return err
	}},
	"CancelSupervisorMonitoring": {"deviceID", deviceIDOf((*voice.Client).CancelSupervisorMonitoring)},
	"SwitchToListenIn":           {"callID", idOf((*voice.Client).SwitchToListenIn)},
	"SwitchToBargeIn":            {"callID", idOf((*voice.Client).SwitchToBargeIn)},
	"MuteMonitoredUser":          {"callID", idOf((*voice.Client).MuteMonitoredUser)},
	"UnmuteMonitoredUser":        {"callID", idOf((*voice.Client).UnmuteMonitoredUser)},
	"ForwardCallsOn": {"deviceID", func(ctx context.Context, c *voice.Client, id string) error {
		_, err := c.ForwardCallsOn(ctx, id, "7003")
		return err
	}},
	"ForwardCallsOff": {"deviceID", deviceIDOf((*voice.Client).ForwardCallsOff)},
	"DoNotDisturbOn":  {"deviceID", deviceIDOf((*voice.Client).DoNotDisturbOn)},
	"DoNotDisturbOff": {"deviceID", deviceIDOf((*voice.Client).DoNotDisturbOff)},
	"Dial": {"to.DeviceID", func(ctx context.Context, c *voice.Client, id string) error {
		if id == "" {
			return &voice.ArgumentError{Argument: "to.DeviceID"} // means the first
		}
		_, err := c.Dial(ctx, voice.Destination{PhoneNumber: "7003", DeviceID: id})
		return err
	}},
	"Call": {"callID", func(ctx context.Context, c *voice.Client, id string) error {
		_, err := c.Call(ctx, id)
		return err
	}},
	"Await": {"callID", func(ctx context.Context, c *voice.Client, id string) error {
		_, err := c.Await(ctx, id, func(*voice.Call) bool { return true })
		return err
	}},
	"Start, a call": {"callID", func(ctx context.Context, c *voice.Client, id string) error {
		if id == "" {
			return &voice.ArgumentError{Argument: "callID"}
		}
		_, err := c.Start(ctx, voice.Operation{Name: "Teleport", CallID: id})
		return err
	}},
	"Start, a device": {"deviceID", func(ctx context.Context, c *voice.Client, id string) error {
		if id == "" {
			return &voice.ArgumentError{Argument: "deviceID"}
		}
		_, err := c.Start(ctx, voice.Operation{Name: "Teleport", DeviceID: id})
		return err
	}},
}

func idOf(m callMethod) func(context.Context, *voice.Client, string) error {
	return func(ctx context.Context, c *voice.Client, id string) error { _, err := m(c, ctx, id); return err }
}

func deviceIDOf(m deviceMethod) func(context.Context, *voice.Client, string) error {
	return func(ctx context.Context, c *voice.Client, id string) error { _, err := m(c, ctx, id); return err }
}

func monitorOf(m func(*voice.Client, context.Context, string, voice.Monitor) (*voice.DeviceStateChangeMessage, error)) func(context.Context, *voice.Client, string) error {
	return func(ctx context.Context, c *voice.Client, id string) error {
		_, err := m(c, ctx, id, monitor2)
		return err
	}
}

func requireArgument(t *testing.T, name string, err error) {
	t.Helper()
	e, ok := errors.AsType[*voice.ArgumentError](err)
	require.True(t, ok, "%v", err)
	assert.Equal(t, name, e.Argument)
	assert.Contains(t, err.Error(), name)
	assert.True(t, voice.SafeToRetry(err))
}

func TestArguments_ids(t *testing.T) {
	script(t, func(t *testing.T, s *scripted) {
		s.list(samples(t, "Ready")...)
		c := s.connect()
		for name, m := range withID {
			for _, id := range badIDs {
				t.Logf("%s %q", name, id)
				requireArgument(t, m.argument, m.run(t.Context(), c, id))
			}
		}
		assert.Empty(t, s.sent(), "nothing was sent")
	})
}

func TestArguments_ofEveryOtherKind(t *testing.T) {
	script(t, func(t *testing.T, s *scripted) {
		s.list(samples(t, "Ready")...)
		c, ctx := s.connect(), t.Context()
		check := func(name string, err error) { t.Helper(); requireArgument(t, name, err) }
		for _, number := range badNumbers {
			to := voice.Destination{PhoneNumber: number}
			_, err := c.Dial(ctx, to)
			check("to.PhoneNumber", err)
			_, err = c.SingleStepTransfer(ctx, call01, to)
			check("to.PhoneNumber", err)
			_, err = c.InitiateTransfer(ctx, call01, to)
			check("to.PhoneNumber", err)
			_, err = c.SingleStepConference(ctx, call01, to)
			check("to.PhoneNumber", err)
			_, err = c.InitiateConference(ctx, call01, to)
			check("to.PhoneNumber", err)
			_, err = c.RemoveParticipantFromConference(ctx, call01, number)
			check("phoneNumber", err)
			_, err = c.ForwardCallsOn(ctx, device1, number)
			check("phoneNumber", err)
		}
		for _, digits := range []string{"", " ", "12a", "1 2", "+1", "１", "1,2", "A"} {
			_, err := c.SendDTMF(ctx, call01, digits)
			check("digits", err)
		}
		for _, data := range []map[string]any{nil, {}, {"": 1}, {"f": func() {}}, {"n": math.NaN()}, {"c": make(chan int)}} {
			_, err := c.AttachUserData(ctx, call01, data)
			check("data", err)
			_, err = c.UpdateUserData(ctx, call01, data)
			check("data", err)
			if len(data) == 0 {
				continue // nothing is attached to the new call
			}
			to := voice.Destination{PhoneNumber: "7003", UserData: data}
			_, err = c.Dial(ctx, to)
			check("to.UserData", err)
			_, err = c.SingleStepTransfer(ctx, call01, to)
			check("to.UserData", err)
			_, err = c.InitiateConference(ctx, call01, to)
			check("to.UserData", err)
		}
		_, err := c.DeleteUserDataPair(ctx, call01, "")
		check("key", err)
		_, err = c.SetCallDisposition(ctx, call01, voice.Disposition{Key: "k"})
		check("p.Value", err)
		_, err = c.SwapCalls(ctx, call01, call01)
		check("otherID", err)
		_, err = c.SingleStepTransfer(ctx, call01, voice.Destination{PhoneNumber: "1", OutboundCallerID: "2"})
		check("to.OutboundCallerID", err)
		_, err = c.InitiateTransfer(ctx, call01, voice.Destination{PhoneNumber: "1", DeviceID: device1})
		check("to.DeviceID", err)
		_, err = c.ListenIn(ctx, device5, voice.Monitor{})
		check("p.TargetDeviceURI", err)
		_, err = c.NotReady(ctx, voice.AgentStateOptions{WorkMode: "AutoIn"})
		check("opts.WorkMode", err)
		_, err = c.Ready(ctx, voice.AgentStateOptions{WrapUpTime: "0"})
		check("opts.WrapUpTime", err)
		_, err = c.Ready(ctx, voice.AgentStateOptions{}, voice.AgentStateOptions{})
		check("opts", err)
		_, err = c.SetAgentState(ctx, "")
		check("operationName", err)
		_, err = c.SetAgentState(ctx, "Holiday")
		check("operationName", err)
		_, err = c.Start(ctx, voice.Operation{})
		check("Operation.Name", err)
		_, err = c.Start(ctx, voice.Operation{Name: "X", Params: []int{1}})
		check("Params", err)
		_, err = c.Start(ctx, voice.Operation{Name: "X", Params: func() {}})
		check("Params", err)
		for _, path := range []string{"me", "//host/x", "/me/../x", "/me?x=1", "/me#x", "/me\n"} {
			_, err = c.Start(ctx, voice.Operation{Name: "X", Path: path})
			check("Path", err)
		}
		assert.Empty(t, s.sent(), "nothing was sent")
	})
}

// What is odd but possible goes out, escaped.
func TestArguments_oddButPossible(t *testing.T) {
	script(t, func(t *testing.T, s *scripted) {
		s.list(samples(t, "Ready")...)
		c := s.connect()
		_, err := c.Hold(t.Context(), "0071025563e9f00f")
		require.Error(t, err)
		_, err = c.Hold(t.Context(), "ä+&;=@:~")
		require.Error(t, err)
		sent := s.sent()
		require.Len(t, sent, 2)
		assert.Equal(t, "/me/calls/0071025563e9f00f", sent[0].Path)
		assert.Equal(t, "/me/calls/ä+&;=@:~", sent[1].Path)
	})
}
