package server

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
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

	listener net.Listener

	mu     sync.Mutex
	closed bool
	conns  map[net.Conn]struct{}
	agents map[int]*agent
}

// Stats count what a client did.
type Stats struct {
	Events uint64 // pushed, whether they reached somebody or not
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
		conns:       map[net.Conn]struct{}{},
		agents:      map[int]*agent{},
	}
	if o.Events > 0 {
		s.precompute()
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.listener = l
	go s.accept()
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
func (s *Server) URL() string { return "http://" + s.listener.Addr().String() }

// Close ends the server.
func (s *Server) Close() {
	close(s.done)
	_ = s.listener.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for c := range s.conns {
		_ = c.Close()
	}
}

// Flow opens the fountain.
func (s *Server) Flow() { close(s.flowing) }

// Stats returns what was counted so far.
func (s *Server) Stats() (stats Stats) {
	s.mu.Lock()
	agents := slices.Collect(maps.Values(s.agents))
	s.mu.Unlock()
	for _, a := range agents {
		a.mu.Lock()
		stats.Events += a.events
		a.mu.Unlock()
	}
	return stats
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

func (s *Server) accept() {
	for {
		nc, err := s.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // too many open files
			time.Sleep(10 * time.Millisecond)
			continue
		}
		s.mu.Lock()
		s.conns[nc] = struct{}{}
		if s.closed {
			_ = nc.Close()
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
