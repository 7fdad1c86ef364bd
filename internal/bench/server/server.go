package server

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"time"
)

// Server is a listening server.
type Server struct {
	opts                Options
	established, onHold *template // the event
	me                  *template
	bodies              [][]byte // of a fountain, without the connect reply
	frames              [][]byte
	flowing             chan struct{} // closed by Flow
	done                chan struct{}

	mu       sync.Mutex
	listener net.Listener
	cut      chan struct{} // closed when connections are cut off
	conns    map[net.Conn]struct{}
	agents   map[int]*agent
	stats    Stats
	since    time.Time // of the handshakes that stats count
}

// Stats count what a client did.
type Stats struct {
	Events     uint64 // pushed, whether they reached somebody or not
	Handshakes []int  // in each tenth of a second since the last cut ended
}

// Listen returns a server that listens on a free port.
func Listen(o Options) (*Server, error) {
	if o.Hold == 0 {
		o.Hold = 30 * time.Second
	}
	s := &Server{
		opts:        o,
		established: newTemplate(eventSource, "STATE", "Established", "OTHER", "Hold"),
		onHold:      newTemplate(eventSource, "STATE", "Held", "OTHER", "Retrieve"),
		me:          newTemplate(meSource),
		flowing:     make(chan struct{}),
		done:        make(chan struct{}),
		cut:         make(chan struct{}),
		conns:       map[net.Conn]struct{}{},
		agents:      map[int]*agent{},
		since:       time.Now(),
	}
	if o.Events > 0 {
		s.precompute()
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.listener = l
	go s.accept(l)
	return s, nil
}

// precompute makes the bodies of a fountain, enough that each call has its turn.
func (s *Server) precompute() {
	call := 0
	for range (max(s.opts.Calls, s.opts.Events) + s.opts.Events - 1) / s.opts.Events {
		var body []byte
		for range s.opts.Events {
			body = append(s.established.append(body, 1, call, 0), ',')
			call = (call + 1) % max(s.opts.Calls, 1)
		}
		s.bodies = append(s.bodies, body)
		s.frames = append(s.frames, frame([]byte("["), body[:len(body)-1], []byte("]")))
	}
}

func (s *Server) event(held bool) *template {
	if held {
		return s.onHold
	}
	return s.established
}

// URL is the base URL of the server.
func (s *Server) URL() string { return "http://" + s.address() }

func (s *Server) address() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.listener.Addr().String()
}

// Close ends the server.
func (s *Server) Close() {
	close(s.done)
	s.disconnect()
}

// Flow opens the fountain.
func (s *Server) Flow() { close(s.flowing) }

// Pace pushes an event to every agent once in each period, evenly spread,
// until the server is closed.
func (s *Server) Pace(period time.Duration) {
	go func() {
		const step = 10 * time.Millisecond
		ticker := time.NewTicker(step)
		defer ticker.Stop()
		var next, due float64
		for {
			select {
			case <-ticker.C:
			case <-s.done:
				return
			}
			s.mu.Lock()
			n := len(s.agents)
			s.mu.Unlock()
			for due += float64(n) * step.Seconds() / period.Seconds(); due >= 1; due-- {
				next++
				s.push(s.agent(1+int(next)%n), 0)
			}
		}
	}()
}

// Cut closes all connections and forgets all sessions, refuses connections for
// d, and then listens again.
func (s *Server) Cut(d time.Duration) error {
	address := s.address()
	s.disconnect()
	time.Sleep(d)
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.listener, s.cut = l, make(chan struct{})
	s.stats.Handshakes, s.since = nil, time.Now()
	s.mu.Unlock()
	go s.accept(l)
	return nil
}

func (s *Server) disconnect() {
	s.mu.Lock()
	_ = s.listener.Close()
	close(s.cut)
	for c := range s.conns {
		_ = c.Close()
	}
	clear(s.conns)
	agents := make([]*agent, 0, len(s.agents))
	for _, a := range s.agents {
		agents = append(agents, a)
	}
	s.mu.Unlock()
	for _, a := range agents {
		a.forget()
	}
}

// Stats returns what was counted so far.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	stats := s.stats
	stats.Handshakes = append([]int(nil), stats.Handshakes...)
	agents := make([]*agent, 0, len(s.agents))
	for _, a := range s.agents {
		agents = append(agents, a)
	}
	s.mu.Unlock()
	for _, a := range agents {
		a.mu.Lock()
		stats.Events += a.events
		a.mu.Unlock()
	}
	return stats
}

func (s *Server) cutOff() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cut
}

func (s *Server) agent(number int) *agent {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.agents[number]
	if a == nil {
		a = &agent{number: number, wake: make(chan struct{}, 1), held: map[int]bool{}}
		s.agents[number] = a
	}
	return a
}

func (s *Server) accept(l net.Listener) {
	for {
		nc, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // too many open files
			time.Sleep(10 * time.Millisecond)
			continue
		}
		s.mu.Lock()
		if s.listener != l {
			_ = nc.Close()
		} else {
			s.conns[nc] = struct{}{}
		}
		s.mu.Unlock()
		go func() {
			s.serve(&conn{Conn: nc, r: bufio.NewReaderSize(nc, 2<<10)})
			_ = nc.Close()
			s.mu.Lock()
			delete(s.conns, nc)
			s.mu.Unlock()
		}()
	}
}

func (s *Server) serve(c *conn) {
	for {
		req, err := c.read()
		if err == nil {
			switch {
			case req.wsKey != "":
				_ = s.serveWebSocket(c, req)
				return
			case req.path == "/notifications":
				err = s.notifications(c, req)
			case req.post:
				err = s.operate(c, req)
			default:
				err = s.resource(c, req)
			}
		}
		if err != nil {
			return
		}
	}
}

var accepted = []byte(`{"statusCode":0}`)

// operate accepts the operation. Hold and Retrieve have their event.
func (s *Server) operate(c *conn, req request) error {
	hold := bytes.Contains(req.body, []byte(`"Hold"`))
	retrieve := bytes.Contains(req.body, []byte(`"Retrieve"`))
	if s.opts.Delay > 0 {
		if err := c.answer("", accepted); err != nil {
			return err
		}
	}
	if hold || retrieve {
		call, _ := strconv.Atoi(req.path[max(len(req.path)-3, 0):])
		a := s.agent(req.agent)
		happen := func() {
			a.mu.Lock()
			a.held[call] = hold
			a.mu.Unlock()
			s.push(a, call)
		}
		if s.opts.Delay > 0 {
			time.AfterFunc(s.opts.Delay, happen)
			return nil
		}
		happen()
	}
	if s.opts.Delay > 0 {
		return nil
	}
	return c.answer("", accepted)
}

// resource answers a read.
func (s *Server) resource(c *conn, req request) error {
	switch req.path {
	case "/me":
		body := s.me.append(nil, req.agent, 0, 0)
		body = append(body[:len(body)-len("}}")], `,"calls":`...)
		body = append(s.appendCalls(body, s.agent(req.agent)), "}}"...)
		return c.answer(fmt.Sprintf("JSESSIONID=%05d1k8x0q3w7n2m5v9z; Path=/", req.agent), body)
	case "/me/calls":
		body := s.appendCalls([]byte(`{"statusCode":0,"calls":`), s.agent(req.agent))
		return c.answer("", append(body, '}'))
	case "/diagnostics/version":
		return c.answer("", []byte(`{"statusCode":0,"version":"8.5.202.96"}`))
	}
	_, err := io.WriteString(c, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
	return err
}

// appendCalls appends the agent's calls, as an array.
func (s *Server) appendCalls(b []byte, a *agent) []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	b = append(b, '[')
	for call := range s.opts.Calls {
		if call > 0 {
			b = append(b, ',')
		}
		event := s.event(a.held[call]).append(nil, a.number, call, a.events)
		_, event, _ = bytes.Cut(event, []byte(`"call":`))
		event = event[:bytes.Index(event, []byte(`,"phoneNumber":"`+fmt.Sprintf("%05d", a.number)))]
		b = append(b, event...)
	}
	return append(b, ']')
}
