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
		if !ok {
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

// offline returns a client that receives what is handed to it.
func offline(t *testing.T) *Client {
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
					c.received(callsTopic, bytes.Clone(buf)) // a late message is not asked about here
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
			require.True(t, c.take(callsTopic, callMessage("call", StateEstablished, 1, 1)))
			require.True(t, c.overlook(callsTopic, callMessage("call", StateEstablished, 2, 2)))
			interested(c)
			assert.False(t, c.overlook(callsTopic, callMessage("call", StateEstablished, 3, 3)))
		})
	}
	c := offline(t)
	c.Subscribe(ForCall("other"))
	assert.False(t, c.overlook(callsTopic, callMessage("call", StateEstablished, 1, 1)), "the first of a call")
	require.True(t, c.take(callsTopic, callMessage("call", StateEstablished, 1, 1)))
	assert.True(t, c.overlook(callsTopic, callMessage("call", StateEstablished, 2, 2)))
	assert.False(t, c.overlook(callsTopic, callMessage("call", StateReleased, 3, 3)))
	assert.False(t, c.overlook(callsTopic, callMessage("call", StatePreviewCancelled, 3, 3)))
	assert.False(t, c.overlook(devicesTopic, callMessage("call", StateHeld, 3, 3)))
}

func expectOffline(c *Client, op Operation) {
	_, _ = c.expect(context.Background(), op, nil)
}

func TestTake_waitsBehindWhatIsSlow(t *testing.T) {
	c := offline(t)
	require.True(t, c.take(callsTopic, callMessage("call", StateEstablished, 5, 1)))
	c.inbox.Readable = func() bool { return false }
	release := make(chan struct{})
	c.inbox.mu.Lock()
	c.inbox.slow = append(c.inbox.slow, func() { <-release })
	c.startWork()
	c.inbox.mu.Unlock()
	assert.False(t, c.take(callsTopic, callMessage("call", StateHeld, 6, 2)), "it is to be queued")
	close(release)
	require.Eventually(t, func() bool { return c.take(callsTopic, callMessage("call", StateHeld, 6, 2)) }, time.Second, time.Millisecond)
	assert.Equal(t, StateHeld, c.registry.call("call").State)
}

func TestTake_oneAfterTheOther(t *testing.T) {
	c := offline(t)
	c.inbox.taking = true
	assert.False(t, c.take(callsTopic, callMessage("call", StateHeld, 6, 2)), "it could overtake that")
}

func TestTake_functionsOfTheCallerRunElsewhere(t *testing.T) {
	c := offline(t)
	sub := c.Subscribe(Where(func(Event) bool { return true }), ForCall("call"))
	assert.False(t, c.take(callsTopic, callMessage("call", StateEstablished, 1, 1)))
	require.NoError(t, sub.Close())
	require.NoError(t, sub.Close())
	assert.True(t, c.take(callsTopic, callMessage("call", StateEstablished, 1, 1)))
	p, err := c.expect(t.Context(), Operation{Name: OpHold, CallID: "call", Until: func(Event) bool { return true }}, nil)
	require.NoError(t, err)
	assert.False(t, c.take(callsTopic, callMessage("call", StateEstablished, 2, 2)))
	c.withdraw(p, false)
	c.withdraw(p, false)
	assert.True(t, c.take(callsTopic, callMessage("call", StateEstablished, 2, 2)))
}

func TestTake_keepsACopy(t *testing.T) {
	c := offline(t)
	sub := c.Subscribe()
	data := callMessage("call", StateEstablished, 5, 1)
	want := string(data)
	require.True(t, c.take(callsTopic, data))
	clear(data)
	ev, err := sub.Next(t.Context())
	require.NoError(t, err)
	assert.Equal(t, json.RawMessage(want), ev.(*CallStateChangeMessage).Raw)
}
