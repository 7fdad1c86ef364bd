package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// The simulated switch takes its time over each operation, as a real one does.
const (
	answerAfter = 50 * time.Millisecond  // from a request to its execution and answer
	eventAfter  = 200 * time.Millisecond // from there to its event
)

// firstNumber is that of the first agent.
const firstNumber = 10000

func agentName(i int) string { return "agent" + strconv.Itoa(firstNumber+i) }

// numberKey is the user data with the number of an agent's event, timeKey that
// with the time, in microseconds.
const numberKey, timeKey = "n", "t"

// centre is the contact centre in whose process a fleet's server runs: the
// simulator, with a call for each agent.
type centre struct {
	sim     *voicetest.Server
	address string
	began   time.Time // of the counting
	paced   chan struct{}
	pacing  sync.WaitGroup

	mu      sync.Mutex
	http    *http.Server
	calls   []string // of the agents
	sent    []int    // events about them
	arrived arrivals
}

// arrivals count what comes in, in each tenth of a second.
type arrivals struct{ Requests, Handshakes tally }

// truth is what an agent ought to know.
type truth struct {
	Sent  int
	Calls map[string]fact // by id
}

// fact is what is compared of a call.
type fact struct{ State, Number string }

// fleetServerProcess is as serveProcess.
func fleetServerProcess(options string, in io.Reader, out io.Writer) error {
	var agents int
	if err := json.Unmarshal([]byte(options), &agents); err != nil {
		return err
	}
	raiseFileLimit()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	c := newCentre(l, agents)
	defer c.close()
	return obey(in, out, "http://"+c.address, c.obey)
}

func newCentre(l net.Listener, agents int) *centre {
	c := &centre{address: l.Addr().String(), began: time.Now(), sent: make([]int, agents)}
	c.sim = voicetest.NewHandler(voicetest.Options{
		PublicURL:   "http://" + c.address,
		Agents:      voicetest.NumberedAgents(firstNumber, agents),
		Latency:     voicetest.Latency{Response: answerAfter, Event: eventAfter},
		RecordLimit: -1,
	})
	for i := range agents {
		c.calls = append(c.calls, c.newCall(i))
	}
	c.serve(l)
	return c
}

func (c *centre) newCall(agent int) string {
	return c.sim.Establish(voicetest.Call{To: agentName(agent), UserData: c.data(agent)})
}

func (c *centre) data(agent int) map[string]any {
	return map[string]any{numberKey: strconv.Itoa(c.sent[agent]), timeKey: strconv.FormatInt(time.Now().UnixMicro(), 10)}
}

func (c *centre) obey(command, argument string) (any, error) {
	d, _ := time.ParseDuration(argument)
	switch command {
	case "pace":
		c.pace(d)
	case "halt":
		c.halt()
	case "cut":
		return nil, c.cut(d)
	case "truth":
		return c.truth(), nil
	case "arrivals":
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.arrived, nil
	default:
		return nil, fmt.Errorf("unknown command %q", command)
	}
	return nil, nil
}

func (c *centre) serve(l net.Listener) {
	c.http = &http.Server{Handler: c}
	go func(s *http.Server) { _ = s.Serve(l) }(c.http)
}

func (c *centre) close() {
	c.halt()
	_ = c.http.Close()
	c.sim.Close()
}

// ServeHTTP counts.
func (c *centre) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	handshake := false
	if strings.HasSuffix(r.URL.Path, "/notifications") {
		body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		if err != nil {
			return
		}
		handshake = bytes.Contains(body, []byte("/meta/handshake"))
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	c.mu.Lock()
	c.arrived.Requests.add(time.Now())
	if handshake {
		c.arrived.Handshakes.add(time.Now())
	}
	c.mu.Unlock()
	c.sim.ServeHTTP(w, r)
}

// pace lets something happen to each agent's call once in each period, evenly
// spread, until halt.
func (c *centre) pace(period time.Duration) {
	const step = 10 * time.Millisecond
	c.paced = make(chan struct{})
	c.pacing.Go(func() {
		ticker := time.NewTicker(step)
		defer ticker.Stop()
		began, done := time.Now(), 0
		for {
			select {
			case <-ticker.C:
			case <-c.paced:
				return
			}
			for due := int(time.Since(began).Seconds() / period.Seconds() * float64(len(c.sent))); done < due; done++ {
				c.happen(done % len(c.sent))
			}
		}
	})
}

func (c *centre) happen(agent int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent[agent]++
	c.sim.AttachData(c.calls[agent], c.data(agent))
}

func (c *centre) halt() {
	if c.paced != nil {
		close(c.paced)
		c.pacing.Wait()
		c.paced = nil
	}
}

// cut cuts the server off: it closes all connections, forgets all sessions and
// logins, refuses connections for d, and then listens again. Meanwhile some
// customers hang up and others call.
func (c *centre) cut(d time.Duration) error {
	_ = c.http.Close()
	for i := range c.sent {
		c.sim.ExpireLogin(agentName(i))
	}
	time.Sleep(d / 2)
	for i := 0; i < len(c.sent); i += 20 {
		c.mu.Lock()
		c.sim.HangupCustomer(c.calls[i])
		c.calls[i] = c.newCall(i)
		c.mu.Unlock()
	}
	time.Sleep(d / 2)
	l, err := net.Listen("tcp", c.address)
	if err == nil {
		c.serve(l)
	}
	return err
}

func (c *centre) truth() []truth {
	all := make([]truth, len(c.sent))
	for i := range all {
		c.mu.Lock()
		sent := c.sent[i]
		c.mu.Unlock()
		all[i] = truth{sent, map[string]fact{}}
		for _, call := range c.sim.Calls(agentName(i)) {
			number, _ := call.UserData[numberKey].(string)
			all[i].Calls[call.ID] = fact{string(call.State), number}
		}
	}
	return all
}
