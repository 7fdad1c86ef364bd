package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"time"

	"github.com/gwsvoice/gws-go/cometd"
	"github.com/gwsvoice/gws-go/internal/bench/server"
	"github.com/gwsvoice/gws-go/internal/floor"
	"github.com/gwsvoice/gws-go/voice"
)

// work is one workload for one side, as told to the process that does it.
type work struct {
	Name    string
	Kind    string // of kinds
	Ours    bool   // this module, not the floor
	Profile string // path without ending; "" for none

	Server        server.Options
	WebSocket     bool
	Agents        int
	Count         int // of events or operations to measure
	Subscriptions int // to other calls
	Pending       int // operations on other calls
	Settle        time.Duration
}

// metrics are the results of a workload, by name.
type metrics map[string]float64

var kinds = map[string]func(context.Context, *bed) (metrics, error){
	"stream":   stream,
	"filtered": filtered,
	"operate":  operate,
	"accept":   accept,
	"idle":     idle,
}

// bed is what a workload runs on.
type bed struct {
	work
	server    *remote
	transport *http.Transport
}

// workProcess does the work and prints its metrics.
func workProcess(ctx context.Context, spec string, out io.Writer) error {
	b := &bed{transport: voice.NewTransport()}
	if err := json.Unmarshal([]byte(spec), &b.work); err != nil {
		return err
	}
	if b.Profile != "" && b.Kind == "idle" {
		runtime.MemProfileRate = 4 << 10 // elsewhere it would be what the CPU profile shows
	}
	raiseFileLimit()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	var err error
	if b.server, err = startServer(ctx, "-serve", b.Server); err != nil {
		return err
	}
	defer b.server.stop()
	m, err := kinds[b.Kind](ctx, b)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(m)
}

func user(agent int) string { return fmt.Sprintf("agent%05d", agent) }

// login logs an agent of the floor in.
func (b *bed) login(ctx context.Context, agent int) (*floor.Agent, error) {
	return floor.Login(ctx, b.floorOptions(agent))
}

func (b *bed) floorOptions(agent int) floor.Options {
	return floor.Options{BaseURL: b.server.URL, Client: &http.Client{Transport: b.transport}, User: user(agent), Password: "secret"}
}

// connect connects an agent of this module.
func (b *bed) connect(ctx context.Context, agent int) (*voice.Client, error) {
	cfg := voice.Config{
		BaseURL:          b.server.URL,
		Auth:             voice.BasicAuth(user(agent), "secret"),
		HTTPClient:       &http.Client{Transport: b.transport},
		OperationTimeout: time.Minute,
		EventBuffer:      1 << 16, // the reader may be kept waiting for a core
	}
	if b.WebSocket {
		cfg.Transports = []cometd.Transport{cometd.WebSocket}
	}
	return voice.Connect(ctx, cfg)
}

// meter measures what the process spends.
type meter struct {
	began   time.Time
	cpu     time.Duration
	memory  runtime.MemStats
	profile *os.File
}

// start begins to measure, and to write the CPU profile if one is wanted.
func (b *bed) start() (*meter, error) {
	m := &meter{}
	if b.Profile != "" {
		f, err := os.Create(filepath.Clean(b.Profile + ".cpu.pprof"))
		if err != nil {
			return nil, err
		}
		if err := pprof.StartCPUProfile(f); err != nil {
			return nil, err
		}
		m.profile = f
	}
	runtime.ReadMemStats(&m.memory)
	m.began, m.cpu = time.Now(), cpuTime()
	return m, nil
}

// stop returns what was spent on each of n events or operations.
func (b *bed) stop(m *meter, n int) (metrics, error) {
	cpu, wall := cpuTime()-m.cpu, time.Since(m.began)
	var after runtime.MemStats
	runtime.ReadMemStats(&after)
	each := func(total float64) float64 { return total / float64(max(n, 1)) }
	got := metrics{
		"cpu":    each(float64(cpu.Nanoseconds()) / 1e3), // µs
		"allocs": each(float64(after.Mallocs - m.memory.Mallocs)),
		"bytes":  each(float64(after.TotalAlloc - m.memory.TotalAlloc)),
		"rate":   float64(n) / wall.Seconds(),
	}
	if m.profile == nil {
		return got, nil
	}
	pprof.StopCPUProfile()
	if err := m.profile.Close(); err != nil {
		return nil, err
	}
	return got, b.heapProfile()
}

func (b *bed) heapProfile() error {
	f, err := os.Create(filepath.Clean(b.Profile + ".heap.pprof"))
	if err != nil {
		return err
	}
	defer f.Close()
	return pprof.Lookup("heap").WriteTo(f, 0)
}
