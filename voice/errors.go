package voice

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

var (
	// ErrClosed is the end of everything that was under way when the client was
	// closed, and the answer to what is asked of it afterwards.
	ErrClosed = errors.New("client closed")

	// ErrNotConnected says that the server could not be reached, so that nothing
	// was sent.
	ErrNotConnected = errors.New("not connected")

	// ErrCallReleased says that the call ended before what was asked for happened.
	ErrCallReleased = errors.New("call released")

	// ErrVoiceUnavailable says that the contact centre's voice service is down:
	// new operations are not sent, and the outcome of those under way is unknown.
	ErrVoiceUnavailable = errors.New("voice service unavailable")
)

// APIError is a refusal by the server: the contact centre is unchanged. An
// operation that was answered by something in between, a gateway that gave up
// waiting for example, has its APIError inside an [*UnconfirmedError].
type APIError struct {
	Operation  OperationName // "" for reads and the login
	CallID     string        // the call that the operation was for; may be ""
	HTTPStatus int
	Code       StatusCode // 0 if the answer was not GWS's own, as that of a proxy
	Message    string     // the server's free text, may be ""; do not match on it
	Err        error      // why logging in again did not help; nil if that was not tried
}

func (e *APIError) Error() string {
	meaning, codes := "refused", fmt.Sprintf("HTTP %d", e.HTTPStatus)
	if e.Code != CodeSuccess {
		meaning, codes = e.Code.String(), fmt.Sprintf("status %d, ", e.Code)+codes
	}
	text := fmt.Sprintf("%s: %s (%s)", subject(e.Operation, e.CallID), cmp.Or(e.Message, meaning), codes)
	if e.Err != nil {
		text += "; logging in again: " + e.Err.Error()
	}
	return text
}

// Unwrap returns Err.
func (e *APIError) Unwrap() error { return e.Err }

// FailedError is an operation that was accepted, or not answered, and then
// failed.
type FailedError struct {
	Operation OperationName
	CallID    string // the call that the operation was for; may be ""
	Call      *Call  // last snapshot, may be nil
	Code      int    // T-Server error number; 0 if none was given
	Message   string // the server's free text, may be ""
	Err       error  // ErrCallReleased or nil
}

func (e *FailedError) Error() string {
	var why []string
	if e.Err != nil {
		why = append(why, e.Err.Error())
	}
	if e.Message != "" {
		why = append(why, e.Message)
	}
	text := strings.Join(why, ": ")
	if text == "" {
		text = "failed after it was accepted"
	}
	if e.Code != 0 {
		text += fmt.Sprintf(" (T-Server error %d)", e.Code)
	}
	return subject(e.Operation, e.CallID) + ": " + text
}

// Unwrap returns Err.
func (e *FailedError) Unwrap() error { return e.Err }

// UnconfirmedError is an operation that was sent and whose outcome is unknown.
// Look at the call before you repeat it: the operation may have been, or may
// yet be, carried out.
type UnconfirmedError struct {
	Operation OperationName
	CallID    string // the call that the operation was for; may be ""
	Accepted  bool   // the server did answer statusCode 0
	Call      *Call  // last snapshot, may be nil
	Err       error  // why it is unknown: context error, ErrOutcomeTimeout, transport error, ErrClosed, ErrVoiceUnavailable
}

// ErrOutcomeTimeout is the Err of an [UnconfirmedError] when no message
// settled the operation within [Config.OperationTimeout] and a read of the
// current calls or devices did not prove its outcome either, or not in time.
var ErrOutcomeTimeout = errors.New("no message settled it in time")

func (e *UnconfirmedError) Error() string {
	state := "sent"
	if e.Accepted {
		state = "accepted"
	}
	text := fmt.Sprintf("%s: %s, outcome unknown", subject(e.Operation, e.CallID), state)
	if e.Call != nil {
		text += ", last seen " + string(e.Call.State)
	}
	if e.Err != nil {
		why := strings.TrimPrefix(e.Err.Error(), subject(e.Operation, e.CallID)+": ")
		text += ": " + strings.TrimPrefix(why, "voice: ")
	}
	return text
}

// Unwrap returns Err.
func (e *UnconfirmedError) Unwrap() error { return e.Err }

// NotSentError is a request that was not sent at all: its context had ended,
// the server could not be reached ([ErrNotConnected]), the voice service is
// known to be down ([ErrVoiceUnavailable]), or the client is closed
// ([ErrClosed]).
type NotSentError struct {
	Operation OperationName // "" for reads and the login
	CallID    string        // the call that the operation was for; may be ""
	Err       error
}

func (e *NotSentError) Error() string {
	return subject(e.Operation, e.CallID) + ": not sent: " + e.Err.Error()
}

// Unwrap returns Err.
func (e *NotSentError) Unwrap() error { return e.Err }

// ArgumentError is an operation that was not sent because an argument of it
// cannot be right.
type ArgumentError struct {
	Operation OperationName
	Argument  string // the parameter's name: "callID", "to.PhoneNumber"
	Reason    string
}

func (e *ArgumentError) Error() string {
	return fmt.Sprintf("%s: %s %s", subject(e.Operation, ""), e.Argument, e.Reason)
}

// ProtocolError is an answer with a successful HTTP status that is not one of
// GWS: HTML from a proxy, an empty or truncated body, no statusCode, or not what
// was asked for. For an operation it comes inside an [UnconfirmedError].
type ProtocolError struct {
	HTTPStatus int
	Reason     string
}

func (e *ProtocolError) Error() string {
	return fmt.Sprintf("voice: not an answer of GWS: %s (HTTP %d)", e.Reason, e.HTTPStatus)
}

// SafeToRetry reports whether an operation that returned err can be repeated
// without the danger of doing it twice. It is true only when nothing can have
// reached the switch: the request was not sent, or it was refused by GWS, or by
// something on the way with a status of 300 to 499 other than 408.
func SafeToRetry(err error) bool {
	if _, unknown := errors.AsType[*UnconfirmedError](err); unknown {
		return false
	}
	if _, unsent := errors.AsType[*NotSentError](err); unsent {
		return true
	}
	if _, unsent := errors.AsType[*ArgumentError](err); unsent {
		return true
	}
	if e, refused := errors.AsType[*APIError](err); refused {
		switch {
		case e.Code == CodeProcessingIncomplete || e.Code == CodePartialSuccess:
			return false
		case e.Code != CodeSuccess:
			return true // an error response of GWS guarantees that nothing changed
		}
		// The answer of something in between: a gateway that gave up waiting has
		// sent the request on.
		return e.HTTPStatus >= 300 && e.HTTPStatus < 500 && e.HTTPStatus != http.StatusRequestTimeout
	}
	return false
}

// subject begins every message: "voice: Hold 013V08JRL498H1OI04000VTAES00000I".
func subject(op OperationName, callID string) string {
	text := "voice"
	if op != "" {
		text += ": " + string(op)
	}
	if callID != "" {
		text += " " + callID
	}
	return text
}
