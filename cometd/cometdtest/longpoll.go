package cometdtest

import (
	"compress/gzip"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"
)

// servePoll answers one request of the long-polling transport.
func (s *Server) servePoll(w http.ResponseWriter, r *http.Request) {
	x := &exchange{srv: s, r: r, cutting: s.cut()}
	body, err := io.ReadAll(io.LimitReader(r.Body, int64(s.opts.MaxMessageSize)+1))
	if err != nil {
		panic(http.ErrAbortHandler) // the client has gone
	}
	messages, parseErr := parseBody(formMessages(r, body))
	x.messages = messages
	x.entry = s.record.request(r, longPolling, body, messages)
	out := x.entry.writer(w)
	defer x.entry.done()

	x.plan = s.scripts.find(x, false)
	if !x.wait(x.plan.delay) {
		x.abort()
	}
	if !x.before(out) {
		return
	}
	switch {
	case r.Method != http.MethodPost:
		http.Error(out, "Unknown Bayeux Transport", http.StatusBadRequest)
		return
	case s.opts.ExactPath && isSuffix(path.Base(r.URL.Path)):
		http.NotFound(out, r)
		return
	case len(body) > s.opts.MaxMessageSize:
		http.Error(out, "message too large", http.StatusInternalServerError)
		return
	case len(body) == 0 && s.profile.emptyBody == accept:
		out.WriteHeader(http.StatusOK)
		return
	case parseErr != nil, s.profile.noObject && body[0] == '{':
		http.Error(out, "cannot parse the messages", http.StatusBadRequest)
		return
	case len(messages) == 0 && s.profile.emptyArray != accept:
		http.Error(out, "no messages", int(s.profile.emptyArray))
		return
	case len(messages) == 0:
		x.respond(out, []byte("[]"))
		return
	}

	x.run()
	defer x.answered()
	defer func() { // the batch ends also where no response is written
		s.mu.Lock()
		defer s.mu.Unlock()
		x.endBatch()
	}()
	if x.held != nil && !x.waitHeld() {
		x.abort()
	}
	if x.status != 0 {
		x.entry.session(x)
		out.WriteHeader(x.status)
		return
	}
	response := joinArray(x.finish())
	x.entry.session(x)
	x.setCookie(out)
	x.respond(out, response)
}

// waitHeld waits until the held connect ends. It returns false if there is
// nobody left to answer to.
func (x *exchange) waitHeld() bool {
	h := x.held
	gone := x.gone()
	if x.srv.opts.IgnoreAborts {
		gone = nil
	}
	select {
	case <-h.done:
	case <-gone:
		x.srv.mu.Lock()
		if x.session.held == h {
			x.session.release(cut)
		}
		x.srv.mu.Unlock()
		<-h.done
	}
	switch h.why {
	case superseded, swept:
		if x.status = x.srv.profile.duplicateStatus; x.status == 0 {
			x.silence()
		}
	case cut:
		return false
	}
	return true
}

// gone is closed when the client is.
func (x *exchange) gone() <-chan struct{} {
	if x.socket != nil {
		return x.socket.gone
	}
	return x.r.Context().Done()
}

func (x *exchange) setCookie(w http.ResponseWriter) {
	o, p := &x.srv.opts, x.plan
	id := x.newCookie
	if p.expireCookie {
		http.SetCookie(w, &http.Cookie{Name: o.CookieName, Value: "", Path: "/", MaxAge: -1, HttpOnly: true})
		return
	}
	if id == "" || p.noCookie {
		return
	}
	http.SetCookie(w, &http.Cookie{Name: o.CookieName, Value: id, Path: x.srv.profile.cookiePath, HttpOnly: true,
		MaxAge: int(o.CookieMaxAge / time.Second)})
}

// respond writes the body the way the plan says.
func (x *exchange) respond(w http.ResponseWriter, body []byte) {
	p := x.plan
	if !x.wait(p.delayReply) {
		x.abort()
	}
	if p.swallow {
		x.silence()
	}
	if p.drop {
		x.abort()
	}
	if p.object && len(body) > 2 {
		body = body[1 : len(body)-1]
	}
	h := w.Header()
	h.Set("Content-Type", x.srv.profile.contentType)
	for name, values := range p.header {
		h[name] = values
	}
	zip := (x.srv.opts.Gzip || p.gzip) && strings.Contains(x.r.Header.Get("Accept-Encoding"), "gzip")
	if zip {
		h.Set("Content-Encoding", "gzip")
		var b strings.Builder
		z := gzip.NewWriter(&b)
		_, _ = z.Write(body)
		_ = z.Close()
		body = []byte(b.String())
	}
	switch {
	case p.truncate >= 0:
		n := min(p.truncate, len(body))
		h.Set("Content-Length", strconv.Itoa(len(body)+1))
		_, _ = w.Write(body[:n])
		_ = http.NewResponseController(w).Flush()
		x.abort()
	case p.chunk > 0:
		for len(body) > 0 {
			n := min(p.chunk, len(body))
			_, _ = w.Write(body[:n])
			_ = http.NewResponseController(w).Flush()
			if body = body[n:]; len(body) > 0 && !x.wait(p.pause) {
				x.abort()
			}
		}
	default:
		h.Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body)
	}
}

// before carries out what the plan wants instead of an answer; it returns
// false if the request is done with.
func (x *exchange) before(w http.ResponseWriter) bool {
	p := x.plan
	switch {
	case p.silence:
		x.silence()
	case p.dropBefore:
		x.abort()
	case p.handler != nil:
		p.handler.ServeHTTP(w, x.r)
	default:
		return true
	}
	return false
}

// abort ends the request by cutting its connection.
func (x *exchange) abort() {
	x.entry.abort()
	panic(http.ErrAbortHandler)
}

// silence waits until the client gives up.
func (x *exchange) silence() {
	select {
	case <-x.gone():
	case <-x.cutting:
	case <-x.srv.closing:
	}
	x.abort()
}

// formMessages returns the messages of a form-encoded body, which some browser
// transports send, or the body itself.
func formMessages(r *http.Request, body []byte) []byte {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return body
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || form.Get("message") == "" {
		return body
	}
	return []byte(form.Get("message"))
}

func isSuffix(name string) bool {
	switch "/meta/" + name {
	case MetaHandshake, MetaConnect, MetaDisconnect, MetaSubscribe, MetaUnsubscribe:
		return true
	}
	return false
}
