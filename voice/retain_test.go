package voice

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSnapshots_keepNoResponse keeps one call or device of each of many long
// answers, and one message of each of many long responses.
func TestSnapshots_keepNoResponse(t *testing.T) {
	const answers, size = 100, 200 << 10
	list := func(name, element string) []byte {
		var b bytes.Buffer
		fmt.Fprintf(&b, `{"statusCode":0,%q:[`, name)
		for i := 0; b.Len() < size; i++ {
			fmt.Fprintf(&b, element+",", i)
		}
		b.Truncate(b.Len() - 1)
		b.WriteString("]}")
		return b.Bytes()
	}
	const call = `{"id":"call%d","state":"Held","participants":["7002"],"userData":{"note":"Some text that is long enough to matter"}}`
	for name, decode := range map[string]func(t *testing.T) any{
		"call": func(t *testing.T) any {
			calls, err := decodeCalls(list("calls", call))
			require.NoError(t, err)
			return calls[len(calls)/2]
		},
		"device": func(t *testing.T) any {
			devices, err := decodeDevices(list("devices", `{"id":"device%d","phoneNumber":"5001","deviceState":"Active","description":"Some text that is long enough"}`))
			require.NoError(t, err)
			return devices[len(devices)/2]
		},
		"message": func(t *testing.T) any {
			c := offline(t)
			sub := c.Subscribe()
			body := list("data", `{"messageType":"CallStateChangeMessage","notificationType":"StatusChange","call":`+call+`}`)
			from := bytes.IndexByte(body, '[') + 1
			to := from + bytes.Index(body[from:], []byte("}},{")) + len("}}")
			require.True(t, c.take(callsTopic, body[from:to], nil))
			c.taken()
			ev, err := sub.Next(t.Context())
			require.NoError(t, err)
			return []any{c.registry.liveCalls()[0], ev}
		},
	} {
		t.Run(name, func(t *testing.T) {
			inUse := func() uint64 {
				runtime.GC()
				runtime.GC() // what a pool keeps is gone with the second
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				return m.HeapAlloc
			}
			before := inUse()
			var kept []any
			for range answers {
				kept = append(kept, decode(t))
			}
			assert.Less(t, int64(inUse()-before), int64(answers*size/10))
			runtime.KeepAlive(kept)
		})
	}
}
