package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/gwsvoice/gws-go/voice"
)

// operate keeps one agent in a hundred operating: he puts his call on hold and
// takes it back; then it is another's turn. stop lets the operations that are
// under way end.
func (f *fleet) operate(ctx context.Context, count *outcomes) (stop func()) {
	const turns = 2
	f.operations.Store(count)
	ctx, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	lanes := max(f.agents/100, 1)
	for lane := range lanes {
		all.Go(func() {
			for i := lane; ; i = (i + lanes) % f.agents {
				for range turns {
					if ctx.Err() != nil {
						return
					}
					if !f.operateOnce(f.members[i]) {
						wait(ctx, time.Second)
					}
				}
			}
		})
	}
	return func() {
		cancel()
		all.Wait()
	}
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

func (f *fleet) operateOnce(m *member) bool {
	call := m.call()
	if call == nil {
		return false // the customer has hung up, the next has not called
	}
	do, want := m.client.Hold, voice.StateHeld
	if call.State == voice.StateHeld {
		do, want = m.client.Retrieve, voice.StateEstablished
	}
	began := time.Now()
	msg, err := do(context.Background(), call.ID) // which ends by itself
	if err == nil && msg.Call.State != want {
		err = errors.New("settled in state " + string(msg.Call.State))
	}
	if err == nil {
		f.took.add(time.Since(began))
	}
	f.operations.Load().add(err) // that of now: a cut concerns what is under way
	return err == nil
}

func (o *outcomes) add(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	unsure, isUnsure := errors.AsType[*voice.UnconfirmedError](err)
	switch {
	case err == nil:
		o.settled++
	case isUnsure:
		o.unsure++
		err = unsure
	case voice.SafeToRetry(err):
		o.notSent++
	default:
		o.refused++
	}
	if err != nil {
		o.example = err
	}
}
