package main

import (
	"net/http"
	"time"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// callView is a call as an agent has it.
type callView struct {
	Agent        string                `json:"agent"`
	ID           string                `json:"id"`
	ConnID       string                `json:"connId"`
	State        voice.CallState       `json:"state"`
	Type         string                `json:"type"`
	ANI          string                `json:"ani,omitempty"`
	DNIS         string                `json:"dnis,omitempty"`
	Parent       string                `json:"parent,omitempty"`
	Participants []string              `json:"participants"`
	Capabilities []voice.OperationName `json:"capabilities"`
	Data         map[string]any        `json:"data,omitempty"`
	Muted        bool                  `json:"muted,omitempty"`
	Recording    string                `json:"recording,omitempty"`
	Supervising  string                `json:"supervising,omitempty"`
	Digits       string                `json:"digits,omitempty"`
	Disposition  string                `json:"disposition,omitempty"`
	Began        time.Time             `json:"began"`
}

func viewOf(agent string, c voicetest.CallInfo) callView {
	return callView{agent, c.ID, c.ConnID, c.State, c.Type, c.ANI, c.DNIS, c.ParentID, c.Participants, c.Capabilities,
		c.UserData, c.Muted, c.RecordingState, c.Supervising, c.Digits, c.Disposition, c.Began}
}

func (o *control) calls(agent string) []callView {
	views := []callView{}
	for _, c := range o.sim.Calls(agent) {
		views = append(views, viewOf(agent, c))
	}
	return views
}

func (o *control) listCalls(*http.Request, *params) (any, error) {
	result := struct {
		Calls   []callView          `json:"calls"`
		Waiting map[string][]string `json:"waiting"` // ids by queue
	}{[]callView{}, map[string][]string{}}
	for _, agent := range o.sim.AgentNames() {
		result.Calls = append(result.Calls, o.calls(agent)...)
	}
	for _, queue := range o.queues {
		if ids := o.sim.Waiting(queue); len(ids) > 0 {
			result.Waiting[queue] = ids
		}
	}
	return result, nil
}

type agentView struct {
	Agent    string       `json:"agent"`
	DN       string       `json:"dn"`
	UserID   string       `json:"userId"`
	Sessions int          `json:"sessions"` // of CometD
	Devices  []deviceView `json:"devices"`
	Calls    []callView   `json:"calls"`
}

type deviceView struct {
	ID           string `json:"id"`
	DN           string `json:"dn"`
	Active       bool   `json:"active"`
	State        string `json:"state"`
	WorkMode     string `json:"workMode,omitempty"`
	Reason       string `json:"reason,omitempty"`
	DoNotDisturb bool   `json:"doNotDisturb,omitempty"`
	ForwardTo    string `json:"forwardTo,omitempty"`
	Monitoring   string `json:"monitoring,omitempty"`
	MonitoredBy  string `json:"monitoredBy,omitempty"`
}

func (o *control) listAgents(*http.Request, *params) (any, error) {
	var agents []agentView
	for _, name := range o.sim.AgentNames() {
		c := o.sim.Agent(name)
		v := agentView{Agent: name, DN: c.DN(), UserID: c.UserID(), Sessions: o.sim.Sessions(name),
			Devices: []deviceView{}, Calls: o.calls(name)}
		for _, d := range o.sim.Devices(name) {
			v.Devices = append(v.Devices, deviceView{d.ID, d.DN, d.Active, d.State, d.WorkMode, d.Reason, d.DoNotDisturb,
				d.ForwardTo, d.Monitoring, d.MonitoredByDN})
		}
		agents = append(agents, v)
	}
	return agents, nil
}

// requestView is a request of a client, without its headers, which hold
// credentials.
type requestView struct {
	At     time.Time `json:"at"`
	User   string    `json:"user,omitempty"`
	Method string    `json:"method"`
	Path   string    `json:"path"`
	Body   string    `json:"body,omitempty"`
	Status int       `json:"status"`
}

func (o *control) listRequests(*http.Request, *params) (any, error) {
	list := []requestView{}
	for _, r := range o.sim.Requests() {
		list = append(list, requestView{r.At, r.User, r.Method, r.Path, string(r.Body), r.Status})
	}
	return list, nil
}
