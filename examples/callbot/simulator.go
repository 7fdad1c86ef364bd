package main

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/gwsvoice/gws-go/examples/internal/lively"
	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// simulator is a contact centre in which agent 5001 gets all calls, and the
// others those that are transferred to them.
type simulator struct {
	*voicetest.Server
	stop func()
}

func startSimulator(misbehaving bool) *simulator {
	return simulate(lively.Options(), misbehaving)
}

func simulate(options voicetest.Options, misbehaving bool) *simulator {
	for i := range options.Agents[1:] {
		options.Agents[1+i].Queues = []string{}
	}
	sim := voicetest.NewServer(options)
	traffic := lively.Traffic{Every: 3 * time.Second, Talk: 8 * time.Second, Colleagues: []string{"5002", "5003"}}
	_, end := traffic.Start(sim)
	quit := make(chan struct{})
	var running sync.WaitGroup
	if misbehaving {
		running.Go(func() { misbehave(sim, quit) })
	}
	return &simulator{sim, func() {
		close(quit)
		running.Wait()
		end()
		sim.Close()
	}}
}

// operations are those that the bot uses.
var operations = []voice.OperationName{
	voice.OpAnswer, voice.OpReject, voice.OpUpdateUserData, voice.OpSingleStepTransfer, voice.OpHangup,
	voice.OpSetCallDisposition, voice.OpReady,
}

// misbehave lets something go wrong every other second.
func misbehave(sim *voicetest.Server, quit <-chan struct{}) {
	for {
		select {
		case <-quit:
			return
		case <-time.After(2 * time.Second):
		}
		op := operations[rand.N(len(operations))]
		faults[rand.N(len(faults))].hit(sim, op)
	}
}

// fault is one way in which the simulator can misbehave.
type fault struct {
	name string
	next []voicetest.Fault       // hits the next operation, or
	at   func(*voicetest.Server) // hits everything now
}

func (f *fault) hit(sim *voicetest.Server, op voice.OperationName) {
	if f.at != nil {
		f.at(sim)
		return
	}
	sim.On(op, f.next...)
}

const bot5001 = "agent5001"

var faults = []fault{
	{name: "EventFirst", next: []voicetest.Fault{voicetest.EventFirst(2 * time.Second)}},
	{name: "ResponseFirst", next: []voicetest.Fault{voicetest.ResponseFirst(2 * time.Second)}},
	{name: "Slow", next: []voicetest.Fault{voicetest.Slow(4 * time.Second)}},
	{name: "Refuse", next: []voicetest.Fault{voicetest.Refuse(voice.CodeInvalidState, "not now")}},
	{name: "Refuse twice", next: []voicetest.Fault{voicetest.Times(2, voicetest.Refuse(voice.CodeInternalError, "disk full"))}},
	{name: "RefuseStatus", next: []voicetest.Fault{voicetest.RefuseStatus(500, voice.CodeInternalError, "Device '5001' is not registered.")}},
	{name: "FailLater", next: []voicetest.Fault{voicetest.FailLater(time.Second, 93, "wrong state")}},
	{name: "NamingCall", next: []voicetest.Fault{voicetest.FailLater(time.Second, 0, "failed"), voicetest.NamingCall()}},
	{name: "OnTopic", next: []voicetest.Fault{voicetest.FailLater(time.Second, 0, ""), voicetest.OnTopic("/v2/me/devices")}},
	{name: "Bare", next: []voicetest.Fault{voicetest.FailLater(time.Second, 0, ""), voicetest.Bare()}},
	{name: "Silence", next: []voicetest.Fault{voicetest.Silence()}},
	{name: "LostEvent", next: []voicetest.Fault{voicetest.LostEvent()}},
	{name: "LateEvent", next: []voicetest.Fault{voicetest.LateEvent(3 * time.Second)}},
	{name: "LateEvent after the timeout", next: []voicetest.Fault{voicetest.LateEvent(20 * time.Second)}},
	{name: "Duplicate", next: []voicetest.Fault{voicetest.Duplicate(time.Second), voicetest.Duplicate(2 * time.Second)}},
	{name: "SwapEvents", next: []voicetest.Fault{voicetest.SwapEvents()}},
	{name: "DropSession with an operation", next: []voicetest.Fault{voicetest.DropSession()}},
	{name: "ExpireLogin with an operation", next: []voicetest.Fault{voicetest.ExpireLogin()}},
	{name: "CutBefore", next: []voicetest.Fault{voicetest.CutBefore()}},
	{name: "CutAfter", next: []voicetest.Fault{voicetest.CutAfter()}},
	{name: "Answer", next: []voicetest.Fault{voicetest.Answer(200, "text/html", "<html>maintenance</html>")}},
	{name: "AnswerAfter", next: []voicetest.Fault{voicetest.AnswerAfter(502, "text/html", "<html>bad gateway</html>")}},
	{name: "Header", next: []voicetest.Fault{voicetest.Header("Content-Type", "text/plain")}},
	{name: "Truncate", next: []voicetest.Fault{voicetest.Truncate(5)}},
	{name: "Times", next: []voicetest.Fault{voicetest.Times(3, voicetest.CutAfter())}},

	{name: "DropSession", at: func(sim *voicetest.Server) { sim.DropSession(bot5001) }},
	{name: "ExpireLogin", at: func(sim *voicetest.Server) { sim.ExpireLogin(bot5001) }},
	{name: "RotateCSRF", at: func(sim *voicetest.Server) { sim.RotateCSRF(bot5001) }},
	{name: "Restart", at: func(sim *voicetest.Server) { sim.Restart(3 * time.Second) }},
	{name: "Outage", at: func(sim *voicetest.Server) { sim.Outage(); time.AfterFunc(5*time.Second, sim.Restore) }},
	{name: "InjectMessage", at: func(sim *voicetest.Server) {
		sim.InjectMessage(bot5001, "/v2/me/calls", `{"messageType":"CallStateChangeMessage","call":7}`)
	}},
	{name: "InjectRaw", at: func(sim *voicetest.Server) { sim.InjectRaw(bot5001, `{"channel":"/v2/me/calls","data":{"chone`) }},
	{name: "OnRead", at: func(sim *voicetest.Server) { sim.OnRead("", voicetest.Times(3, voicetest.CutBefore())) }},
	{name: "HangupCustomer", at: func(sim *voicetest.Server) {
		for _, call := range sim.Calls(bot5001) {
			sim.HangupCustomer(call.ID)
		}
	}},
	{name: "SetRegistered", at: func(sim *voicetest.Server) {
		control := sim.Agent(bot5001)
		control.SetRegistered(false)
		time.AfterFunc(3*time.Second, func() { control.SetRegistered(true) })
	}},
	{name: "SetState", at: func(sim *voicetest.Server) { sim.Agent(bot5001).SetState(voice.OpOffline) }},
	{name: "Agent.Hold", at: func(sim *voicetest.Server) {
		for _, call := range sim.Calls(bot5001) {
			sim.Agent(bot5001).Hold(call.ID)
		}
	}},
	{name: "Agent.Hangup", at: func(sim *voicetest.Server) {
		for _, call := range sim.Calls(bot5001) {
			sim.Agent(bot5001).Hangup(call.ID)
		}
	}},
	{name: "CometD disconnect", at: func(sim *voicetest.Server) {
		for _, session := range sim.CometD().Sessions() {
			session.Disconnect()
		}
	}},
}
