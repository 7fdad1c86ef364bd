package rest

import (
	"bytes"
	"fmt"
	"math"
	"net/http"
	"strconv"

	"github.com/gwsvoice/gws-go/internal/jsonscan"
)

// notAuthenticated is the statusCode of a request without a live session.
const notAuthenticated = 20

// Partial is the statusCode of a bulk operation of which a part succeeded.
const Partial = 7

// Refusal is an answer that says no: a statusCode other than 0, or an HTTP
// status other than 2xx.
type Refusal struct {
	HTTPStatus int
	Code       int    // statusCode; 0 if the answer is not an envelope
	Message    string // statusMessage, may be ""; or what the answer was instead
	Body       []byte // the envelope; nil if there is none
	CSRF       bool   // refused for the CSRF token; nothing was executed
	LoginErr   error  // why the login that followed failed; nil if none followed
}

func (e *Refusal) Error() string {
	text := fmt.Sprintf("%s (status %d, HTTP %d)", e.Message, e.Code, e.HTTPStatus)
	if e.LoginErr != nil {
		text += "; login: " + e.LoginErr.Error()
	}
	return text
}

func (e *Refusal) Unwrap() error { return e.LoginErr }

// InBetween tells whether the answer is not GWS's own but that of a gateway or
// proxy, and of a kind that leaves open whether the request was sent on.
func (e *Refusal) InBetween() bool {
	return e.Body == nil && (e.HTTPStatus >= 500 || e.HTTPStatus == http.StatusRequestTimeout)
}

// sessionLost tells whether the answer says that the server does not know the
// session any more, or not its CSRF token. Each proves that the request was not
// executed, and a login mends both.
func (e *Refusal) sessionLost() bool {
	return e.CSRF || e.Code == notAuthenticated || e.HTTPStatus == http.StatusUnauthorized
}

// ProtocolError is a successful HTTP status with a body that is not an answer
// of GWS. What became of the request is unknown.
type ProtocolError struct {
	HTTPStatus int
	Reason     string
}

func (e *ProtocolError) Error() string {
	return fmt.Sprintf("not an answer of GWS: %s (HTTP %d)", e.Reason, e.HTTPStatus)
}

// TransportError is a request without an answer.
type TransportError struct {
	Sent bool // the request may have reached the server
	Err  error
}

func (e *TransportError) Error() string { return e.Err.Error() }
func (e *TransportError) Unwrap() error { return e.Err }

// Judge returns why an answer with this status and body is none that says yes;
// nil if it is.
func Judge(status int, body []byte) error {
	_, err := judge(&http.Response{StatusCode: status, Header: http.Header{}}, body)
	return err
}

func judge(resp *http.Response, body []byte) ([]byte, error) {
	ok := resp.StatusCode >= 200 && resp.StatusCode <= 299
	code, message, problem := envelope(body)
	switch {
	case problem == "" && code == 0 && ok:
		return body, nil
	case problem == "":
		return nil, &Refusal{HTTPStatus: resp.StatusCode, Code: code, Message: message, Body: body}
	case ok:
		return nil, &ProtocolError{HTTPStatus: resp.StatusCode, Reason: problem}
	}
	e := &Refusal{HTTPStatus: resp.StatusCode, Message: problem}
	switch {
	case resp.StatusCode >= 300 && resp.StatusCode <= 399:
		e.Message = "redirected"
		if target, err := resp.Location(); err == nil {
			target.User, target.RawQuery, target.Fragment = nil, "", ""
			e.Message = "redirected to " + target.String()
		}
	case resp.StatusCode == http.StatusForbidden && bytes.Contains(bytes.ToLower(head(body)), []byte("csrf")):
		e.CSRF = true
		e.Message = "missing or invalid CSRF token"
	}
	return nil, e
}

// envelope reads statusCode, which some servers send as a string, and
// statusMessage. problem says why body is not an envelope; "" means it is one.
func envelope(body []byte) (code int, message, problem string) {
	trimmed := bytes.TrimSpace(body)
	if len(trimmed) == 0 {
		return 0, "", "empty body"
	}
	var number []byte
	known := false
	s := jsonscan.New(trimmed)
	if s.Kind() != jsonscan.Object {
		s.Skip()
		return 0, "", describe(trimmed, s.End())
	}
	s.Object()
	for s.NextKey() {
		switch string(s.Key()) {
		case "statusCode":
			known = true
			if s.Kind() == jsonscan.String {
				number, _ = s.Text()
			} else {
				number, _ = s.Number()
			}
		case "statusMessage": // free text; anything else is as good as none
			message, _ = s.Str()
		}
	}
	if err := s.End(); err != nil {
		return 0, "", describe(trimmed, err)
	}
	if !known {
		return 0, "", "no statusCode"
	}
	n, ok := jsonscan.ParseInt(number)
	if !ok || n < math.MinInt32 || n > math.MaxInt32 {
		return 0, "", "statusCode is not a whole number"
	}
	return int(n), message, ""
}

func describe(body []byte, err error) string {
	switch {
	case body[0] == '<':
		return "HTML instead of JSON: " + strconv.Quote(string(head(body)))
	case body[0] == '[' || body[0] == '"': // not quoted: it may hold what is attached to a call
		return "JSON, but not an object"
	case body[0] != '{':
		return "not a JSON object: " + strconv.Quote(string(head(body)))
	}
	return err.Error()
}

// head returns enough of a body to recognise it.
func head(body []byte) []byte { return body[:min(len(body), 80)] }
