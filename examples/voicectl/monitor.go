package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gwsvoice/gws-go/voice"
)

func (a *app) monitorCommand() *cobra.Command {
	type start = func(*voice.Client, context.Context, string, voice.Monitor) (*voice.DeviceStateChangeMessage, error)
	begin := func(use, short string, op voice.OperationName, method start) *cobra.Command {
		var scope, mode string
		var isID bool
		c := a.deviceOperation(use, short, op, supervisor,
			func(c *voice.Client, ctx context.Context, id string, args []string) (*voice.DeviceStateChangeMessage, error) {
				m := voice.Monitor{PhoneNumber: args[0], Scope: voice.MonitoringScope(scope), Mode: voice.MonitoringMode(mode)}
				if isID {
					m.PhoneNumber, m.TargetDeviceID = "", args[0]
				}
				return method(c, ctx, id, m)
			})
		f := c.Flags()
		choiceVar(c, &scope, "scope", "how long: Agent, until the agent leaves the call, or Call, as long as it lasts", string(voice.MonitorAgent), string(voice.MonitorCall))
		choiceVar(c, &mode, "mode", "what: NextCall or AllCalls", string(voice.MonitorNextCall), string(voice.MonitorAllCalls))
		f.BoolVar(&isID, "id", false, "NUMBER is the id of the agent's device, which servers before 2018 need")
		return c
	}
	listening := monitoring("listens in", (*voice.Client).ListenIn)
	barged := monitoring("takes part", (*voice.Client).BargeIn)
	supervising := &choice{func(call *voice.Call) bool {
		return call.SupervisorMonitoring != nil || call.Monitoring || call.Can(voice.OpSwitchToListenIn)
	}, "is monitored"}
	mutedAgent := barged.afterwards(" and is muted", (*voice.Client).MuteMonitoredUser)
	mutedAgent.prepare = func(ctx context.Context, s *session) error {
		if err := barged.prepare(ctx, s); err != nil {
			return err
		}
		id, err := s.only(ctx)
		if err == nil {
			_, err = s.client.MuteMonitoredUser(ctx, id)
		}
		return err
	}
	return family("monitor", "Listen to another agent's calls, as a supervisor",
		begin("listen NUMBER", "Hear the calls of an agent, unheard", voice.OpListenIn, (*voice.Client).ListenIn),
		begin("coach NUMBER", "Hear them, heard by the agent only", voice.OpCoach, (*voice.Client).Coach),
		begin("barge NUMBER", "Take part in them, heard by all", voice.OpBargeIn, (*voice.Client).BargeIn),
		a.deviceOperation("stop", "Monitor nobody any longer", voice.OpCancelSupervisorMonitoring, listening, plain((*voice.Client).CancelSupervisorMonitoring)),
		a.command(callOperation{use: "switch-to-barge", short: "Be heard by all from now on", op: voice.OpSwitchToBargeIn, scene: listening, do: one((*voice.Client).SwitchToBargeIn)}),
		a.command(callOperation{use: "switch-to-listen", short: "Be silent from now on", op: voice.OpSwitchToListenIn, scene: barged, do: one((*voice.Client).SwitchToListenIn)}),
		a.command(callOperation{use: "mute", short: "Mute the agent", op: voice.OpMuteMonitoredUser, scene: barged, choice: supervising, do: one((*voice.Client).MuteMonitoredUser)}),
		a.command(callOperation{use: "unmute", short: "Let the agent be heard again", op: voice.OpUnmuteMonitoredUser, scene: mutedAgent, choice: supervising, do: one((*voice.Client).UnmuteMonitoredUser)}))
}

// oneOf is a flag with a few possible values, in whatever case.
type oneOf struct {
	value  *string
	values []string
}

func (o *oneOf) String() string {
	if o.value == nil {
		return ""
	}
	return *o.value
}
func (o *oneOf) Type() string { return strings.Join(o.values, "|") }
func (o *oneOf) Set(text string) error {
	for _, v := range o.values {
		if strings.EqualFold(v, text) {
			*o.value = v
			return nil
		}
	}
	return fmt.Errorf("it is one of %s", strings.Join(o.values, ", "))
}

func choiceVar(c *cobra.Command, value *string, name, help string, values ...string) {
	c.Flags().Var(&oneOf{value, values}, name, help)
	_ = c.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}
