package cometd

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"
)

// still is a network without cost: it grants a session and holds its connects.
type still struct{}

func (still) RoundTrip(r *http.Request) (*http.Response, error) {
	var messages []struct{ ID, Channel string }
	if err := json.NewDecoder(r.Body).Decode(&messages); err != nil {
		return nil, err
	}
	m := messages[0]
	if m.Channel == metaConnect && m.ID != "2" {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	body := fmt.Sprintf(`[{"id":%q,"channel":%q,"successful":true,"clientId":"c","supportedConnectionTypes":["long-polling"]}]`, m.ID, m.Channel)
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
}

// BenchmarkIdleClient reports the memory of a client that waits for events on
// long-polling, heap and stacks, without the connection of net/http.
func BenchmarkIdleClient(b *testing.B) {
	const n = 1000
	for b.Loop() {
		before := inUse()
		clients := make([]*Client, n)
		for i := range clients {
			c, err := Dial(b.Context(), "http://still/cometd", &Options{HTTPClient: &http.Client{Transport: still{}}})
			if err != nil {
				b.Fatal(err)
			}
			clients[i] = c
		}
		for _, c := range clients {
			for c.State() != Connected {
				time.Sleep(time.Millisecond)
			}
		}
		b.ReportMetric(float64(inUse()-before)/n, "B/client")
		b.ReportMetric(float64(runtime.NumGoroutine())/n, "goroutines/client")
		for _, c := range clients {
			_ = c.CloseNow()
		}
	}
}

func inUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}
