package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/gwsvoice/gws-go/internal/bench/server"
	"github.com/gwsvoice/gws-go/internal/floor"
	"github.com/gwsvoice/gws-go/voice"
)

// toggle puts one call of an agent on hold or takes it back, and returns once
// the message that shows it is there.
type toggle func(ctx context.Context, call int, hold bool) error

// operate measures operations from the call to the awaited message: one at a
// time on each call, with as many calls in turn as the server gives an agent.
func operate(ctx context.Context, b *bed) (metrics, error) {
	var all []toggle
	for agent := 1; agent <= b.Agents; agent++ {
		prepare := b.toggleFloor
		if b.Ours {
			prepare = b.toggleOurs
		}
		t, err := prepare(ctx, agent)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	loop := func(n int) ([]time.Duration, error) {
		lanes := len(all) * b.Server.Calls
		took := make([][]time.Duration, lanes)
		errs := make([]error, lanes)
		var wg sync.WaitGroup
		for lane := range lanes {
			wg.Go(func() {
				do, call := all[lane%len(all)], lane/len(all)
				for i := range n / lanes / 2 * 2 {
					began := time.Now()
					if err := do(ctx, call, i%2 == 0); err != nil {
						errs[lane] = err
						return
					}
					took[lane] = append(took[lane], time.Since(began))
				}
			})
		}
		wg.Wait()
		for _, err := range errs {
			if err != nil {
				return nil, err
			}
		}
		return slices.Concat(took...), nil
	}
	if _, err := loop(max(b.Count/10, 2*b.Agents*b.Server.Calls)); err != nil {
		return nil, err
	}
	m, err := b.start()
	if err != nil {
		return nil, err
	}
	took, err := loop(b.Count)
	if err != nil {
		return nil, err
	}
	got, err := b.stop(m, len(took))
	if err != nil {
		return nil, err
	}
	slices.Sort(took)
	got["p50"] = float64(took[len(took)/2].Nanoseconds()) / 1e3
	got["p99"] = float64(took[len(took)*99/100].Nanoseconds()) / 1e3
	return got, nil
}

func (b *bed) toggleOurs(ctx context.Context, agent int) (toggle, error) {
	client, err := b.connect(ctx, agent)
	if err != nil {
		return nil, err
	}
	ids := b.callIDs(agent)
	return func(ctx context.Context, call int, hold bool) error {
		do, want := client.Retrieve, voice.StateEstablished
		if hold {
			do, want = client.Hold, voice.StateHeld
		}
		msg, err := do(ctx, ids[call])
		if err == nil && msg.Call.State != want {
			err = fmt.Errorf("settled in state %s", msg.Call.State)
		}
		return err
	}, nil
}

func (b *bed) callIDs(agent int) []string {
	var ids []string
	for call := range max(b.Server.Calls, 1) {
		ids = append(ids, server.CallID(agent, call))
	}
	return ids
}

var (
	holdBody     = []byte(`{"operationName":"Hold"}`)
	retrieveBody = []byte(`{"operationName":"Retrieve"}`)
)

func (b *bed) toggleFloor(ctx context.Context, agent int) (toggle, error) {
	a, err := b.login(ctx, agent)
	if err != nil {
		return nil, err
	}
	ids := b.callIDs(agent)
	come := map[string]chan []byte{}
	for _, id := range ids {
		come[id] = make(chan []byte, 1)
	}
	go func() {
		for a.Poll(ctx, func(event []byte) { route(come, event) }) == nil {
		}
	}()
	return func(ctx context.Context, call int, hold bool) error {
		body, want := retrieveBody, `"state":"Established"`
		if hold {
			body, want = holdBody, `"state":"Held"`
		}
		if err := a.Post(ctx, "/me/calls/"+ids[call], body); err != nil {
			return err
		}
		select {
		case event := <-come[ids[call]]:
			if !bytes.Contains(event, []byte(want)) {
				return fmt.Errorf("settled by %s", event)
			}
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}, nil
}

// route hands a copy of the event to whoever waits for its call.
func route(come map[string]chan []byte, event []byte) {
	_, rest, _ := bytes.Cut(event, []byte(`"id":"`))
	id, _, _ := bytes.Cut(rest, []byte(`"`))
	if c := come[string(id)]; c != nil {
		c <- bytes.Clone(event)
	}
}

// accept measures operations that are settled by their acceptance: a request
// and its answer, and no notification.
func accept(ctx context.Context, b *bed) (metrics, error) {
	do, err := b.acceptFloor(ctx)
	if b.Ours {
		do, err = b.acceptOurs(ctx)
	}
	if err != nil {
		return nil, err
	}
	for range b.Count / 10 {
		if err := do(ctx); err != nil {
			return nil, err
		}
	}
	m, err := b.start()
	if err != nil {
		return nil, err
	}
	for range b.Count {
		if err := do(ctx); err != nil {
			return nil, err
		}
	}
	return b.stop(m, b.Count)
}

func (b *bed) acceptOurs(ctx context.Context) (func(context.Context) error, error) {
	client, err := b.connect(ctx, 1)
	if err != nil {
		return nil, err
	}
	op := voice.Operation{Name: "Acknowledge", CallID: server.CallID(1, 0)}
	return func(ctx context.Context) error {
		p, err := client.Start(ctx, op)
		if err == nil {
			_, err = p.Wait(ctx)
		}
		return err
	}, nil
}

func (b *bed) acceptFloor(ctx context.Context) (func(context.Context) error, error) {
	a, err := floor.Login(ctx, b.floorOptions(1))
	if err != nil {
		return nil, err
	}
	path, body := "/me/calls/"+server.CallID(1, 0), []byte(`{"operationName":"Acknowledge"}`)
	return func(ctx context.Context) error { return a.Post(ctx, path, body) }, nil
}
