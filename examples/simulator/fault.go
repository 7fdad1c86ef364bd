package main

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// arguments are what faults are made of.
type arguments struct {
	after             time.Duration
	code, status, n   int
	text, topic       string
	contentType, body string
	name, value       string
}

// faults are the faults of package voicetest by name.
var faults = map[string]func(a *arguments) voicetest.Fault{
	"EventFirst":    func(a *arguments) voicetest.Fault { return voicetest.EventFirst(a.after) },
	"ResponseFirst": func(a *arguments) voicetest.Fault { return voicetest.ResponseFirst(a.after) },
	"Slow":          func(a *arguments) voicetest.Fault { return voicetest.Slow(a.after) },
	"Refuse":        func(a *arguments) voicetest.Fault { return voicetest.Refuse(voice.StatusCode(a.code), a.text) },
	"RefuseStatus": func(a *arguments) voicetest.Fault {
		return voicetest.RefuseStatus(a.status, voice.StatusCode(a.code), a.text)
	},
	"FailLater":   func(a *arguments) voicetest.Fault { return voicetest.FailLater(a.after, a.code, a.text) },
	"OnTopic":     func(a *arguments) voicetest.Fault { return voicetest.OnTopic(a.topic) },
	"NamingCall":  func(*arguments) voicetest.Fault { return voicetest.NamingCall() },
	"Bare":        func(*arguments) voicetest.Fault { return voicetest.Bare() },
	"Silence":     func(*arguments) voicetest.Fault { return voicetest.Silence() },
	"LostEvent":   func(*arguments) voicetest.Fault { return voicetest.LostEvent() },
	"LateEvent":   func(a *arguments) voicetest.Fault { return voicetest.LateEvent(a.after) },
	"Duplicate":   func(a *arguments) voicetest.Fault { return voicetest.Duplicate(a.after) },
	"SwapEvents":  func(*arguments) voicetest.Fault { return voicetest.SwapEvents() },
	"DropSession": func(*arguments) voicetest.Fault { return voicetest.DropSession() },
	"ExpireLogin": func(*arguments) voicetest.Fault { return voicetest.ExpireLogin() },
	"CutBefore":   func(*arguments) voicetest.Fault { return voicetest.CutBefore() },
	"CutAfter":    func(*arguments) voicetest.Fault { return voicetest.CutAfter() },
	"Answer":      func(a *arguments) voicetest.Fault { return voicetest.Answer(a.status, a.contentType, a.body) },
	"AnswerAfter": func(a *arguments) voicetest.Fault { return voicetest.AnswerAfter(a.status, a.contentType, a.body) },
	"Header":      func(a *arguments) voicetest.Fault { return voicetest.Header(a.name, a.value) },
	"Truncate":    func(a *arguments) voicetest.Fault { return voicetest.Truncate(a.n) },
}

// script is a fault that was asked for.
type script struct {
	*voicetest.Script
	id        int
	operation voice.OperationName
	read      string
	agent     string
	faults    []string
	cancelled bool
}

func (o *control) postFault(_ *http.Request, p *params) (any, error) {
	s, made, err := o.readFault(p)
	if err != nil {
		return nil, err
	}
	switch {
	case s.read != "" && s.agent != "":
		s.Script = o.sim.Agent(s.agent).OnRead(s.read, made...)
	case s.read != "":
		s.Script = o.sim.OnRead(s.read, made...)
	case s.agent != "":
		s.Script = o.sim.Agent(s.agent).On(s.operation, made...)
	default:
		s.Script = o.sim.On(s.operation, made...)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	s.id = len(o.scripts) + 1
	o.scripts = append(o.scripts, s)
	return map[string]int{"id": s.id}, nil
}

// readFault reads what a script is to be.
func (o *control) readFault(p *params) (*script, []voicetest.Fault, error) {
	s, a := &script{}, &arguments{}
	var operation string
	var times int
	var err error
	text := func(target *string, name string) {
		if err == nil {
			*target, err = p.text(name)
		}
	}
	number := func(target *int, name string) {
		if err == nil {
			*target, err = p.number(name)
		}
	}
	text(&operation, "operation")
	text(&s.read, "read")
	text(&s.agent, "agent")
	text(&a.text, "text")
	text(&a.topic, "topic")
	text(&a.contentType, "type")
	text(&a.body, "body")
	text(&a.name, "name")
	text(&a.value, "value")
	number(&a.code, "code")
	number(&a.status, "status")
	number(&a.n, "n")
	number(&times, "times")
	if err == nil {
		a.after, err = p.duration("after")
	}
	if err == nil {
		s.faults, err = p.list("fault")
	}
	if err == nil {
		err = p.rest()
	}
	if err != nil {
		return nil, nil, err
	}
	s.operation = voice.OperationName(operation)
	made, err := a.make(s.faults)
	switch {
	case err != nil:
		return nil, nil, err
	case operation != "" && s.read != "":
		return nil, nil, bad("read: there is an operation too")
	case s.agent != "" && !o.sim.HasAgent(s.agent):
		return nil, nil, bad("agent: there is no %q", s.agent)
	case times < 0:
		return nil, nil, bad("times: %d is negative", times)
	case times > 0:
		made = []voicetest.Fault{voicetest.Times(times, made...)}
	}
	return s, made, nil
}

// make makes faults from their names.
func (a *arguments) make(names []string) ([]voicetest.Fault, error) {
	if len(names) == 0 {
		return nil, bad("fault is missing")
	}
	var made []voicetest.Fault
	for _, name := range names {
		f := faults[name]
		if f == nil {
			var known []string
			for name := range faults {
				known = append(known, name)
			}
			slices.Sort(known)
			return nil, bad("fault: there is no %q; there is %s", name, strings.Join(known, ", "))
		}
		switch {
		case name == "Refuse" || name == "RefuseStatus":
			if a.code <= 0 {
				return nil, bad("code is missing: %s needs the code of GWS", name)
			}
		case name == "Header" && a.name == "":
			return nil, bad("name is missing: Header needs it")
		}
		if needsStatus := name == "RefuseStatus" || name == "Answer" || name == "AnswerAfter"; needsStatus && (a.status < 200 || a.status > 599) {
			return nil, bad("status: %s needs one from 200 to 599", name)
		}
		made = append(made, f(a))
	}
	return made, nil
}

// faultView is how a script is listed.
type faultView struct {
	ID        int                 `json:"id"`
	Operation voice.OperationName `json:"operation,omitempty"`
	Read      string              `json:"read,omitempty"`
	Agent     string              `json:"agent,omitempty"`
	Faults    []string            `json:"faults"`
	Happened  int                 `json:"happened"`
	Cancelled bool                `json:"cancelled,omitempty"`
}

func (o *control) listFaults(*http.Request, *params) (any, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	list := []faultView{}
	for _, s := range o.scripts {
		list = append(list, faultView{s.id, s.operation, s.read, s.agent, s.faults, s.Fired(), s.cancelled})
	}
	return list, nil
}

func (o *control) cancelFault(r *http.Request, _ *params) (any, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, err := strconv.Atoi(r.PathValue("id"))
	if err != nil || n < 1 || n > len(o.scripts) {
		return nil, notFound("there is no fault %q", r.PathValue("id"))
	}
	o.scripts[n-1].Cancel()
	o.scripts[n-1].cancelled = true
	return nil, nil
}
