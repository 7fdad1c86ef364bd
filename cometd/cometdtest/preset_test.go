package cometdtest

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPreset_handshakeReply(t *testing.T) {
	const all = `["websocket","callback-polling","long-polling"]`
	for _, row := range []struct {
		preset Preset
		want   string // beside id, channel, successful, clientId, version
	}{
		{Reference, `"minimumVersion":"1.0","supportedConnectionTypes":` + all + `,"advice":{"reconnect":"retry","interval":0,"timeout":30000}`},
		{Reference31, `"minimumVersion":"1.0","supportedConnectionTypes":` + all + `,"advice":{"reconnect":"retry","interval":0,"timeout":30000}`},
		{Reference29, `"minimumVersion":"1.0","supportedConnectionTypes":` + all},
		{GWS, `"minimumVersion":"1.0","supportedConnectionTypes":["long-polling"]`},
		{Salesforce, `"minimumVersion":"1.0","supportedConnectionTypes":["long-polling"]`},
		{Node, `"supportedConnectionTypes":["long-polling"],"advice":{"reconnect":"retry","interval":0,"timeout":30000}`},
		{Faye, `"supportedConnectionTypes":["long-polling","cross-origin-long-polling","callback-polling","websocket","eventsource","in-process"],
			"advice":{"reconnect":"retry","interval":0,"timeout":60000}`},
	} {
		t.Run(row.preset.String(), func(t *testing.T) {
			bubble(t, Options{Preset: row.preset}, func(t *testing.T, s *Server) {
				p := newPeer(t, s)
				_, body := p.post(`[{"id":"1","channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["long-polling"]}]`)
				id := decode(t, body)[0]["clientId"].(string)
				assert.JSONEq(t, `[{"id":"1","channel":"/meta/handshake","successful":true,"version":"1.0","clientId":"`+id+`",`+row.want+`}]`, body)
			})
		})
	}
}

// The first connect brings the advice that the handshake reply did not have.
func TestPreset_firstConnectReply(t *testing.T) {
	for _, row := range []struct {
		preset Preset
		want   string
	}{
		{Reference, `{"id":"7","channel":"/meta/connect","successful":true}`},
		{Reference29, `{"id":"7","channel":"/meta/connect","successful":true,"advice":{"reconnect":"retry","interval":0,"timeout":30000}}`},
		{GWS, `{"id":"7","channel":"/meta/connect","successful":true,"advice":{"reconnect":"retry","interval":0,"timeout":30000}}`},
		{Salesforce, `{"id":"7","channel":"/meta/connect","clientId":"CLIENT","successful":true,"advice":{"reconnect":"retry","interval":0,"timeout":110000}}`},
	} {
		t.Run(row.preset.String(), func(t *testing.T) {
			bubble(t, Options{Preset: row.preset}, func(t *testing.T, s *Server) {
				p := newPeer(t, s)
				p.handshake()
				start := time.Now()
				p.wants(held, "["+row.want+"]")
				assert.Zero(t, time.Since(start), "the first connect is not held")
			})
		})
	}
}

func TestPreset_unknownSession(t *testing.T) {
	for _, row := range []struct {
		preset             Preset
		connect, subscribe string
	}{
		{Reference, `"error":"402::session_unknown","advice":{"reconnect":"handshake","interval":0}`, `"subscription":"/foo","error":"402::session_unknown"`},
		{Reference31, `"error":"402::Unknown client","advice":{"reconnect":"handshake","interval":0}`, `"error":"402::Unknown client"`},
		{Reference29, `"error":"402::Unknown client","advice":{"reconnect":"handshake","interval":0}`, `"error":"402::Unknown client"`},
		{GWS, `"error":"402::Unknown client","advice":{"reconnect":"handshake","interval":0}`, `"error":"402::Unknown client"`},
		{Faye, `"error":"401:abc:Unknown client","advice":{"reconnect":"handshake"}`, `"subscription":"/foo","clientId":"abc","error":"401:abc:Unknown client"`},
		{Salesforce, `"clientId":"abc","error":"403::Unknown client","advice":{"reconnect":"handshake","interval":0}`, `"subscription":"/foo","clientId":"abc","error":"403::Unknown client"`},
		{Node, `"error":"402::session_unknown","advice":{"reconnect":"handshake","interval":0}`, `"error":"402::session_unknown"`},
	} {
		t.Run(row.preset.String(), func(t *testing.T) {
			bubble(t, Options{Preset: row.preset}, func(t *testing.T, s *Server) {
				p := newPeer(t, s)
				p.id = "abc"
				p.wants(held, `[{"id":"7","channel":"/meta/connect","successful":false,`+row.connect+`}]`)
				p.wants(`[{"id":"8","channel":"/meta/subscribe","clientId":"CLIENT","subscription":"/foo"}]`,
					`[{"id":"8","channel":"/meta/subscribe","successful":false,`+row.subscribe+`}]`)
			})
		})
	}
}

func TestPreset_cookie(t *testing.T) {
	for _, row := range []struct {
		preset Preset
		error  any
	}{
		{Reference, "402::session_unknown"}, {Reference31, "402::Unknown client"}, {GWS, "402::Unknown client"},
		{Reference29, nil}, {Faye, nil}, {Node, "402::session_unknown"},
		{Salesforce, "400::Client CLIENT has established a session, but no BAYEUX_BROWSER cookie present"},
	} {
		t.Run(row.preset.String(), func(t *testing.T) {
			bubble(t, Options{Preset: row.preset}, func(t *testing.T, s *Server) {
				p := newPeer(t, s)
				p.handshake()
				p.http.Jar = nil
				got := p.request("/meta/subscribe", `"subscription":"/foo"`)[0]["error"]
				if text, ok := row.error.(string); ok && row.preset == Salesforce {
					row.error = "400::Client " + p.id + text[len("400::Client CLIENT"):]
				}
				assert.Equal(t, row.error, got)
			})
		})
	}
}

func TestPreset_duplicateConnect(t *testing.T) {
	for preset, status := range map[Preset]int{Reference: 500, Reference31: 408, Reference29: 408, GWS: 408, Node: 500} {
		t.Run(preset.String(), func(t *testing.T) {
			bubble(t, Options{Preset: preset}, func(t *testing.T, s *Server) {
				p := newPeer(t, s)
				p.handshake()
				p.request("/meta/connect", `"connectionType":"long-polling","advice":{"timeout":0}`)
				first := p.async(held)
				synctest.Wait()
				second := p.async(held)
				a := <-first
				require.NoError(t, a.err)
				assert.Equal(t, status, a.status)
				assert.Empty(t, a.body)
				synctest.Wait()
				require.True(t, p.session().Held())
				time.Sleep(29 * time.Second) // the older one does not make the session expire
				require.True(t, p.session().Alive())
				s.Sessions()[0].Disconnect()
				<-second
			})
		})
	}
}

func TestPreset_connectWithOthers(t *testing.T) {
	const both = `[{"id":"8","channel":"/meta/subscribe","clientId":"CLIENT","subscription":"/foo"},{"id":"7","channel":"/meta/connect","clientId":"CLIENT","connectionType":"long-polling"}]`
	bubble(t, Options{}, func(t *testing.T, s *Server) {
		p := newPeer(t, s).open()
		start := time.Now()
		p.wants(both, `[{"id":"8","channel":"/meta/subscribe","subscription":"/foo","successful":true},{"id":"7","channel":"/meta/connect","successful":true}]`)
		assert.Zero(t, time.Since(start))
	})
	for _, preset := range []Preset{Reference29, GWS} {
		bubble(t, Options{Preset: preset}, func(t *testing.T, s *Server) {
			status, _ := newPeer(t, s).open().post(both)
			assert.Equal(t, 500, status)
		})
	}
	bubble(t, Options{Preset: Faye}, func(t *testing.T, s *Server) {
		p := newPeer(t, s)
		p.handshake()
		start := time.Now()
		time.AfterFunc(time.Second, func() { s.Publish("/foo", 1) })
		p.wants(both, `[{"id":"8","clientId":"CLIENT","channel":"/meta/subscribe","subscription":"/foo","successful":true},
			{"id":"7","clientId":"CLIENT","channel":"/meta/connect","successful":true,"advice":{"reconnect":"retry","interval":0,"timeout":60000}},
			{"channel":"/foo","data":1}]`)
		assert.Equal(t, time.Second, time.Since(start))
	})
}

func TestPreset_handshakeWithOthers(t *testing.T) {
	const both = `[{"id":"1","channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["long-polling"]},{"id":"2","channel":"/foo","data":1}]`
	for preset, status := range map[Preset]int{Reference: 500, Reference29: 500, Faye: 200} {
		bubble(t, Options{Preset: preset}, func(t *testing.T, s *Server) {
			got, _ := newPeer(t, s).post(both)
			assert.Equal(t, status, got)
		})
	}
}

func TestPreset_fayeForwardsTheID(t *testing.T) {
	bubble(t, Options{Preset: Faye, Timeout: -1}, func(t *testing.T, s *Server) {
		p := newPeer(t, s).open("/foo")
		p.wants(`[{"id":"17","channel":"/foo","clientId":"CLIENT","data":{"a":1}}]`, `[{"id":"17","clientId":"CLIENT","channel":"/foo","successful":true}]`)
		p.wants(held, `[{"id":"7","clientId":"CLIENT","channel":"/meta/connect","successful":true,"advice":{"reconnect":"retry","interval":0,"timeout":0}},
			{"channel":"/foo","data":{"a":1},"id":"17"}]`)
		p.wants(`[{"id":"18","channel":"/foo","clientId":"CLIENT"}]`, `[{"id":"18","clientId":"CLIENT","channel":"/foo","successful":false,"error":"402:data:Missing required parameter"}]`)
		p.wants(`[{"id":"19","channel":"/meta/subscribe","clientId":"CLIENT","subscription":"/a.b"}]`,
			`[{"id":"19","clientId":"CLIENT","channel":"/meta/subscribe","subscription":"/a.b","successful":false,"error":"405:/a.b:Invalid channel"}]`)
		p.wants(`[{"id":"20","channel":"/meta/subscribe","clientId":"CLIENT","subscription":"/service/x"}]`,
			`[{"id":"20","clientId":"CLIENT","channel":"/meta/subscribe","subscription":"/service/x","successful":false,"error":"403:/service/x:Forbidden channel"}]`)
		_, body := p.post(`[{"id":"22","channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["foo","bar"]}]`)
		assert.Equal(t, "301:foo,bar:Connection types not supported", decode(t, body)[0]["error"])
	})
}

func TestPreset_copiesPerSubscription(t *testing.T) {
	for preset, copies := range map[Preset]int{Reference: 1, Node: 2} {
		bubble(t, Options{Preset: preset}, func(t *testing.T, s *Server) {
			p := newPeer(t, s).open("/foo", "/**")
			s.Publish("/foo", 1)
			assert.Len(t, p.connect(), copies+1)
		})
	}
}

func TestPreset_badSyntax(t *testing.T) {
	const bad = `[{"id":"a b","channel":"/foo","clientId":"CLIENT","data":1}]`
	bubble(t, Options{}, func(t *testing.T, s *Server) {
		p := newPeer(t, s).open()
		p.wants(bad, `[{"id":"a b","channel":"/foo","successful":false,"error":"405::message_id_invalid"}]`)
		p.wants(`[{"id":"1","channel":"/foo?","clientId":"CLIENT","data":1}]`, `[{"id":"1","channel":"/foo?","successful":false,"error":"405::channel_invalid"}]`)
		p.wants(`[{"id":"1","clientId":"CLIENT","data":1}]`, `[{"id":"1","successful":false,"error":"400::channel_missing"}]`)
	})
	for _, o := range []Options{{Preset: Reference31}, {Preset: Reference29}} {
		bubble(t, o, func(t *testing.T, s *Server) {
			p := newPeer(t, s).open()
			p.wants(bad, `[{"id":"a b","channel":"/foo","successful":true}]`)
			status, _ := p.post(`[{"id":"1","channel":"/foo?","clientId":"CLIENT","data":1}]`)
			assert.Equal(t, 500, status)
		})
	}
	bubble(t, Options{NoFieldValidation: true}, func(t *testing.T, s *Server) {
		newPeer(t, s).open().wants(bad, `[{"id":"a b","channel":"/foo","successful":true}]`)
	})
}

func TestPreset_emptyArray(t *testing.T) {
	for preset, status := range map[Preset]int{Reference: 500, Node: 400, Faye: 200} {
		bubble(t, Options{Preset: preset}, func(t *testing.T, s *Server) {
			got, body := newPeer(t, s).post(`[]`)
			assert.Equal(t, status, got)
			if status == 200 {
				assert.Equal(t, "[]", body)
			}
		})
	}
}

func TestPreset_cookielessPolls(t *testing.T) {
	bubble(t, Options{Preset: Reference29}, func(t *testing.T, s *Server) {
		p := newPeer(t, s)
		p.http.Jar = nil
		p.handshake()
		p.connect()
		p.wants(held, `[{"id":"7","channel":"/meta/connect","successful":true,"advice":{"multiple-clients":true,"reconnect":"retry","interval":2000,"timeout":30000}}]`)
	})
}

func TestPreset_salesforceDoesNotPublish(t *testing.T) {
	bubble(t, Options{Preset: Salesforce}, func(t *testing.T, s *Server) {
		p := newPeer(t, s).open("/topic/x")
		r := p.request("/topic/x", `"data":1`)
		assert.Equal(t, false, r[0]["successful"])
	})
}

// What the servers that are not in Java do when a session ends.
func TestPreset_endOfASession(t *testing.T) {
	const answered = `[{"id":"7","channel":"/meta/connect","successful":true}]`
	for _, row := range []struct {
		name   string
		preset Preset
		end    func(*Session)
		status int
		want   string
	}{
		{"kicked", Node, (*Session).Disconnect, 200, `[{"channel":"/meta/disconnect","successful":true},` + answered[1:]},
		{"expired", Node, (*Session).Expire, 500, ""},
		{"kicked", Faye, (*Session).Disconnect, 200, `[{"id":"7","channel":"/meta/connect","clientId":"CLIENT","successful":true,
			"advice":{"reconnect":"retry","interval":0,"timeout":60000}}]`},
		{"expired", Faye, (*Session).Expire, 200, `[{"id":"7","channel":"/meta/connect","clientId":"CLIENT","successful":true,
			"advice":{"reconnect":"retry","interval":0,"timeout":60000}}]`},
		{"expired", Reference31, (*Session).Expire, 408, ""},
	} {
		t.Run(row.preset.String()+" "+row.name, func(t *testing.T) {
			bubble(t, Options{Preset: row.preset}, func(t *testing.T, s *Server) {
				p := newPeer(t, s)
				p.handshake()
				p.request("/meta/connect", `"connectionType":"long-polling","advice":{"timeout":0}`)
				connect := p.async(held)
				synctest.Wait()
				row.end(p.session())
				a := <-connect
				require.NoError(t, a.err)
				assert.Equal(t, row.status, a.status)
				if row.want != "" {
					assert.JSONEq(t, strings.ReplaceAll(row.want, "CLIENT", p.id), a.body)
				}
			})
		})
	}
}

// Odd input, as the servers were seen to answer it.
func TestPreset_oddInput(t *testing.T) {
	const success = `"successful":true`
	for _, row := range []struct {
		preset       Preset
		body, answer string
	}{
		{Reference, `"id":17,"channel":"/foo","data":1`, `"id":"17","channel":"/foo",` + success},
		{Node, `"id":17,"channel":"/foo","data":1`, `"id":17,"channel":"/foo",` + success},
		{Reference, `"id":"1","channel":"/foo/*","data":1`, `"id":"1","channel":"/foo/*",` + success},
		{Faye, `"id":"1","channel":"/foo/*","data":1`, `"id":"1","channel":"/foo/*","clientId":"CLIENT","successful":false,"error":"405:/foo/*:Invalid channel"`},
		{Reference, `"id":"1","channel":"/meta/subscribe","subscription":[]`, `"id":"1","channel":"/meta/subscribe","subscription":[]`},
		{Node, `"id":"1","channel":"/meta/subscribe","subscription":[]`, `"id":"1","channel":"/meta/subscribe","subscription":[],` + success},
		{Reference, `"id":"1","channel":"/meta/subscribe","subscription":"/meta/connect"`,
			`"id":"1","channel":"/meta/subscribe","subscription":"/meta/connect","successful":false,"error":"403:denied_by_security_policy:subscribe_denied"`},
		{Node, `"id":"1","channel":"/meta/subscribe","subscription":"/meta/connect"`,
			`"id":"1","channel":"/meta/subscribe","subscription":"/meta/connect","successful":false,"error":"403::subscribe_failed"`},
		{Faye, `"id":"1","channel":"/meta/unsubscribe"`,
			`"id":"1","channel":"/meta/unsubscribe","clientId":"CLIENT","subscription":[],"successful":false,"error":"402:subscription:Missing required parameter"`},
		{Node, `"id":"1","channel":"/meta/unsubscribe","subscription":"/nothing"`, `"id":"1","channel":"/meta/unsubscribe","subscription":"/nothing",` + success},
	} {
		bubble(t, Options{Preset: row.preset}, func(t *testing.T, s *Server) {
			newPeer(t, s).open().wants(`[{"clientId":"CLIENT",`+row.body+`}]`, `[{`+row.answer+`}]`)
		})
	}

	// A publish without data is an event without data; a trailing slash stays.
	bubble(t, Options{}, func(t *testing.T, s *Server) {
		p := newPeer(t, s).open("/foo")
		p.wants(`[{"id":"1","channel":"/foo/","clientId":"CLIENT"}]`, `[{"channel":"/foo/"},{"id":"1","channel":"/foo/","successful":true}]`)
	})
	// Faye asks nobody who wants to publish.
	bubble(t, Options{Preset: Faye}, func(t *testing.T, s *Server) {
		p := newPeer(t, s)
		p.wants(`[{"id":"1","channel":"/foo","data":1}]`, `[{"id":"1","channel":"/foo","successful":true}]`)
	})
}
