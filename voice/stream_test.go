package voice_test

import (
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// The Reject page's own message goes the whole way: bytes of the server, CometD,
// typed message, settled operation.
func TestSeed_settlesReject(t *testing.T) {
	raw, err := os.ReadFile("testdata/messages/reject-seed.json")
	require.NoError(t, err)
	var message struct {
		Data json.RawMessage `json:"data"`
	}
	require.NoError(t, json.Unmarshal(raw, &message))
	const id = "013V08JRL498H1OI04000VTAES00000I"

	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim)
		sub := client.Subscribe()
		sim.On(voice.OpReject, voicetest.Answer(200, "application/json", `{"statusCode":0}`))
		go func() {
			time.Sleep(time.Second)
			sim.InjectRaw("5001", string(raw))
		}()
		start := time.Now()
		msg, err := client.Reject(t.Context(), id)
		require.NoError(t, err)
		assert.Equal(t, time.Second, time.Since(start))
		assert.Same(t, msg, next(t, sub))

		received := msg.Raw
		assert.JSONEq(t, string(message.Data), string(received))
		want := &voice.CallStateChangeMessage{
			NotificationType: voice.StatusChange,
			PhoneNumber:      "5001",
			Extensions:       map[string]any{"WrapUpTime": 0.0, "BusinessCall": 0.0},
			Raw:              received,
			Call: &voice.Call{
				ID:        id,
				UUID:      id,
				ConnID:    "0071023821aec012",
				State:     voice.StateReleased,
				Type:      voice.CallTypeInternal,
				DeviceID:  "9c14cad7-17c4-48d0-8492-7cf0ff92c224",
				DeviceURI: "http://127.0.0.1:8080/api/v2/devices/9c14cad7-17c4-48d0-8492-7cf0ff92c224",
				Participants: []voice.Participant{{
					PhoneNumber: "5005", Digits: "5005", FormattedPhoneNumber: "5005",
				}},
				DNIS:         "9000",
				Capabilities: []voice.OperationName{},
				Duration:     5 * time.Second,
				URI:          "http://127.0.0.1:8080/api/v2/me/calls/" + id,
				Path:         "/calls/" + id,
			},
		}
		assert.Equal(t, want.Call, msg.Call)
		assert.Equal(t, want, msg)
	})
}

// The page as it was delivered is not JSON. It is told, and the session goes on.
func TestSeed_asDeliveredEndsNothing(t *testing.T) {
	broken, err := os.ReadFile("testdata/messages/reject-seed-ocr.txt")
	require.NoError(t, err)
	require.False(t, json.Valid(broken))
	var log journal
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim, func(c *voice.Config) { c.Logger = log.logger() })
		sim.InjectRaw("5001", string(broken))
		time.Sleep(time.Minute)
		assert.Contains(t, log.String(), "JSON", "a clear error in the log")
		id := queueCall(t, sim, client)
		msg, err := client.Reject(t.Context(), id)
		require.NoError(t, err)
		assert.Equal(t, id, msg.Call.ID)
	})
}

func TestHostileMessages_endNothing(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim)
		sub := client.Subscribe()
		for _, data := range []string{
			`null`, `[]`, `"text"`, `7`, `{}`, `{"messageType":5}`,
			`{"messageType":"CallStateChangeMessage"}`,
			`{"messageType":"CallStateChangeMessage","call":null}`,
			`{"messageType":"CallStateChangeMessage","call":[]}`,
			`{"messageType":"DeviceStateChangeMessage","devices":{"id":7}}`,
			`{"messageType":"NewThing","x":1}`,
			`{"a":` + deep(500) + `}`,
		} {
			sim.InjectMessage("5001", "/v2/me/calls", data)
		}
		sim.InjectMessage("5001", "/v2/me/calls", `{"messageType":"CallStateChangeMessage","notificationType":"Brandnew","phoneNumber":5001,"call":{
			"id":"X1","state":"Levitating","duration":7,"mute":true,"participants":["7002",{"phoneNumber":"7003"}],
			"capabilities":["Teleport"],"userData":{"n":12345678901234567890},"unheard":{"of":1}}}`)
		for {
			msg, ok := next(t, sub).(*voice.CallStateChangeMessage)
			if !ok {
				continue
			}
			assert.Equal(t, "X1", msg.Call.ID)
			assert.Equal(t, voice.CallState("Levitating"), msg.Call.State)
			assert.Equal(t, voice.NotificationType("Brandnew"), msg.NotificationType)
			assert.True(t, msg.Call.Can("Teleport"))
			assert.Equal(t, 7*time.Second, msg.Call.Duration)
			assert.True(t, msg.Call.Mute)
			assert.Len(t, msg.Call.Participants, 2)
			assert.Equal(t, json.Number("12345678901234567890"), msg.Call.UserData["n"])
			assert.Contains(t, string(msg.Raw), "unheard")
			break
		}
		id := queueCall(t, sim, client)
		_, err := client.Reject(t.Context(), id)
		assert.NoError(t, err)
	})
}

func deep(n int) string {
	text := "1"
	for range n {
		text = `[` + text + `]`
	}
	return text
}

func TestSubscription_lags(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim, func(c *voice.Config) { c.EventBuffer = 3 })
		id := established(t, sim, client)
		slow := client.Subscribe(voice.ForCall(id))
		for i := range 10 {
			_, err := client.UpdateUserData(t.Context(), id, map[string]any{"i": i})
			require.NoError(t, err)
		}
		for i := range 3 {
			msg := next(t, slow).(*voice.CallStateChangeMessage)
			assert.EqualValues(t, i, msg.Call.UserData["i"])
		}
		lagged, ok := next(t, slow).(*voice.Lagged)
		require.True(t, ok)
		assert.Equal(t, 7, lagged.Dropped)
		_, err := client.UpdateUserData(t.Context(), id, map[string]any{"i": "last"})
		require.NoError(t, err)
		msg := next(t, slow).(*voice.CallStateChangeMessage)
		assert.Equal(t, "last", msg.Call.UserData["i"])
		require.NoError(t, slow.Close())
		_, err = slow.Next(t.Context())
		assert.ErrorIs(t, err, voice.ErrClosed)
	})
}

func TestSubscription_filters(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim)
		one := established(t, sim, client)
		_, err := client.Hold(t.Context(), one)
		require.NoError(t, err)
		two := established(t, sim, client)
		ofOne := client.Subscribe(voice.ForCall(one))
		either := client.Subscribe(voice.ForCall(one), voice.ForCall(two))
		held := client.Subscribe(voice.Where(func(ev voice.Event) bool {
			msg, ok := ev.(*voice.CallStateChangeMessage)
			return ok && msg.Call.State == voice.StateHeld
		}))
		_, err = client.Hold(t.Context(), two)
		require.NoError(t, err)
		_, err = client.Retrieve(t.Context(), one)
		require.NoError(t, err)
		state := func(sub *voice.Subscription) string {
			call := next(t, sub).(*voice.CallStateChangeMessage).Call
			return fmt.Sprintf("%t %s", call.ID == one, call.State)
		}
		assert.Equal(t, "true Established", state(ofOne))
		assert.Equal(t, "false Held", state(either))
		assert.Equal(t, "true Established", state(either))
		assert.Equal(t, "false Held", state(held))

		sim.DropSession("5001") // holes come through every filter
		for _, sub := range []*voice.Subscription{ofOne, either, held} {
			_, ok := next(t, sub).(*voice.Reconnected)
			assert.True(t, ok)
		}
	})
}

// A function of the caller that takes long delays events, not the session.
func TestSlowFunctions_doNotEndTheSession(t *testing.T) {
	for name, listen := range map[string]func(t *testing.T, sim *voicetest.Server, client *voice.Client, slow func(voice.Event) bool){
		"filter": func(_ *testing.T, _ *voicetest.Server, client *voice.Client, slow func(voice.Event) bool) {
			client.Subscribe(voice.Where(slow))
		},
		"until": func(t *testing.T, sim *voicetest.Server, client *voice.Client, slow func(voice.Event) bool) {
			_, err := client.Start(t.Context(), voice.Operation{Name: voice.OpHold, CallID: established(t, sim, client), Until: slow})
			require.NoError(t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
				client := connect(t, sim, func(cfg *voice.Config) { cfg.OperationTimeout = time.Hour })
				sub := client.Subscribe(voice.ForCall("none")) // sees what marks a hole
				listen(t, sim, client, func(voice.Event) bool { time.Sleep(10 * time.Minute); return false })
				id := sim.Ring(voicetest.Call{})
				time.Sleep(30 * time.Minute)
				call, err := client.Call(t.Context(), id)
				require.NoError(t, err)
				assert.Equal(t, voice.StateRinging, call.State)
				require.NoError(t, sub.Close())
				_, err = sub.Next(t.Context())
				assert.ErrorIs(t, err, voice.ErrClosed, "there was no gap")
			})
		})
	}
}

func TestManyOperations_noneLostNoneCrossed(t *testing.T) {
	const agents, each = 20, 10
	bubble(t, voicetest.Options{Agents: voicetest.NumberedAgents(6000, agents), Latency: voicetest.Latency{Response: 50 * time.Millisecond, Event: 50 * time.Millisecond, Spread: 0.9}}, func(t *testing.T, sim *voicetest.Server) {
		var all sync.WaitGroup
		for i := range agents {
			dn := fmt.Sprint(6000 + i)
			client := connect(t, sim, agent(dn))
			for range each {
				id := sim.Ring(voicetest.Call{Queue: "9000", To: dn})
				awaitState(t, client, id, voice.StateRinging)
				all.Go(func() {
					msg, err := client.Reject(t.Context(), id)
					if assert.NoError(t, err) {
						assert.Equal(t, id, msg.Call.ID)
						assert.Equal(t, dn, msg.PhoneNumber)
						assert.Equal(t, voice.StateReleased, msg.Call.State)
						assert.False(t, msg.Synthetic)
					}
				})
			}
		}
		all.Wait()
		synctest.Wait()
		assert.Equal(t, agents*each, posts(sim, voice.OpReject))
	})
}

func TestGap_isToldAndClosed(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim)
		gone := established(t, sim, client)
		_, err := client.Hold(t.Context(), gone)
		require.NoError(t, err)
		stays := established(t, sim, client)
		sub := client.Subscribe()

		sim.DropSession("5001") // nothing of what follows is notified
		sim.HangupCustomer(gone)
		fresh := sim.Ring(voicetest.Call{Queue: "9000", To: "5001"})
		_, ok := next(t, sub).(*voice.Reconnected)
		require.True(t, ok)
		seen := map[string]voice.CallState{}
		for range 2 {
			msg := next(t, sub).(*voice.CallStateChangeMessage)
			assert.True(t, msg.Synthetic)
			assert.Nil(t, msg.Raw)
			assert.Equal(t, "5001", msg.PhoneNumber)
			seen[msg.Call.ID] = msg.Call.State
		}
		assert.Equal(t, map[string]voice.CallState{gone: voice.StateReleased, fresh: voice.StateRinging}, seen)

		_, err = client.Hold(t.Context(), stays)
		assert.NoError(t, err)
		_, err = client.Reject(t.Context(), fresh)
		assert.NoError(t, err)
	})
}
