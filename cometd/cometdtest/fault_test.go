package cometdtest

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	pub      = `[{"id":"9","channel":"/foo","clientId":"CLIENT","data":1}]`
	pubReply = `{"id":"9","channel":"/foo","successful":true}`
)

var toFoo = Match{Channel: "/foo"}

func TestFault_replies(t *testing.T) {
	for name, row := range map[string]struct {
		faults []Fault
		want   string
	}{
		"Set":          {[]Fault{Set("id", "other")}, `[{"id":"other","channel":"/foo","successful":true}]`},
		"Without":      {[]Fault{Without("id")}, `[{"channel":"/foo","successful":true}]`},
		"NumericID":    {[]Fault{NumericID()}, `[{"id":9,"channel":"/foo","successful":true}]`},
		"NoReply":      {[]Fault{NoReply()}, `[]`},
		"Object":       {[]Fault{Object()}, pubReply},
		"Advice":       {[]Fault{Advice(map[string]any{"reconnect": "handshake"})}, `[{"id":"9","channel":"/foo","successful":true,"advice":{"reconnect":"handshake"}}]`},
		"Refuse":       {[]Fault{Refuse("403:a:b", map[string]any{"reconnect": "none"})}, `[{"id":"9","channel":"/foo","successful":false,"error":"403:a:b","advice":{"reconnect":"none"}}]`},
		"EventBefore":  {[]Fault{EventBefore("/x", "a"), EventBefore("/x", "b")}, `[{"channel":"/x","data":"a"},{"channel":"/x","data":"b"},` + pubReply + `]`},
		"EventAfter":   {[]Fault{EventAfter("/x", 1)}, `[` + pubReply + `,{"channel":"/x","data":1}]`},
		"RawBefore":    {[]Fault{RawBefore(`{"data":1}`)}, `[{"data":1},` + pubReply + `]`},
		"RawAfter":     {[]Fault{RawAfter(`7`)}, `[` + pubReply + `,7]`},
		"Body":         {[]Fault{Body(`{"x":1}`)}, `{"x":1}`},
		"several":      {[]Fault{NumericID(), EventAfter("/x", 1)}, `[{"id":9,"channel":"/foo","successful":true},{"channel":"/x","data":1}]`},
		"Forget":       {[]Fault{Forget()}, `[{"id":"9","channel":"/foo","successful":false,"error":"402::session_unknown"}]`},
		"Chunks":       {[]Fault{Chunks(5, time.Second)}, `[` + pubReply + `]`},
		"Gzip":         {[]Fault{Gzip()}, `[` + pubReply + `]`},
		"EditReply":    {[]Fault{EditReply(func(r map[string]any) { r["successful"] = "yes" })}, `[{"id":"9","channel":"/foo","successful":"yes"}]`},
		"ReplyLast":    {[]Fault{ReplyLast(), EventBefore("/x", 1)}, `[{"channel":"/x","data":1},` + pubReply + `]`},
		"ReplyFirst":   {[]Fault{ReplyFirst(), EventBefore("/x", 1)}, `[` + pubReply + `,{"channel":"/x","data":1}]`},
		"Handle":       {[]Fault{Handle(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "1") }))}, `1`},
		"Delay":        {[]Fault{Delay(time.Second)}, `[` + pubReply + `]`},
		"DelayReply":   {[]Fault{DelayReply(time.Second)}, `[` + pubReply + `]`},
		"Header":       {[]Fault{Header("X-Test", "1")}, `[` + pubReply + `]`},
		"not the body": {nil, `[` + pubReply + `]`},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, Options{}, func(t *testing.T, s *Server) {
				p := newPeer(t, s).open()
				script := s.On(toFoo, row.faults...)
				p.wants(pub, row.want)
				assert.Equal(t, 1, script.Fired())
				if name != "Forget" {
					p.wants(pub, `[`+pubReply+`]`) // once only
				}
			})
		})
	}
}

func TestFault_times(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, s *Server) {
		p := newPeer(t, s).open("/foo")
		took := func(f Fault) time.Duration {
			s.On(toFoo, f)
			start := time.Now()
			_, body := p.post(pub)
			require.Contains(t, body, `"successful":true`)
			return time.Since(start)
		}
		assert.Equal(t, 3*time.Second, took(Delay(3*time.Second)))
		assert.Equal(t, 2*time.Second, took(DelayReply(2*time.Second)))
		assert.Equal(t, 2*time.Second, took(Chunks(30, time.Second))) // event and reply: 75 bytes

		s.On(Match{Channel: MetaConnect}, HoldFor(7*time.Second))
		start := time.Now()
		p.connect()
		assert.Equal(t, 7*time.Second, time.Since(start))
		s.On(Match{Channel: MetaConnect}, AnswerAtOnce())
		p.connect()
		assert.Equal(t, 7*time.Second, time.Since(start))
	})
}

func TestFault_delayReplyActsAtOnce(t *testing.T) {
	for name, row := range map[string]struct {
		fault Fault
		when  time.Duration
	}{"Delay": {Delay(time.Minute), time.Minute}, "DelayReply": {DelayReply(time.Minute), 0}} {
		t.Run(name, func(t *testing.T) {
			start, when := time.Time{}, time.Duration(-1)
			o := Options{MaxInterval: time.Hour, OnPublish: func(*Session, string, jsonRaw) { when = time.Since(start) }}
			bubble(t, o, func(t *testing.T, s *Server) {
				p := newPeer(t, s).open()
				s.On(toFoo, row.fault)
				start = time.Now()
				p.post(pub)
				assert.Equal(t, row.when, when)
				assert.Equal(t, time.Minute, time.Since(start))
			})
		})
	}
}

func TestFault_connection(t *testing.T) {
	for name, row := range map[string]struct {
		fault     Fault
		processed bool
	}{
		"DropBefore": {DropBefore(), false},
		"Drop":       {Drop(), true},
		"Truncate":   {Truncate(10), true},
		"Silence":    {Silence(), false},
		"Swallow":    {Swallow(), true},
	} {
		t.Run(name, func(t *testing.T) {
			published := false
			bubble(t, Options{OnPublish: func(*Session, string, jsonRaw) { published = true }}, func(t *testing.T, s *Server) {
				p := newPeer(t, s).open()
				p.http.Timeout = 5 * time.Second
				s.On(toFoo, row.fault)
				_, body, err := p.try(pub)
				require.Error(t, err)
				synctest.Wait()
				assert.Equal(t, row.processed, published)
				if name == "Truncate" {
					assert.Equal(t, `[{"channel`, body)
				}
				synctest.Wait()
				r := s.RequestsFor("/foo")[0]
				assert.True(t, r.Aborted)
				p.wants(pub, `[`+pubReply+`]`)
			})
		})
	}
}

func TestFault_status(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, s *Server) {
		p := newPeer(t, s).open()
		s.On(toFoo, Status(503, http.Header{"Retry-After": {"7"}}, "down"))
		res, body, err := p.try(pub)
		require.NoError(t, err)
		assert.Equal(t, 503, res.StatusCode)
		assert.Equal(t, "7", res.Header.Get("Retry-After"))
		assert.Equal(t, "down", body)
	})
}

func TestFault_gzip(t *testing.T) {
	bubble(t, Options{Gzip: true}, func(t *testing.T, s *Server) {
		p := newPeer(t, s).open()
		p.http.Transport.(*http.Transport).DisableCompression = true
		req, _ := http.NewRequest("POST", s.URL(), strings.NewReader(`[{"channel":"/meta/handshake"}]`))
		req.Header.Set("Accept-Encoding", "gzip")
		res, err := p.http.Do(req)
		require.NoError(t, err)
		defer res.Body.Close()
		assert.Equal(t, "gzip", res.Header.Get("Content-Encoding"))
	})
}

func TestFault_cookies(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, s *Server) {
		p := newPeer(t, s)
		s.On(Match{Channel: MetaHandshake}, NoCookie())
		p.handshake()
		assert.Equal(t, "402::session_unknown", p.connect()[0]["error"])
		p.handshake()
		s.On(Match{Channel: "/foo"}, ExpireCookie())
		p.wants(pub, `[`+pubReply+`]`)
		assert.Equal(t, "402::session_unknown", p.connect()[0]["error"])
	})
}

func TestFault_duplicateRidesOnTheNextResponse(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, s *Server) {
		p := newPeer(t, s).open()
		s.On(toFoo, Duplicate(time.Second))
		p.wants(`[`+pub[1:len(pub)-1]+`,{"id":"8","channel":"/other","clientId":"CLIENT","data":1}]`, `[`+pubReply+`,{"id":"8","channel":"/other","successful":true}]`)
		time.Sleep(time.Second)
		synctest.Wait()
		p.wants(`[{"id":"10","channel":"/bar","clientId":"CLIENT","data":1}]`, `[`+pubReply+`,{"id":"10","channel":"/bar","successful":true}]`)
	})
}

// Faults on replies concern the matched channel, not its companions.
func TestFault_onlyTheMatchedReply(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, s *Server) {
		p := newPeer(t, s).open()
		s.On(toFoo, Without("id"))
		p.wants(`[{"id":"9","channel":"/foo","clientId":"CLIENT","data":1},{"id":"10","channel":"/bar","clientId":"CLIENT","data":1}]`,
			`[{"channel":"/foo","successful":true},{"id":"10","channel":"/bar","successful":true}]`)
	})
}

func TestScript_order(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, s *Server) {
		p, other := newPeer(t, s).open(), newPeer(t, s).open()
		ids := func(p *peer) any { return p.request("/foo", `"data":1`)[0]["mark"] }

		s.On(toFoo, Set("mark", "first"))
		s.On(toFoo, Set("mark", "second"))
		s.On(Match{Channel: "/foo", Nth: 4}, Set("mark", "fourth"))
		assert.Equal(t, []any{"first", "second", nil, "fourth", nil}, []any{ids(p), ids(p), ids(p), ids(p), ids(p)})

		s.On(Match{Channel: "/foo", Session: other.session()}, Set("mark", "other"))
		assert.Equal(t, []any{nil, "other", nil}, []any{ids(p), ids(other), ids(other)})

		s.On(Match{Times: 2}, Set("mark", "any"))
		assert.Equal(t, []any{"any", "any", nil}, []any{ids(p), ids(other), ids(p)})

		always := s.On(Match{Channel: "/foo", Times: -1, Nth: 2}, Set("mark", "always"))
		assert.Equal(t, []any{nil, "always", "always"}, []any{ids(p), ids(p), ids(p)})
		assert.Equal(t, 2, always.Fired())
		always.Cancel()
		assert.Nil(t, ids(p))

		s.On(Match{Func: func(r Request) bool { return strings.Contains(string(r.Body), `"data":1`) }}, Set("mark", "func"))
		s.On(Match{Transport: "websocket"}, Set("mark", "no"))
		s.On(Match{Upgrade: true}, Set("mark", "no"))
		assert.Equal(t, []any{"func", nil}, []any{ids(p), ids(p)})
	})
}
