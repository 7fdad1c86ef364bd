package server

import "time"

// notifications answers a body of long-polling.
func (s *Server) notifications(c *conn, req request) error {
	messages, err := parse(req.body)
	if err != nil {
		return err
	}
	a := s.agent(req.agent)
	var replies []byte
	for i, m := range messages {
		if m.Channel == "/meta/connect" {
			return s.poll(c, a, m)
		}
		r := s.reply(a, m)
		if i > 0 {
			replies[len(replies)-1] = ','
			r = r[1:]
		}
		replies = append(replies, r...)
	}
	return c.answer("BAYEUX_BROWSER=1k8x0q3w7n2m5v9zq; Path=/", replies)
}

func (s *Server) reply(a *agent, m bayeuxMessage) []byte {
	var id string
	a.mu.Lock()
	known := a.clientID != "" && a.clientID == m.ClientID
	if m.Channel == "/meta/subscribe" && known {
		a.subscribed = true
	}
	a.mu.Unlock()
	switch m.Channel {
	case "/meta/handshake":
		id = a.handshake()
		s.countHandshake()
	case "/meta/disconnect":
		a.forget()
	}
	return reply(m, id, known)
}

func (s *Server) countHandshake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := int(time.Since(s.since) / (100 * time.Millisecond))
	for len(s.stats.Handshakes) <= at {
		s.stats.Handshakes = append(s.stats.Handshakes, 0)
	}
	s.stats.Handshakes[at]++
}

func (s *Server) poll(c *conn, a *agent, m bayeuxMessage) error {
	if s.opts.Events > 0 && !m.atOnce {
		if !s.wait(a, m) {
			return c.answer("", []byte("["), connectReply(m.ID))
		}
		a.cursor++
		return c.answer("", []byte("["), s.bodies[a.cursor%len(s.bodies)], connectReply(m.ID))
	}
	events, known := s.connect(a, m, nil)
	if !known {
		return c.answer("", reply(m, "", false))
	}
	return c.answer("", []byte("["), events, connectReply(m.ID))
}

// wait waits until the fountain flows. It returns false if the connect is to
// be answered without events.
func (s *Server) wait(a *agent, m bayeuxMessage) bool {
	select {
	case <-s.flowing:
		return true
	default:
	}
	for {
		a.mu.Lock()
		known := a.clientID == m.ClientID
		a.mu.Unlock()
		if !known {
			return false
		}
		select {
		case <-s.flowing:
			return true
		case <-a.wake:
		case <-s.cutOff():
			return false
		case <-time.After(s.opts.Hold):
			return false
		}
	}
}

// serveWebSocket serves a fountain: after the first connect all are answered
// once their events are out.
func (s *Server) serveWebSocket(c *conn, req request) error {
	if err := c.upgrade(req.wsKey); err != nil {
		return err
	}
	a := s.agent(req.agent)
	for {
		body, err := c.readFrame()
		if err != nil {
			return err
		}
		messages, err := parse(body)
		if err != nil {
			return err
		}
		for _, m := range messages {
			answer := []byte(nil)
			switch {
			case m.Channel != "/meta/connect":
				answer = s.reply(a, m)
			case !m.atOnce && s.opts.Events > 0:
				if err := s.flood(c, a, m); err != nil {
					return err
				}
				fallthrough
			default:
				answer = append([]byte("["), connectReply(m.ID)...)
			}
			if _, err := c.Write(frame(answer)); err != nil {
				return err
			}
		}
	}
}

func (s *Server) flood(c *conn, a *agent, m bayeuxMessage) error {
	if !s.wait(a, m) {
		return nil
	}
	for range eventsPerConnect / s.opts.Events {
		a.cursor++
		if _, err := c.Write(s.frames[a.cursor%len(s.frames)]); err != nil {
			return err
		}
	}
	return nil
}
