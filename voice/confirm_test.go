package voice

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type answering func(*http.Request) string

func (f answering) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(f(r))), Request: r}, nil
}

// A list must not take effect before older messages; but when these take their
// time, for instance since something hangs that is read after a gap, the outcome
// is unknown when it was promised to be.
func TestConfirm_waitsForOlderMessagesNoLongerThanPromised(t *testing.T) {
	for _, r := range []struct {
		busy    time.Duration
		settled bool
	}{
		{0, true},
		{9 * time.Second, true},
		{time.Hour, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			c, err := newClient(Config{BaseURL: "http://gws.example.com", HTTPClient: &http.Client{Transport: answering(func(r *http.Request) string {
				return `{"statusCode":0,"calls":[{"id":"call","state":"Held"}]}`
			})}})
			require.NoError(t, err)
			b := c.inbox
			busy := r.busy > 0
			b.Readable = func() bool { return busy }
			b.Len = func() int { return 1 }
			finish := time.AfterFunc(r.busy, func() {
				b.mu.Lock()
				defer b.mu.Unlock()
				busy = false
				b.emptied()
			})
			defer finish.Stop()
			began := time.Now()
			p, err := c.Start(t.Context(), Operation{Name: OpHold, CallID: "call"})
			require.NoError(t, err)
			out, err := p.Wait(context.Background())
			assert.Equal(t, defaultOperationTimeout, time.Since(began), "busy for %v", r.busy)
			if r.settled {
				require.NoError(t, err)
				assert.Equal(t, StateHeld, out.Call.Call.State)
			} else {
				_, unknown := errors.AsType[*UnconfirmedError](err)
				assert.True(t, unknown, "%v", err)
				assert.ErrorIs(t, err, ErrOutcomeTimeout)
			}
			c.fail(ErrClosed)
		})
	}
}
