package voicetest

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gwsvoice/gws-go/voice"
)

// maxBody is the largest request body that is read.
const maxBody = 1 << 20

// ServeHTTP implements http.Handler, so that the simulator can be mounted in a
// server of one's own; see Options.Prefix and Options.PublicURL.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.begin() {
		panic(http.ErrAbortHandler)
	}
	defer s.running.Done()
	path, ok := strings.CutPrefix(r.URL.Path, s.opts.Prefix+"/api/v2/")
	if !ok {
		http.NotFound(w, r)
		return
	}
	if path == "notifications" || strings.HasPrefix(path, "notifications/") {
		s.serveBayeux(w, r)
		return
	}
	x := &exchangeOver{w: w, r: r, path: strings.Trim(path, "/")}
	s.serveREST(x)
}

// exchangeOver is one REST request with its answer.
type exchangeOver struct {
	w     http.ResponseWriter
	r     *http.Request
	path  string // below /api/v2, without slashes at the ends
	parts []string
	query url.Values
	body  []byte
	login *login
	plan  plan

	recorded *Request
}

func (s *Server) serveREST(x *exchangeOver) {
	x.parts = strings.Split(x.path, "/")
	x.query = x.r.URL.Query()
	body, err := io.ReadAll(io.LimitReader(x.r.Body, maxBody+1))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	x.body = body
	x.recorded = s.record.add(x)
	if len(body) > maxBody {
		s.refuse(x, refuse(10, "Request is too large"))
		return
	}
	if x.path == "diagnostics/version" && x.r.Method == http.MethodGet {
		x.plan = s.scripts.takeRead("/"+x.path, nil)
		s.serveRead(x, s.readVersion)
		return
	}
	if !s.enter(x) {
		return
	}
	switch x.r.Method {
	case http.MethodGet:
		x.plan = s.scripts.takeRead("/"+x.path, x.login.agent)
		if x.plan.expire && !s.relogin(x) {
			return
		}
		s.serveRead(x, s.read)
	case http.MethodPost:
		s.serveOperation(x)
	default:
		s.refuse(x, &refusal{status: http.StatusMethodNotAllowed, code: 3, text: "Method is not allowed"})
	}
}

// enter lets a request in: its login and its token. It answers the others.
func (s *Server) enter(x *exchangeOver) bool {
	cookie := s.logins.find(x.r)
	x.login = s.authenticate(x.w, x.r)
	if !s.passesCSRF(x.r, cookie) || !s.passesCSRF(x.r, x.login) {
		s.respond(x, answer{http.StatusForbidden, "text/plain", csrfText})
		return false
	}
	if x.login == nil {
		s.refuse(x, refuse(20, "Access denied"))
		return false
	}
	a := x.login.agent
	x.recorded.setUser(&s.record, a.UserName)
	if a.MustChangePassword && s.opts.RefusePasswordChange {
		s.refuse(x, refuse(8, "Password change is required"))
		return false
	}
	return true
}

// relogin ends the login of a request and lets the request in again.
func (s *Server) relogin(x *exchangeOver) bool {
	expire(s.logins.endAll(x.login.agent))
	return s.enter(x)
}

// serveRead answers a GET as its plan wants it.
func (s *Server) serveRead(x *exchangeOver, read func(*exchangeOver) (*builder, *refusal)) {
	p := &x.plan
	if !s.before(x) {
		return
	}
	if !s.wait(s.opts.Latency.response()) {
		return
	}
	b, r := read(x)
	if p.eventFirst != nil && !s.wait(*p.eventFirst) {
		return
	}
	if r != nil {
		s.refuse(x, r)
		return
	}
	s.respond(x, answer{http.StatusOK, "", string(b.b)})
}

// before does what a plan wants done before, or instead of, carrying a request
// out. It reports whether the request is still to be carried out.
func (s *Server) before(x *exchangeOver) bool {
	p := &x.plan
	if !s.wait(p.slow) {
		panic(http.ErrAbortHandler)
	}
	if p.dropSession && x.login != nil {
		expire(x.login.agent.out.all())
	}
	switch {
	case p.cutBefore:
		panic(http.ErrAbortHandler)
	case p.answer != nil:
		s.respond(x, *p.answer)
		return false
	case p.refusal != nil:
		s.refuse(x, p.refusal)
		return false
	}
	return true
}

// wait lets time pass; it reports false if the server was closed meanwhile.
func (s *Server) wait(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-s.closing:
		return false
	}
}

func (s *Server) refuse(x *exchangeOver, r *refusal) {
	b := &builder{}
	b.open("")
	s.status(b)("statusCode", r.code)
	b.str("statusMessage", r.text)
	b.close()
	s.respond(x, answer{r.status, "", string(b.b)})
}

// status writes status codes in the form that the options want.
func (s *Server) status(b *builder) func(string, voice.StatusCode) {
	return func(name string, code voice.StatusCode) {
		if s.opts.StringStatus {
			b.str(name, itoa(int(code)))
		} else {
			b.int(name, int64(code))
		}
	}
}

// respond sends an answer, changed as the plan wants it, so that the client
// has it when respond returns.
func (s *Server) respond(x *exchangeOver, a answer) {
	p := &x.plan
	if p.answerAfter != nil {
		a = *p.answerAfter
	}
	h := x.w.Header()
	if a.contentType == "" {
		a.contentType = "application/json"
	}
	h.Set("Content-Type", a.contentType)
	h.Set("Content-Length", itoa(len(a.body)))
	if s.opts.CSRF && x.login != nil && x.r.Method == http.MethodGet {
		h.Set(csrfNameHeader, csrfHeader)
		h.Set(csrfHeader, s.logins.tokenOf(x.login))
	}
	for name, values := range p.header {
		h[name] = values
	}
	x.recorded.setStatus(&s.record, a.status)
	x.w.WriteHeader(a.status)
	body := a.body
	if p.truncate != nil && *p.truncate < len(body) {
		_, _ = io.WriteString(x.w, body[:*p.truncate])
		_ = http.NewResponseController(x.w).Flush()
		panic(http.ErrAbortHandler)
	}
	_, err := io.WriteString(x.w, body)
	if err == nil || errors.Is(err, http.ErrBodyNotAllowed) {
		_ = http.NewResponseController(x.w).Flush()
	}
}
