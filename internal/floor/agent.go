package floor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

const (
	apiPath   = "/api/v2"
	eventPath = apiPath + "/notifications"
)

// Options say where an agent is and who it is.
type Options struct {
	BaseURL  string
	Client   *http.Client // may be shared by agents: it needs no cookie jar
	User     string
	Password string
}

// Agent is one agent's login and notification session. Poll may be called from
// one goroutine at a time, Post from several.
type Agent struct {
	opts   Options
	header http.Header
	id     int
	client string // as Bayeux knows it
	body   bytes.Buffer
}

// Login logs in, handshakes, subscribes and sends the first connect.
func Login(ctx context.Context, o Options) (*Agent, error) {
	a, err := login(ctx, o)
	if err != nil {
		return nil, err
	}
	send := func(message string) ([]byte, error) {
		return a.exchange(ctx, http.MethodPost, eventPath, []byte(message), &a.body)
	}
	reply, err := send(handshake("long-polling"))
	if err != nil {
		return nil, err
	}
	a.client = clientID(reply)
	if _, err := send(a.subscriptions()); err != nil {
		return nil, err
	}
	_, err = send(a.firstConnect("long-polling"))
	return a, err
}

func login(ctx context.Context, o Options) (*Agent, error) {
	a := &Agent{opts: o, header: http.Header{"Content-Type": {"application/json;charset=UTF-8"}}}
	req, err := a.request(ctx, http.MethodGet, apiPath+"/me", nil)
	if err != nil {
		return nil, err
	}
	req.SetBasicAuth(o.User, o.Password)
	a.header = req.Header
	resp, err := o.Client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var cookies []string
	for _, c := range resp.Cookies() {
		cookies = append(cookies, c.Name+"="+c.Value)
	}
	if len(cookies) > 0 {
		a.header = a.header.Clone()
		a.header.Set("Cookie", strings.Join(cookies, "; "))
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return a, err
}

// Poll sends a connect, waits for its response and calls yield with each event
// in it. The slices are valid until the next Poll.
func (a *Agent) Poll(ctx context.Context, yield func(event []byte)) error {
	a.id++
	message := make([]byte, 0, 160)
	message = append(message, `[{"id":"`...)
	message = strconv.AppendInt(message, int64(a.id), 10)
	message = append(message, `","channel":"/meta/connect","clientId":"`...)
	message = append(message, a.client...)
	message = append(message, `","connectionType":"long-polling"}]`...)
	body, err := a.exchange(ctx, http.MethodPost, eventPath, message, &a.body)
	if err != nil {
		return err
	}
	return events(body, yield)
}

// Post sends an operation and returns once it is accepted.
func (a *Agent) Post(ctx context.Context, path string, body []byte) error {
	var answer bytes.Buffer
	_, err := a.exchange(ctx, http.MethodPost, apiPath+path, body, &answer)
	if err == nil && !bytes.Contains(answer.Bytes(), []byte(`"statusCode":0`)) {
		err = fmt.Errorf("refused: %s", answer.Bytes())
	}
	return err
}

func (a *Agent) request(ctx context.Context, method, path string, body []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, a.opts.BaseURL+path, bytes.NewReader(body))
	if err == nil {
		req.Header = a.header // never changed once the agent is logged in
	}
	return req, err
}

func (a *Agent) exchange(ctx context.Context, method, path string, body []byte, into *bytes.Buffer) ([]byte, error) {
	req, err := a.request(ctx, method, path, body)
	if err != nil {
		return nil, err
	}
	resp, err := a.opts.Client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	into.Reset()
	if _, err := into.ReadFrom(resp.Body); err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, errors.New(resp.Status)
	}
	return into.Bytes(), nil
}

// events yields the messages of body but the last, which is the connect reply.
func events(body []byte, yield func([]byte)) error {
	var last []byte
	Messages(body, func(message []byte) {
		if last != nil {
			yield(last)
		}
		last = message
	})
	return confirm(last)
}

func confirm(reply []byte) error {
	if !bytes.Contains(reply, []byte(`"successful":true`)) {
		return fmt.Errorf("refused: %.200s", reply)
	}
	return nil
}

func handshake(transport string) string {
	return `[{"id":"1","channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["` + transport + `"]}]`
}

func clientID(reply []byte) string {
	_, rest, _ := bytes.Cut(reply, []byte(`"clientId":"`))
	id, _, _ := bytes.Cut(rest, []byte(`"`))
	return string(id)
}

func (a *Agent) subscriptions() string {
	return fmt.Sprintf(`[{"id":"2","channel":"/meta/subscribe","clientId":%q,"subscription":"/v2/me/calls"},`+
		`{"id":"3","channel":"/meta/subscribe","clientId":%[1]q,"subscription":"/v2/me/devices"}]`, a.client)
}

func (a *Agent) firstConnect(transport string) string {
	a.id = 4
	return fmt.Sprintf(`[{"id":"4","channel":"/meta/connect","clientId":%q,"connectionType":%q,"advice":{"timeout":0}}]`, a.client, transport)
}
