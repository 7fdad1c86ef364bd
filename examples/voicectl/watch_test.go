package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

func TestWatch_linesForEveryKindOfEvent(t *testing.T) {
	v := &view{app: newApp()}
	v.root()
	at := time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC)
	call := &voice.Call{ID: "013V08JRL498H1OI04000VTAES00000I", State: voice.StateHeld, DNIS: "9000", Mute: true,
		Participants: []voice.Participant{{PhoneNumber: "7002"}}, UserData: map[string]any{"Note": "a\x1b[31m b"}}
	for want, ev := range map[string]voice.Event{
		`Held         …00000I  7002 (dialled 9000)  AttachedDataChanged  muted  Note="a\u001b[31m b"`: &voice.CallStateChangeMessage{NotificationType: voice.AttachedDataChanged, Call: call},
		"Device       5001  Active; NotReady, AuxWork (Lunch); do not disturb; forwards to 5002": &voice.DeviceStateChangeMessage{Devices: []*voice.Device{{
			PhoneNumber: "5001", State: voice.DeviceActive, DoNotDisturb: true, ForwardTo: "5002",
			UserState: &voice.UserState{State: voice.UserNotReady, WorkMode: voice.WorkModeAuxWork, Reason: "Lunch"}}}},
		"Error        Hold wrong state (T-Server error 93)":               &voice.ErrorMessage{Operation: voice.OpHold, Message: "wrong state", Code: 93},
		"Service      Voice SIP_Switch is Inactive":                       &voice.ServiceStateChange{Services: []voice.Service{{Type: voice.ServiceVoice, Name: "SIP_Switch", State: voice.ServiceInactive}}},
		"Reconnected  the connection was lost since 15:04:05":             &voice.Reconnected{Since: at},
		"Reconnected  the connection was interrupted; nothing is missing": &voice.Reconnected{Since: at, Lossless: true},
		"Lagged       3 events were dropped":                              &voice.Lagged{Dropped: 3},
		`Unknown      {"messageType":"X"}`:                                &voice.UnknownMessage{Raw: json.RawMessage(`{"messageType":"X"}`)},
	} {
		assert.Equal(t, want, v.line(ev))
	}
}

func TestWatch_gapIsShown(t *testing.T) {
	inCentre(t, func(t *testing.T, sim *voicetest.Server) {
		time.AfterFunc(time.Second, func() { sim.DropSession("agent5001") })
		time.AfterFunc(time.Hour, func() { sim.Ring(voicetest.Call{From: "4155550123"}) })
		r := ctl(t.Context(), sim, "watch", "-n", "2")
		assert.Equal(t, exitDone, r.code)
		assert.Contains(t, r.out, "Reconnected  the connection was lost since ")
		assert.Contains(t, r.out, "Ringing      ")
	})
}

func TestWatch_outputThatIsClosedEndsIt(t *testing.T) {
	inCentre(t, func(t *testing.T, sim *voicetest.Server) {
		a := newApp()
		a.env = func(name string) string {
			return map[string]string{"GWS_URL": sim.URL(), "GWS_USER": "agent5001", "GWS_PASSWORD": "secret"}[name]
		}
		a.http, a.out, a.err = sim.Client(), closed{}, io.Discard
		assert.Equal(t, exitError, a.run(t.Context(), []string{"watch"}))
	})
}

type closed struct{}

func (closed) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// screen is a terminal that remembers the pictures.
type screen struct{ bytes.Buffer }

func (s *screen) pictures() []string {
	var all []string
	for _, p := range strings.Split(s.String(), home)[1:] {
		p, _, _ = strings.Cut(p, restOfScreen)
		all = append(all, strings.ReplaceAll(p, endOfLine, "\n"))
	}
	return all
}

func TestWatch_picture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := voicetest.NewServer(voicetest.Options{InMemory: true})
		defer sim.Close()
		out := &screen{}
		a := newApp()
		a.env = func(name string) string {
			return map[string]string{"GWS_URL": sim.URL(), "GWS_USER": "agent5001", "GWS_PASSWORD": "secret"}[name]
		}
		a.http, a.out, a.err = sim.Client(), out, io.Discard
		a.terminal = func(io.Writer) (int, int, bool) { return 100, 14, true }
		ctx, cancel := context.WithCancel(t.Context())
		id := sim.Ring(voicetest.Call{From: "4155550142", Queue: "9000", UserData: map[string]any{"Name": "Lopez"}})
		time.AfterFunc(4500*time.Millisecond, func() { sim.Agent("5001").Answer(id) })
		time.AfterFunc(9500*time.Millisecond, func() { sim.HangupCustomer(id) })
		time.AfterFunc(10500*time.Millisecond, func() { sim.Restart(time.Hour) })
		time.AfterFunc(90*time.Second, cancel)
		assert.Equal(t, exitDone, a.run(ctx, []string{"watch"}))

		text := out.String()
		assert.True(t, strings.HasPrefix(text, enterPicture))
		assert.True(t, strings.HasSuffix(text, leavePicture), "the terminal is left as it was")
		p := out.pictures()
		require.Greater(t, len(p), 10)
		assert.Equal(t, `agent5001 (Ada Adams) at http://gws.test
device 5001  Active; Ready

CALL     STATE    FOR   WITH        DIALLED  DATA        CAN
…000001  Ringing  0:03  4155550142  9000     Name=Lopez  answer, reject, data

Events (Ctrl-C ends)
`, p[3], "the clock ticks")
		assert.Contains(t, p[5], "Established")
		assert.Contains(t, p[5], "00:00:04  Established  …000001  4155550142 (dialled 9000)  Name=Lopez")
		assert.Contains(t, strings.Join(p[10:13], ""), "no calls\n")
		assert.NotContains(t, p[10], "NOT CONNECTED")
		assert.Contains(t, p[len(p)-1], "NOT CONNECTED: what follows may be old")
	})
}

func TestPicture_fitsTheTerminal(t *testing.T) {
	v := &view{app: newApp()}
	v.root()
	p := &panel{title: strings.Repeat("ä", 50), seen: map[string]time.Time{}, online: true}
	now := time.Now()
	for _, id := range []string{"call-1", "call-2", "call-3"} {
		p.apply(&voice.CallStateChangeMessage{Call: &voice.Call{ID: id, State: voice.StateRinging}}, now)
		p.events = append(p.events, id)
	}
	p.apply(&voice.CallStateChangeMessage{Call: &voice.Call{ID: "call-2", State: voice.StateReleased}}, now)
	p.apply(&voice.CallStateChangeMessage{Call: &voice.Call{ID: "call-4", State: voice.StateReleased}}, now)
	lines := v.lines(p, now, 30, 9)
	require.Len(t, lines, 9)
	assert.Equal(t, strings.Repeat("ä", 29)+"…", lines[0])
	assert.Equal(t, []string{"call-2", "call-3"}, lines[7:], "the newest events")
	assert.Len(t, v.lines(p, now, 30, 4), 4)
}
