package voice

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/internal/jsonscan"
)

// FuzzGlance checks that a glance sees what decoding would.
func FuzzGlance(f *testing.F) {
	for _, file := range messageFiles(f) {
		_, data := readMessage(f, file)
		f.Add([]byte(data))
	}
	for _, s := range hostileMessages {
		f.Add([]byte(s))
	}
	f.Add([]byte(`{"messageType":"CallStateChangeMessage","call":{"id":"1"},"call":{"state":"Held"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := newDecoder(data)
		defer d.free()
		h, ok := d.glance()
		ev, err := decodeMessage(callsTopic, bytes.Clone(data))
		msg, isCall := ev.(*CallStateChangeMessage)
		if !ok || d.End() != nil {
			return
		}
		require.NoError(t, err)
		require.True(t, isCall, "%T", ev)
		require.Equal(t, msg.Call.ID, string(h.id))
		require.Equal(t, msg.Call.State, h.state)
		require.Equal(t, msg.Call.Duration, h.duration)
		require.Equal(t, msg.Generated, h.generated)
		require.False(t, msg.Call.ended())
	})
}

// FuzzLook checks that a message which is decoded while the response around it
// is being scanned is the same as one that is decoded by itself.
func FuzzLook(f *testing.F) {
	for _, file := range messageFiles(f) {
		_, data := readMessage(f, file)
		f.Add([]byte(data))
	}
	for _, s := range hostileMessages {
		f.Add([]byte(s))
	}
	indifferent, curious := offline(f), offline(f)
	curious.Subscribe()
	f.Fuzz(func(t *testing.T, data []byte) {
		want, err := decodeMessage(callsTopic, bytes.TrimSpace(bytes.Clone(data)))
		for _, c := range []*Client{indifferent, curious} {
			s := jsonscan.New(fmt.Appendf(nil, "[%s,7]", data))
			s.Array()
			s.NextElem()
			n := c.look(nil, &s).(*note)
			if err != nil {
				continue // it may be more than one value
			}
			require.True(t, s.NextElem())
			behind, _ := s.Int()
			require.EqualValues(t, 7, behind)
			require.False(t, s.NextElem())
			require.NoError(t, s.End())
			if n.event != nil {
				require.Equal(t, curious, c)
				require.Equal(t, want, n.event)
				onDevices, err := decodeMessage(devicesTopic, bytes.TrimSpace(bytes.Clone(data)))
				require.NoError(t, err)
				require.Equal(t, onDevices, n.event)
			}
			if n.glanced {
				require.Equal(t, indifferent, c)
				require.Equal(t, want.(*CallStateChangeMessage).Call.ID, string(n.glimpse.id))
			}
		}
	})
}

// offline returns a client that receives what is handed to it.
func offline(t testing.TB) *Client {
	t.Helper()
	c, err := newClient(Config{BaseURL: "http://gws.example.com"})
	require.NoError(t, err)
	c.inbox.working = false
	return c
}

func callMessage(id string, state CallState, second, serial int) []byte {
	return fmt.Appendf(nil, `{"messageType":"CallStateChangeMessage","notificationType":"StatusChange","phoneNumber":"5001",`+
		`"call":{"id":%q,"state":%q,"duration":"%d","participants":["7002"],"capabilities":["Hold"],"userData":{"serial":"%d"}}}`, id, state, second, serial)
}

func TestOverlook_callsAreAsIfSeen(t *testing.T) {
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 1))
		overlooking, seeing := offline(t), offline(t)
		sub := seeing.Subscribe()
		defer sub.Close()
		buf := make([]byte, 0, 512)
		overlooked := 0
		for i := range 200 {
			state := []CallState{StateRinging, StateEstablished, StateHeld, StateEstablished, StateHeld, StateReleased, StatePreviewCancelled}[random.IntN(7)]
			id := fmt.Sprint("call", i/40, random.IntN(3))
			buf = append(buf[:0], callMessage(id, state, i/10, i)...)
			for _, c := range []*Client{overlooking, seeing} {
				if c.overlook(callsTopic, buf) {
					overlooked++
				} else {
					c.received(callsTopic, bytes.Clone(buf), func(ev Event) bool { return c.dispatchAsleep(ev, onArrival) }) // a late message is not asked about here
				}
			}
			clear(buf)
			if random.IntN(5) == 0 {
				require.Equal(t, seeing.registry.call(id), overlooking.registry.call(id))
			}
		}
		assert.NotZero(t, overlooked)
		require.Equal(t, seeing.registry.liveCalls(), overlooking.registry.liveCalls())
		require.Equal(t, seeing.registry.now(), overlooking.registry.now())
		for id, known := range seeing.registry.calls {
			other := overlooking.registry.calls[id]
			assert.Equal(t, []any{known.first, known.last, known.rang, known.hadOthers}, []any{other.first, other.last, other.rang, other.hadOthers})
		}
	}
}

func TestOverlook_notWhenSomebodyIsInterested(t *testing.T) {
	for name, interested := range map[string]func(*Client){
		"subscription":         func(c *Client) { c.Subscribe() },
		"of this call":         func(c *Client) { c.Subscribe(ForCall("other"), ForCall("call")) },
		"filter":               func(c *Client) { c.Subscribe(Where(func(Event) bool { return false })) },
		"operation":            func(c *Client) { expectOffline(c, Operation{Name: OpHold, CallID: "call"}) },
		"operation on another": func(c *Client) { expectOffline(c, Operation{Name: OpSwapCalls, CallID: "other"}) },
		"dial":                 func(c *Client) { expectOffline(c, Operation{Name: OpDial, DeviceID: "device"}) },
	} {
		t.Run(name, func(t *testing.T) {
			c := offline(t)
			require.True(t, c.take(callsTopic, callMessage("call", StateEstablished, 1, 1), nil))
			require.True(t, c.overlook(callsTopic, callMessage("call", StateEstablished, 2, 2)))
			interested(c)
			assert.False(t, c.overlook(callsTopic, callMessage("call", StateEstablished, 3, 3)))
		})
	}
	c := offline(t)
	c.Subscribe(ForCall("other"))
	assert.False(t, c.overlook(callsTopic, callMessage("call", StateEstablished, 1, 1)), "the first of a call")
	require.True(t, c.take(callsTopic, callMessage("call", StateEstablished, 1, 1), nil))
	assert.True(t, c.overlook(callsTopic, callMessage("call", StateEstablished, 2, 2)))
	assert.False(t, c.overlook(callsTopic, callMessage("call", StateReleased, 3, 3)))
	assert.False(t, c.overlook(callsTopic, callMessage("call", StatePreviewCancelled, 3, 3)))
	assert.False(t, c.overlook(devicesTopic, callMessage("call", StateHeld, 3, 3)))
}

func expectOffline(c *Client, op Operation) {
	_, _ = c.expect(context.Background(), op, nil, func(error) {})
}

func TestTake_waitsBehindWhatIsSlow(t *testing.T) {
	c := offline(t)
	require.True(t, c.take(callsTopic, callMessage("call", StateEstablished, 5, 1), nil))
	c.inbox.Readable = func() bool { return false }
	release := make(chan struct{})
	c.inbox.mu.Lock()
	c.inbox.slow = append(c.inbox.slow, func() { <-release })
	c.startWork()
	c.inbox.mu.Unlock()
	assert.False(t, c.take(callsTopic, callMessage("call", StateHeld, 6, 2), nil), "it is to be queued")
	close(release)
	require.Eventually(t, func() bool { return c.take(callsTopic, callMessage("call", StateHeld, 6, 2), nil) }, time.Second, time.Millisecond)
	assert.Equal(t, StateHeld, c.registry.call("call").State)
}

func TestLook_forgetsTheMessageBefore(t *testing.T) {
	c := offline(t)
	sub := c.Subscribe()
	var memory any
	for i, data := range [][]byte{callMessage("call", StateEstablished, 0, 0), []byte(`{"messageType":"ErrorMessage"}`), []byte("1"), callMessage("call", StateEstablished, 2, 2)} {
		s := jsonscan.New(data)
		memory = c.look(memory, &s)
		require.NoError(t, s.End())
		assert.Equal(t, i%3 == 0, memory.(*note).event != nil)
	}
	require.True(t, c.take(callsTopic, callMessage("call", StateEstablished, 2, 2), memory))
	ev, err := sub.Next(t.Context())
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"serial": "2"}, ev.(*CallStateChangeMessage).Call.UserData)
	s := jsonscan.New(callMessage("call", StateEstablished, 3, 3))
	c.inbox.working = true
	assert.Nil(t, c.look(memory, &s).(*note).event, "it would have to be decoded once more")
	require.NoError(t, s.End())
}

func TestTake_oneAfterTheOther(t *testing.T) {
	c := offline(t)
	c.inbox.taking = true
	assert.False(t, c.take(callsTopic, callMessage("call", StateHeld, 6, 2), nil), "it could overtake that")
}

func TestTake_functionsOfTheCallerRunElsewhere(t *testing.T) {
	c := offline(t)
	sub := c.Subscribe(Where(func(Event) bool { return true }), ForCall("call"))
	assert.False(t, c.take(callsTopic, callMessage("call", StateEstablished, 1, 1), nil))
	require.NoError(t, sub.Close())
	require.NoError(t, sub.Close())
	assert.True(t, c.take(callsTopic, callMessage("call", StateEstablished, 1, 1), nil))
	p, err := c.expect(t.Context(), Operation{Name: OpHold, CallID: "call", Until: func(Event) bool { return true }}, nil, func(error) {})
	require.NoError(t, err)
	assert.False(t, c.take(callsTopic, callMessage("call", StateEstablished, 2, 2), nil))
	c.withdraw(p, false)
	c.withdraw(p, false)
	assert.True(t, c.take(callsTopic, callMessage("call", StateEstablished, 2, 2), nil))
}

// Somebody who makes another event take effect may be running a slow filter,
// also one whose subscription has just been closed.
func TestTake_doesNotWaitForTheTurn(t *testing.T) {
	c := offline(t)
	c.inbox.Readable = func() bool { return false }
	sub := c.Subscribe()
	require.True(t, c.take(callsTopic, callMessage("call", StateEstablished, 1, 1), nil))
	c.taken()
	_, err := sub.Next(t.Context())
	require.NoError(t, err)

	require.True(t, c.turn.TryAcquire(1))
	require.True(t, c.take(callsTopic, callMessage("call", StateHeld, 2, 2), nil))
	c.taken()
	assert.Equal(t, StateEstablished, c.registry.call("call").State)
	assert.False(t, c.take(callsTopic, callMessage("call", StateEstablished, 3, 3), nil), "it is to be queued")
	c.turn.Release(1)
	ev, err := sub.Next(t.Context())
	require.NoError(t, err)
	assert.Equal(t, StateHeld, ev.(*CallStateChangeMessage).Call.State)
	assert.Equal(t, StateHeld, c.registry.call("call").State)
}

func TestTake_wakesReadersAlsoIfTheTurnIsTaken(t *testing.T) {
	c := offline(t)
	c.inbox.Readable = func() bool { return false }
	sub := c.Subscribe()
	require.True(t, c.take(callsTopic, callMessage("call", StateEstablished, 1, 1), nil))
	require.True(t, c.turn.TryAcquire(1))
	c.taken()
	c.turn.Release(1)
	ev, err := sub.Next(t.Context())
	require.NoError(t, err)
	assert.Equal(t, StateEstablished, ev.(*CallStateChangeMessage).Call.State)
}

// Between the look whether there are filters and the delivery, somebody may have
// subscribed with one.
func TestTryDispatch_leavesFunctionsOfTheCallerToOthers(t *testing.T) {
	c := offline(t)
	ev, err := decodeMessage(callsTopic, callMessage("call", StateHeld, 1, 1))
	require.NoError(t, err)
	sub := c.Subscribe(Where(func(Event) bool { panic("here") }))
	assert.False(t, c.tryDispatch(ev))
	assert.Nil(t, c.registry.call("call"), "nothing has happened")
	require.NoError(t, sub.Close())
	assert.True(t, c.tryDispatch(ev))
	assert.Equal(t, StateHeld, c.registry.call("call").State)
}

// What a program does to an event, although it should not, is seen by no other
// agent in the process.
func TestLook_sharesNothingBetweenAgents(t *testing.T) {
	data := callMessage("call", StateEstablished, 1, 1)
	a, b := offline(t), offline(t)
	a.Subscribe()
	b.Subscribe()
	look := func(c *Client) *Call {
		s := jsonscan.New(data)
		return c.look(nil, &s).(*note).event.(*CallStateChangeMessage).Call
	}
	for range 100 {
		call := look(a)
		call.UserData["who"], call.Capabilities[0], call.Participants[0].Digits = "a", "None", "1"
		call = look(b)
		require.Equal(t, []Participant{{PhoneNumber: "7002"}}, call.Participants)
		require.Equal(t, map[string]any{"serial": "1"}, call.UserData)
		require.Equal(t, []OperationName{OpHold}, call.Capabilities)
	}
}

func TestLook_remembersForEachAgent(t *testing.T) {
	first, second := offline(t), offline(t)
	first.Subscribe()
	second.Subscribe()
	data := callMessage("call", StateEstablished, 1, 1)
	look := func(c *Client) *Call {
		s := jsonscan.New(data)
		return c.look(nil, &s).(*note).event.(*CallStateChangeMessage).Call
	}
	ofFirst, ofSecond := look(first), look(second)
	for range 3 {
		ofFirst.UserData["who"], ofSecond.UserData["who"] = "first", "second"
		ofFirst, ofSecond = look(first), look(second)
		assert.Equal(t, "first", ofFirst.UserData["who"], "the value of the message before")
		assert.Equal(t, "second", ofSecond.UserData["who"])
	}
}

func TestTake_keepsACopy(t *testing.T) {
	c := offline(t)
	sub := c.Subscribe()
	data := callMessage("call", StateEstablished, 5, 1)
	want := string(data)
	require.True(t, c.take(callsTopic, data, nil))
	clear(data)
	ev, err := sub.Next(t.Context())
	require.NoError(t, err)
	assert.Equal(t, json.RawMessage(want), ev.(*CallStateChangeMessage).Raw)
}
