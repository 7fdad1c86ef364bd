package main

import (
	"context"

	"github.com/gwsvoice/gws-go/voice"
)

type deviceMethod = func(*voice.Client, context.Context, string) (*voice.DeviceStateChangeMessage, error)

func onDevice(name, done string, method deviceMethod) operation {
	return operation{name, done, func(ctx context.Context, d *desk, id string, _ *form) error {
		_, err := method(d.client, ctx, id)
		return err
	}}
}

// monitor makes a supervisor's operation. The target is a colleague's device,
// picked from the list, or a number that was typed.
func monitor(name, done string, method func(*voice.Client, context.Context, string, voice.Monitor) (*voice.DeviceStateChangeMessage, error)) operation {
	return operation{name, done, func(ctx context.Context, d *desk, id string, f *form) error {
		m := voice.Monitor{TargetDeviceID: f.Target}
		switch f.Scope {
		case "", string(voice.MonitorCall), string(voice.MonitorAgent):
			m.Scope = voice.MonitoringScope(f.Scope)
		default:
			return &fieldError{"scope", "Choose how long to stay on a call."}
		}
		switch f.Mode {
		case "", string(voice.MonitorAllCalls), string(voice.MonitorNextCall):
			m.Mode = voice.MonitoringMode(f.Mode)
		default:
			return &fieldError{"mode", "Choose which calls to monitor."}
		}
		if f.Target == "" {
			var err error
			if m.PhoneNumber, err = f.number(); err != nil {
				return err
			}
		}
		_, err := method(d.client, ctx, id, m)
		return err
	}}
}

// deviceOperations are what an agent can do with the phone itself.
var deviceOperations = map[voice.OperationName]operation{
	voice.OpDial: {"Call", "The number is being called.", func(ctx context.Context, d *desk, id string, f *form) error {
		number, err := f.number()
		if err == nil {
			_, err = d.client.Dial(ctx, voice.Destination{PhoneNumber: number, DeviceID: id})
		}
		return err
	}},
	voice.OpDoNotDisturbOn:  onDevice("Do not disturb", "No calls come to your phone.", (*voice.Client).DoNotDisturbOn),
	voice.OpDoNotDisturbOff: onDevice("Let calls through", "Calls come to your phone again.", (*voice.Client).DoNotDisturbOff),
	voice.OpForwardCallsOn: {"Forward calls", "Your calls are forwarded.", func(ctx context.Context, d *desk, id string, f *form) error {
		number, err := f.number()
		if err == nil {
			_, err = d.client.ForwardCallsOn(ctx, id, number)
		}
		return err
	}},
	voice.OpForwardCallsOff: onDevice("Stop forwarding", "Your calls come to your phone again.", (*voice.Client).ForwardCallsOff),

	voice.OpListenIn: monitor("Listen in", "You hear the calls of this agent, and nobody hears you.", (*voice.Client).ListenIn),
	voice.OpCoach:    monitor("Coach", "You hear the calls of this agent, and only the agent hears you.", (*voice.Client).Coach),
	voice.OpBargeIn:  monitor("Barge in", "You take part in the calls of this agent.", (*voice.Client).BargeIn),
	voice.OpCancelSupervisorMonitoring: onDevice("Stop monitoring", "You monitor nobody any more.",
		(*voice.Client).CancelSupervisorMonitoring),
}

// setState brings the agent into a state by its operation's name, a configured
// one too.
func (d *desk) setState(ctx context.Context, name string) outcome {
	d.mu.Lock()
	states := d.states
	d.mu.Unlock()
	op, label := voice.OperationName(name), stateName(name, states)
	if op == voice.OpStartContactCenterSession {
		label = "Log in on the phone"
		err := d.client.StartContactCenterSession(ctx, voice.Session{})
		return judge(op, label, "", "You are logged in on the phone.", err)
	}
	_, err := d.client.SetAgentState(ctx, name)
	return judge(op, label, "", "Your state is “"+label+"”.", err)
}
