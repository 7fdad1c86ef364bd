package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gwsvoice/gws-go/voice"
)

// dataLine shows user data in a line: Name="Maria Lopez" Segment=Gold.
func dataLine(data map[string]any) string {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(data)) {
		parts = append(parts, key+"="+dataValue(data[key]))
	}
	return strings.Join(parts, " ")
}

func dataValue(value any) string {
	if text, ok := value.(string); ok && text != "" && !strings.ContainsAny(text, " \t\n\"") {
		return printable(text)
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return "?"
	}
	return printable(string(raw))
}

// printable keeps what comes from outside from controlling the terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return '�'
		}
		return r
	}, text)
}

// userState shows the state of an agent: "NotReady, AuxWork (Lunch)".
func userState(d *voice.Device) string {
	s := d.UserState
	if s == nil {
		return "no state"
	}
	text := string(s.State)
	if s.WorkMode != "" {
		text += ", " + string(s.WorkMode)
	}
	if s.Reason != "" {
		text += " (" + s.Reason + ")"
	}
	return printable(text)
}

// deviceLine shows the rest of a device.
func deviceLine(d *voice.Device) string {
	parts := []string{string(d.State), userState(d)}
	if d.DoNotDisturb {
		parts = append(parts, "do not disturb")
	}
	if d.ForwardTo != "" {
		parts = append(parts, "forwards to "+d.ForwardTo)
	}
	if m := d.SupervisorMonitoring; m != nil {
		parts = append(parts, fmt.Sprintf("monitors: %s, %s, %s", m.State, m.Mode, m.Scope))
	}
	return printable(strings.Join(parts, "; "))
}

// extras shows what a call has beyond the ordinary.
func extras(call *voice.Call) string {
	var parts []string
	if call.Mute {
		parts = append(parts, "muted")
	}
	if call.RecordingState == voice.RecordingActive || call.RecordingState == voice.RecordingPaused {
		parts = append(parts, "recording: "+string(call.RecordingState))
	}
	if call.SupervisorListeningIn {
		parts = append(parts, "a supervisor listens")
	}
	if call.MonitoredUserMuted {
		parts = append(parts, "the agent is muted by the supervisor")
	}
	if call.SupervisorMonitoring != nil {
		parts = append(parts, "monitoring: "+string(call.SupervisorMonitoring.State))
	}
	return printable(strings.Join(parts, "; "))
}

// short is the end of an id, which is where ids differ.
func short(id string) string {
	const keep = 6
	if len(id) <= keep+2 {
		return printable(id)
	}
	return "…" + printable(id[len(id)-keep:])
}

// clock shows a duration as 1:05.
func clock(d time.Duration) string {
	s := int(d.Seconds())
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}
