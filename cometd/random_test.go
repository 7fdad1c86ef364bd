package cometd

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/cometd/cometdtest"
)

var (
	seeds = flag.Int("random.seeds", 300, "how many random scripts TestRandom runs")
	seed  = flag.Uint64("random.seed", 0, "the only seed that TestRandom runs; 0 runs them all")
)

// TestRandom plays random servers that delay, drop, duplicate, reorder, forget
// and restart, and checks what must hold whatever they do. A seed that fails
// fails again: go test -run TestRandom -random.seed=N.
func TestRandom(t *testing.T) {
	if *seed != 0 {
		playRandom(t, *seed)
		return
	}
	for s := uint64(1); s <= uint64(*seeds) && !t.Failed(); s++ {
		if !t.Run(fmt.Sprint("seed", s), func(t *testing.T) { playRandom(t, s) }) {
			break
		}
	}
}

// script is one random server and what was seen of the client.
type script struct {
	rnd       *rand.Rand
	srv       *cometdtest.Server
	client    *Client
	websocket bool
	ack       bool
	quiet     bool // the client sends nothing on the second connection

	connects atomic.Int32 // in flight
	faults   []string     // what was done, for the report
	waiting  []*cometdtest.Script
	sent     int // events published so far
	calls    sync.WaitGroup
	pending  atomic.Int32 // publishes, subscribes, unsubscribes under way
}

func playRandom(t *testing.T, seed uint64) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{rnd: rand.New(rand.NewPCG(seed, 0))}
		s.ack, s.websocket, s.quiet = s.rnd.IntN(2) == 0, s.rnd.IntN(3) == 0, s.rnd.IntN(2) == 0
		s.srv = cometdtest.NewServer(cometdtest.Options{
			InMemory:    true,
			Ack:         s.ack,
			WebSocket:   s.websocket,
			RecordLimit: -1,
		})
		t.Cleanup(s.srv.Close)
		s.play(t)
		if t.Failed() {
			t.Logf("seed %d, websocket %t, ack %t, quiet %t", seed, s.websocket, s.ack, s.quiet)
			for _, f := range s.faults {
				t.Log(f)
			}
		}
	})
}

func (s *script) play(t *testing.T) {
	hc := s.srv.Client()
	hc.Transport = &connectCounter{t: t, base: hc.Transport, script: s}
	o := &Options{HTTPClient: hc, noSpread: true, Buffer: 1 << 16, MinBackoff: 100 * time.Millisecond, MaxBackoff: 3 * time.Second}
	if s.websocket {
		o.Transports = []Transport{WebSocket, LongPolling}
	}
	var err error
	s.client, err = Dial(t.Context(), s.srv.URL(), o)
	require.NoError(t, err)
	sub, err := s.client.Subscribe(t.Context(), "/events")
	require.NoError(t, err)

	start := time.Now()
	end := start.Add(time.Duration(30+s.rnd.IntN(60)) * time.Second)
	next := start
	for time.Now().Before(end) {
		s.event()
		switch n := s.rnd.IntN(12); {
		case n < 2 && !s.quiet:
			s.call(t)
		case n == 2:
			s.batch()
		}
		if time.Now().After(next) {
			s.fault(start)
			next = time.Now().Add(time.Duration(s.rnd.IntN(6000)) * time.Millisecond)
		}
		time.Sleep(time.Duration(s.rnd.IntN(800)) * time.Millisecond)
	}

	// After the last fault all is well again without anybody's help.
	s.srv.Resume()
	for _, w := range s.waiting {
		w.Cancel()
	}
	time.Sleep(2 * time.Minute)
	synctest.Wait()
	assert.Equal(t, Connected, s.client.State(), "client is connected")
	assert.NoError(t, s.client.Err())
	assert.Zero(t, s.pending.Load(), "every request has completed")
	s.calls.Wait()
	assert.NoError(t, s.client.Publish(t.Context(), "/other", 1))
	last := s.event()
	synctest.Wait()
	s.check(t, sub, last)

	require.NoError(t, s.client.Close())
	hc.CloseIdleConnections()
}

// noisy tells whether events may come on two connections at a time.
func (s *script) noisy() bool { return !s.ack && !s.websocket && !s.quiet }

// event publishes the next number.
func (s *script) event() int {
	s.sent++
	s.srv.Publish("/events", s.sent)
	return s.sent
}

func (s *script) batch() {
	s.srv.Batch(func() {
		for range 1 + s.rnd.IntN(20) {
			s.event()
		}
	})
}

// call lets the client do something that must complete exactly once.
func (s *script) call(t *testing.T) {
	kind := s.rnd.IntN(3)
	s.pending.Add(1)
	s.calls.Go(func() {
		defer s.pending.Add(-1)
		switch kind {
		case 0, 1:
			_ = s.client.Publish(t.Context(), "/other", "x")
		case 2:
			if sub, err := s.client.Subscribe(t.Context(), "/elsewhere"); err == nil {
				_ = sub.Close()
			}
		}
	})
}

// fault does something bad.
func (s *script) fault(start time.Time) {
	channel := []string{cometdtest.MetaConnect, cometdtest.MetaConnect, cometdtest.MetaHandshake, cometdtest.MetaSubscribe, "/other", ""}[s.rnd.IntN(6)]
	ms := func(n int) time.Duration { return time.Duration(s.rnd.IntN(n)) * time.Millisecond }
	var f cometdtest.Fault
	name := ""
	choose := func(text string, fault cometdtest.Fault) { name, f = text, fault }
	switch s.rnd.IntN(22) {
	case 0:
		choose("delay", cometdtest.Delay(ms(12000)))
	case 1:
		if name = "no delay of a frame, which could outlive its session"; !s.websocket {
			choose("delay reply", cometdtest.DelayReply(ms(12000)))
		}
	case 2:
		choose("drop before", cometdtest.DropBefore())
	case 3:
		choose("drop", cometdtest.Drop())
	case 4:
		choose("truncate", cometdtest.Truncate(s.rnd.IntN(120)))
	case 5:
		choose("503", cometdtest.Status(503, http.Header{"Retry-After": {"1"}}, "busy"))
	case 6:
		choose("HTML", cometdtest.Body("<html>"))
	case 7:
		choose("refused", cometdtest.Refuse("500::odd", nil))
		if channel == cometdtest.MetaSubscribe || channel == "" {
			channel = "/other" // a refused subscription is given up, as it should be
		}
	case 8:
		choose("402", cometdtest.Forget())
	case 9:
		choose("forget", cometdtest.Forget())
	case 10:
		choose("no reply", cometdtest.NoReply())
	case 11:
		choose("duplicate", cometdtest.Duplicate(ms(3000)))
	case 12:
		choose("swallow", cometdtest.Swallow())
	case 13:
		choose("silence", cometdtest.Silence())
	case 14:
		if name = "no reply before the frames that it acknowledges, which no server sends"; !s.websocket || !s.ack {
			choose("reply first", cometdtest.ReplyFirst())
		}
	case 15:
		choose("chunks", cometdtest.Chunks(1+s.rnd.IntN(50), ms(50)))
	case 16:
		choose("at once", cometdtest.AnswerAtOnce())
	case 17:
		choose("numeric id", cometdtest.NumericID())
	case 18:
		name = "expire"
		for _, sess := range s.srv.Sessions() {
			sess.Expire()
		}
	case 19:
		name = "cut"
		for _, sess := range s.srv.Sessions() {
			sess.Cut()
		}
	case 20:
		down := ms(15000)
		name = fmt.Sprint("restart ", down)
		s.srv.Restart(down)
	case 21:
		if name = "pause"; s.rnd.IntN(2) == 0 {
			name = "resume"
			s.srv.Resume()
		} else {
			s.srv.Pause()
		}
	}
	if f != nil {
		n := 1 + s.rnd.IntN(3)
		name = fmt.Sprintf("%s ×%d on %q", name, n, channel)
		s.waiting = append(s.waiting, s.srv.On(cometdtest.Match{Channel: channel, Times: n}, f))
	}
	s.faults = append(s.faults, fmt.Sprintf("%8s %s (event %d)", time.Since(start), name, s.sent))
}

// check reads everything that the subscriber got: in order, nothing twice, and
// nothing missing without a mark where it is missing. Where events may come on
// two connections, order and place are not defined: there, what is missing must
// be marked somewhere.
func (s *script) check(t *testing.T, sub *Subscription, last int) {
	got, marked, lossless := 0, true, false // what came before the subscription is nobody's loss
	seen, lost := map[int]bool{}, 0
	var story []string
	for !seen[last] && sub.queue.Len() > 0 && !t.Failed() {
		ev, err := sub.Next(t.Context())
		require.NoError(t, err)
		switch ev := ev.(type) {
		case *Message:
			var n int
			require.NoError(t, json.Unmarshal(ev.Data, &n))
			assert.False(t, seen[n], "event %d came twice", n)
			seen[n] = true
			if !s.noisy() {
				assert.Greater(t, n, got, "in order")
				assert.False(t, n != got+1 && !marked, "events %d to %d are missing without a mark", got+1, n-1)
				assert.False(t, n != got+1 && lossless, "events %d to %d are missing, and are said not to be", got+1, n-1)
			}
			got, marked, lossless = n, false, false
		case *Reconnected:
			lossless = ev.Lossless && (!marked || lossless)
			assert.True(t, s.ack || !lossless, "only acknowledgement proves that nothing is missing")
			marked = true
			lost++
		case *Lagged:
			marked, lossless = true, false
			lost++
		}
		if story = append(story, fmt.Sprintf("%T %d", ev, got)); len(story) > 20 {
			story = story[1:]
		}
	}
	assert.True(t, seen[last], "what is published after all faults arrives")
	assert.True(t, len(seen) > last-1 || lost > 0, "nothing is lost without a word")
	if t.Failed() {
		t.Log(story)
	}
}

// connectCounter sees that there is never more than one connect in flight.
type connectCounter struct {
	t      *testing.T
	base   http.RoundTripper
	script *script
}

func (c *connectCounter) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.GetBody == nil || r.Header.Get("Upgrade") != "" {
		return c.base.RoundTrip(r)
	}
	body, err := r.GetBody()
	if err != nil {
		return nil, err
	}
	var messages []struct {
		Channel string `json:"channel"`
	}
	require.NoError(c.t, json.NewDecoder(body).Decode(&messages))
	_ = body.Close()
	if len(messages) != 1 || messages[0].Channel != cometdtest.MetaConnect {
		return c.base.RoundTrip(r)
	}
	assert.EqualValues(c.t, 1, c.script.connects.Add(1), "connects in flight")
	defer c.script.connects.Add(-1)
	return c.base.RoundTrip(r)
}

func (c *connectCounter) CloseIdleConnections() {
	c.base.(interface{ CloseIdleConnections() }).CloseIdleConnections()
}
