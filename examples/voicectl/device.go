package main

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/gwsvoice/gws-go/voice"
)

// deviceOperation makes a command for an operation on the agent's device.
func (a *app) deviceOperation(use, short string, op voice.OperationName, sc scene,
	do func(c *voice.Client, ctx context.Context, deviceID string, args []string) (*voice.DeviceStateChangeMessage, error)) *cobra.Command {
	var given string
	c := &cobra.Command{Use: use, Short: short, Args: positional, ValidArgsFunction: cobra.NoFileCompletions,
		Annotations: map[string]string{operationKey: string(op)},
		RunE: a.with(sc, func(ctx context.Context, s *session, args []string) error {
			device, err := a.device(ctx, s.client, given, op)
			if err != nil {
				return err
			}
			return a.operate(ctx, op, func() (*voice.Outcome, error) { return ofDevice(do(s.client, ctx, device.ID, args)) })
		})}
	c.Flags().StringVar(&given, "device", "", "`device`, by number or id, if the agent has several")
	return c
}

func plain(method func(*voice.Client, context.Context, string) (*voice.DeviceStateChangeMessage, error)) func(*voice.Client, context.Context, string, []string) (*voice.DeviceStateChangeMessage, error) {
	return func(c *voice.Client, ctx context.Context, id string, _ []string) (*voice.DeviceStateChangeMessage, error) {
		return method(c, ctx, id)
	}
}

func (a *app) dndCommand() *cobra.Command {
	undisturbed := idle.on(", undisturbed at the moment", (*voice.Client).DoNotDisturbOn)
	return family("dnd", "Keep calls away from the device",
		a.deviceOperation("on", "Keep calls away", voice.OpDoNotDisturbOn, idle, plain((*voice.Client).DoNotDisturbOn)),
		a.deviceOperation("off", "Let calls come again", voice.OpDoNotDisturbOff, undisturbed, plain((*voice.Client).DoNotDisturbOff)))
}

func (a *app) forwardCommand() *cobra.Command {
	forwarding := idle.on(", forwarded to 5002", func(c *voice.Client, ctx context.Context, id string) (*voice.DeviceStateChangeMessage, error) {
		return c.ForwardCallsOn(ctx, id, "5002")
	})
	c := a.deviceOperation("forward NUMBER", "Forward the device's calls to a number", voice.OpForwardCallsOn, idle,
		func(c *voice.Client, ctx context.Context, id string, args []string) (*voice.DeviceStateChangeMessage, error) {
			return c.ForwardCallsOn(ctx, id, args[0])
		})
	c.AddCommand(a.deviceOperation("off", "Forward them no longer", voice.OpForwardCallsOff, forwarding, plain((*voice.Client).ForwardCallsOff)))
	return c
}

func (a *app) devicesCommand() *cobra.Command {
	return &cobra.Command{
		Use: "devices", Short: "List the agent's devices", Args: positional, ValidArgsFunction: cobra.NoFileCompletions,
		RunE: a.with(idle, func(ctx context.Context, s *session, _ []string) error {
			devices, err := s.client.Devices(ctx)
			if err != nil {
				return err
			}
			if a.json() {
				a.printJSON(devices)
				return nil
			}
			w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "NUMBER\tSTATE\tCAN\tID")
			for _, d := range devices {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", printable(d.PhoneNumber), deviceLine(d), a.can(d.Capabilities), printable(d.ID))
			}
			return w.Flush()
		}),
	}
}
