package cometdtest

import "strings"

// subscribe adds the session to the channels, up to the first refused one.
func (x *exchange) subscribe(m *Message) *reply {
	s, p, t := x.srv, &x.srv.profile, &x.srv.profile.texts
	r := p.newReply(m)
	if done := x.emptyList(m, r); done {
		return r
	}
	for _, asked := range m.Subscriptions {
		if ok, status := p.channel(asked); !ok {
			x.status = status
			return r.refuse(say(t.subscriptionInvalid, m, asked))
		}
		name := p.normal(asked)
		switch {
		case isMeta(name) && t.metaDenied != "":
			return r.refuse(say(t.metaDenied, m, asked))
		case isMeta(name) && isSuffix(name[len("/meta/"):]):
			return r.refuse(say(t.subscribeDenied, m, asked)) // it exists
		case isMeta(name):
			return r.refuse(say(t.createDenied, m, asked))
		}
		if strings.HasPrefix(name, "/service/") {
			if p.strictChannels {
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
		if x.session.live {
			s.channelFor(name).subscribers[x.session] = struct{}{}
			x.session.subscriptions[name] = struct{}{}
		}
		s.mu.Unlock()
	}
	return r
}

// emptyList completes the reply to a message that names no channel.
func (x *exchange) emptyList(m *Message, r *reply) bool {
	p := &x.srv.profile
	switch {
	case len(m.Subscriptions) > 0 && (m.Subscriptions[0] != "" || p.trimSlash):
		return false
	case len(m.Subscriptions) == 0 && m.subscription != nil && p.emptyList == accept:
		if p.trimSlash {
			delete(r.fields, "successful") // the Java servers say nothing about nothing
		}
		return true
	case p.strictChannels:
		r.fields["subscription"] = []string{}
	}
	r.refuse(say(p.texts.subscriptionMissing, m, ""))
	return true
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
	s, sess, p := x.srv, x.session, &x.srv.profile
	r := p.newReply(m)
	if done := x.emptyList(m, r); done {
		return r
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, asked := range m.Subscriptions {
		name := p.normal(asked)
		c := s.channels[name]
		local := isMeta(name) || strings.HasPrefix(name, "/service/")
		switch ok, status := p.channel(asked); {
		case !ok && status == 0:
			return r.refuse(say(p.texts.subscriptionInvalid, m, asked))
		case local && p.texts.metaUnsubscribe != "":
			return r.refuse(say(p.texts.metaUnsubscribe, m, asked))
		case c == nil && p.texts.noChannel != "" && !strings.HasPrefix(name, "/service/"):
			return r.refuse(say(p.texts.noChannel, m, asked))
		case c != nil:
			delete(c.subscribers, sess)
			delete(sess.subscriptions, name)
		}
	}
	return r
}
