package voicetest

import (
	"errors"
	"net/http"
	"strings"

	"github.com/gwsvoice/gws-go/cometd/cometdtest"
)

// CometD returns the Bayeux server behind /api/v2/notifications, with its own
// faults, its sessions and its record. The Value of a session is not for use.
func (s *Server) CometD() *cometdtest.Server { return s.cometd }

func (s *Server) newBayeux() *cometdtest.Server {
	o := cometdtest.Options{
		Preset:      cometdtest.GWS,
		Timeout:     s.opts.ConnectTimeout,
		MaxInterval: s.opts.MaxInterval,
		WebSocket:   s.opts.WebSocket,
		Ack:         s.opts.Ack,
		OnHandshake: s.handshake,
		Authorize:   s.authorize,
		Policy:      s.policy,
		OnEnd:       s.sessionEnded,
		RecordLimit: s.opts.RecordLimit,
	}
	return cometdtest.NewHandler(o)
}

// serveBayeux lets a request in as [Server.enter] does, and hands it on.
func (s *Server) serveBayeux(w http.ResponseWriter, r *http.Request) {
	x := &exchangeOver{w: w, r: r}
	cookie := s.logins.find(r)
	x.login = s.authenticate(w, r)
	if s.opts.CSRFOnBayeux && r.Header.Get("Upgrade") == "" &&
		(!s.passesCSRF(r, cookie) || !s.passesCSRF(r, x.login)) {
		s.respond(x, answer{http.StatusForbidden, "text/plain", csrfText})
		return
	}
	if x.login == nil && !s.opts.BayeuxDenial {
		s.refuse(x, refuse(20, "Access denied"))
		return
	}
	s.cometd.ServeHTTP(w, withLogin(r, x.login))
}

var errOtherLogin = errors.New("the session belongs to another login")

// handshake ties a new CometD session to the login and the agent.
func (s *Server) handshake(r *http.Request, sess *cometdtest.Session) error {
	l := loginOf(r)
	if l == nil || !s.logins.alive(l) {
		return &cometdtest.Refusal{Text: "403::handshake_denied", Advice: map[string]any{"reconnect": "none"}}
	}
	sess.Value = l
	s.logins.bind(l, sess)
	l.agent.out.add(sess)
	return nil
}

// authorize answers the requests of other logins, and of those that have
// ended, as those of an unknown session.
func (s *Server) authorize(r *http.Request, sess *cometdtest.Session) error {
	l := loginOf(r)
	if l == nil || sess.Value != l || !s.logins.alive(l) {
		return errOtherLogin
	}
	return nil
}

func (s *Server) policy(sess *cometdtest.Session, action cometdtest.Action, channel string) *cometdtest.Refusal {
	l, _ := sess.Value.(*login)
	switch {
	case action == cometdtest.Publish && strings.HasPrefix(channel, "/v2/"):
		return &cometdtest.Refusal{Text: "403:denied_by_security_policy:publish_denied"}
	case action == cometdtest.Subscribe && channel == "/v2/users" && (l == nil || !l.agent.Supervisor):
		return &cometdtest.Refusal{Text: "403:denied_by_security_policy:subscribe_denied"}
	}
	return nil
}

func (s *Server) sessionEnded(sess *cometdtest.Session, _ cometdtest.End) {
	if l, ok := sess.Value.(*login); ok {
		s.logins.unbind(l, sess)
		l.agent.out.remove(sess)
	}
}
