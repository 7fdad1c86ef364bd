package voicetest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice/voicetest"
)

func deviceURI(sim *voicetest.Server, dn string) string {
	return sim.URL() + "/api/v2/devices/" + sim.Agent(dn).DeviceID()
}

func TestMonitoring_nextCall(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		ada, sam := online(t, sim, "agent5001"), online(t, sim, "supervisor5009")
		require.Equal(t, 200, sam.device("ListenIn", "targetDeviceUri", deviceURI(sim, "5001"), "supervisorMonitoringMode", "NextCall").status)
		m := sam.take()
		require.Len(t, m, 1)
		d := m[0].Data["devices"].([]any)[0].(object)
		assert.True(t, set(d["capabilities"])["CancelSupervisorMonitoring"])
		assert.Equal(t, "NextCall", d["supervisorMonitoringState"].(object)["mode"])
		assert.Empty(t, ada.digest(), "the agent hears nothing of it")

		id := sim.Establish(voicetest.Call{Queue: "9000"})
		m = sam.take()
		require.Len(t, m, 1)
		leg := m[0].call()
		assert.Equal(t, id, leg["id"])
		assert.Equal(t, "On", leg["mute"])
		assert.Equal(t, []string{"4155550142", "5001"}, parties(m))
		m = ada.take()
		assert.Equal(t, true, m[len(m)-1].call()["supervisorListeningIn"])
		assert.Equal(t, []string{"4155550142"}, parties(m), "the supervisor is not seen")

		sam.accepted(id, "SwitchToBargeIn")
		sam.take()
		assert.Equal(t, 400, sam.on(id, "SwitchToBargeIn").status)
		sam.accepted(id, "MuteMonitoredUser")
		assert.Equal(t, []string{"MonitoredUserMutedStateChange Established"}, sam.digest())
		m = ada.take()
		assert.Equal(t, true, m[0].call()["monitoredUserMuted"])

		sim.HangupCustomer(id)
		m = ada.take()
		require.Len(t, m, 1, "the supervisor and the agent go on talking")
		sam.take()
		ada.accepted(id, "Hangup")
		assert.Equal(t, []string{"StatusChange Released", "Device Active Ready"}, sam.digest(), "after the call it is over")
		assert.Empty(t, sim.Devices("5009")[0].Monitoring)
	})
}

func TestMonitoring_listenerLeavesAndCallEnds(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		ada, sam := online(t, sim, "agent5001"), online(t, sim, "supervisor5009")
		sam.device("Coach", "targetDeviceUri", deviceURI(sim, "5001"))
		id := sim.Establish(voicetest.Call{})
		ada.take()
		sam.take()
		sam.accepted(id, "Hangup")
		assert.Equal(t, []string{"StatusChange Released"}, sam.digest())
		m := ada.take()
		require.Len(t, m, 1)
		assert.Equal(t, false, m[0].call()["supervisorListeningIn"])
		sim.HangupCustomer(id)
		ada.take()
		id = sim.Establish(voicetest.Call{})
		assert.Len(t, sam.take(), 1, "all calls")
		sim.HangupCustomer(id)
		assert.Equal(t, []string{"StatusChange Released"}, sam.digest(), "a silent listener is nobody to talk to")
		assert.False(t, sim.Alive(id))
	})
}

func TestMonitoring_bargeInJoinsAtOnce(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		ada, sam := online(t, sim, "agent5001"), online(t, sim, "supervisor5009")
		id := sim.Establish(voicetest.Call{})
		ada.take()
		sam.device("BargeIn", "targetDeviceUri", deviceURI(sim, "5001"), "supervisorMonitoringScope", "Agent")
		assert.Equal(t, []string{"Device Active Ready", "StatusChange Established"}, sam.digest())
		assert.Equal(t, []string{"StatusChange Established"}, ada.digest())
		ada.accepted(id, "SingleStepTransfer", "destination", to("5002"))
		assert.Equal(t, []string{"StatusChange Released"}, sam.digest(), "with the agent")
		assert.True(t, sim.Alive(id))
	})
}

func TestMonitoring_refusals(t *testing.T) {
	agents := append(voicetest.DefaultAgents(), voicetest.Agent{UserName: "second", DN: "5010", Supervisor: true})
	bubble(t, voicetest.Options{Agents: agents}, func(t *testing.T, sim *voicetest.Server) {
		ada, sam, second := newClient(t, sim, "agent5001"), newClient(t, sim, "supervisor5009"), newClient(t, sim, "second")
		target := deviceURI(sim, "5002")
		assert.Equal(t, 2.0, ada.device("ListenIn", "targetDeviceUri", target).body["statusCode"], "no supervisor")
		assert.Equal(t, 1.0, sam.device("ListenIn").body["statusCode"])
		assert.Equal(t, 6.0, sam.device("ListenIn", "targetDeviceUri", "/devices/none").body["statusCode"])
		assert.Equal(t, 10.0, sam.device("ListenIn", "targetDeviceUri", target, "supervisorMonitoringMode", "Sometimes").body["statusCode"])
		assert.Equal(t, 2.0, sam.device("CancelSupervisorMonitoring").body["statusCode"])
		assert.Equal(t, 0.0, sam.device("ListenIn", "targetDeviceUri", target).body["statusCode"])
		assert.Equal(t, 19.0, second.device("ListenIn", "targetDeviceUri", target).body["statusCode"])
		assert.Equal(t, 0.0, sam.device("CancelSupervisorMonitoring").body["statusCode"])
		assert.Equal(t, 0.0, second.device("ListenIn", "phoneNumber", "9000").body["statusCode"], "a queue")
		sim.Establish(voicetest.Call{Queue: "9000", To: "5003"})
		assert.Len(t, sim.Calls("second"), 1)
	})
}

func TestAgentControl(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		ada, sam := online(t, sim, "agent5001"), newClient(t, sim, "supervisor5009")
		path := "/users/" + sim.Agent("5001").UserID() + "/channels/voice"
		assert.Equal(t, 5.0, ada.do("POST", path, object{"operationName": "NotReady"}).body["statusCode"])
		assert.Equal(t, 0.0, sam.do("POST", path, object{"operationName": "NotReady"}).body["statusCode"])
		assert.Equal(t, []string{"Device Active NotReady"}, ada.digest())
		assert.Equal(t, 404, sam.do("POST", "/users/none/channels/voice", object{"operationName": "NotReady"}).status)
		assert.Equal(t, 2.0, sam.do("POST", path, object{"operationName": "Dance"}).body["statusCode"])
	})
}

func TestFeatures(t *testing.T) {
	bubble(t, voicetest.Options{Features: []string{"api-voice"}}, func(t *testing.T, sim *voicetest.Server) {
		sam := newClient(t, sim, "supervisor5009")
		assert.Equal(t, 5.0, sam.device("ListenIn", "targetDeviceUri", deviceURI(sim, "5001")).body["statusCode"])
		assert.Equal(t, 200, sam.state("NotReady").status)
		assert.Len(t, sam.get("/me?subresources=features")["user"].(object)["features"], 1)
		assert.Equal(t, 403, sam.do("GET", "/users", nil).status)
	})
}
