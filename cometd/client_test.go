package cometd

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/cometd/cometdtest"
)

func TestClient_subscribesReceivesPublishes(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		sub := subscribe(t, c, "/foo")
		srv.Publish("/foo", 1)
		assert.Equal(t, "1", nextData(t, sub))
		require.NoError(t, c.Publish(t.Context(), "/foo", map[string]any{"x": 2}))
		assert.Equal(t, `{"x":2}`, nextData(t, sub))
		settle()
		assert.Equal(t, Connected, c.State())
		require.NoError(t, sub.Close())
		require.NoError(t, c.Close())
		assert.Equal(t, Closed, c.State())
		assert.ErrorIs(t, c.Err(), ErrClosed)
		assert.Empty(t, srv.Sessions())
	})
}
