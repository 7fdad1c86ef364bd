package voicetest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// established has an agent on the line with a call to work on.
func established(t *testing.T, sim *voicetest.Server) (c *agentClient, id string) {
	c = online(t, sim, "agent5001")
	id = sim.Establish(voicetest.Call{Queue: "9000"})
	c.take()
	return c, id
}

func TestFaults_timing(t *testing.T) {
	for _, row := range []struct {
		name            string
		faults          []voicetest.Fault
		response, event time.Duration
	}{
		{"usual", nil, 0, 0},
		{"event first", []voicetest.Fault{voicetest.EventFirst(3 * time.Second)}, 3 * time.Second, 0},
		{"response first", []voicetest.Fault{voicetest.ResponseFirst(3 * time.Second)}, 0, 3 * time.Second},
		{"slow", []voicetest.Fault{voicetest.Slow(2 * time.Second)}, 2 * time.Second, 2 * time.Second},
		{"late event", []voicetest.Fault{voicetest.LateEvent(4 * time.Second)}, 0, 4 * time.Second},
		{"slow and event first", []voicetest.Fault{voicetest.Slow(time.Second), voicetest.EventFirst(time.Second)}, 2 * time.Second, time.Second},
	} {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
				c, id := established(t, sim)
				if row.faults != nil {
					sim.On(voice.OpHold, row.faults...)
				}
				start := time.Now()
				res := c.on(id, "Hold")
				require.Equal(t, 200, res.status, res.text)
				assert.Equal(t, row.response, res.at.Sub(start))
				time.Sleep(10 * time.Second)
				messages := c.take()
				require.Len(t, messages, 1)
				assert.Equal(t, "Held", messages[0].call()["state"])
				assert.Equal(t, row.event, messages[0].At.Sub(start))

				start = time.Now()
				assert.Equal(t, start, c.on(id, "Retrieve").at, "the fault is for one request")
				assert.Equal(t, []string{"StatusChange Established"}, c.digest())
			})
		})
	}
}

func TestFaults_outcome(t *testing.T) {
	type outcome struct {
		status int
		code   any // statusCode
		state  voice.CallState
		events []string
	}
	ok := func(state voice.CallState, events ...string) outcome { return outcome{200, 0.0, state, events} }
	for _, row := range []struct {
		name   string
		faults []voicetest.Fault
		want   outcome
	}{
		{"refuse", []voicetest.Fault{voicetest.Refuse(3, "no")}, outcome{403, 3.0, "Established", nil}},
		{"refuse with a status", []voicetest.Fault{voicetest.RefuseStatus(500, 2, "no")}, outcome{500, 2.0, "Established", nil}},
		{"fail later", []voicetest.Fault{voicetest.FailLater(time.Second, 93, "no")}, ok("Established", "ErrorMessage")},
		{"silence", []voicetest.Fault{voicetest.Silence()}, ok("Established")},
		{"lost event", []voicetest.Fault{voicetest.LostEvent()}, ok("Held")},
		{"duplicate", []voicetest.Fault{voicetest.Duplicate(time.Second)}, ok("Held", "StatusChange Held", "StatusChange Held")},
		{"cut before", []voicetest.Fault{voicetest.CutBefore()}, outcome{0, nil, "Established", nil}},
		{"cut after", []voicetest.Fault{voicetest.CutAfter()}, outcome{0, nil, "Held", []string{"StatusChange Held"}}},
		{"html", []voicetest.Fault{voicetest.Answer(200, "text/html", "<html>")}, outcome{200, nil, "Established", nil}},
		{"html after", []voicetest.Fault{voicetest.AnswerAfter(502, "text/html", "<html>")}, outcome{502, nil, "Held", []string{"StatusChange Held"}}},
		{"drop session", []voicetest.Fault{voicetest.DropSession()}, ok("Held")},
		{"expired login", []voicetest.Fault{voicetest.ExpireLogin()}, ok("Held")},
	} {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
				c, id := established(t, sim)
				script := sim.On(voice.OpHold, row.faults...)
				res := c.on(id, "Hold")
				assert.Equal(t, row.want.status, res.status)
				assert.Equal(t, row.want.code, res.body["statusCode"])
				time.Sleep(2 * time.Second)
				assert.Equal(t, row.want.events, c.digest())
				info, ok := sim.Call("5001", id)
				require.True(t, ok)
				assert.Equal(t, row.want.state, info.State)
				assert.Equal(t, 1, script.Fired())
			})
		})
	}
}

func TestFaults_truncatedBody(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		c, id := established(t, sim)
		sim.On(voice.OpHold, voicetest.Truncate(5))
		res := c.on(id, "Hold")
		assert.ErrorContains(t, res.err, "unexpected EOF")
		assert.Equal(t, `{"sta`, res.text)
		assert.Equal(t, []string{"StatusChange Held"}, c.digest())
	})
}

func TestFailLater_form(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		c, id := established(t, sim)
		device := sim.Agent("5001").DeviceID()
		sim.On(voice.OpHold, voicetest.FailLater(0, 93, "Invalid state"))
		c.accepted(id, "Hold")
		m := c.take()
		require.Len(t, m, 1)
		assert.Equal(t, "/v2/me/calls", m[0].Channel)
		assert.Equal(t, object{"messageType": "ErrorMessage", "errorMessage": "Invalid state", "errorCode": 93.0,
			"devicePath": "/devices/" + device, "deviceUri": sim.URL() + "/api/v2/devices/" + device}, m[0].Data)

		sim.On(voice.OpHold, voicetest.FailLater(0, 0, ""), voicetest.NamingCall(), voicetest.OnTopic("/v2/me/devices"), voicetest.Bare())
		c.accepted(id, "Hold")
		m = c.take()
		require.Len(t, m, 1)
		assert.Equal(t, "/v2/me/devices", m[0].Channel)
		assert.Equal(t, object{"messageType": "ErrorMessage", "callPath": "/calls/" + id,
			"callUri": sim.URL() + "/api/v2/me/calls/" + id}, m[0].Data)
	})
}

func TestResponseFirst_callGoneMeanwhile(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		c, id := established(t, sim)
		sim.On(voice.OpHold, voicetest.ResponseFirst(3*time.Second))
		c.accepted(id, "Hold")
		time.Sleep(time.Second)
		sim.HangupCustomer(id)
		assert.Equal(t, []string{"StatusChange Released"}, c.digest())
		time.Sleep(3 * time.Second)
		m := c.take()
		require.Len(t, m, 1)
		assert.Equal(t, 56.0, m[0].Data["errorCode"])
	})
}

func TestLateEvent_comesBehindWhatHappenedSince(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		c, id := established(t, sim)
		sim.On(voice.OpHold, voicetest.LateEvent(3*time.Second))
		c.accepted(id, "Hold")
		sim.HangupCustomer(id)
		assert.Equal(t, []string{"StatusChange Released"}, c.digest())
		time.Sleep(4 * time.Second)
		assert.Equal(t, []string{"StatusChange Held"}, c.digest())
	})
}

func TestScripts_orderAgentsAndTimes(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		c, id := established(t, sim)
		sim.Agent("5002").On(voice.OpHold, voicetest.Refuse(5, "somebody else's"))
		sim.On(voice.OpHold, voicetest.Refuse(1, "first"))
		sim.On(voice.OpHold, voicetest.Times(2, voicetest.Refuse(2, "twice")))
		sim.On(voice.OpHold, voicetest.Refuse(3, "never")).Cancel()
		sim.On("", voicetest.Refuse(4, "any"))
		for _, code := range []float64{1, 2, 2, 4, 0} {
			assert.Equal(t, code, c.on(id, "Hold").body["statusCode"])
		}
	})
}

func TestOnRead(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		c, _ := established(t, sim)
		sim.OnRead("/me/calls", voicetest.Times(2, voicetest.Answer(503, "text/html", "<html>busy</html>"), voicetest.Header("Retry-After", "7")))
		res := c.do("GET", "/me/calls?fields=*", nil)
		assert.Equal(t, 503, res.status)
		assert.Equal(t, "7", res.header.Get("Retry-After"))
		assert.Equal(t, 200, c.do("GET", "/me", nil).status)
		assert.Equal(t, 503, c.do("GET", "/me/calls", nil).status)
		assert.Len(t, c.get("/me/calls?fields=*")["calls"], 1)

		sim.OnRead("", voicetest.Slow(2*time.Second))
		start := time.Now()
		assert.Equal(t, 2*time.Second, c.do("GET", "/me", nil).at.Sub(start))
	})
}

func TestInjectRaw_isNotTouched(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		c := online(t, sim, "agent5001")
		sim.InjectMessage("5001", "/v2/me/calls", `{"messageType" : "Odd", "n": 1.50}`)
		m := c.take()
		require.Len(t, m, 1)
		assert.Equal(t, "Odd", m[0].Data["messageType"])
		sent := sim.CometD().Requests()
		assert.Contains(t, string(sent[len(sent)-2].Response), `{"messageType" : "Odd", "n": 1.50}`)
	})
}
