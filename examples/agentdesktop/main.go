// Command agentdesktop serves a web page at which agents of a contact centre
// work: they set their state, answer, hold, transfer and record calls, and
// supervisors listen in. One process serves many agents; each browser that
// signs in has a voice.Client of its own here.
//
// Without flags it starts a simulated contact centre in the same process, with
// colleagues who take calls and customers who call, wait, talk and hang up.
// With -url, or GWS_URL in the environment, it is for the agents of a real one,
// who sign in with their own GWS user name and password. A password is handed to the client of GWS, which needs
// it to log in again when the server has ended the login, and goes nowhere else:
// not to a file, a log, or the browser.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "agentdesktop:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, env func(string) string, out, logs io.Writer) error {
	cfg := config{}
	flags := flag.NewFlagSet("agentdesktop", flag.ContinueOnError)
	flags.SetOutput(logs)
	addr := flags.String("addr", "127.0.0.1:8080", "`address` to listen on; port 0 takes a free one")
	flags.StringVar(&cfg.url, "url", env("GWS_URL"), "base `URL` of GWS, without /api/v2; $GWS_URL if not given, and without both a simulator in this process")
	flags.StringVar(&cfg.user, "user", env("GWS_USER"), "GWS user `name` that the login form is filled with; $GWS_USER if not given")
	flags.DurationVar(&cfg.idle, "idle", 30*time.Minute, "a session ends after so long without a request and without an open page")
	flags.DurationVar(&cfg.lifetime, "lifetime", 12*time.Hour, "longest life of a session")
	flags.DurationVar(&cfg.timeout, "timeout", 10*time.Second, "longest wait for the outcome of an operation")
	flags.BoolVar(&cfg.secure, "secure", false, "the page is served over https, by a proxy in front: mark the cookie accordingly")
	flags.StringVar(&cfg.look.nameKey, "name-key", "CustomerName", "`key` of the attached data that holds the customer's name")
	results := flags.String("results", "Resolved,Callback,Escalated,Wrong number", "results of calls to offer, with commas between")
	quiet := flags.Bool("quiet", false, "simulator only: no customers and colleagues that act by themselves")
	verbose := flags.Bool("v", false, "log more")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if u, err := url.Parse(cfg.url); cfg.url != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
		return fmt.Errorf("-url: %q is not an http or https URL", cfg.url)
	}
	level := slog.LevelWarn
	if *verbose {
		level = slog.LevelDebug
	}
	cfg.log = slog.New(slog.NewTextHandler(logs, &slog.HandlerOptions{Level: level}))
	for text := range strings.SplitSeq(*results, ",") {
		if text = strings.TrimSpace(text); text != "" {
			cfg.look.dispositions = append(cfg.look.dispositions, text)
		}
	}

	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		return err
	}
	if cfg.url == "" {
		sim := newSimulation()
		defer sim.close()
		cfg.url, cfg.sim = sim.server.URL(), sim
	}
	a := newApp(cfg)
	fmt.Fprintf(out, "agent desktop   http://%s\n", listener.Addr())
	if cfg.sim != nil {
		fmt.Fprintln(out, "contact centre  simulated in this process; the page lets you choose who you are")
		if !*quiet {
			stop := cfg.sim.live(ctx, a)
			defer stop()
		}
	} else {
		fmt.Fprintf(out, "contact centre  %s\n", cfg.url)
	}
	fmt.Fprintln(out, "Ctrl-C ends it")
	return serve(ctx, listener, a)
}

// serve serves the page until ctx ends, and then lets go of every agent.
func serve(ctx context.Context, listener net.Listener, a *app) error {
	server := &http.Server{
		Handler:           a,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		ErrorLog:          slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	a.close()
	// The pages have been told to go; a connection that lingers is cut.
	last, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	if server.Shutdown(last) != nil {
		_ = server.Close()
	}
	return err
}
