package voice_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
)

func TestNewTransport_keepsTheConnectionsOfAllAgents(t *testing.T) {
	const agents = 20
	var held sync.WaitGroup
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		held.Done()
		held.Wait() // until every agent polls
	}))
	var conns atomic.Int32
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			conns.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	shared := voice.NewTransport()
	defer shared.CloseIdleConnections()
	for range 5 {
		held.Add(agents)
		var polls sync.WaitGroup
		for range agents {
			polls.Go(func() {
				resp, err := (&http.Client{Transport: shared}).Get(server.URL)
				if assert.NoError(t, err) {
					_ = resp.Body.Close()
				}
			})
		}
		polls.Wait()
	}
	assert.EqualValues(t, agents, conns.Load())
}

func TestNewTransport_resumesTLSSessions(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	shared := voice.NewTransport()
	shared.TLSClientConfig.RootCAs = server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	for i := range 3 {
		resp, err := (&http.Client{Transport: shared}).Get(server.URL)
		require.NoError(t, err)
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		assert.Equal(t, i > 0, resp.TLS.DidResume)
		assert.Equal(t, 1, resp.ProtoMajor)
		shared.CloseIdleConnections()
	}
}
