//go:build unix

package interop

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each server starts, speaks Bayeux, can be steered, and starts again on its port.
func TestHarness(t *testing.T) {
	for name, program := range map[string]func(testing.TB) program{
		"node":     func(t testing.TB) program { return nodeProgram(t, "cometd-server") },
		"faye":     func(t testing.TB) program { return nodeProgram(t, "faye-server") },
		"cometd31": func(t testing.TB) program { return javaProgram(t, "cometd31") },
		"cometd9":  func(t testing.TB) program { return javaProgram(t, "cometd9") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, program(t))
			handshake(t, s)
			assert.Len(t, s.sessions(), 1)
			assert.Equal(t, "0", s.subscribers("/foo"))
			s.forgetAll()
			assert.Empty(t, s.sessions())
			handshake(t, s)
			eventually(t, "expiry", func() bool { return len(s.sessions()) == 0 })
			s.restart()
			handshake(t, s)
			s.publish("/foo", 1, 10)
		})
	}
}

func handshake(t *testing.T, s *server) {
	t.Helper()
	response, err := http.Post(s.url(), "application/json;charset=UTF-8", strings.NewReader(
		`[{"id":"1","channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["long-polling"]}]`))
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Contains(t, string(body), `"successful":true`)
}
