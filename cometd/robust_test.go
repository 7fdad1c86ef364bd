package cometd

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/cometd/cometdtest"
)

// ours counts the goroutines that run the client's code, apart from those of
// tests and of the server.
func ours() int {
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	n := 0
	for _, g := range strings.Split(string(buf), "\n\n") {
		if strings.Contains(g, "created by github.com/gwsvoice/gws-go/cometd.") && !strings.Contains(g, "cometd.Test") ||
			strings.Contains(g, "cometd.(*Client)") && !strings.Contains(g, "cometd.Test") {
			n++
		}
	}
	return n
}

func TestIdle_atMostTwoGoroutinesAndNoBusyTimer(t *testing.T) {
	for transport, most := range map[Transport]int{LongPolling: 1, WebSocket: 2} {
		bubble(t, cometdtest.Options{WebSocket: true}, func(t *testing.T, srv *cometdtest.Server) {
			c := dial(t, srv, func(o *Options) { o.Transports = []Transport{transport} })
			sub := subscribe(t, c, "/a", "/b/*")
			require.NoError(t, c.Publish(t.Context(), "/a", 1))
			nextData(t, sub)
			after(5 * time.Second)
			assert.LessOrEqual(t, ours(), most, transport)
			srv.ClearRecord()
			after(5 * time.Minute)
			assert.LessOrEqual(t, len(srv.Requests()), 11)
			assert.LessOrEqual(t, ours(), most, transport)
		})
	}
}

func TestLeaks_aThousandReconnects(t *testing.T) {
	eachTransport(t, cometdtest.Options{RecordLimit: -1}, func(t *testing.T, srv *cometdtest.Server, use func(*Options)) {
		c := dial(t, srv, use)
		sub := subscribe(t, c, "/a")
		measure := func() (int, uint64) {
			settle()
			for sub.queue.Len() > 0 {
				nextEvent(t, sub)
			}
			var m runtime.MemStats
			for range 3 {
				runtime.GC()
			}
			runtime.ReadMemStats(&m)
			return runtime.NumGoroutine(), m.HeapAlloc
		}
		cycle := func(i int) {
			switch i % 4 {
			case 0:
				srv.Sessions()[0].Expire()
			case 1:
				srv.Sessions()[0].Cut()
			case 2:
				onConnect(srv, cometdtest.Status(503, nil, ""))
				srv.Sessions()[0].Cut()
			case 3:
				srv.Restart(time.Second)
			}
			after(30 * time.Second)
			require.Equal(t, Connected, c.State(), i)
			for sub.queue.Len() > 0 {
				nextEvent(t, sub)
			}
		}
		for i := range 100 {
			cycle(i)
		}
		goroutines, heap := measure()
		for i := range 1000 {
			cycle(i)
		}
		g, h := measure()
		assert.LessOrEqual(t, g, goroutines+2)
		assert.Less(t, h, heap+512<<10)
		srv.Publish("/a", 1)
		assert.Equal(t, "1", nextData(t, sub))
	})
}

func TestConcurrency_everythingAtOnce(t *testing.T) {
	eachTransport(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server, use func(*Options)) {
		for range 5 {
			c := dial(t, srv, use)
			var wg sync.WaitGroup
			for i := range 8 {
				wg.Go(func() {
					for k := range 10 {
						_ = c.Publish(t.Context(), "/a", k)
						s, err := c.SubscribeChannels(t.Context(), fmt.Sprint("/s", k%3), "/a")
						if err != nil {
							return
						}
						_ = s.Add(t.Context(), "/more")
						ctx, cancel := context.WithTimeout(t.Context(), ms)
						_, _ = s.Next(ctx)
						_ = c.Publish(ctx, "/b", k)
						cancel()
						_ = s.Close()
						c.State()
						for _, sess := range srv.Sessions() {
							switch {
							case i == 0 && k == 5:
								sess.Cut()
							case i == 1 && k == 7:
								sess.Expire()
							}
						}
					}
				})
			}
			wg.Go(func() { time.Sleep(2 * time.Second); _ = c.Close() })
			wg.Go(func() { time.Sleep(2 * time.Second); _ = c.CloseNow() })
			wg.Wait()
			<-c.Done()
		}
	})
}

// TestRandom_faultsAreOvercome plays random faults and checks what must hold
// afterwards; what fails can be repeated by its seed.
func TestRandom_faultsAreOvercome(t *testing.T) {
	for seed := range uint64(40) {
		for _, ack := range []bool{false, true} {
			eachTransport(t, cometdtest.Options{Ack: ack}, func(t *testing.T, srv *cometdtest.Server, use func(*Options)) {
				r := rand.New(rand.NewPCG(seed, 1))
				c := dial(t, srv, use)
				sub := subscribe(t, c, "/a")
				settle()
				faults := []func() cometdtest.Fault{
					func() cometdtest.Fault { return cometdtest.Delay(time.Duration(r.IntN(15000)) * ms) },
					func() cometdtest.Fault { return cometdtest.DelayReply(time.Duration(r.IntN(15000)) * ms) },
					func() cometdtest.Fault { return cometdtest.Status(500+r.IntN(5), nil, "") },
					cometdtest.Drop, cometdtest.DropBefore, cometdtest.Silence, cometdtest.Swallow, cometdtest.Forget, cometdtest.NoReply,
					func() cometdtest.Fault { return cometdtest.Truncate(r.IntN(100)) },
					func() cometdtest.Fault { return cometdtest.Duplicate(time.Duration(r.IntN(5000)) * ms) },
					func() cometdtest.Fault { return cometdtest.Body("[]") },
				}
				n := 0
				for range 12 {
					var list []cometdtest.Fault
					for range 1 + r.IntN(2) {
						list = append(list, faults[r.IntN(len(faults))]())
					}
					channel := []string{metaConnect, metaConnect, metaHandshake, metaSubscribe, "/a"}[r.IntN(5)]
					srv.On(cometdtest.Match{Channel: channel, Nth: 1 + r.IntN(2)}, list...)
					srv.Publish("/a", n)
					n++
					if r.IntN(4) == 0 {
						go func() { _ = c.Publish(t.Context(), "/b", 1) }()
					}
					if r.IntN(10) == 0 {
						srv.Restart(time.Duration(r.IntN(5000)) * ms)
					}
					after(time.Duration(r.IntN(10000)) * ms)
				}
				after(20 * time.Minute)
				require.Equal(t, Connected, c.State(), "seed %d", seed)
				require.Len(t, srv.Sessions(), 1, "seed %d", seed)
				require.Equal(t, []string{"/a"}, srv.Sessions()[0].Subscriptions(), "seed %d", seed)
				srv.Publish("/a", n)
				after(time.Minute)
				last, gaps := -1, 0
				for sub.queue.Len() > 0 {
					switch e := nextEvent(t, sub).(type) {
					case *Message:
						var i int
						_, _ = fmt.Sscan(string(e.Data), &i)
						// Without ack, and on a socket whose frames the
						// faults reorder, there is no order.
						if ack && c.opts.Transports[0] == LongPolling {
							assert.Greater(t, i, last, "seed %d: in order and once", seed)
						}
						last = i
					case *Reconnected:
						gaps++
					}
				}
				assert.Equal(t, n, last, "seed %d", seed)
			})
		}
	}
}
