package cometdtest

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The recorded session of a voice client: its requests get the recorded answers.
func TestSamples(t *testing.T) {
	const recorded = "1k8x0q3w7n2m5v9zq4t1b6h8r"
	sample := func(name, id string) string {
		b, err := os.ReadFile("testdata/" + name + ".json")
		require.NoError(t, err)
		return strings.ReplaceAll(string(b), recorded, id)
	}
	o := Options{Policy: func(_ *Session, action Action, channel string) *Refusal {
		if action == Subscribe && channel == "/v2/users" {
			return &Refusal{}
		}
		return nil
	}}
	bubble(t, o, func(t *testing.T, s *Server) {
		p := newPeer(t, s)
		_, body := p.post(sample("01-handshake-request", ""))
		p.id = decode(t, body)[0]["clientId"].(string)
		assert.JSONEq(t, sample("02-handshake-response", p.id), body)
		exchange := func(request, response string) {
			t.Helper()
			p.wants(sample(request, p.id), sample(response, p.id))
		}
		exchange("03-subscribe-request", "04-subscribe-response")
		exchange("05-connect-first-request", "06-connect-first-response")

		var event []struct{ Data json.RawMessage }
		require.NoError(t, json.Unmarshal([]byte(sample("08-connect-response-with-message", "")), &event))
		time.AfterFunc(time.Second, func() { s.Publish("/v2/me/devices", event[0].Data) })
		exchange("07-connect-request", "08-connect-response-with-message")

		next := strings.NewReplacer(`"4"`, `"5"`).Replace(sample("07-connect-request", p.id))
		p.wants(next, sample("09-connect-response-empty", p.id))
		p.wants(`[{"id":"7","channel":"/meta/subscribe","clientId":"CLIENT","subscription":"/v2/users"}]`, sample("11-subscribe-response-denied", p.id))

		lost := strings.NewReplacer(`"4"`, `"6"`, p.id, "lost").Replace(sample("07-connect-request", p.id))
		p.wants(lost, sample("10-connect-response-unknown-session", ""))
		exchange("12-disconnect-request", "13-disconnect-response")
	})
}

// The session is lost, and found again by a new handshake.
func TestTrace_sessionLost(t *testing.T) {
	bubble(t, Options{Preset: Reference29, Transports: []string{"long-polling"}}, func(t *testing.T, s *Server) {
		p := newPeer(t, s).open("/foo")
		p.session().Expire()
		p.wants(`[{"id":"12","channel":"/meta/connect","clientId":"CLIENT","connectionType":"long-polling"}]`,
			`[{"id":"12","channel":"/meta/connect","successful":false,"error":"402::Unknown client","advice":{"interval":0,"reconnect":"handshake"}}]`)
		_, body := p.post(`[{"id":"13","channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["long-polling"]}]`)
		p.id = decode(t, body)[0]["clientId"].(string)
		assert.JSONEq(t, `[{"id":"13","channel":"/meta/handshake","successful":true,"clientId":"`+p.id+`","version":"1.0","minimumVersion":"1.0","supportedConnectionTypes":["long-polling"]}]`, body)
		p.wants(`[{"id":"14","channel":"/meta/subscribe","clientId":"CLIENT","subscription":"/foo"},{"id":"15","channel":"/meta/subscribe","clientId":"CLIENT","subscription":"/bar"}]`,
			`[{"id":"14","channel":"/meta/subscribe","subscription":"/foo","successful":true},{"id":"15","channel":"/meta/subscribe","subscription":"/bar","successful":true}]`)
		p.wants(`[{"id":"16","channel":"/meta/connect","clientId":"CLIENT","connectionType":"long-polling","advice":{"timeout":0}}]`,
			`[{"id":"16","channel":"/meta/connect","successful":true,"advice":{"reconnect":"retry","interval":0,"timeout":30000}}]`)
	})
}

// A response is lost with its events, which come again.
func TestTrace_ackAfterALostResponse(t *testing.T) {
	for name, lose := range map[string]Fault{"dropped": Drop(), "truncated": Truncate(20), "swallowed": Swallow()} {
		t.Run(name, func(t *testing.T) {
			bubble(t, Options{Ack: true}, func(t *testing.T, s *Server) {
				p := newPeer(t, s)
				r := p.request("/meta/handshake", `"version":"1.0","ext":{"ack":true}`)
				assert.Equal(t, map[string]any{"ack": true}, r[0]["ext"])
				p.id = r[0]["clientId"].(string)
				p.request("/meta/subscribe", `"subscription":"/foo"`)
				for i := range 5 { // up to batch 5
					p.request("/meta/connect", `"advice":{"timeout":0},"ext":{"ack":`+string(rune('0'+i))+`}`)
				}
				s.On(Match{Channel: MetaConnect}, lose)
				p.http.Timeout = 10 * time.Second
				connect := p.async(`[{"id":"20","channel":"/meta/connect","clientId":"CLIENT","connectionType":"long-polling","ext":{"ack":5}}]`)
				synctest.Wait()
				s.Publish("/foo", "e1")
				s.Publish("/foo", "e2")
				require.Error(t, (<-connect).err)
				p.http.Timeout = 0
				p.wants(`[{"id":"21","channel":"/meta/connect","clientId":"CLIENT","connectionType":"long-polling","ext":{"ack":5},"advice":{"timeout":0}}]`,
					`[{"channel":"/foo","data":"e1"},{"channel":"/foo","data":"e2"},{"id":"21","channel":"/meta/connect","successful":true,"ext":{"ack":7},"advice":{"reconnect":"retry","interval":0,"timeout":30000}}]`)
				p.wants(`[{"id":"22","channel":"/meta/connect","clientId":"CLIENT","connectionType":"long-polling","ext":{"ack":7},"advice":{"timeout":0}}]`,
					`[{"id":"22","channel":"/meta/connect","successful":true,"ext":{"ack":8},"advice":{"reconnect":"retry","interval":0,"timeout":30000}}]`)
			})
		})
	}
}

// Only a client that asks gets the extension, and only where it is installed.
func TestAck_negotiation(t *testing.T) {
	for _, row := range []struct {
		o    Options
		ext  string
		want any
	}{
		{Options{Ack: true}, `{"ack":true}`, map[string]any{"ack": true}},
		{Options{Ack: true}, `{"ack":false}`, nil},
		{Options{Ack: true}, `{}`, nil},
		{Options{}, `{"ack":true}`, nil},
		{Options{Ack: true, Preset: Faye}, `{"ack":true}`, nil},
	} {
		bubble(t, row.o, func(t *testing.T, s *Server) {
			r := newPeer(t, s).request("/meta/handshake", `"version":"1.0","supportedConnectionTypes":["long-polling"],"ext":`+row.ext)
			assert.Equal(t, true, r[0]["successful"])
			assert.Equal(t, row.want, r[0]["ext"])
		})
	}
}

// What was delivered as it is does not come again, so that a broken message
// does not block the session for ever.
func TestAck_rawMessagesComeOnce(t *testing.T) {
	bubble(t, Options{Ack: true}, func(t *testing.T, s *Server) {
		p := newPeer(t, s)
		p.id = p.request("/meta/handshake", `"version":"1.0","ext":{"ack":true}`)[0]["clientId"].(string)
		p.session().DeliverRaw(`{"broken`)
		const connect = `[{"id":"1","channel":"/meta/connect","clientId":"CLIENT","advice":{"timeout":0},"ext":{"ack":0}}]`
		_, body := p.post(connect)
		assert.Contains(t, body, `{"broken`)
		_, body = p.post(connect)
		assert.NotContains(t, body, `{"broken`)
	})
}
