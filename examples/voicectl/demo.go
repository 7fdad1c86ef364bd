package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/gwsvoice/gws-go/examples/internal/lively"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// demoCommand serves a simulator for the other commands.
func (a *app) demoCommand() *cobra.Command {
	var addr string
	var every time.Duration
	c := &cobra.Command{
		Use: "demo", Short: "Run a simulated contact centre to try things out", Args: positional,
		Long: `Run a simulated contact centre until Ctrl-C. Customers call it, agents 5002 and
5003 take calls by themselves, and agent 5001 is for you: run voicectl in another
terminal, as demo tells.`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a.started = true
			if every <= 0 {
				return usage("--every: %s is not positive", every)
			}
			options := lively.Options()
			options.Addr = addr
			sim, err := voicetest.Listen(options)
			if err != nil {
				return usage("--addr: %v", err)
			}
			defer sim.Close()
			_, stop := lively.Traffic{Every: every, Colleagues: []string{"5002", "5003"}}.Start(sim)
			defer stop()
			fmt.Fprintf(a.out, demoText, sim.URL(), sim.URL())
			<-cmd.Context().Done()
			return nil
		},
	}
	c.Flags().StringVar(&addr, "addr", "127.0.0.1:8090", "`address` to listen on")
	c.Flags().DurationVar(&every, "every", 6*time.Second, "mean time between two calls")
	return c
}

const demoText = `A simulated contact centre runs at %s until Ctrl-C.
Queues: 9000 sales, 9001 service, 9002 billing. Agents 5002 and 5003 take calls
by themselves; you are agent 5001. In another terminal, where voicectl stands for
"go run -C examples/voicectl ." or for what "go build" makes of it:

  export GWS_URL=%s GWS_USER=agent5001 GWS_PASSWORD=secret
  voicectl watch               what happens, live
  voicectl answer              the call that rings
  voicectl hold                and so on: voicectl help

An agent who lets a call ring for 25 seconds becomes not ready: voicectl ready.
The supervisor is supervisor5009 with the same password: voicectl monitor --help.
`
