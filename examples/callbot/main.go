// Command callbot is an agent that is a program. It answers the calls that a
// queue sends to it and decides by the number dialled, the caller and the data
// attached to the call what becomes of each: attach data, reject, transfer,
// hang up, classify. It prints a table of what it did.
//
// Without flags it starts a simulated contact centre in the same process, whose
// customers call until -calls have been dealt with; with -faults the simulator
// misbehaves in all the ways that it knows. With -url and -user, or GWS_URL and
// GWS_USER in the environment, it works in a real contact centre until it is
// interrupted; the password is taken from GWS_PASSWORD.
//
// The rules are those of rules.json, or of the file given with -rules. The
// first rule that fits a call decides.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/gwsvoice/gws-go/voice"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	err := run(ctx, os.Args[1:], os.Getenv, os.Stdout)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "callbot:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, env func(string) string, out io.Writer) error {
	flags := flag.NewFlagSet("callbot", flag.ContinueOnError)
	url := flags.String("url", env("GWS_URL"), "base `URL` of GWS, without /api/v2; $GWS_URL if not given, and without both a simulator in this process")
	user := flags.String("user", env("GWS_USER"), "the agent's GWS user `name`; $GWS_USER if not given; the password is $GWS_PASSWORD")
	password := env("GWS_PASSWORD")
	file := flags.String("rules", "", "`file` with the rules (default: those in rules.json of the source)")
	calls := flags.Int("calls", -1, "end after so many calls; 0 means never (default: 10 with the simulator, else 0)")
	faults := flags.Bool("faults", false, "let the simulator misbehave")
	if err := flags.Parse(args); err != nil {
		return err
	}
	rules, err := readRules(*file)
	switch {
	case err != nil:
		return err
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case *url == "" && *user != "":
		return errors.New("-user needs -url or GWS_URL")
	case *url != "" && *user == "":
		return errors.New("-url needs -user or GWS_USER")
	case *url != "" && *faults:
		return errors.New("-faults is for the simulator")
	case *url != "" && password == "":
		return errors.New("the password is expected in the environment variable GWS_PASSWORD")
	}
	cfg := voice.Config{BaseURL: *url, Auth: voice.BasicAuth(*user, password)}
	if *url == "" {
		if *calls < 0 {
			*calls = 10
		}
		sim := startSimulator(*faults)
		defer sim.stop()
		cfg.BaseURL, cfg.Auth = sim.URL(), voice.BasicAuth("agent5001", "secret")
		fmt.Fprintf(out, "A simulated contact centre at %s sends calls to agent 5001, which is this bot.\n\n", sim.URL())
	}
	return work(ctx, cfg, rules, max(*calls, 0), out)
}

// grace is how long calls go on when the bot is told to end.
const grace = 15 * time.Second

// work lets a bot serve until ctx ends or it has dealt with so many calls. It
// connects again when its client has ended, unless it is not let in.
func work(ctx context.Context, cfg voice.Config, rules []rule, calls int, out io.Writer) error {
	ctx, enough := context.WithCancel(ctx)
	defer enough()
	calling, abandon := context.WithCancel(context.WithoutCancel(ctx))
	defer abandon()
	context.AfterFunc(ctx, func() { time.AfterFunc(grace, abandon) })

	b := &bot{rules: rules, report: newReport(out), duty: make(chan struct{}, 1), jobs: map[string]*job{}}
	b.report.limit, b.report.enough = calls, enough
	defer b.report.summary()
	for wait := time.Second; ; wait = min(2*wait, 30*time.Second) {
		client, err := voice.Connect(ctx, cfg)
		if err == nil {
			wait = time.Second
			err = b.shift(ctx, calling, client)
		}
		if ctx.Err() != nil {
			return nil
		}
		if hopeless(err) {
			return err
		}
		b.report.note(err)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
	}
}

// hopeless tells whether it is of no use to connect again: the bot is not let
// in. Other refusals may come from a server that is just starting.
func hopeless(err error) bool {
	if _, wrong := errors.AsType[*voice.ArgumentError](err); wrong {
		return true
	}
	e, refused := errors.AsType[*voice.APIError](err)
	return refused && (e.HTTPStatus == http.StatusUnauthorized || e.HTTPStatus == http.StatusForbidden ||
		e.Code == voice.CodeNotAuthenticated || e.Code == voice.CodePasswordChangeRequired)
}

// shift is the work with one client.
func (b *bot) shift(ctx, calling context.Context, client *voice.Client) error {
	defer client.Close()
	b.client = client
	onDuty, off := context.WithCancel(ctx)
	defer off()
	b.resume(onDuty, calling)
	b.seeToDuty()
	b.running.Go(func() {
		b.stayReady(onDuty, client)
		if client.Err() == nil {
			b.signOff(client)
		}
	})
	return b.serve(onDuty, calling)
}
