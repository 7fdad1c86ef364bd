package cometdtest

import (
	"bufio"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Request is one HTTP request or WebSocket frame of a client, with its answer.
type Request struct {
	Number     int // counts from 1 in order of arrival, also beyond RecordLimit
	Time       time.Time
	Connection int    // which TCP connection; 0 behind [NewHandler]
	Transport  string // "long-polling" or "websocket"
	Upgrade    bool   // opens a WebSocket
	Method     string
	Path       string
	Header     http.Header
	Body       []byte
	Messages   []Message // nil if Body is not JSON
	Session    string    // the clientId of the session that it belongs to or opened

	// The answer; Status is 0 until there is one, and where there was none.
	// Events that go out between replies on a WebSocket are in Frames.
	Status         int
	ResponseHeader http.Header
	Response       []byte
	Answered       time.Time
	Aborted        bool // the connection was cut, by a fault or by the client
}

// Has reports whether one of the messages is on the channel.
func (r *Request) Has(channel string) bool {
	return slices.ContainsFunc(r.Messages, func(m Message) bool { return m.Channel == channel })
}

// Frame is something that the server sent on a WebSocket.
type Frame struct {
	Time       time.Time
	Connection int
	Session    string
	Data       []byte
}

// Requests returns a copy of the record of requests, in order of arrival.
func (s *Server) Requests() []Request {
	s.record.mu.Lock()
	defer s.record.mu.Unlock()
	var all []Request
	for _, e := range last(s.record.requests, s.record.limit) {
		all = append(all, e.r)
	}
	return all
}

// RequestsFor returns those requests of the record that have a message on the
// channel.
func (s *Server) RequestsFor(channel string) []Request {
	return slices.DeleteFunc(s.Requests(), func(r Request) bool { return !r.Has(channel) })
}

// Frames returns a copy of the record of text frames sent on WebSockets.
func (s *Server) Frames() []Frame {
	s.record.mu.Lock()
	defer s.record.mu.Unlock()
	return slices.Clone(last(s.record.frames, s.record.limit))
}

// ClearRecord empties the record. Numbers go on.
func (s *Server) ClearRecord() {
	s.record.mu.Lock()
	defer s.record.mu.Unlock()
	s.record.requests, s.record.frames = nil, nil
}

type record struct {
	limit int

	mu       sync.Mutex
	number   int
	requests []*entry
	frames   []Frame
}

// entry is a request in the record.
type entry struct {
	rec *record
	r   Request // guarded by rec.mu
}

func (rec *record) request(r *http.Request, transport string, body []byte, messages []Message) *entry {
	e := &entry{rec: rec, r: Request{
		Time: time.Now(), Connection: connection(r), Transport: transport, Method: r.Method, Path: r.URL.Path,
		Header: r.Header, Body: body, Messages: messages,
	}}
	if len(messages) > 0 {
		e.r.Session = messages[0].ClientID
	}
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.number++
	e.r.Number = rec.number
	if rec.limit < 0 {
		return e
	}
	rec.requests = append(newest(rec.requests, rec.limit), e)
	return e
}

// newest drops the older half of a list when it holds twice what is kept.
func newest[E any](all []E, limit int) []E {
	if limit <= 0 || len(all) < 2*limit {
		return all
	}
	return slices.Delete(all, 0, len(all)-limit+1)
}

// last returns the part of a list that counts.
func last[E any](all []E, limit int) []E {
	if limit <= 0 || len(all) <= limit {
		return all
	}
	return all[len(all)-limit:]
}

func (rec *record) frame(f Frame) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	if rec.limit < 0 {
		return
	}
	rec.frames = append(newest(rec.frames, rec.limit), f)
}

func (e *entry) snapshot() Request {
	e.rec.mu.Lock()
	defer e.rec.mu.Unlock()
	return e.r
}

func (e *entry) change(f func(r *Request)) {
	e.rec.mu.Lock()
	defer e.rec.mu.Unlock()
	f(&e.r)
}

func (e *entry) session(x *exchange) {
	if x.opened != nil {
		e.change(func(r *Request) { r.Session = x.opened.ID })
	}
}

func (e *entry) abort() { e.change(func(r *Request) { r.Aborted = true }) }

// done notes the time of the answer.
func (e *entry) done() {
	e.change(func(r *Request) {
		if r.Status != 0 {
			r.Answered = time.Now()
		}
	})
}

// writer copies into the record what is written to w.
func (e *entry) writer(w http.ResponseWriter) http.ResponseWriter {
	return &recorder{ResponseWriter: w, e: e}
}

type recorder struct {
	http.ResponseWriter
	e        *entry
	hijacked net.Conn
}

// Hijack implements http.Hijacker, if the server behind it does.
func (r *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(r.ResponseWriter).Hijack()
	r.hijacked = conn
	return conn, rw, err
}

func (r *recorder) WriteHeader(code int) {
	r.e.change(func(q *Request) { q.Status, q.ResponseHeader = code, r.Header().Clone() })
	r.ResponseWriter.WriteHeader(code)
}

func (r *recorder) Write(b []byte) (int, error) {
	r.e.change(func(q *Request) {
		if q.Status == 0 {
			q.Status, q.ResponseHeader = http.StatusOK, r.Header().Clone()
		}
		if r.e.rec.limit >= 0 {
			q.Response = append(q.Response, b...)
		}
	})
	return r.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
