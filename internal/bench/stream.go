package main

import (
	"context"
	"fmt"
	"time"

	"github.com/gwsvoice/gws-go/internal/bench/server"
	"github.com/gwsvoice/gws-go/internal/floor"
	"github.com/gwsvoice/gws-go/voice"
)

// stream measures events on their way from the server to a subscription.
func stream(ctx context.Context, b *bed) (metrics, error) {
	if b.Ours {
		return streamOurs(ctx, b)
	}
	return streamFloor(ctx, b)
}

func streamFloor(ctx context.Context, b *bed) (metrics, error) {
	poll, err := b.poller(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := b.server.stats("flow"); err != nil {
		return nil, err
	}
	n := 0
	count := func([]byte) { n++ }
	for n < b.Count/10 {
		if err := poll(ctx, count); err != nil {
			return nil, err
		}
	}
	m, err := b.start()
	if err != nil {
		return nil, err
	}
	for n = 0; n < b.Count; {
		if err := poll(ctx, count); err != nil {
			return nil, err
		}
	}
	return b.stop(m, n)
}

func (b *bed) poller(ctx context.Context) (func(context.Context, func([]byte)) error, error) {
	if b.WebSocket {
		s, err := floor.LoginSocket(ctx, b.floorOptions(1))
		if err != nil {
			return nil, err
		}
		return s.Poll, nil
	}
	a, err := b.login(ctx, 1)
	if err != nil {
		return nil, err
	}
	return a.Poll, nil
}

// farAgent has calls that are never in the events of a fountain.
const farAgent = 99999

func streamOurs(ctx context.Context, b *bed) (metrics, error) {
	client, err := b.connect(ctx, 1)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	for i := range b.Subscriptions {
		client.Subscribe(voice.ForCall(server.CallID(farAgent, i)))
	}
	for i := range b.Pending {
		op := voice.Operation{Name: voice.OpMuteCall, CallID: server.CallID(farAgent, i)}
		if _, err := client.Start(ctx, op); err != nil {
			return nil, err
		}
	}
	sub := client.Subscribe()
	if _, err := b.server.stats("flow"); err != nil {
		return nil, err
	}
	if err := take(ctx, sub, b.Count/10); err != nil {
		return nil, err
	}
	m, err := b.start()
	if err != nil {
		return nil, err
	}
	if err := take(ctx, sub, b.Count); err != nil {
		return nil, err
	}
	return b.stop(m, b.Count)
}

func take(ctx context.Context, sub *voice.Subscription, n int) error {
	for range n {
		ev, err := sub.Next(ctx)
		if err != nil {
			return err
		}
		msg, ok := ev.(*voice.CallStateChangeMessage)
		if !ok {
			return fmt.Errorf("%T: %+v among the events", ev, ev)
		}
		if msg.Call.State != voice.StateEstablished {
			return fmt.Errorf("call in state %s", msg.Call.State)
		}
	}
	return nil
}

// filtered measures events that no subscription selects. The server counts.
func filtered(ctx context.Context, b *bed) (metrics, error) {
	if !b.Ours {
		return streamFloor(ctx, b)
	}
	client, err := b.connect(ctx, 1)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	sub := client.Subscribe(voice.ForCall(server.CallID(farAgent, 0)))
	if _, err := b.server.stats("flow"); err != nil {
		return nil, err
	}
	wait := func(n int) (int, error) {
		var passed int
		for first := -1; passed < n; {
			stats, err := b.server.stats("count")
			if err != nil {
				return 0, err
			}
			if first < 0 {
				first = int(stats.Events)
			}
			passed = int(stats.Events) - first
			time.Sleep(5 * time.Millisecond)
		}
		return passed, nil
	}
	if _, err := wait(b.Count / 10); err != nil {
		return nil, err
	}
	m, err := b.start()
	if err != nil {
		return nil, err
	}
	n, err := wait(b.Count)
	if err != nil {
		return nil, err
	}
	got, err := b.stop(m, n)
	if err != nil {
		return nil, err
	}
	none, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	if ev, err := sub.Next(none); err == nil {
		return nil, fmt.Errorf("%T: %+v passed the filter", ev, ev)
	}
	return got, nil
}
