package cometd

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

var (
	// ErrClosed is the end of a client after [Client.Close], and of a
	// subscription after [Subscription.Close].
	ErrClosed = errors.New("cometd: closed")

	// ErrDisconnected is found in the error of a client whose session the
	// server has ended for good, by advice "none" or by a disconnect of its own.
	ErrDisconnected = errors.New("cometd: disconnected by the server")

	// ErrStop, wrapped in an error of [Options.RefreshCredentials], ends the
	// client: trying again would be useless or harmful.
	ErrStop = errors.New("cometd: stop")
)

var (
	errTimeout  = &timeoutError{}
	errNoReply  = errors.New("no reply in the response")
	errEmpty    = errors.New("empty response")
	errTooLarge = errors.New("response larger than the limit")
	errOverflow = errors.New("too many messages wait for the session")
	errBehind   = errors.New("the request in front of it failed")
	errRefused  = errors.New("refused")
)

// Error is a reply that says that a request failed, or the reason why there is
// no reply. Find it with errors.AsType[*cometd.Error](err).
type Error struct {
	Channel      string // of the request, such as "/meta/subscribe" or the channel published to
	Subscription string // the channel of a failed subscribe, else empty

	// What the server said, as "402::unknown client". A code of 406 with the
	// message "timeout" is the client's own: there was no answer in time.
	Code    int    // 402; 0 if there was none
	Args    string // between the colons, often empty
	Message string // the rest; free text, do not match on it

	Transport  Transport       // that the request used, empty if it was not sent
	HTTPStatus int             // of a response without Bayeux messages; 0 if there was none
	CloseCode  int             // of the WebSocket that was lost; 0 if unknown
	Ext        json.RawMessage // ext of the reply, nil if none
	Raw        json.RawMessage // the reply as received, or the body of HTTP status 401 or 403 if it is JSON, else nil; it may hold secrets
	Err        error           // the cause, nil for a reply
}

// Error returns the text "cometd: /meta/subscribe /foo: 403::denied".
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("cometd: ")
	if e.Channel != "" {
		b.WriteString(e.Channel)
		if e.Subscription != "" {
			b.WriteByte(' ')
			b.WriteString(e.Subscription)
		}
		b.WriteString(": ")
	}
	var parts []string
	switch {
	case e.Code != 0:
		parts = append(parts, fmt.Sprintf("%03d:%s:%s", e.Code, e.Args, e.Message))
	case e.Message != "":
		parts = append(parts, e.Message)
	}
	if e.HTTPStatus != 0 {
		parts = append(parts, strings.TrimSpace("HTTP "+strconv.Itoa(e.HTTPStatus)+" "+http.StatusText(e.HTTPStatus)))
	}
	if status, ok := e.Err.(*statusError); e.Err != nil && (!ok || status.location != "") {
		parts = append(parts, strings.TrimPrefix(e.Err.Error(), "cometd: "))
	}
	if len(parts) == 0 {
		parts = append(parts, errRefused.Error())
	}
	b.WriteString(strings.Join(parts, ": "))
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// parse splits the text of an error field. What does not fit stays text.
func (e *Error) parse(text string) {
	e.Message = text
	code, rest, ok := strings.Cut(text, ":")
	if !ok || len(code) != 3 {
		return
	}
	n, err := strconv.ParseUint(code, 10, 16)
	if err != nil {
		return
	}
	args, message, ok := strings.Cut(rest, ":")
	if !ok {
		return
	}
	e.Code, e.Args, e.Message = int(n), args, message
}

// unknownSession reports whether the text of a failed reply says that the
// server does not know the session. Servers that mean it do not always advise
// a handshake.
func (e *Error) unknownSession() bool {
	text := strings.ToLower(strings.ReplaceAll(e.Message, "_", " "))
	switch e.Code {
	case 402:
		return text == "session unknown" || text == "unknown session" || text == "unknown client"
	case 401, 403:
		return text == "unknown client"
	}
	return false
}

// unauthorized reports whether other credentials might help.
func (e *Error) unauthorized() bool {
	return e.HTTPStatus == http.StatusUnauthorized || e.HTTPStatus == http.StatusForbidden ||
		e.HTTPStatus == 0 && (e.Code == 401 || e.Code == 403)
}

type timeoutError struct{}

func (*timeoutError) Error() string   { return "no answer in time" }
func (*timeoutError) Timeout() bool   { return true }
func (*timeoutError) Temporary() bool { return true }
