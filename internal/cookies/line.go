// Package cookies puts the cookies of a jar on requests, as http.Client does,
// and remembers the header for the next request, which mostly has the same.
package cookies

import (
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Line is the Cookie header as it was last sent. The zero value is ready to
// use, by several goroutines.
type Line struct {
	mu   sync.Mutex
	of   []pair
	last []string
}

type pair struct {
	name, value string
	quoted      bool
}

func pairOf(c *http.Cookie) pair { return pair{c.Name, c.Value, c.Quoted} }

// Set makes the header of req consist of own, values that were given for this
// request, and of what is in the jar.
func (l *Line) Set(req *http.Request, own []string, jar []*http.Cookie) {
	if len(own) == 0 && len(jar) == 0 {
		delete(req.Header, "Cookie")
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(own) > 0 || !slices.EqualFunc(l.of, jar, func(p pair, c *http.Cookie) bool { return p == pairOf(c) }) {
		l.write(own, jar)
	}
	req.Header["Cookie"] = l.last
}

func (l *Line) write(own []string, jar []*http.Cookie) {
	l.of = nil
	parts := slices.Clone(own)
	writer := http.Request{Header: http.Header{}}
	for _, c := range jar {
		writer.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value, Quoted: c.Quoted})
		if len(own) == 0 {
			l.of = append(l.of, pairOf(c))
		}
	}
	l.last = []string{strings.Join(append(parts, writer.Header["Cookie"]...), "; ")}
}

// Transport is a RoundTripper with a jar. It sets the header of the very
// request that it is given.
type Transport struct {
	Base http.RoundTripper
	Jar  http.CookieJar // may be nil
	line Line
}

// RoundTrip implements http.RoundTripper.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if t.Jar == nil {
		return t.Base.RoundTrip(req)
	}
	var buf [8]*http.Cookie
	t.line.Set(req, req.Header["Cookie"], Append(buf[:0], t.Jar, req.URL))
	resp, err := t.Base.RoundTrip(req)
	if err == nil && len(resp.Header["Set-Cookie"]) > 0 {
		t.Jar.SetCookies(req.URL, resp.Cookies())
	}
	return resp, err
}
