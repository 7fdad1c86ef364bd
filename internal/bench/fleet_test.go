package main

import (
	"bytes"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
)

func TestFleet_losesNothingWithoutAWord(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a process")
	}
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-fleet", "-agents=40", "-period=500ms", "-steady=2s", "-cut=2s"}, nil, &out))
	assert.Contains(t, out.String(), "| 40 of 40 |")
	assert.Contains(t, out.String(), "| events lost without a word | **0** |")
	assert.NotContains(t, out.String(), "NaN")
}

// numbered is an event, or a snapshot, that bears a number.
func numbered(n int, synthetic bool) *voice.CallStateChangeMessage {
	m := &voice.CallStateChangeMessage{Synthetic: synthetic, Call: &voice.Call{ID: "1", UserData: map[string]any{numberKey: strconv.Itoa(n)}}}
	if !synthetic {
		m.NotificationType = voice.AttachedDataChanged
	}
	return m
}

func TestMember_countsWhatIsMissing(t *testing.T) {
	event := func(n int) voice.Event { return numbered(n, false) }
	snapshot := func(n int) voice.Event { return numbered(n, true) }
	gap := &voice.Reconnected{}
	for name, test := range map[string]struct {
		events                     []voice.Event
		delivered, told, lost, end int
	}{
		"all":                          {[]voice.Event{event(1), event(2)}, 2, 0, 0, 2},
		"one is missing":               {[]voice.Event{event(1), event(3)}, 2, 0, 1, 3},
		"a gap is said":                {[]voice.Event{event(1), gap, snapshot(4), event(5)}, 2, 3, 0, 5},
		"nothing changed":              {[]voice.Event{event(1), gap, event(4)}, 2, 2, 0, 4},
		"one comes twice":              {[]voice.Event{event(1), gap, snapshot(3), event(3), event(4)}, 3, 1, 0, 4},
		"lost after a gap":             {[]voice.Event{event(1), gap, snapshot(3), event(4), event(6)}, 3, 2, 1, 6},
		"nothing missing at all":       {[]voice.Event{event(1), &voice.Reconnected{Lossless: true}, event(3)}, 2, 0, 1, 3},
		"dropped for a slow reader":    {[]voice.Event{event(1), &voice.Lagged{Dropped: 1}, event(3)}, 2, 1, 0, 3},
		"a snapshot for other reasons": {[]voice.Event{event(1), snapshot(2), event(2)}, 2, 0, 0, 2},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMember(nil, nil)
			for _, ev := range test.events {
				m.take(ev, func(time.Duration) {})
			}
			assert.Equal(t, []int{test.delivered, test.told, test.lost, test.end}, []int{m.delivered, m.told, m.lost, m.last})
		})
	}
}

func TestTally(t *testing.T) {
	var events tally
	from := time.UnixMilli(1_000_000)
	for _, ms := range []int{50, 950, 960, 1040, 1990, 2500} {
		events.add(from.Add(time.Duration(ms) * time.Millisecond))
	}
	assert.Equal(t, 3, events.between(from, from.Add(time.Second)))
	assert.Equal(t, 2, events.peak(from, tick))
	assert.Equal(t, 3, events.peak(from, time.Second))
	assert.Equal(t, 1, events.peak(from.Add(2*time.Second), time.Second))
}
