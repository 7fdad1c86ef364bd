package voicetest

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/gwsvoice/gws-go/internal/memnet"
)

// network is how the simulator is reached.
type network struct {
	handler http.Handler
	memory  bool
	addr    string // of TCP, with its port
	url     string // without a path

	mu         sync.Mutex
	listener   *memnet.Listener
	server     *http.Server // nil while nobody listens
	served     chan struct{}
	restart    *time.Timer
	closed     bool
	transports []*http.Transport
}

func newNetwork(h http.Handler, o *Options) (*network, net.Listener) {
	n := &network{handler: h, memory: o.InMemory, addr: o.Addr, url: "http://gws.test"}
	if n.addr == "" {
		n.addr = "127.0.0.1:0"
	}
	l, err := n.listen()
	if err != nil {
		panic("voicetest: " + err.Error())
	}
	if !n.memory {
		n.addr = l.Addr().String()
		n.url = "http://" + reachable(l.Addr().(*net.TCPAddr))
	}
	return n, l
}

// reachable is an address that a client on this machine can dial.
func reachable(a *net.TCPAddr) string {
	if a.IP.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", strconv.Itoa(a.Port))
	}
	return a.String()
}

// listen opens the address, the same one each time.
func (n *network) listen() (net.Listener, error) {
	if n.memory {
		n.listener = memnet.Listen()
		return n.listener, nil
	}
	return net.Listen("tcp", n.addr)
}

// serve answers what comes in. It must be called with mu held once the network
// is shared.
func (n *network) serve(l net.Listener) {
	server := &http.Server{Handler: n.handler, ErrorLog: log.New(io.Discard, "", 0)}
	served := make(chan struct{})
	n.server, n.served = server, served
	go func() {
		defer close(served)
		_ = server.Serve(l) // http.ErrServerClosed, or the listener is gone
	}()
}

// shut ends the listener and all connections.
func (n *network) shut() {
	n.mu.Lock()
	server, served := n.server, n.served
	n.server = nil
	n.mu.Unlock()
	if server != nil {
		_ = server.Close()
		<-served
	}
}

func (n *network) close() {
	n.mu.Lock()
	n.closed = true
	if n.restart != nil {
		n.restart.Stop()
	}
	transports := n.transports
	n.mu.Unlock()
	n.shut()
	for _, t := range transports {
		t.CloseIdleConnections()
	}
}

// reopen listens again after d.
func (n *network) reopen(d time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return
	}
	n.restart = time.AfterFunc(d, func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		if n.closed || n.server != nil {
			return
		}
		l, err := n.listen()
		if err != nil {
			n.restart.Reset(50 * time.Millisecond) // somebody has the port
			return
		}
		n.serve(l)
	})
}

// URL returns the address of the simulator, without /api/v2: what a client
// takes for the server's address.
func (s *Server) URL() string { return s.network.url + s.opts.Prefix }

// DialContext opens a connection to the simulator, whatever the address. It
// fits net/http.Transport.
func (s *Server) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	n := s.network
	n.mu.Lock()
	memory := n.listener
	n.mu.Unlock()
	if n.memory {
		return memory.Dial(ctx)
	}
	var d net.Dialer
	return d.DialContext(ctx, "tcp", n.addr)
}

// Client returns a new HTTP client, with a transport of its own and without a
// cookie jar, that reaches the simulator. Its idle connections are closed by
// Close.
func (s *Server) Client() *http.Client {
	t := &http.Transport{DialContext: s.DialContext, MaxIdleConnsPerHost: 4}
	s.network.mu.Lock()
	defer s.network.mu.Unlock()
	s.network.transports = append(s.network.transports, t)
	return &http.Client{Transport: t}
}

// Restart lets the server go down at once and come back after the time down.
// Meanwhile connections are refused. Logins and CometD sessions are lost; the
// calls and agents, which are the switch's, are not.
func (s *Server) Restart(down time.Duration) {
	s.network.shut()
	expire(s.logins.endAll(nil))
	s.cometd.Restart(0)
	s.network.reopen(down)
}
