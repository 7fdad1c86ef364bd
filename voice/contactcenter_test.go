package voice_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/gwsvoice/gws-go/cometd/cometdtest"
	"github.com/gwsvoice/gws-go/voice"
)

func TestEndContactCenterSession_serverIsSilent(t *testing.T) {
	for name, test := range map[string]struct {
		patience, took time.Duration
	}{
		"the caller gives up":   {time.Second, time.Second},
		"the caller is patient": {time.Hour, 31 * time.Second}, // 3 for the notifications, 28 for the answer
	} {
		t.Run(name, func(t *testing.T) {
			script(t, func(t *testing.T, s *scripted) {
				client := s.connect()
				s.cometd.On(cometdtest.Match{Channel: "/meta/disconnect"}, cometdtest.Silence())
				s.answerWith(func(_ http.ResponseWriter, p scriptedPost) { p.wait(time.Hour) })
				ctx, cancel := context.WithTimeout(t.Context(), test.patience)
				defer cancel()
				start := time.Now()
				err := client.EndContactCenterSession(ctx)
				assert.Equal(t, test.took, time.Since(start))
				assert.Error(t, err)
				assert.ErrorIs(t, client.Err(), voice.ErrClosed)
			})
		})
	}
}
