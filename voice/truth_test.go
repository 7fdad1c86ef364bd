package voice_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// mirror is what a program knows that listens to the events and asks nothing.
type mirror struct {
	sub *voice.Subscription

	mu      sync.Mutex
	calls   map[string]*voice.Call
	devices map[string]*voice.Device
	lagged  int
	errors  []time.Time // of error messages that are nobody's for certain
	trace   []string    // the last things that happened
}

// note adds to the trace.
func (m *mirror) note(format string, v ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.noteLocked(format, v...)
}

func (m *mirror) noteLocked(format string, v ...any) {
	if len(m.trace) == 60 {
		m.trace = slices.Delete(m.trace, 0, 1)
	}
	m.trace = append(m.trace, time.Now().Format("15:04:05.000 ")+fmt.Sprintf(format, v...))
}

func (m *mirror) lately() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return strings.Join(m.trace, "\n")
}

// reflectEvents keeps a mirror until the subscription ends.
func reflectEvents(c *voice.Client) *mirror {
	m := &mirror{sub: c.Subscribe(), calls: map[string]*voice.Call{}, devices: map[string]*voice.Device{}}
	calls, devices := c.Known()
	for _, call := range calls {
		m.calls[call.ID] = call
	}
	for _, d := range devices {
		m.devices[d.ID] = d
	}
	return m
}

func (m *mirror) apply(ev voice.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch ev := ev.(type) {
	case *voice.CallStateChangeMessage:
		m.noteLocked("%s %s %s synthetic %v", ev.NotificationType, ev.Call.ID, ev.Call.State, ev.Synthetic)
		if ev.Call.State == voice.StateReleased {
			delete(m.calls, ev.Call.ID)
		} else {
			m.calls[ev.Call.ID] = ev.Call
		}
	case *voice.DeviceStateChangeMessage:
		for _, d := range ev.Devices {
			m.noteLocked("%s %s %+v synthetic %v", d.PhoneNumber, d.State, d.UserState, ev.Synthetic)
			m.devices[d.ID] = d
		}
	case *voice.Reconnected:
		m.noteLocked("%+v", *ev)
	case *voice.ServiceStateChange:
		m.noteLocked("%+v", ev.Services)
	case *voice.ErrorMessage:
		m.noteLocked("%d %s %s", ev.Code, ev.Message, ev.Operation)
		if ev.Operation == "" {
			m.errors = append(m.errors, time.Now())
		}
	case *voice.Lagged:
		m.lagged += ev.Dropped
	}
}

// hadError tells whether something failed since then, and nobody knows what.
func (m *mirror) hadError(since time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.ContainsFunc(m.errors, func(at time.Time) bool { return !at.Before(since) })
}

func (m *mirror) known() ([]*voice.Call, []*voice.Device) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var calls []*voice.Call
	var devices []*voice.Device
	for _, call := range m.calls {
		calls = append(calls, call)
	}
	for _, d := range m.devices {
		devices = append(devices, d)
	}
	return calls, devices
}

// differences compares what a client, or a mirror, believes with what the
// simulator knows.
func differences(sim *voicetest.Server, agent string, calls []*voice.Call, devices []*voice.Device) []string {
	var all []string
	truth := map[string]any{}
	for _, info := range sim.Calls(agent) {
		truth["call "+info.ID] = trueCall(info)
	}
	for _, info := range sim.Devices(agent) {
		truth["device "+info.ID] = trueDevice(info)
	}
	belief := map[string]any{}
	for _, call := range calls {
		belief["call "+call.ID] = believedCall(call)
	}
	for _, d := range devices {
		belief["device "+d.ID] = believedDevice(d)
	}
	for key, is := range truth {
		switch believed, ok := belief[key]; {
		case !ok:
			all = append(all, fmt.Sprintf("%s: %s is not known: %+v", agent, key, is))
		case !reflect.DeepEqual(is, believed):
			all = append(all, fmt.Sprintf("%s: %s\n  is       %+v\n  believed %+v", agent, key, is, believed))
		}
	}
	for key, believed := range belief {
		if _, ok := truth[key]; !ok {
			all = append(all, fmt.Sprintf("%s: %s is gone and believed %+v", agent, key, believed))
		}
	}
	return all
}

// callView is what the simulator and a client must agree about.
type callView struct {
	State        voice.CallState
	Type         string
	ANI, DNIS    string
	DeviceID     string
	ParentID     string
	Participants []string
	Capabilities []voice.OperationName
	UserData     map[string]any
	Muted        bool
	Recording    string
	ListenedTo   bool
	UserMuted    bool
}

func trueCall(c voicetest.CallInfo) callView {
	if c.State == voice.StatePreview {
		c.DNIS = "" // not sent
	}
	return callView{c.State, c.Type, c.ANI, c.DNIS, c.DeviceID, c.ParentID, orNil(c.Participants), sorted(c.Capabilities),
		values(c.UserData), c.Muted, c.RecordingState, c.ListenedTo, c.MonitoredMuted}
}

func believedCall(c *voice.Call) callView {
	var numbers []string
	for _, p := range c.Participants {
		numbers = append(numbers, p.PhoneNumber)
	}
	return callView{c.State, string(c.Type), c.ANI, c.DNIS, c.DeviceID, c.ParentID, numbers, sorted(c.Capabilities),
		values(c.UserData), c.Mute, string(c.RecordingState), c.SupervisorListeningIn, c.MonitoredUserMuted}
}

type deviceView struct {
	Active                      bool
	State, ID, WorkMode, Reason string
	DoNotDisturb                bool
	ForwardTo, Monitoring       string
	Capabilities                []voice.OperationName
}

func trueDevice(d voicetest.DeviceInfo) deviceView {
	v := deviceView{d.Active, d.State, d.StateID, d.WorkMode, d.Reason, d.DoNotDisturb, d.ForwardTo, d.Monitoring, sorted(d.Capabilities)}
	if !d.Active {
		v.State, v.ID, v.WorkMode, v.Reason = "", "", "", "" // not sent
	}
	return v
}

func believedDevice(d *voice.Device) deviceView {
	v := deviceView{Active: d.State == voice.DeviceActive, DoNotDisturb: d.DoNotDisturb, ForwardTo: d.ForwardTo, Capabilities: sorted(d.Capabilities)}
	if s := d.UserState; s != nil {
		v.State, v.ID, v.WorkMode, v.Reason = string(s.State), s.ID, string(s.WorkMode), s.Reason
	}
	if d.SupervisorMonitoring != nil {
		v.Monitoring = string(d.SupervisorMonitoring.State)
	}
	return v
}

func sorted(ops []voice.OperationName) []voice.OperationName {
	ops = slices.Clone(ops)
	slices.Sort(ops)
	return slices.Clip(append([]voice.OperationName{}, ops...))
}

func orNil(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	return list
}

func values(data map[string]any) map[string]any {
	text := map[string]any{}
	for key, v := range data {
		text[key] = fmt.Sprint(v)
	}
	return text
}
