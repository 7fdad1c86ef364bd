package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/gwsvoice/gws-go/voice"
)

// report is what became of an operation, as scripts get it.
type report struct {
	Operation voice.OperationName             `json:"operation"`
	Outcome   string                          `json:"outcome"`
	Seconds   float64                         `json:"seconds"`
	Call      *voice.CallStateChangeMessage   `json:"call,omitempty"`
	Consult   *voice.CallStateChangeMessage   `json:"consult,omitempty"`
	Device    *voice.DeviceStateChangeMessage `json:"device,omitempty"`
	Error     *problem                        `json:"error,omitempty"`
}

// problem is what is known about an operation that did not settle.
type problem struct {
	Text        string                `json:"text"`
	StatusCode  voice.StatusCode      `json:"statusCode,omitempty"` // of a refusal
	HTTPStatus  int                   `json:"httpStatus,omitempty"`
	SwitchError int                   `json:"switchError,omitempty"` // of a failure
	Accepted    bool                  `json:"accepted,omitempty"`    // of an unknown outcome
	LastSeen    *voice.Call           `json:"lastSeen,omitempty"`
	Channels    []voice.ChannelResult `json:"channels,omitempty"` // of a login
}

// operate does an operation and prints what became of it.
func (a *app) operate(ctx context.Context, op voice.OperationName, do func() (*voice.Outcome, error)) error {
	start := time.Now()
	outcome, err := do()
	r := report{Operation: op, Outcome: outcomes[exitDone], Seconds: time.Since(start).Round(time.Millisecond).Seconds()}
	if outcome != nil {
		r.Call, r.Consult, r.Device = outcome.Call, outcome.Consult, outcome.Device
		if outcome.Call == nil && outcome.Device == nil {
			r.Outcome = "accepted"
		}
	}
	code := exitDone
	if err != nil {
		code = a.codeOf(ctx, err)
		r.Outcome, r.Error = outcomes[code], describe(err)
	}
	switch {
	case code == exitUsage: // it has not been tried
	case a.json():
		a.printJSON(r)
	case err == nil:
		a.printReport(a.out, &r)
	}
	return err
}

// describe takes an error apart for scripts.
func describe(err error) *problem {
	p := &problem{Text: err.Error()}
	if e, ok := errors.AsType[*voice.APIError](err); ok {
		p.StatusCode, p.HTTPStatus = e.Code, e.HTTPStatus
	}
	if e, ok := errors.AsType[*voice.FailedError](err); ok {
		p.SwitchError, p.LastSeen = e.Code, e.Call
	}
	if e, ok := errors.AsType[*voice.UnconfirmedError](err); ok {
		p.Accepted, p.LastSeen = e.Accepted, e.Call
	}
	if e, ok := errors.AsType[*voice.PartialError](err); ok {
		p.HTTPStatus, p.Channels = e.HTTPStatus, e.Results
	}
	return p
}

// printJSON prints a value in a line of its own, as readers of JSON lines expect.
func (a *app) printJSON(value any) {
	encoder := json.NewEncoder(a.out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		fmt.Fprintln(a.err, "voicectl:", err)
	}
}

// isDeviceOperation tells the operations on devices from those that set the
// agent's state.
var isDeviceOperation = map[voice.OperationName]bool{
	voice.OpForwardCallsOn: true, voice.OpForwardCallsOff: true, voice.OpDoNotDisturbOn: true, voice.OpDoNotDisturbOff: true,
	voice.OpListenIn: true, voice.OpCoach: true, voice.OpBargeIn: true, voice.OpCancelSupervisorMonitoring: true,
}

func (a *app) printReport(w io.Writer, r *report) {
	state := r.Outcome
	switch {
	case r.Call != nil && r.Call.NotificationType != "" && r.Call.NotificationType != voice.StatusChange:
		state = printable(string(r.Call.NotificationType))
	case r.Call != nil:
		state = printable(string(r.Call.Call.State))
	case r.Device != nil && isDeviceOperation[r.Operation]:
		state = "done"
	case r.Device != nil && len(r.Device.Devices) > 0:
		state = userState(r.Device.Devices[0])
	}
	fmt.Fprintf(w, "%s: %s after %.2fs\n", r.Operation, state, r.Seconds)
	for _, msg := range []*voice.CallStateChangeMessage{r.Call, r.Consult} {
		if msg != nil {
			a.printCall(w, msg.Call)
		}
	}
	if r.Device != nil {
		for _, d := range r.Device.Devices {
			a.printDevice(w, d)
		}
	}
}

// printCall prints all that is worth knowing of a call.
func (a *app) printCall(w io.Writer, call *voice.Call) {
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "  %-10s "+format+"\n", append([]any{name}, args...)...)
	}
	line("call", "%s  %s, %s", call.ID, call.State, call.Type)
	if call.DNIS == "" || call.DNIS == parties(call) {
		line("with", "%s", parties(call))
	} else {
		line("with", "%s; %s was dialled", parties(call), call.DNIS)
	}
	if call.ParentID != "" {
		line("consults", "about %s", call.ParentID)
	}
	if len(call.UserData) > 0 {
		line("data", "%s", dataLine(call.UserData))
	}
	if extra := extras(call); extra != "" {
		line("also", "%s", extra)
	}
	if can := a.can(call.Capabilities); can != "" {
		line("can", "%s", can)
	}
}

func (a *app) printDevice(w io.Writer, d *voice.Device) {
	fmt.Fprintf(w, "  %-10s %s  %s\n", "device", d.PhoneNumber, deviceLine(d))
	if can := a.can(d.Capabilities); can != "" {
		fmt.Fprintf(w, "  %-10s %s\n", "can", can)
	}
}
