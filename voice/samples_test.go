package voice

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// messageFiles returns every sample of a message.
func messageFiles(t testing.TB) []string {
	var files []string
	for _, pattern := range []string{"testdata/*/notification-*.json", "testdata/messages/*.json"} {
		some, err := filepath.Glob(pattern)
		require.NoError(t, err)
		files = append(files, some...)
	}
	require.Greater(t, len(files), 70)
	return files
}

// readMessage returns the channel and data of a sample. One has no data: the
// message is the payload.
func readMessage(t testing.TB, file string) (channel string, data json.RawMessage) {
	t.Helper()
	body, err := os.ReadFile(file)
	require.NoError(t, err)
	var wire struct {
		Channel string
		Data    json.RawMessage
	}
	require.NoError(t, json.Unmarshal(body, &wire), file)
	if wire.Data == nil {
		return channelCalls, body
	}
	require.NotEmpty(t, wire.Channel, file)
	return wire.Channel, wire.Data
}
