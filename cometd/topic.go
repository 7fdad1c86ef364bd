package cometd

import (
	"errors"
	"fmt"
	"slices"
)

// topic is a channel or pattern that somebody listens to. Guarded by Client.mu.
type topic struct {
	name      string
	order     uint64
	local     bool // the server need not know
	confirmed bool // the server does know
	subs      []*Subscription
	request   *request // the subscribe under way or waiting, nil if none
	attempt   *attempt // what those wait for who subscribe
	doubt     error    // the session was unknown when it was to be restored
	ignored   int      // attempts to restore it that were answered without a reply to it
}

// ignoredInARow is how often a server may leave out the reply to a subscribe
// that restores a channel before that counts as a refusal.
const ignoredInARow = 5

// attempt is the outcome of subscribing, shared by all who wait for it.
type attempt struct {
	done chan struct{}
	err  error
}

// end makes the outcome known; c.mu must be held.
func (a *attempt) end(err error) {
	if a == nil {
		return
	}
	select {
	case <-a.done:
	default:
		a.err = err
		close(a.done)
	}
}

// join makes s a listener of channels. It returns what to wait for, and the
// topics that are new to s. c.mu must be held.
func (c *Client) join(s *Subscription, names []string) ([]*attempt, []*topic, error) {
	if err := c.closedErr(); err != nil {
		return nil, nil, err
	}
	if s.ended {
		return nil, nil, ErrClosed
	}
	var attempts []*attempt
	var topics []*topic
	for _, name := range names {
		t := c.topics[name]
		if t == nil {
			var err error
			if t, err = c.newTopic(name); err != nil {
				return attempts, topics, err
			}
		}
		if slices.Contains(t.subs, s) {
			continue
		}
		t.subs = append(t.subs, s)
		s.topics = append(s.topics, t)
		topics = append(topics, t)
		if t.local || t.confirmed {
			s.begin(c.session)
			attempts = append(attempts, nil)
		} else {
			if t.attempt == nil {
				t.attempt = &attempt{done: make(chan struct{})}
			}
			attempts = append(attempts, t.attempt)
		}
	}
	if len(topics) > 0 && !slices.Contains(c.subs, s) {
		c.subs = append(c.subs, s)
	}
	return attempts, topics, nil
}

// newTopic begins to listen to a channel; c.mu must be held.
func (c *Client) newTopic(name string) (*topic, error) {
	c.ids++
	t := &topic{name: name, order: c.ids, local: isLocal(name)}
	if !t.local && c.link != linkNone {
		t.request = &request{kind: kindSubscribe, channel: name, topic: t}
		if t.request.size() > c.opts.MaxSendSize {
			return nil, fmt.Errorf("cometd: channel name of %d bytes is too long", len(name))
		}
		if err := c.enqueue(t.request); err != nil {
			return nil, err
		}
	}
	if c.topics == nil {
		c.topics = map[string]*topic{}
	}
	c.topics[name] = t
	if isPattern(name) {
		c.wildcards++
	}
	if isMeta(name) {
		c.listeners++
	}
	return t, nil
}

// leave makes s no listener of t any more, and unsubscribes when it was the
// last; c.mu must be held.
func (c *Client) leave(t *topic, s *Subscription) {
	s.topics = slices.DeleteFunc(s.topics, func(other *topic) bool { return other == t })
	t.subs = slices.DeleteFunc(t.subs, func(other *Subscription) bool { return other == s })
	if len(t.subs) > 0 || c.topics[t.name] != t {
		return
	}
	c.drop(t)
	r := t.request
	if r != nil && !r.sent {
		c.withdraw(r)
		return
	}
	if t.confirmed || r != nil {
		_ = c.enqueue(&request{kind: kindUnsubscribe, channel: t.name})
	}
}

// drop forgets a topic; c.mu must be held.
func (c *Client) drop(t *topic) {
	delete(c.topics, t.name)
	if isPattern(t.name) {
		c.wildcards--
	}
	if isMeta(t.name) {
		c.listeners--
	}
}

// subscribed is called when a subscribe is finished; c.mu must be held.
func (c *Client) subscribed(r *request, err error) {
	t := r.topic
	if t.request != r {
		return // a later session has asked again
	}
	t.request = nil
	switch {
	case err == nil:
		t.confirmed, t.doubt, t.ignored = true, nil, 0
		for _, s := range t.subs {
			s.begin(c.session)
		}
		t.attempt.end(nil)
		t.attempt = nil
	case r.restoring && asError(err).unknownSession():
		t.doubt = err
	case r.restoring && errors.Is(err, errNoReply) && t.ignored < ignoredInARow:
		t.ignored++ // not answered: it is tried again
	case r.restoring && asError(err).Raw == nil && !errors.Is(err, errNoReply):
		// not answered: it is tried again
	default:
		c.refuse(t, err)
	}
}

// refuse ends a topic that the server does not want; c.mu must be held.
func (c *Client) refuse(t *topic, err error) {
	t.doubt = nil
	if c.topics[t.name] == t {
		c.drop(t)
	}
	for _, s := range t.subs {
		s.topics = slices.DeleteFunc(s.topics, func(other *topic) bool { return other == t })
		if s.since != 0 && t.attempt == nil {
			s.refused = append(s.refused, asError(err))
			s.fatal = err
		}
	}
	t.subs = nil
	t.attempt.end(err)
}
