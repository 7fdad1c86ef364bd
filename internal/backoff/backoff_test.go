package backoff

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestBackoff_growsToMaxAndResets(t *testing.T) {
	b := Backoff{Min: 100 * time.Millisecond, Max: time.Second}
	for _, least := range []time.Duration{100, 200, 400, 500, 500} {
		least *= time.Millisecond
		d := b.Next()
		assert.GreaterOrEqual(t, d, least)
		assert.LessOrEqual(t, d, 2*least)
	}
	for range 200 { // far beyond what a shift can hold
		d := b.Next()
		assert.GreaterOrEqual(t, d, b.Max/2)
		assert.LessOrEqual(t, d, b.Max)
	}
	assert.Equal(t, 205, b.Failures())
	b.Reset()
	assert.Less(t, b.Next(), 201*time.Millisecond)
}

func TestBackoff_staysBetweenMinAndMax(t *testing.T) {
	for _, b := range []Backoff{{Min: 2, Max: 3}, {Min: 5, Max: 5}, {Min: time.Second, Max: time.Hour}, {}} {
		for range 100 {
			d := b.Next()
			assert.GreaterOrEqual(t, d, b.Min)
			assert.LessOrEqual(t, d, b.Max)
		}
	}
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

// TestBackoff_clientsThatFailedTogetherDoNotReturnTogether has a server cut off
// from its clients and lets it come back.
func TestBackoff_clientsThatFailedTogetherDoNotReturnTogether(t *testing.T) {
	const clients = 10000
	for _, away := range []time.Duration{20 * time.Second, time.Minute, 10 * time.Minute} {
		back := map[time.Duration]int{}
		var last time.Duration
		for range clients {
			b := Backoff{Min: 500 * time.Millisecond, Max: 30 * time.Second}
			at := b.Next()
			for at < away {
				at += b.Next()
			}
			back[(at-away).Truncate(time.Second)]++
			last = max(last, at-away)
		}
		for second, n := range back {
			assert.Less(t, n, clients/6, "%v after %v", second, away)
		}
		assert.LessOrEqual(t, last, 30*time.Second)
	}
}
