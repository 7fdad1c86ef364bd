package main

import (
	_ "embed"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// control is the control API.
type control struct {
	*http.ServeMux
	sim    *voicetest.Server
	queues []string
	states []voice.OperationName

	mu      sync.Mutex
	scripts []*script
}

//go:embed main.go
var source string

// manual is the doc comment of this program.
func manual() string {
	comment, _, _ := strings.Cut(source, "package main")
	var text strings.Builder
	for line := range strings.Lines(comment) {
		text.WriteString(strings.TrimPrefix(strings.TrimPrefix(line, "//"), " "))
	}
	return text.String()
}

type handler func(r *http.Request, p *params) (any, error)

func newControl(sim *voicetest.Server, c *config) *control {
	o := &control{ServeMux: http.NewServeMux(), sim: sim, queues: c.Queues}
	if o.queues == nil {
		o.queues = []string{"9000"}
	}
	o.states = []voice.OperationName{voice.OpReady, voice.OpNotReady, voice.OpAfterCallWork, voice.OpAuxWork, voice.OpOffline, voicetest.StayLoggedIn}
	for _, s := range voicetest.DefaultAgentStates() {
		o.states = append(o.states, s.OperationName)
	}
	o.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte(manual()))
	})
	for pattern, h := range map[string]handler{
		"GET /agents":   o.listAgents,
		"GET /calls":    o.listCalls,
		"GET /requests": o.listRequests,

		"POST /calls":            o.postCall,
		"POST /calls/{id}/{act}": o.actOnCall,
		"POST /previews":         o.preview,
		"DELETE /previews/{id}":  o.cancelPreview,

		"POST /agents/{agent}/{act}": o.actAsAgent,

		"GET /faults":         o.listFaults,
		"POST /faults":        o.postFault,
		"DELETE /faults/{id}": o.cancelFault,

		"POST /outage":  o.whole(func() { sim.Outage() }),
		"POST /restore": o.whole(func() { sim.Restore() }),
		"POST /restart": o.restart,
	} {
		o.HandleFunc(pattern, answering(h))
	}
	return o
}

// answering answers in JSON with what h returns.
func answering(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p, err := readParams(w, r)
		var result any
		if err == nil {
			result, err = h(r, p)
		}
		w.Header().Set("Content-Type", "application/json")
		if err != nil {
			w.WriteHeader(statusOf(err))
			result = map[string]string{"error": err.Error()}
		}
		if result == nil {
			result = struct{}{}
		}
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		_ = encoder.Encode(result)
	}
}

func (o *control) agent(name string) (*voicetest.AgentControl, error) {
	if !o.sim.HasAgent(name) {
		return nil, notFound("there is no agent %q", name)
	}
	return o.sim.Agent(name), nil
}

func (o *control) postCall(_ *http.Request, p *params) (any, error) {
	var c call
	var err error
	read := func(target *string, name string) {
		if err == nil {
			*target, err = p.text(name)
		}
	}
	read(&c.From, "from")
	read(&c.To, "to")
	read(&c.Queue, "queue")
	if err == nil {
		c.Data, err = p.object("data")
	}
	if err == nil {
		c.Answered, err = p.flag("answered")
	}
	if err == nil {
		err = p.rest()
	}
	if err != nil {
		return nil, err
	}
	id, err := o.ring(c)
	return map[string]string{"id": id}, err
}

// ring lets a call come.
func (o *control) ring(c call) (string, error) {
	switch {
	case c.Queue == "" && c.To == "":
		return "", bad("queue, or to, is missing")
	case c.Queue != "" && !slices.Contains(o.queues, c.Queue):
		return "", bad("queue: there is no %q; there is %s", c.Queue, strings.Join(o.queues, ", "))
	case c.To != "" && !o.sim.HasAgent(c.To):
		return "", bad("to: there is no agent %q; there is %s", c.To, strings.Join(o.sim.AgentNames(), ", "))
	case c.To == "" && c.Answered:
		return "", bad("answered: nobody is named in to")
	case c.To != "" && c.From != "" && o.sim.HasAgent(c.From) && o.sim.Agent(c.From).UserName() == o.sim.Agent(c.To).UserName():
		return "", bad("from: the agent calls himself")
	}
	call := voicetest.Call{From: c.From, To: c.To, Queue: c.Queue, UserData: c.Data}
	switch {
	case c.To == "":
		return o.sim.Enqueue(call), nil
	case c.Answered:
		return o.sim.Establish(call), nil
	}
	return o.sim.Ring(call), nil
}

// actOnCall does what is done to a call from outside.
func (o *control) actOnCall(r *http.Request, p *params) (any, error) {
	id, done := r.PathValue("id"), false
	switch act := r.PathValue("act"); act {
	case "hangup":
		done = o.sim.HangupCustomer(id)
	case "answer":
		done = o.sim.AnswerOutside(id)
	case "refuse":
		done = o.sim.RefuseOutside(id)
	case "data":
		data, err := p.object("data")
		if err != nil {
			return nil, err
		}
		if len(data) == 0 {
			return nil, bad("data is missing")
		}
		done = o.sim.AttachData(id, data)
	default:
		return nil, notFound("a call has hangup, answer, refuse and data, not %q", act)
	}
	switch {
	case !o.sim.Alive(id) && !done:
		return nil, notFound("there is no call %q", id)
	case !done:
		return nil, &statusError{http.StatusConflict, "no outside party of the call can do that now"}
	}
	return nil, p.rest()
}

func (o *control) preview(_ *http.Request, p *params) (any, error) {
	to, err := p.required("to")
	if err != nil {
		return nil, err
	}
	from, err := p.text("from")
	if err != nil {
		return nil, err
	}
	data, err := p.object("data")
	if err != nil {
		return nil, err
	}
	if !o.sim.HasAgent(to) {
		return nil, bad("to: there is no agent %q", to)
	}
	return map[string]string{"id": o.sim.Preview(voicetest.Call{To: to, From: from, UserData: data})}, p.rest()
}

func (o *control) cancelPreview(r *http.Request, _ *params) (any, error) {
	if id := r.PathValue("id"); !o.sim.CancelPreview(id) {
		return nil, notFound("there is no preview %q", id)
	}
	return nil, nil
}

// actAsAgent does what an agent does on the telephone, and what happens to the
// agent's sessions.
func (o *control) actAsAgent(r *http.Request, p *params) (any, error) {
	c, err := o.agent(r.PathValue("agent"))
	if err != nil {
		return nil, err
	}
	phone := map[string]func(string) bool{"answer": c.Answer, "hangup": c.Hangup, "hold": c.Hold, "retrieve": c.Retrieve}
	session := map[string]func(string){"drop-session": o.sim.DropSession, "expire-login": o.sim.ExpireLogin, "rotate-csrf": o.sim.RotateCSRF}
	act := r.PathValue("act")
	switch {
	case phone[act] != nil:
		id, err := p.required("call")
		if err != nil {
			return nil, err
		}
		if !phone[act](id) {
			return nil, &statusError{http.StatusConflict, "the agent's telephone cannot do that to this call now"}
		}
	case session[act] != nil:
		session[act](c.UserName())
	case act == "dial":
		number, err := p.required("number")
		if err != nil {
			return nil, err
		}
		id := c.Dial(number)
		if id == "" {
			return nil, bad("number: nobody has %q", number)
		}
		return map[string]string{"id": id}, p.rest()
	case act == "state":
		state, err := p.required("operation")
		if err != nil {
			return nil, err
		}
		if !slices.Contains(o.states, voice.OperationName(state)) {
			return nil, bad("operation: there is no state %q; there is %s", state, join(o.states))
		}
		c.SetState(voice.OperationName(state))
	case act == "register" || act == "unregister":
		c.SetRegistered(act == "register")
	case act == "token":
		token, err := p.text("token")
		if err != nil {
			return nil, err
		}
		c.SetToken(token)
	default:
		return nil, notFound("an agent has answer, hangup, hold, retrieve, dial, state, register, unregister, token, drop-session, expire-login and rotate-csrf, not %q", act)
	}
	return nil, p.rest()
}

func join(names []voice.OperationName) string {
	var texts []string
	for _, name := range names {
		texts = append(texts, string(name))
	}
	return strings.Join(texts, ", ")
}

func (o *control) whole(do func()) handler {
	return func(*http.Request, *params) (any, error) {
		do()
		return nil, nil
	}
}

func (o *control) restart(_ *http.Request, p *params) (any, error) {
	down, err := p.duration("down")
	if err == nil {
		err = p.rest()
	}
	if err != nil {
		return nil, err
	}
	o.sim.Restart(max(down, time.Millisecond))
	return nil, nil
}
