package voicetest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/cometd"
	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

func connect(t *testing.T, sim *voicetest.Server, user string) *voice.Client {
	client, err := voice.Connect(t.Context(), voice.Config{
		BaseURL: sim.URL(), Auth: voice.BasicAuth(user, "secret"), HTTPClient: sim.Client()})
	require.NoError(t, err)
	t.Cleanup(func() { client.Close() })
	return client
}

// clientRun is what a scenario with the client of package voice works on.
type clientRun struct {
	t     *testing.T
	ctx   context.Context
	sim   *voicetest.Server
	c     *voice.Client // agent5001
	boss  *voice.Client // supervisor5009
	id    string        // an established call of agent5001 with agent5002
	third voice.Destination
}

// consulted has 5003 consulted and on the line.
func (r *clientRun) consulted() string {
	k, err := r.c.InitiateTransfer(r.ctx, r.id, r.third)
	require.NoError(r.t, err)
	id := k.Consult.Call.ID
	r.sim.Agent("5003").Answer(id)
	synctest.Wait()
	return id
}

// watched has the supervisor on a call of 5001.
func (r *clientRun) watched() string {
	r.sim.Agent("5001").Hangup(r.id)
	_, err := r.boss.ListenIn(r.ctx, r.sim.Agent("5009").DeviceID(), voice.Monitor{TargetDeviceID: r.sim.Agent("5001").DeviceID()})
	require.NoError(r.t, err)
	id := r.sim.Establish(voicetest.Call{})
	synctest.Wait()
	return id
}

func (r *clientRun) barged() string {
	id := r.watched()
	_, err := r.boss.SwitchToBargeIn(r.ctx, id)
	require.NoError(r.t, err)
	return id
}

func (r *clientRun) recorded() {
	_, err := r.c.StartCallRecording(r.ctx, r.id)
	require.NoError(r.t, err)
}

func (r *clientRun) device() string { return r.sim.Agent("5001").DeviceID() }

func last[M any](_ M, err error) error { return err }

var clientScenarios = map[voice.OperationName]func(r *clientRun) error{
	"Dial":   func(r *clientRun) error { return last(r.c.Dial(r.ctx, r.third)) },
	"Answer": func(r *clientRun) error { return last(r.c.Answer(r.ctx, r.sim.Ring(voicetest.Call{}))) },
	"Reject": func(r *clientRun) error { return last(r.c.Reject(r.ctx, r.sim.Ring(voicetest.Call{Queue: "9000"}))) },
	"Hangup": func(r *clientRun) error { return last(r.c.Hangup(r.ctx, r.id)) },
	"ClearCall": func(r *clientRun) error {
		return cmpErr(last(r.c.SingleStepConference(r.ctx, r.id, r.third)), last(r.c.ClearCall(r.ctx, r.id)))
	},
	"Hold":     func(r *clientRun) error { return last(r.c.Hold(r.ctx, r.id)) },
	"Retrieve": func(r *clientRun) error { return cmpErr(last(r.c.Hold(r.ctx, r.id)), last(r.c.Retrieve(r.ctx, r.id))) },
	"SwapCalls": func(r *clientRun) error {
		return last(r.c.SwapCalls(r.ctx, r.id, r.consulted()))
	},
	"SendDtmf": func(r *clientRun) error { return last(r.c.SendDTMF(r.ctx, r.id, "12#")) },
	"MuteCall": func(r *clientRun) error { return last(r.c.MuteCall(r.ctx, r.id)) },
	"UnmuteCall": func(r *clientRun) error {
		return cmpErr(last(r.c.MuteCall(r.ctx, r.id)), last(r.c.UnmuteCall(r.ctx, r.id)))
	},
	"Accept":  func(r *clientRun) error { return last(r.c.Accept(r.ctx, r.sim.Preview(voicetest.Call{}))) },
	"Decline": func(r *clientRun) error { return last(r.c.Decline(r.ctx, r.sim.Preview(voicetest.Call{}))) },

	"SingleStepTransfer": func(r *clientRun) error { return last(r.c.SingleStepTransfer(r.ctx, r.id, r.third)) },
	"InitiateTransfer":   func(r *clientRun) error { return last(r.c.InitiateTransfer(r.ctx, r.id, r.third)) },
	"CompleteTransfer": func(r *clientRun) error {
		return last(r.c.CompleteTransfer(r.ctx, r.consulted(), voice.Complete{}))
	},
	"SingleStepConference": func(r *clientRun) error { return last(r.c.SingleStepConference(r.ctx, r.id, r.third)) },
	"InitiateConference":   func(r *clientRun) error { return last(r.c.InitiateConference(r.ctx, r.id, r.third)) },
	"CompleteConference": func(r *clientRun) error {
		return last(r.c.CompleteConference(r.ctx, r.consulted(), voice.Complete{}))
	},
	"RemoveParticipantFromConference": func(r *clientRun) error {
		return cmpErr(last(r.c.SingleStepConference(r.ctx, r.id, r.third)),
			last(r.c.RemoveParticipantFromConference(r.ctx, r.id, "5003")))
	},

	"AttachUserData": func(r *clientRun) error {
		return last(r.c.AttachUserData(r.ctx, r.id, map[string]any{"k": 1}))
	},
	"UpdateUserData": func(r *clientRun) error {
		return last(r.c.UpdateUserData(r.ctx, r.id, map[string]any{"k": map[string]any{"n": "x"}}))
	},
	"DeleteUserDataPair": func(r *clientRun) error { return last(r.c.DeleteUserDataPair(r.ctx, r.id, "k")) },
	"DeleteUserData":     func(r *clientRun) error { return last(r.c.DeleteUserData(r.ctx, r.id)) },
	"SetCallDisposition": func(r *clientRun) error {
		return last(r.c.SetCallDisposition(r.ctx, r.id, voice.Disposition{Value: "Resolved"}))
	},

	"StartCallRecording": func(r *clientRun) error { return last(r.c.StartCallRecording(r.ctx, r.id)) },
	"PauseCallRecording": func(r *clientRun) error { r.recorded(); return last(r.c.PauseCallRecording(r.ctx, r.id)) },
	"ResumeCallRecording": func(r *clientRun) error {
		r.recorded()
		return cmpErr(last(r.c.PauseCallRecording(r.ctx, r.id)), last(r.c.ResumeCallRecording(r.ctx, r.id)))
	},
	"StopCallRecording": func(r *clientRun) error { r.recorded(); return last(r.c.StopCallRecording(r.ctx, r.id)) },

	"ListenIn": func(r *clientRun) error { r.watched(); return nil },
	"Coach": func(r *clientRun) error {
		return last(r.boss.Coach(r.ctx, r.sim.Agent("5009").DeviceID(), voice.Monitor{PhoneNumber: "9000", Mode: voice.MonitorNextCall}))
	},
	"BargeIn": func(r *clientRun) error {
		return last(r.boss.BargeIn(r.ctx, r.sim.Agent("5009").DeviceID(), voice.Monitor{TargetDeviceID: r.device(), Scope: voice.MonitorAgent}))
	},
	"CancelSupervisorMonitoring": func(r *clientRun) error {
		r.watched()
		return last(r.boss.CancelSupervisorMonitoring(r.ctx, r.sim.Agent("5009").DeviceID()))
	},
	"SwitchToListenIn":  func(r *clientRun) error { return last(r.boss.SwitchToListenIn(r.ctx, r.barged())) },
	"SwitchToBargeIn":   func(r *clientRun) error { r.barged(); return nil },
	"MuteMonitoredUser": func(r *clientRun) error { return last(r.boss.MuteMonitoredUser(r.ctx, r.barged())) },
	"UnmuteMonitoredUser": func(r *clientRun) error {
		id := r.barged()
		return cmpErr(last(r.boss.MuteMonitoredUser(r.ctx, id)), last(r.boss.UnmuteMonitoredUser(r.ctx, id)))
	},

	"ForwardCallsOn": func(r *clientRun) error { return last(r.c.ForwardCallsOn(r.ctx, r.device(), "5003")) },
	"ForwardCallsOff": func(r *clientRun) error {
		return cmpErr(last(r.c.ForwardCallsOn(r.ctx, r.device(), "5003")), last(r.c.ForwardCallsOff(r.ctx, r.device())))
	},
	"DoNotDisturbOn": func(r *clientRun) error { return last(r.c.DoNotDisturbOn(r.ctx, r.device())) },
	"DoNotDisturbOff": func(r *clientRun) error {
		return cmpErr(last(r.c.DoNotDisturbOn(r.ctx, r.device())), last(r.c.DoNotDisturbOff(r.ctx, r.device())))
	},
	"Ready":         func(r *clientRun) error { return last(r.c.Ready(r.ctx)) },
	"NotReady":      func(r *clientRun) error { return last(r.c.NotReady(r.ctx)) },
	"AfterCallWork": func(r *clientRun) error { return last(r.c.AfterCallWork(r.ctx)) },
	"AuxWork":       func(r *clientRun) error { return last(r.c.AuxWork(r.ctx)) },
	"Offline":       func(r *clientRun) error { return last(r.c.Offline(r.ctx)) },
	"Lunch":         func(r *clientRun) error { return last(r.c.SetAgentState(r.ctx, "Lunch")) },
	"StartContactCenterSession": func(r *clientRun) error {
		return r.c.StartContactCenterSession(r.ctx, voice.Session{Channels: []string{"voice", "chat"}})
	},
	"EndContactCenterSession": func(r *clientRun) error { return r.c.EndContactCenterSession(r.ctx) },
}

func cmpErr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// TestClient_everyOperationSettles lets the client of package voice do
// everything: nothing takes time, nothing is left unknown.
func TestClient_everyOperationSettles(t *testing.T) {
	for _, op := range append(voice.OperationNames(), "Lunch") {
		t.Run(string(op), func(t *testing.T) {
			scenario := clientScenarios[op]
			require.NotNil(t, scenario)
			bubble(t, voicetest.Options{Recording: true, Muting: true, CSRF: true, BalancerCookie: true}, func(t *testing.T, sim *voicetest.Server) {
				r := &clientRun{t: t, ctx: t.Context(), sim: sim, c: connect(t, sim, "agent5001"), boss: connect(t, sim, "supervisor5009"),
					third: voice.Destination{PhoneNumber: "5003"}}
				r.id = sim.Agent("5001").Dial("5002")
				sim.Agent("5002").Answer(r.id)
				synctest.Wait()
				start := time.Now()
				require.NoError(t, scenario(r))
				assert.Zero(t, time.Since(start))
			})
		})
	}
}

// TestClient_believesTheTruth lets agents and customers do at random what they
// may, over faults that lose nothing for good: what the client knows is what
// the simulator knows.
func TestClient_believesTheTruth(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			bubble(t, voicetest.Options{Recording: true, Muting: true}, func(t *testing.T, sim *voicetest.Server) {
				r := &random{t: t, sim: sim, Rand: rand.New(rand.NewPCG(seed, 2)), belief: map[string]map[string]object{}}
				clients := map[string]*voice.Client{}
				for _, name := range sim.AgentNames() {
					r.clients = append(r.clients, online(t, sim, name))
					clients[name] = connect(t, sim, name)
				}
				for range 150 {
					if r.IntN(10) == 0 {
						sim.DropSession(pick(r, sim.AgentNames()))
						time.Sleep(10 * time.Second)
					}
					what := r.step()
					time.Sleep(time.Duration(r.IntN(3000)) * time.Millisecond)
					synctest.Wait()
					for name, c := range clients {
						for _, want := range sim.Calls(name) {
							got, err := c.Call(t.Context(), want.ID)
							require.NoError(t, err, "%s after: %s", name, what)
							require.Equal(t, want.State, got.State, "%s after: %s", name, what)
							require.ElementsMatch(t, want.Capabilities, got.Capabilities, "%s after: %s", name, what)
							require.Equal(t, want.Participants, numbers(got), "%s after: %s", name, what)
							require.Equal(t, want.Muted, got.Mute)
						}
					}
				}
			})
		})
	}
}

func numbers(c *voice.Call) []string {
	var all []string
	for _, p := range c.Participants {
		all = append(all, p.PhoneNumber)
	}
	return all
}

// TestClient_overWebSocket restarts the server under a client whose messages
// come on a socket.
func TestClient_overWebSocket(t *testing.T) {
	bubble(t, voicetest.Options{WebSocket: true, Ack: true}, func(t *testing.T, sim *voicetest.Server) {
		c, err := voice.Connect(t.Context(), voice.Config{BaseURL: sim.URL(), Auth: voice.BasicAuth("agent5001", "secret"),
			HTTPClient: sim.Client(), Transports: []cometd.Transport{cometd.WebSocket}})
		require.NoError(t, err)
		defer c.Close()
		id := sim.Establish(voicetest.Call{})
		_, err = c.Hold(t.Context(), id)
		require.NoError(t, err)
		sim.Restart(5 * time.Second)
		time.Sleep(5 * time.Minute)
		assert.Equal(t, 1, sim.Sessions("5001"))
		_, err = c.Retrieve(t.Context(), id)
		require.NoError(t, err)
	})
}
