package backoff

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestBackoff_growsToMaxAndResets(t *testing.T) {
	b := Backoff{Min: 100 * time.Millisecond, Max: time.Second}
	for _, base := range []time.Duration{100, 200, 400, 800, 1000, 1000} {
		base *= time.Millisecond
		d := b.Next()
		assert.GreaterOrEqual(t, d, base)
		assert.LessOrEqual(t, d, base+base/5)
	}
	for range 200 { // far beyond what a shift can hold
		d := b.Next()
		assert.GreaterOrEqual(t, d, b.Max)
	}
	assert.Equal(t, 206, b.Failures())
	b.Reset()
	assert.Less(t, b.Next(), 121*time.Millisecond)
}

func TestBackoff_jitterSpreads(t *testing.T) {
	seen := map[time.Duration]bool{}
	for range 100 {
		seen[Jitter(time.Second)] = true
	}
	assert.Greater(t, len(seen), 50)
	assert.Zero(t, Jitter(0))
	assert.Zero(t, Jitter(-time.Second))
}
