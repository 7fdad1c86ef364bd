package cometd

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/cometd/cometdtest"
)

const ms = time.Millisecond

// probes tells which connects asked for an answer at once.
func probes(t *testing.T, srv *cometdtest.Server) []bool {
	t.Helper()
	var all []bool
	for _, r := range srv.RequestsFor(metaConnect) {
		for _, m := range r.Messages {
			if m.Channel != metaConnect {
				continue
			}
			if m.Advice != nil {
				assert.JSONEq(t, `{"timeout":0}`, string(m.Advice))
			}
			all = append(all, m.Advice != nil)
		}
	}
	return all
}

// onceConnect makes the connects of the server suffer, each list of faults one.
func onConnect(srv *cometdtest.Server, faults ...cometdtest.Fault) *cometdtest.Script {
	return srv.On(cometdtest.Match{Channel: metaConnect}, faults...)
}

func TestConnect_firstAndFailedOnesAskForAnAnswerAtOnce(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		start := time.Now()
		srv.On(cometdtest.Match{Channel: metaConnect, Nth: 4, Times: 2}, cometdtest.Status(503, nil, ""))
		c := dial(t, srv)
		after(100 * time.Second)
		assert.Equal(t, []bool{true, false, false, false, true, true, false, false}, probes(t, srv))
		assert.Equal(t, []time.Duration{0, 0, 30 * time.Second, 60 * time.Second, 60500 * ms, 61500 * ms, 61500 * ms, 91500 * ms},
			times(srv, metaConnect, start))
		assert.Equal(t, Connected, c.State())
		for _, r := range srv.RequestsFor(metaConnect) {
			assert.Equal(t, "long-polling", r.Messages[0].ConnectionType)
			assert.Len(t, r.Messages, 1)
		}
	})
}

func TestConnect_nextFollowsTheInterval(t *testing.T) {
	bubble(t, cometdtest.Options{Interval: 1500 * ms}, func(t *testing.T, srv *cometdtest.Server) {
		start := time.Now()
		dial(t, srv)
		after(64 * time.Second)
		assert.Equal(t, []time.Duration{1500 * ms, 3 * time.Second, 34500 * ms}, times(srv, metaConnect, start))
	})
}

func TestConnect_partialAdviceIsMerged(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		srv.On(cometdtest.Match{Channel: metaConnect}, cometdtest.Advice(map[string]any{"interval": 1000, "timeout": 30000}))
		srv.On(cometdtest.Match{Channel: metaConnect}, cometdtest.HoldFor(time.Second), cometdtest.Advice(map[string]any{"timeout": 40000}))
		srv.On(cometdtest.Match{Channel: metaConnect}, cometdtest.HoldFor(time.Second), cometdtest.Without("advice"))
		srv.On(cometdtest.Match{Channel: metaConnect}, cometdtest.Silence()) // shows the timeout
		start := time.Now()
		dial(t, srv)
		after(5 * time.Minute)
		at := times(srv, metaConnect, start)
		// 0: 1s interval; 1: at 1s, 1s held; 3: at 3s; 5: at 5s, silent for 40s+10s; then interval and backoff
		assert.Equal(t, []time.Duration{0, 1 * time.Second, 3 * time.Second, 5 * time.Second, 55*time.Second + 1500*ms}, at[:5])
	})
}

func TestConnect_replyWithoutAdviceKeepsTheOld(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		onConnect(srv, cometdtest.Advice(map[string]any{"interval": 2000}))
		srv.On(cometdtest.Match{Channel: metaConnect, Times: -1}, cometdtest.HoldFor(time.Second), cometdtest.Without("advice"))
		start := time.Now()
		dial(t, srv)
		after(9 * time.Second)
		assert.Equal(t, []time.Duration{0, 2 * time.Second, 5 * time.Second, 8 * time.Second}, times(srv, metaConnect, start))
	})
}

func TestConnect_noneEndsTheClient(t *testing.T) {
	for _, ok := range []bool{true, false} {
		bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
			c := dial(t, srv)
			sub := subscribe(t, c, "/foo")
			settle()
			n := len(srv.Requests())
			onConnect(srv, cometdtest.EventBefore("/foo", 1), cometdtest.Set("successful", ok), cometdtest.Advice(map[string]any{"reconnect": "none"}))
			<-c.Done()
			assert.Equal(t, "1", nextData(t, sub), "events that came with it are delivered")
			_, err := sub.Next(t.Context())
			assert.Equal(t, c.Err(), err)
			assert.ErrorIs(t, err, ErrDisconnected)
			assert.Error(t, c.Publish(t.Context(), "/foo", 1))
			after(time.Hour)
			assert.Len(t, srv.Requests(), n+1)
			assert.NoError(t, c.Close())
			assert.ErrorIs(t, c.Err(), ErrDisconnected, "Close does not change the reason")
		})
	}
}

func TestConnect_unknownReconnectMeansRetry(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		start := time.Now()
		onConnect(srv, cometdtest.Advice(map[string]any{"reconnect": "maybe"}))
		onConnect(srv, cometdtest.Advice(map[string]any{"timeout": 30000}))
		onConnect(srv, cometdtest.Refuse("500::odd", map[string]any{"reconnect": "maybe"}))
		onConnect(srv, cometdtest.Refuse("500::odd", nil))
		c := dial(t, srv)
		after(50 * time.Second)
		assert.Equal(t, []time.Duration{0, 0, 30 * time.Second, 30500 * ms, 31500 * ms, 31500 * ms}, times(srv, metaConnect, start))
		assert.Len(t, srv.RequestsFor(metaHandshake), 1)
		assert.Equal(t, Connected, c.State())
	})
}

func TestConnect_retryAfterARefusalKeepsTheSession(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		dial(t, srv)
		settle()
		id := srv.Sessions()[0].ID
		onConnect(srv, cometdtest.Refuse("500::odd", map[string]any{"reconnect": "retry", "interval": 300}))
		after(time.Minute)
		require.Len(t, srv.Sessions(), 1)
		assert.Equal(t, id, srv.Sessions()[0].ID)
		for _, r := range srv.RequestsFor(metaConnect) {
			assert.Equal(t, id, r.Messages[0].ClientID)
		}
	})
}

func TestConnect_failuresAreRetriedWithCappedBackoff(t *testing.T) {
	bubble(t, cometdtest.Options{MaxInterval: time.Hour}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv, func(o *Options) { o.MinBackoff, o.MaxBackoff = time.Second, 10*time.Second })
		sub := subscribe(t, c, "/foo")
		settle()
		srv.ClearRecord()
		start := time.Now()
		srv.Sessions()[0].Cut()
		srv.On(cometdtest.Match{Channel: metaConnect, Times: 5}, cometdtest.DropBefore())
		settle()
		assert.Equal(t, Unconnected, c.State())
		after(20 * time.Second)
		assert.Equal(t, []time.Duration{1 * time.Second, 3 * time.Second, 7 * time.Second, 12 * time.Second, 17 * time.Second},
			times(srv, metaConnect, start))
		after(10 * time.Second)
		assert.Equal(t, Connected, c.State())
		gap := nextEvent(t, sub).(*Reconnected)
		assert.False(t, gap.Lossless)
		assert.Error(t, gap.Err)
		nothing(t, sub)
		srv.Publish("/foo", 1)
		assert.Equal(t, "1", nextData(t, sub))
		settle()

		srv.ClearRecord()
		start = time.Now()
		onConnect(srv, cometdtest.DropBefore())
		srv.Sessions()[0].Cut()
		after(5 * time.Second)
		assert.Equal(t, []time.Duration{1 * time.Second, 3 * time.Second, 3 * time.Second}, times(srv, metaConnect, start), "success has reset the backoff")
	})
}

func TestConnect_backoffIsJittered(t *testing.T) {
	seen := map[time.Duration]bool{}
	for range 20 {
		bubble(t, cometdtest.Options{MaxInterval: time.Hour}, func(t *testing.T, srv *cometdtest.Server) {
			dial(t, srv, func(o *Options) { o.noSpread = false })
			settle()
			srv.ClearRecord()
			start := time.Now()
			srv.Sessions()[0].Cut()
			after(1100 * ms)
			d := times(srv, metaConnect, start)[0]
			assert.GreaterOrEqual(t, d, 500*ms)
			assert.LessOrEqual(t, d, time.Second)
			seen[d] = true
		})
	}
	assert.Greater(t, len(seen), 5)
}

func TestConnect_backoffStaysWithinItsBounds(t *testing.T) {
	for _, most := range []time.Duration{time.Second, 3 * time.Second} {
		bubble(t, cometdtest.Options{MaxInterval: time.Hour}, func(t *testing.T, srv *cometdtest.Server) {
			dial(t, srv, func(o *Options) { o.noSpread, o.MinBackoff, o.MaxBackoff = false, time.Second, most })
			settle()
			srv.ClearRecord()
			start := time.Now()
			srv.On(cometdtest.Match{Channel: metaConnect, Times: 20}, cometdtest.DropBefore())
			srv.Sessions()[0].Cut()
			after(time.Minute)
			var last time.Duration
			at := times(srv, metaConnect, start)
			require.Greater(t, len(at), 15)
			for _, d := range at[:15] {
				assert.GreaterOrEqual(t, d-last, time.Second)
				assert.LessOrEqual(t, d-last, most)
				last = d
			}
		})
	}
}

func TestConnect_handshakeAfterMaxInterval(t *testing.T) {
	bubble(t, cometdtest.Options{Timeout: 3 * time.Second, MaxInterval: 4 * time.Second, HandshakeReconnect: true}, func(t *testing.T, srv *cometdtest.Server) {
		dial(t, srv, func(o *Options) { o.MinBackoff, o.MaxBackoff = 500*ms, 2*time.Second })
		settle()
		srv.ClearRecord()
		start := time.Now()
		srv.Sessions()[0].Cut()
		srv.On(cometdtest.Match{Channel: metaConnect, Times: 10}, cometdtest.Status(502, nil, ""))
		after(9 * time.Second)
		at := times(srv, metaHandshake, start)
		require.NotEmpty(t, at)
		assert.Equal(t, 7500*ms, at[0], "the first failure after 3s+4s")
	})
}

func TestConnect_retryAfterIsTheLeastDelay(t *testing.T) {
	bubble(t, cometdtest.Options{MaxInterval: time.Hour}, func(t *testing.T, srv *cometdtest.Server) {
		dial(t, srv)
		settle()
		srv.ClearRecord()
		start := time.Now()
		onConnect(srv, cometdtest.Status(503, http.Header{"Retry-After": {"17"}}, ""))
		onConnect(srv, cometdtest.Status(429, http.Header{"Retry-After": {start.Add(60 * time.Second).UTC().Format(http.TimeFormat)}}, ""))
		srv.Sessions()[0].Cut()
		after(65 * time.Second)
		at := times(srv, metaConnect, start)
		assert.Equal(t, []time.Duration{500 * ms, 17500 * ms}, at[:2])
		assert.GreaterOrEqual(t, at[2], 59*time.Second)
		assert.LessOrEqual(t, at[2], 60*time.Second)
	})
}

func TestConnect_multipleClientsSlowDownAndRecover(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		var log journal
		multi := cometdtest.Advice(map[string]any{"multiple-clients": true, "reconnect": "retry", "interval": 2000})
		onConnect(srv)
		onConnect(srv, multi, cometdtest.AnswerAtOnce())
		onConnect(srv, multi, cometdtest.AnswerAtOnce())
		srv.On(cometdtest.Match{Channel: metaConnect, Times: -1}, cometdtest.HoldFor(time.Second), cometdtest.Without("advice"))
		start := time.Now()
		dial(t, srv, func(o *Options) { o.Logger = log.logger() })
		after(6500 * ms)
		assert.Equal(t, []time.Duration{0, 0, 2 * time.Second, 4 * time.Second, 5 * time.Second, 6 * time.Second}, times(srv, metaConnect, start))
		assert.Equal(t, 1, count(log.String(), "several clients"))
	})
}

func TestConnect_emptyAnswersAtOnceAreSlowedDown(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		s := srv.On(cometdtest.Match{Channel: metaConnect, Times: -1}, cometdtest.AnswerAtOnce())
		c := dial(t, srv)
		sub := subscribe(t, c, "/foo")
		after(time.Second)
		assert.Less(t, s.Fired(), 25)
		after(time.Minute)
		n := s.Fired()
		after(time.Minute)
		assert.LessOrEqual(t, s.Fired()-n, 30, "one every 2s")
		s.Cancel()
		srv.Publish("/foo", 1)
		assert.Equal(t, "1", nextData(t, sub))
		srv.ClearRecord()
		start := time.Now()
		after(time.Minute)
		assert.LessOrEqual(t, len(times(srv, metaConnect, start)), 3, "back to normal")
	})
}

func TestConnect_eventsAreNoReasonToSlowDown(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		sub := subscribe(t, c, "/foo")
		start := time.Now()
		for range 200 {
			srv.Publish("/foo", 1)
			nextData(t, sub)
		}
		assert.Zero(t, time.Since(start))
	})
}

func TestConnect_staleReplyChangesNothing(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		sub := subscribe(t, c, "/foo")
		meta := subscribe(t, c, "/meta/connect")
		settle()
		for _, stale := range []string{
			`{"channel":"/meta/connect","id":"0","successful":false,"error":"402::x","advice":{"reconnect":"handshake"}}`,
			`{"channel":"/meta/connect","id":"77","successful":true,"advice":{"reconnect":"none"}}`,
			`{"channel":"/meta/connect","id":"x","successful":true,"advice":{"interval":5000},"ext":{"ack":77}}`,
		} {
			srv.On(cometdtest.Match{Channel: "/foo"}, cometdtest.RawBefore(stale))
			require.NoError(t, c.Publish(t.Context(), "/foo", 1))
			assert.Equal(t, "1", nextData(t, sub))
		}
		settle()
		assert.Equal(t, Connected, c.State())
		assert.Len(t, srv.RequestsFor(metaHandshake), 1)
		for {
			settle()
			if meta.queue.Len() == 0 {
				break
			}
			var m struct{ ID string }
			require.NoError(t, json.Unmarshal(nextEvent(t, meta).(*Message).Raw, &m))
			assert.NotContains(t, []string{"0", "77", "x"}, m.ID)
		}
	})
}

func TestConnect_neverTwoOutstanding(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		sub := subscribe(t, c, "/foo")
		srv.On(cometdtest.Match{Channel: metaConnect, Nth: 3}, cometdtest.Status(500, nil, ""))
		srv.On(cometdtest.Match{Channel: metaConnect, Nth: 5}, cometdtest.Forget())
		for range 20 {
			srv.Publish("/foo", 1)
			after(time.Second)
		}
		_ = sub.Close()
		_ = c.Close()
		assertOneConnect(t, srv)
	})
}

// assertOneConnect checks that no session ever had two connects at a time.
func assertOneConnect(t *testing.T, srv *cometdtest.Server) {
	t.Helper()
	busy := map[string]time.Time{}
	for _, r := range srv.RequestsFor(metaConnect) {
		id := r.Messages[0].ClientID
		assert.False(t, r.Time.Before(busy[id]), "request %d", r.Number)
		if r.Answered.IsZero() {
			r.Answered = r.Time
		}
		busy[id] = r.Answered
	}
}

func TestAdvice_handshakeDoesNotOutliveTheSession(t *testing.T) {
	bubble(t, cometdtest.Options{Preset: cometdtest.Reference29}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		settle()
		srv.On(cometdtest.Match{Channel: metaConnect}, cometdtest.Forget())
		after(2 * time.Minute)
		assert.Equal(t, Connected, c.State())
		list := srv.RequestsFor(metaHandshake)
		assert.Len(t, list, 2)
		assert.NotContains(t, string(list[1].Response), "advice")
	})
}

func TestAdvice_repeatedHandshakeOrdersAreSlowedDown(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv, func(o *Options) { o.noSpread = false })
		subscribe(t, c, "/foo")
		settle()
		srv.ClearRecord()
		srv.On(cometdtest.Match{Channel: metaConnect, Times: -1}, cometdtest.Forget())
		srv.Sessions()[0].Cut()
		start := time.Now()
		after(10 * time.Second)
		n := len(srv.Requests())
		assert.LessOrEqual(t, n, 12)
		assert.GreaterOrEqual(t, n, 6)
		after(10 * time.Second)
		m := len(srv.Requests())
		assert.LessOrEqual(t, m-n, 6)
		after(10 * time.Minute)
		assert.LessOrEqual(t, len(srv.Requests())-m, 3*21)
		at := times(srv, metaHandshake, start)
		assert.Less(t, at[0], 1100*ms, "the first is not delayed")
	})
}

func TestAdvice_stormOfHandshakesFromTheBeginning(t *testing.T) {
	for name, min := range map[string]time.Duration{"default": 0, "short": ms} {
		t.Run(name, func(t *testing.T) {
			bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
				srv.On(cometdtest.Match{Channel: metaConnect, Times: -1}, cometdtest.Refuse("402::session_unknown", map[string]any{"reconnect": "handshake", "interval": 0}))
				c := dial(t, srv, func(o *Options) { o.MinBackoff, o.MaxBackoff = min, min })
				go func() { _, _ = c.Subscribe(t.Context(), "/foo") }()
				after(10 * time.Second)
				assert.LessOrEqual(t, len(srv.Requests()), 12)
				n := len(srv.Requests())
				after(10 * time.Second)
				assert.LessOrEqual(t, len(srv.Requests())-n, 6)
			})
		})
	}
}

func TestAdvice_briefSessionsAreSlowedDown(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		// The first connect of each session is well, the second is not.
		n := 0
		srv.On(cometdtest.Match{Channel: metaConnect, Times: -1, Func: func(r cometdtest.Request) bool {
			return r.Messages[0].Advice == nil
		}}, cometdtest.Forget())
		dial(t, srv)
		after(10 * time.Second)
		n = len(srv.Requests())
		assert.LessOrEqual(t, n, 30)
		after(time.Minute)
		assert.LessOrEqual(t, len(srv.Requests())-n, 15)
	})
}

func TestAdvice_oddValues(t *testing.T) {
	for _, test := range []struct {
		name   string
		advice map[string]any
		next   time.Duration // until the connect after the one that got it
	}{
		{"float", map[string]any{"interval": 1500.75}, 1500750 * time.Microsecond},
		{"string", map[string]any{"interval": "2000"}, 2 * time.Second},
		{"negative with success", map[string]any{"interval": -5, "timeout": -1}, 0},
		{"wrong types", map[string]any{"interval": true, "timeout": []int{1}, "maxInterval": map[string]int{}, "reconnect": 7, "multiple-clients": "yes"}, 0},
		{"huge", map[string]any{"interval": 1e300}, time.Hour},
		{"huge string", map[string]any{"interval": "1e999"}, time.Hour},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, cometdtest.Options{MaxInterval: 3 * time.Hour}, func(t *testing.T, srv *cometdtest.Server) {
				onConnect(srv, cometdtest.Advice(test.advice))
				start := time.Now()
				c := dial(t, srv)
				after(test.next)
				assert.Equal(t, []time.Duration{0, test.next}, times(srv, metaConnect, start))
				_ = c.CloseNow()
			})
		})
	}
}

func TestAdvice_notAnObject(t *testing.T) {
	for _, advice := range []any{"none", 7, nil, []string{"none"}} {
		bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
			onConnect(srv, cometdtest.Set("advice", advice))
			c := dial(t, srv)
			settle()
			assert.Equal(t, Connected, c.State())
		})
	}
}

func TestAdvice_negativeIntervalOfARefusalForbidsTheRetry(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		onConnect(srv, cometdtest.Refuse("403::no", map[string]any{"interval": -1}))
		c := dial(t, srv)
		<-c.Done()
		e, ok := errors.AsType[*Error](c.Err())
		require.True(t, ok)
		assert.Equal(t, 403, e.Code)
	})
}

func TestAdvice_timeoutExtendsTheLimitOnly(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		onConnect(srv, cometdtest.Advice(map[string]any{"timeout": 90000}))
		onConnect(srv, cometdtest.HoldFor(95*time.Second))
		start := time.Now()
		c := dial(t, srv)
		after(96 * time.Second)
		assert.Equal(t, []time.Duration{0, 0, 95 * time.Second}, times(srv, metaConnect, start))
		assert.Equal(t, Connected, c.State())
	})
}

func TestAdvice_ofATransport(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		onConnect(srv, cometdtest.Advice(map[string]any{"interval": 0,
			"long-polling": map[string]any{"interval": 3000}, "websocket": map[string]any{"interval": 9000}}))
		onConnect(srv, cometdtest.HoldFor(time.Second), cometdtest.Advice(map[string]any{"websocket": map[string]any{"interval": 9000}}))
		start := time.Now()
		dial(t, srv)
		after(8 * time.Second)
		assert.Equal(t, []time.Duration{0, 3 * time.Second, 7 * time.Second}, times(srv, metaConnect, start))
	})
}
