package main

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/gwsvoice/gws-go/voice"
)

// stateCommands are the commands that set the agent's state.
func (a *app) stateCommands() []*cobra.Command {
	var options voice.AgentStateOptions
	state := func(use, short string, op voice.OperationName,
		method func(*voice.Client, context.Context, ...voice.AgentStateOptions) (*voice.DeviceStateChangeMessage, error)) *cobra.Command {
		return &cobra.Command{Use: use, Short: short, Args: positional, ValidArgsFunction: cobra.NoFileCompletions,
			Annotations: map[string]string{operationKey: string(op)},
			RunE: a.with(idle, func(ctx context.Context, s *session, _ []string) error {
				return a.operate(ctx, op, func() (*voice.Outcome, error) { return ofDevice(method(s.client, ctx, options)) })
			})}
	}
	ready := state("ready", "Be available for calls", voice.OpReady, (*voice.Client).Ready)
	ready.Flags().StringVar(&options.WorkMode, "work-mode", "", "`mode`: ManualIn or AutoIn")
	_ = ready.RegisterFlagCompletionFunc("work-mode", cobra.FixedCompletions([]string{"ManualIn", "AutoIn"}, cobra.ShellCompDirectiveNoFileComp))
	acw := state("after-call-work", "Work after a call", voice.OpAfterCallWork, (*voice.Client).AfterCallWork)
	aux := state("aux-work", "Do other work", voice.OpAuxWork, (*voice.Client).AuxWork)
	for _, c := range []*cobra.Command{acw, aux} {
		c.Flags().StringVar(&options.WrapUpTime, "wrap-up-time", "", "change or cancel the wrap-up `time`: 0")
	}
	return []*cobra.Command{
		ready,
		state("not-ready", "Be unavailable", voice.OpNotReady, (*voice.Client).NotReady),
		acw, aux,
		state("offline", "Be logged out on voice", voice.OpOffline, (*voice.Client).Offline),
		a.stateCommand(),
	}
}

// stateCommand sets one of the configured states.
func (a *app) stateCommand() *cobra.Command {
	return &cobra.Command{
		Use: "state STATE", Short: `Take one of the states that "states" lists`, Args: positional,
		ValidArgsFunction: a.completeState(),
		RunE: a.with(idle, func(ctx context.Context, s *session, args []string) error {
			return a.operate(ctx, voice.OperationName(args[0]), func() (*voice.Outcome, error) {
				return ofDevice(s.client.SetAgentState(ctx, args[0]))
			})
		}),
	}
}

func (a *app) statesCommand() *cobra.Command {
	return &cobra.Command{
		Use: "states", Short: "List the states that the agent can take", Args: positional, ValidArgsFunction: cobra.NoFileCompletions,
		RunE: a.with(idle, func(ctx context.Context, s *session, _ []string) error {
			states, err := s.client.AgentStates(ctx)
			if err != nil {
				return err
			}
			if a.json() {
				a.printJSON(states)
				return nil
			}
			w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "STATE\tNAME\tSHOWS AS\tWORK MODE\tREASON")
			for _, st := range states {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", st.OperationName, st.DisplayName, st.State, st.WorkMode, st.Reason)
			}
			return w.Flush()
		}),
	}
}

func (a *app) loginCommand() *cobra.Command {
	var p voice.Session
	c := &cobra.Command{
		Use: "login", Short: "Start the agent's session", Args: positional, ValidArgsFunction: cobra.NoFileCompletions,
		Annotations: map[string]string{operationKey: string(voice.OpStartContactCenterSession)},
		RunE: a.with(lonely, func(ctx context.Context, s *session, _ []string) error {
			return a.operate(ctx, voice.OpStartContactCenterSession, func() (*voice.Outcome, error) {
				return &voice.Outcome{}, s.client.StartContactCenterSession(ctx, p)
			})
		}),
	}
	f := c.Flags()
	f.StringSliceVar(&p.Channels, "channel", nil, "`channel` to log in to: voice (also if none is given), chat, email")
	f.StringVar(&p.Place, "place", "", "`place` where the agent sits, if not the usual one")
	f.StringVar(&p.LoginCode, "login-code", "", "agent login `id`, if not the server's choice")
	f.StringVar(&p.Queue, "queue", "", "`queue` to log in to")
	f.StringVar(&p.DevicePath, "device-path", "", "`path` of the device, /devices/ID, at a place with several")
	return c
}

func (a *app) logoutCommand() *cobra.Command {
	return &cobra.Command{
		Use: "logout", Short: "End the agent's session", Args: positional, ValidArgsFunction: cobra.NoFileCompletions,
		Annotations: map[string]string{operationKey: string(voice.OpEndContactCenterSession)},
		RunE: a.with(idle, func(ctx context.Context, s *session, _ []string) error {
			return a.operate(ctx, voice.OpEndContactCenterSession, func() (*voice.Outcome, error) {
				return &voice.Outcome{}, s.client.EndContactCenterSession(ctx)
			})
		}),
	}
}
