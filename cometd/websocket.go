package cometd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/coder/websocket"
)

var (
	errNoSocket    = errors.New("no open WebSocket")
	errOpenTimeout = fmt.Errorf("opening the WebSocket: %w", errTimeout)
	errDead        = errors.New("no answer to a ping")
)

// webSocket carries messages over one socket at a time. Only the session
// goroutine opens one; anybody may find it closed.
type webSocket struct {
	client *Client
	socket *socket // the latest; guarded by client.mu
}

// socket is an open WebSocket. Guarded by client.mu, but for conn.
type socket struct {
	client  *Client
	conn    *websocket.Conn
	pending exchange    // all requests that have no reply yet
	err     error       // why it is closed
	expiry  *time.Timer // runs while requests are pending that have a time limit
	ping    *time.Timer
}

func (t *webSocket) kind() Transport { return WebSocket }

func (t *webSocket) isOpen() bool { return t.socket != nil && t.socket.err == nil }

// open opens a socket if there is none.
func (t *webSocket) open(ctx context.Context) error {
	c := t.client
	c.mu.Lock()
	open := t.isOpen()
	c.mu.Unlock()
	if open {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, c.opts.ConnectTimeout, errOpenTimeout)
	defer cancel()
	header := http.Header{}
	if c.opts.Header != nil {
		more, err := c.opts.Header(ctx)
		if err != nil {
			return &hookError{err}
		}
		for k, v := range more {
			header[http.CanonicalHeaderKey(k)] = v
		}
	}
	opts := &websocket.DialOptions{HTTPClient: c.http, HTTPHeader: header}
	if c.opts.WebSocketProtocol != "" {
		opts.Subprotocols = []string{c.opts.WebSocketProtocol}
	}
	conn, resp, err := websocket.Dial(ctx, c.url.String(), opts)
	switch {
	case err == nil:
	case resp != nil && resp.StatusCode == http.StatusSwitchingProtocols:
		return &upgradeError{err: errors.New("invalid upgrade response")}
	case resp != nil:
		return &upgradeError{err: newStatusError(resp), status: resp.StatusCode}
	case context.Cause(ctx) != nil:
		return context.Cause(ctx)
	default:
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err
		}
		return err
	}
	conn.SetReadLimit(int64(c.opts.MaxMessageSize))
	s := &socket{client: c, conn: conn}
	s.pending.lasting, s.pending.ordered = true, true
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil || c.ctx.Err() != nil {
		_ = conn.CloseNow()
		return context.Cause(c.ctx)
	}
	t.socket = s
	if every := c.opts.PingInterval; every > 0 {
		s.ping = time.AfterFunc(every, s.pingPeer)
	}
	c.workers.Go(s.read)
	return nil
}

// upgradeError is a server that does not open a WebSocket.
type upgradeError struct {
	err    error
	status int // 0 if the server agreed, but in a wrong way
}

func (e *upgradeError) Error() string { return "WebSocket refused: " + e.err.Error() }
func (e *upgradeError) Unwrap() error { return e.err }

// isFinal reports whether trying again is pointless.
func (e *upgradeError) isFinal() bool {
	switch e.status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return false
	}
	return e.status < 500
}

func (t *webSocket) roundTrip(ctx context.Context, x *exchange) error {
	c := t.client
	s, err := t.write(x, 0)
	if err != nil {
		return err
	}
	for _, r := range x.requests {
		select {
		case <-r.done:
			continue
		case <-ctx.Done():
		}
		cause := context.Cause(ctx)
		if errors.Is(cause, errTimeout) {
			cause = &Error{Code: 406, Message: "timeout", Err: errTimeout}
			s.fail(cause)
		}
		c.mu.Lock()
		s.abandon(x)
		c.mu.Unlock()
		return cause
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	x.events.Store(s.pending.events.Swap(0))
	for _, r := range x.requests {
		if r.reply == nil && r.err != nil && s.err != nil {
			return s.err
		}
	}
	return nil
}

func (t *webSocket) send(_ context.Context, x *exchange) error {
	_, err := t.write(x, t.client.opts.MaxNetworkDelay)
	return err
}

// write sends x. limit is how long its replies may take, 0 if the caller
// watches that.
func (t *webSocket) write(x *exchange, limit time.Duration) (*socket, error) {
	c := t.client
	c.mu.Lock()
	s := t.socket
	if !t.isOpen() {
		c.mu.Unlock()
		return nil, errNoSocket
	}
	for _, r := range x.requests {
		if r.done == nil {
			r.done = make(chan struct{})
		}
		if limit > 0 {
			r.due = time.Now().Add(limit)
		}
	}
	s.pending.requests = append(s.pending.requests, x.requests...)
	if limit > 0 && s.expiry == nil {
		s.expiry = time.AfterFunc(limit, s.expire)
	}
	c.mu.Unlock()
	// Giving up in the middle of a frame would cost the socket, so this has
	// a limit of its own.
	ctx, cancel := withLimit(c.ctx, c.opts.MaxNetworkDelay)
	defer cancel()
	if err := s.conn.Write(ctx, websocket.MessageText, x.body); err != nil {
		if context.Cause(ctx) != nil {
			err = context.Cause(ctx)
		}
		s.fail(err)
		c.mu.Lock()
		err = s.err // the reader may know better what happened
		c.mu.Unlock()
		return nil, err
	}
	return s, nil
}

// read takes in frames until the socket is closed.
func (s *socket) read() {
	for {
		kind, r, err := s.conn.Reader(context.Background())
		if err == nil && kind != websocket.MessageText {
			_, err = io.Copy(io.Discard, r)
			if err == nil {
				continue
			}
		}
		if err == nil {
			err = s.readText(r)
		}
		if err != nil {
			if errors.Is(err, websocket.ErrMessageTooBig) {
				err = errTooLarge
			}
			s.fail(err)
			return
		}
	}
}

func (s *socket) readText(r io.Reader) error {
	p := buffers.Get().(*[]byte)
	defer putBuffer(p)
	if err := fill(p, r, s.client.opts.MaxMessageSize); err != nil {
		return err
	}
	body := bytes.TrimSpace(*p)
	if len(body) == 0 {
		return nil
	}
	err := s.client.receive(&s.pending, body, WebSocket)
	if broken := s.pending.broken; broken != nil {
		s.pending.broken = nil
		if !errors.Is(broken, errNoChannel) && !errors.Is(broken, errNotMessage) {
			return broken
		}
	}
	if errors.Is(err, errNoChannel) || errors.Is(err, errNotMessage) {
		return nil
	}
	return err
}

// fail closes the socket, if it is open, and fails all that is pending.
func (s *socket) fail(cause error) {
	c := s.client
	c.mu.Lock()
	if s.err != nil {
		c.mu.Unlock()
		return
	}
	failure := &Error{Err: cause}
	if e, ok := cause.(*Error); ok {
		failure = e
	}
	if closed, ok := errors.AsType[websocket.CloseError](cause); ok {
		failure.CloseCode = int(closed.Code)
	}
	s.err = failure
	if s.expiry != nil {
		s.expiry.Stop()
	}
	if s.ping != nil {
		s.ping.Stop()
	}
	for _, r := range s.pending.requests {
		c.finishRequest(r, nil, r.failure(failure, WebSocket))
	}
	s.pending.requests = nil
	if c.ctx.Err() == nil && c.closing == nil && c.clientID != "" && c.phase.hasSession() {
		c.openGapLocked(failure, c.ack.active) // frames may have been under way, connect or not
	}
	c.mu.Unlock()
	_ = s.conn.CloseNow()
}

// abandon forgets requests; what answers them from now on is stale. client.mu
// must be held.
func (s *socket) abandon(x *exchange) {
	s.pending.requests = slices.DeleteFunc(s.pending.requests, func(r *request) bool {
		return slices.Contains(x.requests, r)
	})
}

// expire fails the socket if a request has waited for too long.
func (s *socket) expire() {
	c := s.client
	c.mu.Lock()
	s.expiry = nil
	var next time.Time
	for _, r := range s.pending.requests {
		if !r.due.IsZero() && (next.IsZero() || r.due.Before(next)) {
			next = r.due
		}
	}
	left := time.Until(next)
	if s.err == nil && !next.IsZero() && left > 0 {
		s.expiry = time.AfterFunc(left, s.expire)
	}
	c.mu.Unlock()
	if !next.IsZero() && left <= 0 {
		s.fail(&Error{Code: 406, Message: "timeout", Err: errTimeout})
	}
}

// pingPeer checks that the peer is alive, and keeps proxies from thinking that
// it is not.
func (s *socket) pingPeer() {
	c := s.client
	c.mu.Lock()
	if s.err != nil || c.err != nil {
		c.mu.Unlock()
		return
	}
	c.workers.Add(1)
	c.mu.Unlock()
	defer c.workers.Done()
	ctx, cancel := withLimit(context.Background(), c.opts.MaxNetworkDelay)
	defer cancel()
	if err := s.conn.Ping(ctx); err != nil {
		s.fail(fmt.Errorf("%w: %w", errDead, err))
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.err == nil {
		s.ping.Reset(c.opts.PingInterval)
	}
}

// close ends the socket in the orderly way if there is time for it.
func (t *webSocket) close() {
	c := t.client
	c.mu.Lock()
	s := t.socket
	t.socket = nil
	c.mu.Unlock()
	if s == nil {
		return
	}
	cause := context.Cause(c.ctx)
	if cause == nil {
		cause = net.ErrClosed
		_ = s.conn.Close(websocket.StatusNormalClosure, "")
	}
	s.fail(cause)
}
