//go:build unix

package interop

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gwsvoice/gws-go/cometd/cometdtest"
)

// TestFaithful sends the same bodies to a real server and to the preset of
// cometdtest that imitates it, and compares status and messages of the answers.
func TestFaithful(t *testing.T) {
	for _, row := range []struct {
		name    string
		preset  cometdtest.Preset
		program func(testing.TB) program
	}{
		{"node", cometdtest.Node, func(t testing.TB) program { return nodeProgram(t, "cometd-server") }},
		{"faye", cometdtest.Faye, func(t testing.TB) program { return nodeProgram(t, "faye-server") }},
		{"cometd31", cometdtest.Reference31, func(t testing.TB) program { return javaProgram(t, "cometd31") }},
		{"cometd9", cometdtest.Reference, func(t testing.TB) program { return javaProgram(t, "cometd9") }},
	} {
		for _, ack := range []string{"false", "true"} {
			t.Run(row.name+"/ack="+ack, func(t *testing.T) {
				t.Parallel()
				real := startServer(t, row.program(t), "ack="+ack)
				life := maxInterval
				if row.preset == cometdtest.Faye {
					life -= holdTime // which counts from when the connect came
				}
				ours := cometdtest.NewServer(cometdtest.Options{
					Preset: row.preset, Ack: ack == "true", Timeout: holdTime, MaxInterval: life,
					Policy: func(_ *cometdtest.Session, action cometdtest.Action, channel string) *cometdtest.Refusal {
						if action != cometdtest.Create && strings.HasPrefix(channel, "/forbidden") {
							return &cometdtest.Refusal{}
						}
						return nil
					},
				})
				defer ours.Close()
				for name, script := range scripts {
					t.Run(name, func(t *testing.T) {
						compare(t, script,
							&speaker{url: real.url(), held: real.held, forget: real.forgetAll, disconnect: real.disconnectAll},
							&speaker{
								url: ours.URL(),
								held: func() (held string) {
									each(ours, func(s *cometdtest.Session) {
										if s.Held() {
											held = fmt.Sprint(len(ours.Requests()))
										}
									})
									return held
								},
								forget:     func() { each(ours, (*cometdtest.Session).Expire) },
								disconnect: func() { each(ours, (*cometdtest.Session).Disconnect) },
							})
					})
				}
			})
		}
	}
}

func each(s *cometdtest.Server, f func(*cometdtest.Session)) {
	for _, session := range s.Sessions() {
		f(session)
	}
}

const (
	hello   = `[{"id":"1","channel":"/meta/handshake","version":"1.0","minimumVersion":"1.0","supportedConnectionTypes":["long-polling"],"ext":{"ack":true}}]`
	first   = `[{"id":"2","channel":"/meta/connect","clientId":"CLIENT","connectionType":"long-polling","advice":{"timeout":0},"ext":{"ack":0}}]`
	listen  = `[{"id":"3","channel":"/meta/subscribe","clientId":"CLIENT","subscription":"/foo/bar"}]`
	connect = `[{"id":"4","channel":"/meta/connect","clientId":"CLIENT","connectionType":"long-polling","ext":{"ack":1}}]`
	later   = `[{"id":"5","channel":"/meta/connect","clientId":"CLIENT","connectionType":"long-polling","ext":{"ack":2}}]`
	publish = `[{"id":"6","channel":"/foo/bar","clientId":"CLIENT","data":{"x":1}}]`
	bye     = `[{"id":"7","channel":"/meta/disconnect","clientId":"CLIENT"}]`
)

// A script is a list of bodies, sent one after the other, in which CLIENT
// stands for the clientId of the last handshake. A line that begins with "&" is
// a connect that the server may hold, and that a later line releases.
var scripts = map[string][]string{
	"session": {hello, first, listen, "&" + connect, publish, "&" + later, bye, later},
	"idle":    {hello, listen, first, connect, "&" + later, bye},
	"subscriptions": {hello, first,
		`[{"id":"1","channel":"/meta/subscribe","clientId":"CLIENT","subscription":["/one","/two/**"]}]`,
		`[{"id":"2","channel":"/meta/subscribe","clientId":"CLIENT","subscription":"/forbidden/x"}]`,
		`[{"id":"3","channel":"/meta/subscribe","clientId":"CLIENT","subscription":["/three","/forbidden/x","/four"]}]`,
		`[{"id":"4","channel":"/meta/subscribe","clientId":"CLIENT","subscription":"/meta/connect"}]`,
		`[{"id":"15","channel":"/meta/subscribe","clientId":"CLIENT","subscription":"/meta/other"}]`,
		`[{"id":"5","channel":"/meta/subscribe","clientId":"CLIENT","subscription":"/service/x"}]`,
		`[{"id":"6","channel":"/meta/subscribe","clientId":"CLIENT"}]`,
		`[{"id":"7","channel":"/meta/subscribe","clientId":"CLIENT","subscription":"/one"}]`,
		`[{"id":"8","channel":"/one","clientId":"CLIENT","data":1}]`,
		`[{"id":"9","channel":"/two/a/b","clientId":"CLIENT","data":""}]`,
		`[{"id":"10","channel":"/meta/unsubscribe","clientId":"CLIENT","subscription":"/one"}]`,
		`[{"id":"11","channel":"/one","clientId":"CLIENT","data":1}]`,
		`[{"id":"12","channel":"/meta/unsubscribe","clientId":"CLIENT","subscription":"/never/heard/of"}]`,
		`[{"id":"13","channel":"/meta/unsubscribe","clientId":"CLIENT"}]`,
		`[{"id":"14","channel":"/meta/unsubscribe","clientId":"CLIENT","subscription":["/three","/two/**"]}]`,
		"&" + connect, bye},
	"publishes": {hello, first, listen,
		`[{"id":"1","channel":"/forbidden/x","clientId":"CLIENT","data":1}]`,
		`[{"id":"2","channel":"/service/x","clientId":"CLIENT","data":1}]`,
		`[{"id":"3","channel":"/foo/bar","clientId":"CLIENT","data":null}]`,
		`[{"channel":"/foo/bar","clientId":"CLIENT","data":{"deep":[1,2.5,"\u00e9\ud83d\ude00"]}}]`,
		"&" + connect, bye},
	"together": {hello, first,
		`[{"id":"1","channel":"/meta/subscribe","clientId":"CLIENT","subscription":"/foo/bar"},
		  {"id":"2","channel":"/foo/bar","clientId":"CLIENT","data":1},
		  {"id":"3","channel":"/foo/bar","clientId":"CLIENT","data":2},
		  {"id":"4","channel":"/meta/unsubscribe","clientId":"CLIENT","subscription":"/foo/bar"}]`,
		"&" + connect, bye},
	"connect with others": {hello, first, listen,
		`[{"id":"1","channel":"/foo/bar","clientId":"CLIENT","data":1},
		  {"id":"2","channel":"/meta/connect","clientId":"CLIENT","connectionType":"long-polling","ext":{"ack":1}}]`,
		"&" + later, bye},
	"connect twice":    {hello, first, listen, "&" + connect, "&" + later, publish, bye},
	"bye while held":   {hello, first, "&" + connect, bye},
	"kicked":           {hello, first, listen, "&" + connect, "disconnect", later},
	"forgotten":        {hello, first, listen, "&" + connect, "forget", later, publish, listen, bye},
	"handshake, other": {`[` + hello[1:len(hello)-1] + `,{"id":"9","channel":"/foo/bar","data":1}]`},
	"object":           {hello[1 : len(hello)-1], first[1 : len(first)-1], publish[1 : len(publish)-1], bye},
	"interval": {hello, `[{"id":"2","channel":"/meta/connect","clientId":"CLIENT","connectionType":"long-polling","advice":{"timeout":0,"interval":500}}]`,
		"&" + connect, bye},
	"unknown": {
		`[{"id":"1","channel":"/meta/connect","clientId":"nobody","connectionType":"long-polling"}]`,
		`[{"id":"2","channel":"/meta/subscribe","clientId":"nobody","subscription":"/foo"}]`,
		`[{"id":"3","channel":"/meta/unsubscribe","clientId":"nobody","subscription":"/foo"}]`,
		`[{"id":"5","channel":"/meta/disconnect","clientId":"nobody"}]`},
	"syntax": {hello, first, listen,
		`[{"id":"a-b","channel":"/foo/bar","clientId":"CLIENT","data":1}]`,
		`[{"id":17,"channel":"/foo/bar","clientId":"CLIENT","data":1}]`,
		`[{"id":"1","channel":"foo","clientId":"CLIENT","data":1}]`,
		`[{"id":"2","channel":"/","clientId":"CLIENT","data":1}]`,
		`[{"id":"3","channel":"/foo//bar","clientId":"CLIENT","data":1}]`,
		`[{"id":"4","channel":"/foo/*","clientId":"CLIENT","data":1}]`,
		`[{"id":"5","channel":"/foo/**","clientId":"CLIENT","data":1}]`,
		`[{"id":"6","channel":"/meta/other","clientId":"CLIENT","data":1}]`,
		`[{"id":"7","channel":"/foo/bar","clientId":"CLIENT"}]`,
		`[{"id":"8","clientId":"CLIENT","data":1}]`,
		`[{"id":"9","channel":"/meta/subscribe","clientId":"CLIENT","subscription":"foo"}]`,
		`[{"id":"10","channel":"/meta/subscribe","clientId":"CLIENT","subscription":""}]`,
		`[{"id":"11","channel":"/meta/subscribe","clientId":"CLIENT","subscription":[]}]`,
		`[{"id":"12","channel":"/foo/bar/","clientId":"CLIENT","data":1}]`,
		`[{"id":"13","channel":"/foo.bar/{x}","clientId":"CLIENT","data":1}]`,
		bye},
	"handshakes": {
		`[{"id":"1","channel":"/meta/handshake","supportedConnectionTypes":["long-polling"]}]`,
		`[{"id":"2","channel":"/meta/handshake","version":"0.9","supportedConnectionTypes":["long-polling"]}]`,
		`[{"id":"3","channel":"/meta/handshake","version":"1.0"}]`,
		`[{"id":"4","channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":[]}]`,
		`[{"id":"5","channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["carrier-pigeon"]}]`,
		`[{"channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["long-polling"]}]`},
	"broken": {`[]`, `[{`, `not JSON`},
}

// speaker sends bodies to a server as one client.
type speaker struct {
	url                string
	held               func() string // changes when another connect is held
	forget, disconnect func()

	http     http.Client
	clientID string
}

// answer is what came back.
type answer struct {
	Status   int
	Messages any // as JSON; a text if it is none
}

func (s *speaker) send(t *testing.T, body string) answer {
	request, err := http.NewRequest(http.MethodPost, s.url, strings.NewReader(strings.ReplaceAll(body, "CLIENT", s.clientID)))
	if !assert.NoError(t, err) {
		return answer{}
	}
	request.Header.Set("Content-Type", "application/json;charset=UTF-8")
	response, err := s.http.Do(request)
	if err != nil {
		return answer{Messages: "no answer"}
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{Messages: "no answer"}
	}
	a := answer{Status: response.StatusCode}
	if response.StatusCode != http.StatusOK {
		return a // what a failure says is nobody's business
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if decoder.Decode(&a.Messages) != nil {
		a.Messages = string(text)
	}
	s.normalise(a.Messages)
	return a
}

// normalise takes out what differs between two servers of one kind.
func (s *speaker) normalise(messages any) {
	list, _ := messages.([]any)
	for _, m := range list {
		message, ok := m.(map[string]any)
		if !ok {
			continue
		}
		if message["channel"] == "/meta/handshake" && message["clientId"] != nil {
			s.clientID = message["clientId"].(string)
		}
		if message["clientId"] == s.clientID {
			message["clientId"] = "CLIENT"
		}
		if text, ok := message["error"].(string); ok && s.clientID != "" {
			message["error"] = strings.ReplaceAll(text, s.clientID, "CLIENT")
		}
		if ext, ok := message["ext"].(map[string]any); ok && len(ext) == 0 {
			delete(message, "ext")
		}
		delete(message, "supportedConnectionTypes") // which ones is a matter of configuration
	}
}

// compare runs the script with both and compares each answer.
func compare(t *testing.T, script []string, theirs, ours *speaker) {
	var want, got []answer
	var both sync.WaitGroup
	both.Go(func() { want = theirs.run(t, script) })
	both.Go(func() { got = ours.run(t, script) })
	both.Wait()
	for n, line := range script {
		assert.Equal(t, want[n].String(), got[n].String(), "answer %d, to %s", n+1, line)
	}
}

func (s *speaker) run(t *testing.T, script []string) []answer {
	jar, err := cookiejar.New(nil)
	if !assert.NoError(t, err) {
		return nil
	}
	s.http = http.Client{Jar: jar, Transport: &http.Transport{}, Timeout: 3 * holdTime}
	defer s.http.CloseIdleConnections()
	answers := make([]answer, len(script))
	var waiting []<-chan struct{}
	wait := func() {
		for _, answered := range waiting {
			<-answered
		}
		waiting = nil
	}
	for n, line := range script {
		switch {
		case line == "forget":
			s.forget()
		case line == "disconnect":
			s.disconnect()
		case strings.HasPrefix(line, "&"):
			before, answered := s.held(), make(chan struct{})
			go func() {
				defer close(answered)
				answers[n] = s.send(t, line[1:])
			}()
			wait() // for the connect that this one replaces
			eventually(t, "a held connect", func() bool {
				select {
				case <-answered:
					return true
				default:
					now := s.held()
					return now != "" && now != before
				}
			})
			waiting = append(waiting, answered)
			continue
		default:
			answers[n] = s.send(t, line)
		}
		wait()
	}
	return answers
}

func (a answer) String() string {
	text := fmt.Sprint(a.Status)
	list, ok := a.Messages.([]any)
	if !ok {
		list = []any{a.Messages}
	}
	for _, message := range list {
		line, err := json.Marshal(message)
		text += fmt.Sprintf("\n%s", line)
		if err != nil {
			text += err.Error()
		}
	}
	return text
}
