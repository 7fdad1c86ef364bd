package voice_test

import (
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// goroutines returns the stacks of those that work for clients, without those
// of tests, of the simulator and of net/http.
func goroutines() (stacks []string) {
	buf := make([]byte, 4<<20)
	buf = buf[:runtime.Stack(buf, true)]
	for _, g := range strings.Split(string(buf), "\n\n") {
		const module = "github.com/gwsvoice/gws-go/"
		if strings.Contains(g, module+"voice.(*Client)") || strings.Contains(g, module+"cometd.(*Client)") {
			stacks = append(stacks, g)
		}
	}
	return stacks
}

func TestIdle_oneGoroutineAndNoTimerButThePoll(t *testing.T) {
	bubble(t, voicetest.Options{ConnectTimeout: 30 * time.Minute, SessionTTL: 24 * time.Hour}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim)
		id := established(t, sim, client)
		for range 50 {
			client.Subscribe()
			client.Subscribe(voice.ForCall(id))
		}
		_, err := client.Hold(t.Context(), id)
		assert.NoError(t, err)
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Len(t, goroutines(), 1, "that waits for the poll, and none for subscriptions that nobody reads")
		requests := len(sim.Requests()) + len(sim.CometD().Requests())
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		assert.LessOrEqual(t, len(sim.Requests())+len(sim.CometD().Requests())-requests, 5)
		assert.Len(t, goroutines(), 1)
	})
}
