package voice_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

func TestEnding(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim)
		assert.Zero(t, client.Ending("never heard of"))

		id := queueCall(t, sim, client)
		assert.Zero(t, client.Ending(id), "not ended")
		sim.On(voice.OpReject, voicetest.EventFirst(time.Second))
		done := make(chan error, 1)
		go func() { _, err := client.Reject(t.Context(), id); done <- err }()
		synctest.Wait()
		assert.Equal(t, voice.Ending{}, client.Ending(id), "the request is not answered yet")
		require.NoError(t, <-done)
		assert.Equal(t, voice.Ending{By: voice.EndedByThisClient, Operation: voice.OpReject}, client.Ending(id))

		id = established(t, sim, client)
		_, err := client.SingleStepTransfer(t.Context(), id, voice.Destination{PhoneNumber: "5002"})
		require.NoError(t, err)
		assert.Equal(t, voice.Ending{By: voice.EndedByThisClient, Operation: voice.OpSingleStepTransfer}, client.Ending(id))

		id = established(t, sim, client)
		sim.HangupCustomer(id)
		synctest.Wait()
		assert.Equal(t, voice.Ending{By: voice.EndedElsewhere}, client.Ending(id), "the customer or the agent's telephone")

		id = established(t, sim, client)
		sim.On(voice.OpHangup, voicetest.Refuse(voice.CodeInvalidState, "no"), voicetest.Slow(time.Second))
		go func() { _, err := client.Hangup(t.Context(), id); done <- err }()
		synctest.Wait()
		sim.HangupCustomer(id)
		synctest.Wait()
		assert.Equal(t, voice.Ending{}, client.Ending(id), "the own request may have done it")
		require.Error(t, <-done)
		assert.Equal(t, voice.Ending{By: voice.EndedElsewhere}, client.Ending(id), "it was refused")

		id = established(t, sim, client)
		sim.On(voice.OpHangup, voicetest.Silence())
		_, err = client.Hangup(t.Context(), id)
		require.Error(t, err)
		sim.HangupCustomer(id)
		synctest.Wait()
		assert.Equal(t, voice.Ending{}, client.Ending(id), "its outcome stayed unknown")

		id = established(t, sim, client)
		sim.DropSession("5001")
		sim.HangupCustomer(id)
		awaitState(t, client, id, voice.StateReleased)
		assert.Equal(t, voice.Ending{}, client.Ending(id), "nobody saw it")
	})
}
