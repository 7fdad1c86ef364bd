package cometd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// Transport is a way to carry messages, by the name that the protocol gives it.
type Transport string

// The transports that a client can use.
const (
	LongPolling Transport = "long-polling"
	WebSocket   Transport = "websocket"
)

// Options configures a [Client]. Nil, or the zero value, is ready to use. The
// functions are called on the client's own goroutines: they may block, but the
// session waits for them; they must return when their context ends, and must
// not call Close of the client.
type Options struct {
	// HTTPClient sends all requests and opens WebSockets. It is never
	// modified; its Timeout and CheckRedirect are not used. Its Jar is shared
	// in both directions, except for the cookie BAYEUX_BROWSER, which every
	// Client keeps for itself. Nil means a private client with a cookie jar.
	HTTPClient *http.Client

	Logger     *slog.Logger // nil: discard
	Transports []Transport  // in order of preference; nil means LongPolling only

	// Buffer is how many events a subscription keeps for a slow reader before
	// it drops the newest and reports them as [Lagged]; 0 means 256.
	Buffer int

	// MinBackoff and MaxBackoff bound the pauses between failed attempts; 0
	// means 500 ms and 30 s. The pauses double, and each is up to twice as long
	// as it need be, at random, so that many clients of a server do not come
	// back to it all at once.
	MinBackoff, MaxBackoff time.Duration

	// MaxNetworkDelay is how long a request may take, beside the time for
	// which the server is allowed to hold it; 0 means 10 s.
	MaxNetworkDelay time.Duration

	MaxMessageSize int // largest response or frame accepted; 0 means 16 MiB
	MaxSendSize    int // largest single message sent; 0 means 1 MiB

	// NoAck keeps the client from asking for acknowledged messages, with
	// which the server repeats what was lost on the way.
	NoAck bool

	// Handshake returns fields to add to the handshake, such as "ext". It is
	// called before every handshake, the first and all further ones.
	Handshake func(ctx context.Context) (map[string]any, error)

	// Header returns headers to add to an HTTP request or WebSocket upgrade.
	// It is called before each.
	Header func(ctx context.Context) (http.Header, error)

	// RefreshCredentials is called once for each refusal with HTTP status 401
	// or 403, or with such a code and advice not to come back. Nil means
	// that what Handshake and Header return from now on, and what is in the
	// cookie jar, is worth another try. An error that wraps [ErrStop] ends the
	// client; after any other the refusal stands, and a request refused by
	// HTTP status is repeated with backoff.
	RefreshCredentials func(ctx context.Context, cause error) error

	// PathSuffix appends the kind of message, as in /cometd/handshake, to the
	// URL of handshake, connect and disconnect requests, for the sake of
	// proxies and their logs. URLs with a query are left alone.
	PathSuffix bool

	// NotSticky lets a WebSocket that has worked and now fails during a
	// handshake give way to the next transport at once.
	NotSticky bool

	WebSocketProtocol string        // sub-protocol to offer; empty means none
	ConnectTimeout    time.Duration // to open a WebSocket; 0 means 30 s
	PingInterval      time.Duration // between pings of a WebSocket; 0 means 20 s, negative none

	noSpread bool // no random part in delays, for tests
}

// withDefaults returns a copy in which zero values are replaced.
func (o *Options) withDefaults() (*Options, error) {
	r := Options{}
	if o != nil {
		r = *o
	}
	if r.Logger == nil {
		r.Logger = slog.New(slog.DiscardHandler)
	}
	if len(r.Transports) == 0 {
		r.Transports = []Transport{LongPolling}
	}
	r.Transports = slices.Compact(slices.Clone(r.Transports))
	for _, t := range r.Transports {
		if t != LongPolling && t != WebSocket {
			return nil, fmt.Errorf("cometd: unknown transport %q", t)
		}
	}
	orInt := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	orDuration := func(v *time.Duration, d time.Duration) {
		if *v <= 0 {
			*v = d
		}
	}
	orInt(&r.Buffer, 256)
	orInt(&r.MaxMessageSize, 16<<20)
	orInt(&r.MaxSendSize, 1<<20)
	orDuration(&r.MinBackoff, 500*time.Millisecond)
	orDuration(&r.MaxBackoff, 30*time.Second)
	orDuration(&r.MaxNetworkDelay, 10*time.Second)
	orDuration(&r.ConnectTimeout, 30*time.Second)
	if r.PingInterval == 0 {
		r.PingInterval = 20 * time.Second
	}
	r.MaxBackoff = max(r.MaxBackoff, r.MinBackoff)
	return &r, nil
}

// endpoint parses the URL of the server. The errors do not repeat it, because
// it may hold a password.
func endpoint(rawURL string) (*url.URL, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		if e := (*url.Error)(nil); errors.As(err, &e) {
			err = e.Err
		}
		return nil, fmt.Errorf("cometd: invalid URL: %w", err)
	}
	switch u.Scheme {
	case "ws":
		u.Scheme = "http"
	case "wss":
		u.Scheme = "https"
	case "http", "https":
	default:
		return nil, fmt.Errorf("cometd: invalid URL: scheme %q is not http or https", u.Scheme)
	}
	if u.Host == "" {
		return nil, errors.New("cometd: invalid URL: no host")
	}
	u.Fragment = ""
	return u, nil
}

// httpClient returns the client to use, and its transport if that is private.
func (o *Options) httpClient() (*http.Client, *http.Transport) {
	if o.HTTPClient != nil {
		hc := *o.HTTPClient
		hc.Timeout = 0
		hc.CheckRedirect = checkRedirect
		hc.Jar = newCookieJar(hc.Jar)
		return &hc, nil
	}
	private := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		ForceAttemptHTTP2:     true,
		MaxIdleConnsPerHost:   2,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
	}
	return &http.Client{Transport: private, Jar: newCookieJar(nil), CheckRedirect: checkRedirect}, private
}

// checkRedirect follows what keeps method and body, within one origin. What it
// does not follow is a response like any other.
func checkRedirect(req *http.Request, via []*http.Request) error {
	from := via[len(via)-1].URL
	status := req.Response.StatusCode
	if status != http.StatusTemporaryRedirect && status != http.StatusPermanentRedirect ||
		req.URL.Scheme != from.Scheme || req.URL.Host != from.Host || len(via) > 5 {
		return http.ErrUseLastResponse
	}
	return nil
}
