package cometd

import (
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/gwsvoice/gws-go/internal/cookies"
)

// browserCookie is what a CometD server tells browsers apart by. Two clients
// that send the same one are throttled as two tabs of one browser would be.
const browserCookie = "BAYEUX_BROWSER"

// cookieJar is the caller's jar, but for the browser cookie, which each client
// keeps for itself. A client has to do with one endpoint: no more than the
// latest value has to be kept.
type cookieJar struct {
	shared http.CookieJar

	mu      sync.Mutex
	browser *http.Cookie // nil if there is none
	expires time.Time    // of browser; zero for the end of the session
	line    cookies.Line
}

func newCookieJar(shared http.CookieJar) *cookieJar {
	if shared == nil {
		shared = &cookies.Jar{}
	}
	return &cookieJar{shared: shared}
}

func (c *cookieJar) SetCookies(u *url.URL, set []*http.Cookie) {
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

func (c *cookieJar) setBrowser(cookie *http.Cookie) {
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

func (c *cookieJar) Cookies(u *url.URL) []*http.Cookie { return c.appendTo(nil, u) }

func (c *cookieJar) appendTo(list []*http.Cookie, u *url.URL) []*http.Cookie {
	list = slices.DeleteFunc(cookies.Append(list, c.shared, u), func(cookie *http.Cookie) bool { return cookie.Name == browserCookie })
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

// addTo adds the cookies to those that the request has on its own account.
func (c *cookieJar) addTo(req *http.Request, own []string) {
	var buf [8]*http.Cookie
	c.line.Set(req, own, c.appendTo(buf[:0], req.URL))
}
