package cookies

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Jar is a jar for a client that has to do with one server: it keeps the few
// cookies of that in a list, where net/http/cookiejar has maps for those of the
// whole web, which cost an idle client a kilobyte and each request more. What
// it does not know is which domains are public suffixes; that only matters
// between servers. The zero value is ready to use, by several goroutines.
type Jar struct {
	mu   sync.Mutex
	list []cookie // in the order in which they are sent

	asked, host string // a host as URLs had it last, and in the form of cookies
}

// cookie is one as it is stored: Path and Expires are always valid.
type cookie struct {
	*http.Cookie        // Domain is "" if it is for the one host only
	host         string // that set it
}

// SetCookies implements http.CookieJar.
func (j *Jar) SetCookies(u *url.URL, set []*http.Cookie) {
	if !isHTTP(u) {
		return
	}
	host, now := hostOf(u), time.Now()
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, c := range set {
		if n, ok := normal(c, host, u.Path, now); ok {
			j.store(n, now)
		}
	}
}

// store replaces the cookie with the same identity, or adds the new one.
func (j *Jar) store(n cookie, now time.Time) {
	i := slices.IndexFunc(j.list, func(c cookie) bool {
		return c.Name == n.Name && c.Path == n.Path && c.scope() == n.scope()
	})
	switch gone := !n.Expires.IsZero() && !n.Expires.After(now); {
	case gone && i >= 0:
		j.list = slices.Delete(j.list, i, i+1)
	case gone:
	case i >= 0:
		j.list[i] = n
	default: // longer paths come first, and among equals the older
		for i = 0; i < len(j.list) && len(j.list[i].Path) >= len(n.Path); i++ {
		}
		j.list = slices.Insert(j.list, i, n)
	}
}

func (c *cookie) scope() string {
	if c.Domain != "" {
		return c.Domain
	}
	return c.host
}

// normal returns c as it is to be stored, if host may set it.
func normal(c *http.Cookie, host, path string, now time.Time) (cookie, bool) {
	n := cookie{&http.Cookie{Name: c.Name, Value: c.Value, Quoted: c.Quoted, Secure: c.Secure, Path: c.Path, Expires: c.Expires}, host}
	if n.Path == "" || n.Path[0] != '/' {
		n.Path = "/"
		if i := strings.LastIndexByte(path, '/'); i > 0 && path[0] == '/' {
			n.Path = path[:i]
		}
	}
	switch {
	case c.MaxAge < 0:
		n.Expires = now
	case c.MaxAge > 0:
		n.Expires = now.Add(time.Duration(c.MaxAge) * time.Second)
	}
	domain := strings.ToLower(strings.TrimPrefix(c.Domain, "."))
	switch {
	case domain == "" && c.Domain == "":
		return n, true
	case net.ParseIP(host) != nil:
		return n, domain == host
	case domain == "" || domain[0] == '.' || domain != host && !strings.HasSuffix(host, "."+domain):
		return n, false
	}
	n.Domain = domain
	return n, true
}

// Cookies implements http.CookieJar. The cookies are not to be changed.
func (j *Jar) Cookies(u *url.URL) []*http.Cookie { return j.appendTo(nil, u) }

// Append appends the cookies for u to list. They are not to be changed.
func Append(list []*http.Cookie, jar http.CookieJar, u *url.URL) []*http.Cookie {
	if j, ok := jar.(*Jar); ok {
		return j.appendTo(list, u)
	}
	return append(list, jar.Cookies(u)...)
}

func (j *Jar) appendTo(list []*http.Cookie, u *url.URL) []*http.Cookie {
	if !isHTTP(u) {
		return list
	}
	path := u.Path
	if path == "" {
		path = "/"
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.asked != u.Host {
		j.asked, j.host = u.Host, hostOf(u)
	}
	host := j.host
	expired := false
	for i := range j.list {
		c := &j.list[i]
		switch {
		case !c.Expires.IsZero() && !c.Expires.After(time.Now()):
			expired = true
		case c.isFor(host, path) && (!c.Secure || u.Scheme == "https" || isLocal(c.scope())):
			list = append(list, c.Cookie)
		}
	}
	if expired {
		now := time.Now()
		j.list = slices.DeleteFunc(j.list, func(c cookie) bool { return !c.Expires.IsZero() && !c.Expires.After(now) })
	}
	return list
}

func (c *cookie) isFor(host, path string) bool {
	if c.Domain == "" && host != c.host || c.Domain != "" && host != c.Domain && !strings.HasSuffix(host, "."+c.Domain) {
		return false
	}
	return path == c.Path || strings.HasPrefix(path, c.Path) && (c.Path[len(c.Path)-1] == '/' || path[len(c.Path)] == '/')
}

// isLocal tells whether a host is this machine, to which the way is safe.
func isLocal(host string) bool {
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost")
}

func isHTTP(u *url.URL) bool { return u.Scheme == "http" || u.Scheme == "https" }

func hostOf(u *url.URL) string { return strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")) }
