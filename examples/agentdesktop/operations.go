package main

import (
	"context"

	"github.com/gwsvoice/gws-go/voice"
)

// operation is what a button of the page does.
type operation struct {
	name string // on the page
	done string // what is true when it is confirmed
	run  func(ctx context.Context, d *desk, id string, f *form) error
}

type callMethod = func(*voice.Client, context.Context, string) (*voice.CallStateChangeMessage, error)

// onCall makes the operation of a method that needs nothing but the call.
func onCall(name, done string, method callMethod) operation {
	return operation{name, done, func(ctx context.Context, d *desk, id string, _ *form) error {
		_, err := method(d.client, ctx, id)
		return err
	}}
}

// toNumber makes the operation of a method that sends the call somewhere.
func toNumber[T any](name, done string, method func(*voice.Client, context.Context, string, voice.Destination) (T, error)) operation {
	return operation{name, done, func(ctx context.Context, d *desk, id string, f *form) error {
		number, err := f.number()
		if err != nil {
			return err
		}
		_, err = method(d.client, ctx, id, voice.Destination{PhoneNumber: number})
		return err
	}}
}

func withData(name, done string, method func(*voice.Client, context.Context, string, map[string]any) (*voice.CallStateChangeMessage, error)) operation {
	return operation{name, done, func(ctx context.Context, d *desk, id string, f *form) error {
		data, err := f.pair()
		if err != nil {
			return err
		}
		_, err = method(d.client, ctx, id, data)
		return err
	}}
}

func complete(name, done string, method func(*voice.Client, context.Context, string, voice.Complete) (*voice.Consultation, error)) operation {
	return operation{name, done, func(ctx context.Context, d *desk, id string, _ *form) error {
		_, err := method(d.client, ctx, id, voice.Complete{})
		return err
	}}
}

// callOperations are the buttons of a call, by the capability that offers each.
var callOperations = map[voice.OperationName]operation{
	voice.OpAnswer:     onCall("Answer", "You are talking.", (*voice.Client).Answer),
	voice.OpReject:     onCall("Reject", "The call went back to its queue.", (*voice.Client).Reject),
	voice.OpHangup:     onCall("Hang up", "You have left the call.", (*voice.Client).Hangup),
	voice.OpClearCall:  onCall("End for all", "The call has ended for everybody.", (*voice.Client).ClearCall),
	voice.OpHold:       onCall("Hold", "The call is on hold.", (*voice.Client).Hold),
	voice.OpRetrieve:   onCall("Retrieve", "You are talking again.", (*voice.Client).Retrieve),
	voice.OpMuteCall:   onCall("Mute", "Nobody hears you.", (*voice.Client).MuteCall),
	voice.OpUnmuteCall: onCall("Unmute", "You are heard again.", (*voice.Client).UnmuteCall),
	voice.OpAccept:     onCall("Call this customer", "The customer is being called.", (*voice.Client).Accept),
	voice.OpDecline:    onCall("Decline", "The offer is declined.", (*voice.Client).Decline),

	voice.OpSwapCalls: {"Swap", "You are talking on the other call.", swap},
	voice.OpSendDTMF: {"Send digits", "The digits were sent.", func(ctx context.Context, d *desk, id string, f *form) error {
		digits, err := f.tones()
		if err == nil {
			_, err = d.client.SendDTMF(ctx, id, digits)
		}
		return err
	}},

	voice.OpSingleStepTransfer: toNumber("Transfer", "The call is transferred.", (*voice.Client).SingleStepTransfer),
	voice.OpInitiateTransfer:   toNumber("Consult", "The caller is on hold, and the other number is being called.", (*voice.Client).InitiateTransfer),
	voice.OpCompleteTransfer:   complete("Complete transfer", "The two are talking to each other.", (*voice.Client).CompleteTransfer),

	voice.OpSingleStepConference: toNumber("Add to the call", "The number is on the call.", (*voice.Client).SingleStepConference),
	voice.OpInitiateConference:   toNumber("Ask first", "The caller is on hold, and the other number is being called.", (*voice.Client).InitiateConference),
	voice.OpCompleteConference:   complete("Join calls", "All are on one call.", (*voice.Client).CompleteConference),
	voice.OpRemoveParticipantFromConference: {"Remove from the call", "The party has left the call.",
		func(ctx context.Context, d *desk, id string, f *form) error {
			_, err := d.client.RemoveParticipantFromConference(ctx, id, f.Participant)
			return err
		}},

	voice.OpAttachUserData: withData("Attach data", "The data is attached.", (*voice.Client).AttachUserData),
	voice.OpUpdateUserData: withData("Save data", "The data is saved.", (*voice.Client).UpdateUserData),
	voice.OpDeleteUserDataPair: {"Delete data", "The data is deleted.", func(ctx context.Context, d *desk, id string, f *form) error {
		if f.Key == "" {
			return &fieldError{"key", "Say which value to delete."}
		}
		_, err := d.client.DeleteUserDataPair(ctx, id, f.Key)
		return err
	}},
	voice.OpDeleteUserData: onCall("Delete all data", "All data of the call is deleted.", (*voice.Client).DeleteUserData),
	voice.OpSetCallDisposition: {"Result", "The result is noted.", func(ctx context.Context, d *desk, id string, f *form) error {
		value, err := f.disposition()
		if err == nil {
			_, err = d.client.SetCallDisposition(ctx, id, voice.Disposition{Value: value})
		}
		return err
	}},

	voice.OpStartCallRecording:  onCall("Record", "The call is being recorded.", (*voice.Client).StartCallRecording),
	voice.OpPauseCallRecording:  onCall("Pause recording", "The recording pauses.", (*voice.Client).PauseCallRecording),
	voice.OpResumeCallRecording: onCall("Resume recording", "The call is being recorded again.", (*voice.Client).ResumeCallRecording),
	voice.OpStopCallRecording:   onCall("Stop recording", "The recording has ended.", (*voice.Client).StopCallRecording),

	voice.OpSwitchToListenIn:    onCall("Only listen", "Nobody hears you any more.", (*voice.Client).SwitchToListenIn),
	voice.OpSwitchToBargeIn:     onCall("Barge in", "Everybody hears you now.", (*voice.Client).SwitchToBargeIn),
	voice.OpMuteMonitoredUser:   onCall("Mute the agent", "The agent is not heard any more.", (*voice.Client).MuteMonitoredUser),
	voice.OpUnmuteMonitoredUser: onCall("Unmute the agent", "The agent is heard again.", (*voice.Client).UnmuteMonitoredUser),
}

// swap changes to the call that belongs to this one, or else to the only other.
func swap(ctx context.Context, d *desk, id string, _ *form) error {
	d.mu.Lock()
	var mate, other string
	others := 0
	for _, c := range d.calls {
		switch {
		case c.ID == id:
			if c.ParentID != "" {
				mate = c.ParentID
			}
		case c.ParentID == id:
			mate = c.ID
		default:
			other, others = c.ID, others+1
		}
	}
	d.mu.Unlock()
	if mate == "" && others == 1 {
		mate = other
	}
	if mate == "" {
		return &fieldError{"", "There is no second call to change to."}
	}
	_, err := d.client.SwapCalls(ctx, id, mate)
	return err
}
