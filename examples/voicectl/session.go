package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/gwsvoice/gws-go/cometd"
	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// session is what a command works with.
type session struct {
	client *voice.Client
	url    string
	sim    *voicetest.Server // nil: a server of somebody else
	end    func()            // what the scene has going on in sim
}

// with makes the function that runs a command: connected to the server, or in
// a simulator with the scene.
func (a *app) with(s scene, run func(ctx context.Context, s *session, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		a.started = true
		ctx := cmd.Context()
		if _, endless := cmd.Annotations[endlessKey]; a.timeout > 0 && (!endless || cmd.Flags().Changed("timeout")) {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, a.timeout)
			defer cancel()
		}
		cfg := voice.Config{
			BaseURL:           a.url,
			HTTPClient:        a.http,
			NotificationsPath: a.notifications,
			Origin:            a.origin,
			OperationTimeout:  a.outcomeTimeout,
		}
		if a.webSocket {
			cfg.Transports = []cometd.Transport{cometd.WebSocket, cometd.LongPolling}
		}
		if a.verbose {
			cfg.Logger = slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: slog.LevelDebug}))
		}
		session := &session{end: func() {}}
		if a.url == "" {
			if cmd.Flags().Changed("user") {
				return usage("--user needs --url or GWS_URL")
			}
			session.sim = s.start()
			defer session.sim.Close()
			defer func() { session.end() }()
			cfg.BaseURL, cfg.HTTPClient = session.sim.URL(), session.sim.Client()
			cfg.Auth = voice.BasicAuth(s.userName(), "secret")
			fmt.Fprintf(a.err, "No --url and no GWS_URL: this happens in a simulated contact centre, where %s.\n", s.what)
		} else if err := a.credentials(&cfg); err != nil {
			return err
		}
		client, err := voice.Connect(ctx, cfg)
		if err != nil {
			return err
		}
		defer client.Close()
		session.client, session.url = client, cfg.BaseURL
		if session.sim != nil && s.prepare != nil {
			if err := s.prepare(ctx, session); err != nil {
				return fmt.Errorf("cannot prepare the simulator: %w", err)
			}
		}
		return run(ctx, session, args)
	}
}

// endlessKey annotates commands that have no limit of themselves.
const endlessKey = "endless"

func (a *app) credentials(cfg *voice.Config) error {
	password, token := a.env("GWS_PASSWORD"), a.env("GWS_TOKEN")
	switch {
	case token != "":
		cfg.Auth = voice.BearerAuth(func(context.Context) (string, error) { return token, nil })
	case a.user == "":
		return usage("--user or GWS_USER is missing")
	case password == "":
		return usage("the password is expected in the environment variable GWS_PASSWORD, or a token in GWS_TOKEN")
	default:
		cfg.Auth = voice.BasicAuth(a.user, password)
	}
	return nil
}
