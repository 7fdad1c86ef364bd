package voice_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// A function that calls the client back gets its answer, or its context's end.
func TestBlocked_functionsMayCallBack(t *testing.T) {
	for name, test := range map[string]struct {
		call  func(ctx context.Context, c *voice.Client, id string) error
		took  time.Duration
		check func(t *testing.T, err error)
	}{
		"Calls":   {func(ctx context.Context, c *voice.Client, _ string) error { _, err := c.Calls(ctx); return err }, leave, isOver},
		"Devices": {func(ctx context.Context, c *voice.Client, _ string) error { _, err := c.Devices(ctx); return err }, leave, isOver},
		"Hold":    {func(ctx context.Context, c *voice.Client, id string) error { _, err := c.Hold(ctx, id); return err }, leave, isOver},
		"Hold, for ever": {func(_ context.Context, c *voice.Client, id string) error {
			_, err := c.Hold(context.Background(), id)
			return err
		}, 11 * time.Second, func(t *testing.T, err error) { requireUnconfirmed(t, err, true, voice.ErrOutcomeTimeout) }},
		"Call":                    {func(ctx context.Context, c *voice.Client, id string) error { _, err := c.Call(ctx, id); return err }, 0, succeeded},
		"Subscribe":               {func(_ context.Context, c *voice.Client, _ string) error { return c.Subscribe().Close() }, 0, succeeded},
		"Close":                   {func(_ context.Context, c *voice.Client, _ string) error { return c.Close() }, time.Second, succeeded},
		"EndContactCenterSession": {func(ctx context.Context, c *voice.Client, _ string) error { return c.EndContactCenterSession(ctx) }, leave, succeeded},
	} {
		for kind, block := range blockers {
			t.Run(name+", "+kind, func(t *testing.T) {
				bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
					client := connect(t, sim)
					id := established(t, sim, client)
					type result struct {
						err  error
						took time.Duration
					}
					results := make(chan result, 1)
					called := false
					block(t, client, id, func(voice.Event) bool {
						if called {
							return true
						}
						called = true
						ctx, cancel := context.WithTimeout(context.Background(), leave)
						defer cancel()
						start := time.Now()
						err := test.call(ctx, client, id)
						results <- result{err, time.Since(start)}
						return true
					})
					inject(sim, "5001")
					got := <-results
					test.check(t, got.err)
					assert.Equal(t, test.took, got.took)
					time.Sleep(time.Minute)
					if client.Err() == nil {
						calls, devices := client.Known()
						assert.Empty(t, differences(sim, "agent5001", calls, devices))
					}
				})
			})
		}
	}
}

func isOver(t *testing.T, err error) { assert.ErrorIs(t, err, context.DeadlineExceeded) }

func succeeded(t *testing.T, err error) { assert.NoError(t, err) }

// The client ends at once, also if a function never returns; only its goroutine
// is left.
func TestBlocked_closeDoesNotWaitForEver(t *testing.T) {
	type blocker = func(t *testing.T, sim *voicetest.Server, c *voice.Client, id string, f func(voice.Event) bool)
	all := map[string]blocker{
		"list": func(t *testing.T, sim *voicetest.Server, c *voice.Client, id string, f func(voice.Event) bool) {
			sim.On(voice.OpUpdateUserData, voicetest.LostEvent())
			_, err := c.Start(t.Context(), voice.Operation{Name: voice.OpUpdateUserData, CallID: id, Params: map[string]any{"userData": map[string]any{"a": "b"}}})
			require.NoError(t, err)
			c.Subscribe(voice.Where(f))
			leaving(t, func(ctx context.Context) error { _, err := c.Calls(ctx); return err })
		},
	}
	for name, block := range blockers {
		all[name] = func(t *testing.T, _ *voicetest.Server, c *voice.Client, id string, f func(voice.Event) bool) {
			block(t, c, id, f)
		}
	}
	for name, block := range all {
		t.Run(name, func(t *testing.T) {
			bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
				client := connect(t, sim)
				id := established(t, sim, client)
				sub := client.Subscribe(voice.ForCall("another"))
				g := newGate(t)
				block(t, sim, client, id, g.match)
				inject(sim, "5001")
				start := time.Now()
				ended := make(chan struct{}, 3)
				for _, f := range []func(){
					func() {
						_, err := client.Hold(context.Background(), id)
						requireUnconfirmed(t, err, true, voice.ErrClosed)
					},
					func() {
						_, err := sub.Next(context.Background())
						assert.ErrorIs(t, err, voice.ErrClosed)
					},
					func() {
						_, err := client.Calls(context.Background())
						assert.ErrorIs(t, err, voice.ErrClosed)
					},
				} {
					go func() {
						f()
						assert.Zero(t, time.Since(start))
						ended <- struct{}{}
					}()
				}
				synctest.Wait()
				sim.AttachData(id, map[string]any{"a": "queued"})
				synctest.Wait()

				require.NoError(t, client.Close())
				assert.Equal(t, time.Second, time.Since(start))
				for range 3 {
					<-ended
				}
				assert.ErrorIs(t, client.Err(), voice.ErrClosed)
				synctest.Wait()
				assert.Len(t, goroutines(), 1, "the one that runs the function")
				g.open()
				synctest.Wait()
				assert.Empty(t, goroutines())
			})
		})
	}
}

func TestClose_waitsForFunctionsThatReturn(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim)
		client.Subscribe(voice.Where(func(voice.Event) bool { time.Sleep(500 * time.Millisecond); return true }))
		inject(sim, "5001")
		start := time.Now()
		require.NoError(t, client.Close())
		assert.Equal(t, 500*time.Millisecond, time.Since(start))
		assert.Empty(t, goroutines())
	})
}
