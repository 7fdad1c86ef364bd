package voicetest

import (
	"net/http"
	"time"

	"github.com/gwsvoice/gws-go/voice"
)

// Fault is something that goes wrong, or late, with one request. The functions
// of this package make them; a script may combine several.
type Fault func(*plan)

// plan is what is to happen to one request.
type plan struct {
	times int

	// before it is carried out
	slow        time.Duration
	expire      bool
	dropSession bool

	// instead
	cutBefore bool
	answer    *answer
	refusal   *refusal
	silent    bool
	fail      *lateFailure

	// carrying it out
	after      *time.Duration // the switch acts so long after the response
	eventFirst *time.Duration // the response comes so long after the messages
	hold       bool           // the actor's messages wait for the response; set by the server

	// the actor's messages
	lose       bool
	late       *time.Duration
	duplicates []time.Duration
	swap       bool

	// the response
	answerAfter *answer
	cutAfter    bool
	truncate    *int
	header      http.Header
}

// lateFailure is an ErrorMessage instead of what was accepted.
type lateFailure struct {
	after    time.Duration
	code     int
	text     string
	topic    string
	nameCall bool
	bare     bool
}

// answer is a whole HTTP response.
type answer struct {
	status      int
	contentType string
	body        string
}

func newPlan(faults []Fault) *plan {
	p := &plan{times: 1}
	for _, f := range faults {
		f(p)
	}
	return p
}

// Times makes faults hit the next n requests instead of one. Further faults of
// the same script are repeated with them.
func Times(n int, faults ...Fault) Fault {
	return func(p *plan) {
		for _, f := range faults {
			f(p)
		}
		p.times = n
	}
}

// EventFirst sends the messages at once and the HTTP response d later.
func EventFirst(d time.Duration) Fault { return func(p *plan) { p.eventFirst = &d } }

// ResponseFirst sends the HTTP response at once; the switch acts, and sends the
// messages, d later. If the operation has become impossible by then, it fails
// with an [voice.ErrorMessage] that names no call.
func ResponseFirst(d time.Duration) Fault { return func(p *plan) { p.after = &d } }

// Slow lets d pass before anything happens.
func Slow(d time.Duration) Fault { return func(p *plan) { p.slow = d } }

// Refuse refuses the operation with a code, its usual HTTP status, and a text.
func Refuse(code voice.StatusCode, text string) Fault {
	return RefuseStatus(statusOf(code), code, text)
}

// RefuseStatus is [Refuse] with an HTTP status of one's own.
func RefuseStatus(status int, code voice.StatusCode, text string) Fault {
	return func(p *plan) { p.refusal = &refusal{status: status, code: code, text: text} }
}

// FailLater accepts the operation and sends an ErrorMessage d later instead of
// carrying it out. A code 0 and a text "" are left out of it. It comes on the
// topic of calls for call operations, on that of devices otherwise, and names
// the device; see [OnTopic], [NamingCall] and [Bare].
func FailLater(d time.Duration, code int, text string) Fault {
	return func(p *plan) {
		f := p.failure()
		f.after, f.code, f.text = d, code, text
	}
}

func (p *plan) failure() *lateFailure {
	if p.fail == nil {
		p.fail = &lateFailure{}
	}
	return p.fail
}

// OnTopic moves the message of [FailLater] to a topic: "/v2/me/devices".
func OnTopic(topic string) Fault { return func(p *plan) { p.failure().topic = topic } }

// NamingCall adds the call to the message of [FailLater].
func NamingCall() Fault { return func(p *plan) { p.failure().nameCall = true } }

// Bare leaves everything but its type out of the message of [FailLater].
func Bare() Fault { return func(p *plan) { p.failure().bare = true } }

// Silence accepts the operation, and nothing happens: the phone does not obey.
func Silence() Fault { return func(p *plan) { p.silent = true } }

// LostEvent carries the operation out, and loses the messages for the agent
// who asked for it.
func LostEvent() Fault { return func(p *plan) { p.lose = true } }

// LateEvent carries the operation out at once, and delivers the messages for
// the agent who asked for it d later, behind what has happened since.
func LateEvent(d time.Duration) Fault { return func(p *plan) { p.late = &d } }

// Duplicate delivers the messages for the agent who asked a second time, d
// later. Given twice it makes three of each.
func Duplicate(d time.Duration) Fault {
	return func(p *plan) { p.duplicates = append(p.duplicates, d) }
}

// SwapEvents exchanges the first two messages for the agent who asked.
func SwapEvents() Fault { return func(p *plan) { p.swap = true } }

// DropSession lets the agent's CometD sessions end before the request is
// carried out, so that its messages find nobody.
func DropSession() Fault { return func(p *plan) { p.dropSession = true } }

// ExpireLogin lets the agent's login end before the request is looked at. A
// request with credentials logs in again, with a new cookie and CSRF token;
// one without is refused with code 20.
func ExpireLogin() Fault { return func(p *plan) { p.expire = true } }

// CutBefore cuts the connection without carrying the request out.
func CutBefore() Fault { return func(p *plan) { p.cutBefore = true } }

// CutAfter carries the request out and cuts the connection instead of
// answering.
func CutAfter() Fault { return func(p *plan) { p.cutAfter = true } }

// Answer answers with a status, content type and body of one's own instead of
// carrying the request out.
func Answer(status int, contentType, body string) Fault {
	return func(p *plan) { p.answer = &answer{status, contentType, body} }
}

// AnswerAfter is [Answer] after the request was carried out: its answer was
// lost on the way, at a proxy.
func AnswerAfter(status int, contentType, body string) Fault {
	return func(p *plan) { p.answerAfter = &answer{status, contentType, body} }
}

// Header sets a header of the response.
func Header(name, value string) Fault {
	return func(p *plan) {
		if p.header == nil {
			p.header = http.Header{}
		}
		p.header.Set(name, value)
	}
}

// Truncate carries the request out and cuts the connection after n bytes of
// the body.
func Truncate(n int) Fault {
	n = max(n, 0) // not in the fault, which may be used more than once
	return func(p *plan) { p.truncate = &n }
}
