package main

import (
	"slices"
	"strings"

	"github.com/gwsvoice/gws-go/voice"
)

// callView is a call as the page gets it: the call of the wire, and what the
// desk knows beside it.
type callView struct {
	Call       *voice.Call           `json:"call"`
	Name       string                `json:"name"`   // the customer's, from the attached data; may be ""
	Number     string                `json:"number"` // of the other party, as people write it
	Queue      string                `json:"queue,omitempty"`
	Incoming   bool                  `json:"incoming"`
	Began      int64                 `json:"began"`
	Since      int64                 `json:"since"`
	Monitoring voice.OperationName   `json:"monitoring,omitempty"` // how this supervisor listens
	Operations []voice.OperationName `json:"operations"`           // the buttons, exactly
}

// agentView is the agent and the agent's phone.
type agentView struct {
	Name       string                `json:"name"`
	User       string                `json:"user"`
	DN         string                `json:"dn"`
	Supervisor bool                  `json:"supervisor"`
	Device     *voice.Device         `json:"device,omitempty"`
	State      stateView             `json:"state"`
	Since      int64                 `json:"since"`
	States     []stateChoice         `json:"states"`
	Server     string                `json:"server"` // version of GWS; may be ""
	Operations []voice.OperationName `json:"operations"`
}

// stateView is an agent's state as a word and one of five tones.
type stateView struct {
	Label string `json:"label"`
	Tone  string `json:"tone"` // green, amber, blue or grey
}

// stateChoice is a state that the agent can choose.
type stateChoice struct {
	Operation string `json:"operation"`
	stateView
	Current bool `json:"current"`
}

// The post methods must be called with d.mu held.

func (d *desk) postCalls() {
	views := []callView{}
	for _, c := range d.calls {
		views = append(views, callView{
			Call: c.Call, Name: d.customer(c.Call), Number: number(c.Call), Queue: d.queue(c),
			Incoming: c.incoming, Began: millis(c.began), Since: millis(c.since),
			Monitoring: d.monitoring(c.Call), Operations: d.buttons(c.Call),
		})
	}
	d.board.post("calls", views)
	d.floor.touch()
}

// buttons lists what the page offers on a call: the call's capabilities, as far
// as the page has a button for them, and what needs no capability.
func (d *desk) buttons(call *voice.Call) []voice.OperationName {
	ops := []voice.OperationName{}
	for _, op := range call.Capabilities {
		if _, known := callOperations[op]; known && !slices.Contains(ops, op) {
			ops = append(ops, op)
		}
	}
	add := func(op voice.OperationName) {
		if !slices.Contains(ops, op) {
			ops = append(ops, op)
		}
	}
	add(voice.OpSetCallDisposition)
	if d.monitoring(call) == voice.OpBargeIn {
		if call.MonitoredUserMuted {
			add(voice.OpUnmuteMonitoredUser)
		} else {
			add(voice.OpMuteMonitoredUser)
		}
	}
	return ops
}

func (d *desk) postAgent() {
	user := d.client.User()
	v := agentView{Name: fullName(user), User: user.UserName, Since: millis(d.stateSince), Server: d.client.ServerVersion(),
		Supervisor: slices.Contains(user.Roles, voice.RoleSupervisor), States: []stateChoice{}, Operations: []voice.OperationName{}}
	var current *voice.UserState
	if len(d.devices) > 0 {
		v.Device = d.devices[0]
		v.DN, current = v.Device.PhoneNumber, v.Device.UserState
		for _, op := range v.Device.Capabilities {
			if _, known := deviceOperations[op]; known {
				v.Operations = append(v.Operations, op)
			}
			if op == voice.OpListenIn {
				v.Supervisor = true
			}
		}
	}
	v.State = describe(current, v.Device)
	for _, s := range inOrder(d.states) {
		v.States = append(v.States, stateChoice{
			Operation: s.OperationName,
			stateView: stateView{stateName(s.OperationName, d.states), tone(s.State, s.WorkMode)},
			Current:   current.Is(s.ID),
		})
	}
	d.board.post("agent", v)
	d.floor.touch()
}

// inOrder puts the states in the order in which agents need them: ready or not,
// the reasons, and the end of the day.
func inOrder(states []voice.AgentState) []voice.AgentState {
	rank := func(s voice.AgentState) int {
		switch voice.OperationName(s.OperationName) {
		case voice.OpReady:
			return 0
		case voice.OpNotReady:
			return 1
		case voice.OpAfterCallWork:
			return 2
		case voice.OpAuxWork:
			return 3
		case voice.OpOffline:
			return 5
		}
		return 4
	}
	sorted := slices.Clone(states)
	slices.SortStableFunc(sorted, func(a, b voice.AgentState) int { return rank(a) - rank(b) })
	return sorted
}

// describe puts an agent's state into a word.
func describe(u *voice.UserState, device *voice.Device) stateView {
	switch {
	case device != nil && device.State == voice.DeviceInactive:
		return stateView{"Phone not available", "grey"}
	case u == nil:
		return stateView{"No phone", "grey"}
	}
	label := u.DisplayName
	switch {
	case u.Is(voice.StateIDNotReady):
		label = "Not ready"
	case u.Is(voice.StateIDAfterCallWork):
		label = "After-call work"
	case u.Is(voice.StateIDAuxWork):
		label = "Other work"
	case label == "" && u.State == voice.UserLoggedIn:
		label = "Logged in"
	case label == "":
		label = string(u.State)
	}
	return stateView{label, tone(u.State, u.WorkMode)}
}

func tone(state voice.UserStatus, mode voice.WorkMode) string {
	switch {
	case state == voice.UserReady:
		return "green"
	case mode == voice.WorkModeAfterCallWork:
		return "blue"
	case state == voice.UserNotReady:
		return "amber"
	}
	return "grey"
}

// stateName is what a state is called on its button.
func stateName(operation string, states []voice.AgentState) string {
	switch voice.OperationName(operation) {
	case voice.OpReady:
		return "Ready"
	case voice.OpNotReady:
		return "Not ready"
	case voice.OpAfterCallWork:
		return "After-call work"
	case voice.OpAuxWork:
		return "Other work"
	case voice.OpOffline:
		return "Offline"
	}
	for _, s := range states {
		if s.OperationName == operation && s.DisplayName != "" {
			return s.DisplayName
		}
	}
	return operation
}

func fullName(u *voice.User) string {
	switch {
	case u.FirstName != "" && u.LastName != "":
		return u.FirstName + " " + u.LastName
	case u.FirstName+u.LastName != "":
		return u.FirstName + u.LastName
	}
	return u.UserName
}

// customer returns who is on the call: colleagues by their names, the customer as
// the attached data tells; "" if there are numbers only.
func (d *desk) customer(call *voice.Call) string {
	var names []string
	var strangers, callers []int // who may be the customer, and who surely is
	for i, p := range call.Participants {
		name := d.floor.nameOf(p.PhoneNumber)
		if name == "" {
			name = number(&voice.Call{Participants: []voice.Participant{p}})
			strangers = append(strangers, i)
			if p.PhoneNumber == call.ANI || p.PhoneNumber == call.DNIS {
				callers = append(callers, i)
			}
		}
		names = append(names, name)
	}
	known, _ := call.UserData[d.look.nameKey].(string)
	switch {
	case len(names) == 0:
		return known
	case known != "" && len(strangers) == 1:
		names[strangers[0]] = known
	case known != "" && len(callers) == 1:
		names[callers[0]] = known
	case len(strangers) == len(names):
		return ""
	}
	return strings.Join(names, ", ")
}

// monitoring returns how the agent is on a call as its supervisor; "" if not.
// Older servers tell it by what they offer only.
func (d *desk) monitoring(call *voice.Call) voice.OperationName {
	switch {
	case call.SupervisorMonitoring != nil:
		return call.SupervisorMonitoring.State
	case call.Can(voice.OpSwitchToListenIn):
		return voice.OpBargeIn
	case !call.Can(voice.OpSwitchToBargeIn):
		return ""
	case call.Mute:
		return voice.OpListenIn
	}
	return voice.OpCoach
}

// number returns the other parties' numbers as people write them.
func number(call *voice.Call) string {
	text := ""
	for _, p := range call.Participants {
		n := p.FormattedPhoneNumber
		if n == "" {
			n = p.PhoneNumber
		}
		if text != "" {
			text += ", "
		}
		text += n
	}
	if text == "" {
		text = call.ANI
	}
	return text
}

// queue returns the queue that sent a call: the number that was dialled, if the
// call came in and that number is not the agent's own.
func (d *desk) queue(c *liveCall) string {
	if !c.incoming {
		return ""
	}
	for _, device := range d.devices {
		if device.PhoneNumber == c.DNIS {
			return ""
		}
	}
	return c.DNIS
}
