package main

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"
)

// logins is how many agents log in at the same time.
const logins = 32

// idle measures what agents cost that nothing happens to, after their polls
// have been renewed a few times.
func idle(ctx context.Context, b *bed) (metrics, error) {
	before, goroutines := resident(), runtime.NumGoroutine()
	end, err := b.loginAll(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	time.Sleep(b.Settle)
	cpu := cpuTime()
	time.Sleep(b.Settle)
	cpu = cpuTime() - cpu
	n := float64(b.Agents)
	total := resident()
	if b.Profile != "" {
		if err := b.heapProfile(); err != nil {
			return nil, err
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return metrics{
		"heap":       float64(m.HeapAlloc) / n, // less than it takes
		"spans":      float64(m.HeapInuse) / n,
		"stacks":     float64(m.StackInuse) / n,
		"memory":     (total - before) / n,
		"total":      total,
		"goroutines": float64(runtime.NumGoroutine()-goroutines) / n,
		"load":       cpu.Seconds() / b.Settle.Seconds(),
	}, nil
}

// loginAll logs all agents in and lets them poll until end is called.
func (b *bed) loginAll(ctx context.Context) (end func(), err error) {
	ctx, cancel := context.WithCancel(ctx)
	closes := make([]func(), b.Agents)
	errs := make([]error, b.Agents)
	inTurns(logins, b.Agents, func(i int) { closes[i], errs[i] = b.idleAgent(ctx, i+1) })
	return func() {
		cancel()
		inTurns(logins, b.Agents, func(i int) { closes[i]() })
	}, errors.Join(errs...)
}

// inTurns calls do for 0 to n-1, so many at a time.
func inTurns(width, n int, do func(i int)) {
	next := make(chan int)
	var wg sync.WaitGroup
	for range width {
		wg.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
}

func (b *bed) idleAgent(ctx context.Context, agent int) (closer func(), err error) {
	if b.Ours {
		client, err := b.connect(ctx, agent)
		if err != nil {
			return func() {}, err
		}
		return func() { _ = client.Close() }, nil
	}
	a, err := b.login(ctx, agent)
	if err != nil {
		return func() {}, err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for a.Poll(ctx, func([]byte) {}) == nil {
		}
	}()
	return func() { <-done }, nil
}
