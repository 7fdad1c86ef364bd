package cometd

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"sync"
)

// browserCookie is what a CometD server tells browsers apart by. Two clients
// that send the same one are throttled as two tabs of one browser would be.
const browserCookie = "BAYEUX_BROWSER"

// cookies is the caller's jar, but for the browser cookie, which each client
// keeps for itself.
type cookies struct {
	shared http.CookieJar

	mu      sync.Mutex
	private http.CookieJar // nil until there is a browser cookie
}

func newCookies(shared http.CookieJar) *cookies {
	if shared == nil {
		shared, _ = cookiejar.New(nil) // never fails
	}
	return &cookies{shared: shared}
}

func (c *cookies) SetCookies(u *url.URL, set []*http.Cookie) {
	var others, ours []*http.Cookie
	for _, cookie := range set {
		if cookie.Name == browserCookie {
			ours = append(ours, cookie)
		} else {
			others = append(others, cookie)
		}
	}
	if len(ours) > 0 {
		c.mu.Lock()
		if c.private == nil {
			c.private, _ = cookiejar.New(nil)
		}
		private := c.private
		c.mu.Unlock()
		private.SetCookies(u, ours)
	}
	if len(others) > 0 {
		c.shared.SetCookies(u, others)
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
	private := c.private
	c.mu.Unlock()
	if private != nil {
		list = append(list, private.Cookies(u)...)
	}
	return list
}
