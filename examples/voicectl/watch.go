package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/gwsvoice/gws-go/examples/internal/lively"
	"github.com/gwsvoice/gws-go/voice"
)

func (a *app) watchCommand() *cobra.Command {
	var plain bool
	var count int
	busy := scene{what: "customers call, and agent 5001 takes calls on the telephone",
		prepare: func(_ context.Context, s *session) error {
			traffic := lively.Traffic{Every: 4 * time.Second, Talk: 8 * time.Second,
				Colleagues: []string{"5001", "5002", "5003"}, AlsoWithClient: true}
			_, s.end = traffic.Start(s.sim)
			return nil
		}}
	c := &cobra.Command{
		Use: "watch", Short: "Show live what happens to the agent's calls and devices", Args: positional,
		Long: `Show live what happens to the agent's calls and devices: on a terminal as a
picture that is kept up to date, otherwise as a line for each event. With
-o json it is a JSON object for each event, one a line; the calls and devices
that are there at the beginning come first, marked "synthetic".`,
		ValidArgsFunction: cobra.NoFileCompletions,
		Annotations:       map[string]string{endlessKey: ""},
		RunE: a.with(busy, func(ctx context.Context, s *session, _ []string) error {
			v := &view{app: a, session: s, left: count}
			if width, height, ok := a.terminal(a.out); ok && !plain && !a.json() {
				return v.picture(ctx, width, height)
			}
			return v.follow(ctx)
		}),
	}
	c.Flags().BoolVar(&plain, "plain", false, "lines, also on a terminal")
	c.Flags().IntVarP(&count, "count", "n", 0, "end after so `many` events; 0 means never")
	return c
}

// view shows events.
type view struct {
	*app
	*session
	left int // events until the end; 0 means no end
}

// start subscribes, and returns what is there at the beginning as events.
func (v *view) start(ctx context.Context) (*voice.Subscription, []voice.Event, error) {
	events := v.client.Subscribe()
	devices, err := v.client.Devices(ctx)
	if err != nil {
		events.Close()
		return nil, nil, err
	}
	calls, err := v.client.Calls(ctx)
	if err != nil {
		events.Close()
		return nil, nil, err
	}
	first := []voice.Event{&voice.DeviceStateChangeMessage{Devices: devices, Synthetic: true}}
	for _, call := range calls {
		first = append(first, &voice.CallStateChangeMessage{Call: call, Synthetic: true})
	}
	return events, first, nil
}

// follow prints events until ctx ends, which is the normal end.
func (v *view) follow(ctx context.Context) error {
	events, first, err := v.start(ctx)
	if err != nil {
		return err
	}
	defer events.Close()
	for _, ev := range first {
		if err := v.print(ev); err != nil {
			return err
		}
	}
	for ev, err := range events.All(ctx) {
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if err := v.print(ev); err != nil {
			return err
		}
		if v.left--; v.left == 0 {
			return nil
		}
	}
	return nil
}

func (v *view) print(ev voice.Event) error {
	if !v.json() {
		_, err := fmt.Fprintf(v.out, "%s  %s\n", time.Now().Format(time.TimeOnly), v.line(ev))
		return err
	}
	return json.NewEncoder(v.out).Encode(ev)
}

// line tells an event in a line.
func (v *view) line(ev voice.Event) string {
	switch ev := ev.(type) {
	case *voice.CallStateChangeMessage:
		call := ev.Call
		text := fmt.Sprintf("%-12s %s  %s", call.State, short(call.ID), printable(parties(call)))
		if call.DNIS != "" {
			text += " (dialled " + printable(call.DNIS) + ")"
		}
		if ev.NotificationType != "" && ev.NotificationType != voice.StatusChange {
			text += "  " + printable(string(ev.NotificationType))
		}
		for _, more := range []string{extras(call), dataLine(call.UserData)} {
			if more != "" {
				text += "  " + more
			}
		}
		return text
	case *voice.DeviceStateChangeMessage:
		text := "Device      "
		for _, d := range ev.Devices {
			text += " " + printable(d.PhoneNumber) + "  " + deviceLine(d)
		}
		return text
	case *voice.ErrorMessage:
		return fmt.Sprintf("%-12s %s", "Error", printable(fmt.Sprintf("%s %s (T-Server error %d)", ev.Operation, ev.Message, ev.Code)))
	case *voice.ServiceStateChange:
		text := "Service     "
		for _, s := range ev.Services {
			text += " " + printable(fmt.Sprintf("%s %s is %s", s.Type, s.Name, s.State))
		}
		return text
	case *voice.Reconnected:
		if ev.Lossless {
			return "Reconnected  the connection was interrupted; nothing is missing"
		}
		return "Reconnected  the connection was lost since " + ev.Since.Format(time.TimeOnly)
	case *voice.Lagged:
		return fmt.Sprintf("Lagged       %d events were dropped", ev.Dropped)
	case *voice.UnknownMessage:
		return fmt.Sprintf("%-12s %s", "Unknown", printable(string(ev.Raw)))
	}
	return fmt.Sprintf("%T", ev)
}
