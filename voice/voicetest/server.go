package voicetest

import (
	"container/list"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gwsvoice/gws-go/cometd/cometdtest"
	"github.com/gwsvoice/gws-go/voice"
)

// Server is a simulated contact centre. All its methods may be called from any
// goroutine.
type Server struct {
	opts     Options
	exchange *exchange
	logins   *logins
	users    map[string]*agent // by user name
	scripts  scripts
	record   record
	cometd   *cometdtest.Server
	network  *network

	closing chan struct{} // closed by Close
	running sync.WaitGroup

	mu     sync.Mutex
	closed bool
}

// NewServer starts a simulator on a free port of 127.0.0.1, or as the options
// want it. It panics if they contradict themselves or if it cannot listen.
// Close ends it.
func NewServer(o Options) *Server {
	s := newServer(o)
	n, listener := newNetwork(s, &s.opts)
	s.network = n
	if s.opts.PublicURL == "" {
		s.exchange.base = n.url + s.opts.Prefix + "/api/v2"
	}
	n.serve(listener)
	return s
}

// NewHandler returns a simulator that does not listen: mount it in a server of
// your own, with Options.PublicURL set to where that can be reached. Close ends
// it. URL, Client, DialContext and Restart are not for it.
func NewHandler(o Options) *Server { return newServer(o) }

func newServer(o Options) *Server {
	o.Prefix = strings.TrimRight(o.Prefix, "/")
	if o.Agents == nil {
		o.Agents = DefaultAgents()
	}
	if o.Queues == nil {
		o.Queues = []string{"9000"}
	}
	if o.AgentStates == nil {
		o.AgentStates = DefaultAgentStates()
	}
	if o.RecordLimit == 0 {
		o.RecordLimit = 1000
	}
	o.Agents, o.Queues = slices.Clone(o.Agents), slices.Clone(o.Queues)
	ids := newIDs(o.Seed)
	s := &Server{opts: o, logins: newLogins(&o, ids), users: map[string]*agent{}, closing: make(chan struct{})}
	s.record.limit = o.RecordLimit
	s.exchange = newExchange(o, ids)
	s.exchange.base = strings.TrimRight(o.PublicURL, "/") + "/api/v2"
	for _, a := range s.exchange.agents {
		s.users[a.UserName] = a
	}
	s.cometd = s.newBayeux()
	return s
}

func newExchange(o Options, ids *ids) *exchange {
	x := &exchange{
		opts: o, ids: ids,
		voiceID: ids.uuid("service/voice"), mediaID: ids.uuid("service/media"), contentID: ids.uuid("service/content"),
		byName: map[string]*agent{}, byDN: map[string]*device{}, tokens: map[string]*agent{},
		places: map[string]*place{}, calls: map[string]*call{}, queues: map[string]*queue{},
		states: map[voice.OperationName]*userState{}, timers: map[*time.Timer]struct{}{},
	}
	x.listed = append(slices.Clone(systemStates), o.AgentStates...)
	for _, st := range x.listed {
		x.states[st.OperationName] = st.onDevice()
	}
	for _, number := range o.Queues {
		x.queues[number] = newQueue(number)
	}
	for _, a := range o.Agents {
		x.addAgent(a)
	}
	for _, p := range o.Places {
		x.addPlace(p)
	}
	x.do(nil, nil, func(tx *transaction) {
		for _, a := range x.agents {
			tx.devices = append(tx.devices, a.devices...)
		}
	})
	return x
}

func (x *exchange) addPlace(p Place) {
	seat := &place{name: p.Name}
	for _, dn := range p.DNs {
		d := x.byDN[dn]
		if d == nil {
			d = x.addDevice(dn)
			d.recording, d.muting = x.opts.Recording, x.opts.Muting
			for _, number := range x.opts.Queues {
				d.queues = append(d.queues, x.queues[number])
			}
			d.ready = make([]*list.Element, len(d.queues))
		}
		seat.devices = append(seat.devices, d)
	}
	x.places[p.Name] = seat
}

// begin counts a request that Close waits for; it must end with running.Done.
func (s *Server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.running.Add(1)
	return true
}

// Close ends all connections and what is still to happen, and waits until no
// goroutine of the simulator is left.
func (s *Server) Close() {
	s.mu.Lock()
	closed := s.closed
	s.closed = true
	s.mu.Unlock()
	if !closed {
		close(s.closing)
		s.exchange.close()
		s.cometd.Close()
		if s.network != nil {
			s.network.close()
		}
	}
	s.running.Wait()
}

func (x *exchange) close() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.closed = true
	for t := range x.timers {
		t.Stop()
	}
	clear(x.timers)
	for _, a := range x.agents {
		a.out.close()
	}
}

var _ http.Handler = (*Server)(nil)

func (l Latency) response() time.Duration { return l.vary(l.Response) }
func (l Latency) event() time.Duration    { return l.vary(l.Event) }

func (l Latency) vary(d time.Duration) time.Duration {
	if d <= 0 || l.Spread <= 0 {
		return d
	}
	return max(0, time.Duration(float64(d)*(1+l.Spread*(2*rand.Float64()-1))))
}
