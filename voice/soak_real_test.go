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
// lasts: "1m". Without it there are some seconds, in which no operation suffers:
// those that do take long.
func TestSoak_overSockets(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	long, tame := 3*time.Second, true
	if text := os.Getenv("SOAK"); text != "" {
		var err error
		long, err = time.ParseDuration(text)
		require.NoError(t, err)
		tame = false
	}
	seed := soakSeed()
	t.Logf("SOAK_SEED=%d", seed)
	before := runtime.NumGoroutine()
	o := soakOptions(20)
	o.Latency = voicetest.Latency{Response: 2 * time.Millisecond, Event: 2 * time.Millisecond, Spread: 1}
	o.RingTimeout, o.WrapUp, o.OutsideAnswer = 2*time.Second, 500*time.Millisecond, 200*time.Millisecond
	sim := voicetest.NewServer(o)
	s := newSoak(t, sim, seed, 0.1)
	s.pace, s.tame = 300*time.Millisecond, tame
	for end := time.Now().Add(long); time.Now().Before(end); {
		s.work(min(5*time.Second, long))
		if !s.quiet(time.Minute) {
			s.compare("after a while")
		}
	}
	if !tame {
		s.report()
	}
	s.close()
	sim.Close()
	assert.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+2 }, time.Minute, 20*time.Millisecond, "goroutines")
}

// quiet waits until all clients know the truth and wait for nothing, and tells
// whether that came about within d. The switch goes on meanwhile: telephones
// stop ringing, agents end their wrap-up.
func (s *soak) quiet(d time.Duration) bool {
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
			return true
		}
	}
	return false
}
