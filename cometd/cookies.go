package cometd

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"time"
)

// browserCookie is what a CometD server tells browsers apart by. Two clients
// that send the same one are throttled as two tabs of one browser would be.
const browserCookie = "BAYEUX_BROWSER"

// cookies is the caller's jar, but for the browser cookie, which each client
// keeps for itself. A client has to do with one endpoint: no more than the
// latest value has to be kept.
type cookies struct {
	shared http.CookieJar

	mu      sync.Mutex
	browser *http.Cookie // nil if there is none
	expires time.Time    // of browser; zero for the end of the session
	line    []string     // of the header, as last sent
}

func newCookies(shared http.CookieJar) *cookies {
	if shared == nil {
		shared, _ = cookiejar.New(nil) // never fails
	}
	return &cookies{shared: shared}
}

func (c *cookies) SetCookies(u *url.URL, set []*http.Cookie) {
	var others []*http.Cookie
	for _, cookie := range set {
		if cookie.Name == browserCookie {
			c.setBrowser(cookie)
		} else {
			others = append(others, cookie)
		}
	}
	if len(others) > 0 {
		c.shared.SetCookies(u, others)
	}
}

func (c *cookies) setBrowser(cookie *http.Cookie) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.browser = &http.Cookie{Name: cookie.Name, Value: cookie.Value, Quoted: cookie.Quoted, Secure: cookie.Secure}
	c.expires = cookie.Expires
	switch {
	case cookie.MaxAge < 0:
		c.browser = nil
	case cookie.MaxAge > 0:
		c.expires = time.Now().Add(time.Duration(cookie.MaxAge) * time.Second)
	}
}

func (c *cookies) Cookies(u *url.URL) []*http.Cookie {
	all := c.shared.Cookies(u)
	list := all[:0:len(all)]
	for _, cookie := range all {
		if cookie.Name != browserCookie {
			list = append(list, cookie)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.expires.IsZero() && !time.Now().Before(c.expires) {
		c.browser, c.expires = nil, time.Time{}
	}
	if c.browser != nil && (!c.browser.Secure || u.Scheme == "https") {
		list = append(list, c.browser)
	}
	return list
}

// addTo adds the cookies to those that the request has on its own account. The
// line is mostly the same as before.
func (c *cookies) addTo(req *http.Request, own []string) {
	var buf [512]byte
	line := append(buf[:0], strings.Join(own, "; ")...)
	for _, cookie := range c.Cookies(req.URL) {
		if len(line) > 0 {
			line = append(line, "; "...)
		}
		if cookie.Quoted || strings.ContainsAny(cookie.Value, " ,") {
			line = append(line, (&http.Cookie{Name: cookie.Name, Value: cookie.Value, Quoted: cookie.Quoted}).String()...)
			continue
		}
		line = append(line, cookie.Name...)
		line = append(line, '=')
		line = append(line, cookie.Value...)
	}
	delete(req.Header, "Cookie")
	if len(line) == 0 {
		return
	}
	c.mu.Lock()
	if len(c.line) == 0 || c.line[0] != string(line) {
		c.line = []string{string(line)}
	}
	req.Header["Cookie"] = c.line
	c.mu.Unlock()
}
