package voicetest_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"sort"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// world is the contact centre of the samples.
func world() voicetest.Options {
	return voicetest.Options{Agents: []voicetest.Agent{
		{DN: "7001"}, {DN: "7002"}, {DN: "7003"}, {DN: "7004"},
		{UserName: "supervisor7005", DN: "7005", Supervisor: true, NotReady: true},
	}}
}

// golden is how the messages of one operation come about.
type golden struct {
	options func(*voicetest.Options)
	user    string // "" means agent7001
	skip    string // why capabilities are not compared
	run     func(g *goldenRun)
}

type goldenRun struct {
	*agentClient
	sim *voicetest.Server
	all []message // collected
}

// talk is a call between 7001 and 7002, dialled by 7001.
func (g *goldenRun) talk() string {
	id := g.sim.Agent("7001").Dial("7002")
	g.sim.Agent("7002").Answer(id)
	time.Sleep(3 * time.Second)
	g.take()
	return id
}

// ask posts an operation and collects its messages.
func (g *goldenRun) ask(id, operation string, params ...any) {
	g.accepted(id, operation, params...)
	g.all = append(g.all, g.take()...)
}

func (g *goldenRun) collect(r response) {
	require.Equal(g.t, 200, r.status, r.text)
	g.all = append(g.all, g.take()...)
}

// consultation is a call to 7003 about the one with 7002, answered.
func (g *goldenRun) consultation(operation string) (original, consult string) {
	original = g.talk()
	g.accepted(original, operation, "destination", object{"phoneNumber": "7003"})
	consult = g.take()[1].call()["id"].(string)
	g.sim.Agent("7003").Answer(consult)
	time.Sleep(time.Second)
	g.take()
	return original, consult
}

func (g *goldenRun) monitoring(operation string) (target object) {
	return object{"targetDeviceUri": g.sim.URL() + "/api/v2/devices/" + g.sim.Agent("7001").DeviceID(),
		"supervisorMonitoringScope": "Call", "supervisorMonitoringMode": "AllCalls", "operationName": operation}
}

// supervise posts a monitoring operation as the supervisor.
func (g *goldenRun) supervise(operation string) response {
	return g.do("POST", "/me/devices/"+g.sim.Agent("7005").DeviceID(), g.monitoring(operation))
}

// watched brings the supervisor on a call of 7001.
func (g *goldenRun) watched(operation string) string {
	require.Equal(g.t, 200, g.supervise(operation).status)
	id := g.sim.Agent("7001").Dial("7002")
	g.sim.Agent("7002").Answer(id)
	time.Sleep(2 * time.Second)
	g.take()
	return id
}

func recording(o *voicetest.Options) { o.Recording = true }

func supervisor(o *voicetest.Options) { o.Agents[0].Supervisor = true }

func simple(operation string, params ...any) golden {
	return golden{run: func(g *goldenRun) { g.ask(g.talk(), operation, params...) }}
}

func stateOperation(operation string, skip string) golden {
	return golden{skip: skip, run: func(g *goldenRun) { g.collect(g.state(operation)) }}
}

const fewer = "the sample has only some of the device's capabilities"

var goldens = map[voice.OperationName]golden{
	"Dial": {run: func(g *goldenRun) {
		g.collect(g.dial("7002"))
		g.sim.Agent("7002").Answer(g.all[0].call()["id"].(string))
		g.all = append(g.all, g.take()...)
	}},
	"Answer": {run: func(g *goldenRun) {
		g.ask(g.sim.Ring(voicetest.Call{From: "7002"}), "Answer")
		g.all = g.all[len(g.all)-1:]
	}},
	"Reject": {run: func(g *goldenRun) {
		id := g.sim.Ring(voicetest.Call{From: "7004", Queue: "9000"})
		g.take()
		g.ask(id, "Reject")
	}},
	"Hangup": simple("Hangup"),
	"ClearCall": {run: func(g *goldenRun) {
		id := g.talk()
		g.accepted(id, "SingleStepConference", "destination", object{"phoneNumber": "7003"})
		g.accepted(id, "AttachUserData", "userData", object{"FirstConferencePartyDN": "7001"})
		g.take()
		g.ask(id, "ClearCall")
	}},
	"Hold": simple("Hold"),
	"Retrieve": {run: func(g *goldenRun) {
		id := g.talk()
		g.accepted(id, "Hold")
		g.take()
		g.ask(id, "Retrieve")
	}},
	"SwapCalls": {run: func(g *goldenRun) {
		original, consult := g.consultation("InitiateTransfer")
		g.ask(consult, "SwapCalls", "otherCallUri", g.sim.URL()+"/api/v2/me/calls/"+original)
	}},
	"SendDtmf":   simple("SendDtmf", "digits", "5"),
	"MuteCall":   {options: func(o *voicetest.Options) { o.Muting, o.Recording = true, true }, run: simple("MuteCall").run},
	"UnmuteCall": {options: func(o *voicetest.Options) { o.Muting, o.Recording = true, true }, run: func(g *goldenRun) { id := g.talk(); g.accepted(id, "MuteCall"); g.take(); g.ask(id, "UnmuteCall") }},
	"Accept":     {options: nil, skip: "shape", run: func(g *goldenRun) { g.preview("Accept") }},
	"Decline":    {run: func(g *goldenRun) { g.preview("Decline") }},

	"SingleStepTransfer": simple("SingleStepTransfer", "destination", object{"phoneNumber": "7003"}),
	"InitiateTransfer": {run: func(g *goldenRun) {
		g.ask(g.talk(), "InitiateTransfer", "destination", object{"phoneNumber": "7003"})
		g.sim.Agent("7003").Answer(g.all[1].call()["id"].(string))
		g.all = append(g.all, g.take()...)
	}},
	"CompleteTransfer": {run: func(g *goldenRun) {
		_, consult := g.consultation("InitiateTransfer")
		g.ask(consult, "CompleteTransfer")
	}},
	"SingleStepConference": simple("SingleStepConference", "destination", object{"phoneNumber": "7003"}),
	"InitiateConference":   simple("InitiateConference", "destination", object{"phoneNumber": "7003"}),
	"CompleteConference": {run: func(g *goldenRun) {
		_, consult := g.consultation("InitiateConference")
		g.ask(consult, "CompleteConference")
	}},
	"RemoveParticipantFromConference": {run: func(g *goldenRun) {
		id := g.talk()
		g.accepted(id, "SingleStepConference", "destination", object{"phoneNumber": "7003"})
		g.take()
		g.ask(id, "RemoveParticipantFromConference", "participant", "7002")
	}},

	"AttachUserData": {run: func(g *goldenRun) { g.dialled("AttachUserData", "userData", object{"AccountNumber": "90210"}) }},
	"UpdateUserData": {run: func(g *goldenRun) {
		g.dialled("UpdateUserData", "userData", object{"AccountNumber": "90211", "CustomerSegment": "Gold"})
	}},
	"DeleteUserDataPair": {run: func(g *goldenRun) {
		g.dialled("DeleteUserDataPair", "key", "CustomerSegment")
	}},
	"DeleteUserData": {run: func(g *goldenRun) { g.dialled("DeleteUserData") }},
	"SetCallDisposition": {run: func(g *goldenRun) {
		id := g.talk()
		g.ask(id, "SetCallDisposition", "callUri", "/api/v2/calls/"+id, "callUuid", id, "disposition", "Resolved")
	}},

	"StartCallRecording":  {options: recording, run: func(g *goldenRun) { g.record("StartCallRecording") }},
	"PauseCallRecording":  {options: recording, run: func(g *goldenRun) { g.record("StartCallRecording", "PauseCallRecording") }},
	"ResumeCallRecording": {options: recording, run: func(g *goldenRun) { g.record("StartCallRecording", "PauseCallRecording", "ResumeCallRecording") }},
	"StopCallRecording":   {options: recording, run: func(g *goldenRun) { g.record("StartCallRecording", "StopCallRecording") }},

	"ListenIn": {user: "supervisor7005", run: func(g *goldenRun) { g.doNotDisturb(); g.collect(g.supervise("ListenIn")) }},
	"Coach":    {user: "supervisor7005", run: func(g *goldenRun) { g.doNotDisturb(); g.collect(g.supervise("Coach")) }},
	"BargeIn":  {user: "supervisor7005", run: func(g *goldenRun) { g.doNotDisturb(); g.collect(g.supervise("BargeIn")) }},
	"CancelSupervisorMonitoring": {user: "supervisor7005", run: func(g *goldenRun) {
		g.doNotDisturb()
		g.supervise("ListenIn")
		g.take()
		g.collect(g.device("CancelSupervisorMonitoring"))
	}},
	"SwitchToBargeIn":  {user: "supervisor7005", run: func(g *goldenRun) { g.ask(g.watched("ListenIn"), "SwitchToBargeIn") }},
	"SwitchToListenIn": {user: "supervisor7005", run: func(g *goldenRun) { g.ask(g.watched("BargeIn"), "SwitchToListenIn") }},
	"MuteMonitoredUser": {user: "supervisor7005", run: func(g *goldenRun) {
		g.ask(g.watched("BargeIn"), "MuteMonitoredUser")
	}},
	"UnmuteMonitoredUser": {user: "supervisor7005", run: func(g *goldenRun) {
		id := g.watched("BargeIn")
		g.accepted(id, "MuteMonitoredUser")
		g.take()
		g.ask(id, "UnmuteMonitoredUser")
	}},

	"ForwardCallsOn": {skip: fewer, run: func(g *goldenRun) { g.collect(g.device("ForwardCallsOn", "destination", "7002")) }},
	"ForwardCallsOff": {options: supervisor, run: func(g *goldenRun) {
		g.device("ForwardCallsOn", "destination", "7002")
		g.take()
		g.collect(g.device("ForwardCallsOff"))
	}},
	"DoNotDisturbOn":  {options: supervisor, run: func(g *goldenRun) { g.collect(g.device("DoNotDisturbOn")) }},
	"DoNotDisturbOff": {options: supervisor, run: func(g *goldenRun) { g.device("DoNotDisturbOn"); g.take(); g.collect(g.device("DoNotDisturbOff")) }},

	"Ready":         stateOperation("Ready", ""),
	"NotReady":      stateOperation("NotReady", fewer),
	"AfterCallWork": stateOperation("AfterCallWork", ""),
	"AuxWork":       stateOperation("AuxWork", fewer),
	"Offline":       stateOperation("Offline", ""),
	"Lunch":         stateOperation("Lunch", ""),
	"StartContactCenterSession": {
		options: func(o *voicetest.Options) { o.Agents[0].LoggedOut, o.Release = true, voicetest.Release85202 },
		run: func(g *goldenRun) {
			g.collect(g.do("POST", "/me", withParams("StartContactCenterSession", []any{"channels", []string{"voice"}})))
		},
	},
	"EndContactCenterSession": {run: func(g *goldenRun) {}},
}

func (g *goldenRun) preview(operation string) {
	id := g.sim.Preview(voicetest.Call{From: "4155550142", UserData: map[string]any{"GSW_PHONE": "4155550142"}})
	g.take()
	g.ask(id, operation)
}

// dialled runs a user-data operation on a call that is still being dialled.
func (g *goldenRun) dialled(operation string, params ...any) {
	id := g.sim.Agent("7001").Dial("7002")
	if operation == "DeleteUserDataPair" {
		g.accepted(id, "AttachUserData", "userData", object{"AccountNumber": "90211", "CustomerSegment": "Gold"})
	}
	g.take()
	g.ask(id, operation, params...)
}

func (g *goldenRun) record(operations ...string) {
	id := g.talk()
	for _, op := range operations {
		g.take()
		g.all = nil
		g.ask(id, op)
	}
}

func (g *goldenRun) doNotDisturb() {
	g.device("DoNotDisturbOn")
	g.take()
}

// TestGolden_everyOperation compares what the simulator sends for each
// operation with the samples: the same attributes with the same types, the same
// words, the same sets of capabilities.
func TestGolden_everyOperation(t *testing.T) {
	for _, op := range append(voice.OperationNames(), "Lunch") {
		t.Run(string(op), func(t *testing.T) {
			how, ok := goldens[op]
			require.True(t, ok, "no scenario")
			samples, err := filepath.Glob(filepath.Join("..", "testdata", string(op), "notification-*.json"))
			require.NoError(t, err)
			sort.Strings(samples)
			o := world()
			if how.options != nil {
				how.options(&o)
			}
			bubble(t, o, func(t *testing.T, sim *voicetest.Server) {
				if how.user == "" {
					how.user = "agent7001"
				}
				g := &goldenRun{agentClient: online(t, sim, how.user), sim: sim}
				how.run(g)
				require.GreaterOrEqual(t, len(g.all), len(samples), "messages")
				for i, file := range samples {
					raw, err := os.ReadFile(file)
					require.NoError(t, err)
					var want message
					require.NoError(t, json.Unmarshal(raw, &want))
					assert.Equal(t, want.Channel, g.all[i].Channel)
					if how.skip != "shape" {
						sameShape(t, filepath.Base(file), want.Data, g.all[i].Data, how.skip != "")
					}
				}
			})
		})
	}
}

// words are the attributes whose values must be those of the sample.
var words = map[string]bool{"notificationType": true, "messageType": true, "state": true, "mute": true,
	"callType": true, "recordingState": true, "deviceState": true, "doNotDisturb": true, "displayName": true,
	"workMode": true, "reason": true, "telephonyNetwork": true, "mode": true, "scope": true, "WrapUpTime": true,
	"BusinessCall": true, "supervisorListeningIn": true, "monitoredUserMuted": true, "monitoring": true,
	"GSIP_RECORD": true, "forwardTo": true}

// sameShape compares names and types, and the values of words.
func sameShape(t *testing.T, path string, want, got any, lax bool) {
	t.Helper()
	switch want := want.(type) {
	case object:
		g, ok := got.(object)
		if !assert.True(t, ok, "%s: %v is not an object", path, got) {
			return
		}
		for name, w := range want {
			v, ok := g[name]
			if !assert.True(t, ok, "%s: lacks %s", path, name) {
				continue
			}
			switch {
			case name == "capabilities" && !lax:
				assert.Equal(t, set(w), set(v), "%s.%s", path, name)
			case name == "capabilities":
			case words[name]:
				assert.Equal(t, w, v, "%s.%s", path, name)
			default:
				sameShape(t, path+"."+name, w, v, lax)
			}
		}
		for name := range g {
			assert.Contains(t, want, name, "%s: has %s", path, name)
		}
	case []any:
		g, ok := got.([]any)
		if assert.True(t, ok, "%s: %v is not an array", path, got) && assert.Len(t, g, len(want), path) {
			for i := range want {
				sameShape(t, path+"[]", want[i], g[i], lax)
			}
		}
	default:
		assert.IsType(t, want, got, path)
	}
}
