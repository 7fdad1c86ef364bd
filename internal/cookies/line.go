// Package cookies puts the cookies of a jar on requests, as http.Client does,
// and remembers the header for the next request, which mostly has the same.
package cookies

import (
	"net/http"
	"strings"
	"sync"
)

// Line is the Cookie header as it was last sent. The zero value is ready to
// use, by several goroutines.
type Line struct {
	mu   sync.Mutex
	last []string
}

// Set makes the header of req consist of own, values that were given for this
// request, and of what is in the jar.
func (l *Line) Set(req *http.Request, own []string, jar []*http.Cookie) {
	var buf [512]byte
	line := append(buf[:0], strings.Join(own, "; ")...)
	for _, c := range jar {
		if len(line) > 0 {
			line = append(line, "; "...)
		}
		if c.Quoted || strings.ContainsAny(c.Value, " ,") {
			line = append(line, (&http.Cookie{Name: c.Name, Value: c.Value, Quoted: c.Quoted}).String()...)
			continue
		}
		line = append(line, c.Name...)
		line = append(line, '=')
		line = append(line, c.Value...)
	}
	if len(line) == 0 {
		delete(req.Header, "Cookie")
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.last) == 0 || l.last[0] != string(line) {
		l.last = []string{string(line)}
	}
	req.Header["Cookie"] = l.last
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
