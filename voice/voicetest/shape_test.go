package voicetest_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

func sample(t *testing.T, name string) object {
	raw, err := os.ReadFile(filepath.Join("..", "testdata", filepath.FromSlash(name)))
	require.NoError(t, err)
	var o object
	require.NoError(t, json.Unmarshal(raw, &o))
	return o
}

// likeSample compares one message with a sample.
func likeSample(t *testing.T, name string, m message) {
	t.Helper()
	want := sample(t, "messages/"+name+".json")
	assert.Equal(t, want["channel"], m.Channel)
	sameShape(t, name, want["data"], m.Data, false)
}

func TestShape_release85202(t *testing.T) {
	o := world()
	o.Release = voicetest.Release85202
	bubble(t, o, func(t *testing.T, sim *voicetest.Server) {
		c := online(t, sim, "agent7001")
		id := sim.Ring(voicetest.Call{From: "7002", UserData: map[string]any{
			"CaseId": "c751", "PARTY_7002": map[string]any{"path": "/users/1e55", "username": "peer"}}})
		ringing := c.take()[0]
		// recorded values, not those of every call
		ringing.Data["extensions"].(object)["BusinessCall"] = 1.0
		want := sample(t, "messages/ringing-observed.json")["data"].(object)
		want["extensions"].(object)["WrapUpTime"] = 0.0
		sameShape(t, "ringing", want, ringing.Data, false)

		c.accepted(id, "DeleteUserDataPair", "key", "PARTY_7002")
		c.take()
		c.accepted(id, "Answer")
		answered := c.take()[0]
		answered.Data["extensions"] = object{"BusinessCall": 1.0, "WrapUpTime": 20.0}
		likeSample(t, "established-observed", answered)

		c.state("NotReady")
		likeSample(t, "device-not-ready-observed", c.take()[0])
		c.state("Ready")
		likeSample(t, "device-ready-observed", c.take()[0])
		sim.Outage()
		messages := c.take()
		likeSample(t, "services", messages[0])
		inactive := messages[1]
		delete(inactive.Data, "metrics")
		likeSample(t, "device-inactive", inactive)
	})
}

func TestShape_release850(t *testing.T) {
	o := world()
	o.Release = voicetest.Release850
	bubble(t, o, func(t *testing.T, sim *voicetest.Server) {
		c := online(t, sim, "agent7001")
		id := sim.Establish(voicetest.Call{From: "7002"})
		assert.Len(t, id, 16)
		c.take()
		c.accepted(id, "AttachUserData", "userData", object{"greeting": "hello"})
		likeSample(t, "legacy", c.take()[0])
		c.accepted(id, "Hold")
		assert.NotContains(t, c.take()[0].Data, "extensions")
		assert.Contains(t, c.get("/me/devices"), "devices", "objects without fields")
		assert.Equal(t, 200, c.do("POST", "/me", object{"operationName": "NotReady"}).status, "states on /me")
	})
}

func TestShape_messagesOutsideOperations(t *testing.T) {
	bubble(t, world(), func(t *testing.T, sim *voicetest.Server) {
		c := online(t, sim, "agent7001")
		sim.Ring(voicetest.Call{From: "4155550142", Queue: "9000", UserData: map[string]any{"RTargetObjectSelected": "Sales"}})
		likeSample(t, "ringing-queue", c.take()[0])
		id := sim.Preview(voicetest.Call{From: "4155550142", UserData: map[string]any{"GSW_PHONE": "4155550142"}})
		likeSample(t, "preview", c.take()[0])
		require.True(t, sim.CancelPreview(id))
		assert.Equal(t, []string{"StatusChange PreviewCancelled"}, c.digest())

		sim.On(voice.OpNotReady, voicetest.FailLater(0, 0, "Agent is not logged in"))
		c.state("NotReady")
		likeSample(t, "error-devices", c.take()[0])
		sim.On(voice.OpDial, voicetest.FailLater(0, 415, "Invalid destination DN"))
		c.dial("7002")
		likeSample(t, "error-calls", c.take()[0])
	})
}

func TestShape_reads(t *testing.T) {
	options := func(change func(*voicetest.Options)) voicetest.Options {
		o := world()
		if change != nil {
			change(&o)
		}
		return o
	}
	recorded := func(o *voicetest.Options) { o.Release = voicetest.Release85202 }
	notReady := func(o *voicetest.Options) { o.Agents[0].NotReady = true }
	for _, row := range []struct {
		path, sample string
		options      func(*voicetest.Options)
		call         bool
	}{
		{"/diagnostics/version", "version", nil, false},
		{"/me", "me-plain", nil, false},
		{"/me?subresources=features,devices,channels", "me-login", recorded, false},
		{"/me/?subresources=devices,calls,channels,interactions,chats", "me-with-call", recorded, true},
		{"/me/calls", "calls-uris", nil, true},
		{"/me/calls?fields=*", "calls", nil, true},
		{"/me/calls/ID", "call", nil, true},
		{"/me/devices", "devices-uris", nil, false},
		{"/me/devices?fields=*", "devices", notReady, false},
		{"/me/devices/DEVICE", "device", notReady, false},
		{"/me/devices/DEVICE/settings/tserver", "device-settings", nil, false},
		{"/services?fields=*", "services-all", nil, false},
		{"/settings/general-settings", "general-settings", nil, false},
		{"/settings/agent-states", "agent-states", nil, false},
		{"/me/devices/DEVICE", "device-inactive", func(o *voicetest.Options) { recorded(o); o.Agents[0].Unregistered = true }, false},
	} {
		t.Run(row.sample, func(t *testing.T) {
			bubble(t, options(row.options), func(t *testing.T, sim *voicetest.Server) {
				c := newClient(t, sim, "agent7001")
				path := row.path
				if row.call {
					id := sim.Agent("7001").Dial("7002")
					sim.Agent("7002").Answer(id)
					path = strings.Replace(path, "ID", id, 1)
				}
				path = strings.Replace(path, "DEVICE", sim.Agent("7001").DeviceID(), 1)
				got, want := c.get(path), sample(t, "rest/"+row.sample+".json")
				trim(got, want)
				sameShape(t, row.sample, want, got, false)
			})
		})
	}
}

// trim adapts what the samples have and the simulator does not imitate: a
// password that only the reference prints, the feature list of one contact
// centre, and observed extras.
func trim(got, want object) {
	user, _ := want["user"].(object)
	delete(user, "password")
	if g, ok := got["user"].(object); ok && user["features"] != nil {
		g["features"] = g["features"].([]any)[:1]
		user["features"] = user["features"].([]any)[:1]
		offline := user["devices"].([]any)[0].(object)
		offline["userState"] = g["devices"].([]any)[0].(object)["userState"]
	}
	if g, ok := got["user"].(object); ok && g["calls"] != nil {
		call := g["calls"].([]any)[0].(object)
		delete(call, "case")
		call["capabilities"] = user["calls"].([]any)[0].(object)["capabilities"]
	}
	if s, ok := got["settings"].([]any); ok && len(s) == 8 {
		got["settings"] = s[:6]
	}
}

func TestReads_fieldsAndSubresources(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		c := newClient(t, sim, "agent5001")
		id := sim.Establish(voicetest.Call{})
		assert.Equal(t, []any{object{"id": id, "state": "Established"}}, c.get("/me/calls?fields=id,state,unknown")["calls"])
		user := c.get("/me?subresources=*")["user"].(object)
		assert.Len(t, user["calls"], 1)
		assert.Len(t, user["devices"], 1)
		assert.NotContains(t, user, "channels", "no multimedia channel is active")
		assert.NotContains(t, user, "chats")
		user = c.get("/me?subresources=calls")["user"].(object)
		assert.NotContains(t, user, "devices")
		assert.Equal(t, []any{}, newClient(t, sim, "agent5002").get("/me?subresources=calls")["user"].(object)["calls"])

		users := c.get("/users?fields=*")["users"].([]any)
		assert.Len(t, users, 4)
		found := c.get("/users/" + sim.Agent("5002").UserID() + "?subresources=devices")["user"].(object)
		assert.Equal(t, "agent5002", found["userName"])
		assert.Equal(t, sim.Agent("5002").DeviceID(), found["devices"].([]any)[0].(object)["id"])
		assert.Len(t, c.get("/devices?fields=*")["devices"], 4)
		assert.Equal(t, 404, c.do("GET", "/nonsense", nil).status)
		assert.Equal(t, 404, c.do("GET", "/me/calls/none", nil).status)
		assert.Equal(t, 405, c.do("DELETE", "/me", nil).status)
	})
}

func TestExternalNumbers(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		c := online(t, sim, "agent5001")
		sim.Ring(voicetest.Call{From: "9165550104"})
		p := c.take()[0].call()["participants"].([]any)[0].(object)
		assert.Equal(t, object{"e164Number": "+19165550104", "location": "California", "formattedPhoneNumber": "(916) 555-0104",
			"country":     object{"name": "United States", "code": "US", "callingCode": "1"},
			"phoneNumber": "9165550104", "digits": "9165550104"}, p)
		sim.Ring(voicetest.Call{From: "+4930123456"})
		p = c.take()[0].call()["participants"].([]any)[0].(object)
		assert.Equal(t, object{"e164Number": "+4930123456", "formattedPhoneNumber": "+4930123456",
			"phoneNumber": "+4930123456", "digits": "4930123456"}, p)
	})
}

func TestOptions_shapes(t *testing.T) {
	bubble(t, voicetest.Options{Metrics: true, NoExtensions: true, ClearCallEverywhere: true, ConnectionIDs: true,
		StringStatus: true, Prefix: "/gws/", PublicURL: "https://public.example/x"}, func(t *testing.T, sim *voicetest.Server) {
		assert.Equal(t, "http://gws.test/gws", sim.URL())
		c := online(t, sim, "agent5001")
		id := sim.Ring(voicetest.Call{})
		m := c.take()[0]
		assert.Contains(t, m.Data, "metrics")
		assert.NotContains(t, m.Data, "extensions")
		assert.True(t, set(m.call()["capabilities"])["ClearCall"])
		assert.Len(t, id, 16)
		assert.Equal(t, id, m.call()["connId"])
		assert.Equal(t, "https://public.example/x/api/v2/me/calls/"+id, m.call()["uri"])
		assert.Equal(t, "0", c.get("/me")["statusCode"])
		assert.Equal(t, "2", c.on(id, "Hold").body["statusCode"])
	})
}

func TestLatency(t *testing.T) {
	bubble(t, voicetest.Options{Latency: voicetest.Latency{Response: 100 * time.Millisecond, Event: 50 * time.Millisecond}},
		func(t *testing.T, sim *voicetest.Server) {
			c, id := established(t, sim)
			time.Sleep(time.Second)
			c.take()
			start := time.Now()
			res := c.on(id, "Hold")
			assert.Equal(t, 100*time.Millisecond, res.at.Sub(start))
			time.Sleep(time.Second)
			assert.Equal(t, 150*time.Millisecond, c.take()[0].At.Sub(start))
		})
}
