package voice_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/gwsvoice/gws-go/voice/voicetest"
)

func TestConnected_followsTheServer(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim)
		synctest.Wait()
		assert.True(t, client.Connected(), "connected")

		sim.Restart(5 * time.Second)
		time.Sleep(time.Second)
		assert.False(t, client.Connected(), "while the server is down")
		time.Sleep(20 * time.Second)
		assert.True(t, client.Connected(), "after the server came back")

		assert.NoError(t, client.Close())
		assert.False(t, client.Connected(), "closed")
	})
}
