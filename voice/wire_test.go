package voice_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// wire notes what a client sends: "connect", "login", "snapshot", "Hold", and
// can hold back the answers.
type wire struct {
	base http.RoundTripper

	mu    sync.Mutex
	sent  []sent
	delay map[string]time.Duration
}

type sent struct {
	what string
	at   time.Time
}

// connectBy connects agent5001 over a wire.
func connectBy(t *testing.T, sim *voicetest.Server, change ...func(*voice.Config)) (*voice.Client, *wire) {
	t.Helper()
	w := &wire{delay: map[string]time.Duration{}}
	return connect(t, sim, append(change, func(c *voice.Config) {
		w.base = c.HTTPClient.Transport
		c.HTTPClient.Transport = w
	})...), w
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	what, err := describe(r)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	w.sent = append(w.sent, sent{what, time.Now()})
	delay := w.delay[what]
	delete(w.delay, what)
	w.mu.Unlock()
	resp, err := w.base.RoundTrip(r)
	select {
	case <-time.After(delay):
	case <-r.Context().Done():
	}
	return resp, err
}

// describe names a request after what is asked for.
func describe(r *http.Request) (string, error) {
	switch r.URL.RawQuery {
	case "subresources=features,devices,channels":
		return "login", nil
	case "subresources=devices,calls":
		return "snapshot", nil
	}
	what := r.Method + " " + strings.TrimPrefix(r.URL.Path, "/api/v2")
	if r.Body == nil {
		return what, nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return "", err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	var operation struct{ OperationName string }
	var messages []struct{ Channel string }
	switch {
	case json.Unmarshal(body, &operation) == nil && operation.OperationName != "":
		what = operation.OperationName
	case json.Unmarshal(body, &messages) == nil && len(messages) > 0:
		what = strings.TrimPrefix(messages[0].Channel, "/meta/")
	}
	return what, nil
}

// holdBack delays the answer to the next such request. The server has given it
// at once.
func (w *wire) holdBack(what string, d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.delay[what] = d
}

func (w *wire) clear() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent = nil
}

// others returns what was sent but connects, which others may overtake.
func (w *wire) others() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var names []string
	for _, s := range w.sent {
		if s.what != "connect" {
			names = append(names, s.what)
		}
	}
	return strings.Join(names, ", ")
}

// pauses returns the times between the connects, to the second below.
func (w *wire) pauses() []time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	connects := slices.DeleteFunc(slices.Clone(w.sent), func(s sent) bool { return s.what != "connect" })
	var all []time.Duration
	for i := 1; i < len(connects); i++ {
		all = append(all, connects[i].at.Sub(connects[i-1].at).Truncate(time.Second))
	}
	return all
}

func (w *wire) CloseIdleConnections() { (&http.Client{Transport: w.base}).CloseIdleConnections() }
