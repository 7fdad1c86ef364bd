package cometdtest

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
)

// handshake opens a session.
func (x *exchange) handshake(m *Message) *reply {
	s := x.srv
	r := newReply(m)
	if text := x.misfit(m); text != "" {
		r.fields["version"] = "1.0"
		r.fields["supportedConnectionTypes"] = s.profile.transports
		r.fields["advice"] = map[string]any{"reconnect": "handshake"}
		return r.refuse(text)
	}
	sess := s.newSession(m)
	sess.viaSocket = x.socket != nil
	if s.opts.Incoming != nil && !s.opts.Incoming(sess, *m) {
		return r.refuse(say(s.profile.texts.deleted, m, ""))
	}
	if hook := s.opts.OnHandshake; hook != nil {
		if err := hook(x.r, sess); err != nil {
			refusal, ok := errors.AsType[*Refusal](err)
			if !ok {
				refusal = &Refusal{}
			}
			r.fields["advice"] = map[string]any{"reconnect": "none"}
			return x.deny(r, refusal, s.profile.texts.denied)
		}
	}
	if x.socket == nil && !s.profile.noCookie {
		if sess.browser = x.browser(); sess.browser == "" {
			sess.browser = newID()
			x.newCookie = sess.browser
		}
	}
	if s.opts.Ack && !s.profile.noAck && text(m.ExtField("ack")) == "true" {
		sess.acks = &acks{batch: 1}
		r.ext()["ack"] = true
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		x.status = 503
		return nil
	}
	sess.live = true
	s.sessions[sess.ID] = sess
	x.opened = sess
	if x.socket != nil {
		x.socket.opened = sess
	}
	if x.session == nil {
		x.session = sess
	}
	r.fields["clientId"] = sess.ID
	r.fields["version"] = "1.0"
	if !s.profile.noMinimum {
		r.fields["minimumVersion"] = "1.0"
	}
	r.fields["supportedConnectionTypes"] = s.profile.transports
	if !s.profile.noHandshakeAdvice {
		r.fields["advice"] = s.advice(sess)
	}
	return r
}

// misfit returns the error text for a handshake that the preset finds wrong.
func (x *exchange) misfit(m *Message) string {
	if !x.srv.profile.checkHandshake {
		return ""
	}
	var h struct {
		Version string
		Types   []string `json:"supportedConnectionTypes"`
	}
	_ = json.Unmarshal(m.Raw, &h)
	fits := slices.ContainsFunc(h.Types, func(t string) bool { return slices.Contains(x.srv.profile.transports, t) })
	switch {
	case h.Version == "":
		return "402:version:Missing required parameter"
	case h.Types == nil:
		return "402:supportedConnectionTypes:Missing required parameter"
	case !fits:
		return "301:" + strings.Join(h.Types, ",") + ":Connection types not supported"
	}
	return ""
}

// openingEvents must be called with mu held: events that ride on the handshake.
func (x *exchange) openingEvents() []event {
	sess := x.opened
	events := sess.take(true)
	for _, r := range x.replies {
		if r.to.Channel != MetaHandshake {
			continue
		}
		if len(events) > 0 {
			r.fields["x-messages"] = len(events)
		}
		if sess.acks != nil {
			r.ext()["ack"] = map[string]any{"enabled": true, "batch": sess.acks.batch}
			sess.acks.batch++
		}
	}
	return events
}

// advice must be called with mu held.
func (s *Server) advice(sess *Session) map[string]any {
	p := &s.profile
	interval := p.interval
	if !p.noInterval {
		interval += sess.interval
	}
	a := map[string]any{
		"reconnect": "retry",
		"interval":  millis(interval),
		"timeout":   millis(p.timeout),
	}
	if s.opts.HandshakeReconnect {
		a["maxInterval"] = millis(p.maxInterval)
	}
	return a
}

// doConnect answers a connect at once, or holds it.
func (x *exchange) doConnect(m *Message) *reply {
	s, sess := x.srv, x.session
	r := newReply(m)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !sess.live { // it ended since it was looked up
		return x.unknown(m)
	}
	sess.release(superseded)

	timeout := s.profile.timeout
	asked, interval, hasTimeout, hasInterval := m.requestAdvice()
	if hasTimeout {
		timeout = asked
	}
	sess.interval = 0
	if hasInterval {
		sess.interval = interval
	}
	advice := m.Advice != nil || sess.adviceDue || s.profile.alwaysAdvice
	if sess.acks != nil && sess.acks.acknowledge(m) && len(sess.queue) == 0 {
		timeout, advice = 0, true // as if the client had asked for it
	}
	if advice {
		r.fields["advice"] = s.advice(sess)
	}
	sess.adviceDue = false
	first := !sess.connected
	sess.connected = true
	x.connect = r

	may := (len(x.messages) == 1 || s.profile.waitForConnect || x.socket != nil) &&
		(!first || s.profile.holdFirst) &&
		(len(sess.queue) == 0 || x.socket != nil && !sess.connectOnly() || s.paused)
	if x.plan.holdFor != nil {
		may, timeout = true, *x.plan.holdFor
	}
	if may && timeout > 0 && x.socket == nil && x.throttle(r) {
		may = false
	}
	if may && timeout > 0 {
		x.held = sess.hold(x, timeout)
		x.endBatch() // where other messages wait with the connect, so do their events
	}
	return r
}

// throttle must be called with mu held. It answers a session whose browser
// has a connect held already.
func (x *exchange) throttle(r *reply) bool {
	s, sess := x.srv, x.session
	limit := s.opts.MaxSessionsPerBrowser
	over := limit > 0 && sess.browser != "" && s.browsers[sess.browser] >= limit
	if s.profile.throttleCookieless && x.browser() == "" && x.r.Header.Get("Origin") == "" {
		over = true
	}
	if !over {
		if sess.throttled {
			sess.throttled = false
			if s.profile.resendAdvice && r.fields["advice"] == nil {
				r.fields["advice"] = s.advice(sess)
			}
		}
		return false
	}
	sess.throttled = true
	if s.opts.MultiSessionInterval < 0 {
		r.fields["successful"] = false
		r.fields["advice"] = map[string]any{"multiple-clients": true, "reconnect": "none"}
		return true
	}
	a := s.advice(sess)
	a["multiple-clients"] = true
	a["interval"] = millis(s.opts.MultiSessionInterval)
	sess.interval = s.opts.MultiSessionInterval - s.profile.interval
	r.fields["advice"] = a
	return true
}

// closeConnect must be called with mu held, when a connect reply is about to
// be written; it returns the events that go with it.
func (x *exchange) closeConnect(why outcome) []event {
	r, sess := x.connect, x.session
	events := sess.take(true)
	if sess.socket != nil && !sess.connectOnly() {
		sess.socket.sendEvents(events)
		events = nil
	}
	if why == released {
		r.fields["advice"] = map[string]any{"reconnect": "none"}
	}
	if sess.acks != nil {
		sess.acks.stamp(r)
	}
	return events
}

// subscribe adds the session to the channels, up to the first refused one.
func (x *exchange) subscribe(m *Message) *reply {
	s, sess, t := x.srv, x.session, &x.srv.profile.texts
	r := newReply(m)
	if x.namesNone(m, r) {
		return r
	}
	for _, asked := range m.Subscriptions {
		name, ok := x.channel(asked)
		if !ok {
			return r.refuse(say(t.subscriptionInvalid, m, asked))
		}
		if strings.HasPrefix(name, "/meta/") {
			return r.refuse(say(t.metaDenied(name), m, asked))
		}
		if strings.HasPrefix(name, "/service/") {
			if s.profile.strictChannels {
				return r.refuse(say(t.subscribeDenied, m, asked))
			}
			continue // success, and nothing happens
		}
		if refusal := x.ask(Create, name); refusal != nil {
			return x.deny(r, refusal, say(t.createDenied, m, asked))
		}
		if refusal := x.ask(Subscribe, name); refusal != nil {
			return x.deny(r, refusal, say(t.subscribeDenied, m, asked))
		}
		s.mu.Lock()
		if sess.live {
			s.channelFor(name).subscribers[sess] = struct{}{}
			sess.subscriptions[name] = struct{}{}
		}
		s.mu.Unlock()
	}
	return r
}

// namesNone answers a subscribe or unsubscribe that has no channel.
func (x *exchange) namesNone(m *Message, r *reply) bool {
	p := &x.srv.profile
	switch {
	case m.isEmptyList():
		if p.reference {
			delete(r.fields, "successful") // nothing was done, and nothing is said
		}
	case len(m.Subscriptions) == 0, m.Subscriptions[0] == "" && !p.reference:
		r.refuse(say(p.texts.subscriptionMissing, m, ""))
		if p.strictChannels {
			r.fields["subscription"] = []string{}
		}
	default:
		return false
	}
	return true
}

// metaDenied is the error text for a subscription to a meta channel.
func (t *texts) metaDenied(name string) string {
	switch {
	case t.metaSubscribe != "":
		return t.metaSubscribe
	case isSuffix(strings.TrimPrefix(name, "/meta/")):
		return t.subscribeDenied
	}
	return t.createDenied // the channel would be a new one
}

// ask consults the policy; about creation only if the channel is new.
func (x *exchange) ask(action Action, name string) *Refusal {
	s := x.srv
	if s.opts.Policy == nil || x.session == nil {
		return nil
	}
	if action == Create {
		s.mu.Lock()
		_, exists := s.channels[name]
		s.mu.Unlock()
		if exists {
			return nil
		}
	}
	return s.opts.Policy(x.session, action, name)
}

func (x *exchange) unsubscribe(m *Message) *reply {
	s, sess, t := x.srv, x.session, &x.srv.profile.texts
	r := newReply(m)
	if x.namesNone(m, r) {
		return r
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, asked := range m.Subscriptions {
		name, ok := x.channel(asked)
		if !ok {
			return r.refuse(say(t.subscriptionInvalid, m, asked))
		}
		c := s.channels[name]
		if c == nil && t.noChannel != "" && !strings.HasPrefix(name, "/service/") {
			return r.refuse(say(t.noChannel, m, asked))
		}
		if c != nil {
			delete(c.subscribers, sess)
			delete(sess.subscriptions, name)
		}
	}
	return r
}

// publish hands a message to the application and to the subscribers.
func (x *exchange) publish(m *Message) *reply {
	s, sess, t := x.srv, x.session, &x.srv.profile.texts
	r := newReply(m)
	name, _ := channelName(m.Channel, false)
	switch {
	case strings.HasPrefix(name, "/meta/"):
		if t.metaPublish == "" {
			x.status = http.StatusInternalServerError
		}
		return r.refuse(say(t.metaPublish, m, ""))
	case strings.HasSuffix(name, "/*"), strings.HasSuffix(name, "/**"):
		if s.profile.strictChannels {
			r.refuse(say(t.channelInvalid, m, ""))
		}
		return r // success, and nothing happens
	case m.Data == nil && s.profile.strictChannels:
		return r.refuse("402:data:Missing required parameter")
	case s.profile.noPublish:
		return r.refuse(say(t.publishDenied, m, ""))
	}
	if refusal := x.ask(Create, name); refusal != nil {
		return x.deny(r, refusal, say(t.publishCreateDenied, m, ""))
	}
	if refusal := x.ask(Publish, name); refusal != nil {
		return x.deny(r, refusal, say(t.publishDenied, m, ""))
	}
	if s.opts.OnPublish != nil && sess != nil {
		s.opts.OnPublish(sess, name, m.Data)
	}
	if strings.HasPrefix(name, "/service/") {
		return r
	}
	id := m.id
	if !s.profile.keepID {
		id = nil
	}
	var match func(*Session) bool
	if s.opts.NoEcho {
		match = func(other *Session) bool { return other != sess }
	}
	e := newEvent(m.Channel, m.Data, id)
	if m.Data == nil {
		e = event{raw: mustJSON(map[string]string{"channel": m.Channel})}
	}
	if !s.profile.reference {
		name = m.Channel // a trailing slash makes it another channel
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.channelFor(name)
	s.broadcast(name, e, match)
	return r
}

// wait lets d pass; it returns false if the client or the server went first.
func (x *exchange) wait(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-x.gone():
		return false
	case <-x.cutting:
		return false
	case <-x.srv.closing:
		return false
	}
}
