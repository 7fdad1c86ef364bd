package voice

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/gwsvoice/gws-go/cometd"
	"github.com/gwsvoice/gws-go/internal/cookies"
	"github.com/gwsvoice/gws-go/internal/gwshttp"
	"github.com/gwsvoice/gws-go/internal/handover"
	"github.com/gwsvoice/gws-go/internal/rest"
)

const (
	apiPath                 = "/api/v2"
	defaultNotificationPath = apiPath + "/notifications"
	defaultOperationTimeout = 10 * time.Second
	defaultEventBuffer      = 256

	// notificationBuffer is how many messages wait while calls are read back
	// after a gap.
	notificationBuffer = 4096
)

// The topics of the notifications. All three are per user.
const (
	callsTopic    = "/v2/me/calls"
	devicesTopic  = "/v2/me/devices"
	servicesTopic = "/notifications/services"
)

// Config tells Connect where and how. BaseURL is required; the zero value of
// everything else is ready to use.
type Config struct {
	BaseURL           string             // "https://gws.example.com", without /api/v2
	Auth              Auth               // BasicAuth(user, password), BearerAuth(token), or your own; nil: the HTTPClient has it
	HTTPClient        *http.Client       // nil: a private one; copied, never modified. One cookie jar per agent: a nil Jar becomes a private one
	Logger            *slog.Logger       // nil: discard
	NotificationsPath string             // "" means /api/v2/notifications; some deployments put CometD elsewhere
	Transports        []cometd.Transport // nil: long-polling only; deployments of GWS rarely offer WebSocket
	OperationTimeout  time.Duration      // longest wait for an outcome after acceptance, with the read that may decide it; 0 means 10s
	EventBuffer       int                // events kept per Subscription; 0 means 256
	Origin            string             // value of the Origin header; "" sends none. Some deployments demand one
}

// Client is one agent's session with the contact centre. Its methods may be
// called from several goroutines.
//
// A method with the name of an operation sends it and waits until it is settled;
// its comment says by what, and which capability the call or device must show.
// Its error is an [*ArgumentError] or [*NotSentError] if nothing was sent, an
// [*APIError] if it was refused, a [*FailedError] if it failed after it was
// accepted, or an [*UnconfirmedError]. When ctx ends it returns at once; if the
// request was sent by then, what becomes of it is not known.
type Client struct {
	log              *slog.Logger
	base             string // the server's URL, without /api/v2
	rest             *rest.Client
	http             *http.Client // shared by REST and CometD
	transport        *gwshttp.Transport
	private          bool // the connections are ours to close
	events           *cometd.Client
	sub              *cometd.Subscription
	operationTimeout time.Duration
	eventBuffer      int

	session  session
	inbox    *inbox
	memory   memory
	registry *registry
	turn     *semaphore.Weighted // of one: whoever has it makes an event take effect
	asleep   []*Subscription     // whose readers endTurn wakes; guarded by turn

	lifetime context.Context // ends when the client does; for what it does on its own account
	end      context.CancelFunc
	quiet    chan struct{} // closed when the client has ended and nobody works for it any more: see enter
	done     chan struct{}
	endOnce  sync.Once
	err      error // written before done is closed
}

// Connect logs in, opens the notification session, reads current calls and
// devices, and returns a client for one agent. ctx bounds Connect only, not the
// life of the client.
//
// A refused login is an [*APIError] and is not tried again. A server that
// cannot be reached is a [*NotSentError] with [ErrNotConnected]. The answer to
// one request is awaited for half a minute, here and in all that follows.
//
// Connect does not start the agent's contact-centre session; that is
// [Client.StartContactCenterSession].
func Connect(ctx context.Context, cfg Config) (*Client, error) {
	c, err := newClient(cfg)
	if err != nil {
		return nil, err
	}
	if err := c.open(ctx, cfg); err != nil {
		if c.events != nil && ctx.Err() != nil {
			_ = c.events.CloseNow() // the caller does not wait for good manners
		}
		c.fail(err)
		_ = c.Close()
		return nil, err
	}
	c.log.Info("connected", "user", c.User().UserName, "server", c.ServerVersion())
	return c, nil
}

func newClient(cfg Config) (*Client, error) {
	base, err := parseBaseURL(cfg.BaseURL)
	if err != nil {
		return nil, err
	}
	c := &Client{
		log:              cfg.Logger,
		operationTimeout: cfg.OperationTimeout,
		eventBuffer:      cfg.EventBuffer,
		session:          session{turn: make(chan struct{}, 1)},
		registry:         newRegistry(),
		turn:             semaphore.NewWeighted(1),
		quiet:            make(chan struct{}),
		done:             make(chan struct{}),
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if c.operationTimeout <= 0 {
		c.operationTimeout = defaultOperationTimeout
	}
	if c.eventBuffer <= 0 {
		c.eventBuffer = defaultEventBuffer
	}
	c.inbox = newInbox(c)
	c.lifetime, c.end = context.WithCancel(context.Background())

	hc := http.Client{}
	if cfg.HTTPClient != nil {
		hc = *cfg.HTTPClient
	}
	hc.Timeout = 0 // it would cut off every held poll
	if hc.Jar == nil {
		hc.Jar = &cookies.Jar{}
	}
	if cfg.HTTPClient == nil {
		hc.Transport, c.private = NewTransport(), true
	}
	if hc.Transport == nil {
		hc.Transport = http.DefaultTransport
	}
	var authorize func(*http.Request) error
	if cfg.Auth != nil {
		authorize = cfg.Auth.Authorize
	}
	c.transport = gwshttp.New(hc.Transport, base, cfg.Origin, authorize)
	hc.Transport = c.transport
	c.http = &hc
	c.base = base.String()
	c.rest = rest.New(rest.Options{
		HTTPClient: &hc,
		BaseURL:    base.String() + apiPath,
		Logger:     c.log,
		Login:      c.loginForRequest,
		Logins:     c.session.logins,
		Sessions:   c.transport.Sessions,
	})
	return c, nil
}

func parseBaseURL(text string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(text, "/"))
	switch {
	case err != nil:
		return nil, &ArgumentError{"", "Config.BaseURL", "is not a URL"}
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, &ArgumentError{"", "Config.BaseURL", fmt.Sprintf("%q is not an http or https URL with a host", u.Redacted())}
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, &ArgumentError{"", "Config.BaseURL", "has more than scheme, host and path; credentials go into Config.Auth"}
	}
	u.Path = strings.TrimSuffix(u.Path, apiPath)
	return u, nil
}

// open does what Connect promises.
func (c *Client) open(ctx context.Context, cfg Config) error {
	if err := c.login(ctx); err != nil {
		return err
	}
	c.probeVersion(ctx)

	path := cfg.NotificationsPath
	if path == "" {
		path = defaultNotificationPath
	}
	events, err := cometd.Dial(ctx, c.base+"/"+strings.TrimLeft(path, "/"), &cometd.Options{
		HTTPClient:         c.http,
		Logger:             c.log,
		Transports:         cfg.Transports,
		Buffer:             notificationBuffer,
		RefreshCredentials: c.refreshCredentials,
	})
	if err != nil {
		return c.openError(ctx, err)
	}
	c.events = events
	c.sub, err = events.SubscribeChannels(handover.With(ctx, c.inbox.Reader), callsTopic, devicesTopic)
	if err != nil {
		return c.openError(ctx, err)
	}
	if err := c.sub.Add(ctx, servicesTopic); err != nil {
		if ctx.Err() != nil {
			return c.openError(ctx, err)
		}
		c.log.Warn("no notifications of service states", "err", err)
	}
	s := &snapshot{since: c.registry.now()}
	if err := c.readAll(ctx, s); err != nil {
		return err
	}
	if err := c.reconcile(ctx, s); err != nil {
		return err
	}
	c.registry.shareDevices(c.User())
	return c.beginReceiving()
}

// openError says in this package's terms why there is no notification session.
func (c *Client) openError(ctx context.Context, err error) error {
	if ctxErr := ctx.Err(); ctxErr != nil && !errors.Is(err, ctxErr) {
		err = fmt.Errorf("%w: %w", ctxErr, err)
	}
	if e, ok := errors.AsType[*APIError](err); ok {
		return e // the login that was to mend it was refused
	}
	return fmt.Errorf("voice: notifications: %w", err)
}

// Done returns a channel that is closed when the client has ended for good: by
// Close, or because its session cannot be had back. Err tells why.
func (c *Client) Done() <-chan struct{} { return c.done }

// Err returns why the client has ended: [ErrClosed] after Close. It is nil
// until Done is closed.
func (c *Client) Err() error {
	select {
	case <-c.done:
		return c.err
	default:
		return nil
	}
}

// Connected reports whether the notification session works at this moment: the
// server answered last time, and nothing has to be restored. It is false for an
// instant after Connect, as long as the server cannot be reached, and after the
// end. It costs no request, so it may be asked often; what was missed meanwhile
// is told by [Reconnected] and what follows it.
func (c *Client) Connected() bool {
	return c.events.State() == cometd.Connected && c.Err() == nil
}
