package cometdtest

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// handshake opens a session.
func (x *exchange) handshake(m *Message) *reply {
	s := x.srv
	r := s.profile.newReply(m)
	if text := x.misfit(m); text != "" {
		r.fields["version"], r.fields["supportedConnectionTypes"] = "1.0", s.profile.transports
		r.fields["advice"] = s.profile.handshakeAdvice()
		return r.refuse(text)
	}
	sess := s.newSession(m)
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
	if !s.profile.noMinimumVersion {
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
