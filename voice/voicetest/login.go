package voicetest

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gwsvoice/gws-go/cometd/cometdtest"
)

const (
	loginCookie    = "JSESSIONID"
	balancerCookie = "AWSELB"
	csrfHeader     = "X-CSRF-TOKEN"
	csrfNameHeader = "X-CSRF-HEADER"
	csrfText       = "Missing or invalid Csrf token"
)

// login is an HTTP session.
type login struct {
	id       string
	agent    *agent
	token    string // CSRF
	used     time.Time
	over     bool
	sessions map[*cometdtest.Session]struct{} // that were opened with it
}

// logins are the HTTP sessions of the server.
type logins struct {
	ids      *ids
	ttl      time.Duration
	balanced bool

	mu      sync.Mutex
	byID    map[string]*login
	byAgent map[*agent]map[*login]struct{}
	made    int
}

func newLogins(o *Options, ids *ids) *logins {
	l := &logins{ids: ids, ttl: o.SessionTTL, balanced: o.BalancerCookie,
		byID: map[string]*login{}, byAgent: map[*agent]map[*login]struct{}{}}
	if l.ttl == 0 {
		l.ttl = 30 * time.Minute
	}
	return l
}

// find returns the login of a request's cookies, nil if there is none.
func (ls *logins) find(r *http.Request) *login {
	c, err := r.Cookie(loginCookie)
	if err != nil {
		return nil
	}
	if ls.balanced {
		if b, err := r.Cookie(balancerCookie); err != nil || b.Value != ls.node() {
			return nil
		}
	}
	ls.mu.Lock()
	l := ls.byID[c.Value]
	if l == nil {
		ls.mu.Unlock()
		return nil
	}
	if now := time.Now(); now.Sub(l.used) < ls.ttl {
		l.used = now
		ls.mu.Unlock()
		return l
	}
	ended := ls.end(l)
	ls.mu.Unlock()
	expire(ended)
	return nil
}

func (ls *logins) node() string { return strings.ToUpper(ls.ids.hex32("balancer")[:6]) }

func (ls *logins) open(a *agent) *login {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	ls.made++
	n := itoa(ls.made)
	l := &login{id: "node0" + ls.ids.hex32("login/" + n)[:26] + ".node1", agent: a,
		token: ls.ids.uuid("csrf/" + n), used: time.Now()}
	ls.byID[l.id] = l
	if ls.byAgent[a] == nil {
		ls.byAgent[a] = map[*login]struct{}{}
	}
	ls.byAgent[a][l] = struct{}{}
	return l
}

// end must be called with mu held. The CometD sessions that it returns must be
// expired without the lock.
func (ls *logins) end(l *login) []*cometdtest.Session {
	l.over = true
	delete(ls.byID, l.id)
	delete(ls.byAgent[l.agent], l)
	var sessions []*cometdtest.Session
	for s := range l.sessions {
		sessions = append(sessions, s)
	}
	return sessions
}

func expire(sessions []*cometdtest.Session) {
	for _, s := range sessions {
		s.Expire()
	}
}

// endAll ends the logins of an agent, or of everybody if a is nil. The CometD
// sessions that it returns must be expired.
func (ls *logins) endAll(a *agent) (sessions []*cometdtest.Session) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for _, l := range ls.of(a) {
		sessions = append(sessions, ls.end(l)...)
	}
	return sessions
}

// endOne ends a login as endAll does.
func (ls *logins) endOne(l *login) []*cometdtest.Session {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	return ls.end(l)
}

func (ls *logins) of(a *agent) []*login {
	var all []*login
	if a == nil {
		for _, l := range ls.byID {
			all = append(all, l)
		}
		return all
	}
	for l := range ls.byAgent[a] {
		all = append(all, l)
	}
	return all
}

// rotate gives the agent's logins new CSRF tokens.
func (ls *logins) rotate(a *agent) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for _, l := range ls.of(a) {
		ls.made++
		l.token = ls.ids.uuid("csrf/" + itoa(ls.made))
	}
}

func (ls *logins) tokenOf(l *login) string {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	return l.token
}

func (ls *logins) alive(l *login) bool {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	return !l.over
}

func (ls *logins) bind(l *login, s *cometdtest.Session) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if l.sessions == nil {
		l.sessions = map[*cometdtest.Session]struct{}{}
	}
	l.sessions[s] = struct{}{}
}

func (ls *logins) unbind(l *login, s *cometdtest.Session) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	delete(l.sessions, s)
}

type loginKey struct{}

func withLogin(r *http.Request, l *login) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), loginKey{}, l))
}

func loginOf(r *http.Request) *login {
	l, _ := r.Context().Value(loginKey{}).(*login)
	return l
}

// authenticate returns the login of a request, which it opens if the request
// carries credentials; nil if it does neither.
func (s *Server) authenticate(w http.ResponseWriter, r *http.Request) *login {
	l := s.logins.find(r)
	header := r.Header.Get("Authorization")
	if header == "" {
		return l
	}
	a := s.credentials(header)
	if a == nil {
		return nil
	}
	if l != nil && l.agent == a {
		return l
	}
	l = s.logins.open(a)
	http.SetCookie(w, &http.Cookie{Name: loginCookie, Value: l.id, Path: "/", HttpOnly: true})
	if s.opts.BalancerCookie {
		http.SetCookie(w, &http.Cookie{Name: balancerCookie, Value: s.logins.node(), Path: "/"})
	}
	return l
}

// credentials returns whose they are, nil if they are wrong.
func (s *Server) credentials(header string) *agent {
	scheme, value, _ := strings.Cut(header, " ")
	value = strings.TrimSpace(value)
	switch strings.ToLower(scheme) {
	case "basic":
		raw, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			return nil
		}
		user, password, ok := strings.Cut(string(raw), ":")
		if !ok {
			return nil
		}
		for _, decode := range []func(string) string{func(s string) string { return s }, latin1} {
			if a := s.users[decode(user)]; a != nil && a.Password == decode(password) {
				return a
			}
		}
	case "bearer":
		s.exchange.mu.Lock()
		defer s.exchange.mu.Unlock()
		if value != "" {
			return s.exchange.tokens[value]
		}
	}
	return nil
}

// latin1 decodes a text whose bytes are ISO-8859-1.
func latin1(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(rune(s[i]))
	}
	return b.String()
}

// passesCSRF checks the token of a request that changes something.
func (s *Server) passesCSRF(r *http.Request, l *login) bool {
	if !s.opts.CSRF || r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions {
		return true
	}
	return l != nil && r.Header.Get(csrfHeader) == s.logins.tokenOf(l)
}
