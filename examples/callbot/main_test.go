package main

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice/voicetest"
)

func TestRun_withItsOwnSimulator(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-calls", "1"}, env(), &out))
	got := parse(out.String())
	assert.Equal(t, row{"9000", "gold customer", `answered, data, "Transferred", to 5002`, "done", ""}, got.rows["4155550101"])
	assert.Contains(t, got.text, "\ncalls: 1 (1 done); times trouble: 0\n")
}

func TestRun_againstServer(t *testing.T) {
	sim := voicetest.NewServer(voicetest.Options{})
	defer sim.Close()
	sim.Enqueue(voicetest.Call{From: "4155550001", UserData: map[string]any{"Segment": "Blocked"}})
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-url", sim.URL(), "-user", "agent5001", "-calls", "1"}, env("GWS_PASSWORD", "secret"), &out))
	assert.Equal(t, "rejected", parse(out.String()).rows["4155550001"].did)
}

// The environment names the server as well as flags do.
func TestRun_againstServerOfTheEnvironment(t *testing.T) {
	sim := voicetest.NewServer(voicetest.Options{})
	defer sim.Close()
	sim.Enqueue(voicetest.Call{From: "4155550001", UserData: map[string]any{"Segment": "Blocked"}})
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-calls", "1"},
		env("GWS_URL", sim.URL(), "GWS_USER", "agent5001", "GWS_PASSWORD", "secret"), &out))
	assert.Equal(t, "rejected", parse(out.String()).rows["4155550001"].did)
}

// env is an environment of names and values.
func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestRun_interrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(200*time.Millisecond, cancel)
	assert.NoError(t, run(ctx, []string{"-calls", "0"}, env(), &bytes.Buffer{}))
}

func TestRun_wrongArguments(t *testing.T) {
	for _, c := range []struct {
		want string
		args []string
	}{
		{"-user needs -url or GWS_URL", []string{"-user", "agent5001"}},
		{"-url needs -user or GWS_USER", []string{"-url", "http://127.0.0.1:1"}},
		{"the password is expected in the environment variable GWS_PASSWORD", []string{"-url", "http://127.0.0.1:1", "-user", "a"}},
		{"-faults is for the simulator", []string{"-url", "http://127.0.0.1:1", "-user", "a", "-faults"}},
		{`unexpected argument "now"`, []string{"now"}},
		{"open nowhere.json: no such file or directory", []string{"-rules", "nowhere.json"}},
	} {
		assert.EqualError(t, run(t.Context(), c.args, env(), &bytes.Buffer{}), c.want)
	}
	err := run(t.Context(), []string{"-url", "gws.example.com", "-user", "a"}, env("GWS_PASSWORD", "secret"), &bytes.Buffer{})
	assert.ErrorContains(t, err, "is not an http or https URL with a host")
}
