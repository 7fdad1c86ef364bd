package voice_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

const twin, third = "4155550142", "4155550143"

func numbers(call *voice.Call) (all []string) {
	for _, p := range call.Participants {
		all = append(all, p.PhoneNumber)
	}
	return all
}

// conference tries something with a call from twin to which others have been
// added, and compares what the client believes with the truth half a minute
// later.
func conference(t *testing.T, name string, others []string, test func(t *testing.T, sim *voicetest.Server, client *voice.Client, id string)) {
	t.Run(name, func(t *testing.T) {
		bubble(t, voicetest.Options{OutsideAnswer: second}, func(t *testing.T, sim *voicetest.Server) {
			client := connect(t, sim)
			id := sim.Establish(voicetest.Call{From: twin, To: "5001"})
			awaitState(t, client, id, voice.StateEstablished)
			for _, number := range others {
				got, err := client.InitiateConference(t.Context(), id, voice.Destination{PhoneNumber: number})
				require.NoError(t, err)
				awaitState(t, client, got.Consult.Call.ID, voice.StateEstablished)
				_, err = client.CompleteConference(t.Context(), id, voice.Complete{})
				require.NoError(t, err)
			}
			require.ElementsMatch(t, append([]string{twin}, others...), numbers(called(t, client, id)))
			test(t, sim, client, id)
			time.Sleep(30 * second)
			synctest.Wait()
			calls, devices := client.Known()
			assert.Empty(t, differences(sim, "agent5001", calls, devices))
		})
	})
}

// Two parties of a conference may have one number. Whoever removes one of them
// learns it, though the number is still there; and learns nothing from a message
// that shows both.
func TestRemoveParticipant_oneOfTwoWithTheSameNumber(t *testing.T) {
	others := []string{twin, third}
	conference(t, "a message tells", others, func(t *testing.T, sim *voicetest.Server, client *voice.Client, id string) {
		for _, left := range [][]string{{twin, third}, {third}} {
			began := time.Now()
			msg, err := client.RemoveParticipantFromConference(t.Context(), id, twin)
			require.NoError(t, err)
			assert.Zero(t, time.Since(began))
			assert.False(t, msg.Synthetic)
			assert.ElementsMatch(t, left, numbers(msg.Call))
		}
	})
	conference(t, "the list of calls tells", others, func(t *testing.T, sim *voicetest.Server, client *voice.Client, id string) {
		sim.On(voice.OpRemoveParticipantFromConference, voicetest.LostEvent())
		msg, err := client.RemoveParticipantFromConference(t.Context(), id, twin)
		require.NoError(t, err)
		assert.True(t, msg.Synthetic)
		assert.ElementsMatch(t, []string{twin, third}, numbers(msg.Call))
	})
	conference(t, "nothing happens", others, func(t *testing.T, sim *voicetest.Server, client *voice.Client, id string) {
		sim.On(voice.OpRemoveParticipantFromConference, voicetest.Silence())
		go func() {
			time.Sleep(second)
			sim.AttachData(id, map[string]any{"n": 1})
		}()
		_, err := client.RemoveParticipantFromConference(t.Context(), id, twin)
		requireUnconfirmed(t, err, true, voice.ErrOutcomeTimeout)
	})
	conference(t, "both at once", others, func(t *testing.T, sim *voicetest.Server, client *voice.Client, id string) {
		type outcome struct {
			left []string
			took time.Duration
		}
		remove := func() outcome {
			began := time.Now()
			msg, err := client.RemoveParticipantFromConference(t.Context(), id, twin)
			if !assert.NoError(t, err) {
				return outcome{}
			}
			return outcome{numbers(msg.Call), time.Since(began)}
		}
		sim.On(voice.OpRemoveParticipantFromConference, voicetest.ResponseFirst(2*second))
		sim.On(voice.OpRemoveParticipantFromConference, voicetest.ResponseFirst(4*second))
		first := make(chan outcome, 1)
		go func() { first <- remove() }()
		synctest.Wait()
		later := remove()
		assert.ElementsMatch(t, []string{twin, third}, (<-first).left)
		assert.Equal(t, outcome{[]string{third}, 4 * second}, later, "the first message is about the other one")
	})
}

// A number may be among the participants before it is added. Then only a message
// that shows it once more tells that it was.
func TestSingleStepConference_numberIsThereAlready(t *testing.T) {
	type outcome struct {
		there []string
		took  time.Duration
	}
	add := func(t *testing.T, client *voice.Client, id, number string) outcome {
		began := time.Now()
		msg, err := client.SingleStepConference(t.Context(), id, voice.Destination{PhoneNumber: number})
		if !assert.NoError(t, err) {
			return outcome{}
		}
		return outcome{numbers(msg.Call), time.Since(began)}
	}
	atOnce := func(t *testing.T, client *voice.Client, id, number string) (first, later outcome) {
		done := make(chan outcome, 1)
		go func() { done <- add(t, client, id, number) }()
		synctest.Wait()
		later = add(t, client, id, number)
		return <-done, later
	}
	conference(t, "nothing happens", nil, func(t *testing.T, sim *voicetest.Server, client *voice.Client, id string) {
		sim.On(voice.OpSingleStepConference, voicetest.Silence())
		go func() {
			time.Sleep(second)
			sim.AttachData(id, map[string]any{"n": 1})
		}()
		_, err := client.SingleStepConference(t.Context(), id, voice.Destination{PhoneNumber: twin})
		requireUnconfirmed(t, err, true, voice.ErrOutcomeTimeout)
	})
	conference(t, "a second one is added", nil, func(t *testing.T, sim *voicetest.Server, client *voice.Client, id string) {
		sim.On(voice.OpSingleStepConference, voicetest.ResponseFirst(2*second))
		go func() {
			time.Sleep(second)
			sim.AttachData(id, map[string]any{"n": 1})
		}()
		assert.Equal(t, outcome{[]string{twin, twin}, 2 * second}, add(t, client, id, twin))
	})
	conference(t, "the list of calls tells", nil, func(t *testing.T, sim *voicetest.Server, client *voice.Client, id string) {
		sim.On(voice.OpSingleStepConference, voicetest.LostEvent())
		assert.Equal(t, []string{twin, twin}, add(t, client, id, twin).there)
	})
	conference(t, "another number", nil, func(t *testing.T, sim *voicetest.Server, client *voice.Client, id string) {
		assert.Equal(t, outcome{[]string{twin, third}, 0}, add(t, client, id, third))
	})
	conference(t, "two at once", nil, func(t *testing.T, sim *voicetest.Server, client *voice.Client, id string) {
		sim.On(voice.OpSingleStepConference, voicetest.ResponseFirst(2*second))
		sim.On(voice.OpSingleStepConference, voicetest.ResponseFirst(4*second))
		first, later := atOnce(t, client, id, twin)
		assert.Equal(t, outcome{[]string{twin, twin}, 2 * second}, first)
		assert.Equal(t, outcome{[]string{twin, twin, twin}, 4 * second}, later, "the first message is about the other one")
	})
	conference(t, "two at once of a new number", nil, func(t *testing.T, sim *voicetest.Server, client *voice.Client, id string) {
		sim.On(voice.OpSingleStepConference, voicetest.ResponseFirst(2*second))
		sim.On(voice.OpSingleStepConference, voicetest.ResponseFirst(4*second))
		first, later := atOnce(t, client, id, third)
		assert.Equal(t, outcome{[]string{twin, third}, 2 * second}, first)
		assert.Equal(t, outcome{[]string{twin, third, third}, 4 * second}, later, "the first message is about the other one")
	})
	conference(t, "two at once, one is refused", nil, func(t *testing.T, sim *voicetest.Server, client *voice.Client, id string) {
		sim.On(voice.OpSingleStepConference, voicetest.Slow(second), voicetest.Refuse(voice.CodeInvalidState, "no"))
		sim.On(voice.OpSingleStepConference, voicetest.ResponseFirst(4*second))
		first := make(chan error, 1)
		go func() {
			_, err := client.SingleStepConference(t.Context(), id, voice.Destination{PhoneNumber: third})
			first <- err
		}()
		synctest.Wait()
		assert.Equal(t, outcome{[]string{twin, third}, 4 * second}, add(t, client, id, third))
		assert.Error(t, <-first)
	})
}
