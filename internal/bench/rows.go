package main

import (
	"fmt"
	"time"

	"github.com/gwsvoice/gws-go/internal/bench/server"
)

// row is a line of the table: a metric of a workload, and what it should reach.
type row struct {
	title     string
	work      work
	metric    string
	unit      string
	scale     float64 // of the metric in the unit; 0: 1
	noFloor   bool    // there is nothing to compare with
	ofRatio   bool    // must and aim are about ours/floor, not about ours
	atLeast   bool    // more is better
	must, aim float64 // 0: none
}

// idleHold is short, so that every poll is renewed a few times while we look.
const idleHold = 5 * time.Second

func events(perResponse int) work {
	return work{Kind: "stream", Server: server.Options{Events: perResponse, Calls: 1}, Count: 15000 + 2000*min(perResponse, 100)}
}

func socket(perFrame int) work {
	w := events(perFrame)
	w.WebSocket = true
	w.Count = 200000
	return w
}

func growth(subscriptions, calls, pending int) work {
	w := events(100)
	w.Server.Calls, w.Subscriptions, w.Pending = calls, subscriptions, pending
	return w
}

func operations(agents, calls int) work {
	return work{Kind: "operate", Agents: agents, Server: server.Options{Calls: calls}, Count: 20000 + 3000*agents*calls}
}

func idleAgents(n int) work {
	return work{Kind: "idle", Agents: n, Server: server.Options{Hold: idleHold}, Settle: 2 * idleHold}
}

func rows() []row {
	const kb, mb = 1.0 / 1000, 1.0 / 1e6
	filter := events(100)
	filter.Kind = "filtered"
	acceptance := work{Kind: "accept", Count: 20000}
	cpu := func(title string, w work, must, aim float64) row {
		return row{title: title, work: w, metric: "cpu", unit: "µs", ofRatio: true, must: must, aim: aim}
	}
	grown := func(title string, w work) row {
		return row{title: "growth: CPU per event, " + title, work: w, metric: "cpu", unit: "µs", noFloor: true}
	}
	return []row{
		cpu("CPU per event, long-polling, 100 events a response, typed and delivered", events(100), 4.5, 2.5),
		cpu("the same, 10 a response", events(10), 1.9, 1.4),
		cpu("the same, 1 a response", events(1), 1.2, 1.1),
		cpu("CPU per event that no filter lets through, 100 a response", filter, 1.5, 1.2),
		cpu("CPU per event, WebSocket, 1 event a frame, typed and delivered", socket(1), 2.0, 1.5),
		cpu("the same, 100 a frame", socket(100), 4.5, 2.6),
		{title: "POST to awaited message, p50, 1 in flight", work: operations(1, 1), metric: "p50", unit: "µs", ofRatio: true, must: 1.2, aim: 1.1},
		{title: "operations per second, 16 in flight (16 agents)", work: operations(16, 1), metric: "rate", unit: "/s", ofRatio: true, atLeast: true, must: 0.85, aim: 0.95},
		{title: "the same (16 calls of one agent)", work: operations(1, 16), metric: "rate", unit: "/s", ofRatio: true, atLeast: true, must: 0.85, aim: 0.95},
		{title: "resident memory per idle agent, 1,000 agents, long-polling", work: idleAgents(1000), metric: "memory", unit: "kB", scale: kb, must: 48, aim: 36},
		{title: "goroutines per idle agent", work: idleAgents(1000), metric: "goroutines", unit: "", must: 4, aim: 3},
		{title: "10,000 agents in one process, resident memory", work: idleAgents(10000), metric: "total", unit: "MB", scale: mb, must: 480, aim: 400},
		{title: "allocations per typed event, 100 a response", work: events(100), metric: "allocs", unit: "", must: 22, aim: 5},
		{title: "allocations per operation, request and typed reply", work: acceptance, metric: "allocs", unit: "", must: 90, aim: 75},
		{title: "CPU per operation, request and typed reply", work: acceptance, metric: "cpu", unit: "µs"},
		{title: "allocations per operation, with its notification, 1 in flight", work: operations(1, 1), metric: "allocs", unit: ""},
		grown("1 subscription, 1 call, no operation pending", growth(0, 1, 0)),
		grown("10 calls", growth(0, 10, 0)),
		grown("1,000 calls", growth(0, 1000, 0)),
		grown("10 subscriptions to other calls", growth(10, 1, 0)),
		grown("100 subscriptions to other calls", growth(100, 1, 0)),
		grown("1 operation pending on another call", growth(0, 1, 1)),
		grown("100 operations pending on other calls", growth(0, 1, 100)),
	}
}

// key tells measurements apart: rows with equal work share one.
func (w work) key() string {
	w.Ours, w.Name, w.Profile = false, "", ""
	return fmt.Sprintf("%+v", w)
}

// shorten makes w quick.
func (w work) shorten() work {
	w.Count /= 50
	w.Agents = min(w.Agents, 20)
	if w.Kind == "idle" {
		w.Server.Hold, w.Settle = 100*time.Millisecond, 300*time.Millisecond
	}
	return w
}
