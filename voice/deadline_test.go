package voice_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// No outcome comes later than was promised, however long the read takes that
// may decide it.
func TestOutcome_comesInTime(t *testing.T) {
	const timeout = 10 * time.Second
	silence, lost := []voicetest.Fault{voicetest.Silence()}, []voicetest.Fault{voicetest.LostEvent()}
	for name, test := range map[string]struct {
		faults []voicetest.Fault
		read   []voicetest.Fault // of the calls, or of the devices
		took   time.Duration     // 0: timeout
		check  func(t *testing.T, synthetic bool, err error)
	}{
		"it happened, the read is quick":        {faults: lost, check: readBack},
		"it happened, the read is slow":         {faults: lost, read: []voicetest.Fault{voicetest.Slow(1900 * time.Millisecond)}, check: readBack},
		"it happened, the read is too slow":     {faults: lost, read: []voicetest.Fault{voicetest.Slow(2100 * time.Millisecond)}, check: notInTime},
		"it happened, the read hangs":           {faults: lost, read: []voicetest.Fault{voicetest.Slow(time.Hour)}, check: notInTime},
		"it happened, the read fails":           {faults: lost, read: []voicetest.Fault{voicetest.Answer(500, "text/html", "<html>")}, check: notInTime},
		"it did not happen, the read hangs":     {faults: silence, read: []voicetest.Fault{voicetest.Slow(time.Hour)}, check: notInTime},
		"it did not happen":                     {faults: silence, check: notInTime},
		"after the read, and a message tells":   {faults: []voicetest.Fault{voicetest.ResponseFirst(9 * time.Second)}, took: 9 * time.Second, check: notified},
		"while the read hangs, a message tells": {faults: []voicetest.Fault{voicetest.ResponseFirst(9 * time.Second)}, read: []voicetest.Fault{voicetest.Slow(time.Hour)}, took: 9 * time.Second, check: notified},
		"no answer, it happened":                {faults: []voicetest.Fault{voicetest.LostEvent(), voicetest.EventFirst(time.Hour)}, took: 30 * time.Second, check: readBack},
		"no answer, it happened, the read hangs": {faults: []voicetest.Fault{voicetest.LostEvent(), voicetest.EventFirst(time.Hour)},
			read: []voicetest.Fault{voicetest.Slow(time.Hour)}, took: 30 * time.Second, check: unknown},
	} {
		for _, op := range []voice.OperationName{voice.OpHold, voice.OpDoNotDisturbOn} {
			t.Run(name+", "+string(op), func(t *testing.T) {
				bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
					client := connect(t, sim)
					id := established(t, sim, client)
					device := client.User().Devices[0].ID
					sim.On(op, test.faults...)
					if test.read != nil {
						for range 3 {
							sim.OnRead("/me/calls", test.read...)
							sim.OnRead("/me/devices", test.read...)
						}
					}
					start := time.Now()
					synthetic := false
					var err error
					if op == voice.OpHold {
						var msg *voice.CallStateChangeMessage
						if msg, err = client.Hold(t.Context(), id); err == nil {
							synthetic = msg.Synthetic
						}
					} else {
						var msg *voice.DeviceStateChangeMessage
						if msg, err = client.DoNotDisturbOn(t.Context(), device); err == nil {
							synthetic = msg.Synthetic
						}
					}
					took := test.took
					if took == 0 {
						took = timeout
					}
					assert.Equal(t, took, time.Since(start))
					test.check(t, synthetic, err)
					waiting, _ := client.Waiting()
					assert.Zero(t, waiting)
				})
			})
		}
	}
}

func readBack(t *testing.T, synthetic bool, err error) {
	require.NoError(t, err)
	assert.True(t, synthetic)
}

func notified(t *testing.T, synthetic bool, err error) {
	require.NoError(t, err)
	assert.False(t, synthetic, "a message tells more than the list")
}

func notInTime(t *testing.T, _ bool, err error) {
	requireUnconfirmed(t, err, true, voice.ErrOutcomeTimeout)
}

func unknown(t *testing.T, _ bool, err error) {
	_, ok := err.(*voice.UnconfirmedError)
	require.True(t, ok, "%v", err)
}

// A short timeout leaves most of its time to the messages.
func TestOutcome_comesInTimeAlsoIfThatIsShort(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client, w := connectBy(t, sim, func(c *voice.Config) { c.OperationTimeout = time.Second })
		id := established(t, sim, client)
		w.clear()
		sim.On(voice.OpHold, voicetest.Silence())
		start := time.Now()
		_, err := client.Hold(t.Context(), id)
		requireUnconfirmed(t, err, true, voice.ErrOutcomeTimeout)
		assert.Equal(t, time.Second, time.Since(start))
		assert.Equal(t, 800*time.Millisecond, w.sent[len(w.sent)-1].at.Sub(start), "when the calls are read")
	})
}

// A caller who leaves is not held up by the read, and the end of the client
// leaves none behind.
func TestOutcome_nobodyWaitsForTheRead(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim)
		id := established(t, sim, client)
		sim.On(voice.OpHold, voicetest.Silence())
		sim.OnRead("/me/calls", voicetest.Slow(time.Hour))
		ctx, cancel := context.WithTimeout(t.Context(), 9*time.Second)
		defer cancel()
		start := time.Now()
		_, err := client.Hold(ctx, id)
		requireUnconfirmed(t, err, true, context.DeadlineExceeded)
		assert.Equal(t, 9*time.Second, time.Since(start))
		require.NoError(t, client.Close())
		assert.Equal(t, 9*time.Second, time.Since(start))
	})
}

// The list is two seconds old when it is judged: what was told since stays.
func TestOutcome_aListIsNotNewerThanAMessage(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim)
		id := established(t, sim, client)
		sub := client.Subscribe(voice.ForCall(id))
		sim.On(voice.OpSendDTMF, voicetest.Silence())
		time.AfterFunc(9*time.Second, func() { sim.Agent("5001").Hold(id) })
		_, err := client.SendDTMF(t.Context(), id, "1")
		requireUnconfirmed(t, err, true, voice.ErrOutcomeTimeout)
		assert.Equal(t, voice.StateHeld, called(t, client, id).State)
		assert.Equal(t, voice.StateHeld, nextCall(t, sub).Call.State)
		_, err = nextNow(t.Context(), sub)
		assert.Error(t, err, "nothing else was told")
	})
}

// Nor is it newer than another list that was read since.
func TestOutcome_aListIsNotNewerThanALaterOne(t *testing.T) {
	script(t, func(t *testing.T, s *scripted) {
		held := samples(t, "Hold")[0]
		established := held.with(map[string]any{"state": "Established"})
		s.list(established)
		client := s.connect()
		id := held.callID()
		sub := client.Subscribe(voice.ForCall(id))
		time.AfterFunc(7*time.Second, func() { s.list(held) }) // nothing of this is notified
		time.AfterFunc(9*time.Second, func() {
			s.list(established)
			_, err := client.Calls(context.Background())
			assert.NoError(t, err)
		})
		_, err := client.SendDTMF(t.Context(), id, "1")
		requireUnconfirmed(t, err, true, voice.ErrOutcomeTimeout)
		assert.Equal(t, voice.StateEstablished, called(t, client, id).State)
		_, err = nextNow(t.Context(), sub)
		assert.Error(t, err, "it never was anything else, as far as is known")
	})
}
