package main

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// newTestControl returns the control API of a simulator with the default
// agents.
func newTestControl(t *testing.T) *control {
	sim := voicetest.NewServer(voicetest.Options{InMemory: true})
	t.Cleanup(sim.Close)
	return newControl(sim, &config{})
}

// ask sends a request, with a form if body is not JSON, and decodes the answer.
func (o *control) ask(t *testing.T, method, path, body string, into any) int {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded") // what curl -d says
	w := httptest.NewRecorder()
	o.ServeHTTP(w, r)
	if into != nil {
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), into), "%s", w.Body)
	}
	return w.Code
}

type object = map[string]any

// Every command line of the doc comment works.
func TestDocComment_commandsWork(t *testing.T) {
	n := 0
	for line := range strings.Lines(manual()) {
		line, _, _ = strings.Cut(line, "    #") // a remark behind it
		words := split(strings.TrimSpace(line))
		if len(words) < 2 || words[0] != "curl" || words[1] == "-u" {
			continue
		}
		n++
		t.Run(strings.Join(words, " "), func(t *testing.T) {
			o := newTestControl(t)
			method, path, form := "GET", "", []string{}
			for i := 1; i < len(words); i++ {
				switch words[i] {
				case "-X":
					i++
					method = words[i]
				case "-d":
					i++
					key, value, _ := strings.Cut(words[i], "=")
					form = append(form, key+"="+url.QueryEscape(value))
					method = "POST"
				default:
					path = strings.TrimPrefix(words[i], "127.0.0.1:8091")
				}
			}
			id := o.fitting(t, path)
			var answer any
			status := o.ask(t, method, strings.ReplaceAll(path, "ID", id), strings.ReplaceAll(strings.Join(form, "&"), "ID", id), &answer)
			assert.Equal(t, http.StatusOK, status, "%v", answer)
		})
	}
	assert.Greater(t, n, 25)
}

// fitting prepares what a path needs, and returns the id of the call.
func (o *control) fitting(t *testing.T, path string) string {
	switch {
	case strings.HasSuffix(path, "ID/answer"), strings.HasSuffix(path, "ID/refuse"):
		return o.sim.Agent("5001").Dial("4155550199")
	case strings.HasPrefix(path, "/previews/"):
		return o.sim.Preview(voicetest.Call{To: "5001"})
	case strings.HasPrefix(path, "/agents/"):
		return o.sim.Ring(voicetest.Call{To: "5001"})
	case strings.HasPrefix(path, "/faults/"):
		require.Equal(t, 200, o.ask(t, "POST", "/faults", "fault=Silence", nil))
	}
	return o.sim.Establish(voicetest.Call{To: "5001"})
}

// split splits a command line at spaces outside single quotes.
func split(line string) []string {
	var words []string
	quoted := false
	for i, part := range strings.Split(line, "'") {
		if quoted = i%2 == 1; quoted {
			words[len(words)-1] += part
			continue
		}
		fields := strings.Fields(part)
		if i > 0 && len(fields) > 0 && !strings.HasPrefix(part, " ") {
			words[len(words)-1] += fields[0]
			fields = fields[1:]
		}
		words = append(words, fields...)
	}
	return words
}

func TestCalls_ringAndHangup(t *testing.T) {
	o := newTestControl(t)
	var made struct{ ID string }
	require.Equal(t, 200, o.ask(t, "POST", "/calls", `{"queue": "9000", "from": "4155550101", "data": {"Name": "Lopez", "Count": 3}}`, &made))
	var list struct {
		Calls   []callView
		Waiting map[string][]string
	}
	require.Equal(t, 200, o.ask(t, "GET", "/calls", "", &list))
	require.Len(t, list.Calls, 1)
	assert.Equal(t, made.ID, list.Calls[0].ID)
	assert.Equal(t, "agent5001", list.Calls[0].Agent)
	assert.Equal(t, voice.StateRinging, list.Calls[0].State)
	assert.Equal(t, object{"Name": "Lopez", "Count": 3.0}, list.Calls[0].Data)

	require.Equal(t, 200, o.ask(t, "POST", "/calls", "queue=9000&to=5002&data.Name=Smith&answered=true", &made))
	assert.Equal(t, voice.StateEstablished, o.sim.Calls("5002")[0].State)
	assert.Equal(t, object{"Name": "Smith"}, o.sim.Calls("5002")[0].UserData)
	require.Equal(t, 200, o.ask(t, "POST", "/calls/"+made.ID+"/data", "data.Segment=Gold", nil))
	assert.Equal(t, object{"Name": "Smith", "Segment": "Gold"}, o.sim.Calls("5002")[0].UserData)
	require.Equal(t, 200, o.ask(t, "POST", "/calls/"+made.ID+"/hangup", "", nil))
	assert.Empty(t, o.sim.Calls("5002"))

	for _, agent := range []string{"5001", "5002", "5003"} {
		o.sim.Agent(agent).SetState(voice.OpNotReady)
	}
	require.Equal(t, 200, o.ask(t, "POST", "/calls", "queue=9000", &made))
	list.Waiting = nil
	o.ask(t, "GET", "/calls", "", &list)
	assert.Equal(t, map[string][]string{"9000": {made.ID}}, list.Waiting)
}

func TestAgents_telephoneAndSessions(t *testing.T) {
	o := newTestControl(t)
	id := o.sim.Ring(voicetest.Call{To: "5001"})
	for _, step := range []struct {
		act  string
		want voice.CallState
	}{{"answer", voice.StateEstablished}, {"hold", voice.StateHeld}, {"retrieve", voice.StateEstablished}} {
		require.Equal(t, 200, o.ask(t, "POST", "/agents/5001/"+step.act, "call="+id, nil))
		assert.Equal(t, step.want, o.sim.Calls("5001")[0].State)
	}
	assert.Equal(t, http.StatusConflict, o.ask(t, "POST", "/agents/5001/retrieve", "call="+id, nil))
	require.Equal(t, 200, o.ask(t, "POST", "/agents/agent5001/hangup", "call="+id, nil))
	assert.Empty(t, o.sim.Calls("5001"))
	require.Equal(t, 200, o.ask(t, "POST", "/agents/5001/state?operation=Lunch", "", nil))
	var agents []agentView
	require.Equal(t, 200, o.ask(t, "GET", "/agents", "", &agents))
	assert.Equal(t, "Lunch", agents[0].Devices[0].Reason)
	require.Equal(t, 200, o.ask(t, "POST", "/agents/5001/unregister", "", nil))
	assert.False(t, o.sim.Devices("5001")[0].Active)
	require.Equal(t, 200, o.ask(t, "POST", "/agents/5001/register", "", nil))
	assert.True(t, o.sim.Devices("5001")[0].Active)
	require.Equal(t, 200, o.ask(t, "POST", "/outage", "", nil))
	assert.False(t, o.sim.Devices("5001")[0].Active)
	require.Equal(t, 200, o.ask(t, "POST", "/restore", "", nil))
	assert.True(t, o.sim.Devices("5001")[0].Active)
}

func TestControl_wrongRequests(t *testing.T) {
	for _, c := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"POST", "/calls", "", 400, "queue, or to, is missing"},
		{"POST", "/calls", "queue=7", 400, `queue: there is no "7"; there is 9000`},
		{"POST", "/calls", "to=7", 400, `to: there is no agent "7"; there is agent5001, agent5002, agent5003, supervisor5009`},
		{"POST", "/calls", "to=5001&from=5001", 400, "from: the agent calls himself"},
		{"POST", "/calls", "queue=9000&answered=true", 400, "answered: nobody is named in to"},
		{"POST", "/calls", "to=5001&answered=soon", 400, `answered: "soon" is neither true nor false`},
		{"POST", "/calls", "to=5001&form=1", 400, `there is no parameter "form" here`},
		{"POST", "/calls", "to=5001&data=x", 400, "data: it is not an object; in a form write data.KEY=VALUE"},
		{"POST", "/calls", `{"to": ["5001"]}`, 400, "to: it is not a text"},
		{"POST", "/calls", `{"to": `, 400, "the body is not a JSON object: "},
		{"POST", "/calls", "%zz", 400, "the body is neither a JSON object nor a form: "},
		{"POST", "/calls", strings.Repeat("x", maxBody+1), 400, "the body cannot be read: "},
		{"POST", "/calls/x/hangup", "", 404, `there is no call "x"`},
		{"POST", "/calls/ID/answer", "", 409, "no outside party of the call can do that now"},
		{"POST", "/calls/ID/sing", "", 404, `a call has hangup, answer, refuse and data, not "sing"`},
		{"POST", "/calls/ID/data", "", 400, "data is missing"},
		{"POST", "/previews", "", 400, "to is missing"},
		{"POST", "/previews", "to=7", 400, `to: there is no agent "7"`},
		{"DELETE", "/previews/x", "", 404, `there is no preview "x"`},
		{"POST", "/agents/7/answer", "call=1", 404, `there is no agent "7"`},
		{"POST", "/agents/5001/answer", "", 400, "call is missing"},
		{"POST", "/agents/5001/answer", "call=x", 409, "the agent's telephone cannot do that to this call now"},
		{"POST", "/agents/5001/dial", "", 400, "number is missing"},
		{"POST", "/agents/5001/dial", "number=77", 400, `number: nobody has "77"`},
		{"POST", "/agents/5001/state", "", 400, "operation is missing"},
		{"POST", "/agents/5001/state", "operation=Nap", 400, `operation: there is no state "Nap"; there is Ready, `},
		{"POST", "/agents/5001/sing", "", 404, `not "sing"`},
		{"POST", "/faults", "", 400, "fault is missing"},
		{"POST", "/faults", "fault=Fire", 400, `fault: there is no "Fire"; there is Answer, `},
		{"POST", "/faults", "fault=Refuse", 400, "code is missing: Refuse needs the code of GWS"},
		{"POST", "/faults", "fault=Answer&status=7", 400, "status: Answer needs one from 200 to 599"},
		{"POST", "/faults", "fault=Header", 400, "name is missing: Header needs it"},
		{"POST", "/faults", "fault=Slow&after=soon", 400, `after: "soon" is not a duration such as 1.5s`},
		{"POST", "/faults", "fault=Slow&times=two", 400, `times: "two" is not a whole number`},
		{"POST", "/faults", "fault=Slow&times=-1", 400, "times: -1 is negative"},
		{"POST", "/faults", "fault=Slow&agent=7", 400, `agent: there is no "7"`},
		{"POST", "/faults", "fault=Slow&operation=Hold&read=/me", 400, "read: there is an operation too"},
		{"POST", "/faults", `{"fault": ["Slow", 7]}`, 400, "fault: one of them is not a text"},
		{"DELETE", "/faults/1", "", 404, `there is no fault "1"`},
		{"POST", "/restart", "down=-1s", 400, `down: "-1s" is not a duration such as 1.5s`},
	} {
		o := newTestControl(t)
		id := o.sim.Establish(voicetest.Call{})
		var answer struct{ Error string }
		status := o.ask(t, c.method, strings.ReplaceAll(c.path, "ID", id), c.body, &answer)
		assert.Equal(t, c.status, status, "%s %s", c.method, c.path)
		assert.Contains(t, answer.Error, c.want)
	}
}

func TestFaults_listedAndCancelled(t *testing.T) {
	o := newTestControl(t)
	require.Equal(t, 200, o.ask(t, "POST", "/faults", "fault=FailLater&fault=Bare&after=1s&operation=Hold&agent=5001&times=2", nil))
	require.Equal(t, 200, o.ask(t, "POST", "/faults", `{"fault": ["Answer"], "read": "/me", "status": 200, "body": "x"}`, nil))
	require.Equal(t, 200, o.ask(t, "DELETE", "/faults/2", "", nil))
	var list []faultView
	require.Equal(t, 200, o.ask(t, "GET", "/faults", "", &list))
	assert.Equal(t, []faultView{
		{ID: 1, Operation: "Hold", Agent: "5001", Faults: []string{"FailLater", "Bare"}},
		{ID: 2, Read: "/me", Faults: []string{"Answer"}, Cancelled: true},
	}, list)
}

// Every fault of package voicetest can be asked for.
func TestFaults_areAll(t *testing.T) {
	files, err := filepath.Glob("../../voice/voicetest/*.go")
	require.NoError(t, err)
	n := 0
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, decl := range parsed.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || f.Recv != nil || f.Type.Results == nil || !f.Name.IsExported() || f.Name.Name == "Times" {
				continue
			}
			if result, ok := f.Type.Results.List[0].Type.(*ast.Ident); ok && result.Name == "Fault" {
				n++
				assert.Contains(t, faults, f.Name.Name)
			}
		}
	}
	assert.Greater(t, n, 15)
	made, err := (&arguments{code: 2, status: 200, name: "X"}).make([]string{"Slow"})
	require.NoError(t, err)
	assert.Len(t, made, 1)
	for name := range faults {
		_, err := (&arguments{code: 2, status: 200, name: "X"}).make([]string{name})
		assert.NoError(t, err, name)
	}
}
