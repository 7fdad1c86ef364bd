package voice_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// gate is a function of the caller that does not return until it is opened.
type gate struct {
	once   sync.Once
	opened chan struct{}
}

func newGate(t *testing.T) *gate {
	g := &gate{opened: make(chan struct{})}
	t.Cleanup(g.open)                          // before the client is closed
	timer := time.AfterFunc(time.Hour, g.open) // whoever waits for it fails, and does not hang
	t.Cleanup(func() { timer.Stop() })
	return g
}

func (g *gate) open() { g.once.Do(func() { close(g.opened) }) }

func (g *gate) match(voice.Event) bool { <-g.opened; return true }

// blockers are the functions that see events.
var blockers = map[string]func(t *testing.T, c *voice.Client, id string, f func(voice.Event) bool){
	"filter": func(_ *testing.T, c *voice.Client, _ string, f func(voice.Event) bool) { c.Subscribe(voice.Where(f)) },
	"until": func(t *testing.T, c *voice.Client, id string, f func(voice.Event) bool) {
		_, _ = c.Start(t.Context(), voice.Operation{Name: voice.OpSendDTMF, CallID: id, Params: map[string]any{"digits": "1"}, Until: f}) // f may end the client
	},
}

// inject sends the agent a message that changes nothing.
func inject(sim *voicetest.Server, user string) {
	sim.InjectMessage(user, "/v2/me/calls", `{"messageType":"NewThing"}`)
	synctest.Wait()
}

const leave = 300 * time.Millisecond // when callers have had enough

// leaving runs f with a context that ends soon, and requires that f does not
// outlive it.
func leaving(t *testing.T, f func(ctx context.Context) error) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), leave)
	defer cancel()
	start := time.Now()
	err := f(ctx)
	assert.Equal(t, leave, time.Since(start))
	return err
}

// Whoever cancels a context is not held up by a function that does not return;
// and when it does, nothing is lost or wrong.
func TestBlocked_everyOperationEndsWithItsContext(t *testing.T) {
	for _, op := range append(voice.OperationNames(), "Lunch") {
		t.Run(string(op), func(t *testing.T) {
			bubble(t, voicetest.Options{Recording: true, Muting: true}, func(t *testing.T, sim *voicetest.Server) {
				s := newScene(t, sim, op)
				run := simulated[op](s)
				time.Sleep(2 * second)
				g := newGate(t)
				s.client.Subscribe(voice.Where(g.match))
				inject(sim, s.user)

				ctx, cancel := context.WithTimeout(t.Context(), leave)
				defer cancel()
				start := time.Now()
				_, err := run(ctx, s.client)
				switch session := op == voice.OpStartContactCenterSession || op == voice.OpEndContactCenterSession; {
				case session: // accepted, and that is the outcome
					assert.NoError(t, err)
					assert.Equal(t, leave, time.Since(start))
				case onlyAccepted(op):
					assert.NoError(t, err)
					assert.Zero(t, time.Since(start))
				default:
					requireUnconfirmed(t, err, true, context.DeadlineExceeded)
					assert.Equal(t, leave, time.Since(start))
				}

				g.open()
				time.Sleep(time.Minute)
				if op == voice.OpEndContactCenterSession {
					return
				}
				calls, devices := s.client.Known()
				assert.Empty(t, differences(sim, s.user, calls, devices))
				waiting, _ := s.client.Waiting()
				assert.Zero(t, waiting)
			})
		})
	}
}

func TestBlocked_readsEndWithTheirContext(t *testing.T) {
	for name, block := range blockers {
		t.Run(name, func(t *testing.T) {
			bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
				client := connect(t, sim)
				id := established(t, sim, client)
				sub := client.Subscribe(voice.ForCall(id))
				sim.On(voice.OpHold, voicetest.Silence())
				p, err := client.Start(t.Context(), voice.Operation{Name: voice.OpHold, CallID: id})
				require.NoError(t, err)
				g := newGate(t)
				block(t, client, id, g.match)
				inject(sim, "5001")
				_, _ = nextNow(t.Context(), sub) // what Until has been called for
				for i := range 20 {
					sim.AttachData(id, map[string]any{"i": i})
				}

				for name, read := range map[string]func(ctx context.Context) error{
					"Calls":   func(ctx context.Context) error { _, err := client.Calls(ctx); return err },
					"Devices": func(ctx context.Context) error { _, err := client.Devices(ctx); return err },
					"Call":    func(ctx context.Context) error { _, err := client.Call(ctx, "unknown"); return err },
					"Next":    func(ctx context.Context) error { _, err := sub.Next(ctx); return err },
					"Wait":    func(ctx context.Context) error { _, err := p.Wait(ctx); return err },
					"Await": func(ctx context.Context) error {
						_, err := client.Await(ctx, id, func(c *voice.Call) bool { return c.State == voice.StateHeld })
						return err
					},
				} {
					assert.ErrorIs(t, leaving(t, read), context.DeadlineExceeded, name)
				}

				g.open()
				calls, err := client.Calls(t.Context())
				require.NoError(t, err)
				require.Len(t, calls, 1)
				assert.EqualValues(t, 19, calls[0].UserData["i"])
				for i := range 20 {
					msg := nextCall(t, sub)
					assert.EqualValues(t, i, msg.Call.UserData["i"])
					assert.False(t, msg.Synthetic)
				}
				_, err = nextNow(t.Context(), sub)
				assert.Error(t, err, "nothing else was told")
			})
		})
	}
}

// The function may be called for what the very method has read.
func TestBlocked_readsEndThoughTheyCausedIt(t *testing.T) {
	for name, test := range map[string]struct {
		op    voice.OperationName
		read  func(ctx context.Context, c *voice.Client) error
		shown func(c *voice.Client) bool
	}{
		"Calls": {voice.OpHold, func(ctx context.Context, c *voice.Client) error { _, err := c.Calls(ctx); return err }, func(c *voice.Client) bool {
			calls, _ := c.Known()
			return calls[0].State == voice.StateHeld
		}},
		"Devices": {voice.OpDoNotDisturbOn, func(ctx context.Context, c *voice.Client) error { _, err := c.Devices(ctx); return err }, func(c *voice.Client) bool {
			_, devices := c.Known()
			return devices[0].DoNotDisturb
		}},
		"StartContactCenterSession": {voice.OpHold, func(ctx context.Context, c *voice.Client) error {
			if err := c.StartContactCenterSession(ctx, voice.Session{}); err != nil {
				return err
			}
			return ctx.Err() // that it has started is known
		}, func(c *voice.Client) bool {
			calls, _ := c.Known()
			return calls[0].State == voice.StateHeld
		}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
				client := connect(t, sim)
				op := voice.Operation{Name: test.op, CallID: established(t, sim, client)}
				if test.op == voice.OpDoNotDisturbOn {
					op.CallID, op.DeviceID = "", client.User().Devices[0].ID
				}
				all := client.Subscribe()
				g := newGate(t)
				client.Subscribe(voice.Where(g.match))
				sim.On(test.op, voicetest.LostEvent())
				p, err := client.Start(t.Context(), op)
				require.NoError(t, err)

				for range 3 {
					err := leaving(t, func(ctx context.Context) error { return test.read(ctx, client) })
					assert.ErrorIs(t, err, context.DeadlineExceeded)
				}
				select {
				case <-p.Done():
					t.Error("settled before every subscription has its event")
				default:
				}

				g.open()
				synctest.Wait()
				assert.True(t, test.shown(client))
				out, err := p.Wait(t.Context())
				require.NoError(t, err)
				var settledBy voice.Event = out.Call
				if out.Call == nil {
					settledBy = out.Device
				}
				assert.Same(t, settledBy, next(t, all))
				_, err = nextNow(t.Context(), all)
				assert.Error(t, err, "what was read several times is told once")
				require.NoError(t, test.read(t.Context(), client))
			})
		})
	}
}

// The wait for an outcome is over in time even if the message that shows it
// cannot take effect, or the list that was read cannot.
func TestBlocked_outcomesComeInTime(t *testing.T) {
	for name, faults := range map[string][]voicetest.Fault{"message": nil, "list": {voicetest.LostEvent()}} {
		t.Run(name, func(t *testing.T) {
			bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
				client := connect(t, sim)
				id := established(t, sim, client)
				sub := client.Subscribe(voice.ForCall(id))
				g := newGate(t)
				client.Subscribe(voice.Where(g.match))
				sim.On(voice.OpHold, faults...)
				start := time.Now()
				_, err := client.Hold(context.Background(), id)
				requireUnconfirmed(t, err, true, voice.ErrOutcomeTimeout)
				assert.Equal(t, 11*time.Second, time.Since(start), "the function was waited for a second")

				g.open()
				assert.Equal(t, voice.StateHeld, nextCall(t, sub).Call.State)
				synctest.Wait()
				_, err = nextNow(t.Context(), sub)
				assert.Error(t, err, "it is told once")
				_, err = client.Retrieve(t.Context(), id)
				require.NoError(t, err)
				waiting, _ := client.Waiting()
				assert.Zero(t, waiting)
			})
		})
	}
}
