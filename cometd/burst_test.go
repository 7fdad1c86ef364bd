package cometd

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/cometd/cometdtest"
)

func TestBurst_wakesAReaderWhoWaits(t *testing.T) {
	for _, transport := range []Transport{LongPolling, WebSocket} {
		t.Run(string(transport), func(t *testing.T) {
			bubble(t, cometdtest.Options{WebSocket: true}, func(t *testing.T, srv *cometdtest.Server) {
				c := dial(t, srv, func(o *Options) { o.Transports = []Transport{transport}; o.Buffer = 8 })
				s := subscribe(t, c, "/a")
				began := time.Now()
				var got []string
				done := make(chan struct{})
				go func() {
					defer close(done)
					for e, err := range s.All(context.Background()) {
						if err != nil {
							return
						}
						if m, ok := e.(*Message); assert.True(t, ok, "%#v", e) {
							got = append(got, string(m.Data))
						}
					}
				}()
				settle()
				for i := range 20 { // more than fit: the reader is woken in between, too
					srv.Publish("/a", i)
				}
				settle()
				require.Len(t, got, 20)
				for i := range 20 {
					assert.Equal(t, fmt.Sprint(i), got[i])
				}
				assert.Zero(t, time.Since(began))
				_ = s.Close()
				<-done
			})
		})
	}
}
