package main

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"sync"
	"time"
)

const cookieName = "agentdesktop"

// sessions are the browsers that are signed in. A browser is known by a random
// cookie that no script can read. The CSRF token is derived from it with a key
// that never leaves the process, so that there is one for a browser that has
// not signed in yet, too, and nothing to store.
type sessions struct {
	key      []byte
	idle     time.Duration // without a request and without an open page
	lifetime time.Duration // whatever happens
	secure   bool          // the cookie is for https only

	mu   sync.Mutex
	byID map[string]*session
	wait sync.WaitGroup // for agents who are being logged out
}

// session is one browser, signed in as one agent.
type session struct {
	id    string
	desk  *desk
	began time.Time
	timer *time.Timer // guarded by sessions.mu
}

func newSessions(idle, lifetime time.Duration, secure bool) *sessions {
	return &sessions{key: []byte(rand.Text()), idle: idle, lifetime: lifetime, secure: secure, byID: map[string]*session{}}
}

// visitor returns the id in the browser's cookie; "" if it has none.
func visitor(r *http.Request) string {
	cookie, err := r.Cookie(cookieName)
	if err != nil || len(cookie.Value) != len(rand.Text()) {
		return ""
	}
	return cookie.Value
}

// welcome gives the browser a new id.
func (s *sessions) welcome(w http.ResponseWriter) string {
	id := rand.Text()
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: id, Path: "/", MaxAge: int(s.lifetime.Seconds()),
		HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteStrictMode,
	})
	return id
}

// token returns the CSRF token that belongs to a browser's id.
func (s *sessions) token(id string) string {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(id))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func (s *sessions) validToken(id, token string) bool {
	return id != "" && hmac.Equal([]byte(s.token(id)), []byte(token))
}

// open signs a browser in. The id is a new one, so that one that was known
// before the login is worth nothing.
func (s *sessions) open(id string, d *desk) *session {
	sess := &session{id: id, desk: d, began: time.Now()}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byID[id] = sess
	sess.timer = time.AfterFunc(min(s.idle, s.lifetime), func() { s.close(sess, "expired") })
	return sess
}

// find returns the session of a request, nil if there is none, and keeps it
// from falling idle.
func (s *sessions) find(r *http.Request) *session {
	id := visitor(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	sess := s.byID[id]
	if sess != nil {
		s.keepLocked(sess)
	}
	return sess
}

// keep notes that the page is still open.
func (s *sessions) keep(sess *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byID[sess.id] == sess {
		s.keepLocked(sess)
	}
}

func (s *sessions) keepLocked(sess *session) {
	sess.timer.Reset(max(0, min(s.idle, time.Until(sess.began.Add(s.lifetime)))))
}

// close signs a browser out and logs its agent out. Those who look at the page
// are told the reason at once; the logout itself may take a moment.
func (s *sessions) close(sess *session, reason string) {
	s.mu.Lock()
	current := s.byID[sess.id] == sess
	if current {
		delete(s.byID, sess.id)
		sess.timer.Stop()
		s.wait.Add(1)
	}
	s.mu.Unlock()
	if !current {
		return
	}
	sess.desk.board.end(reason)
	go func() {
		defer s.wait.Done()
		ctx, cancel := context.WithTimeout(context.Background(), logoutTimeout)
		defer cancel()
		sess.desk.leave(ctx)
	}()
}

// closeAll ends every session and waits until all agents are logged out.
func (s *sessions) closeAll(reason string) {
	s.mu.Lock()
	var all []*session
	for _, sess := range s.byID {
		all = append(all, sess)
	}
	s.mu.Unlock()
	for _, sess := range all {
		s.close(sess, reason)
	}
	s.wait.Wait()
}
