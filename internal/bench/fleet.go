package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gwsvoice/gws-go/voice"
)

// fleetOptions are the size of a fleet and how long things take.
type fleetOptions struct {
	command string
	agents  int
	logins  int           // at the same time
	period  time.Duration // from one event of an agent to the next
	steady  time.Duration // for which everything works
	cut     time.Duration // for which the server is cut off
}

// fleet is a number of agents in this process, with the server in another.
type fleet struct {
	fleetOptions
	server    *remote
	transport *http.Transport
	members   []*member

	late timings // events: from the switch to the reader
	took timings // operations

	operations atomic.Pointer[outcomes] // where they are counted at present

	mu     sync.Mutex
	dialed tally
}

// outcomes are what became of operations.
type outcomes struct {
	mu                                sync.Mutex
	settled, notSent, refused, unsure int
	example                           error
}

// figures is what a run has found.
type figures struct {
	login                  time.Duration
	idle, loaded, most     float64 // resident memory
	goroutines             float64 // of an agent, without that of his reader
	cpu                    time.Duration
	steady, disturbed      *outcomes
	cutOff, returned, over time.Time
	marked, caughtUp       []time.Duration // after the return
	delivered, told, lost  int
	wrong                  int
	example                string
	arrivals               arrivals
}

// runFleet lets the agents log in and work, cuts the server off, lets it come
// back, and compares what everybody knows with the truth.
func runFleet(ctx context.Context, o fleetOptions, out io.Writer) error {
	raiseFileLimit()
	f := &fleet{fleetOptions: o, transport: voice.NewTransport(), members: make([]*member, o.agents)}
	dial := f.transport.DialContext
	f.transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		f.mu.Lock()
		f.dialed.add(time.Now())
		f.mu.Unlock()
		return dial(ctx, network, address)
	}
	var err error
	if f.server, err = startServer(ctx, "-fleet-server", o.agents); err != nil {
		return err
	}
	defer f.server.stop()
	got, err := f.run(ctx)
	if err != nil {
		return err
	}
	f.report(out, got)
	return got.verdict(o)
}

// progress says on standard error what is going on.
func progress(format string, v ...any) {
	fmt.Fprintf(os.Stderr, time.Now().Format(time.TimeOnly)+" "+format+"\n", v...)
}

func (f *fleet) run(ctx context.Context) (*figures, error) {
	got := &figures{steady: &outcomes{}, disturbed: &outcomes{}}
	before, goroutines := resident(), runtime.NumGoroutine()
	progress("%d agents log in", f.agents)
	began := time.Now()
	err := f.login(ctx)
	defer f.logout()
	if err != nil {
		return nil, err
	}
	got.login = time.Since(began)
	time.Sleep(time.Second)
	got.goroutines = float64(runtime.NumGoroutine()-goroutines)/float64(f.agents) - 1
	got.idle = resident() - before

	progress("they work")
	tell := func(command string) error { return f.server.tell(command, new(any)) }
	if err := tell("pace " + f.period.String()); err != nil {
		return nil, err
	}
	stop := f.operate(ctx, got.steady)
	defer stop()
	time.Sleep(f.steady / 5)
	f.late.record(true)
	f.took.record(true)
	cpu := cpuTime()
	time.Sleep(f.steady)
	got.cpu = cpuTime() - cpu
	f.late.record(false)
	f.took.record(false)
	got.loaded = residentNow() - before

	progress("the server is cut off")
	f.operations.Store(got.disturbed)
	got.cutOff = time.Now()
	if err := tell("cut " + f.cut.String()); err != nil {
		return nil, err
	}
	got.returned = time.Now()
	progress("it is back")
	if err := f.awaitAll(ctx, got); err != nil {
		return nil, err
	}
	progress("everybody is")
	time.Sleep(2 * f.period)
	stop()
	if err := tell("halt"); err != nil {
		return nil, err
	}
	if err := f.drain(); err != nil {
		return nil, err
	}
	got.most = mostResident() - before
	return got, f.compare(got)
}

// login logs all agents in, as many at a time as may.
func (f *fleet) login(ctx context.Context) error {
	errs := make([]error, f.agents)
	inTurns(f.logins, f.agents, func(i int) {
		client, err := voice.Connect(ctx, voice.Config{
			BaseURL:    f.server.URL,
			Auth:       voice.BasicAuth(agentName(i), "secret"),
			HTTPClient: &http.Client{Transport: f.transport},
		})
		if err != nil {
			errs[i] = fmt.Errorf("%s: %w", agentName(i), err)
			return
		}
		sub := client.Subscribe()
		calls, err := client.Calls(ctx)
		errs[i] = err
		m := newMember(client, calls)
		f.members[i] = m
		go m.read(sub, f.late.add)
	})
	return errors.Join(errs...)
}

func (f *fleet) logout() {
	inTurns(f.logins, f.agents, func(i int) {
		if m := f.members[i]; m != nil {
			_ = m.client.Close()
			<-m.ended
		}
	})
	f.transport.CloseIdleConnections()
}

// awaitAll waits until every agent is back.
func (f *fleet) awaitAll(ctx context.Context, got *figures) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	for {
		missing := 0
		var marked, caughtUp []time.Duration
		for _, m := range f.members {
			at, up := m.since(got.cutOff)
			if at.IsZero() || up.IsZero() {
				missing++
				continue
			}
			marked = append(marked, at.Sub(got.returned))
			caughtUp = append(caughtUp, up.Sub(got.returned))
		}
		if missing == 0 {
			got.marked, got.caughtUp, got.over = marked, caughtUp, time.Now()
			return nil
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("%d agents are not back %v after the server", missing, time.Since(got.returned).Round(time.Second))
		}
	}
}

// drain waits until every event has come, or none comes any more: the machine
// may be busy.
func (f *fleet) drain() error {
	const patience = 30 * time.Second
	var all []truth
	if err := f.server.tell("truth", &all); err != nil {
		return err
	}
	for missing, progress := -1, time.Now(); missing != 0 && time.Since(progress) < patience; {
		time.Sleep(eventAfter + time.Second)
		n := 0
		for i, m := range f.members {
			n += m.missing(all[i])
		}
		if n != missing {
			missing, progress = n, time.Now()
		}
	}
	return nil
}

// compare compares what everybody knows with the truth.
func (f *fleet) compare(got *figures) error {
	var all []truth
	if err := f.server.tell("truth", &all); err != nil {
		return err
	}
	for i, m := range f.members {
		wrong, lost := m.compare(all[i])
		if wrong != "" {
			got.wrong++
		}
		if wrong != "" || lost > 0 {
			got.example = fmt.Sprintf("%s lost %d, %s", agentName(i), lost, wrong)
		}
		got.lost += lost
		m.mu.Lock()
		got.delivered += m.delivered
		got.told += m.told
		m.mu.Unlock()
	}
	return f.server.tell("arrivals", &got.arrivals)
}

// verdict is an error if something was lost or somebody is not up to date.
func (g *figures) verdict(o fleetOptions) error {
	switch {
	case g.lost > 0:
		return fmt.Errorf("%d events lost without a word: %s", g.lost, g.example)
	case g.wrong > 0:
		return fmt.Errorf("%d of %d agents are not up to date: %s", g.wrong, o.agents, g.example)
	case g.steady.settled == 0:
		return errors.New("no operation was settled")
	case g.steady.notSent+g.steady.refused+g.steady.unsure > 0:
		return fmt.Errorf("operations failed while everything worked: %w", g.steady.example)
	}
	return nil
}
