package voice

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCallAt_oneTimerForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := offline(t)
		r := c.registry
		began := time.Now()
		called := map[*Pending][]time.Duration{}
		note := func(p *Pending) {
			r.mu.Lock()
			defer r.mu.Unlock()
			called[p] = append(called[p], time.Since(began))
		}
		after := func(p *Pending, d time.Duration) {
			r.mu.Lock()
			defer r.mu.Unlock()
			c.callAt(p, began.Add(d), note)
		}
		var all [5]*Pending
		for i := range all {
			p, err := c.expect(t.Context(), Operation{Name: OpMuteCall, CallID: string(rune('a' + i))}, nil, func(error) {})
			require.NoError(t, err)
			all[i] = p
		}
		after(all[0], 20*time.Second)
		after(all[1], 10*time.Second)
		after(all[2], 10*time.Second)
		after(all[3], 5*time.Second)
		after(all[4], 30*time.Second)
		after(all[4], 15*time.Second) // instead
		c.withdraw(all[3], false)
		time.Sleep(12 * time.Second)
		after(all[1], 13*time.Second) // once more
		time.Sleep(time.Hour)
		synctest.Wait()
		r.mu.Lock()
		defer r.mu.Unlock()
		assert.Equal(t, map[*Pending][]time.Duration{
			all[0]: {20 * time.Second},
			all[1]: {10 * time.Second, 13 * time.Second},
			all[2]: {10 * time.Second},
			all[4]: {15 * time.Second},
		}, called)
		assert.Zero(t, r.alarm.at, "nothing is due any more")
	})
}

func TestCallAt_noTimerOutlivesTheClient(t *testing.T) {
	c := offline(t)
	r := c.registry
	p, err := c.expect(t.Context(), Operation{Name: OpMuteCall, CallID: "call"}, nil, func(error) {})
	require.NoError(t, err)
	r.mu.Lock()
	c.callAt(p, time.Now().Add(time.Hour), func(*Pending) {})
	r.mu.Unlock()
	c.fail(ErrClosed)
	assert.False(t, r.alarm.timer.Stop(), "it was stopped")
	r.mu.Lock()
	defer r.mu.Unlock()
	c.callAt(p, time.Now().Add(time.Hour), func(*Pending) {})
	assert.False(t, r.alarm.timer.Stop(), "nor is it started again")
}

func TestWithRequest_endsAsADeadlineDoes(t *testing.T) {
	type key struct{}
	parent, cancelParent := context.WithCancelCause(context.WithValue(t.Context(), key{}, 1))
	overdue, cancel := withRequest(parent)
	assert.NoError(t, overdue.Err())
	assert.Equal(t, 1, overdue.Value(key{}))
	child, release := context.WithCancelCause(overdue)
	defer release(nil)
	cancel(context.DeadlineExceeded)
	assert.Equal(t, context.DeadlineExceeded, overdue.Err())
	assert.Equal(t, context.DeadlineExceeded, context.Cause(child), "which net/http returns")

	given, cancel := withRequest(parent)
	cancel(nil)
	assert.Equal(t, context.Canceled, given.Err())
	ended, cancel := withRequest(parent)
	defer cancel(nil)
	cancelParent(assert.AnError)
	assert.Equal(t, context.Canceled, ended.Err())
}
