package main

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/gwsvoice/gws-go/voice"
)

// act plays an agent who works without a page, with the same client as all
// others: it answers, talks, sometimes holds or transfers, and takes a break now
// and then.
func act(ctx context.Context, a *app, user string) error {
	d, err := a.work(ctx, user, demoPassword, "", voice.OpReady)
	if err != nil {
		return err
	}
	sub := d.client.Subscribe()
	var talks sync.WaitGroup
	defer func() {
		talks.Wait()
		last, cancel := context.WithTimeout(context.Background(), logoutTimeout)
		defer cancel()
		d.leave(last)
	}()
	for ev, err := range sub.All(ctx) {
		if err != nil {
			return err
		}
		if msg, ok := ev.(*voice.CallStateChangeMessage); ok && msg.Call.State == voice.StateRinging && msg.NotificationType == voice.StatusChange {
			talks.Go(func() { talk(ctx, d, msg.Call) })
		}
	}
	return nil
}

// talk takes one call from its first ring to its end. Whatever goes wrong ends
// it: somebody else has the call, or nobody.
func talk(ctx context.Context, d *desk, call *voice.Call) {
	client, id := d.client, call.ID
	if !pause(ctx, between(1500*time.Millisecond, 5*time.Second)) {
		return
	}
	if _, err := client.Answer(ctx, id); err != nil {
		return
	}
	if call.Type == voice.CallTypeInternal || call.Type == voice.CallTypeConsult {
		over(ctx, client, id, 3*time.Minute) // a colleague: listen until he hangs up
		_, _ = client.Hangup(ctx, id)
		return
	}
	if over(ctx, client, id, between(5*time.Second, 12*time.Second)) {
		return
	}
	switch rand.IntN(6) {
	case 0, 1: // looks something up
		if _, err := client.Hold(ctx, id); err == nil {
			over(ctx, client, id, between(4*time.Second, 9*time.Second))
			_, _ = client.Retrieve(ctx, id)
		}
	case 2:
		_, _ = client.UpdateUserData(ctx, id, map[string]any{"Checked": "yes"})
	case 3:
		_, _ = client.StartCallRecording(ctx, id)
	case 4: // is not the right one
		if _, err := client.SingleStepTransfer(ctx, id, voice.Destination{PhoneNumber: supportQueue}); err == nil {
			return
		}
	}
	if over(ctx, client, id, between(8*time.Second, 35*time.Second)) {
		return
	}
	_, _ = client.SetCallDisposition(ctx, id, voice.Disposition{Value: "Resolved"})
	_, _ = client.Hangup(ctx, id)
	if rand.IntN(5) == 0 && pause(ctx, time.Second) {
		if _, err := client.SetAgentState(ctx, "Lunch"); err == nil && pause(ctx, between(15*time.Second, 30*time.Second)) {
			_, _ = client.Ready(ctx)
		}
	}
}

// over waits for the end of a call, no longer than d, and reports whether it
// came.
func over(ctx context.Context, client *voice.Client, id string, d time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	_, err := client.Await(ctx, id, func(c *voice.Call) bool { return c.State == voice.StateReleased })
	return err == nil
}

func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
