// Package gwshttp makes the REST and the CometD requests of one GWS session
// look alike: credentials, CSRF header and Origin go on every request to the
// server of the session, and to no other host.
package gwshttp

import (
	"context"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/net/http/httpguts"
)

// csrfHeader is the response header in which the server names the header that
// carries the CSRF token, in this response and in the requests that follow.
const csrfHeader = "X-Csrf-Header"

// Transport is an http.RoundTripper for one GWS session. Unlike one for
// everybody it sets headers in the very request it is given, to the server of
// the session: the requests are this module's own, each made for one sending.
// It may be used by several goroutines.
type Transport struct {
	base      http.RoundTripper
	server    *url.URL
	origin    []string
	authorize func(*http.Request) error

	mu    sync.Mutex
	csrf  string   // canonical name of the CSRF header; "" if the server named none
	token []string // its value

	// The server opens a session of its own for each request without a live one,
	// and the token belongs to one of them. Both count the sessions so far.
	sessions, tokenOf uint64
}

// New returns a Transport for the session on server that sends by base.
// authorize adds the credentials to a request; nil adds none. origin is the
// value of the Origin header; "" sends none.
func New(base http.RoundTripper, server *url.URL, origin string, authorize func(*http.Request) error) *Transport {
	t := &Transport{base: base, server: server, authorize: authorize}
	if origin != "" {
		t.origin = []string{origin}
	}
	return t
}

// RoundTrip implements http.RoundTripper.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if !sameOrigin(req.URL, t.server) {
		return t.base.RoundTrip(req)
	}
	if t.authorize != nil {
		if err := t.authorize(req); err != nil {
			if req.Body != nil {
				_ = req.Body.Close()
			}
			return nil, &AuthError{err}
		}
	}
	if t.origin != nil {
		req.Header["Origin"] = t.origin
	}
	name, token, session := t.csrfToken()
	if name != "" {
		req.Header[name] = token
	}
	if _, traced := t.base.(*http.Transport); !traced {
		watchBody(req)
	}
	resp, err := t.base.RoundTrip(req)
	if err == nil {
		t.learn(resp.Header, session)
	}
	return resp, err
}

// CloseIdleConnections closes the idle connections of the transport below.
func (t *Transport) CloseIdleConnections() {
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// Sessions returns a number that changes when the session may be another one,
// and whether the CSRF token, if there is one, is that of the last.
func (t *Transport) Sessions() (n uint64, fits bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sessions, t.csrf == "" || t.tokenOf == t.sessions
}

// Forget drops the CSRF token, which ends with the HTTP session it belongs to.
func (t *Transport) Forget() {
	t.mu.Lock()
	t.csrf, t.token = "", nil
	t.sessions++
	t.mu.Unlock()
}

func (t *Transport) csrfToken() (name string, token []string, session uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.csrf, t.token, t.sessions
}

// learn keeps the CSRF token of a response to a request of a session: the server
// may rotate it at any time.
func (t *Transport) learn(h http.Header, session uint64) {
	if len(h["Set-Cookie"]) == 0 && len(h[csrfHeader]) == 0 {
		return // as most
	}
	opened := slices.ContainsFunc(h["Set-Cookie"], func(cookie string) bool {
		name, _, _ := strings.Cut(cookie, "=")
		return strings.Contains(strings.ToUpper(name), "SESSIONID")
	})
	name := http.CanonicalHeaderKey(h.Get(csrfHeader))
	token := h.Get(name)
	usable := usableCSRF(name, token)
	if !opened && !usable {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if opened {
		t.sessions++
		session = t.sessions
	}
	if usable {
		t.csrf, t.token, t.tokenOf = name, []string{token}, session
	}
}

// usableCSRF refuses names by which a server could make us send a header that
// means something else.
func usableCSRF(name, token string) bool {
	if token == "" || !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(token) {
		return false
	}
	switch name {
	case "Authorization", "Cookie", "Host", "Origin", "Accept", "Connection", "Te", "Trailer", "Upgrade", "Expect":
		return false
	}
	return !strings.HasPrefix(name, "Content-") && !strings.HasPrefix(name, "Transfer-") &&
		!strings.HasPrefix(name, "Proxy-") && !strings.HasPrefix(name, "Sec-")
}

func sameOrigin(a, b *url.URL) bool {
	return strings.EqualFold(a.Scheme, b.Scheme) && strings.EqualFold(a.Host, b.Host)
}

// AuthError reports that the caller's credentials could not be had; nothing
// was sent.
type AuthError struct{ Err error }

func (e *AuthError) Error() string { return "credentials: " + e.Err.Error() }
func (e *AuthError) Unwrap() error { return e.Err }

// Sent tells whether a request may have gone out.
type Sent struct {
	flag  atomic.Bool
	trace httptrace.ClientTrace
}

// Watch returns a context under which s becomes true as soon as the body of the
// request may have gone out. While it is false, the server cannot have acted on
// the request: it has no complete one. Requests without a body are not watched.
func (s *Sent) Watch(ctx context.Context) context.Context {
	s.trace.WroteHeaders = s.set
	return httptrace.WithClientTrace(ctx, &s.trace)
}

func (s *Sent) set() { s.flag.Store(true) }

// Load tells whether the body may have gone out.
func (s *Sent) Load() bool { return s.flag.Load() }

// watchBody does what a trace does, for transports that may not trace: what
// has been read of the body may have been sent. net/http traces, and would send
// a body that it does not know in a packet of its own.
func watchBody(r *http.Request) {
	trace := httptrace.ContextClientTrace(r.Context())
	if trace == nil || trace.WroteHeaders == nil || r.Body == nil || r.Body == http.NoBody {
		return
	}
	r.Body = &watchedBody{r.Body, trace.WroteHeaders}
	if rewind := r.GetBody; rewind != nil {
		r.GetBody = func() (io.ReadCloser, error) {
			body, err := rewind()
			if err != nil {
				return nil, err
			}
			return &watchedBody{body, trace.WroteHeaders}, nil
		}
	}
}

type watchedBody struct {
	io.ReadCloser
	read func()
}

func (b *watchedBody) Read(p []byte) (int, error) {
	b.read()
	return b.ReadCloser.Read(p)
}
