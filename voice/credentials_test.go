package voice_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

func TestCredentials_thatStopWorkingEndTheClient(t *testing.T) {
	agents := voicetest.DefaultAgents()
	agents[0].Token = "t0ken"
	bubble(t, voicetest.Options{Agents: agents}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim, func(c *voice.Config) {
			c.Auth = voice.BearerAuth(func(context.Context) (string, error) { return "t0ken", nil })
		})
		sub := client.Subscribe()
		sim.Agent("5001").SetToken("another")
		sim.ExpireLogin("5001")
		sim.ClearRequests()
		<-client.Done()
		e, ok := errors.AsType[*voice.APIError](client.Err())
		require.True(t, ok, "%v", client.Err())
		assert.Equal(t, voice.CodeNotAuthenticated, e.Code)
		_, err := sub.Next(t.Context())
		assert.ErrorIs(t, err, e, "the subscription tells why")
		time.Sleep(time.Hour)
		assert.Len(t, sim.Requests(), 1, "asked once, and no more")
	})
}

func TestCredentials_areFetchedAnew(t *testing.T) {
	agents := voicetest.DefaultAgents()
	agents[0].Token = "one"
	bubble(t, voicetest.Options{Agents: agents}, func(t *testing.T, sim *voicetest.Server) {
		var token atomic.Value
		token.Store("one")
		client := connect(t, sim, func(c *voice.Config) {
			c.Auth = voice.BearerAuth(func(context.Context) (string, error) { return token.Load().(string), nil })
		})
		sub := client.Subscribe()
		sim.Agent("5001").SetToken("two")
		token.Store("two")
		sim.ExpireLogin("5001")
		_, ok := next(t, sub).(*voice.Reconnected)
		assert.True(t, ok, "the application notices nothing else")
		id := queueCall(t, sim, client)
		_, err := client.Reject(t.Context(), id)
		assert.NoError(t, err)
	})
}
