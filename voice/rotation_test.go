package voice_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// A token that was replaced costs neither the session nor what it has for the
// client, however often, and no pause.
func TestCSRF_rotationLosesNothing(t *testing.T) {
	bubble(t, voicetest.Options{CSRF: true, CSRFOnBayeux: true}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim)
		sub := client.Subscribe()
		for range 3 {
			sim.RotateCSRF("5001")
			start := time.Now()
			id := sim.Ring(voicetest.Call{From: "7002", To: "5001"})
			sim.RotateCSRF("5001")
			sim.HangupCustomer(id)
			for _, state := range []voice.CallState{voice.StateRinging, voice.StateReleased} {
				msg, ok := next(t, sub).(*voice.CallStateChangeMessage)
				if assert.True(t, ok, "no gap") {
					assert.Equal(t, state, msg.Call.State)
					assert.False(t, msg.Synthetic)
				}
			}
			assert.Less(t, time.Since(start), time.Second)
			time.Sleep(time.Minute)
		}
	})
}

// Nor does it matter that the server replaces the token all the time.
func TestCSRF_rotationAllTheTime(t *testing.T) {
	bubble(t, voicetest.Options{CSRF: true, CSRFOnBayeux: true, ConnectTimeout: 2 * time.Second}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim)
		for range 100 {
			sim.RotateCSRF("5001")
			time.Sleep(5 * time.Second)
		}
		assert.NoError(t, client.Err())
		assert.True(t, client.Connected())
	})
}
