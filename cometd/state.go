package cometd

import "time"

// phase is where a session is in its life; the names are those of the
// reference clients.
type phase uint8

const (
	disconnected  phase = iota // before the start and after the end
	handshaking                // the first handshake is under way
	rehandshaking              // a further one is, or waits for its time
	handshaken                 // session known, subscriptions being restored
	connecting                 // the first connect is due or under way
	connected                  // the last connect succeeded
	unconnected                // the last connect failed, the next one is due
	disconnecting              // a disconnect is under way
	terminating                // cleaning up
)

var phaseNames = [...]string{"disconnected", "handshaking", "rehandshaking", "handshaken",
	"connecting", "connected", "unconnected", "disconnecting", "terminating"}

func (p phase) String() string { return phaseNames[p] }

// hasSession reports whether the server is believed to know the session.
func (p phase) hasSession() bool { return p >= handshaken && p <= unconnected }

const (
	unknownTimeout = 60 * time.Second // hold time of a server that has not told it

	// Handshakes ordered again and again are spaced by at least this, doubled
	// twice each time, whatever shorter backoff was configured.
	minRenewal, maxRenewal = 500 * time.Millisecond, 30 * time.Second

	briefSession = time.Second // a session lost earlier than this was none
	briefInARow  = 3           // so many of them are tolerated

	quickInARow          = 10 // empty answers at once before they are slowed down
	minQuick, maxQuick   = 100 * time.Millisecond, 2 * time.Second
	unreadableInARow     = 3 // responses that ack makes the server repeat for ever
	probeEvery           = time.Second
	quickAnswer          = 100 * time.Millisecond
	defaultExpiry        = 10 * time.Second // maxInterval of a server that has not told it
	reconnectGrace       = time.Second
	disconnectLimit      = 3 * time.Second
	disconnectUnsureWait = time.Second
)

// state is all that decisions depend on. It is a value: [next] returns another.
type state struct {
	phase       phase
	started     bool // a client lives once
	established bool // a handshake has succeeded

	minBackoff, maxBackoff time.Duration // as configured

	// Advice in force. A hold time of -1 is unknown.
	interval, timeout, maxInterval time.Duration
	multiple                       bool          // the interval came with multiple-clients
	usual                          time.Duration // the interval to return to

	fresh      bool          // the credentials were replaced since the last successful connect
	failures   int           // handshakes or connects failed in a row
	renewals   int           // handshakes ordered since the last successful connect
	brief      int           // sessions in a row that hardly lived
	quick      int           // connects in a row answered at once with nothing
	unreadable int           // connects in a row with an unreadable response
	born       time.Duration // when the session began
	confirmed  time.Duration // when the server last answered a handshake or connect well
}

type inputKind uint8

const (
	inStart            inputKind = iota
	inHandshakeReply             // the reply to the outstanding handshake
	inHandshakeFailed            // there was none
	inReady                      // subscriptions are restored, as far as they can be
	inReadyFailed                // the request that restores them failed
	inConnectReply               // the reply to the outstanding connect
	inConnectFailed              // there was none
	inStale                      // a reply to, or failure of, anything not outstanding
	inAdvice                     // advice in any other message
	inDoubt                      // the server seems not to know the session
	inRenew                      // a reply other than connect's ordered a handshake
	inServerDisconnect           // the server ended the session
	inClose                      // the application did
	inDisconnectDone             // the disconnect was answered or failed
	inAbort                      // end without telling the server
	inEnded                      // everything is cleaned up
	inputKinds
)

// input is what happened, reduced to what matters for the decision.
type input struct {
	kind       inputKind
	now        time.Duration // since the client began
	ok         bool          // successful
	advice     advice
	unknown    bool          // failed because the session is unknown, by its text
	refreshed  bool          // the credentials were refused, and have been replaced
	permanent  bool          // repeating it soon is pointless
	fatal      bool          // repeating it ever is
	otherway   bool          // another transport is to be tried
	unreadable bool          // the response could not be read, and ack will repeat it
	quick      bool          // answered at once and without events
	retryAfter time.Duration // least delay

	session uint32 // of which inDoubt, inRenew and inServerDisconnect speak
	err     error  // for reports
}

type actionKind uint8

const (
	actNone       actionKind = iota // go on as before
	actHandshake                    // after the delay
	actRestore                      // after the delay, resubscribe and send what was held
	actConnect                      // after the delay
	actDisconnect                   // wait until the disconnect is through
	actTerminate
)

// action is what to do next.
type action struct {
	kind   actionKind
	delay  time.Duration // exact
	spread time.Duration // to be lengthened at random, and added
	probe  bool          // the connect asks for an answer at once
}

// next decides. It is the only place where a phase changes.
func next(s state, in input) (state, action) {
	switch in.kind {
	case inStale:
		return s, action{}
	case inStart:
		if s.started {
			return s, action{}
		}
		s.started, s.phase = true, handshaking
		s.resetAdvice()
		return s, action{kind: actHandshake}
	case inEnded:
		if s.phase == terminating {
			s.phase = disconnected
		}
		return s, action{}
	case inAbort:
		return s.terminate()
	}
	switch s.phase {
	case handshaking, rehandshaking:
		return nextHandshake(s, in)
	case handshaken, connecting, connected, unconnected:
		return nextSession(s, in)
	case disconnecting:
		if in.kind == inDisconnectDone {
			return s.terminate()
		}
		return s, action{kind: actDisconnect}
	case terminating:
		return s, action{kind: actTerminate}
	}
	return s, action{}
}

// nextHandshake decides while there is no session.
func nextHandshake(s state, in input) (state, action) {
	switch in.kind {
	case inHandshakeReply:
		if in.ok {
			s.phase, s.established = handshaken, true
			s.merge(in.advice)
			s.failures, s.unreadable, s.quick = 0, 0, 0
			s.born, s.confirmed = in.now, in.now
			return s, action{kind: actRestore}
		}
		none := in.advice.reconnect == reconnectNone || in.advice.never
		if in.fatal || none && !in.refreshed || in.permanent && !s.established {
			return s.terminate()
		}
		return s.handshakeAgain(in)
	case inHandshakeFailed:
		switch {
		case in.fatal:
			return s.terminate()
		case in.otherway:
			s.phase = rehandshaking
			return s, action{kind: actHandshake}
		case in.permanent && !s.established:
			return s.terminate()
		}
		return s.handshakeAgain(in)
	case inClose, inServerDisconnect:
		return s.terminate()
	}
	return s, action{}
}

// handshakeAgain repeats a handshake that failed.
func (s state) handshakeAgain(in input) (state, action) {
	act := action{kind: actHandshake, delay: in.advice.interval.or(s.interval), spread: s.backoff(s.failures)}
	act.atLeast(in.retryAfter)
	s.failures++
	s.phase = rehandshaking
	s.resetAdvice()
	return s, act
}

// nextSession decides while the server is believed to know the session.
func nextSession(s state, in input) (state, action) {
	switch in.kind {
	case inReady:
		if s.phase == handshaken {
			s.phase = connecting
			return s, action{kind: actConnect, delay: s.interval, probe: true}
		}
	case inReadyFailed:
		if in.fatal {
			return s.terminate()
		}
		if s.phase == handshaken {
			return s.failed(in, actRestore)
		}
	case inConnectReply:
		if s.phase != handshaken {
			return s.connectReply(in)
		}
	case inConnectFailed:
		switch {
		case s.phase == handshaken:
		case in.fatal:
			return s.terminate()
		case in.refreshed && !s.fresh: // at once: the session may have outlived the credentials
			s.fresh, s.phase = true, unconnected
			act := action{kind: actConnect, probe: true}
			act.atLeast(in.retryAfter)
			return s, act
		default:
			return s.failed(in, actConnect)
		}
	case inAdvice:
		s.interval = in.advice.interval.or(s.interval)
		s.timeout = in.advice.timeout.or(s.timeout)
	case inDoubt:
		if s.phase == connecting || s.phase == connected {
			return s, action{kind: actConnect, probe: true}
		}
	case inRenew:
		return s.renew(in)
	case inServerDisconnect:
		return s.terminate()
	case inClose:
		s.phase = disconnecting
		return s, action{kind: actDisconnect}
	}
	return s, action{}
}

// connectReply decides on the reply to the outstanding connect.
func (s state) connectReply(in input) (state, action) {
	switch {
	case in.fatal, in.advice.reconnect == reconnectNone, in.advice.never && !in.ok:
		if in.refreshed && !in.fatal {
			return s.renew(in)
		}
		return s.terminate()
	case in.advice.reconnect == reconnectHandshake:
		return s.renew(in)
	case !in.ok && in.advice.reconnect == reconnectMissing && in.unknown:
		return s.renew(in)
	case !in.ok:
		s.timeout = in.advice.timeout.or(s.timeout)
		s.maxInterval = in.advice.maxInterval.or(s.maxInterval)
		return s.failed(in, actConnect)
	}
	s.merge(in.advice)
	s.phase = connected
	s.fresh = false
	s.confirmed = in.now
	s.failures, s.renewals, s.unreadable = 0, 0, 0
	act := action{kind: actConnect, delay: s.interval}
	if !in.quick || s.interval > 0 {
		s.quick = 0
		return s, act
	}
	s.quick++
	if s.quick >= quickInARow {
		act.delay = doubled(minQuick, (s.quick-quickInARow)/quickInARow, maxQuick)
	}
	return s, act
}

// failed repeats a connect, or what comes before the first one, on the same
// session, unless the server must have dropped that by now.
func (s state) failed(in input, again actionKind) (state, action) {
	if s.maxInterval > 0 && in.now-s.confirmed > max(s.timeout, 0)+s.interval+s.maxInterval {
		return s.renew(in)
	}
	if in.otherway {
		return s.renew(in)
	}
	if in.unreadable {
		if s.unreadable++; s.unreadable >= unreadableInARow {
			return s.renew(in)
		}
	}
	if again == actConnect {
		s.phase = unconnected
	}
	s.failures++
	s.quick = 0
	act := action{kind: again, delay: in.advice.interval.or(s.interval), spread: s.backoff(s.failures), probe: true}
	act.atLeast(in.retryAfter)
	return s, act
}

// renew begins another session.
func (s state) renew(in input) (state, action) {
	if in.now-s.born < briefSession {
		s.brief++
	} else {
		s.brief = 0
	}
	s.renewals++
	n := s.renewals
	if s.brief > briefInARow {
		n = max(n, s.brief-briefInARow+1)
	}
	act := action{kind: actHandshake, delay: in.advice.interval.or(s.interval)}
	if n > 1 {
		act.spread = doubled(max(s.minBackoff, minRenewal), 2*(n-2)+1, max(s.maxBackoff, maxRenewal))
	}
	act.atLeast(in.retryAfter)
	s.phase = rehandshaking
	s.failures, s.unreadable, s.quick = 0, 0, 0
	s.resetAdvice()
	return s, act
}

func (s state) terminate() (state, action) {
	if s.phase == disconnected {
		return s, action{}
	}
	s.phase = terminating
	return s, action{kind: actTerminate}
}

// merge takes over what a successful reply advises.
func (s *state) merge(a advice) {
	switch {
	case a.multiple:
		if !s.multiple {
			s.multiple, s.usual = true, s.interval
		}
	case s.multiple:
		s.multiple, s.interval = false, s.usual
	}
	s.interval = a.interval.or(s.interval)
	s.timeout = a.timeout.or(s.timeout)
	s.maxInterval = a.maxInterval.or(s.maxInterval)
}

func (s *state) resetAdvice() {
	s.interval, s.timeout, s.maxInterval = 0, -1, 0
	s.multiple, s.usual = false, 0
}

// digest is the state as an application sees it.
func (s *state) digest() State {
	switch s.phase {
	case handshaking, handshaken, connecting:
		return Connecting
	case rehandshaking:
		if s.failures > 0 {
			return Unconnected
		}
		return Connecting
	case connected:
		return Connected
	case unconnected:
		return Unconnected
	}
	return Closed
}

// hold is how long the server may take to answer a connect, beside the network.
func (s *state) hold(probe bool) time.Duration {
	switch {
	case probe:
		return 0
	case s.timeout < 0:
		return unknownTimeout
	}
	return s.timeout
}

// backoff is the shortest delay after n failures: 0, the least, twice that, ...
// The longest is twice as long, and no longer than maxBackoff.
func (s *state) backoff(n int) time.Duration {
	if n == 0 {
		return 0
	}
	return doubled(s.minBackoff, n-1, max(s.minBackoff, s.maxBackoff/2))
}

// doubled returns d doubled n times, at most limit.
func doubled(d time.Duration, n int, limit time.Duration) time.Duration {
	for ; n > 0 && 0 < d && d < limit; n-- {
		d *= 2
	}
	return min(d, limit)
}

// atLeast makes the action wait for d or longer: a server that is too busy says
// the same to all its clients.
func (a *action) atLeast(d time.Duration) {
	if d > a.delay+a.spread {
		a.delay, a.spread = 0, d
	}
}
