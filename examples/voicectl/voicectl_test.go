package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

var update = flag.Bool("update", false, "write the golden files")

func TestMain(m *testing.M) {
	time.Local = time.UTC // what watch prints
	os.Exit(m.Run())
}

// result is what a run of the program left.
type result struct {
	code     int
	out, err string
}

// ctl runs the program, with a simulator of its own if sim is nil.
func ctl(ctx context.Context, sim *voicetest.Server, args ...string) result {
	env := map[string]string{}
	a := &app{env: func(name string) string { return env[name] }, terminal: noTerminal}
	if sim != nil {
		env = map[string]string{"GWS_URL": sim.URL(), "GWS_USER": "agent5001", "GWS_PASSWORD": "secret"}
		a.http = sim.Client()
	}
	return a.record(ctx, args)
}

func (a *app) record(ctx context.Context, args []string) result {
	var out, errs bytes.Buffer
	a.out, a.err = &out, &errs
	code := a.run(ctx, args)
	return result{code, out.String(), errs.String()}
}

func noTerminal(io.Writer) (int, int, bool) { return 0, 0, false }

// examples are command lines for every command.
var examples = []string{
	"me", "calls", "call", "devices", "states", "watch -n 6", "await ringing",
	"answer", "reject", "hangup", "clear", "hold", "retrieve", "swap", "mute", "unmute", "dtmf 12#", "accept", "decline",
	"dial 5002", "transfer 5002", "transfer start 5002", "transfer complete",
	"conference 5002", "conference start 5002", "conference complete", "conference remove 5002",
	"data show", "data set Name=Lopez count:=3", "data attach Name=Lopez", "data delete Segment", "data clear",
	"disposition Solved", "record start", "record pause", "record resume", "record stop",
	"ready", "not-ready", "after-call-work", "aux-work", "offline", "state Lunch", "login", "logout",
	"dnd on", "dnd off", "forward 5002", "forward off",
	"monitor listen 5001", "monitor coach 5001", "monitor barge 5001", "monitor stop",
	"monitor switch-to-barge", "monitor switch-to-listen", "monitor mute", "monitor unmute",
	"op Hold",
}

// Every command shows something in a simulator of its own, to people and to
// scripts.
func TestCommands_inTheirOwnSimulator(t *testing.T) {
	for _, line := range examples {
		for _, format := range []string{"text", "json"} {
			t.Run(line+"/"+format, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := ctl(t.Context(), nil, append(strings.Fields(line), "-o", format)...)
					require.Equal(t, exitDone, r.code, r.err)
					assert.Contains(t, r.err, "No --url and no GWS_URL: ")
					if format == "json" && !strings.HasPrefix(line, "watch") {
						require.Equal(t, 1, strings.Count(r.out, "\n"), "a value is a line")
						r.out = indented(t, r.out)
					}
					golden(t, strings.ReplaceAll(line, " ", "_")+"."+format, r.out)
				})
			})
		}
	}
}

// elapsed is how long an operation took, which depends on who is first at the
// same instant.
var elapsed = regexp.MustCompile(`("seconds": |after )[0-9.]+`)

// indented makes JSON readable, and fails if it is none.
func indented(t *testing.T, line string) string {
	var out bytes.Buffer
	require.NoError(t, json.Indent(&out, []byte(line), "", "  "))
	return out.String()
}

// golden compares with a file.
func golden(t *testing.T, name, got string) {
	got = elapsed.ReplaceAllString(got, "${1}0.1")
	file := filepath.Join("testdata", strings.NewReplacer("=", "-", ":", "-", "#", "", "[", "", "]", "").Replace(name))
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), got)
}

// Every command is among the examples, apart from those with tests of their own.
func TestCommands_areAllTested(t *testing.T) {
	tested := map[string]bool{"demo": true, "completion": true, "help": true, "exit-codes": true}
	root := newApp().root()
	for _, line := range examples {
		c, _, err := root.Find(strings.Fields(line))
		require.NoError(t, err)
		tested[strings.TrimPrefix(c.CommandPath(), "voicectl ")] = true
	}
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		for _, c := range c.Commands() {
			if !c.HasSubCommands() || c.Annotations[operationKey] != "" {
				assert.True(t, tested[strings.TrimPrefix(c.CommandPath(), "voicectl ")], "%s is not tested", c.CommandPath())
			}
			walk(c)
		}
	}
	walk(root)
}

func newApp() *app {
	return &app{env: func(string) string { return "" }, terminal: noTerminal}
}

// Every operation of the Voice API has a command.
func TestCommands_coverTheVoiceAPI(t *testing.T) {
	a := newApp()
	a.root()
	for _, op := range voice.OperationNames() {
		assert.NotEmpty(t, a.verbs[op], "%s has no command", op)
	}
}
