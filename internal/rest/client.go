// Package rest sends GWS requests and understands their answers: the envelope
// with its statusCode, refusals, and everything that is not an answer of GWS.
// It is the only importer of resty.
package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/go-resty/resty/v2"

	"github.com/gwsvoice/gws-go/internal/cookies"
	"github.com/gwsvoice/gws-go/internal/gwshttp"
)

// maxBody is the largest answer that is read. The largest known one, /me with
// everything embedded, is some tens of kilobytes.
const maxBody = 16 << 20

// Options configure a Client.
type Options struct {
	HTTPClient *http.Client // its Transport is a *gwshttp.Transport; not modified
	BaseURL    string       // with /api/v2, without a slash at the end
	Logger     *slog.Logger
	// Login is called when the server no longer knows the session, at most once
	// for one request. seen is the number of logins at the time the request was
	// sent, so that one lost session leads to one login.
	Login func(ctx context.Context, seen uint64) error
	// Logins returns the number of logins so far.
	Logins func() uint64
	// Sessions returns a number that changes when the session may be another one,
	// for whatever request, and whether the CSRF token belongs to the last.
	Sessions func() (n uint64, tokenFits bool)
}

// Client sends REST requests. It may be used by several goroutines.
type Client struct {
	opts      Options
	base      *url.URL // of BaseURL; nil if that is none, or one to be parsed with what follows
	transport cookies.Transport
}

// New returns a Client.
func New(opts Options) *Client {
	c := &Client{opts: opts, transport: cookies.Transport{Base: opts.HTTPClient.Transport, Jar: opts.HTTPClient.Jar}}
	if base, err := url.Parse(opts.BaseURL); err == nil && base.RawPath == "" && base.RawQuery == "" && base.Fragment == "" {
		c.base = base
	}
	return c
}

// shared is resty for all clients, of which a process may have thousands: what
// it keeps for itself is the same for each. The client that a request is sent
// for is in the request's context, see errand.
var shared = func() *resty.Client {
	r := resty.NewWithClient(&http.Client{Transport: dispatcher{}, CheckRedirect: refuseRedirect})
	r.SetLogger(quiet{})
	r.SetDoNotParseResponse(true)
	return r
}()

// requests are used one after the other, since each has half a dozen maps. What
// resty hands to net/http is made anew for each use.
var requests = sync.Pool{New: func() any { return shared.R() }}

// recycle takes out of req what its last use has put in, but for headers that the
// next use puts in as well.
func recycle(req *resty.Request) {
	req.SetContext(context.Background())
	req.Method, req.URL, req.Body, req.RawRequest = "", "", nil, nil
	requests.Put(req)
}

// errand is the context of a request.
type errand struct {
	context.Context
	client *Client
	url    *url.URL
	sent   gwshttp.Sent
}

type errandKey struct{}

func (e *errand) Value(key any) any {
	if key == (errandKey{}) {
		return e
	}
	return e.Context.Value(key)
}

// dispatcher sends a request by the transport of the Client that made it, to
// where that wants it to go.
type dispatcher struct{}

// anywhere is the URL that resty is given. It would parse, print and parse again
// the one that is meant, for every request.
const anywhere = "http://gws"

func (dispatcher) RoundTrip(r *http.Request) (*http.Response, error) {
	e := r.Context().Value(errandKey{}).(*errand)
	r.URL, r.Host = e.url, e.url.Host
	return e.client.transport.RoundTrip(r)
}

// refuseRedirect keeps credentials and operations from going anywhere but to
// the URL that was asked: a redirect is an answer like any other refusal.
func refuseRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Get reads a resource and returns the body, an envelope with statusCode 0.
// path is relative to the base URL, escaped, and may carry a query.
func (c *Client) Get(ctx context.Context, path string) ([]byte, error) {
	return c.do(ctx, http.MethodGet, path, nil, true)
}

// GetOnce is Get without a login if the session turns out to be unknown: it is
// for the login itself.
func (c *Client) GetOnce(ctx context.Context, path string) ([]byte, error) {
	return c.do(ctx, http.MethodGet, path, nil, false)
}

// Post submits an operation. A nil error means that it was accepted. It is
// sent once, except after a refusal that proves that nothing happened.
func (c *Client) Post(ctx context.Context, path string, body []byte) ([]byte, error) {
	return c.do(ctx, http.MethodPost, path, body, true)
}

// maxLogins is how often one request leads to a login, if the session is lost
// over and over.
const maxLogins = 3

func (c *Client) do(ctx context.Context, method, path string, body []byte, login bool) ([]byte, error) {
	for sessions, logins := uint64(0), 0; ; logins++ {
		seen := c.opts.Logins()
		answer, err := c.send(ctx, method, path, body)
		refusal, refused := errors.AsType[*Refusal](err)
		now, fits := c.opts.Sessions()
		switch {
		case !login || !refused || !refusal.sessionLost():
			return answer, err
		case logins > 0 && sessions == now && fits || logins == maxLogins:
			// Refused after a login, and not because another request that found the
			// session lost was given one of its own meanwhile.
			return nil, err
		}
		c.opts.Logger.Info("session lost", "path", pathOnly(path), "status", refusal.HTTPStatus)
		if loginErr := c.opts.Login(ctx, seen); loginErr != nil {
			refusal.LoginErr = loginErr
			return nil, err
		}
		sessions, _ = c.opts.Sessions()
	}
}

func (c *Client) send(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, &TransportError{Err: err}
	}
	target, err := c.url(path)
	if err != nil {
		return nil, &TransportError{Err: withoutURL(err)}
	}
	e := &errand{Context: ctx, client: c, url: target}
	req := requests.Get().(*resty.Request)
	req.SetContext(e.sent.Watch(e))
	req.Header["Accept"], req.Header["User-Agent"] = accept, userAgent
	if body == nil {
		delete(req.Header, "Content-Type")
	} else {
		// A reader, not the bytes: resty would copy them into a pooled buffer and
		// take it back while a cancelled request may still be reading from it.
		req.Header["Content-Type"] = contentType
		req.SetBody(bytes.NewReader(body))
	}
	resp, err := req.Execute(method, anywhere)
	recycle(req)
	if err != nil {
		if ctxErr := ctx.Err(); ctxErr != nil {
			err = ctxErr // what the caller did, not how the transport puts it
		}
		return nil, &TransportError{Sent: e.sent.Load() || body == nil && !neverLeft(err), Err: withoutURL(err)}
	}
	defer resp.RawBody().Close()
	switch answer, err := readAll(resp.RawResponse); {
	case errors.Is(err, errTooLarge):
		return nil, &ProtocolError{HTTPStatus: resp.StatusCode(), Reason: "answer is larger than 16 MiB"}
	case err != nil:
		if ctxErr := ctx.Err(); ctxErr != nil {
			err = ctxErr
		}
		return nil, &TransportError{Sent: true, Err: err}
	default:
		return judge(resp.RawResponse, answer)
	}
}

// url returns the URL for path, which is escaped.
func (c *Client) url(path string) (*url.URL, error) {
	if c.base == nil || !isPlainPath(path) {
		return url.Parse(c.opts.BaseURL + path)
	}
	u := *c.base
	u.Path += path
	return &u, nil
}

// isPlainPath tells whether path is the same escaped or not.
func isPlainPath(path string) bool {
	for i := range len(path) {
		switch c := path[i]; {
		case 'a' <= c|0x20 && c|0x20 <= 'z', '-' <= c && c <= '9', c == '_': // - . / and digits
		default:
			return false
		}
	}
	return true
}

var errTooLarge = errors.New("body is too large")

// readAll reads the body of an answer.
func readAll(resp *http.Response) ([]byte, error) {
	size := resp.ContentLength
	if size < 0 {
		size = 511
	}
	size = min(size, 64<<10) + 1 // one more, to see the end without growing
	body := make([]byte, 0, size)
	for {
		if len(body) == cap(body) {
			body = append(body, 0)[:len(body)]
		}
		n, err := resp.Body.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case len(body) > maxBody:
			return nil, errTooLarge
		case err == io.EOF:
			return body, nil
		case err != nil:
			return nil, err
		}
	}
}

// Header values, which nobody changes.
var (
	accept      = []string{"application/json"}
	contentType = []string{"application/json; charset=UTF-8"}
	userAgent   = []string{"gws-go"}
)

// neverLeft tells whether a request without a body failed before there was a
// connection to send it on.
func neverLeft(err error) bool {
	if _, refused := errors.AsType[*gwshttp.AuthError](err); refused {
		return true
	}
	e, ok := errors.AsType[*net.OpError](err)
	return ok && e.Op == "dial"
}

// withoutURL drops the method and URL that net/http puts before an error: the
// caller's error says better what was being done.
func withoutURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

func pathOnly(path string) string {
	path, _, _ = strings.Cut(path, "?")
	return path
}

// Marshal encodes an operation: operationName first, then the members of
// params, which must encode as a JSON object or be nil.
func Marshal(operationName string, params any) ([]byte, error) {
	room := len(`{"operationName":""}`) + len(operationName)
	if params != nil {
		room = 128
	}
	body := append(make([]byte, 0, room), `{"operationName":`...)
	if plain(operationName) {
		body = append(body, '"')
		body = append(body, operationName...)
		body = append(body, '"')
	} else {
		name, err := json.Marshal(operationName)
		if err != nil {
			return nil, err
		}
		body = append(body, name...)
	}
	if params == nil {
		return append(body, '}'), nil
	}
	p, err := json.Marshal(params)
	if err != nil {
		return nil, err
	}
	switch {
	case string(p) == "null" || string(p) == "{}":
		return append(body, '}'), nil
	case p[0] != '{':
		return nil, errors.New("parameters are not a JSON object")
	}
	return append(append(body, ','), p[1:]...), nil
}

// plain tells whether name is JSON when quotes are put around it.
func plain(name string) bool {
	for i := range len(name) {
		if c := name[i] | 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}

// quiet is the log of resty, which has nothing to say that its errors do not.
type quiet struct{}

func (quiet) Errorf(string, ...any) {}
func (quiet) Warnf(string, ...any)  {}
func (quiet) Debugf(string, ...any) {}
