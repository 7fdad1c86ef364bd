package cometdtest

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestServer_restart(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, s *Server) {
		p := newPeer(t, s).open()
		w := openWire(t, s).open()
		connect := p.async(held)
		synctest.Wait()
		s.Restart(20 * time.Second)
		require.Error(t, (<-connect).err)
		_, _, err := w.conn.Read(t.Context())
		require.Error(t, err)
		assert.Empty(t, s.Sessions())

		time.Sleep(20*time.Second - 1)
		_, _, err = p.try(held)
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		assert.Equal(t, "402::session_unknown", p.connect()[0]["error"])
		p.open()
	})
}

func TestServer_restartOnTCP(t *testing.T) {
	s := NewServer(Options{})
	defer s.Close()
	before := s.URL()
	p := newPeer(t, s).open()
	s.Restart(0)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		_, body, err := p.try(held)
		if assert.NoError(c, err) {
			assert.Contains(c, body, "402::session_unknown")
		}
	}, 5*time.Second, time.Millisecond)
	assert.Equal(t, before, s.URL())
}

func TestServer_closeWhileDown(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, s *Server) {
		newPeer(t, s).open()
		s.Restart(time.Hour)
		s.Restart(time.Minute)
		s.Close()
		s.Close()
		s.Restart(0)
	})
}

// A bubble that ends with a goroutine left fails.
func TestServer_closeLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewServer(Options{InMemory: true, Ack: true})
		var answers []<-chan answer
		for range 20 {
			answers = append(answers, newPeer(t, s).open("/held").async(held))
			openWire(t, s).open("/held").connect("5")
		}
		for _, f := range []Fault{Delay(time.Hour), DelayReply(time.Hour), Silence(), Swallow(), Chunks(1, time.Hour)} {
			p := newPeer(t, s).open()
			s.On(Match{Session: p.session()}, f)
			answers = append(answers, p.async(pub))
			w := openWire(t, s).open()
			s.On(Match{Session: s.Session(w.id)}, f)
			w.send(pub)
		}
		synctest.Wait()
		s.Close()
		for _, a := range answers {
			assert.Error(t, (<-a).err)
		}
		_, _, err := newPeer(t, s).try(held)
		require.Error(t, err)
	})
}

func TestServer_behindAMux(t *testing.T) {
	s := NewHandler(Options{Preset: GWS})
	mux := http.NewServeMux()
	mux.Handle("/api/v2/notifications", s)
	mux.Handle("/api/v2/notifications/", s)
	web := httptest.NewServer(mux)
	defer web.Close()
	defer s.Close()
	assert.Empty(t, s.URL())

	client := &http.Client{}
	post := func(path, body string) string {
		res, err := client.Post(web.URL+"/api/v2/notifications"+path, "application/json", strings.NewReader(body))
		require.NoError(t, err)
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		return string(b)
	}
	assert.Contains(t, post("/handshake", `[{"id":"1","channel":"/meta/handshake","version":"1.0"}]`), "clientId")
	assert.Contains(t, post("", `{"id":"1","channel":"/meta/handshake","version":"1.0"}`), "clientId")
	assert.Len(t, s.Sessions(), 2)
	s.Restart(time.Hour)
	_, err := client.Post(web.URL+"/api/v2/notifications", "application/json", strings.NewReader(`[]`))
	require.Error(t, err)
}

func TestServer_badRequests(t *testing.T) {
	bubble(t, Options{MaxMessageSize: 1000, ExactPath: true}, func(t *testing.T, s *Server) {
		p := newPeer(t, s).open()
		status := func(body string) int { got, _ := p.post(body); return got }
		assert.Equal(t, 400, status(`[{"channel":`))
		assert.Equal(t, 400, status(``))
		assert.Equal(t, 400, status(`[[]]`))
		assert.Equal(t, 500, status(strings.Repeat(" ", 1001)))
		res, err := p.http.Get(s.URL())
		require.NoError(t, err)
		res.Body.Close()
		assert.Equal(t, 400, res.StatusCode)
		res, err = p.http.Post(s.URL()+"/connect", "application/json", strings.NewReader("[]"))
		require.NoError(t, err)
		res.Body.Close()
		assert.Equal(t, 404, res.StatusCode)

		form := url.Values{"message": {strings.ReplaceAll(pub, "CLIENT", p.id)}}
		res, err = p.http.PostForm(s.URL(), form)
		require.NoError(t, err)
		res.Body.Close()
		assert.Equal(t, 200, res.StatusCode)
	})
}

func TestServer_hooks(t *testing.T) {
	type login struct{ user string }
	o := Options{
		OnHandshake: func(r *http.Request, sess *Session) error {
			switch user := r.Header.Get("User"); user {
			case "":
				return errors.New("no user")
			case "later":
				h := sess.Handshake()
				return &Refusal{Text: "403::try_again", Advice: map[string]any{"reconnect": "retry"}, Ext: map[string]any{"challenge": string(h.ExtField("token"))}}
			default:
				sess.Value = &login{user}
				return nil
			}
		},
		Authorize: func(r *http.Request, sess *Session) error {
			if sess.Value.(*login).user != r.Header.Get("User") {
				return errors.New("another user")
			}
			return nil
		},
		Policy: func(sess *Session, action Action, channel string) *Refusal {
			switch {
			case channel == "/closed" && action == Create, channel == "/mine" && action == Subscribe, channel == "/mine" && action == Publish:
				return &Refusal{}
			case channel == "/custom":
				return &Refusal{Text: "403:me:no", Advice: map[string]any{"interval": 5}}
			}
			return nil
		},
		Incoming: func(_ *Session, m Message) bool { return m.Channel != "/vetoed" },
		Outgoing: func(_ *Session, r map[string]any) { r["seen"] = true },
	}
	bubble(t, o, func(t *testing.T, s *Server) {
		p := newPeer(t, s)
		user := "anna"
		wire := p.http.Transport
		p.http.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
			r.Header.Set("User", user)
			return wire.RoundTrip(r)
		})
		user = ""
		p.wants(`[{"id":"1","channel":"/meta/handshake"}]`, `[{"seen":true,"id":"1","channel":"/meta/handshake","successful":false,"error":"403::handshake_denied","advice":{"reconnect":"none"}}]`)
		user = "later"
		p.wants(`[{"id":"1","channel":"/meta/handshake","ext":{"token":7}}]`, `[{"seen":true,"id":"1","channel":"/meta/handshake","successful":false,"error":"403::try_again","advice":{"reconnect":"retry"},"ext":{"challenge":"7"}}]`)
		user = "anna"
		p.open()
		assert.Equal(t, &login{"anna"}, p.session().Value)

		errorOf := func(channel, fields string) any { return p.request(channel, fields)[0]["error"] }
		assert.Equal(t, "403:denied_by_security_policy:create_denied", errorOf("/meta/subscribe", `"subscription":"/closed"`))
		assert.Equal(t, "403:denied_by_security_policy:channel_create_denied", errorOf("/closed", `"data":1`))
		assert.Equal(t, "403:denied_by_security_policy:subscribe_denied", errorOf("/meta/subscribe", `"subscription":"/mine"`))
		assert.Equal(t, "403:denied_by_security_policy:publish_denied", errorOf("/mine", `"data":1`))
		assert.Equal(t, "403:denied_by_security_policy:create_denied", errorOf("/meta/subscribe", `"subscription":"/meta/x"`))
		assert.Equal(t, "403:denied_by_security_policy:channel_create_denied", errorOf("/meta/x", `"data":1`))
		assert.Equal(t, "403::subscription_missing", errorOf("/meta/subscribe", ""))
		assert.Equal(t, "403::subscription_invalid", errorOf("/meta/subscribe", `"subscription":"foo"`))
		assert.Equal(t, "400::channel_missing", errorOf("/meta/unsubscribe", `"subscription":"/never"`))
		assert.Equal(t, "404::message_deleted", errorOf("/vetoed", `"data":1`))
		p.wants(`[{"id":"1","channel":"/custom","clientId":"CLIENT","data":1}]`, `[{"seen":true,"id":"1","channel":"/custom","successful":false,"error":"403:me:no","advice":{"interval":5}}]`)

		// The list is worked off up to the first refusal.
		p.wants(`[{"id":2,"channel":"/meta/subscribe","clientId":"CLIENT","subscription":["/a","/mine","/b"]}]`,
			`[{"seen":true,"id":"2","channel":"/meta/subscribe","successful":false,"subscription":["/a","/mine","/b"],"error":"403:denied_by_security_policy:subscribe_denied"}]`)
		assert.Equal(t, []string{"/a"}, p.session().Subscriptions())

		user = "bert"
		p.wants(pub, `[{"seen":true,"id":"9","channel":"/foo","successful":false,"error":"402::session_unknown"}]`)
	})
}

// A refusal is no sign of life: what belongs to somebody else expires.
func TestServer_unauthorizedConnectsDoNotKeepASessionAlive(t *testing.T) {
	deny := false
	o := Options{Authorize: func(*http.Request, *Session) error {
		if deny {
			return errors.New("another user")
		}
		return nil
	}}
	bubble(t, o, func(t *testing.T, s *Server) {
		p := newPeer(t, s).open()
		deny = true
		time.Sleep(5 * time.Second)
		assert.Equal(t, "402::session_unknown", p.connect()[0]["error"])
		time.Sleep(5 * time.Second)
		synctest.Wait()
		assert.Empty(t, s.Sessions())
	})
}

func TestServer_vetoedConnectsKeepASessionAlive(t *testing.T) {
	o := Options{Incoming: func(_ *Session, m Message) bool { return string(m.ExtField("veto")) != "true" }}
	bubble(t, o, func(t *testing.T, s *Server) {
		p := newPeer(t, s).open()
		time.Sleep(9 * time.Second)
		assert.Equal(t, "404::message_deleted", p.request("/meta/connect", `"ext":{"veto":true}`)[0]["error"])
		time.Sleep(9 * time.Second)
		assert.Len(t, s.Sessions(), 1)
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Empty(t, s.Sessions())
	})
}

func TestServer_recordOfRequests(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, s *Server) {
		start := time.Now()
		p := newPeer(t, s).open("/foo")
		time.AfterFunc(time.Second, func() { s.Publish("/foo", 1) })
		p.connect()
		all := s.Requests()
		require.Len(t, all, 4)
		last := all[3]
		assert.Equal(t, 4, last.Number)
		assert.Equal(t, start, last.Time)
		assert.Equal(t, start.Add(time.Second), last.Answered)
		assert.Equal(t, "POST", last.Method)
		assert.Equal(t, "/cometd", last.Path)
		assert.Equal(t, "long-polling", last.Transport)
		assert.Equal(t, 1, last.Connection)
		assert.Equal(t, p.id, last.Session)
		assert.Equal(t, p.id, all[0].Session)
		assert.Equal(t, 200, last.Status)
		assert.Contains(t, last.Header.Get("Cookie"), "BAYEUX_BROWSER=")
		assert.Contains(t, all[0].ResponseHeader.Get("Set-Cookie"), "BAYEUX_BROWSER=")
		assert.Contains(t, string(last.Response), `"data":1`)
		require.Len(t, last.Messages, 1)
		m := last.Messages[0]
		assert.Equal(t, []string{MetaConnect, "long-polling", p.id, "r3"}, []string{m.Channel, m.ConnectionType, m.ClientID, m.ID})
		assert.Equal(t, []string{"/foo"}, s.RequestsFor(MetaSubscribe)[0].Messages[0].Subscriptions)

		w := openWire(t, s).open("/foo")
		upgrade := s.Requests()[4]
		assert.True(t, upgrade.Upgrade)
		assert.Equal(t, 101, upgrade.Status)
		assert.Equal(t, 2, upgrade.Connection)
		s.Publish("/foo", 2)
		w.next()
		frames := s.Frames()
		assert.Equal(t, `[{"channel":"/foo","data":2}]`, string(frames[len(frames)-1].Data))
		assert.Equal(t, w.id, frames[len(frames)-1].Session)
		connect := s.RequestsFor(MetaConnect)
		assert.Contains(t, string(connect[len(connect)-1].Response), `"id":"3"`)

		s.ClearRecord()
		assert.Empty(t, s.Requests())
		p.request("/foo", `"data":1`)
		assert.Equal(t, 9, s.Requests()[0].Number)
	})
}

func TestServer_recordLimit(t *testing.T) {
	for limit, want := range map[int]int{-1: 0, 3: 3} {
		bubble(t, Options{RecordLimit: limit}, func(t *testing.T, s *Server) {
			p := newPeer(t, s).open()
			for range 20 {
				p.request("/foo", `"data":1`)
				assert.LessOrEqual(t, len(s.Requests()), max(limit, 0))
			}
			assert.Len(t, s.Requests(), want)
			if want > 0 {
				assert.Equal(t, 22, s.Requests()[want-1].Number)
			}
		})
	}
}

func TestServer_manyClientsAtOnce(t *testing.T) {
	s := NewServer(Options{})
	defer s.Close()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			p := newPeer(t, s).open("/foo")
			for range 10 {
				p.request("/foo", `"data":1`)
			}
			p.request("/meta/disconnect", "")
		})
	}
	all.Wait()
	assert.Empty(t, s.Sessions())
}
