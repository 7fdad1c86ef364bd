package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/gwsvoice/gws-go/voice"
)

// destination is where a call goes, with what the flags say.
type destination struct {
	location, callerID, device string
	data                       []string
}

func (d *destination) flags(c *cobra.Command) {
	c.Flags().StringVar(&d.location, "location", "", "T-Server `location` of the number")
	c.Flags().StringArrayVar(&d.data, "data", nil, "`KEY=VALUE` to attach, several times if need be")
}

func (d *destination) to(number string) (voice.Destination, error) {
	data, err := parseData("--data", d.data)
	return voice.Destination{PhoneNumber: number, Location: d.location, UserData: data,
		OutboundCallerID: d.callerID, DeviceID: d.device}, err
}

// goingTo makes a command that sends a call, or a part of it, to NUMBER.
func (a *app) goingTo(o callOperation, do func(*voice.Client, context.Context, string, voice.Destination) (*voice.Outcome, error)) *cobra.Command {
	d := &destination{}
	o.do = func(c *voice.Client, ctx context.Context, id string, args []string) (*voice.Outcome, error) {
		to, err := d.to(args[0])
		if err != nil {
			return nil, err
		}
		return do(c, ctx, id, to)
	}
	c := a.command(o)
	d.flags(c)
	return c
}

func (a *app) transferCommand() *cobra.Command {
	c := a.goingTo(callOperation{use: "transfer NUMBER", short: "Send a call to another number", op: voice.OpSingleStepTransfer, scene: talking},
		func(c *voice.Client, ctx context.Context, id string, to voice.Destination) (*voice.Outcome, error) {
			return ofCall(c.SingleStepTransfer(ctx, id, to))
		})
	c.Long = `Send a call to another number, at once. To ask there first, use "transfer start"
and then "transfer complete", or "hangup" for the consultation and "retrieve" for
the call.`
	c.AddCommand(
		a.goingTo(callOperation{use: "start NUMBER", short: "Hold the call and ask another number first", op: voice.OpInitiateTransfer, scene: talking},
			func(c *voice.Client, ctx context.Context, id string, to voice.Destination) (*voice.Outcome, error) {
				return ofPair(c.InitiateTransfer(ctx, id, to))
			}),
		a.command(callOperation{use: "complete", short: "Connect the two and leave", op: voice.OpCompleteTransfer, scene: consulting,
			do: func(c *voice.Client, ctx context.Context, id string, _ []string) (*voice.Outcome, error) {
				return ofPair(c.CompleteTransfer(ctx, id, voice.Complete{}))
			}}))
	return c
}

func (a *app) conferenceCommand() *cobra.Command {
	c := a.goingTo(callOperation{use: "conference NUMBER", short: "Add another number to a call", op: voice.OpSingleStepConference, scene: talking},
		func(c *voice.Client, ctx context.Context, id string, to voice.Destination) (*voice.Outcome, error) {
			return ofCall(c.SingleStepConference(ctx, id, to))
		})
	c.Long = `Add another number to a call, at once. To ask there first, use "conference start"
and then "conference complete".`
	c.AddCommand(
		a.goingTo(callOperation{use: "start NUMBER", short: "Hold the call and ask another number first", op: voice.OpInitiateConference, scene: talking},
			func(c *voice.Client, ctx context.Context, id string, to voice.Destination) (*voice.Outcome, error) {
				return ofPair(c.InitiateConference(ctx, id, to))
			}),
		a.command(callOperation{use: "complete", short: "Join the two", op: voice.OpCompleteConference, scene: conferring,
			do: func(c *voice.Client, ctx context.Context, id string, _ []string) (*voice.Outcome, error) {
				return ofPair(c.CompleteConference(ctx, id, voice.Complete{}))
			}}),
		a.command(callOperation{use: "remove NUMBER", short: "Remove a party", op: voice.OpRemoveParticipantFromConference, scene: conference,
			do: func(c *voice.Client, ctx context.Context, id string, args []string) (*voice.Outcome, error) {
				return ofCall(c.RemoveParticipantFromConference(ctx, id, args[0]))
			}}))
	return c
}

func (a *app) dialCommand() *cobra.Command {
	d, wait := &destination{}, false
	c := &cobra.Command{
		Use: "dial NUMBER", Short: "Call a number", Args: positional, ValidArgsFunction: cobra.NoFileCompletions,
		Annotations: map[string]string{operationKey: string(voice.OpDial)},
		RunE: a.with(idle, func(ctx context.Context, s *session, args []string) error {
			if d.device != "" {
				device, err := a.device(ctx, s.client, d.device, "")
				if err != nil {
					return err
				}
				d.device = device.ID
			}
			to, err := d.to(args[0])
			if err != nil {
				return err
			}
			return a.operate(ctx, voice.OpDial, func() (*voice.Outcome, error) {
				msg, err := s.client.Dial(ctx, to)
				if err == nil && wait {
					msg, err = answered(ctx, s.client, msg)
				}
				return ofCall(msg, err)
			})
		}),
	}
	d.flags(c)
	c.Flags().StringVar(&d.callerID, "caller-id", "", "`number` to show to the other party")
	c.Flags().StringVar(&d.device, "device", "", "`device` to dial from, by number or id, if the agent has several")
	c.Flags().BoolVar(&wait, "wait", false, "wait until the call is answered; if it ends unanswered, that is a failure")
	return c
}

// answered waits until the other party answers.
func answered(ctx context.Context, client *voice.Client, msg *voice.CallStateChangeMessage) (*voice.CallStateChangeMessage, error) {
	call, err := client.Await(ctx, msg.Call.ID, func(call *voice.Call) bool { return call.State == voice.StateEstablished })
	switch {
	case err == nil:
		return &voice.CallStateChangeMessage{NotificationType: voice.StatusChange, Call: call, PhoneNumber: msg.PhoneNumber}, nil
	case ctx.Err() != nil:
		return nil, &voice.UnconfirmedError{Operation: voice.OpDial, CallID: msg.Call.ID, Accepted: true, Call: call, Err: err}
	}
	return nil, &voice.FailedError{Operation: voice.OpDial, CallID: msg.Call.ID, Call: call, Message: "not answered", Err: err}
}
