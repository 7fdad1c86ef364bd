package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

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

// steps returns the first words of what was printed.
func steps(out string) (words []string) {
	for line := range strings.Lines(out) {
		if word, _, _ := strings.Cut(line, " "); word != "" {
			words = append(words, word)
		}
	}
	return words
}

// rejecting runs the program against a simulator, as another process would, and
// returns what it prints and how it ends.
func rejecting(t *testing.T, sim *voicetest.Server) (out string, err error) {
	t.Helper()
	var b bytes.Buffer
	err = run(t.Context(), []string{"-url", sim.URL()}, env("GWS_USER", "agent5001", "GWS_PASSWORD", "secret"), &b)
	return b.String(), err
}

func TestRun_withItsOwnSimulator(t *testing.T) {
	var out bytes.Buffer
	require.Zero(t, report(run(t.Context(), nil, env(), &out), &out))
	assert.Equal(t, []string{"simulator", "connected", "ringing", "request", "accepted", "message"}, steps(out.String()))
	assert.Regexp(t, `ringing      call \w+ from 5005, dialled 9000, offers .*Reject`, out.String())
	assert.Regexp(t, `message      after \S+: StatusChange, call \w+ is Released`, out.String())
}

func TestRun_againstServer(t *testing.T) {
	sim := voicetest.NewServer(voicetest.Options{})
	defer sim.Close()
	id := sim.Ring(voicetest.Call{Queue: "9000", From: "4155550142", To: "5001"}) // before anybody listens
	out, err := rejecting(t, sim)
	require.NoError(t, err)
	assert.Equal(t, []string{"connected", "waiting", "ringing", "request", "accepted", "message"}, steps(out))
	assert.Contains(t, out, "call "+id+" is Released")
	assert.Empty(t, sim.Calls("agent5001"))
}

// What goes wrong is told, and nothing is claimed that has not happened.
func TestRun_rejectGoesWrong(t *testing.T) {
	const told = "reject: voice: Reject CALL: "
	for name, test := range map[string]struct {
		fault voicetest.Fault
		last  string // step
		says  string
		check func(err error) bool
	}{
		"refused": {voicetest.Refuse(voice.CodeForbidden, "not yours"), "request", told + "not yours (status 3, HTTP 403)\n", func(err error) bool {
			_, ok := errors.AsType[*voice.APIError](err)
			return ok
		}},
		"fails later": {voicetest.FailLater(10*time.Millisecond, 58, "not now"), "accepted", told + "not now (T-Server error 58)\n", func(err error) bool {
			_, ok := errors.AsType[*voice.FailedError](err)
			return ok
		}},
	} {
		t.Run(name, func(t *testing.T) {
			sim := voicetest.NewServer(voicetest.Options{})
			defer sim.Close()
			id := sim.Ring(voicetest.Call{Queue: "9000", To: "5001"})
			sim.On(voice.OpReject, test.fault)
			out, err := rejecting(t, sim)
			assert.True(t, test.check(err), "%v", err)
			words := steps(out)
			assert.Equal(t, test.last, words[len(words)-1])

			var message bytes.Buffer
			assert.Equal(t, 1, report(err, &message))
			assert.Equal(t, strings.ReplaceAll(test.says, "CALL", id), message.String())
			assert.Equal(t, voice.StateRinging, sim.Calls("agent5001")[0].State)
		})
	}
}

func TestRun_wrongPassword(t *testing.T) {
	sim := voicetest.NewServer(voicetest.Options{})
	defer sim.Close()
	var out bytes.Buffer
	err := run(t.Context(), []string{"-url", sim.URL(), "-user", "agent5001"}, env("GWS_PASSWORD", "guess"), &out)
	_, refused := errors.AsType[*voice.APIError](err)
	assert.True(t, refused, "%v", err)
	assert.Equal(t, 1, report(err, &out))
	assert.NotContains(t, out.String(), "guess")
}

func TestRun_interrupted(t *testing.T) {
	sim := voicetest.NewServer(voicetest.Options{})
	defer sim.Close()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel) // nothing rings
	var out bytes.Buffer
	err := run(ctx, []string{"-url", sim.URL()}, env("GWS_USER", "agent5001", "GWS_PASSWORD", "secret"), &out)
	out.Reset()
	assert.Equal(t, 130, report(err, &out))
	assert.Equal(t, "interrupted\n", out.String())
}

func TestRun_wrongArguments(t *testing.T) {
	for _, c := range []struct {
		want string
		args []string
	}{
		{"-user needs -url or GWS_URL", []string{"-user", "agent5001"}},
		{"-url needs -user or GWS_USER", []string{"-url", "http://127.0.0.1:1"}},
		{"the password is expected in the environment variable GWS_PASSWORD", []string{"-url", "http://127.0.0.1:1", "-user", "a"}},
		{`unexpected argument "now"`, []string{"now"}},
	} {
		var out bytes.Buffer
		err := run(t.Context(), c.args, env(), &out)
		assert.EqualError(t, err, c.want)
		assert.Equal(t, 1, report(err, &out))
		assert.Equal(t, "reject: "+c.want+"\n", out.String())
	}
	assert.Zero(t, report(flag.ErrHelp, &bytes.Buffer{}))
}
