package voicetest_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

func TestSetCallDisposition_ofCallThatHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := voicetest.NewServer(voicetest.Options{InMemory: true})
		defer sim.Close()
		client, err := voice.Connect(t.Context(), voice.Config{
			BaseURL:    sim.URL(),
			Auth:       voice.BasicAuth("agent5001", "secret"),
			HTTPClient: sim.Client(),
		})
		require.NoError(t, err)
		defer client.Close()
		id := sim.Establish(voicetest.Call{})
		_, err = client.Hangup(t.Context(), id)
		require.NoError(t, err)
		_, err = client.SetCallDisposition(t.Context(), id, voice.Disposition{Value: "Informed"}) // goes to the device
		require.NoError(t, err)
		info, known := sim.Call("agent5001", id)
		require.True(t, known)
		assert.Equal(t, "Informed", info.Disposition)
	})
}
