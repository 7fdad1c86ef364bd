package server

import (
	"sync"
	"time"
)

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
	case "/meta/disconnect":
		a.forget()
	}
	return reply(m, id, known)
}

func (s *Server) poll(c *conn, a *agent, m bayeuxMessage) error {
	if s.opts.Events > 0 && !m.atOnce {
		if !s.wait(a, m) {
			return c.answer("", []byte("["), connectReply(m.ID))
		}
		if s.opts.Pause > 0 {
			time.Sleep(s.opts.Pause)
		}
		return c.answer("", []byte("["), s.bodies[s.draw(a)], connectReply(m.ID))
	}
	events, known := s.connect(a, m, nil)
	if !known {
		return c.answer("", reply(m, "", false))
	}
	return c.answer("", []byte("["), events, connectReply(m.ID))
}

// draw returns which of the bodies of a fountain the agent gets next.
func (s *Server) draw(a *agent) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.cursor = (a.cursor + 1) % len(s.bodies)
	a.events += uint64(s.opts.Events)
	return a.cursor
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
		case <-s.done:
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
	var (
		writing sync.Mutex
		polls   sync.WaitGroup
	)
	defer polls.Wait()
	for {
		body, err := c.readFrame()
		if err != nil {
			a.signal()
			return err
		}
		messages, err := parse(body)
		if err != nil {
			return err
		}
		for _, m := range messages {
			if m.Channel == "/meta/connect" {
				polls.Go(func() {
					if !m.atOnce && s.opts.Events > 0 && s.wait(a, m) {
						s.flood(c, a, &writing)
					}
					_ = c.writeFrame(&writing, frame([]byte("["), connectReply(m.ID)))
				})
				continue
			}
			if err := c.writeFrame(&writing, frame(s.reply(a, m))); err != nil {
				return err
			}
		}
	}
}

func (s *Server) flood(c *conn, a *agent, writing *sync.Mutex) {
	for range eventsPerConnect / s.opts.Events {
		if c.writeFrame(writing, s.frames[s.draw(a)]) != nil {
			return
		}
	}
}

func (c *conn) writeFrame(writing *sync.Mutex, frame []byte) error {
	writing.Lock()
	defer writing.Unlock()
	_, err := c.Write(frame)
	return err
}
