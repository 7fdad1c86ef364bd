package voicetest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// trio has the agents 5001 to 5003 on the line and a call between the first
// two.
type trio struct {
	ada, ben, cleo *agentClient
	id             string
}

func newTrio(t *testing.T, sim *voicetest.Server) *trio {
	p := &trio{ada: online(t, sim, "agent5001"), ben: online(t, sim, "agent5002"), cleo: online(t, sim, "agent5003")}
	p.id = sim.Agent("5001").Dial("5002")
	require.True(t, sim.Agent("5002").Answer(p.id))
	p.quiet()
	return p
}

func (p *trio) quiet() {
	p.ada.take()
	p.ben.take()
	p.cleo.take()
}

func to(number string) object { return object{"phoneNumber": number} }

// parties are the participants of the last message.
func parties(messages []message) []string {
	var all []string
	for _, v := range messages[len(messages)-1].call()["participants"].([]any) {
		all = append(all, v.(object)["phoneNumber"].(string))
	}
	return all
}

// consult lets 5001 consult 5003 and returns the consult call's id.
func (p *trio) consult(operation string) string {
	p.ada.accepted(p.id, operation, "destination", to("5003"))
	messages := p.ada.take()
	return messages[len(messages)-1].call()["id"].(string)
}

func TestSingleStepTransfer_views(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		p := newTrio(t, sim)
		p.ada.accepted(p.id, "SingleStepTransfer", "destination", to("5003"), "userData", object{"Why": "x"})
		assert.Equal(t, []string{"StatusChange Released"}, p.ada.digest())
		messages := p.ben.take()
		require.Len(t, messages, 1)
		assert.Equal(t, "ParticipantsUpdated", messages[0].Data["notificationType"])
		assert.Equal(t, []string{"5003"}, parties(messages))
		messages = p.cleo.take()
		require.Len(t, messages, 1)
		assert.Equal(t, "Ringing", messages[0].call()["state"])
		assert.Equal(t, []string{"5002"}, parties(messages))
		assert.Equal(t, p.id, messages[0].call()["id"])
		assert.Equal(t, object{"Why": "x"}, messages[0].call()["userData"])

		p.cleo.accepted(p.id, "Answer")
		p.quiet()
		p.ben.accepted(p.id, "Hangup")
		assert.Equal(t, []string{"StatusChange Released"}, p.cleo.digest())
		assert.Empty(t, p.ada.digest())
		assert.False(t, sim.Alive(p.id))
	})
}

func TestTwoStepTransfer_views(t *testing.T) {
	for _, answered := range []bool{true, false} {
		bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
			p := newTrio(t, sim)
			p.ada.accepted(p.id, "InitiateTransfer", "destination", to("5003"))
			messages := p.ada.take()
			require.Len(t, messages, 2)
			assert.Equal(t, "Held", messages[0].call()["state"])
			consult := messages[1].call()
			assert.Equal(t, "Consult", consult["callType"])
			assert.Equal(t, sim.URL()+"/api/v2/me/calls/"+p.id, consult["parentCallUri"])
			assert.Equal(t, []string{"StatusChange Ringing"}, p.cleo.digest())
			assert.Empty(t, p.ben.digest(), "hold is not seen by the other")
			id := consult["id"].(string)
			on := p.id
			if answered {
				p.cleo.accepted(id, "Answer")
				assert.Equal(t, []string{"StatusChange Established", "StatusChange Held"}, p.ada.digest(),
					"the original is told of its new capabilities")
				p.cleo.take()
				on = id
			}
			p.ada.accepted(on, "CompleteTransfer")
			messages = p.ada.take()
			require.Len(t, messages, 2)
			assert.Equal(t, p.id, messages[0].call()["id"])
			assert.Equal(t, id, messages[1].call()["id"])
			for _, m := range messages {
				assert.Equal(t, "Released", m.call()["state"])
			}
			messages = p.ben.take()
			assert.Equal(t, []string{"5003"}, parties(messages))
			messages = p.cleo.take()
			assert.Equal(t, []string{"5002"}, parties(messages))
			assert.Equal(t, id, messages[0].call()["id"], "the consulted party's call keeps its id")
			assert.Empty(t, sim.Calls("5001"))
			p.cleo.accepted(id, "UpdateUserData", "userData", object{"k": "v"})
			assert.Equal(t, []string{"AttachedDataChanged Established"}, p.ben.digest())
		})
	}
}

func TestTransfer_newIDForTheConsultedParty(t *testing.T) {
	bubble(t, voicetest.Options{NewIDAfterTransfer: true}, func(t *testing.T, sim *voicetest.Server) {
		p := newTrio(t, sim)
		id := p.consult("InitiateTransfer")
		p.cleo.accepted(id, "Answer")
		p.quiet()
		p.ada.accepted(id, "CompleteTransfer")
		messages := p.cleo.take()
		require.Len(t, messages, 2)
		assert.Equal(t, id, messages[0].call()["id"])
		assert.Equal(t, "Released", messages[0].call()["state"])
		assert.Equal(t, p.id, messages[1].call()["id"])
		assert.Equal(t, "Established", messages[1].call()["state"])
		assert.Equal(t, 404, p.cleo.on(id, "Hold").status)
		p.cleo.accepted(p.id, "Hold")
	})
}

func TestConsultation_refusedOrGivenUp(t *testing.T) {
	for name, end := range map[string]func(sim *voicetest.Server, p *trio, id string){
		"refused":  func(sim *voicetest.Server, p *trio, id string) { sim.Agent("5003").Hangup(id) },
		"given up": func(_ *voicetest.Server, p *trio, id string) { p.ada.accepted(id, "Hangup") },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
				p := newTrio(t, sim)
				id := p.consult("InitiateTransfer")
				p.quiet()
				end(sim, p, id)
				messages := p.ada.take()
				require.Len(t, messages, 2)
				assert.Equal(t, "Released", messages[0].call()["state"])
				assert.Equal(t, p.id, messages[1].call()["id"])
				assert.True(t, set(messages[1].call()["capabilities"])["Retrieve"])
				assert.Equal(t, []string{"StatusChange Released"}, p.cleo.digest())
				assert.Equal(t, 400, p.ada.on(p.id, "CompleteTransfer").status)
				p.ada.accepted(p.id, "Retrieve")
			})
		})
	}
}

func TestConsultation_customerHangsUp(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		ada, cleo := online(t, sim, "agent5001"), online(t, sim, "agent5003")
		original := sim.Establish(voicetest.Call{Queue: "9000"})
		ada.take()
		ada.accepted(original, "InitiateConference", "destination", to("5003"))
		id := ada.take()[1].call()["id"].(string)
		cleo.accepted(id, "Answer")
		ada.take()
		sim.HangupCustomer(original)
		assert.Equal(t, []string{"StatusChange Released", "StatusChange Established"}, ada.digest())
		caps := sim.Calls("5001")[0].Capabilities
		assert.NotContains(t, caps, voice.OpCompleteConference)
		assert.Equal(t, 400, ada.on(id, "CompleteConference").status)
	})
}

func TestSwap_bothOrders(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		p := newTrio(t, sim)
		id := p.consult("InitiateTransfer")
		uri := func(id string) string { return sim.URL() + "/api/v2/me/calls/" + id }
		assert.Equal(t, 200, p.ada.on(p.id, "SwapCalls", "otherCallUri", uri(id)).status)
		assert.Equal(t, []string{"ErrorMessage"}, p.ada.digest(), "not while it is being dialled")
		p.cleo.accepted(id, "Answer")
		p.quiet()
		for range 2 { // posted on either call
			p.ada.accepted(p.id, "SwapCalls", "otherCallUri", uri(id))
			assert.Equal(t, []string{"StatusChange Established", "StatusChange Held"}, p.ada.digest())
		}
		assert.Equal(t, 400, p.ada.on(p.id, "SwapCalls").status)
		assert.Equal(t, 404, p.ada.on(p.id, "SwapCalls", "otherCallUri", "/calls/none").status)
		sim.On(voice.OpSwapCalls, voicetest.SwapEvents())
		p.ada.accepted(p.id, "SwapCalls", "otherCallUri", uri(id))
		assert.Equal(t, []string{"StatusChange Held", "StatusChange Established"}, p.ada.digest())
	})
}

func TestConference_views(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		p := newTrio(t, sim)
		id := p.consult("InitiateConference")
		p.cleo.accepted(id, "Answer")
		p.quiet()
		p.ada.accepted(id, "CompleteConference")
		messages := p.ada.take()
		require.Len(t, messages, 2)
		assert.Equal(t, id, messages[0].call()["id"])
		assert.Equal(t, []string{"5002", "5003"}, parties(messages))
		assert.True(t, set(messages[1].call()["capabilities"])["RemoveParticipantFromConference"])
		messages = p.ben.take()
		assert.Equal(t, []string{"5001", "5003"}, parties(messages))
		assert.False(t, set(messages[0].call()["capabilities"])["RemoveParticipantFromConference"], "only the owner")
		assert.Equal(t, []string{"5001", "5002"}, parties(p.cleo.take()))

		p.ben.accepted(p.id, "Hangup")
		assert.Equal(t, []string{"StatusChange Released"}, p.ben.digest())
		messages = p.ada.take()
		assert.Equal(t, []string{"5003"}, parties(messages))
		assert.False(t, set(messages[0].call()["capabilities"])["RemoveParticipantFromConference"])
		assert.Equal(t, []string{"5001"}, parties(p.cleo.take()))
		p.ada.accepted(p.id, "Hangup")
		assert.Equal(t, []string{"StatusChange Released"}, p.cleo.digest())
	})
}

func TestClearCall_endsItForAll(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		p := newTrio(t, sim)
		assert.Equal(t, 400, p.ada.on(p.id, "ClearCall").status, "two parties are no conference")
		p.ada.accepted(p.id, "SingleStepConference", "destination", to("4155550142"))
		assert.Equal(t, []string{"4155550142"}, parties(p.ada.take())[1:])
		require.True(t, sim.AnswerOutside(p.id))
		p.quiet()
		p.ben.accepted(p.id, "ClearCall")
		for _, c := range []*agentClient{p.ada, p.ben} {
			messages := c.take()
			require.Len(t, messages, 1)
			assert.Equal(t, "Released", messages[0].call()["state"])
			assert.Len(t, messages[0].call()["participants"], 2, "they are still listed")
		}
		assert.False(t, sim.Alive(p.id))
	})
}

func TestRemoveParticipant(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		p := newTrio(t, sim)
		p.ada.accepted(p.id, "SingleStepConference", "destination", to("5003"))
		sim.Agent("5003").Answer(p.id)
		p.quiet()
		assert.Equal(t, 400, p.ben.on(p.id, "RemoveParticipantFromConference", "participant", "5003").status)
		assert.Equal(t, 10.0, p.ada.on(p.id, "RemoveParticipantFromConference", "participant", "5999").body["statusCode"])
		assert.Equal(t, 1.0, p.ada.on(p.id, "RemoveParticipantFromConference").body["statusCode"])
		p.ada.accepted(p.id, "RemoveParticipantFromConference", "participant", "5002")
		assert.Equal(t, []string{"StatusChange Released"}, p.ben.digest())
		assert.Equal(t, []string{"5003"}, parties(p.ada.take()))
		assert.Equal(t, []string{"5001"}, parties(p.cleo.take()))
	})
}

func TestTransfer_badDestination(t *testing.T) {
	for _, hold := range []bool{false, true} {
		bubble(t, voicetest.Options{HoldBeforeConsult: hold, NameCallInErrors: true}, func(t *testing.T, sim *voicetest.Server) {
			c, id := established(t, sim)
			c.accepted(id, "SingleStepTransfer", "destination", to("123"))
			m := c.take()
			require.Len(t, m, 1)
			assert.Equal(t, 415.0, m[0].Data["errorCode"])
			assert.Equal(t, "/calls/"+id, m[0].Data["callPath"])
			c.accepted(id, "InitiateTransfer", "destination", to("123"))
			if hold {
				assert.Equal(t, []string{"StatusChange Held", "ErrorMessage"}, c.digest())
				assert.Contains(t, sim.Calls("5001")[0].Capabilities, voice.OpRetrieve)
			} else {
				assert.Equal(t, []string{"ErrorMessage"}, c.digest())
			}
			assert.Equal(t, 1.0, c.on(id, "SingleStepTransfer").body["statusCode"])
			assert.Equal(t, 1.0, c.on(id, "SingleStepTransfer", "destination", object{}).body["statusCode"])
			assert.Equal(t, 10.0, c.on(id, "SingleStepTransfer", "destination", "5002").body["statusCode"])
		})
	}
}

func TestTransfer_toAQueue(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		p := &trio{ada: online(t, sim, "agent5001"), ben: online(t, sim, "agent5002"), cleo: online(t, sim, "agent5003")}
		id := sim.Establish(voicetest.Call{})
		p.quiet()
		p.ada.accepted(id, "InitiateTransfer", "destination", to("9000"))
		messages := p.ada.take()
		consult := messages[1].call()["id"].(string)
		ringing := p.ben.take()
		require.Len(t, ringing, 1)
		assert.True(t, set(ringing[0].call()["capabilities"])["Reject"])
		p.ben.accepted(consult, "Reject")
		assert.Equal(t, []string{"StatusChange Ringing"}, p.cleo.digest())
		p.quiet()
		p.ada.accepted(id, "CompleteTransfer")
		assert.Equal(t, []string{"StatusChange Released", "StatusChange Released"}, p.ada.digest())
		messages = p.cleo.take()
		assert.Equal(t, []string{"4155550142"}, parties(messages))
		p.cleo.accepted(consult, "Answer")
		assert.Equal(t, []string{"StatusChange Established"}, p.cleo.digest())

		// nobody else is ready: the transferred call waits until somebody is
		for _, dn := range []string{"5001", "5002", "5003"} {
			sim.Agent(dn).SetState(voice.OpNotReady)
		}
		p.cleo.accepted(consult, "SingleStepTransfer", "destination", to("9000"))
		assert.Equal(t, []string{id}, sim.Waiting("9000"))
		p.quiet()
		p.ben.state("Ready")
		assert.Equal(t, []string{"Device Active Ready", "StatusChange Ringing"}, p.ben.digest())
	})
}

func TestForwardAndDoNotDisturb(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		p := &trio{ada: online(t, sim, "agent5001"), ben: online(t, sim, "agent5002"), cleo: online(t, sim, "agent5003")}
		assert.Equal(t, 200, p.ben.device("ForwardCallsOn", "destination", "5003").status)
		p.quiet()
		p.ada.dial("5002")
		assert.Equal(t, []string{"StatusChange Ringing"}, p.cleo.digest())
		assert.Empty(t, p.ben.digest())
		id := p.ada.take()[0].call()["id"].(string)
		p.ada.accepted(id, "Hangup")
		assert.Equal(t, 200, p.cleo.device("DoNotDisturbOn").status)
		p.quiet()
		p.ada.dial("5003")
		assert.Equal(t, []string{"StatusChange Dialing", "StatusChange Released"}, p.ada.digest(), "busy")
		assert.Equal(t, 400, p.cleo.device("DoNotDisturbOn").status)
		assert.Equal(t, 400, p.cleo.device("ForwardCallsOff").status)
		assert.Equal(t, 1.0, p.cleo.device("ForwardCallsOn").body["statusCode"])
	})
}
