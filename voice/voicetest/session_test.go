package voicetest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

func loggedOut() []voicetest.Agent {
	agents := voicetest.DefaultAgents()
	agents[0].LoggedOut = true
	return agents
}

func (c *agentClient) start(params ...any) response {
	return c.do("POST", "/me", withParams("StartContactCenterSession", params))
}

func TestStart_voice(t *testing.T) {
	for _, row := range []struct {
		after voice.OperationName
		want  []string
	}{
		{"", []string{"Device Active LoggedIn", "Device Active Ready"}},
		{voice.OpNotReady, []string{"Device Active LoggedIn", "Device Active NotReady"}},
		{voicetest.StayLoggedIn, []string{"Device Active LoggedIn"}},
	} {
		bubble(t, voicetest.Options{Agents: loggedOut(), AfterStart: row.after}, func(t *testing.T, sim *voicetest.Server) {
			ada := online(t, sim, "agent5001")
			assert.Equal(t, "LoggedOut", sim.State("5001"))
			assert.Equal(t, 0.0, ada.start("channels", []string{"voice"}).body["statusCode"])
			assert.Equal(t, row.want, ada.digest())
			assert.Equal(t, 0.0, ada.start("channels", []string{"voice"}).body["statusCode"])
			assert.Empty(t, ada.digest(), "he is logged in already")
		})
	}
}

func TestStart_partial(t *testing.T) {
	bubble(t, voicetest.Options{Agents: loggedOut(), NoMultimedia: true}, func(t *testing.T, sim *voicetest.Server) {
		ada := online(t, sim, "agent5001")
		res := ada.start("channels", []string{"voice", "chat", "email"})
		assert.Equal(t, 200, res.status)
		assert.Equal(t, sample(t, "rest/start-partial-chat-failed.json"), res.body)
		assert.Equal(t, "Ready", sim.State("5001"))
		res = ada.start("channels", []string{"chat"})
		assert.Equal(t, 500, res.status)
	})
	agents := loggedOut()
	agents[0].Unregistered = true
	bubble(t, voicetest.Options{Agents: agents}, func(t *testing.T, sim *voicetest.Server) {
		ada := online(t, sim, "agent5001")
		res := ada.start("channels", []string{"voice", "chat"})
		assert.Equal(t, 200, res.status)
		assert.Equal(t, 7.0, res.body["statusCode"])
		assert.Equal(t, []any{object{"statusCode": 4.0, "statusMessage": "Device '5001' is not registered.", "channel": "voice"}}, res.body["failed"])
		assert.Equal(t, []string{"ChannelStateChangeMessageV2"}, ada.digest())
		assert.Len(t, ada.get("/me/channels")["channels"], 1)
		res = ada.start("channels", []string{"voice"})
		assert.Equal(t, 500, res.status)
		assert.Equal(t, 4.0, res.body["statusCode"])
		assert.Equal(t, []string{"ErrorMessage"}, ada.digest(), "a bare one comes too")
	})
}

func TestStart_parameters(t *testing.T) {
	agents := loggedOut()
	agents[1].OtherDNs = []string{"5102"}
	bubble(t, voicetest.Options{Agents: agents, Places: []voicetest.Place{{Name: "Free", DNs: []string{"5200"}}, {Name: "Wide", DNs: []string{"5201", "5202"}}}},
		func(t *testing.T, sim *voicetest.Server) {
			ada := online(t, sim, "agent5001")
			voiceOnly := []string{"voice"}
			assert.Equal(t, 1.0, ada.start().body["statusCode"])
			assert.Equal(t, 10.0, ada.start("channels", "voice").body["statusCode"])
			assert.Equal(t, 404, ada.start("channels", voiceOnly, "place", "Nowhere").status)
			assert.Equal(t, 409, ada.start("channels", voiceOnly, "place", "Place_5002").status)
			assert.Equal(t, 2.0, ada.start("channels", voiceOnly, "place", "Wide").body["statusCode"])
			assert.Equal(t, 404, ada.start("channels", voiceOnly, "devicePath", "/devices/none").status)
			assert.Equal(t, 200, ada.start("channels", voiceOnly, "place", "Free").status)
			assert.Equal(t, "5200", sim.Devices("5001")[0].DN)
			ada.take()
			free := sim.Devices("5001")[0].ID
			assert.Equal(t, 200, ada.do("POST", "/me/devices/"+free+"/calls", withParams("Dial", []any{"destination", to("5003")})).status)
			assert.Equal(t, "5200", ada.take()[0].Data["phoneNumber"])

			ben := newClient(t, sim, "agent5002")
			assert.Equal(t, 409, ben.start("channels", voiceOnly, "place", "Free").status)
			assert.Len(t, ben.get("/me/devices?fields=*")["devices"], 2)
		})
}

func TestEnd_logsOutAndEndsTheLogin(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		ada, other := newClient(t, sim, "agent5001"), online(t, sim, "agent5001")
		assert.Equal(t, 200, ada.do("POST", "/me", object{"operationName": "EndContactCenterSession"}).status)
		assert.Equal(t, "LoggedOut", sim.State("5001"))
		assert.Equal(t, 403, ada.send("GET", "/me", nil, "").status)
		assert.Equal(t, []string{"Device Active LoggedOut"}, other.digest())
		assert.Equal(t, 1, sim.Sessions("5001"), "of another login")
		assert.Equal(t, 200, other.do("POST", "/me", object{"operationName": "EndContactCenterSession"}).status)
		<-other.finished
		assert.Equal(t, 0, sim.Sessions("5001"))
	})
}

func TestStates(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		ada := online(t, sim, "agent5001")
		states := ada.get("/settings/agent-states")["settings"].([]any)
		require.Len(t, states, 8)
		lunch := states[5].(object)
		assert.Equal(t, 200, ada.state(lunch["operationName"].(string)).status)
		m := ada.take()
		require.Len(t, m, 1)
		st := m[0].Data["devices"].([]any)[0].(object)["userState"]
		assert.Equal(t, object{"id": lunch["id"], "displayName": "Out to Lunch", "state": "NotReady", "workMode": "AuxWork", "reason": "Lunch"}, st)
		ada.state("Lunch")
		assert.Len(t, ada.take(), 1, "the same state again is told again")
		assert.Equal(t, 2.0, ada.state("Dinner").body["statusCode"])
		assert.Equal(t, 200, ada.state("Ready", "workmode", "AutoIn").status)
		assert.Equal(t, 10.0, ada.state("Ready", "workmode", "Sometimes").body["statusCode"])
		assert.Equal(t, 200, ada.state("AfterCallWork", "wrapUpTime", "0").status)
		assert.Equal(t, 200, ada.state("Offline").status)
		ada.take()
		res := ada.state("Ready")
		assert.Equal(t, 500, res.status)
		assert.Equal(t, 4.0, res.body["statusCode"])
		m = ada.take()
		require.Len(t, m, 1)
		want := sample(t, "messages/error-bare-observed.json")["data"].(object)
		delete(want, "metrics")
		sameShape(t, "error", want, m[0].Data, false)
	})
	bubble(t, voicetest.Options{NoErrorEcho: true, Agents: loggedOut()}, func(t *testing.T, sim *voicetest.Server) {
		ada := online(t, sim, "agent5001")
		assert.Equal(t, 500, ada.state("Ready").status)
		assert.Empty(t, ada.digest())
	})
}

func TestOutage(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		c, id := established(t, sim)
		sim.Outage()
		assert.Equal(t, []string{"ServiceStateChangeMessage", "Device Inactive "}, c.digest())
		res := c.on(id, "Hold")
		assert.Equal(t, 503, res.status)
		assert.Equal(t, sample(t, "rest/voice-unavailable.json"), res.body)
		assert.Equal(t, "Inactive", c.get("/services?fields=*")["services"].([]any)[1].(object)["state"])
		sim.HangupCustomer(id)
		assert.Empty(t, c.digest(), "nobody is told")
		sim.Outage()
		sim.Restore()
		assert.Equal(t, []string{"ServiceStateChangeMessage", "Device Active Ready"}, c.digest())
		assert.Equal(t, []any{}, c.get("/me/calls?fields=*")["calls"])
		sim.Enqueue(voicetest.Call{Queue: "9000"})
		assert.Equal(t, 1, len(sim.Calls("5001"))+len(sim.Calls("5002"))+len(sim.Calls("5003")), "queues work again")
	})
}

func TestRestart(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		c, id := established(t, sim)
		sim.Restart(20 * time.Second)
		<-c.finished
		assert.ErrorContains(t, c.do("GET", "/me", nil).err, "connection refused")
		time.Sleep(21 * time.Second)
		assert.Equal(t, 403, c.send("GET", "/me", nil, "").status, "logins are lost")
		assert.Equal(t, id, c.get("/me/calls?fields=*")["calls"].([]any)[0].(object)["id"], "calls are not")
		list, _, err := c.bayeux(t.Context(), object{"channel": "/meta/connect", "connectionType": "long-polling"})
		require.NoError(t, err)
		assert.Contains(t, string(list[0]), "402::")
	})
}

func TestTimers(t *testing.T) {
	bubble(t, voicetest.Options{RingTimeout: 15 * time.Second, WrapUp: 30 * time.Second, OutsideAnswer: 4 * time.Second},
		func(t *testing.T, sim *voicetest.Server) {
			c := online(t, sim, "agent5001")
			id := sim.Enqueue(voicetest.Call{Queue: "9000"})
			c.take()
			time.Sleep(16 * time.Second)
			assert.Equal(t, []string{"Device Active NotReady", "StatusChange Released"}, c.digest())
			assert.Len(t, sim.Calls("5002"), 1)
			require.True(t, sim.Agent("5002").Answer(id))
			time.Sleep(time.Minute)
			assert.Len(t, sim.Calls("5002"), 1)
			sim.HangupCustomer(id)
			assert.Equal(t, "NotReady", sim.State("5002"))
			time.Sleep(31 * time.Second)
			assert.Equal(t, "Ready", sim.State("5002"))

			c.dial("4155550142")
			time.Sleep(5 * time.Second)
			assert.Equal(t, []string{"StatusChange Dialing", "StatusChange Established"}, c.digest())
			sim.Ring(voicetest.Call{To: "5003"})
			time.Sleep(16 * time.Second)
			assert.Empty(t, sim.Calls("5003"), "a direct call ends")
		})
}

func TestBadRequests(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		c, id := established(t, sim)
		for _, row := range []struct {
			path string
			body any
			code float64
			want int
		}{
			{"/me/calls/" + id, "nonsense", 1, 400},
			{"/me/calls/" + id, "[]", 1, 400},
			{"/me/calls/" + id, object{}, 1, 400},
			{"/me/calls/" + id, object{"operationName": 5}, 10, 400},
			{"/me/calls/" + id, object{"operationName": "Dance"}, 2, 400},
			{"/me/calls/" + id, object{"operationName": "Ready"}, 2, 400},
			{"/me/calls/" + id, object{"operationName": "Answer"}, 2, 400},
			{"/me/calls/none", object{"operationName": "Hold"}, 6, 404},
			{"/me/devices/none", object{"operationName": "DoNotDisturbOn"}, 6, 404},
			{"/me/calls/" + id, object{"operationName": "SendDtmf"}, 1, 400},
			{"/me/calls/" + id, object{"operationName": "SendDtmf", "digits": ""}, 1, 400},
			{"/me/calls/" + id, object{"operationName": "SendDtmf", "digits": "12x"}, 10, 400},
			{"/me/calls/" + id, object{"operationName": "AttachUserData"}, 1, 400},
			{"/me/calls/" + id, object{"operationName": "AttachUserData", "userData": "x"}, 10, 400},
			{"/me/calls/" + id, object{"operationName": "DeleteUserDataPair"}, 1, 400},
			{"/me/calls/" + id, object{"operationName": "SetCallDisposition"}, 1, 400},
			{"/nonsense", object{"operationName": "Hold"}, 6, 404},
		} {
			res := c.do("POST", row.path, row.body)
			assert.Equal(t, row.want, res.status, "%v", row)
			assert.Equal(t, row.code, res.body["statusCode"], "%v", row)
			assert.NotEmpty(t, res.body["statusMessage"])
		}
		assert.Empty(t, c.digest(), "nothing has happened")
	})
	bubble(t, voicetest.Options{AcceptInvalid: true}, func(t *testing.T, sim *voicetest.Server) {
		c, id := established(t, sim)
		c.accepted(id, "Answer")
		assert.Equal(t, []string{"ErrorMessage"}, c.digest())
	})
}

func TestDisposition(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		c, id := established(t, sim)
		set := func(path, key string) response {
			body := object{"operationName": "SetCallDisposition", "callUri": "/api/v2/calls/" + id, "callUuid": id, "disposition": "Resolved"}
			if key != "" {
				body["dispositionKey"] = key
			}
			return c.do("POST", path, body)
		}
		require.Equal(t, 200, set("/me/calls/"+id, "").status)
		assert.Equal(t, object{"DispositionCode": "Resolved"}, c.take()[0].call()["userData"])
		require.Equal(t, 200, set("/me/devices/"+sim.Agent("5001").DeviceID(), "Other").status)
		assert.Equal(t, object{"DispositionCode": "Resolved", "Other": "Resolved"}, c.take()[0].call()["userData"])
		sim.HangupCustomer(id)
		c.take()
		require.Equal(t, 200, set("/me/calls/"+id, "").status, "a released call")
		require.Equal(t, 200, set("/me/devices/"+sim.Agent("5001").DeviceID(), "").status)
		assert.Empty(t, c.digest())
		info, _ := sim.Call("5001", id)
		assert.Equal(t, "Resolved", info.Disposition)
	})
}

func TestSeveralDevices(t *testing.T) {
	bubble(t, voicetest.Options{Agents: []voicetest.Agent{{DN: "5001", OtherDNs: []string{"5101"}}, {DN: "5002"}}}, func(t *testing.T, sim *voicetest.Server) {
		ada := online(t, sim, "agent5001")
		devices := sim.Devices("5101")
		require.Len(t, devices, 2)
		assert.Equal(t, 200, ada.do("POST", "/me/devices/"+devices[1].ID+"/calls", withParams("Dial", []any{"destination", to("5002")})).status)
		m := ada.take()
		require.Len(t, m, 1)
		assert.Equal(t, "5101", m[0].Data["phoneNumber"])
		assert.Equal(t, "/devices/"+devices[1].ID, m[0].call()["deviceUri"].(string)[len(sim.URL()+"/api/v2"):])
		assert.Equal(t, []string{"5101"}, sim.Calls("5002")[0].Participants)
		id := sim.Ring(voicetest.Call{To: "5101"})
		assert.Equal(t, "5101", ada.take()[0].Data["phoneNumber"])
		assert.Len(t, ada.get("/me/devices/" + devices[1].ID + "/calls")["uris"], 2)
		assert.Len(t, ada.get("/me/devices/" + devices[0].ID + "/calls")["uris"], 0)
		sim.HangupCustomer(id)
		assert.Len(t, ada.take(), 1)
		ada.state("NotReady")
		assert.Len(t, ada.take(), 2, "one message for each device")
	})
}
