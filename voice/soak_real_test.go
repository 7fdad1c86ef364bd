package voice_test

import (
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// TestSoak_overSockets is the soak in real time, over TCP. SOAK is how long it
// lasts: "1m"; without it, some seconds.
func TestSoak_overSockets(t *testing.T) {
	long := 4 * time.Second
	if text := os.Getenv("SOAK"); text != "" {
		var err error
		long, err = time.ParseDuration(text)
		require.NoError(t, err)
	}
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	seed := soakSeed()
	t.Logf("SOAK_SEED=%d", seed)
	before := runtime.NumGoroutine()
	o := soakOptions(20)
	o.Latency = voicetest.Latency{Response: 2 * time.Millisecond, Event: 2 * time.Millisecond, Spread: 1}
	o.RingTimeout, o.WrapUp, o.OutsideAnswer = 2*time.Second, 500*time.Millisecond, 200*time.Millisecond
	sim := voicetest.NewServer(o)
	s := newSoak(t, sim, seed, 0.1)
	s.pace = 300 * time.Millisecond
	for end := time.Now().Add(long); time.Now().Before(end); {
		s.work(min(5*time.Second, long))
		s.quiet(30 * time.Second)
		s.compare("after a while")
	}
	s.report()
	s.close()
	sim.Close()
	assert.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+2 }, 10*time.Second, 20*time.Millisecond, "goroutines")
}

// quiet waits until all clients know the truth, or for d: what was lost on its
// way is read back after a while.
func (s *soak) quiet(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		same := true
		for _, w := range s.agents {
			calls, devices := w.client.Known()
			told, shown := w.mirror.known()
			waiting, _ := w.client.Waiting()
			same = same && waiting == 0 && len(differences(s.sim, w.name, calls, devices)) == 0 &&
				len(differences(s.sim, w.name, told, shown)) == 0
		}
		if same {
			return
		}
	}
}
