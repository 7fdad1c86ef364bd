package cometd

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gwsvoice/gws-go/internal/handover"
)

// State is a digest of what a [Client] is doing.
type State uint8

const (
	Unconnected State = iota // the last attempt to reach the server failed; it is repeated
	Connecting               // a session is being made, the first or another
	Connected                // the server answers
	Closed                   // ended for good
)

func (s State) String() string {
	return [...]string{"unconnected", "connecting", "connected", "closed"}[s&3]
}

// Client is a Bayeux session that is kept alive, and renewed when the server
// has lost it, until Close or until the server says that it must not come back.
// All methods may be called from several goroutines.
type Client struct {
	opts    *Options
	log     *slog.Logger
	url     *url.URL
	http    *http.Client
	private *http.Transport // to be closed with the client, nil if it is the caller's
	began   time.Time

	ctx    context.Context // ends with the client
	cancel context.CancelCauseFunc
	wake   chan struct{} // holds a token while the session goroutine has something to look at
	ready  chan struct{} // closed by the first successful handshake
	done   chan struct{}

	// Owned by the session goroutine.
	st        state
	in        input         // what happened last
	resumed   time.Duration // when the present action was begun
	spare     *span         // of the exchange before; may be nil
	negotiate negotiation
	asked     bool // RefreshCredentials was asked since the last handshake that succeeded

	workers sync.WaitGroup                  // the sender
	reader  atomic.Pointer[handover.Reader] // whoever looks at data while it is scanned

	mu         sync.Mutex
	phase      phase // as in st
	digest     State
	err        error // why the client ended
	last       error // of the latest handshake that failed
	link       link
	transport  transport // in use since the latest handshake
	clientID   string
	session    uint32 // counts the sessions
	ids        uint64
	ack        ack
	inbox      []input
	interrupt  context.CancelCauseFunc // ends the exchange under way on the session goroutine
	holding    bool                    // that exchange is a connect that the server may hold
	probed     time.Time
	probeTimer *time.Timer
	outbox     []*request
	sending    bool
	topics     map[string]*topic
	wildcards  int // topics that are patterns
	listeners  int // topics that are meta channels
	subs       []*Subscription
	gap        *gap
	gated      bool // events wait until the gap is reported
	greeted    bool // the server has granted the current session
	confirmed  time.Time
	grace      time.Duration // how long a full subscription may delay the session
	awaited    int           // events that the handshake reply announced
	arrived    chan struct{} // closed when they have come
	closing    *closing
	refresh    refresher
}

// link says what becomes of messages that are to be sent.
type link uint8

const (
	linkNone      link = iota // held; subscriptions are made when there is a session
	linkRestoring             // held until the session is restored
	linkUp                    // sent
)

// Dial handshakes with the Bayeux server at rawURL and returns a client that
// keeps the session alive until Close. ctx bounds Dial only, not the life of
// the client.
//
// Dial repeats a handshake that failed for a reason that may pass (a timeout, a
// broken connection, status 503, ...) until ctx ends, and then returns both the
// error of ctx and the last failure. It returns at once when the server refuses
// the handshake or the credentials, or cannot be reached. Once Dial has
// succeeded the client repeats everything by itself.
func Dial(ctx context.Context, rawURL string, opts *Options) (*Client, error) {
	o, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	u, err := endpoint(rawURL)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, &Error{Channel: metaHandshake, Err: err}
	}
	c := &Client{
		opts: o, log: o.Logger, url: u, began: time.Now(),
		wake: make(chan struct{}, 1), ready: make(chan struct{}), done: make(chan struct{}),
		digest: Connecting, st: state{minBackoff: o.MinBackoff, maxBackoff: o.MaxBackoff},
	}
	c.http, c.private = o.httpClient()
	c.ctx, c.cancel = context.WithCancelCause(context.Background())
	c.negotiate = newNegotiation(c)
	go func() { c.run(c.step(input{kind: inStart})) }()
	select {
	case <-c.ready:
		return c, nil
	case <-c.done:
		return nil, c.Err()
	case <-ctx.Done():
	}
	select {
	case <-c.ready:
		return c, nil
	default:
	}
	c.mu.Lock()
	last := c.last
	c.mu.Unlock()
	c.end(ErrClosed)
	<-c.done
	failed := &Error{Channel: metaHandshake, Err: ctx.Err()}
	if last != nil {
		failed.Err = fmt.Errorf("%w; last attempt: %w", ctx.Err(), last)
	}
	return nil, failed
}

// Publish sends data, encoded as JSON, to channel, and returns after the
// server has acknowledged it, with an [*Error] if it was refused. When there
// is no answer, it is not known whether the message was processed; it is never
// sent again. While the session is being renewed messages wait for it.
// Cancelling ctx gives up the wait, not the session.
func (c *Client) Publish(ctx context.Context, channel string, data any) error {
	name, err := checkChannel(channel)
	if err != nil {
		return err
	}
	if isPattern(name) || isMeta(name) {
		return fmt.Errorf("cometd: cannot publish to %q", channel)
	}
	encoded, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("cometd: publish to %s: %w", name, err)
	}
	r := &request{kind: kindPublish, channel: name, data: encoded, done: make(chan struct{})}
	if r.size() > c.opts.MaxSendSize {
		return &Error{Channel: name, Message: fmt.Sprintf("message of %d bytes is larger than the limit of %d", r.size(), c.opts.MaxSendSize)}
	}
	if err := ctx.Err(); err != nil {
		return &Error{Channel: name, Err: err}
	}
	c.mu.Lock()
	err = c.enqueue(r)
	c.mu.Unlock()
	if err != nil {
		return err
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		c.mu.Lock()
		c.withdraw(r)
		c.mu.Unlock()
		return &Error{Channel: name, Err: ctx.Err()}
	}
	return r.err
}

// State tells what the client is doing.
func (c *Client) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil || c.closing != nil {
		return Closed
	}
	return c.digest
}

// Done is closed when the client has ended for good.
func (c *Client) Done() <-chan struct{} { return c.done }

// Err tells why the client has ended: [ErrClosed] after Close, an [*Error] if
// the server ended it. It is nil until Done is closed.
func (c *Client) Err() error {
	select {
	case <-c.done:
	default:
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Close tells the server that the session is over and ends the client with
// [ErrClosed]. It waits for the server to answer and to release the connect
// that it holds, up to MaxNetworkDelay but no longer than 3 s, and for every
// goroutine and connection of the client to end. Further calls wait as well and
// do nothing.
func (c *Client) Close() error {
	c.disconnect()
	<-c.done
	return nil
}

// CloseNow ends the client with [ErrClosed] without telling the server, which
// forgets the session after a while.
func (c *Client) CloseNow() error {
	c.end(ErrClosed)
	<-c.done
	return nil
}

func (c *Client) now() time.Duration { return time.Since(c.began) }

// closed returns the error of calls on a client that is ending or has ended;
// c.mu must be held.
func (c *Client) closedErr() error {
	switch {
	case c.err != nil:
		return c.err
	case c.closing != nil:
		return c.closing.err
	}
	return nil
}

// spread lengthens d at random, so that clients do not act in step.
func (c *Client) spread(d time.Duration) time.Duration {
	if c.opts.noSpread {
		return d
	}
	longer := jitter(d)
	if d > c.opts.MaxBackoff {
		return longer // the pauses before further sessions have a limit of their own
	}
	return min(longer, c.opts.MaxBackoff)
}
