package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
)

// start runs the program and returns the addresses that it prints.
func start(t *testing.T, args ...string) (gws, control string, stop func() error) {
	ctx, cancel := context.WithCancel(t.Context())
	read, write := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, append([]string{"-addr", "127.0.0.1:0", "-control", "127.0.0.1:0"}, args...), write)
		write.Close()
	}()
	lines := bufio.NewScanner(read)
	for _, target := range []*string{&gws, &control} {
		require.True(t, lines.Scan())
		*target = strings.Fields(lines.Text())[1]
	}
	go func() { _, _ = io.Copy(io.Discard, read) }()
	return gws, control, func() error {
		cancel()
		return <-ended
	}
}

func TestRun_clientAndControlAPI(t *testing.T) {
	gws, control, stop := start(t)
	client, err := voice.Connect(t.Context(), voice.Config{BaseURL: gws, Auth: voice.BasicAuth("agent5001", "secret")})
	require.NoError(t, err)
	defer client.Close()
	events := client.Subscribe()

	answer, err := http.PostForm(control+"/calls", url.Values{"queue": {"9000"}, "from": {"4155550142"}})
	require.NoError(t, err)
	answer.Body.Close()
	require.Equal(t, 200, answer.StatusCode)
	ev, err := events.Next(t.Context())
	require.NoError(t, err)
	call := ev.(*voice.CallStateChangeMessage).Call
	assert.Equal(t, "4155550142", call.ANI)

	answer, err = http.PostForm(control+"/faults", url.Values{"fault": {"Refuse"}, "operation": {"Reject"}, "code": {"3"}, "text": {"no"}})
	require.NoError(t, err)
	answer.Body.Close()
	_, err = client.Reject(t.Context(), call.ID)
	assert.ErrorContains(t, err, "no (status 3, HTTP 403)")
	_, err = client.Reject(t.Context(), call.ID)
	assert.NoError(t, err)

	answer, err = http.Get(control + "/")
	require.NoError(t, err)
	text, _ := io.ReadAll(answer.Body)
	answer.Body.Close()
	assert.Contains(t, string(text), "curl -d queue=9000")
	assert.NotContains(t, string(text), "//\n")

	answer, err = http.PostForm(control+"/restart", url.Values{"down": {"100ms"}})
	require.NoError(t, err)
	answer.Body.Close()
	answer, err = http.Get(control + "/agents")
	require.NoError(t, err, "the control API stays up")
	answer.Body.Close()
	client.Close()
	assert.NoError(t, stop())
	_, err = http.Get(control)
	assert.Error(t, err, "nothing is left")
}

func TestRun_configurationFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "simulator.json")
	require.NoError(t, os.WriteFile(file, []byte(`{
		"agents": [{"dn": "7001", "userName": "alice", "password": "wonder", "recording": true}, {"dn": "7009", "supervisor": true}],
		"queues": ["8000"], "release": "8.5.202", "csrf": true, "latency": "1ms",
		"calls": [{"queue": "8000", "to": "7001", "from": "4155550142", "data": {"Name": "Lopez"}, "answered": true}]
	}`), 0o600))
	gws, _, stop := start(t, "-config", file)
	client, err := voice.Connect(t.Context(), voice.Config{BaseURL: gws, Auth: voice.BasicAuth("alice", "wonder")})
	require.NoError(t, err)
	defer client.Close()
	calls, err := client.Calls(t.Context())
	require.NoError(t, err)
	require.Len(t, calls, 1)
	assert.Equal(t, voice.StateEstablished, calls[0].State)
	assert.Equal(t, "8000", calls[0].DNIS)
	assert.Equal(t, map[string]any{"Name": "Lopez"}, calls[0].UserData)
	assert.True(t, calls[0].Can(voice.OpStartCallRecording))
	assert.True(t, calls[0].Can(voice.OpClearCall), "as 8.5.202 does")
	client.Close()
	assert.NoError(t, stop())
}

func TestRun_lively(t *testing.T) {
	gws, _, stop := start(t, "-lively")
	client, err := voice.Connect(t.Context(), voice.Config{BaseURL: gws, Auth: voice.BasicAuth("agent5001", "secret")})
	require.NoError(t, err)
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	ev, err := client.Subscribe().Next(ctx)
	require.NoError(t, err)
	assert.IsType(t, &voice.CallStateChangeMessage{}, ev)
	client.Close()
	assert.NoError(t, stop())
}

func TestParse_flagsWin(t *testing.T) {
	file := filepath.Join(t.TempDir(), "simulator.json")
	require.NoError(t, os.WriteFile(file, []byte(`{"listen": "127.0.0.1:1", "ringTimeout": "5s", "csrf": true, "queues": ["1"]}`), 0o600))
	c, err := parse([]string{"-config", file, "-addr", "127.0.0.1:2", "-ring-timeout", "7s", "-agents", "3", "-first", "6001"})
	require.NoError(t, err)
	assert.Equal(t, "127.0.0.1:2", c.Listen)
	assert.Equal(t, "127.0.0.1:8091", c.Control)
	assert.Equal(t, "7s", c.RingTimeout.String())
	assert.True(t, c.CSRF)
	assert.Equal(t, []string{"1"}, c.Queues)
	assert.Equal(t, "agent6001, agent6002, agent6003", c.describeAgents())
	c, err = parse([]string{"-agents", "100", "-queues", "9000,9001"})
	require.NoError(t, err)
	assert.Equal(t, []string{"9000", "9001"}, c.Queues)
	assert.Equal(t, "agent5001, agent5002, agent5003, …, agent5100", c.describeAgents())
}

func TestRun_wrongConfiguration(t *testing.T) {
	file := func(text string) string {
		name := filepath.Join(t.TempDir(), "c.json")
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
		return name
	}
	for _, c := range []struct {
		want string
		args []string
	}{
		{`unexpected argument "now"`, []string{"now"}},
		{"-agents is negative", []string{"-agents", "-1"}},
		{`release "9" is not one of 8.5.0, 8.5.2, 8.5.202`, []string{"-release", "9"}},
		{"queues: one has no number", []string{"-queues", "9000,"}},
		{"no such file or directory", []string{"-config", "nowhere.json"}},
		{`unknown field "agent"`, []string{"-config", file(`{"agent": []}`)}},
		{"it is negative", []string{"-config", file(`{"wrapUp": "-1s"}`)}},
		{"agents: there are none", []string{"-config", file(`{"agents": []}`)}},
		{"the DN '1' is missing or taken", []string{"-config", file(`{"agents": [{"dn": "1"}, {"dn": "1"}]}`)}},
		{`calls[0]: queue: there is no "7"; there is 9000`, []string{"-addr", "127.0.0.1:0", "-control", "127.0.0.1:0", "-config", file(`{"calls": [{"queue": "7"}]}`)}},
		{"listen tcp", []string{"-addr", "nowhere:x"}},
		{"listen tcp", []string{"-addr", "127.0.0.1:0", "-control", "nowhere:x"}},
	} {
		err := run(t.Context(), c.args, io.Discard)
		assert.ErrorContains(t, err, c.want, fmt.Sprint(c.args))
	}
}
