package cometdtest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// flock opens sessions without a network between them and the server.
func flock(b *testing.B, s *Server, n int) []*Session {
	b.Helper()
	all := make([]*Session, n)
	for range all {
		send(b, s, `[{"channel":"/meta/handshake","version":"1.0"}]`, "")
	}
	for i, sess := range s.Sessions() {
		all[i] = sess
		send(b, s, `[{"channel":"/meta/subscribe","clientId":"`+sess.ID+`","subscription":"/v2/me/calls"}]`, sess.browser)
		send(b, s, `[{"channel":"/meta/connect","clientId":"`+sess.ID+`","connectionType":"long-polling"}]`, sess.browser)
	}
	return all
}

func send(b *testing.B, s *Server, body, cookie string) string {
	b.Helper()
	r, _ := http.NewRequest("POST", "/", strings.NewReader(body))
	if cookie != "" {
		r.AddCookie(&http.Cookie{Name: "BAYEUX_BROWSER", Value: cookie})
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != 200 {
		b.Fatal(w.Code, w.Body)
	}
	answer, _ := io.ReadAll(w.Body)
	return string(answer)
}

// An event for one session among many, from Publish to the answer of its connect.
func BenchmarkPublishToOne(b *testing.B) {
	for _, n := range []int{1, 1000, 10_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			s := NewHandler(Options{RecordLimit: -1, MaxInterval: 3600e9})
			defer s.Close()
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			all := flock(b, s, n)
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				sess := all[i%n]
				i++
				sess.Publish("/v2/me/calls", i)
				answer := send(b, s, `[{"channel":"/meta/connect","clientId":"`+sess.ID+`","connectionType":"long-polling"}]`, sess.browser)
				if !strings.Contains(answer, `"data":`) {
					b.Fatal(answer)
				}
			}
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(n), "B/session")
		})
	}
}
