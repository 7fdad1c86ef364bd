package voicetest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

func TestReject_goesToTheNextAgentAndBackToTheQueue(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		ada, ben := online(t, sim, "agent5001"), online(t, sim, "agent5002")
		id := sim.Ring(voicetest.Call{Queue: "9000"})
		messages := ada.take()
		require.Len(t, messages, 1)
		assert.Equal(t, "Ringing", messages[0].call()["state"])
		assert.True(t, set(messages[0].call()["capabilities"])["Reject"])
		assert.Equal(t, "9000", messages[0].call()["dnis"])
		assert.Equal(t, "5001", messages[0].Data["phoneNumber"])

		ada.accepted(id, "Reject")
		messages = ada.take()
		require.Len(t, messages, 1)
		assert.Equal(t, "Released", messages[0].call()["state"])
		assert.Equal(t, []any{}, messages[0].call()["capabilities"])
		messages = ben.take()
		require.Len(t, messages, 1)
		assert.Equal(t, "Ringing", messages[0].call()["state"])
		assert.Equal(t, id, messages[0].call()["id"])

		sim.Agent("5003").SetState(voice.OpNotReady)
		ben.accepted(id, "Reject")
		assert.Equal(t, []string{"StatusChange Released"}, ben.digest())
		assert.Empty(t, ada.digest(), "an agent who has rejected a call does not get it again")
		assert.Equal(t, []string{id}, sim.Waiting("9000"))

		ada.state("Ready")
		assert.Equal(t, []string{"Device Active Ready", "StatusChange Ringing"}, ada.digest(), "until he makes himself ready again")
		assert.Empty(t, sim.Waiting("9000"))
		sim.HangupCustomer(id)
		assert.Equal(t, []string{"StatusChange Released"}, ada.digest())
		assert.False(t, sim.Alive(id))
	})
}

func TestDirectCall_cannotBeRejected(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		ada := online(t, sim, "agent5001")
		id := sim.Ring(voicetest.Call{From: "7002"})
		assert.False(t, set(ada.take()[0].call()["capabilities"])["Reject"])
		res := ada.on(id, "Reject")
		assert.Equal(t, 400, res.status)
		assert.Equal(t, 2.0, res.body["statusCode"])
		assert.Empty(t, ada.digest())
	})
}

func TestBasicCall_bothAgents(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		ada, ben := online(t, sim, "agent5001"), online(t, sim, "agent5002")
		require.Equal(t, 0.0, ada.dial("5002", "userData", object{"Product": "Guitars"}).body["statusCode"])
		dialing := ada.take()
		require.Len(t, dialing, 1)
		id := dialing[0].call()["id"].(string)
		assert.Equal(t, "Dialing", dialing[0].call()["state"])
		ringing := ben.take()
		require.Len(t, ringing, 1)
		assert.Equal(t, "Ringing", ringing[0].call()["state"])
		assert.Equal(t, id, ringing[0].call()["id"])
		assert.Equal(t, object{"Product": "Guitars"}, ringing[0].call()["userData"])

		time.Sleep(5 * time.Second)
		ben.accepted(id, "Answer")
		assert.Equal(t, []string{"StatusChange Established"}, ada.digest())
		messages := ben.take()
		require.Len(t, messages, 1)
		assert.Equal(t, "5", messages[0].call()["duration"])

		ada.accepted(id, "Hold")
		assert.Equal(t, []string{"StatusChange Held"}, ada.digest())
		assert.Empty(t, ben.digest())
		assert.Equal(t, 2.0, ada.on(id, "Hold").body["statusCode"])
		ada.accepted(id, "Retrieve")
		assert.Equal(t, []string{"StatusChange Established"}, ada.digest())
		ada.accepted(id, "SendDtmf", "digits", "12#")
		assert.Equal(t, []string{"DtmfSent Established"}, ada.digest())
		assert.Equal(t, "12#", sim.Calls("5001")[0].Digits)
		ben.accepted(id, "UpdateUserData", "userData", object{"CaseId": "c1"})
		assert.Equal(t, []string{"AttachedDataChanged Established"}, ben.digest())
		messages = ada.take()
		require.Len(t, messages, 1)
		assert.Equal(t, object{"Product": "Guitars", "CaseId": "c1"}, messages[0].call()["userData"])

		ben.accepted(id, "Hangup")
		assert.Equal(t, []string{"StatusChange Released"}, ada.digest())
		assert.Equal(t, []string{"StatusChange Released"}, ben.digest())
		assert.Equal(t, 404, ben.on(id, "Hangup").status)
		assert.Empty(t, sim.Calls("5001"))
		assert.Equal(t, object{"statusCode": 0.0, "calls": []any{}}, ada.get("/me/calls?fields=*"))
	})
}

func TestDial_badDestination(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		ada := online(t, sim, "agent5001")
		assert.Equal(t, 0.0, ada.dial("1234").body["statusCode"])
		messages := ada.take()
		require.Len(t, messages, 1)
		assert.Equal(t, "/v2/me/calls", messages[0].Channel)
		assert.Equal(t, "ErrorMessage", messages[0].Data["messageType"])
		assert.Equal(t, 71.0, messages[0].Data["errorCode"])
	})
}
