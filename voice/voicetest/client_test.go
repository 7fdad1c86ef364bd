package voicetest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice/voicetest"
)

type object = map[string]any

// message is one event as it came.
type message struct {
	Channel string `json:"channel"`
	Data    object `json:"data"`
	At      time.Time
}

func (m message) call() object {
	c, _ := m.Data["call"].(object)
	return c
}

// agentClient speaks HTTP and Bayeux by hand.
type agentClient struct {
	t    *testing.T
	sim  *voicetest.Server
	http *http.Client
	user string
	csrf string

	id       string // clientId
	sent     int
	cancel   context.CancelFunc
	finished chan struct{}

	mu       sync.Mutex
	messages []message
}

// newClient logs nobody in: the requests carry Basic.
func newClient(t *testing.T, sim *voicetest.Server, user string) *agentClient {
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	h := sim.Client()
	h.Jar = jar
	return &agentClient{t: t, sim: sim, http: h, user: user}
}

// online logs an agent in and listens until the test ends.
func online(t *testing.T, sim *voicetest.Server, user string) *agentClient {
	c := newClient(t, sim, user)
	c.listen()
	return c
}

// response is an answer with its time.
type response struct {
	status int
	header http.Header
	text   string
	body   object
	at     time.Time
	err    error
}

func (c *agentClient) do(method, path string, body any) response {
	return c.send(method, path, body, c.user)
}

func (c *agentClient) send(method, path string, body any, user string) response {
	var raw []byte
	switch body := body.(type) {
	case nil:
	case string:
		raw = []byte(body)
	default:
		raw, _ = json.Marshal(body)
	}
	r, err := http.NewRequest(method, c.sim.URL()+"/api/v2"+path, bytes.NewReader(raw))
	require.NoError(c.t, err)
	if user != "" {
		r.SetBasicAuth(user, "secret")
	}
	if c.csrf != "" {
		r.Header.Set("X-CSRF-TOKEN", c.csrf)
	}
	r.Header.Set("Content-Type", "application/json; charset=UTF-8")
	answer, err := c.http.Do(r)
	if err != nil {
		return response{err: err, at: time.Now()}
	}
	defer answer.Body.Close()
	all, err := io.ReadAll(answer.Body)
	res := response{status: answer.StatusCode, header: answer.Header, text: string(all), err: err, at: time.Now()}
	if token := answer.Header.Get("X-CSRF-TOKEN"); token != "" {
		c.csrf = token
	}
	_ = json.Unmarshal(all, &res.body)
	return res
}

func (c *agentClient) get(path string) object {
	res := c.do("GET", path, nil)
	require.NoError(c.t, res.err)
	require.Equal(c.t, 200, res.status, res.text)
	return res.body
}

// on posts an operation on a call; params come in pairs.
func (c *agentClient) on(id, operation string, params ...any) response {
	return c.do("POST", "/me/calls/"+id, withParams(operation, params))
}

func (c *agentClient) device(operation string, params ...any) response {
	return c.do("POST", "/me/devices/"+c.sim.Agent(c.user).DeviceID(), withParams(operation, params))
}

func (c *agentClient) state(operation string, params ...any) response {
	return c.do("POST", "/me/channels/voice", withParams(operation, params))
}

func (c *agentClient) dial(number string, params ...any) response {
	return c.do("POST", "/me/devices/"+c.sim.Agent(c.user).DeviceID()+"/calls",
		withParams("Dial", append(params, "destination", object{"phoneNumber": number})))
}

func withParams(operation string, params []any) object {
	body := object{"operationName": operation}
	for i := 0; i < len(params); i += 2 {
		body[params[i].(string)] = params[i+1]
	}
	return body
}

// accepted posts as on and requires success.
func (c *agentClient) accepted(id, operation string, params ...any) {
	c.t.Helper()
	res := c.on(id, operation, params...)
	require.NoError(c.t, res.err)
	require.Equal(c.t, 200, res.status, res.text)
	require.Equal(c.t, 0.0, res.body["statusCode"], res.text)
}

// bayeux sends messages and returns the answer's.
func (c *agentClient) bayeux(ctx context.Context, messages ...object) ([]json.RawMessage, int, error) {
	for _, m := range messages {
		c.mu.Lock()
		c.sent++
		m["id"] = strconv.Itoa(c.sent)
		c.mu.Unlock()
		if c.id != "" {
			m["clientId"] = c.id
		}
	}
	raw, _ := json.Marshal(messages)
	r, _ := http.NewRequestWithContext(ctx, "POST", c.sim.URL()+"/api/v2/notifications", bytes.NewReader(raw))
	r.SetBasicAuth(c.user, "secret")
	r.Header.Set("Content-Type", "application/json")
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, 0, err
	}
	defer answer.Body.Close()
	all, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, answer.StatusCode, err
	}
	var list []json.RawMessage
	_ = json.Unmarshal(all, &list)
	return list, answer.StatusCode, nil
}

// listen opens a session, subscribes, and keeps connecting.
func (c *agentClient) listen() {
	ctx, cancel := context.WithCancel(context.Background())
	c.cancel = cancel
	list, status, err := c.bayeux(ctx, object{"channel": "/meta/handshake", "version": "1.0", "supportedConnectionTypes": []string{"long-polling"}})
	require.NoError(c.t, err)
	require.Equal(c.t, 200, status)
	var reply struct {
		ClientID   string
		Successful bool
	}
	require.NoError(c.t, json.Unmarshal(list[0], &reply))
	require.True(c.t, reply.Successful, string(list[0]))
	c.id = reply.ClientID
	_, _, err = c.bayeux(ctx, object{"channel": "/meta/subscribe",
		"subscription": []string{"/v2/me/calls", "/v2/me/devices", "/v2/me/channels", "/notifications/services"}})
	require.NoError(c.t, err)
	_, _, err = c.bayeux(ctx, object{"channel": "/meta/connect", "connectionType": "long-polling"})
	require.NoError(c.t, err)
	c.finished = make(chan struct{})
	go func() {
		defer close(c.finished)
		for ctx.Err() == nil {
			list, status, err := c.bayeux(ctx, object{"channel": "/meta/connect", "connectionType": "long-polling"})
			if err != nil || status != 200 {
				return
			}
			for _, raw := range list {
				var m message
				if bytes.Contains(raw, []byte(`"successful":false`)) {
					return
				}
				if json.Unmarshal(raw, &m) == nil && m.Data != nil {
					m.At = time.Now()
					c.mu.Lock()
					c.messages = append(c.messages, m)
					c.mu.Unlock()
				}
			}
		}
	}()
	c.t.Cleanup(c.close)
	synctest.Wait()
}

func (c *agentClient) close() {
	c.cancel()
	<-c.finished
}

// take returns the messages since the last take, when all is quiet.
func (c *agentClient) take() []message {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.messages
	c.messages = nil
	return all
}

// calls returns what take has, as "notificationType state" of call messages.
func (c *agentClient) digest() []string {
	var all []string
	for _, m := range c.take() {
		switch {
		case m.call() != nil:
			all = append(all, m.Data["notificationType"].(string)+" "+m.call()["state"].(string))
		case m.Data["devices"] != nil:
			d := m.Data["devices"].([]any)[0].(object)
			st, _ := d["userState"].(object)
			all = append(all, "Device "+d["deviceState"].(string)+" "+text(st["state"]))
		default:
			all = append(all, text(m.Data["messageType"]))
		}
	}
	return all
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

func set(v any) map[string]bool {
	all := map[string]bool{}
	list, _ := v.([]any)
	for _, e := range list {
		all[e.(string)] = true
	}
	return all
}

// bubble runs a test in virtual time with a simulator of its own.
func bubble(t *testing.T, o voicetest.Options, test func(t *testing.T, sim *voicetest.Server)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		o.InMemory = true
		sim := voicetest.NewServer(o)
		t.Cleanup(sim.Close)
		test(t, sim)
	})
}
