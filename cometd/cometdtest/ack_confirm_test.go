package cometdtest

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An event carries the batch number of the reply that it travels with: once
// that is confirmed it does not come again, and not before.
func TestAck_confirmedOnce(t *testing.T) {
	bubble(t, Options{Ack: true}, func(t *testing.T, s *Server) {
		p := newPeer(t, s)
		r := p.request("/meta/handshake", `"version":"1.0","supportedConnectionTypes":["long-polling"],"ext":{"ack":true}`)
		p.id = r[0]["clientId"].(string)
		p.request("/meta/subscribe", `"subscription":"/foo"`)
		connect := func(ack string) string {
			_, body := p.post(`[{"id":"7","channel":"/meta/connect","clientId":"CLIENT","connectionType":"long-polling","ext":{"ack":` + ack + `}}]`)
			return body
		}
		assert.NotContains(t, connect("0"), "data")

		s.Publish("/foo", 1)
		answered := connect("1") // at once: there is an event
		require.Contains(t, answered, `"data":1`)
		require.Contains(t, answered, `"ack":2`)

		again := connect("1") // the answer was lost
		require.Contains(t, again, `"data":1`)
		require.Contains(t, again, `"ack":3`)

		held := p.async(`[{"id":"8","channel":"/meta/connect","clientId":"CLIENT","connectionType":"long-polling","ext":{"ack":3}}]`)
		synctest.Wait()
		s.Publish("/foo", 2)
		released := <-held
		assert.NotContains(t, released.body, `"data":1`)
		assert.Contains(t, released.body, `"data":2`)
		assert.Contains(t, released.body, `"ack":4`)

		s.Publish("/foo", 3)
		after := connect("4")
		assert.NotContains(t, after, `"data":2`)
		assert.Contains(t, after, `"data":3`)
	})
}
