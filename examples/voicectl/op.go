package main

import (
	"context"
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/gwsvoice/gws-go/voice"
)

// opCommand sends what voicectl has no command for.
func (a *app) opCommand() *cobra.Command {
	var call, device, path, params string
	c := &cobra.Command{
		Use: "op OPERATION", Short: "Send any operation by its name in the Voice API", Args: positional,
		Long: `Send any operation by its name in the Voice API, also one that voicectl does not
know. Without --call, --device and --path it goes to the call that offers it; if
none does, to the user, or to the voice channel if it is an agent state. If
voicectl does not know what shows the outcome, it ends when the operation is
accepted.`,
		Example: `  voicectl op Hold --call 001I
  voicectl op SingleStepTransfer --params '{"destination":{"phoneNumber":"5002"}}'`,
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var names []cobra.Completion
			for _, op := range voice.OperationNames() {
				names = append(names, string(op))
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: a.with(talking, func(ctx context.Context, s *session, args []string) error {
			op := voice.Operation{Name: voice.OperationName(args[0]), Path: path}
			if params != "" {
				var object map[string]any
				if err := json.Unmarshal([]byte(params), &object); err != nil {
					return usage("--params: not a JSON object: %v", err)
				}
				op.Params = json.RawMessage(params)
			}
			if device == "" && path == "" {
				var err error
				op.CallID, err = a.pick(ctx, s.client, call, a.offering(op.Name))
				if err != nil && !is[*noCallError](err) {
					return err
				}
			}
			if device != "" {
				d, err := a.device(ctx, s.client, device, "")
				if err != nil {
					return err
				}
				op.DeviceID = d.ID
			}
			return a.operate(ctx, op.Name, func() (*voice.Outcome, error) {
				pending, err := s.client.Start(ctx, op)
				if err != nil {
					return nil, err
				}
				return pending.Wait(ctx)
			})
		}),
	}
	f := c.Flags()
	f.StringVar(&call, "call", "", "`call` to work on, its id or a part of it")
	f.StringVar(&device, "device", "", "`device` to work on, by number or id")
	f.StringVar(&path, "path", "", "`path` to post to, below /api/v2")
	f.StringVar(&params, "params", "", "parameters, a `JSON` object")
	c.MarkFlagsMutuallyExclusive("call", "device", "path")
	_ = c.RegisterFlagCompletionFunc("call", a.completeCall(""))
	return c
}
