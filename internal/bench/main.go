// Command bench measures what this module costs beside the least that a Go
// program can do by hand (package floor), and prints the result as a Markdown
// table:
//
//	go run ./internal/bench
//
// Each figure is the median of several rounds. In each round floor and module
// take turns, each in a process of its own, against a server in another
// process. CPU time is user and system time of the client's process, by
// getrusage. A ratio is the median of the ratios of the rounds.
//
// With -profile a CPU and a heap profile of each measurement are written. With
// -short everything runs once and briefly, to see that it works; its figures
// mean little.
//
// The README has the results of both forms of this command in it, put there by
// -update README.md.
//
//	go run ./internal/bench -fleet
//
// lets ten thousand agents work in this process, with the simulator of package
// voicetest in another, cuts the server off and lets it come back. It fails if
// an event was lost that was not reported, or an agent does not know the truth
// in the end. Flags make the fleet smaller, and its work shorter.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdin, os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, in io.Reader, out io.Writer) (err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	var (
		rounds  = flags.Int("rounds", 3, "how often floor and module take turns")
		short   = flags.Bool("short", false, "run everything once, briefly")
		only    = flags.String("run", "", "measure only what matches this regular expression")
		profile = flags.String("profile", "", "write profiles to this directory")
		update  = flags.String("update", "", "put the result in its place in this Markdown file too")
		serve   = flags.String("serve", "", "")
		work    = flags.String("work", "", "")
		centre  = flags.String("fleet-server", "", "")
		isFleet = flags.Bool("fleet", false, "let a fleet of agents work, and lose the server for a while")
		fleet   fleetOptions
	)
	flags.IntVar(&fleet.agents, "agents", 10000, "how many agents the fleet has")
	flags.IntVar(&fleet.logins, "logins", 64, "how many of them log in at the same time")
	flags.DurationVar(&fleet.period, "period", 5*time.Second, "time between two events of an agent of the fleet")
	flags.DurationVar(&fleet.steady, "steady", time.Minute, "how long the fleet works undisturbed")
	flags.DurationVar(&fleet.cut, "cut", 20*time.Second, "how long the server of the fleet is cut off")
	flags.Usage = func() {
		fmt.Fprintln(flags.Output(), "usage: go run ./internal/bench [flags]")
		flags.VisitAll(func(f *flag.Flag) {
			if f.Usage != "" { // the others are between the processes of a run
				fmt.Fprintf(flags.Output(), "  -%s\t%s (%q)\n", f.Name, f.Usage, f.DefValue)
			}
		})
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch {
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case *serve != "":
		return serveProcess(*serve, in, out)
	case *work != "":
		return workProcess(ctx, *work, out)
	case *centre != "":
		return fleetServerProcess(*centre, in, out)
	}
	command := strings.Join(append([]string{"go run ./internal/bench"}, withoutUpdate(args)...), " ")
	if *update != "" {
		var result bytes.Buffer
		out = io.MultiWriter(out, &result)
		defer func() {
			if err == nil {
				err = replaceResult(*update, *isFleet, result.String())
			}
		}()
	}
	if *isFleet {
		fleet.command = command
		return runFleet(ctx, fleet, out)
	}
	match, err := regexp.Compile(*only)
	if err != nil {
		return fmt.Errorf("-run: %w", err)
	}
	b := &bench{command: command, rounds: max(*rounds, 1), short: *short, match: match, profile: *profile, out: out}
	if b.short {
		b.rounds = 1
	}
	if b.profile != "" {
		if err := os.MkdirAll(b.profile, 0o755); err != nil {
			return err
		}
	}
	return b.table(ctx)
}
