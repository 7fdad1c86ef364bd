package main

import (
	"context"
	"time"

	"github.com/gwsvoice/gws-go/examples/internal/lively"
	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// scene is what a command finds when it starts a simulator of its own.
type scene struct {
	what    string // "a call rings at agent 5001"
	user    string // "" means agent5001
	options func(*voicetest.Options)
	set     func(sim *voicetest.Server)                 // before the command's client is there
	prepare func(ctx context.Context, s *session) error // with it
}

func (s *scene) userName() string {
	if s.user == "" {
		return "agent5001"
	}
	return s.user
}

func (s *scene) start() *voicetest.Server {
	o := lively.Options()
	o.InMemory = true
	o.RingTimeout = 0
	o.Latency.Spread = 0
	if s.options != nil {
		s.options(&o)
	}
	sim := voicetest.NewServer(o)
	if s.set != nil {
		s.set(sim)
	}
	return sim
}

var (
	maria = voicetest.Call{From: "4155550101", Queue: lively.Sales, To: "5001",
		UserData: map[string]any{"CustomerName": "Maria Lopez", "Segment": "Gold", "Topic": "new contract"}}
)

var (
	idle    = scene{what: "agent 5001 waits for calls"}
	ringing = scene{what: "a call from queue 9000 rings at agent 5001", set: func(sim *voicetest.Server) { sim.Ring(maria) }}
	talking = scene{what: "agent 5001 talks with a customer", set: func(sim *voicetest.Server) { sim.Establish(maria) }}
	onHold  = scene{what: "agent 5001 has a customer on hold", set: func(sim *voicetest.Server) {
		sim.Agent("5001").Hold(sim.Establish(maria))
	}}
	preview = scene{what: "agent 5001 is offered a record of a campaign", set: func(sim *voicetest.Server) {
		sim.Preview(voicetest.Call{From: maria.From, To: "5001"})
	}}
	consulting = scene{what: "agent 5001 has a customer on hold and talks with 5002 about it", set: setTalking,
		prepare: func(ctx context.Context, s *session) error {
			return s.consult(ctx, (*voice.Client).InitiateTransfer)
		}}
	conferring = scene{what: "agent 5001 has a customer on hold and asks 5002 to join", set: setTalking,
		prepare: func(ctx context.Context, s *session) error {
			return s.consult(ctx, (*voice.Client).InitiateConference)
		}}
	conference = scene{what: "agents 5001 and 5002 talk with a customer", set: setTalking,
		prepare: func(ctx context.Context, s *session) error {
			id, err := s.only(ctx)
			if err != nil {
				return err
			}
			if _, err := s.client.SingleStepConference(ctx, id, voice.Destination{PhoneNumber: "5002"}); err != nil {
				return err
			}
			s.sim.Agent("5002").Answer(id)
			return s.settle(ctx)
		}}
	lonely = scene{what: "agent 5001 is logged out", options: func(o *voicetest.Options) {
		o.Agents[0].LoggedOut, o.AfterStart = true, voicetest.StayLoggedIn
	}}
)

func setTalking(sim *voicetest.Server) { sim.Establish(maria) }

// afterwards is a scene in which the agent has done something on the only call.
func (s scene) afterwards(what string, do func(*voice.Client, context.Context, string) (*voice.CallStateChangeMessage, error)) scene {
	s.what += what
	s.prepare = func(ctx context.Context, s *session) error {
		id, err := s.only(ctx)
		if err == nil {
			_, err = do(s.client, ctx, id)
		}
		return err
	}
	return s
}

// on is a scene in which the agent has done something on his device.
func (s scene) on(what string, do func(*voice.Client, context.Context, string) (*voice.DeviceStateChangeMessage, error)) scene {
	s.what += what
	s.prepare = func(ctx context.Context, s *session) error {
		devices, err := s.client.Devices(ctx)
		if err == nil {
			_, err = do(s.client, ctx, devices[0].ID)
		}
		return err
	}
	return s
}

var supervisor = scene{what: "supervisor 5009 wants to listen to agent 5001", user: "supervisor5009"}

// monitoring is a scene in which the supervisor is on the agent's call.
func monitoring(mode string, do func(*voice.Client, context.Context, string, voice.Monitor) (*voice.DeviceStateChangeMessage, error)) scene {
	return scene{what: "supervisor 5009 " + mode + " while agent 5001 talks with a customer", user: supervisor.user,
		prepare: func(ctx context.Context, s *session) error {
			devices, err := s.client.Devices(ctx)
			if err != nil {
				return err
			}
			target := s.sim.Agent("5001").DeviceID()
			if _, err := do(s.client, ctx, devices[0].ID, voice.Monitor{TargetDeviceID: target}); err != nil {
				return err
			}
			s.sim.Establish(maria)
			return s.settle(ctx)
		}}
}

// only returns the only call.
func (s *session) only(ctx context.Context) (string, error) {
	calls, err := s.client.Calls(ctx)
	if err != nil {
		return "", err
	}
	if len(calls) != 1 {
		return "", &noCallError{summary(calls)}
	}
	return calls[0].ID, nil
}

// consult lets 5002 answer a consultation about the only call.
func (s *session) consult(ctx context.Context, initiate func(*voice.Client, context.Context, string, voice.Destination) (*voice.Consultation, error)) error {
	id, err := s.only(ctx)
	if err != nil {
		return err
	}
	both, err := initiate(s.client, ctx, id, voice.Destination{PhoneNumber: "5002"})
	if err != nil {
		return err
	}
	s.sim.Agent("5002").Answer(both.Consult.Call.ID)
	_, err = s.client.Await(ctx, both.Consult.Call.ID, func(call *voice.Call) bool { return call.State == voice.StateEstablished })
	return err
}

// settle waits until the notifications of what the simulator did have come.
func (s *session) settle(ctx context.Context) error {
	select {
	case <-time.After(500 * time.Millisecond):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// with is the scene with other options.
func (s scene) with(change func(*voicetest.Options)) scene {
	s.options = change
	return s
}

func offerClear(o *voicetest.Options) { o.ClearCallEverywhere = true }
