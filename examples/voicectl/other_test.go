package main

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice/voicetest"
)

func TestDemo_servesTheOtherCommands(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	read, write := io.Pipe()
	ended := make(chan int, 1)
	demo := newApp()
	demo.out, demo.err = write, io.Discard
	go func() { ended <- demo.run(ctx, []string{"demo", "--addr", "127.0.0.1:0", "--every", "1s"}) }()
	text := make([]byte, len(demoText)+200)
	n, err := read.Read(text)
	require.NoError(t, err)
	var url string
	for word := range strings.FieldsSeq(string(text[:n])) {
		if value, found := strings.CutPrefix(word, "GWS_URL="); found {
			url = value
		}
	}
	a := newApp()
	a.env = func(name string) string {
		return map[string]string{"GWS_URL": url, "GWS_USER": "agent5001", "GWS_PASSWORD": "secret"}[name]
	}
	r := a.record(t.Context(), []string{"await", "ringing", "--timeout", "20s"})
	assert.Equal(t, exitDone, r.code, r.err)
	r = a.record(t.Context(), []string{"answer"})
	assert.Equal(t, exitDone, r.code, r.err)
	assert.Contains(t, r.out, "Answer: Established after ")
	cancel()
	assert.Equal(t, exitDone, <-ended)
	_, err = http.Get(url)
	assert.Error(t, err, "nothing is left")
}

func TestHelp(t *testing.T) {
	for _, args := range [][]string{{}, {"help"}, {"--help"}} {
		r := ctl(t.Context(), nil, args...)
		assert.Equal(t, exitDone, r.code)
		for _, word := range []string{"watch", "transfer", "GWS_URL", "demo"} {
			assert.Contains(t, r.out, word)
		}
	}
	r := ctl(t.Context(), nil, "help", "exit-codes")
	for _, word := range []string{"refused", "failed", "unknown", "usage"} {
		assert.Contains(t, r.out, word)
	}
	r = ctl(t.Context(), nil, "transfer", "start", "--help")
	assert.Contains(t, r.out, "voicectl transfer start NUMBER [CALL] [flags]")
}

func TestCompletion_scripts(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		r := ctl(t.Context(), nil, "completion", shell)
		assert.Equal(t, exitDone, r.code)
		assert.Contains(t, r.out, "voicectl")
	}
}

func TestCompletion_asksTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := voicetest.NewServer(voicetest.Options{InMemory: true})
		defer sim.Close()
		held := sim.Establish(voicetest.Call{From: "4155550101"})
		sim.Agent("5001").Hold(held)
		talking := sim.Establish(voicetest.Call{From: "4155550102"})
		complete := func(args ...string) string {
			r := ctl(t.Context(), sim, append([]string{"__complete"}, args...)...)
			require.Equal(t, exitDone, r.code, r.err)
			return r.out
		}
		assert.Equal(t, talking+"\tEstablished, 4155550102\n:4\n", complete("hold", ""), "the one that offers it")
		assert.Equal(t, held+"\tHeld, 4155550101\n:4\n", complete("retrieve", "--call", ""))
		assert.Contains(t, complete("hangup", ""), held)
		assert.Contains(t, complete("disposition", "Solved", ""), held)
		assert.Equal(t, ":4\n", complete("transfer", "5002", talking, ""), "no more arguments")
		assert.Contains(t, complete("transfer", "5002", ""), talking)
		assert.Contains(t, complete("transfer", "com"), "complete\tConnect the two and leave\n")
		assert.Contains(t, complete("state", ""), "Lunch\tOut to Lunch\n")
		assert.Contains(t, complete("await", ""), "Established\n")
		assert.Contains(t, complete("await", "held", ""), held)
		assert.Contains(t, complete("op", ""), "SingleStepTransfer\n")
		assert.Contains(t, complete("answer", "-o", ""), "json\n")
		assert.Contains(t, complete("monitor", "coach", "--scope", ""), "Agent\n")

		sim.ExpireLogin("agent5001")
		sim.Restart(time.Hour)
		assert.Equal(t, ":4\n", complete("hold", ""), "no server, no completion")
		assert.Equal(t, ":4\n", ctl(t.Context(), nil, "__complete", "hold", "").out, "nor without one")
	})
}

func TestFlags_ofTheConnection(t *testing.T) {
	sim := voicetest.NewServer(voicetest.Options{WebSocket: true, Prefix: "/gws"})
	defer sim.Close()
	sim.Establish(voicetest.Call{})
	r := ctl(t.Context(), sim, "hold", "--websocket", "-v", "--origin", "http://desk.example", "--notifications-path", "/api/v2/notifications")
	assert.Equal(t, exitDone, r.code, r.err)
	assert.Contains(t, r.err, "transport=websocket")
	assert.NotContains(t, r.err, "secret")
	requests := sim.Requests()
	assert.Equal(t, "http://desk.example", requests[len(requests)-1].Header.Get("Origin"))
}
