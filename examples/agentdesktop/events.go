package main

import (
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	heartbeat    = 15 * time.Second // proxies cut silent connections, and pages give them up
	writeTimeout = 20 * time.Second // for a reader that has gone without a word
)

// getEvents streams what the page shows as server-sent events: each topic at
// once, and again whenever it changes.
func (a *app) getEvents(w http.ResponseWriter, r *http.Request) {
	sess := a.sessions.find(r)
	if sess == nil {
		// EventSource cannot tell a status from a broken line, an event it can.
		stream(w)
		_, _ = fmt.Fprint(w, "event: end\ndata: {\"reason\":\"none\"}\n\n")
		return
	}
	out := stream(w)
	if _, err := fmt.Fprint(w, "retry: 1500\n"); err != nil || clock(w) != nil {
		return
	}
	beat := time.NewTicker(min(heartbeat, max(a.idle/3, time.Millisecond)))
	defer beat.Stop()
	seen := uint64(0)
	for {
		news, version, changed, ended := sess.desk.board.since(seen)
		seen = version
		_ = out.SetWriteDeadline(now().Add(writeTimeout)) // where it is not supported, TCP decides
		for _, p := range news {
			if _, err := fmt.Fprintf(w, "event: %s\ndata: %s\n\n", p.topic, p.data); err != nil {
				return
			}
		}
		if ended != "" {
			_, _ = fmt.Fprintf(w, "event: end\ndata: {\"reason\":%q}\n\n", ended)
			_ = out.Flush()
			return
		}
		if out.Flush() != nil {
			return
		}
		select {
		case <-changed:
		case <-beat.C:
			if clock(w) != nil {
				return
			}
			a.sessions.keep(sess)
		case <-r.Context().Done():
			return
		}
	}
}

// clock tells the time of this server. The page that hears nothing for long takes
// the connection for dead.
func clock(w io.Writer) error {
	_, err := fmt.Fprintf(w, "event: clock\ndata: {\"now\":%d}\n\n", millis(now()))
	return err
}

func stream(w http.ResponseWriter) *http.ResponseController {
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would keep events back
	return http.NewResponseController(w)
}
