package voice_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// A server that takes requests and does not answer them holds nobody up for
// ever, also where the caller has set no limit.
func TestSilentServer(t *testing.T) {
	for name, test := range map[string]struct {
		path string
		ask  func(ctx context.Context, c *voice.Client) error
	}{
		"Calls":         {"/me/calls", func(ctx context.Context, c *voice.Client) error { _, err := c.Calls(ctx); return err }},
		"Call":          {"/me/calls", func(ctx context.Context, c *voice.Client) error { _, err := c.Call(ctx, "X"); return err }},
		"Devices":       {"/me/devices", func(ctx context.Context, c *voice.Client) error { _, err := c.Devices(ctx); return err }},
		"AgentStates":   {"/settings/agent-states", func(ctx context.Context, c *voice.Client) error { _, err := c.AgentStates(ctx); return err }},
		"SetAgentState": {"/settings/agent-states", func(ctx context.Context, c *voice.Client) error { _, err := c.SetAgentState(ctx, "Lunch"); return err }},
		"Users":         {"/users", func(ctx context.Context, c *voice.Client) error { _, err := c.Users(ctx); return err }},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
				client := connect(t, sim, func(c *voice.Config) { c.Auth = voice.BasicAuth("supervisor5009", "secret") })
				sim.OnRead(test.path, voicetest.Times(2, voicetest.Slow(time.Hour)))
				start := time.Now()
				err := test.ask(context.Background(), client)
				assert.ErrorContains(t, err, "no answer within 28s")
				assert.Equal(t, 28*time.Second, time.Since(start))

				start = time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				assert.ErrorIs(t, test.ask(ctx, client), context.DeadlineExceeded)
				assert.Equal(t, time.Second, time.Since(start))
			})
		})
	}
	t.Run("Connect", func(t *testing.T) {
		bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
			sim.OnRead("/me", voicetest.Slow(time.Hour))
			cfg := config(sim)
			defer cfg.HTTPClient.CloseIdleConnections()
			_, err := voice.Connect(context.Background(), cfg)
			assert.ErrorContains(t, err, "no answer within 28s")
		})
	})
	t.Run("a start of the session", func(t *testing.T) {
		bubble(t, voicetest.Options{Agents: agentWith(loggedOut)}, func(t *testing.T, sim *voicetest.Server) {
			client := connect(t, sim)
			sim.OnRead("/me", voicetest.Slow(time.Hour))
			start := time.Now()
			require.NoError(t, client.StartContactCenterSession(context.Background(), voice.Session{}))
			assert.Equal(t, 10*second, time.Since(start))
		})
	})
	// While the session is being had back, the next attempt comes.
	t.Run("the login again", func(t *testing.T) {
		bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
			client := connect(t, sim)
			id := established(t, sim, client)
			sim.OnRead("/me", voicetest.Slow(10*time.Hour))
			onConnect(1, forbidden(20))(sim)
			sim.HangupCustomer(id)
			start := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			_, err := client.Await(ctx, id, func(c *voice.Call) bool { return c.State == voice.StateReleased })
			require.NoError(t, err)
			assert.Less(t, time.Since(start), time.Minute)
		})
	})
}
