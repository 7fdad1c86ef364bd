package cometdtest

import (
	"context"
	"net"
	"net/http"
	"net/http/cookiejar"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gwsvoice/gws-go/internal/memnet"
)

// Server is a Bayeux server. All its methods may be called from any goroutine.
type Server struct {
	opts    Options
	profile profile
	record  record
	scripts scripts
	closing chan struct{} // closed by Close
	running sync.WaitGroup
	pings   atomic.Int64

	mu       sync.Mutex // guards what follows, and the sessions
	closed   bool
	down     bool // between the two halves of Restart
	sessions map[string]*Session
	channels map[string]*channel
	browsers map[string]int // connects held by browser cookie
	batch    int
	paused   bool
	sockets  map[*socket]struct{}
	waiting  []*Session // have events, and nothing may be delivered
	mark     uint64
	cutting  chan struct{} // closed by Restart
	restart  *time.Timer
	accepted int // connections so far

	listening *listening // nil behind NewHandler
}

// NewServer starts a server on a free port of 127.0.0.1, or inside the process
// if o.InMemory is set. It panics if there is no port. Close ends it.
func NewServer(o Options) *Server {
	s := NewHandler(o)
	s.listen()
	return s
}

// NewHandler returns a server that does not listen: mount it in an
// http.ServeMux, at a path of its own and those below. Close ends its sessions.
func NewHandler(o Options) *Server {
	s := &Server{
		opts: o, profile: o.Preset.profile(),
		closing: make(chan struct{}), cutting: make(chan struct{}),
		sessions: map[string]*Session{}, channels: map[string]*channel{}, browsers: map[string]int{},
		sockets: map[*socket]struct{}{},
	}
	s.profile.configure(&s.opts)
	s.record.limit = o.RecordLimit
	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.begin() {
		panic(http.ErrAbortHandler)
	}
	defer s.running.Done()
	if r.Header.Get("Upgrade") != "" && slices.Contains(s.profile.transports, webSocket) {
		s.serveSocket(w, r)
		return
	}
	s.servePoll(w, r)
}

// Pings returns how many WebSocket pings have arrived.
func (s *Server) Pings() int { return int(s.pings.Load()) }

// begin counts a goroutine that Close waits for; it must end with running.Done.
func (s *Server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.down {
		return false
	}
	s.running.Add(1)
	return true
}

// cut returns a channel that is closed at the next Restart.
func (s *Server) cut() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cutting
}

// later must be called with mu held. It runs f soon, without the lock.
func (s *Server) later(f func()) {
	if s.closed {
		return
	}
	s.running.Add(1)
	go func() {
		defer s.running.Done()
		f()
	}()
}

// Close ends all sessions and connections, and waits until no goroutine of the
// server is left.
func (s *Server) Close() {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		s.running.Wait()
		return
	}
	s.closed = true
	if s.restart != nil {
		s.restart.Stop()
	}
	s.mu.Unlock()
	close(s.closing)
	s.dropSessions(Closed)
	if s.listening != nil {
		s.listening.close()
	}
	s.running.Wait()
}

// Restart ends all sessions without a word and cuts all connections. New ones
// are refused for the time down; behind [NewHandler] they are accepted and cut.
func (s *Server) Restart(down time.Duration) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.down = true
	close(s.cutting)
	s.cutting = make(chan struct{})
	s.mu.Unlock()
	if s.listening != nil {
		s.listening.close()
	}
	s.dropSessions(Restarted)

	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	if s.restart != nil {
		s.restart.Stop()
	}
	s.restart = time.AfterFunc(down, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.closed || !s.down {
			return
		}
		s.down = false
		if s.listening != nil {
			s.listening.open()
		}
	})
}

// dropSessions ends all sessions, and cuts all WebSockets.
func (s *Server) dropSessions(why End) {
	s.mu.Lock()
	for k := range s.sockets {
		k.cut()
	}
	s.mu.Unlock()
	for _, sess := range s.Sessions() {
		s.end(sess, why)
	}
}

// listening is the server's own way to the network.
type listening struct {
	owner *Server

	mu         sync.Mutex
	memory     *memnet.Listener // nil on TCP
	addr       string
	server     *http.Server
	ended      chan struct{} // closed when server.Serve has returned
	transports []*http.Transport
}

func (s *Server) listen() {
	s.listening = &listening{owner: s}
	if s.opts.InMemory {
		s.listening.memory = memnet.Listen()
	} else {
		s.listening.addr = "127.0.0.1:0"
	}
	s.listening.open()
}

// open starts to accept connections, on the same address as before.
func (l *listening) open() {
	l.mu.Lock()
	defer l.mu.Unlock()
	var listener net.Listener
	if l.addr == "" {
		if l.server != nil {
			l.memory = memnet.Listen()
		}
		listener = l.memory
	} else {
		tcp, err := net.Listen("tcp", l.addr)
		if err != nil {
			panic("cometdtest: " + err.Error())
		}
		listener, l.addr = tcp, tcp.Addr().String()
	}
	l.server = &http.Server{Handler: l.owner, ConnContext: l.owner.number}
	l.ended = make(chan struct{})
	go func(server *http.Server, ended chan struct{}) {
		defer close(ended)
		_ = server.Serve(listener)
	}(l.server, l.ended)
}

// close stops accepting connections and cuts those that are open.
func (l *listening) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.server.Close()
	if l.memory != nil {
		_ = l.memory.Close()
	}
	<-l.ended
	for _, t := range l.transports {
		t.CloseIdleConnections()
	}
}

// URL returns the address of the Bayeux endpoint, "" behind [NewHandler]. The
// server answers below it as well.
func (s *Server) URL() string {
	switch {
	case s.listening == nil:
		return ""
	case s.opts.InMemory:
		return "http://cometd.test/cometd"
	}
	s.listening.mu.Lock()
	defer s.listening.mu.Unlock()
	return "http://" + s.listening.addr + "/cometd"
}

// DialContext opens a connection to the server, whatever the address. It fits
// net/http.Transport, and panics behind [NewHandler].
func (s *Server) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	l := s.listening
	l.mu.Lock()
	memory, addr := l.memory, l.addr
	l.mu.Unlock()
	if memory != nil {
		return memory.Dial(ctx)
	}
	var d net.Dialer
	return d.DialContext(ctx, "tcp", addr)
}

// Client returns a new HTTP client with a transport and a cookie jar of its
// own that reaches the server. Its idle connections are closed by Close. It
// panics behind [NewHandler].
func (s *Server) Client() *http.Client {
	jar, _ := cookiejar.New(nil)
	t := &http.Transport{DialContext: s.DialContext}
	s.listening.mu.Lock()
	defer s.listening.mu.Unlock()
	s.listening.transports = append(s.listening.transports, t)
	return &http.Client{Transport: t, Jar: jar}
}

type connectionKey struct{}

// number gives a connection its number, which its requests carry.
func (s *Server) number(ctx context.Context, _ net.Conn) context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accepted++
	return context.WithValue(ctx, connectionKey{}, s.accepted)
}

func connection(r *http.Request) int {
	n, _ := r.Context().Value(connectionKey{}).(int)
	return n
}
