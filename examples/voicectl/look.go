package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/gwsvoice/gws-go/voice"
)

func (a *app) callsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "calls", Short: "List the agent's calls", Args: positional, ValidArgsFunction: cobra.NoFileCompletions,
		RunE: a.with(consulting, func(ctx context.Context, s *session, _ []string) error {
			calls, err := s.client.Calls(ctx)
			if err != nil {
				return err
			}
			if a.json() {
				if calls == nil {
					calls = []*voice.Call{}
				}
				a.printJSON(calls)
				return nil
			}
			return a.printCalls(a.out, calls, func(call *voice.Call) string { return call.ID })
		}),
	}
}

// printCalls prints a table of calls.
func (a *app) printCalls(out io.Writer, calls []*voice.Call, id func(*voice.Call) string) error {
	if len(calls) == 0 {
		fmt.Fprintln(out, "no calls")
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CALL\tSTATE\tFOR\tWITH\tDIALLED\tDATA\tCAN")
	for _, call := range calls {
		state := string(call.State)
		if extra := extras(call); extra != "" {
			state += " (" + extra + ")"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", printable(id(call)), state, clock(call.Duration),
			printable(parties(call)), printable(call.DNIS), dataLine(call.UserData), a.can(call.Capabilities))
	}
	return w.Flush()
}

func (a *app) callCommand() *cobra.Command {
	return &cobra.Command{
		Use: "call [CALL]", Short: "Show a call", Args: positional, ValidArgsFunction: a.completeCall(""),
		RunE: a.with(talking, func(ctx context.Context, s *session, args []string) error {
			call, err := a.anyCall(ctx, s.client, args)
			if err != nil {
				return err
			}
			if a.json() {
				a.printJSON(call)
				return nil
			}
			a.printCall(a.out, call)
			return nil
		}),
	}
}

// anyCall returns the call that is named, or the only one.
func (a *app) anyCall(ctx context.Context, client *voice.Client, args []string) (*voice.Call, error) {
	given := strings.Join(args, "")
	id, err := a.pick(ctx, client, given, choice{func(*voice.Call) bool { return true }, "is there"})
	if err != nil {
		return nil, err
	}
	return client.Call(ctx, id)
}

func (a *app) meCommand() *cobra.Command {
	return &cobra.Command{
		Use: "me", Short: "Show who is logged in, and where", Args: positional, ValidArgsFunction: cobra.NoFileCompletions,
		RunE: a.with(idle, func(ctx context.Context, s *session, _ []string) error {
			user := s.client.User()
			if a.json() {
				a.printJSON(struct {
					User    *voice.User `json:"user"`
					URL     string      `json:"url"`
					Version string      `json:"version,omitempty"`
				}{user, s.url, s.client.ServerVersion()})
				return nil
			}
			fmt.Fprintf(a.out, "user      %s (%s)\n", printable(user.UserName), printable(user.FirstName+" "+user.LastName))
			fmt.Fprintf(a.out, "roles     %s\n", printable(strings.Join(user.Roles, ", ")))
			fmt.Fprintf(a.out, "server    %s, version %s\n", s.url, printable(s.client.ServerVersion()))
			devices, err := s.client.Devices(ctx)
			if err != nil {
				return err
			}
			for _, d := range devices {
				fmt.Fprintf(a.out, "device    %s  %s\n", printable(d.PhoneNumber), deviceLine(d))
			}
			return nil
		}),
	}
}

var callStates = []voice.CallState{voice.StateRinging, voice.StateDialing, voice.StateEstablished, voice.StateHeld,
	voice.StateReleased, voice.StatePreview, voice.StatePreviewCancelled}

func (a *app) awaitCommand() *cobra.Command {
	names := make([]string, len(callStates))
	for i, state := range callStates {
		names[i] = string(state)
	}
	return &cobra.Command{
		Use: "await STATE [CALL]", Short: "Wait until a call is in a state", Args: positional,
		Long: "Wait until a call is in a state: " + strings.Join(names, ", ") + `.

Without CALL it is the first call in that state, now or later. It waits without
limit unless --timeout is given.`,
		Annotations: map[string]string{endlessKey: ""},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return names, cobra.ShellCompDirectiveNoFileComp
			}
			return a.completeCall("")(cmd, args, toComplete)
		},
		RunE: a.with(ringing, func(ctx context.Context, s *session, args []string) error {
			state, err := callState(args[0])
			if err != nil {
				return err
			}
			call, err := await(ctx, s.client, state, args[1:])
			if err != nil {
				return err
			}
			if a.json() {
				a.printJSON(call)
				return nil
			}
			a.printCall(a.out, call)
			return nil
		}),
	}
}

func callState(text string) (voice.CallState, error) {
	for _, state := range callStates {
		if strings.EqualFold(text, string(state)) {
			return state, nil
		}
	}
	return "", usage("STATE: %q is not a state of a call", text)
}

// await waits for a call, or for any call, to be in a state.
func await(ctx context.Context, client *voice.Client, state voice.CallState, args []string) (*voice.Call, error) {
	in := func(call *voice.Call) bool { return call.State == state }
	events := client.Subscribe() // before looking, so that nothing is missed in between
	defer events.Close()
	calls, err := client.Calls(ctx)
	if err != nil {
		return nil, err
	}
	if len(args) > 0 {
		id, err := named(calls, args[0])
		if err != nil {
			return nil, err
		}
		return client.Await(ctx, id, in)
	}
	for _, call := range calls {
		if in(call) {
			return call, nil
		}
	}
	for ev, err := range events.All(ctx) {
		if err != nil {
			return nil, err
		}
		if msg, ok := ev.(*voice.CallStateChangeMessage); ok && in(msg.Call) {
			return msg.Call, nil
		}
	}
	return nil, ctx.Err()
}
