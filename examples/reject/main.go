// Command reject waits for a ringing call that came through a queue, sends it
// back to the queue, and prints what happened step by step.
//
// Without flags it starts a simulated contact centre in the same process and
// lets a call ring there. With -url and -user, or GWS_URL and GWS_USER in the
// environment, it does the same against a real one, on the next call that offers
// Reject; the password is taken from GWS_PASSWORD.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(report(run(ctx, os.Args[1:], os.Getenv, os.Stdout), os.Stderr))
}

// report says what went wrong, and returns the exit code of the program.
func report(err error, out io.Writer) int {
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(out, "interrupted")
		return 130
	}
	fmt.Fprintln(out, "reject:", err)
	return 1
}

func run(ctx context.Context, args []string, env func(string) string, out io.Writer) error {
	flags := flag.NewFlagSet("reject", flag.ContinueOnError)
	url := flags.String("url", env("GWS_URL"), "base `URL` of GWS, without /api/v2; $GWS_URL if not given, and without both a simulator in this process")
	user := flags.String("user", env("GWS_USER"), "the agent's GWS user `name`; $GWS_USER if not given; the password is $GWS_PASSWORD")
	password := env("GWS_PASSWORD")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}

	var sim *voicetest.Server
	switch {
	case *url == "" && *user != "":
		return errors.New("-user needs -url or GWS_URL")
	case *url == "":
		sim = voicetest.NewServer(voicetest.Options{})
		defer sim.Close()
		*url, *user, password = sim.URL(), "agent5001", "secret"
		fmt.Fprintln(out, "simulator   ", sim.URL())
	case *user == "":
		return errors.New("-url needs -user or GWS_USER")
	case password == "":
		return errors.New("the password is expected in the environment variable GWS_PASSWORD")
	}

	client, err := voice.Connect(ctx, voice.Config{BaseURL: *url, Auth: voice.BasicAuth(*user, password)})
	if err != nil {
		return err
	}
	defer client.Close()
	fmt.Fprintf(out, "connected    as %s, server version %s\n", *user, or(client.ServerVersion(), "unknown"))

	calls := client.Subscribe() // listening from here on
	defer calls.Close()
	if sim != nil {
		sim.Ring(voicetest.Call{Queue: "9000", From: "5005", To: "5001"})
	} else {
		fmt.Fprintln(out, "waiting      for a call that offers Reject; Ctrl-C ends")
	}
	call, err := ringing(ctx, client, calls)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "ringing      call %s from %s, dialled %s, offers %s\n", call.ID, caller(call), or(call.DNIS, "?"), names(call.Capabilities))

	start := time.Now()
	fmt.Fprintf(out, "request      POST %s {\"operationName\":\"Reject\"}\n", "/api/v2/me/calls/"+call.ID)
	pending, err := client.Start(ctx, voice.Operation{Name: voice.OpReject, CallID: call.ID})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "accepted     after %s; the outcome is still to come\n", since(start))
	outcome, err := pending.Wait(ctx)
	if err != nil {
		return err
	}
	msg := outcome.Call
	fmt.Fprintf(out, "message      after %s: %s, call %s is %s\n", since(start), msg.NotificationType, msg.Call.ID, msg.Call.State)
	fmt.Fprintf(out, "             connection %s, device %s (%s), rang for %s\n", or(msg.Call.ConnID, "?"), msg.Call.DeviceID, msg.PhoneNumber, msg.Call.Duration)
	return nil
}

// ringing returns the next call that can be rejected, or one that rings already.
func ringing(ctx context.Context, client *voice.Client, events *voice.Subscription) (*voice.Call, error) {
	rejectable := func(call *voice.Call) bool { return call.State == voice.StateRinging && call.Can(voice.OpReject) }
	current, err := client.Calls(ctx)
	if err != nil {
		return nil, err
	}
	for _, call := range current {
		if rejectable(call) {
			return call, nil
		}
	}
	for ev, err := range events.All(ctx) {
		if err != nil {
			return nil, err
		}
		if msg, ok := ev.(*voice.CallStateChangeMessage); ok && rejectable(msg.Call) {
			return msg.Call, nil
		}
	}
	return nil, errors.New("unreachable: All ends with an error")
}

func caller(call *voice.Call) string {
	if call.ANI != "" {
		return call.ANI
	}
	if len(call.Participants) > 0 {
		return call.Participants[0].PhoneNumber
	}
	return "a hidden number"
}

func names(ops []voice.OperationName) string {
	var list []string
	for _, op := range ops {
		list = append(list, string(op))
	}
	return strings.Join(list, ", ")
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func since(start time.Time) time.Duration { return time.Since(start).Round(10 * time.Microsecond) }
