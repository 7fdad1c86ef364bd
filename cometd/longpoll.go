package cometd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"time"
)

// longPoll carries each exchange in an HTTP request of its own.
type longPoll struct{ client *Client }

func (*longPoll) kind() Transport { return LongPolling }
func (*longPoll) isOpen() bool    { return true }

func (*longPoll) open(context.Context) error { return nil }

func (*longPoll) close() {}

func (t *longPoll) send(ctx context.Context, x *exchange) error { return t.roundTrip(ctx, x) }

func (t *longPoll) roundTrip(ctx context.Context, x *exchange) error {
	err := t.post(ctx, x)
	switch cause := context.Cause(ctx); {
	case err == nil:
		return nil
	case errors.Is(cause, errTimeout):
		return &Error{Code: 406, Message: "timeout", Err: errTimeout}
	case cause != nil:
		return cause
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err // without the URL, which may hold secrets
	}
	return err
}

// post sends x and receives what comes back.
func (t *longPoll) post(ctx context.Context, x *exchange) error {
	header, err := t.header(ctx)
	if err != nil {
		return err
	}
	resp, err := t.client.do(ctx, t.target(x), header, x.body)
	if err != nil {
		return err
	}
	return t.receive(x, resp)
}

func (t *longPoll) header(ctx context.Context) (http.Header, error) {
	header := http.Header{}
	if ask := t.client.opts.Header; ask != nil {
		more, err := ask(ctx)
		if err != nil {
			return nil, &hookError{err}
		}
		for k, v := range more {
			header[http.CanonicalHeaderKey(k)] = v
		}
	}
	header["Content-Type"] = contentType
	return header, nil
}

// receive takes in the response to x.
func (t *longPoll) receive(x *exchange, resp *http.Response) error {
	c := t.client
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		head, _ := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
		_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // so that the connection can be used again
		e := newStatusError(resp)
		if e.unauthorized() && json.Valid(head) {
			e.Raw = head
		}
		return e
	}
	buf, err := readAll(resp, c.opts.MaxMessageSize)
	defer putBuffer(buf)
	if err != nil {
		return err
	}
	body := bytes.TrimSpace(*buf)
	if len(body) == 0 {
		return &unreadableError{err: errEmpty}
	}
	if err := c.receive(x, body, LongPolling); err != nil {
		return err
	}
	if x.events.Load() > 0 {
		runtime.Gosched() // whoever was woken goes first: the next connect is work enough for another processor
	}
	return x.missing(c)
}

var contentType = []string{"application/json;charset=UTF-8"}

// missing returns an error if a request got no reply: none will come later.
func (x *exchange) missing(c *Client) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range x.requests {
		if !r.finished {
			if x.broken != nil {
				return &noReplyError{x.broken}
			}
			return errNoReply
		}
	}
	return nil
}

// noReplyError is a missing reply that may have been in the part of a
// response that could not be read.
type noReplyError struct{ err error }

func (e *noReplyError) Error() string        { return errNoReply.Error() + ": " + e.err.Error() }
func (e *noReplyError) Is(target error) bool { return target == errNoReply }
func (e *noReplyError) Unwrap() error        { return e.err }

// target is the URL for x.
func (t *longPoll) target(x *exchange) *url.URL {
	u := t.client.url
	if !t.client.opts.PathSuffix || len(x.requests) != 1 || u.RawQuery != "" {
		return u
	}
	switch x.requests[0].kind {
	case kindHandshake, kindConnect, kindDisconnect:
		return u.JoinPath(strings.TrimPrefix(x.requests[0].name(), "/meta/"))
	}
	return u
}

func newStatusError(resp *http.Response) *Error {
	e := &statusError{status: resp.StatusCode}
	if resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusServiceUnavailable {
		e.after = parseRetryAfter(resp.Header.Get("Retry-After"), time.Now())
	}
	if u, err := resp.Location(); err == nil && resp.StatusCode/100 == 3 {
		e.location = (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
	}
	return &Error{HTTPStatus: resp.StatusCode, Err: e}
}

// Buffers for responses are shared by all clients of the process, so that an
// idle one has none; large ones are left to the garbage collector.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 4<<10); return &b }}

const (
	keepBuffer = 256 << 10
	trustAhead = 1 << 20 // longest body for which there is room before it comes
)

func putBuffer(b *[]byte) {
	if cap(*b) <= keepBuffer {
		*b = (*b)[:0]
		buffers.Put(b)
	}
}

// readAll reads the body of resp, which must not be longer than limit.
func readAll(resp *http.Response, limit int) (*[]byte, error) {
	p := buffers.Get().(*[]byte)
	if resp.ContentLength > int64(limit) {
		return p, errTooLarge
	}
	if n := int(resp.ContentLength); n >= cap(*p) && n <= trustAhead {
		*p = make([]byte, 0, n+1) // one more, to see the end without growing
	}
	return p, fill(p, resp.Body, limit)
}

// fill appends all that r yields to *p.
func fill(p *[]byte, r io.Reader, limit int) error {
	b := *p
	for {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		*p = b
		switch {
		case len(b) > limit:
			return errTooLarge
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}
