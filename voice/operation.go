package voice

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/gwsvoice/gws-go/internal/gwshttp"
	"github.com/gwsvoice/gws-go/internal/rest"
)

// Operation is one request to the contact centre, for [Client.Start]. The
// methods of Client build theirs themselves; write your own for an operation
// that this package does not know, or to be told of acceptance and outcome
// apart.
type Operation struct {
	Name OperationName

	// CallID or DeviceID names what is operated on; for Dial the device. With
	// neither, the five agent states of every contact centre go to the voice
	// channel, and everything else to the user.
	CallID, DeviceID string

	// Path, if not empty, is the resource that is posted to instead, below
	// /api/v2 and escaped: "/me/channels/voice".
	Path string

	// Params are marshalled as JSON beside operationName; nil if there are none.
	Params any

	// Until tells whether an event settles the operation. nil means the rule of
	// this package for Name; without such a rule acceptance is the outcome. What
	// [Where] says of its function is true of Until. It also sees messages that
	// were read back from the server after a gap or a timeout, marked Synthetic.
	Until func(Event) bool

	rule *rule // for operations whose rule depends on more than the name
}

// Outcome is what settled an operation. Which fields are set follows from the
// operation; all are nil where acceptance is the outcome.
type Outcome struct {
	Call    *CallStateChangeMessage
	Consult *CallStateChangeMessage // the second call of SwapCalls and of two-step operations
	Device  *DeviceStateChangeMessage
	Event   Event // what Operation.Until accepted
}

// Pending is an operation that has been submitted and not yet settled.
type Pending struct {
	client  *Client
	op      Operation
	params  any // op.Params in the type of this package, where the rule needs it
	rule    *rule
	device  string      // device that error messages about it name; "" if not known
	alone   [1]*Pending // itself, for lists of one
	since   uint64      // registry.seq when it was registered
	after   uint64      // place of the last message in the queue then, which it has not caused
	devices []*Device   // the agent's, when it was registered, if it names none
	done    chan struct{}

	// outcome is written by rules while events are dispatched, and read once
	// done is closed.
	outcome Outcome
	err     error

	// Guarded by registry.mu.
	decided  bool  // outcome or verdict stands
	verdict  error // decided: nil for success
	answered bool  // the POST has ended, well or badly
	accepted bool  // the server answered statusCode 0
	refused  bool  // nothing happened, for certain
	finished bool  // done is closed or about to be
	sendErr  error // why the POST has no answer
	suspect  *ErrorMessage
	deadline time.Time // of the wait for the outcome
	due      time.Time // when whenDue is to be called, see callAt; zero: never
	whenDue  func(*Pending)
	cancel   context.CancelCauseFunc // gives the request up
}

// Start submits op and returns when the server has accepted it. It listens for
// the outcome from before the request is sent, so that a message that overtakes
// the response is not missed.
//
// A refusal is an [*APIError], and then nothing is pending; if it comes from
// something between the client and GWS that may have sent the request on, the
// APIError is inside an [*UnconfirmedError]. If the request got
// out but no usable answer came back, Start returns a Pending all the same,
// since the outcome may still be seen. If ctx or the client ends meanwhile, or
// the voice service goes, the error is an [*UnconfirmedError], or a
// [*NotSentError] if nothing had been sent yet.
//
// Once a message has shown the outcome, the answer is awaited for another five
// seconds, two if the operation has failed, and no longer than
// [Config.OperationTimeout]: it may be a refusal, which counts more. Start then
// returns a Pending that is settled.
func (c *Client) Start(ctx context.Context, op Operation) (*Pending, error) {
	path, body, err := c.prepare(&op)
	if err != nil {
		return nil, err
	}
	limited, cancel := withRequest(ctx)
	defer cancel(nil)
	p, err := c.expect(ctx, op, c.understand(&op, body), cancel)
	if err != nil {
		return nil, &NotSentError{op.Name, op.CallID, err}
	}
	answer, err := c.rest.Post(limited, path, body)
	return c.answered(ctx, p, answer, err)
}

// answerTimeout is how long the answer to a request is awaited. The server
// answers within seconds; one that has not answered by then will not. With the
// read that follows it is half a minute.
const answerTimeout = 30*time.Second - lastRead

// limit returns a context that ends with ctx and with the client.
func (c *Client) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(c.lifetime, cancel)
	return ctx, func() { stop(); cancel() }
}

// errNoAnswer is the Err of what was sent and not answered within answerTimeout.
var errNoAnswer = fmt.Errorf("no answer within %v", answerTimeout)

// prepare checks op and returns the path and the body of its request.
func (c *Client) prepare(op *Operation) (path string, body []byte, err error) {
	if op.Name == "" {
		return "", nil, &ArgumentError{"", "Operation.Name", "is empty"}
	}
	for _, id := range []struct{ name, value string }{{"callID", op.CallID}, {"deviceID", op.DeviceID}} {
		if reason := badID(id.value); reason != "" && id.value != "" {
			return "", nil, &ArgumentError{op.Name, id.name, reason}
		}
	}
	if op.Name == OpDial && op.DeviceID == "" && op.CallID == "" && op.Path == "" {
		if op.DeviceID = c.firstDevice(); op.DeviceID == "" {
			return "", nil, &ArgumentError{op.Name, "deviceID", "is empty and the agent has no device"}
		}
	}
	body, err = rest.Marshal(string(op.Name), op.Params)
	if err != nil {
		return "", nil, &ArgumentError{op.Name, "Params", "cannot be sent: " + err.Error()}
	}
	switch {
	case op.Path != "":
		if !strings.HasPrefix(op.Path, "/") || strings.ContainsAny(op.Path, "?#\\ \r\n") || strings.Contains(op.Path, "..") || strings.Contains(op.Path, "//") {
			return "", nil, &ArgumentError{op.Name, "Path", "is not an escaped path that begins with a slash"}
		}
		path = op.Path
	case op.CallID != "":
		path = "/me/calls/" + escaped(op.CallID)
	case op.DeviceID != "" && op.Name == OpDial:
		path = "/me/devices/" + escaped(op.DeviceID) + "/calls"
	case op.DeviceID != "":
		path = "/me/devices/" + escaped(op.DeviceID)
	case isAgentState(op.Name):
		path = voiceChannelPath
	default:
		path = "/me"
	}
	return path, body, nil
}

const voiceChannelPath = "/me/channels/voice"

// badID returns what is wrong with the id of a call or device, or "". Ids are
// opaque, but one with a slash or a dot in it is none, and could name another
// resource.
func badID(id string) string {
	switch {
	case id == "":
		return "is empty"
	case isPlainID(id):
		return ""
	case strings.ContainsAny(id, "/\\?#%."):
		return fmt.Sprintf("%q is not an id", id)
	}
	for _, r := range id {
		if r <= ' ' || r == 0x7f {
			return fmt.Sprintf("%q is not an id", id)
		}
	}
	return ""
}

// isPlainID tells whether id consists of letters, digits, hyphens and underscores,
// as those of GWS do.
func isPlainID(id string) bool {
	for i := range len(id) {
		switch c := id[i]; {
		case 'a' <= c|0x20 && c|0x20 <= 'z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}

func escaped(id string) string {
	if isPlainID(id) {
		return id
	}
	return url.PathEscape(id)
}

// answered takes note of how the POST of p ended.
func (c *Client) answered(ctx context.Context, p *Pending, answer []byte, err error) (*Pending, error) {
	if err == nil {
		if c.log.Enabled(ctx, slog.LevelDebug) {
			c.log.Debug("accepted", "op", string(p.op.Name), "call", p.op.CallID)
		}
		c.accept(p)
		return p, nil
	}
	if e, ok := errors.AsType[*rest.Refusal](err); ok {
		if why := c.whyAborted(ctx, p, e.LoginErr); why != nil {
			e.LoginErr = why
		}
		err := c.refused(p.op, e)
		if e.InBetween() {
			if c.isDecided(p) { // the outcome has overtaken the gateway's answer
				c.unanswered(p, err, 0)
				return p, nil
			}
			return nil, c.abandon(p, err)
		}
		c.withdraw(p, true)
		return nil, err
	}
	unsent, ok := errors.AsType[*rest.TransportError](err)
	if ok && !unsent.Sent {
		why := c.whyAborted(ctx, p, unsent.Err)
		c.withdraw(p, false)
		if closed := c.Err(); closed != nil {
			return nil, &NotSentError{p.op.Name, p.op.CallID, closed}
		}
		if why != nil {
			return nil, &NotSentError{p.op.Name, p.op.CallID, why}
		}
		return nil, notSent(ctx, p.op.Name, p.op.CallID, unsent)
	}
	if ctxErr := ctx.Err(); ctxErr != nil {
		return nil, c.abandon(p, ctxErr)
	}
	if unknown := c.settledAsUnknown(p); unknown != nil {
		return nil, unknown
	}
	if c.isDecided(p) { // the outcome came, and the answer did not
		c.unanswered(p, err, 0)
		return p, nil
	}
	wait := c.operationTimeout
	if errors.Is(err, context.DeadlineExceeded) {
		err, wait = errNoAnswer, 0 // there was time enough for the outcome to show
	}
	// The request got out and has no usable answer: it may have been executed.
	if e, ok := errors.AsType[*rest.ProtocolError](err); ok {
		err = &ProtocolError{e.HTTPStatus, e.Reason}
	}
	c.log.Warn("no usable answer, waiting for the outcome", "op", string(p.op.Name), "call", p.op.CallID, "err", err)
	c.unanswered(p, err, wait)
	return p, nil
}

// settledAsUnknown returns the error of an operation that was ended as unknown
// before its request was answered, else nil.
func (c *Client) settledAsUnknown(p *Pending) error {
	c.registry.mu.Lock()
	defer c.registry.mu.Unlock()
	if unknown, ok := errors.AsType[*UnconfirmedError](p.err); ok && p.finished {
		return unknown
	}
	return nil
}

// whyAborted returns what ended an operation before its request, or the login
// for it, was through, if err comes of that, else nil.
func (c *Client) whyAborted(ctx context.Context, p *Pending, err error) error {
	c.registry.mu.Lock()
	defer c.registry.mu.Unlock()
	switch {
	case !p.decided, ctx.Err() != nil, !errors.Is(err, context.Canceled):
		return nil
	case p.verdict == nil: // what was asked for has happened without it
		return ErrNotConnected
	}
	return errors.Unwrap(p.verdict)
}

// notSent puts a transport failure before the first byte into words.
func notSent(ctx context.Context, op OperationName, callID string, e *rest.TransportError) error {
	if ctxErr := ctx.Err(); ctxErr != nil {
		return &NotSentError{op, callID, ctxErr}
	}
	if authErr, ok := errors.AsType[*gwshttp.AuthError](e); ok {
		return &NotSentError{op, callID, authErr}
	}
	return &NotSentError{op, callID, fmt.Errorf("%w: %w", ErrNotConnected, e.Err)}
}

// Operation returns what was submitted.
func (p *Pending) Operation() Operation { return p.op }

// Done returns a channel that is closed when the outcome is known, or known to
// stay unknown. Wait then returns at once.
func (p *Pending) Done() <-chan struct{} { return p.done }

// Wait returns the outcome, which is read-only, no later than
// [Config.OperationTimeout] after acceptance, and a second more if a function of
// yours does not return (see [Where]). If no message has told by then, the
// agent's calls or devices decide, which are read shortly before: two seconds, or
// a fifth of the timeout if that is less. What they do not show either, or not in
// time, is unknown. An operation whose request is not answered waits half a
// minute for the answer, unless its outcome shows before: see [Client.Start].
//
// The error is a [*FailedError], or an [*UnconfirmedError] if the outcome stays
// unknown or ctx ends; in the latter case the operation is still pending and
// Wait may be called again.
func (p *Pending) Wait(ctx context.Context) (*Outcome, error) {
	select {
	case <-p.done:
	default:
		select {
		case <-p.done:
		case <-ctx.Done():
			return nil, p.client.unconfirmed(p, ctx.Err())
		}
	}
	if p.err != nil {
		return nil, p.err
	}
	return &p.outcome, nil
}

// run submits op and waits for its outcome.
func (c *Client) run(ctx context.Context, op Operation) (*Outcome, error) {
	p, err := c.Start(ctx, op)
	if err != nil {
		return nil, err
	}
	return p.Wait(ctx)
}

// one runs an operation whose outcome is one call message.
func (c *Client) one(ctx context.Context, op Operation) (*CallStateChangeMessage, error) {
	if reason := badID(op.CallID); reason != "" {
		return nil, &ArgumentError{op.Name, "callID", reason}
	}
	out, err := c.run(ctx, op)
	if err != nil {
		return nil, err
	}
	return out.Call, nil
}
