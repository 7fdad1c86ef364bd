package cometdtest

import "strings"

// event is an encoded message on its way to a session.
type event struct {
	raw  []byte
	once bool // never delivered again, whatever is acknowledged
}

// channel knows who is subscribed to one name or pattern.
type channel struct {
	subscribers map[*Session]struct{}
}

// patterns lists the names under which subscribers of a channel are found,
// the most specific first.
func patterns(name string) []string {
	names := []string{name}
	i := strings.LastIndexByte(name, '/')
	names = append(names, name[:i]+"/*")
	for ; i >= 0; i = strings.LastIndexByte(name[:i], '/') {
		names = append(names, name[:i]+"/**")
	}
	return names
}

// channelFor must be called with mu held; it creates the channel.
func (s *Server) channelFor(name string) *channel {
	c := s.channels[name]
	if c == nil {
		c = &channel{subscribers: map[*Session]struct{}{}}
		s.channels[name] = c
	}
	return c
}

// broadcast must be called with mu held.
func (s *Server) broadcast(name string, e event, match func(*Session) bool) {
	s.mark++
	for _, p := range patterns(name) {
		c := s.channels[p]
		if c == nil {
			continue
		}
		for sess := range c.subscribers {
			if sess.mark == s.mark && !s.profile.copies {
				continue
			}
			sess.mark = s.mark
			if match == nil || match(sess) {
				sess.enqueue(e)
			}
		}
	}
}

// Publish delivers data to every session that is subscribed to the channel or
// to a pattern that covers it. A json.RawMessage goes out byte by byte;
// anything else is encoded, and Publish panics if that cannot be done.
func (s *Server) Publish(channel string, data any) {
	s.PublishTo(nil, channel, data)
}

// PublishTo is Publish to those subscribed sessions for which match returns
// true. It looks at every subscriber of the channel, with the server's lock
// held: match must be quick and must not call the server. To reach one session
// among thousands use [Session.Publish].
func (s *Server) PublishTo(match func(*Session) bool, channel string, data any) {
	name := s.profile.normal(channel)
	e := newEvent(name, data)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broadcast(name, e, match)
}

// PublishRaw puts message, which need not be valid JSON, as it is into the
// next response to each session for which match returns true; nil means all
// sessions. Subscriptions do not matter, and the message is never redelivered.
func (s *Server) PublishRaw(match func(*Session) bool, message string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sess := range s.sessions {
		if match == nil || match(sess) {
			sess.enqueue(event{raw: []byte(message), once: true})
		}
	}
}

// Publish delivers data to this session if it is subscribed to the channel or
// to a pattern that covers it, and reports whether it was. It does not look at
// other sessions.
func (sess *Session) Publish(channel string, data any) bool {
	name := sess.srv.profile.normal(channel)
	e := newEvent(name, data)
	sess.srv.mu.Lock()
	defer sess.srv.mu.Unlock()
	for _, p := range patterns(name) {
		if _, subscribed := sess.subscriptions[p]; subscribed {
			sess.enqueue(e)
			return true
		}
	}
	return false
}

// Deliver sends data to this session whether it is subscribed or not, as
// servers do on channels below /service/.
func (sess *Session) Deliver(channel string, data any) {
	e := newEvent(channel, data)
	sess.srv.mu.Lock()
	defer sess.srv.mu.Unlock()
	sess.enqueue(e)
}

// DeliverRaw sends a whole message as it is; it need not be valid JSON.
func (sess *Session) DeliverRaw(message string) {
	sess.srv.mu.Lock()
	defer sess.srv.mu.Unlock()
	sess.enqueue(event{raw: []byte(message), once: true})
}

// Batch runs f. What it publishes and delivers leaves together: no held
// connect is released before f returns.
func (s *Server) Batch(f func()) {
	s.hold()
	defer s.unhold()
	f()
}

// Pause keeps back all events until Resume; replies go out as ever, and so does
// what was sent before and has to be repeated because nobody acknowledged it.
func (s *Server) Pause() {
	s.mu.Lock()
	s.paused = true
	s.mu.Unlock()
}

// Resume delivers what Pause has kept back.
func (s *Server) Resume() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paused = false
	s.flush()
}

func (s *Server) hold() {
	s.mu.Lock()
	s.batch++
	s.mu.Unlock()
}

func (s *Server) unhold() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.batch--
	s.flush()
}

// flush must be called with mu held; it wakes the sessions that got events
// while nothing could be delivered.
func (s *Server) flush() {
	if s.batch > 0 || s.paused {
		return
	}
	waiting := s.waiting
	s.waiting = nil
	for _, sess := range waiting {
		sess.wake()
	}
}
