package voicetest

import (
	"maps"
	"time"

	"github.com/gwsvoice/gws-go/voice"
)

// CallInfo is what the simulator knows of an agent's call, for comparison with
// what a client believes. It is a copy.
type CallInfo struct {
	ID, UUID, ConnID string
	State            voice.CallState
	Type             string
	ANI, DNIS        string
	DeviceID         string
	ParentID         string   // of a consult call
	Participants     []string // numbers, in the order in which they are sent
	Capabilities     []voice.OperationName
	UserData         map[string]any
	Muted            bool
	RecordingState   string
	ListenedTo       bool // a supervisor monitors it
	MonitoredMuted   bool
	Supervising      string // how this agent monitors it: ListenIn, Coach, BargeIn; "" he does not
	Digits           string // all that were sent with SendDtmf
	Disposition      string // the last one that was set
	Began            time.Time
}

// DeviceInfo is what the simulator knows of a device.
type DeviceInfo struct {
	ID, DN        string
	Active        bool
	State         string // Ready, NotReady, LoggedOut, LoggedIn
	StateID       string
	WorkMode      string
	Reason        string
	DoNotDisturb  bool
	ForwardTo     string
	Capabilities  []voice.OperationName
	Monitoring    string // ListenIn, Coach, BargeIn; "": nothing
	MonitoredByDN string
}

// Calls returns the calls of an agent, in the order in which they appeared.
func (s *Server) Calls(agent string) []CallInfo {
	a := s.mustAgent(agent)
	var all []CallInfo
	s.exchange.read(func() {
		for _, l := range a.order {
			all = append(all, s.exchange.info(l))
		}
	})
	return all
}

// Call returns a call of an agent, also one of his last few that were released.
func (s *Server) Call(agent, id string) (info CallInfo, ok bool) {
	a := s.mustAgent(agent)
	s.exchange.read(func() {
		l := a.legs[id]
		if l == nil {
			l = a.endedLeg(id)
		}
		if ok = l != nil; ok {
			info = s.exchange.info(l)
		}
	})
	return info, ok
}

// Devices returns the devices that an agent has now.
func (s *Server) Devices(agent string) []DeviceInfo {
	a := s.mustAgent(agent)
	var all []DeviceInfo
	s.exchange.read(func() {
		for _, d := range a.devices {
			all = append(all, s.exchange.deviceInfo(d))
		}
	})
	return all
}

// State returns the state of an agent on his first device: Ready, NotReady,
// LoggedOut or LoggedIn.
func (s *Server) State(agent string) string {
	a := s.mustAgent(agent)
	var state string
	s.exchange.read(func() { state = a.home[0].state.state })
	return state
}

// Waiting returns the ids of the calls that wait in a queue, the oldest first.
func (s *Server) Waiting(queue string) []string {
	var all []string
	s.exchange.read(func() {
		q := s.exchange.queues[queue]
		if q == nil {
			return
		}
		for e := q.waiting.Front(); e != nil; e = e.Next() {
			all = append(all, s.exchange.idOf(e.Value.(*call)))
		}
	})
	return all
}

// Alive reports whether a call still exists for anybody.
func (s *Server) Alive(id string) bool {
	alive := false
	s.exchange.read(func() { alive = s.exchange.calls[id] != nil })
	return alive
}

// Sessions returns how many CometD sessions an agent has.
func (s *Server) Sessions(agent string) int { return len(s.mustAgent(agent).out.all()) }

func (x *exchange) info(l *leg) CallInfo {
	c := l.call
	return CallInfo{
		ID: l.id, UUID: l.uuid, ConnID: c.connID, State: voice.CallState(l.state), Type: c.kind,
		ANI: c.ani, DNIS: c.dnis, DeviceID: l.device.id, ParentID: l.parentID,
		Participants: l.participants(), Capabilities: x.offers(l).names(), UserData: maps.Clone(c.data),
		Muted: l.muted, RecordingState: l.recording, ListenedTo: l.watcher != nil, MonitoredMuted: l.userMuted,
		Supervising: l.mode, Digits: l.dtmf, Disposition: l.disposition, Began: l.began,
	}
}

func (x *exchange) deviceInfo(d *device) DeviceInfo {
	info := DeviceInfo{ID: d.id, DN: d.dn, Active: d.registered && !x.down, State: d.state.state, StateID: d.state.id,
		WorkMode: d.state.workMode, Reason: d.state.reason, DoNotDisturb: d.dnd, ForwardTo: d.forward,
		Capabilities: d.capabilities()}
	if d.monitoring != nil {
		info.Monitoring = d.monitoring.state
	}
	if d.monitoredBy != nil {
		info.MonitoredByDN = d.monitoredBy.dn
	}
	return info
}
