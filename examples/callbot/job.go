package main

import (
	"context"
	"time"

	"github.com/gwsvoice/gws-go/voice"
)

// job is what a rule wants done with a call, and how far it has got.
type job struct {
	call  *voice.Call // as it rang
	rule  rule
	steps []step
	began time.Time

	next    int      // the step that comes next
	did     []string // for the table
	trouble []error  // what went wrong and was overcome, or not
	err     error    // what ended it
}

func newJob(call *voice.Call, r rule) *job {
	return &job{call: call, rule: r, steps: r.steps(), began: time.Now()}
}

// start runs a job unless the call has one already.
func (b *bot) start(ctx, work context.Context, j *job) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.jobs[j.call.ID] == nil {
		b.jobs[j.call.ID] = j
		b.goOn(ctx, work, j)
	}
}

// goOn runs a job and reports what came of it.
func (b *bot) goOn(ctx, work context.Context, j *job) {
	client := b.client
	b.running.Go(func() {
		if !j.run(work, client) {
			return // until there is another client
		}
		b.report.add(j)
		b.mu.Lock()
		delete(b.jobs, j.call.ID)
		b.mu.Unlock()
		b.seeToDuty()
		// A call that was given back may ring again before its job was over.
		if call, err := client.Call(work, j.call.ID); err == nil {
			b.take(ctx, work, call)
		}
	})
}

// resume goes on with the jobs that the end of the last client interrupted.
func (b *bot) resume(ctx, work context.Context) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, j := range b.jobs {
		b.goOn(ctx, work, j)
	}
}

// lookAround takes the calls that ring already.
func (b *bot) lookAround(ctx, work context.Context) error {
	calls, err := b.client.Calls(ctx)
	for err != nil {
		if err := pause(ctx, b.client, time.Second); err != nil {
			return err
		}
		calls, err = b.client.Calls(ctx)
	}
	for _, call := range calls {
		b.take(ctx, work, call)
	}
	return nil
}

// pause waits, and returns an error if ctx or the client ended meanwhile.
func pause(ctx context.Context, client *voice.Client, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-client.Done():
		return client.Err()
	}
}
