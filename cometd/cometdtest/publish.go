package cometdtest

import "strings"

// publish hands a message to the application and to the subscribers.
func (x *exchange) publish(m *Message) *reply {
	s, sess, p, t := x.srv, x.session, &x.srv.profile, &x.srv.profile.texts
	r := p.newReply(m)
	name := p.normal(m.Channel)
	switch {
	case isMeta(name):
		x.status = int(p.metaPublish)
		return r.refuse(say(t.metaPublish, m, ""))
	case p.strictChannels && strings.Contains(name, "*"):
		return r.refuse(say(t.channelInvalid, m, ""))
	case p.strictChannels && m.Data == nil:
		return r.refuse("402:data:Missing required parameter")
	case p.noPublish:
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
	if !p.keepID {
		id = nil
	}
	var match func(*Session) bool
	if s.opts.NoEcho {
		match = func(other *Session) bool { return other != sess }
	}
	e := encodeEvent(m.Channel, m.Data, m.Ext, id)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.channelFor(name)
	s.broadcast(name, e, match)
	return r
}
