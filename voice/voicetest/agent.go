package voicetest

import (
	"container/list"
	"slices"
	"strings"

	"github.com/gwsvoice/gws-go/voice"
)

// agent is a user of the contact centre. The exchange's lock guards what
// changes.
type agent struct {
	Agent
	id      string // user id, 32 hex digits
	token   string
	home    []*device // the devices of his own place
	devices []*device // those that he has now
	legs    map[string]*leg
	order   []*leg                // in order of appearance
	ended   []*leg                // the last few that were released, newest last
	media   map[string]*userState // of the channels other than voice that are on

	out outbox
}

// endedCalls is how many released calls of an agent are remembered.
const endedCalls = 32

// device is a telephone.
type device struct {
	id, dn     string
	owner      *agent // nil: nobody sits there
	registered bool
	public     bool
	recording  bool
	muting     bool

	state       *userState
	readyEpoch  int // counts how often its agent has become ready
	dnd         bool
	forward     string
	monitoring  *monitoring // what its agent supervises
	monitoredBy *device
	legs        int
	queues      []*queue
	ready       []*list.Element // where it waits in each of queues; nil: not ready for calls
}

// place is a seat.
type place struct {
	name    string
	devices []*device
	home    *agent // nil: free
}

// userState is the state of an agent on a device or a channel.
type userState struct {
	id, displayName, state, workMode, reason string
	operation                                voice.OperationName
}

// loggedIn is the state between the login and the first state.
var loggedIn = &userState{state: "LoggedIn"}

// AgentState is an entry of the settings that agents choose their states from.
// A configured state with a reason is what other systems call a reason code.
type AgentState struct {
	ID            string
	OperationName voice.OperationName // what a client posts to enter the state
	DisplayName   string
	State         string // Ready, NotReady or Logout
	WorkMode      string // AfterCallWork, AuxWork or ""
	Reason        string
}

// systemStates are always there, in the order in which the server lists them.
var systemStates = []AgentState{
	{ID: "900D55CC-2BB0-431F-8BF9-D3525B383BE6", OperationName: voice.OpNotReady, DisplayName: "Not Ready", State: "NotReady"},
	{ID: "0F7F5003-EF26-4D13-A6Ef-D0C7EC819BEB", OperationName: voice.OpOffline, DisplayName: "Offline", State: "Logout"},
	{ID: "D3663509-3D82-4DD3-A82E-2EA8EFA02AEF", OperationName: voice.OpAfterCallWork, DisplayName: "AfterCallWork", State: "NotReady", WorkMode: "AfterCallWork"},
	{ID: "9430250E-0A1B-421F-B372-F29E69366DED", OperationName: voice.OpReady, DisplayName: "Ready", State: "Ready"},
	{ID: "2B36138D-C564-4562-A8CB-3C32D564F296", OperationName: voice.OpAuxWork, DisplayName: "AuxWork", State: "NotReady", WorkMode: "AuxWork"},
}

// DefaultAgentStates returns the configured states of a simulator without
// Options.AgentStates: Lunch ("Out to Lunch"), Training and Meeting.
func DefaultAgentStates() []AgentState {
	return []AgentState{
		{ID: "5C0E7B1A-93D4-4F26-8A17-6E2B0D9F4C81", OperationName: "Lunch", DisplayName: "Out to Lunch", State: "NotReady", WorkMode: "AuxWork", Reason: "Lunch"},
		{ID: "7D2A4C90-1E5B-4B38-9F63-0C8D71E2A5B4", OperationName: "Training", DisplayName: "Training", State: "NotReady", WorkMode: "AuxWork", Reason: "Training"},
		{ID: "B16F3E27-84A9-4D0C-A5E1-39F07C6D2B58", OperationName: "Meeting", DisplayName: "In a Meeting", State: "NotReady", Reason: "Meeting"},
	}
}

// onDevice is the state as it shows on a device.
func (s AgentState) onDevice() *userState {
	u := &userState{id: s.ID, displayName: s.DisplayName, state: s.State, workMode: s.WorkMode, reason: s.Reason,
		operation: s.OperationName}
	if s.State == "Logout" {
		u.state = "LoggedOut"
	}
	return u
}

// addAgent must be called before the exchange is in use.
func (x *exchange) addAgent(c Agent) {
	if c.UserName == "" {
		c.UserName = "agent" + c.DN
	}
	if c.Password == "" {
		c.Password = "secret"
	}
	if c.Place == "" {
		c.Place = "Place_" + c.DN
	}
	a := &agent{Agent: c, id: x.ids.hex32("user/" + c.UserName), token: c.Token,
		legs: map[string]*leg{}, media: map[string]*userState{}}
	for _, dn := range append([]string{c.DN}, c.OtherDNs...) {
		if dn == "" || x.byDN[dn] != nil {
			panic("voicetest: agent " + c.UserName + ": the DN " + quote(dn) + " is missing or taken")
		}
		d := x.addDevice(dn)
		d.registered, d.public = !c.Unregistered, c.Public
		d.recording, d.muting = c.Recording || x.opts.Recording, c.Muting || x.opts.Muting
		if !c.LoggedOut && d.registered {
			d.state = x.states[voice.OpReady]
			if c.NotReady {
				d.state = x.states[voice.OpNotReady]
			}
		}
		d.owner = a
		a.home = append(a.home, d)
		for _, number := range x.queuesOf(c) {
			d.queues = append(d.queues, x.queues[number])
		}
		d.ready = make([]*list.Element, len(d.queues))
	}
	a.devices = slices.Clone(a.home)
	for _, name := range append([]string{c.UserName, a.id, c.DN}, c.OtherDNs...) {
		if x.byName[name] != nil {
			panic("voicetest: two agents are called " + quote(name))
		}
		x.byName[name] = a
	}
	x.places[c.Place] = &place{name: c.Place, devices: a.home, home: a}
	if a.token != "" {
		x.tokens[a.token] = a
	}
	x.agents = append(x.agents, a)
}

func (x *exchange) addDevice(dn string) *device {
	d := &device{id: x.ids.uuid("device/" + dn), dn: dn, registered: true, state: x.states[voice.OpOffline]}
	x.byDN[dn], x.byDN[d.id] = d, d
	return d
}

// queuesOf lists the queues whose calls an agent gets.
func (x *exchange) queuesOf(c Agent) []string {
	if c.Queues != nil {
		for _, number := range c.Queues {
			if x.queues[number] == nil {
				panic("voicetest: agent " + c.UserName + ": no queue " + quote(number))
			}
		}
		return c.Queues
	}
	if c.Supervisor {
		return nil
	}
	return x.opts.Queues
}

func (d *device) loggedIn() bool { return d.registered && d.state.state != "LoggedOut" }

// free reports whether a queue may send a call.
func (d *device) free() bool {
	return d.registered && d.state.state == "Ready" && d.legs == 0 && !d.dnd && d.forward == "" && d.owner != nil
}

// setState changes the agent's state on a device and tells him.
func (tx *transaction) setState(d *device, s *userState) {
	if s.state == "Ready" {
		d.readyEpoch++
	}
	d.state = s
	tx.devices = append(tx.devices, d)
	tx.notifyDevice(d)
}

// device returns the agent's device with this id, nil if it is not his.
func (a *agent) device(id string) *device {
	for _, d := range a.devices {
		if d.id == id {
			return d
		}
	}
	return nil
}

// endedLeg returns a released call of the agent, nil if it is not remembered.
func (a *agent) endedLeg(id string) *leg {
	for _, l := range slices.Backward(a.ended) {
		if l.id == id {
			return l
		}
	}
	return nil
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "") + "'" }
