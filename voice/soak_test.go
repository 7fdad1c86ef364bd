package voice_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/cometd/cometdtest"
	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// TestSoak lets fifty agents work for a day of virtual time: they do at random
// what their calls offer, customers call, wait and hang up, telephones are used
// by hand, and everything that can go wrong does. Every hour all is quiet for a
// while, and what each client believes, and what its events have told, must be
// the truth. SOAK_SEED chooses another day.
func TestSoak(t *testing.T) {
	seed := soakSeed()
	t.Logf("SOAK_SEED=%d", seed)
	for name, change := range map[string]func(*voicetest.Options){
		"8.5.2": func(*voicetest.Options) {},
		"acknowledged": func(o *voicetest.Options) {
			o.Ack, o.Metrics, o.ConnectionIDs = true, true, true
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := soakOptions(50)
			o.InMemory = true
			o.ConnectTimeout = 10 * time.Minute
			o.Latency = voicetest.Latency{Response: 100 * time.Millisecond, Event: 100 * time.Millisecond, Spread: 0.9}
			o.RingTimeout, o.WrapUp, o.OutsideAnswer = 40*time.Second, 15*time.Second, 6*time.Second
			change(&o)
			synctest.Test(t, func(t *testing.T) {
				sim := voicetest.NewServer(o)
				defer sim.Close()
				s := newSoak(t, sim, seed, 1)
				s.pace, s.metrics = soakPace(), o.Metrics
				defer s.close()
				goroutines := 0
				for hour := range 24 {
					s.work(50 * time.Minute)
					time.Sleep(10 * time.Minute)
					synctest.Wait()
					s.compare(fmt.Sprintf("hour %d", hour))
					if hour == 0 {
						goroutines = runtime.NumGoroutine()
					}
				}
				assert.InDelta(t, goroutines, runtime.NumGoroutine(), 60, "goroutines")
				s.report()
			})
		})
	}
}

// soakPace is how long an agent rests, on average, from one act to the next. With
// SOAK set there is more to do.
func soakPace() time.Duration {
	if os.Getenv("SOAK") != "" {
		return 10 * time.Minute
	}
	return time.Hour
}

func soakSeed() uint64 {
	seed, err := strconv.ParseUint(os.Getenv("SOAK_SEED"), 10, 64)
	if err != nil {
		return 1
	}
	return seed
}

func soakOptions(agents int) voicetest.Options {
	o := voicetest.Options{Recording: true, Muting: true, CSRF: true, CSRFOnBayeux: true, RecordLimit: -1,
		Agents: voicetest.NumberedAgents(6000, agents)}
	for i := range o.Agents {
		o.Agents[i].Supervisor = i%10 == 9
	}
	return o
}

// soak is a contact centre at work.
type soak struct {
	t            *testing.T
	sim          *voicetest.Server
	agents       []*worker
	pace         time.Duration // from one act of an agent to the next, on average
	metrics      bool          // the server stamps its messages
	scale        float64       // of the times of what happens, 1 in virtual time
	tame         bool          // no operation suffers
	chance, fate *rand.Rand    // of customers, and of disasters

	mu     sync.Mutex
	calls  []string // of customers
	counts map[string]int
}

// worker is an agent and the program at which he sits.
type worker struct {
	*soak
	*ignored
	name   string
	dn     string
	client *voice.Client
	http   *http.Client
	mirror *mirror
	rand   *rand.Rand
	ended  chan struct{}

	guard    sync.Mutex
	troubled time.Time // until when any operation may suffer from what went wrong
}

func newSoak(t *testing.T, sim *voicetest.Server, seed uint64, scale float64) *soak {
	s := &soak{t: t, sim: sim, scale: scale, chance: rand.New(rand.NewPCG(seed, 0)), fate: rand.New(rand.NewPCG(seed, 1<<32)), counts: map[string]int{}}
	for i, name := range sim.AgentNames() {
		hc, ignored := sim.Client(), &ignored{}
		client, err := voice.Connect(t.Context(), voice.Config{BaseURL: sim.URL(), HTTPClient: hc, EventBuffer: 1 << 20,
			Logger: slog.New(ignored), Auth: voice.BasicAuth(name, "secret")})
		require.NoError(t, err)
		w := &worker{ignored: ignored, soak: s, name: name, dn: sim.Agent(name).DN(), client: client, http: hc, mirror: reflectEvents(client),
			rand: rand.New(rand.NewPCG(seed, uint64(i)+1)), ended: make(chan struct{})}
		go func() {
			defer close(w.ended)
			for ev, err := range w.mirror.sub.All(context.Background()) {
				if err != nil {
					return
				}
				w.mirror.apply(ev)
			}
		}()
		s.agents = append(s.agents, w)
	}
	return s
}

func (s *soak) close() {
	for _, w := range s.agents {
		assert.NoError(s.t, w.client.Err(), "%s", w.name)
		closeClient(w.client, w.http)
		<-w.ended
		waiting, subscriptions := w.client.Waiting()
		assert.Zero(s.t, waiting, "%s: operations", w.name)
		assert.LessOrEqual(s.t, subscriptions, 1, "%s", w.name)
	}
}

// real tells whether time is.
func (s *soak) real() bool { return s.scale != 1 }

func (s *soak) d(d time.Duration) time.Duration { return time.Duration(float64(d) * s.scale) }

func (s *soak) count(what string) {
	s.mu.Lock()
	s.counts[what]++
	s.mu.Unlock()
}

func (s *soak) report() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.t.Logf("%v", s.counts)
	for _, what := range []string{"settled", "refused", "failed", "unknown"} {
		assert.NotZero(s.t, s.counts[what], "%s: the test has become too tame", what)
	}
}

// work lets everybody act for a while, and returns when all is done.
func (s *soak) work(d time.Duration) {
	end := time.Now().Add(d)
	var all sync.WaitGroup
	for _, w := range s.agents {
		all.Go(func() { w.work(end) })
	}
	all.Go(func() { s.customers(end) })
	all.Go(func() { s.disasters(end) })
	all.Wait()
}

// pause lets a random time pass, d on average, and tells whether it is over.
func pause(r *rand.Rand, d time.Duration, end time.Time) bool {
	time.Sleep(min(time.Duration(r.ExpFloat64()*float64(d)), time.Until(end)))
	return !time.Now().Before(end)
}

func (s *soak) customers(end time.Time) {
	for !pause(s.chance, s.pace/time.Duration(len(s.agents))*2, end) {
		switch s.chance.IntN(8) {
		case 0, 1, 2, 3:
			id := s.sim.Enqueue(voicetest.Call{UserData: map[string]any{"n": s.chance.IntN(100)}})
			s.calls = append(s.calls, id)
			if len(s.calls) > len(s.agents)/2 { // the oldest customer is tired
				s.sim.HangupCustomer(s.calls[0])
				s.calls = s.calls[1:]
			}
		case 4:
			w := s.agents[s.chance.IntN(len(s.agents))]
			s.calls = append(s.calls, s.sim.Ring(voicetest.Call{To: w.name}))
		case 5:
			if len(s.calls) > 0 {
				s.sim.AttachData(s.calls[s.chance.IntN(len(s.calls))], map[string]any{"routing": s.chance.IntN(100)})
			}
		default:
			if len(s.calls) > 0 {
				s.sim.HangupCustomer(s.calls[s.chance.IntN(len(s.calls))])
			}
		}
	}
}

// disasters hit one agent, or all.
func (s *soak) disasters(end time.Time) {
	for !pause(s.fate, max(s.pace/5, s.d(3*time.Second)), end) {
		w := s.agents[s.fate.IntN(len(s.agents))]
		switch what := s.fate.IntN(30); {
		case what < 8:
			w.trouble(time.Minute)
			s.sim.DropSession(w.name)
		case what < 14:
			w.trouble(time.Minute)
			s.sim.ExpireLogin(w.name)
		case what < 18:
			s.sim.RotateCSRF(w.name)
		case what < 22:
			w.lose()
		case what < 25:
			if s.real() {
				s.troubleAll() // what is on its way is lost
			}
			for _, sess := range s.sim.CometD().Sessions() {
				sess.Cut()
			}
		case what < 27 && !s.real():
			s.troubleAll()
			s.sim.Restart(s.d(time.Duration(s.fate.IntN(20)) * time.Second))
			s.troubleAll()
		case what == 28 && s.fate.IntN(3) == 0:
			s.troubleAll()
			s.sim.Outage()
			time.Sleep(s.d(time.Duration(s.fate.IntN(90)) * time.Second))
			s.sim.Restore()
			s.troubleAll()
		}
	}
}

func (s *soak) troubleAll() {
	for _, w := range s.agents {
		w.trouble(time.Minute)
	}
}

// ignored is a log that remembers when a message was taken for a repetition. If
// it was none, because the same happened again and was undone before the client
// could ask, the operation that it would have settled is not known.
type ignored struct {
	mu   sync.Mutex
	last time.Time
}

func (*ignored) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelWarn }

func (i *ignored) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "late message ignored" {
		i.mu.Lock()
		defer i.mu.Unlock()
		i.last = time.Now()
	}
	return nil
}

func (i *ignored) WithAttrs([]slog.Attr) slog.Handler { return i }
func (i *ignored) WithGroup(string) slog.Handler      { return i }

func (i *ignored) since(began time.Time) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return !i.last.Before(began)
}

// trouble notes that something goes wrong now, or within d.
func (w *worker) trouble(d time.Duration) {
	w.guard.Lock()
	defer w.guard.Unlock()
	if until := time.Now().Add(w.d(d)); until.After(w.troubled) {
		w.troubled = until
	}
	w.mirror.note("trouble")
}

// hadTrouble tells whether something went wrong that may concern an operation
// that began then.
func (w *worker) hadTrouble(began time.Time) bool {
	w.guard.Lock()
	defer w.guard.Unlock()
	return began.Before(w.troubled)
}

// lose has what the agent's next connect delivers get lost on its way.
func (w *worker) lose() {
	w.trouble(22 * time.Minute)
	w.sim.CometD().On(cometdtest.Match{Channel: cometdtest.MetaConnect, Func: func(r cometdtest.Request) bool {
		req := http.Request{Header: r.Header}
		user, _, _ := req.BasicAuth()
		return user == w.name
	}}, cometdtest.Drop())
}

// compare checks that every client knows the truth.
func (s *soak) compare(when string) {
	for _, w := range s.agents {
		calls, devices := w.client.Known()
		assert.Empty(s.t, differences(s.sim, w.name, calls, devices), "%s: believed\n%s", when, w.mirror.lately())
		calls, devices = w.mirror.known()
		assert.Empty(s.t, differences(s.sim, w.name, calls, devices), "%s: told", when)
		assert.Zero(s.t, w.mirror.lagged)
		waiting, _ := w.client.Waiting()
		assert.Zero(s.t, waiting, "%s: %s waits for operations", when, w.name)
	}
	if s.t.Failed() {
		s.t.FailNow()
	}
}

func (w *worker) work(end time.Time) {
	for !pause(w.rand, w.pace, end) {
		if w.rand.IntN(4) == 0 { // two at once
			var both sync.WaitGroup
			one, two := w.choose(), w.choose()
			if one.op == two.op {
				two = deed{} // they could get each other's faults, or messages
			}
			both.Go(func() { w.do(one) })
			w.do(two)
			both.Wait()
			continue
		}
		w.do(w.choose())
	}
}

// deed is an operation that an agent has decided on, or something done by hand.
type deed struct {
	op      voice.OperationName // "" for the hand
	run     func(ctx context.Context, c *voice.Client) error
	faults  []voicetest.Fault
	about   string
	excuse  bool // the fault may leave the outcome unknown
	loses   bool // the fault loses or delays messages, without a gap
	repeats bool // the fault repeats messages, perhaps beyond a gap
	leave   time.Duration
}

// do carries a deed out and looks at its outcome.
func (w *worker) do(d deed) {
	if d.run == nil {
		return
	}
	var script *voicetest.Script
	if d.faults != nil {
		script = w.sim.Agent(w.name).On(d.op, d.faults...)
	}
	ctx := context.Background()
	if d.leave > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d.leave)
		defer cancel()
	}
	start := time.Now()
	w.mirror.note("%s…", d.op)
	err := d.run(ctx, w.client)
	fired := false
	if script != nil {
		script.Cancel()
		fired = script.Fired() > 0
	}
	w.judge(d, err, start, fired)
	if fired && (d.loses || d.repeats && w.hadTrouble(start)) { // of what was not told in its place, and has no gap to show for it, only a read can tell
		time.Sleep(w.d(20 * time.Second))
		_, _ = w.client.Calls(context.Background())
		_, _ = w.client.Devices(context.Background())
	}
}

func (w *worker) judge(d deed, err error, start time.Time, fired bool) {
	took := time.Since(start)
	w.mirror.note("%s took %v, fault %v: %v", d.op, took, fired, err)
	assert.LessOrEqual(w.t, took, 55*time.Second, "%s %s: %v", w.name, d.op, err)
	var (
		refused *voice.APIError
		failed  *voice.FailedError
		unknown *voice.UnconfirmedError
		unsent  *voice.NotSentError
		partial *voice.PartialError
	)
	switch {
	case err == nil:
		w.count("settled")
	case errors.As(err, &unknown):
		w.count("unknown")
		explained := d.excuse && (fired || d.faults == nil) || d.leave > 0 && errors.Is(err, context.DeadlineExceeded) || w.hadTrouble(start) || w.mirror.hadError(start) || w.ignored.since(start)
		assert.True(w.t, explained, "%s %s, after %v: %v (fault: %v)\n%s\n%s", w.name, d.op, took, err, fired, d.about, w.mirror.lately())
	case errors.As(err, &refused), errors.As(err, &partial):
		w.count("refused")
	case errors.As(err, &failed):
		w.count("failed")
	case errors.As(err, &unsent):
		w.count("unsent")
		assert.True(w.t, errors.Is(err, voice.ErrVoiceUnavailable) || errors.Is(err, voice.ErrNotConnected) || errors.Is(err, context.DeadlineExceeded), "%v", err)
	default:
		assert.NoError(w.t, err, "%s %s", w.name, d.op)
	}
}
