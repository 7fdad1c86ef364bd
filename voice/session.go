package voice

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/gwsvoice/gws-go/cometd"
	"github.com/gwsvoice/gws-go/internal/rest"
)

// session is the login: one HTTP session, known to the server by its cookies
// and renewed when the server has forgotten it.
type session struct {
	turn     chan struct{} // holds a token while somebody logs in
	rejected error         // why the login is not tried any more; of whoever holds the token

	mu      sync.Mutex
	count   uint64 // logins so far
	user    *User
	version string
	refused time.Time // when the notification session was refused last
	vain    int       // such refusals in a row
}

func (s *session) logins() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count
}

// login opens the HTTP session: the server answers with its cookies, and with
// the CSRF token where that is demanded.
func (c *Client) login(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	// ctx may be that of a request whose time is up.
	body, err := c.rest.GetOnce(requestContext{limited}, "/me?subresources=features,devices,channels")
	if err != nil {
		return c.readError(ctx, err)
	}
	user, err := decodeUser(body)
	if err != nil {
		return err
	}
	c.registry.shareDevices(user)
	c.session.mu.Lock()
	defer c.session.mu.Unlock()
	c.session.count++
	c.session.user = user
	return nil
}

// loginAgain renews a session that the server no longer knows. Several requests
// may find out at the same time; one login serves all that were sent before it.
func (c *Client) loginAgain(ctx context.Context, seen uint64) error {
	select {
	case c.session.turn <- struct{}{}:
		defer func() { <-c.session.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if _, fits := c.transport.Sessions(); fits && c.session.logins() != seen {
		return nil
	}
	if err := c.session.rejected; err != nil {
		return err
	}
	c.transport.Forget()
	err := c.login(ctx)
	if e, ok := errors.AsType[*APIError](err); ok && e.refusesLogin() {
		c.session.rejected = err
	}
	return err
}

// loginForRequest is loginAgain for a request that was refused. If the login is
// refused too, the client ends: no other request would fare better.
func (c *Client) loginForRequest(ctx context.Context, seen uint64) error {
	err := c.loginAgain(ctx, seen)
	if e, ok := errors.AsType[*APIError](err); ok && e.refusesLogin() && c.enter() {
		go func() {
			defer c.leave()
			c.fail(err)
		}()
	}
	return err
}

// refreshCredentials is asked by the notification session when the server
// refused it. A refused login ends the client: a wrong password is not tried
// again. So does a refusal that no login mends.
func (c *Client) refreshCredentials(ctx context.Context, cause error) error {
	c.log.Info("session lost", "err", cause)
	refusal := c.refusalOf(cause)
	vain := c.session.inVain(time.Now(), c.events != nil && c.events.State() == cometd.Connected)
	switch {
	case refusal != nil && (vain || refusal.forbids()):
		if vain {
			refusal.Err = errInVain
		}
		return fmt.Errorf("%w: %w", cometd.ErrStop, refusal)
	case vain:
		return fmt.Errorf("%w: logging in again %w", cometd.ErrStop, errInVain)
	}
	err := c.loginAgain(ctx, c.session.logins())
	if e, ok := errors.AsType[*APIError](err); ok && e.refusesLogin() {
		return fmt.Errorf("%w: %w", cometd.ErrStop, err)
	}
	return err
}

// A notification session that is refused again so soon after a login has not
// been mended by it, and more than so many such logins in a row will not mend
// it.
const (
	soonRefused  = time.Minute
	loginsInVain = 8
)

var errInVain = errors.New("did not help")

// inVain notes that the notification session was refused, which may have worked
// until then, and tells whether logging in has been tried often enough.
func (s *session) inVain(now time.Time, worked bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if worked || now.Sub(s.refused) > soonRefused {
		s.vain = 0
	}
	s.refused = now
	s.vain++
	return s.vain > loginsInVain
}

// refusalOf returns what GWS said when it refused the notification session, or
// nil if the refusal is not of its making.
func (c *Client) refusalOf(cause error) *APIError {
	e, ok := errors.AsType[*cometd.Error](cause)
	if !ok || e.HTTPStatus == 0 || len(e.Raw) == 0 {
		return nil
	}
	refusal, ok := errors.AsType[*rest.Refusal](rest.Judge(e.HTTPStatus, e.Raw))
	if !ok || refusal.Body == nil {
		return nil
	}
	return &APIError{HTTPStatus: refusal.HTTPStatus, Code: StatusCode(refusal.Code), Message: refusal.Message}
}

// forbids tells whether the refusal has nothing to do with the login.
func (e *APIError) forbids() bool { return e.Code == CodeForbidden || e.Code == CodeNoPermission }

// refusesLogin tells whether the answer to a login says that these credentials
// will not do, rather than that the server has troubles of its own.
func (e *APIError) refusesLogin() bool {
	switch e.Code {
	case CodeNotAuthenticated, CodeNoPermission, CodeForbidden, CodePasswordChangeRequired:
		return true
	}
	return e.HTTPStatus == http.StatusUnauthorized || e.HTTPStatus == http.StatusForbidden
}

// probeTimeout limits the wait for something that is nice to know.
const probeTimeout = 3 * time.Second

// probeVersion asks for the server's version, which some deployments do not
// tell. It serves logs and bug reports only, so it must not hold up the login.
func (c *Client) probeVersion(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	body, err := c.rest.GetOnce(ctx, "/diagnostics/version")
	if err != nil {
		c.log.Debug("server does not tell its version", "err", err)
		return
	}
	version, err := decodeVersion(body)
	if err != nil {
		c.log.Debug("version not understood", "err", err)
		return
	}
	c.session.mu.Lock()
	defer c.session.mu.Unlock()
	c.session.version = version
}

// User returns the agent as the server described him at the last login; its
// Devices and Calls are not kept up to date. Read-only.
func (c *Client) User() *User {
	c.session.mu.Lock()
	defer c.session.mu.Unlock()
	return c.session.user
}

// ServerVersion returns the version of GWS, as "8.5.202.96", or "" if the
// server did not tell.
func (c *Client) ServerVersion() string {
	c.session.mu.Lock()
	defer c.session.mu.Unlock()
	return c.session.version
}

// get reads a resource for the caller of a method or for the client itself.
func (c *Client) get(ctx context.Context, path string) ([]byte, error) {
	if err := c.Err(); err != nil {
		return nil, &NotSentError{Err: err}
	}
	alive, release := c.limit(ctx)
	defer release()
	limited, cancel := context.WithTimeout(alive, answerTimeout)
	defer cancel()
	body, err := c.rest.Get(limited, path)
	if err == nil {
		return body, nil
	}
	if closed := c.Err(); closed != nil && ctx.Err() == nil {
		return nil, &NotSentError{Err: closed}
	}
	return nil, c.readError(ctx, err)
}

// readError puts a failed read into this package's terms.
func (c *Client) readError(ctx context.Context, err error) error {
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return fmt.Errorf("voice: %w", errNoAnswer)
	}
	if e, ok := errors.AsType[*rest.Refusal](err); ok {
		return c.refused(Operation{}, e)
	}
	if e, ok := errors.AsType[*rest.ProtocolError](err); ok {
		return &ProtocolError{e.HTTPStatus, e.Reason}
	}
	if e, ok := errors.AsType[*rest.TransportError](err); ok && !e.Sent {
		return notSent(ctx, "", "", e)
	}
	return fmt.Errorf("voice: no answer: %w", err)
}

// refused puts a refusal into this package's terms.
func (c *Client) refused(op Operation, e *rest.Refusal) error {
	if e.HTTPStatus == 503 && StatusCode(e.Code) == CodeInternalError {
		c.voiceRefused()
	}
	if StatusCode(e.Code) == CodePartialSuccess {
		return &PartialError{Operation: op.Name, HTTPStatus: e.HTTPStatus, Message: e.Message, Results: decodePartial(e.Body)}
	}
	return &APIError{
		Operation:  op.Name,
		CallID:     op.CallID,
		HTTPStatus: e.HTTPStatus,
		Code:       StatusCode(e.Code),
		Message:    e.Message,
		Err:        e.LoginErr,
	}
}
