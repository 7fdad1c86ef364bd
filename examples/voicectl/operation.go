package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gwsvoice/gws-go/voice"
)

// callOperation is a command for one operation on one call.
type callOperation struct {
	use, short string
	op         voice.OperationName
	scene      scene
	choice     *choice // nil: the calls that offer the operation
	do         func(c *voice.Client, ctx context.Context, id string, args []string) (*voice.Outcome, error)
}

// command makes the command. Its arguments are those of use and then CALL.
func (a *app) command(o callOperation) *cobra.Command {
	var call string
	own := len(strings.Fields(o.use)) - 1
	variadic := strings.HasSuffix(o.use, "...")
	c := &cobra.Command{Use: o.use, Short: o.short, Args: positional, Annotations: map[string]string{operationKey: string(o.op)}}
	if !variadic {
		c.Use += " [CALL]"
	}
	c.Flags().StringVar(&call, "call", "", "id of the `call`, or a part of it")
	_ = c.RegisterFlagCompletionFunc("call", a.completeCall(o.op))
	c.ValidArgsFunction = func(cmd *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if variadic || len(args) != own {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return a.completeCall(o.op)(cmd, args, toComplete)
	}
	choice := a.offering(o.op)
	if o.choice != nil {
		choice = *o.choice
	}
	c.RunE = a.with(o.scene, func(ctx context.Context, s *session, args []string) error {
		given := call
		if !variadic && len(args) > own {
			if given != "" {
				return usage("CALL is given twice: %q and --call %q", args[own], call)
			}
			given, args = args[own], args[:own]
		}
		id, err := a.pick(ctx, s.client, given, choice)
		if err != nil {
			return err
		}
		return a.operate(ctx, o.op, func() (*voice.Outcome, error) { return o.do(s.client, ctx, id, args) })
	})
	return c
}

// one adapts a method of Client with no further arguments.
func one(method func(*voice.Client, context.Context, string) (*voice.CallStateChangeMessage, error)) func(*voice.Client, context.Context, string, []string) (*voice.Outcome, error) {
	return func(c *voice.Client, ctx context.Context, id string, _ []string) (*voice.Outcome, error) {
		return ofCall(method(c, ctx, id))
	}
}

func ofCall(msg *voice.CallStateChangeMessage, err error) (*voice.Outcome, error) {
	return &voice.Outcome{Call: msg}, err
}

func ofPair(pair *voice.Consultation, err error) (*voice.Outcome, error) {
	if err != nil {
		return nil, err
	}
	return &voice.Outcome{Call: pair.Original, Consult: pair.Consult}, nil
}

func ofDevice(msg *voice.DeviceStateChangeMessage, err error) (*voice.Outcome, error) {
	return &voice.Outcome{Device: msg}, err
}

// callCommands are the commands that need nothing but a call.
func (a *app) callCommands() []*cobra.Command {
	muting := talking.afterwards(" and is muted", (*voice.Client).MuteCall)
	inState := func(state voice.CallState, what string) *choice {
		return &choice{func(call *voice.Call) bool { return call.State == state }, what}
	}
	var commands []*cobra.Command
	for _, o := range []callOperation{
		{use: "answer", short: "Answer a ringing call", op: voice.OpAnswer, scene: ringing, do: one((*voice.Client).Answer)},
		{use: "reject", short: "Send a ringing call back to its queue", op: voice.OpReject, scene: ringing, do: one((*voice.Client).Reject)},
		{use: "hangup", short: "Leave a call", op: voice.OpHangup, scene: talking, do: one((*voice.Client).Hangup)},
		{use: "clear", short: "End a conference for all", op: voice.OpClearCall, scene: conference.with(offerClear), do: one((*voice.Client).ClearCall)},
		{use: "hold", short: "Put a call on hold", op: voice.OpHold, scene: talking, do: one((*voice.Client).Hold)},
		{use: "retrieve", short: "Take a held call back", op: voice.OpRetrieve, scene: onHold, do: one((*voice.Client).Retrieve)},
		{use: "mute", short: "Mute the agent", op: voice.OpMuteCall, scene: talking, do: one((*voice.Client).MuteCall)},
		{use: "unmute", short: "Let the agent be heard again", op: voice.OpUnmuteCall, scene: muting, do: one((*voice.Client).UnmuteCall)},
		{use: "dtmf DIGITS", short: "Send digits to the other party", op: voice.OpSendDTMF, scene: talking,
			do: func(c *voice.Client, ctx context.Context, id string, args []string) (*voice.Outcome, error) {
				return ofCall(c.SendDTMF(ctx, id, args[0]))
			}},
		{use: "accept", short: "Take an offered outbound record", op: voice.OpAccept, scene: preview, do: one((*voice.Client).Accept)},
		{use: "decline", short: "Refuse an offered outbound record", op: voice.OpDecline, scene: preview,
			choice: inState(voice.StatePreview, "is offered as a record"), do: one((*voice.Client).Decline)},
	} {
		commands = append(commands, a.command(o))
	}
	return append(commands, a.swapCommand())
}

// swapCommand works on two calls.
func (a *app) swapCommand() *cobra.Command {
	return &cobra.Command{
		Use: "swap [CALL [OTHER]]", Short: "Hold one call and take the other back", Args: positional,
		Annotations: map[string]string{operationKey: string(voice.OpSwapCalls)},
		RunE: a.with(consulting, func(ctx context.Context, s *session, args []string) error {
			first, second, err := pair(ctx, s.client, args)
			if err != nil {
				return err
			}
			return a.operate(ctx, voice.OpSwapCalls, func() (*voice.Outcome, error) {
				swap, err := s.client.SwapCalls(ctx, first, second)
				if err != nil {
					return nil, err
				}
				return &voice.Outcome{Call: swap.Established, Consult: swap.Held}, nil
			})
		}),
	}
}

// pair returns two calls: those that are named, or the only two that offer to be
// swapped.
func pair(ctx context.Context, client *voice.Client, given []string) (first, second string, err error) {
	calls, err := client.Calls(ctx)
	if err != nil {
		return "", "", err
	}
	var ids []string
	for _, name := range given {
		id, err := named(calls, name)
		if err != nil {
			return "", "", err
		}
		ids = append(ids, id)
	}
	if len(ids) < 2 {
		for _, call := range calls {
			if call.Can(voice.OpSwapCalls) && (len(ids) == 0 || call.ID != ids[0]) {
				ids = append(ids, call.ID)
			}
		}
	}
	switch {
	case len(ids) == 2 && ids[0] == ids[1]:
		return "", "", usage("OTHER is the same call as CALL")
	case len(ids) == 2:
		return ids[0], ids[1], nil
	case len(ids) > 2:
		return "", "", usage("CALL and OTHER have to be named; %s", summary(calls))
	}
	return "", "", &noCallError{"there are no two calls that offer SwapCalls; " + summary(calls)}
}
