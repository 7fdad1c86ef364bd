package voice

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/internal/jsonscan"
)

var fuzzChannels = []string{channelCalls, channelDevices, channelServices, "/v2/me/channels", "/v2/me", ""}

// FuzzDecodeMessage checks that the fast decoding and the plain one agree about
// everything, and that what comes out keeps its promises.
func FuzzDecodeMessage(f *testing.F) {
	for _, file := range messageFiles(f) {
		_, data := readMessage(f, file)
		for i := range fuzzChannels {
			f.Add(byte(i), []byte(data))
		}
	}
	for _, s := range hostileMessages {
		for i := range fuzzChannels {
			f.Add(byte(i), []byte(s))
		}
	}
	f.Fuzz(func(t *testing.T, channel byte, data []byte) {
		c := fuzzChannels[int(channel)%len(fuzzChannels)]
		got, err := decodeMessage(c, data)
		if err != nil {
			require.Nil(t, got)
			require.Error(t, jsonscan.Valid(data))
			return
		}
		require.NoError(t, jsonscan.Valid(data))
		want, err := referenceMessage(c, data)
		require.NoError(t, err)
		require.Equal(t, want, got)
		requireSound(t, got)
	})
}

// requireSound checks what holds for every event.
func requireSound(t *testing.T, ev Event) {
	t.Helper()
	out, err := json.Marshal(ev)
	require.NoError(t, err)
	require.True(t, json.Valid(out))
	switch ev := ev.(type) {
	case *CallStateChangeMessage:
		require.NotNil(t, ev.Call)
		require.NotEmpty(t, ev.Call.ID)
		if ev.Call.Duration%time.Second != 0 {
			return // a fraction of a second is rounded on its way
		}
		text, err := json.Marshal(ev.Call)
		require.NoError(t, err)
		var back Call
		require.NoError(t, json.Unmarshal(text, &back))
		require.Equal(t, ev.Call, &back, "what is marshalled is read back")
	case *DeviceStateChangeMessage:
		for _, d := range ev.Devices {
			require.NotEmpty(t, d.ID)
			text, err := json.Marshal(d)
			require.NoError(t, err)
			var back Device
			require.NoError(t, json.Unmarshal(text, &back))
			if len(d.Channels) == 0 {
				d.Channels, back.Channels = nil, nil
			}
			require.Equal(t, d, &back)
		}
	}
}

// FuzzDecodeAnswers checks that no body of an answer causes a panic, and that
// every list that is accepted is whole.
func FuzzDecodeAnswers(f *testing.F) {
	files, err := filepath.Glob("testdata/rest/*.json")
	require.NoError(f, err)
	for _, file := range files {
		body, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(body)
	}
	f.Add([]byte(`{"calls":[{"id":"X"},{"state":"Held"}]}`))
	f.Add([]byte(`{"user":{"calls":null,"devices":[null,{}]}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		calls, err := decodeCalls(body)
		if err == nil {
			var o map[string]json.RawMessage
			require.NoError(t, json.Unmarshal(body, &o))
			var elements []json.RawMessage
			require.NoError(t, json.Unmarshal(o["calls"], &elements))
			require.Len(t, calls, len(elements))
			for _, c := range calls {
				require.NotEmpty(t, c.ID)
			}
		}
		if u, err := decodeUser(body); err == nil {
			_, err := json.Marshal(u)
			require.NoError(t, err)
		}
		if c, err := decodeCall(body); err == nil {
			require.NotEmpty(t, c.ID)
		}
		if d, err := decodeDevice(body); err == nil {
			require.NotEmpty(t, d.ID)
		}
		_, _ = decodeDevices(body)
		_, _ = decodeServices(body)
		_, _ = decodeChannels(body)
		_, _ = decodeAgentStates(body)
		_, _ = decodeVersion(body)
	})
}
