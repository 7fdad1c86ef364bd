package cometdtest

// advice must be called with mu held.
func (s *Server) advice(sess *Session) map[string]any {
	p := &s.profile
	interval := p.interval
	if !p.noOwnInterval {
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
	if s.profile.needsType && m.ConnectionType == "" {
		r := s.profile.newReply(m).refuse("402:connectionType:Missing required parameter")
		r.fields["advice"] = s.profile.handshakeAdvice()
		delete(r.fields, "clientId")
		x.refused = true
		return r
	}
	r := s.profile.newReply(m)
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
	if sess.acks != nil && sess.acks.acknowledge(m) {
		timeout, advice = 0, true
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
	sess.interval = s.opts.MultiSessionInterval - s.profile.interval
	a := map[string]any{"multiple-clients": true, "reconnect": "retry",
		"interval": millis(s.opts.MultiSessionInterval)}
	if s.profile.resendAdvice {
		a["timeout"] = millis(s.profile.timeout)
	}
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
	if why == released && !x.srv.profile.plainRelease {
		r.fields["advice"] = map[string]any{"reconnect": "none"}
	}
	if sess.acks != nil {
		sess.acks.stamp(r)
	}
	return events
}
