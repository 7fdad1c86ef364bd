package voicetest

import (
	"net/http"
	"slices"
	"sync"
	"time"
)

// Request is one REST request that the simulator got. Those of CometD are in
// the record of [Server.CometD].
type Request struct {
	At     time.Time
	Method string
	Path   string // below /api/v2, with the query: "/me?subresources=*"
	Header http.Header
	Body   []byte
	User   string // user name of the login; "" if there was none
	Status int    // of the answer; 0 if there was none
}

// record keeps the newest requests.
type record struct {
	limit int

	mu   sync.Mutex
	all  []*Request
	next int // where the next one goes once all is full
}

// Requests returns a copy of the newest REST requests, the oldest first.
func (s *Server) Requests() []Request {
	r := &s.record
	r.mu.Lock()
	defer r.mu.Unlock()
	copies := make([]Request, 0, len(r.all))
	for i := range r.all {
		copies = append(copies, *r.all[(r.next+i)%len(r.all)])
	}
	return copies
}

// ClearRequests empties the record.
func (s *Server) ClearRequests() {
	s.record.mu.Lock()
	defer s.record.mu.Unlock()
	s.record.all, s.record.next = nil, 0
}

func (r *record) add(x *exchangeOver) *Request {
	if r.limit < 0 {
		return nil
	}
	path := "/" + x.path
	if x.r.URL.RawQuery != "" {
		path += "?" + x.r.URL.RawQuery
	}
	q := &Request{At: time.Now(), Method: x.r.Method, Path: path, Header: x.r.Header.Clone(), Body: slices.Clone(x.body)}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.all) < r.limit {
		r.all = append(r.all, q)
		return q
	}
	r.all[r.next] = q
	r.next = (r.next + 1) % len(r.all)
	return q
}

func (q *Request) setUser(r *record, name string) {
	if q != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		q.User = name
	}
}

func (q *Request) setStatus(r *record, status int) {
	if q != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		q.Status = status
	}
}
