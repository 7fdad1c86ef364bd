package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/gwsvoice/gws-go/voice"
)

// terminalSize returns the size of the terminal that out is, if it is one.
func terminalSize(out io.Writer) (width, height int, ok bool) {
	file, isFile := out.(*os.File)
	if !isFile || !term.IsTerminal(int(file.Fd())) {
		return 0, 0, false
	}
	width, height, err := term.GetSize(int(file.Fd()))
	return width, height, err == nil && width > 20 && height > 5
}

const (
	enterPicture = "\x1b[?1049h\x1b[?25l" // the other screen, no cursor
	leavePicture = "\x1b[?25h\x1b[?1049l"
	home         = "\x1b[H"
	endOfLine    = "\x1b[K\r\n"
	restOfScreen = "\x1b[J"
)

// panel is what the picture shows.
type panel struct {
	title   string
	devices []*voice.Device
	calls   []*voice.Call
	seen    map[string]time.Time // when each call's snapshot was taken
	events  []string             // the newest last
	online  bool
}

// picture keeps a picture of the agent's calls up to date until ctx ends.
func (v *view) picture(ctx context.Context, width, height int) error {
	events, first, err := v.start(ctx)
	if err != nil {
		return err
	}
	defer events.Close()
	user := v.client.User()
	where := v.session.url
	if v.sim != nil {
		where = "a simulated contact centre"
	}
	p := &panel{seen: map[string]time.Time{}, title: printable(
		fmt.Sprintf("%s (%s %s) at %s", user.UserName, user.FirstName, user.LastName, where))}
	for _, ev := range first {
		p.apply(ev, time.Now())
	}
	fmt.Fprint(v.out, enterPicture)
	defer fmt.Fprint(v.out, leavePicture)
	for {
		if w, h, ok := v.terminal(v.out); ok {
			width, height = w, h
		}
		p.online = v.client.Connected()
		fmt.Fprint(v.out, home+strings.Join(v.lines(p, time.Now(), width, height-1), endOfLine)+endOfLine+restOfScreen)
		second, cancel := context.WithTimeout(ctx, time.Second)
		ev, err := events.Next(second)
		cancel()
		switch {
		case ctx.Err() != nil:
			return nil
		case second.Err() != nil && err != nil: // the timers tick
		case err != nil:
			return err
		default:
			p.apply(ev, time.Now())
			p.events = append(p.events, time.Now().Format(time.TimeOnly)+"  "+v.line(ev))
			p.events = p.events[max(0, len(p.events)-100):]
			if v.left--; v.left == 0 {
				return nil
			}
		}
	}
}

// apply takes an event over.
func (p *panel) apply(ev voice.Event, now time.Time) {
	switch ev := ev.(type) {
	case *voice.DeviceStateChangeMessage:
		for _, d := range ev.Devices {
			p.devices = replace(p.devices, d, func(o *voice.Device) bool { return o.ID == d.ID }, false)
		}
	case *voice.CallStateChangeMessage:
		call := ev.Call
		p.calls = replace(p.calls, call, func(o *voice.Call) bool { return o.ID == call.ID }, call.State == voice.StateReleased)
		p.seen[call.ID] = now
		if call.State == voice.StateReleased {
			delete(p.seen, call.ID)
		}
	}
}

// replace puts an item in the place of the one that it follows, or removes it.
func replace[T any](list []T, item T, same func(T) bool, remove bool) []T {
	for i, o := range list {
		switch {
		case same(o) && remove:
			return append(list[:i], list[i+1:]...)
		case same(o):
			list[i] = item
			return list
		}
	}
	if remove {
		return list
	}
	return append(list, item)
}

// lines draws the picture.
func (v *view) lines(p *panel, now time.Time, width, height int) []string {
	lines := []string{p.title}
	for _, d := range p.devices {
		lines = append(lines, fmt.Sprintf("device %s  %s", printable(d.PhoneNumber), deviceLine(d)))
	}
	if !p.online {
		lines = append(lines, "NOT CONNECTED: what follows may be old")
	}
	lines = append(lines, "")
	var calls []*voice.Call
	for _, call := range p.calls {
		current := *call
		current.Duration += now.Sub(p.seen[call.ID])
		calls = append(calls, &current)
	}
	var table strings.Builder
	_ = v.printCalls(&table, calls, func(call *voice.Call) string { return short(call.ID) })
	lines = append(lines, strings.Split(strings.TrimRight(table.String(), "\n"), "\n")...)
	lines = append(lines, "", "Events (Ctrl-C ends)")
	if room := height - len(lines); room > 0 {
		lines = append(lines, p.events[max(0, len(p.events)-room):]...)
	}
	lines = lines[:min(len(lines), height)]
	for i, line := range lines {
		if runes := []rune(line); len(runes) > width {
			lines[i] = string(runes[:width-1]) + "…"
		}
	}
	return lines
}
