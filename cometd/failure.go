package cometd

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// unreadableError is a response or frame that is no list of messages.
type unreadableError struct {
	err   error
	begin string // of what was received, if that is not even JSON
}

func (e *unreadableError) Error() string {
	if e.begin == "" {
		return "unreadable response: " + e.err.Error()
	}
	return fmt.Sprintf("response is not JSON: %q", e.begin)
}

func (e *unreadableError) Unwrap() error { return e.err }

// hookError is a failure of a function of the application. Nothing was sent.
type hookError struct{ err error }

func (e *hookError) Error() string { return e.err.Error() }
func (e *hookError) Unwrap() error { return e.err }

// statusError is a response with another status than 200.
type statusError struct {
	status   int
	location string        // where a redirect leads that is not followed
	after    time.Duration // Retry-After
}

func (e *statusError) Error() string {
	if e.location != "" {
		return "redirect to " + e.location + " not followed"
	}
	return "no response"
}

// retryAfter returns the pause that a response has asked for.
func retryAfter(err error) time.Duration {
	if e, ok := errors.AsType[*statusError](err); ok {
		return e.after
	}
	return 0
}

// parseRetryAfter reads a number of seconds or a date.
func parseRetryAfter(text string, now time.Time) time.Duration {
	text = strings.TrimSpace(text)
	if n, err := strconv.ParseUint(text, 10, 32); err == nil {
		return min(time.Duration(n)*time.Second, maxAdvice)
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(at.Sub(now), 0), maxAdvice)
	}
	return 0
}

// isPermanent reports whether a handshake that failed so is not worth
// repeating while somebody waits in Dial.
func isPermanent(err error) bool {
	if isHook(err) {
		return true
	}
	if e, ok := errors.AsType[*statusError](err); ok {
		switch e.status {
		case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
			return false
		}
		return e.status >= 300 && e.status < 500
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}

// mayHaveLost reports whether the server may have sent events that are lost
// with a request that failed with err.
func mayHaveLost(err error) bool {
	if err == nil || errors.Is(err, errInterrupted) || errors.Is(err, errNoReply) || errors.Is(err, context.Canceled) {
		return false
	}
	if isHook(err) {
		return false
	}
	if e, ok := errors.AsType[*statusError](err); ok {
		return e.status >= 500 && e.status != http.StatusServiceUnavailable || e.status < 300
	}
	return !isUnsent(err)
}

// isUnsent reports whether the request cannot have reached the server.
func isUnsent(err error) bool {
	if errors.Is(err, errNoSocket) || errors.Is(err, errOpenTimeout) {
		return true
	}
	if _, ok := errors.AsType[*upgradeError](err); ok {
		return true
	}
	if e, ok := errors.AsType[*net.OpError](err); ok && (e.Op == "dial" || e.Op == "proxyconnect") {
		return true
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return true
	}
	_, ok := errors.AsType[*tls.CertificateVerificationError](err)
	return ok
}

// isUnreadable reports whether there was a response that made no sense.
func isUnreadable(err error) bool {
	_, ok := errors.AsType[*unreadableError](err)
	return ok || errors.Is(err, errTooLarge) || errors.Is(err, errNoReply)
}

func isHook(err error) bool {
	_, ok := errors.AsType[*hookError](err)
	return ok
}

// withLimit is context.WithTimeoutCause with the cause that we look for.
func withLimit(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, d, errTimeout)
}

// concealed replaces a secret in a text that is to be shown.
func concealed(text, secret string) string {
	if len(secret) < 4 || !strings.Contains(text, secret) {
		return text
	}
	return strings.ReplaceAll(text, secret, "…")
}

// excerpt returns the beginning of a body that is something else than JSON,
// such as the HTML of a proxy. Of broken JSON it shows nothing, because that may
// be confidential.
func excerpt(body []byte) string {
	const most = 120
	if body = bytes.TrimSpace(body); len(body) == 0 || bytes.IndexByte([]byte(`[{"/`), body[0]) >= 0 {
		return ""
	}
	if len(body) > most {
		return strings.ToValidUTF8(string(body[:most]), "") + "…"
	}
	return strings.ToValidUTF8(string(body), "")
}
