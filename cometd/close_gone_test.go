package cometd

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/cometd/cometdtest"
)

func TestClose_afterTheServerIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := cometdtest.NewServer(cometdtest.Options{InMemory: true})
		hc := srv.Client()
		c, err := Dial(t.Context(), srv.URL(), &Options{HTTPClient: hc})
		require.NoError(t, err)
		synctest.Wait()
		srv.Close()
		start := time.Now()
		require.NoError(t, c.Close())
		assert.Zero(t, time.Since(start), "there is nobody to wait for")
		hc.CloseIdleConnections()
	})
}
