// Command voicectl works on an agent's calls from the command line, for people
// and for scripts:
//
//	voicectl watch             # what happens, live
//	voicectl answer            # the call that rings
//	voicectl transfer 5002     # the call that is there
//	voicectl not-ready
//
// It has a command for every operation of the Voice API. "voicectl help" lists
// them, and "voicectl help exit-codes" says how a script tells apart what was
// refused, what failed and what is not known.
//
// The server is given with --url and --user, or in the environment: GWS_URL,
// GWS_USER, and GWS_PASSWORD or GWS_TOKEN. Without a server each command shows
// what it does in a simulator of its own; "voicectl demo" runs one to work with
// in another terminal.
//
// This folder is a module of its own, because of the command-line library:
//
//	go run -C examples/voicectl . help
//
// Note that "go run" ends with 1 whatever the program ends with; scripts need
// the program that "go install" makes.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	a := &app{env: os.Getenv, out: os.Stdout, err: os.Stderr, terminal: terminalSize}
	os.Exit(a.run(ctx, os.Args[1:]))
}
