package main

import (
	"context"
	"sync"

	"github.com/gwsvoice/gws-go/voice"
)

// bot answers the calls of one agent.
type bot struct {
	client *voice.Client
	rules  []rule
	report *report
	duty   chan struct{} // holds a token when the agent may not be ready

	running sync.WaitGroup
	mu      sync.Mutex
	jobs    map[string]*job // by call
}

// serve deals with calls until ctx ends, or the client does. What is under way
// then goes on until work ends.
func (b *bot) serve(ctx, work context.Context) error {
	defer b.running.Wait()
	events := b.client.Subscribe() // listening from here on
	defer events.Close()
	if err := b.lookAround(ctx, work); err != nil {
		return err
	}
	for ev, err := range events.All(ctx) {
		if err != nil {
			return err
		}
		switch ev := ev.(type) {
		case *voice.CallStateChangeMessage:
			b.take(ctx, work, ev.Call)
		case *voice.DeviceStateChangeMessage, *voice.ServiceStateChange, *voice.Reconnected:
			b.seeToDuty()
		case *voice.Lagged: // a call may have rung here
			if err := b.lookAround(ctx, work); err != nil {
				return err
			}
		}
	}
	return nil
}

// take starts a job for a call that rings and came through a queue: only such a
// call can be rejected.
func (b *bot) take(ctx, work context.Context, call *voice.Call) {
	if ctx.Err() != nil || call.State != voice.StateRinging || !call.Can(voice.OpReject) {
		return
	}
	if rule, found := choose(b.rules, call); found {
		b.start(ctx, work, newJob(call, rule))
	}
}

// run does what the rule says, step by step. It reports false if the client
// ended before the job did.
func (j *job) run(ctx context.Context, client *voice.Client) bool {
	for ; j.next < len(j.steps); j.next++ {
		err := j.insist(ctx, client, j.steps[j.next])
		if err != nil && client.Err() != nil && ctx.Err() == nil {
			return false
		}
		if err != nil {
			j.err = err
			break
		}
	}
	return true
}
