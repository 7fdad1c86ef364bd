package cometd

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

const sec = time.Second

// begun is a state in some phase of a session that is ten minutes old.
func begun(p phase) state {
	return state{phase: p, started: true, established: p >= handshaken || p == rehandshaking, minBackoff: sec, maxBackoff: 30 * sec,
		timeout: 30 * sec, confirmed: 600 * sec}
}

func TestState_transitions(t *testing.T) {
	fails := func(n int) func(*state) { return func(s *state) { s.failures = n } }
	for _, test := range []struct {
		name  string
		from  phase
		with  func(*state)
		in    input
		to    phase
		act   action
		check func(*testing.T, state)
	}{
		{name: "start", from: disconnected, with: func(s *state) { s.started = false }, in: input{kind: inStart}, to: handshaking, act: action{kind: actHandshake}},
		{name: "start again", from: connected, in: input{kind: inStart}, to: connected},
		{name: "start after the end", from: disconnected, in: input{kind: inStart}, to: disconnected},

		{name: "handshake", from: handshaking, in: input{kind: inHandshakeReply, ok: true}, to: handshaken, act: action{kind: actRestore}},
		{name: "handshake again", from: rehandshaking, with: fails(3), in: input{kind: inHandshakeReply, ok: true, advice: advice{interval: duration{2 * sec, true}}},
			to: handshaken, act: action{kind: actRestore}, check: func(t *testing.T, s state) { assert.Zero(t, s.failures); assert.Equal(t, 2*sec, s.interval) }},
		{name: "handshake with advice handshake", from: handshaking, in: input{kind: inHandshakeReply, ok: true, advice: advice{reconnect: reconnectHandshake}}, to: handshaken, act: action{kind: actRestore}},
		{name: "handshake refused", from: handshaking, in: input{kind: inHandshakeReply}, to: rehandshaking, act: action{kind: actHandshake}},
		{name: "handshake refused again", from: rehandshaking, with: fails(2), in: input{kind: inHandshakeReply, advice: advice{reconnect: reconnectRetry}}, to: rehandshaking, act: action{kind: actHandshake, spread: 2 * sec}},
		{name: "handshake refused with interval", from: handshaking, with: fails(1), in: input{kind: inHandshakeReply, advice: advice{interval: duration{5 * sec, true}}}, to: rehandshaking, act: action{kind: actHandshake, delay: 5 * sec, spread: sec}},
		{name: "handshake refused for good", from: rehandshaking, in: input{kind: inHandshakeReply, advice: advice{reconnect: reconnectNone}}, to: terminating, act: action{kind: actTerminate}},
		{name: "handshake refused for good but refreshed", from: rehandshaking, in: input{kind: inHandshakeReply, refreshed: true, advice: advice{reconnect: reconnectNone}}, to: rehandshaking, act: action{kind: actHandshake}},
		{name: "handshake refused, never repeat", from: handshaking, in: input{kind: inHandshakeReply, advice: advice{never: true}}, to: terminating, act: action{kind: actTerminate}},
		{name: "handshake failed", from: handshaking, with: fails(1), in: input{kind: inHandshakeFailed}, to: rehandshaking, act: action{kind: actHandshake, spread: sec}},
		{name: "handshake failed in Dial", from: handshaking, in: input{kind: inHandshakeFailed, permanent: true}, to: terminating, act: action{kind: actTerminate}},
		{name: "handshake failed later", from: rehandshaking, in: input{kind: inHandshakeFailed, permanent: true}, to: rehandshaking, act: action{kind: actHandshake}},
		{name: "handshake by another transport", from: handshaking, with: fails(5), in: input{kind: inHandshakeFailed, otherway: true, permanent: true}, to: rehandshaking, act: action{kind: actHandshake}},
		{name: "handshake without transport", from: rehandshaking, in: input{kind: inHandshakeFailed, fatal: true}, to: terminating, act: action{kind: actTerminate}},
		{name: "handshake with Retry-After", from: rehandshaking, with: fails(1), in: input{kind: inHandshakeFailed, retryAfter: 9 * sec}, to: rehandshaking, act: action{kind: actHandshake, spread: 9 * sec}},
		{name: "close while handshaking", from: handshaking, in: input{kind: inClose}, to: terminating, act: action{kind: actTerminate}},
		{name: "stale", from: rehandshaking, in: input{kind: inStale, ok: true}, to: rehandshaking},
		{name: "connect reply while handshaking", from: rehandshaking, in: input{kind: inConnectReply, ok: true}, to: rehandshaking},
		{name: "renewal while handshaking", from: rehandshaking, in: input{kind: inRenew}, to: rehandshaking},

		{name: "ready", from: handshaken, with: func(s *state) { s.interval = sec }, in: input{kind: inReady}, to: connecting, act: action{kind: actConnect, delay: sec, probe: true}},
		{name: "not ready", from: handshaken, in: input{kind: inReadyFailed, now: 600 * sec}, to: handshaken, act: action{kind: actRestore, spread: sec, probe: true}},
		{name: "ready at a wrong time", from: connected, in: input{kind: inReady}, to: connected},

		{name: "connect", from: connecting, in: input{kind: inConnectReply, ok: true, now: 601 * sec}, to: connected, act: action{kind: actConnect},
			check: func(t *testing.T, s state) { assert.Equal(t, 601*sec, s.confirmed) }},
		{name: "connect after failures", from: unconnected, with: func(s *state) { s.failures, s.renewals = 4, 2 }, in: input{kind: inConnectReply, ok: true}, to: connected, act: action{kind: actConnect},
			check: func(t *testing.T, s state) { assert.Zero(t, s.failures); assert.Zero(t, s.renewals) }},
		{name: "connect with interval", from: connected, in: input{kind: inConnectReply, ok: true, advice: advice{interval: duration{3 * sec, true}}}, to: connected, act: action{kind: actConnect, delay: 3 * sec}},
		{name: "connect keeps advice", from: connected, with: func(s *state) { s.interval = 2 * sec }, in: input{kind: inConnectReply, ok: true, advice: advice{timeout: duration{5 * sec, true}}}, to: connected, act: action{kind: actConnect, delay: 2 * sec},
			check: func(t *testing.T, s state) { assert.Equal(t, 5*sec, s.timeout) }},
		{name: "connect, none", from: connected, in: input{kind: inConnectReply, ok: true, advice: advice{reconnect: reconnectNone}}, to: terminating, act: action{kind: actTerminate}},
		{name: "connect, unknown", from: connected, in: input{kind: inConnectReply, ok: true, advice: advice{reconnect: reconnectUnknown}}, to: connected, act: action{kind: actConnect}},
		{name: "connect, handshake", from: connected, in: input{kind: inConnectReply, ok: true, advice: advice{reconnect: reconnectHandshake}, now: 700 * sec}, to: rehandshaking, act: action{kind: actHandshake}},
		{name: "connect, negative interval", from: connected, in: input{kind: inConnectReply, ok: true, advice: advice{never: true}}, to: connected, act: action{kind: actConnect}},
		{name: "connect slowed down", from: connected, in: input{kind: inConnectReply, ok: true, advice: advice{multiple: true, interval: duration{2 * sec, true}}}, to: connected, act: action{kind: actConnect, delay: 2 * sec}},
		{name: "connect no longer slowed down", from: connected, with: func(s *state) { s.multiple, s.interval, s.usual = true, 2*sec, 100*ms }, in: input{kind: inConnectReply, ok: true}, to: connected, act: action{kind: actConnect, delay: 100 * ms}},
		{name: "tenth quick connect", from: connected, with: func(s *state) { s.quick = 9 }, in: input{kind: inConnectReply, ok: true, quick: true}, to: connected, act: action{kind: actConnect, delay: 100 * ms}},
		{name: "many quick connects", from: connected, with: func(s *state) { s.quick = 900 }, in: input{kind: inConnectReply, ok: true, quick: true}, to: connected, act: action{kind: actConnect, delay: 2 * sec}},

		{name: "refused, handshake", from: connected, in: input{kind: inConnectReply, advice: advice{reconnect: reconnectHandshake, interval: duration{0, true}}, now: 700 * sec}, to: rehandshaking, act: action{kind: actHandshake},
			check: func(t *testing.T, s state) { assert.Equal(t, time.Duration(-1), s.timeout) }},
		{name: "refused, handshake again", from: connecting, with: func(s *state) { s.renewals = 1 }, in: input{kind: inConnectReply, advice: advice{reconnect: reconnectHandshake}, now: 700 * sec}, to: rehandshaking, act: action{kind: actHandshake, spread: 2 * sec}},
		{name: "refused, unknown session without advice", from: connected, in: input{kind: inConnectReply, unknown: true, now: 700 * sec}, to: rehandshaking, act: action{kind: actHandshake}},
		{name: "refused, unknown session with retry", from: connected, in: input{kind: inConnectReply, unknown: true, advice: advice{reconnect: reconnectRetry}, now: 600 * sec}, to: unconnected, act: action{kind: actConnect, spread: sec, probe: true}},
		{name: "refused, none", from: connected, in: input{kind: inConnectReply, advice: advice{reconnect: reconnectNone}}, to: terminating, act: action{kind: actTerminate}},
		{name: "refused, none but refreshed", from: connected, in: input{kind: inConnectReply, refreshed: true, advice: advice{reconnect: reconnectNone}, now: 700 * sec}, to: rehandshaking, act: action{kind: actHandshake}},
		{name: "refused, stop", from: connected, in: input{kind: inConnectReply, fatal: true}, to: terminating, act: action{kind: actTerminate}},
		{name: "refused, unknown reconnect", from: connected, with: fails(1), in: input{kind: inConnectReply, advice: advice{reconnect: reconnectUnknown}}, to: unconnected, act: action{kind: actConnect, spread: 2 * sec, probe: true}},
		{name: "refused, interval", from: connected, in: input{kind: inConnectReply, advice: advice{interval: duration{7 * sec, true}}}, to: unconnected, act: action{kind: actConnect, delay: 7 * sec, spread: sec, probe: true}},

		{name: "connect failed", from: connected, in: input{kind: inConnectFailed}, to: unconnected, act: action{kind: actConnect, spread: sec, probe: true}},
		{name: "connect failed often", from: unconnected, with: fails(50), in: input{kind: inConnectFailed}, to: unconnected, act: action{kind: actConnect, spread: 15 * sec, probe: true}},
		{name: "connect failed for longer than the session lives", from: unconnected, with: func(s *state) { s.maxInterval = 10 * sec }, in: input{kind: inConnectFailed, now: 641 * sec}, to: rehandshaking, act: action{kind: actHandshake}},
		{name: "connect failed for almost so long", from: unconnected, with: func(s *state) { s.maxInterval = 10 * sec }, in: input{kind: inConnectFailed, now: 640 * sec}, to: unconnected, act: action{kind: actConnect, spread: sec, probe: true}},
		{name: "connect refused by the transport", from: connected, in: input{kind: inConnectFailed, otherway: true, now: 700 * sec}, to: rehandshaking, act: action{kind: actHandshake}},
		{name: "connect unreadable for the third time", from: unconnected, with: func(s *state) { s.unreadable = 2 }, in: input{kind: inConnectFailed, unreadable: true, now: 700 * sec}, to: rehandshaking, act: action{kind: actHandshake}},
		{name: "connect with Retry-After", from: connected, in: input{kind: inConnectFailed, retryAfter: 17 * sec}, to: unconnected, act: action{kind: actConnect, spread: 17 * sec, probe: true}},

		{name: "doubt", from: connected, in: input{kind: inDoubt}, to: connected, act: action{kind: actConnect, probe: true}},
		{name: "doubt while waiting to retry", from: unconnected, in: input{kind: inDoubt}, to: unconnected},
		{name: "advice elsewhere", from: connected, in: input{kind: inAdvice, advice: advice{interval: duration{sec, true}, reconnect: reconnectNone}}, to: connected,
			check: func(t *testing.T, s state) { assert.Equal(t, sec, s.interval) }},
		{name: "renewal ordered elsewhere", from: connected, in: input{kind: inRenew, now: 700 * sec}, to: rehandshaking, act: action{kind: actHandshake}},
		{name: "server disconnects", from: connected, in: input{kind: inServerDisconnect}, to: terminating, act: action{kind: actTerminate}},
		{name: "close", from: connected, in: input{kind: inClose}, to: disconnecting, act: action{kind: actDisconnect}},
		{name: "close while retrying", from: unconnected, in: input{kind: inClose}, to: disconnecting, act: action{kind: actDisconnect}},
		{name: "connect released", from: disconnecting, in: input{kind: inConnectReply, ok: true, advice: advice{reconnect: reconnectHandshake}}, to: disconnecting, act: action{kind: actDisconnect}},
		{name: "disconnected", from: disconnecting, in: input{kind: inDisconnectDone}, to: terminating, act: action{kind: actTerminate}},
		{name: "anything at the end", from: terminating, in: input{kind: inConnectReply, ok: true}, to: terminating, act: action{kind: actTerminate}},
		{name: "abort", from: connected, in: input{kind: inAbort}, to: terminating, act: action{kind: actTerminate}},
		{name: "ended", from: terminating, in: input{kind: inEnded}, to: disconnected},
		{name: "abort after the end", from: disconnected, in: input{kind: inAbort}, to: disconnected},
		{name: "reply after the end", from: disconnected, in: input{kind: inHandshakeReply, ok: true}, to: disconnected},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := begun(test.from)
			if test.with != nil {
				test.with(&s)
			}
			got, act := next(s, test.in)
			assert.Equal(t, test.to.String(), got.phase.String())
			assert.Equal(t, test.act, act)
			if test.check != nil {
				test.check(t, got)
			}
		})
	}
}

func TestState_onlyAllowedTransitions(t *testing.T) {
	for p := disconnected; p <= terminating; p++ {
		for kind := range inputKinds {
			for _, ok := range []bool{false, true} {
				for r := reconnectMissing; r <= reconnectUnknown; r++ {
					s := begun(p)
					got, act := next(s, input{kind: kind, ok: ok, advice: advice{reconnect: r}, now: 601 * sec})
					assertAllowed(t, s, got, act)
				}
			}
		}
	}
}

// assertAllowed checks a step against the table of the protocol.
func assertAllowed(t *testing.T, from, to state, act action) {
	t.Helper()
	allowed := map[phase][]phase{
		disconnected:  {handshaking},
		handshaking:   {handshaken, rehandshaking, terminating},
		rehandshaking: {handshaken, terminating},
		handshaken:    {connecting, rehandshaking, disconnecting, terminating},
		connecting:    {connected, unconnected, rehandshaking, disconnecting, terminating},
		connected:     {unconnected, rehandshaking, disconnecting, terminating},
		unconnected:   {connected, rehandshaking, disconnecting, terminating},
		disconnecting: {terminating},
		terminating:   {disconnected},
	}
	if to.phase != from.phase {
		assert.Contains(t, allowed[from.phase], to.phase, "%v to %v", from.phase, to.phase)
	}
	if from.started && from.phase == disconnected {
		assert.Equal(t, from, to, "closed for good")
		assert.Equal(t, action{}, act)
	}
	assert.GreaterOrEqual(t, act.delay, time.Duration(0))
	assert.GreaterOrEqual(t, act.spread, time.Duration(0))
	switch act.kind {
	case actHandshake:
		assert.Contains(t, []phase{handshaking, rehandshaking}, to.phase)
	case actRestore:
		assert.Equal(t, handshaken, to.phase)
	case actConnect:
		assert.Contains(t, []phase{connecting, connected, unconnected}, to.phase)
	case actDisconnect:
		assert.Equal(t, disconnecting, to.phase)
	case actTerminate:
		assert.Equal(t, terminating, to.phase)
	}
}

func TestState_renewalsAreSpacedMoreAndMore(t *testing.T) {
	s := begun(connected)
	s.minBackoff, s.maxBackoff = time.Millisecond, time.Millisecond
	now := 700 * sec
	var delays []time.Duration
	for range 7 {
		var act action
		s, act = next(s, input{kind: inRenew, now: now})
		delays = append(delays, act.delay+act.spread)
		now += act.spread
		s, _ = next(s, input{kind: inHandshakeReply, ok: true, now: now})
		s, _ = next(s, input{kind: inReady, now: now})
	}
	assert.Equal(t, []time.Duration{0, sec, 4 * sec, 16 * sec, 30 * sec, 30 * sec, 30 * sec}, delays)
}

func TestState_holdTime(t *testing.T) {
	s := begun(connected)
	assert.Equal(t, 30*sec, s.hold(false))
	assert.Zero(t, s.hold(true))
	s.timeout = -1
	assert.Equal(t, 60*sec, s.hold(false))
	s.timeout = 0
	assert.Zero(t, s.hold(false))
}
