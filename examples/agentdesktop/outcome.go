package main

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/gwsvoice/gws-go/voice"
)

// The kinds of outcomes. The page shows each in its own shape, colour and
// words, because what the agent has to do next differs.
const (
	confirmed = "confirmed" // a message of GWS shows it
	refused   = "refused"   // GWS said no: nothing has changed
	failed    = "failed"    // GWS said yes, and then it did not work
	unknown   = "unknown"   // sent, and nobody knows what became of it
	unsent    = "unsent"    // never left this process
	invalid   = "invalid"   // the form is not right
	notice    = "notice"    // an error that belongs to no operation
)

// outcome is the answer to everything that an agent does.
type outcome struct {
	Kind      string              `json:"outcome"`
	Operation voice.OperationName `json:"operation,omitempty"`
	CallID    string              `json:"callId,omitempty"`
	Title     string              `json:"title"`            // "Refused: Hold"
	Message   string              `json:"message"`          // one sentence for the agent
	Detail    string              `json:"detail,omitempty"` // what the server said
	Field     string              `json:"field,omitempty"`  // which field the message belongs to
	Gone      bool                `json:"gone,omitempty"`   // the call does not exist any more
	Aside     bool                `json:"aside,omitempty"`  // no button led to it, so the page shows it by itself
	At        int64               `json:"at"`
}

// fieldError is a form that cannot be sent as it is.
type fieldError struct{ field, message string }

func (e *fieldError) Error() string { return e.message }

// httpStatus is the status of an outcome's response; the body counts.
func (o *outcome) httpStatus() int {
	switch o.Kind {
	case confirmed:
		return http.StatusOK
	case invalid:
		return http.StatusUnprocessableEntity
	case refused:
		return http.StatusConflict
	case failed:
		return http.StatusFailedDependency
	case unknown:
		return http.StatusGatewayTimeout
	}
	return http.StatusServiceUnavailable
}

// judge puts what became of an operation into words. done is what the agent
// reads when it worked, name what the operation is called on the page.
func judge(op voice.OperationName, name, callID, done string, err error) outcome {
	o := outcome{Operation: op, CallID: callID, At: millis(now())}
	o.explain(name, done, err)
	return o
}

func (o *outcome) explain(name, done string, err error) {
	if err == nil {
		o.Kind, o.Title, o.Message = confirmed, name, done
		return
	}
	if e, ok := errors.AsType[*fieldError](err); ok {
		o.Kind, o.Title, o.Field, o.Message = invalid, "Please check: "+name, e.field, e.message
		return
	}
	if e, ok := errors.AsType[*voice.ArgumentError](err); ok {
		o.Kind, o.Title, o.Field, o.Message = invalid, "Please check: "+name, fieldOf(e.Argument), "This "+e.Reason+"."
		return
	}
	if e, ok := errors.AsType[*voice.UnconfirmedError](err); ok {
		o.Kind, o.Title = unknown, "Unknown: "+name
		o.Message = "It was sent, but nothing confirms that it happened. Look at the call before you try again."
		if e.Accepted {
			o.Message = "It was accepted, but nothing confirms that it happened. Look at the call before you try again."
		}
		o.Detail = why(e.Err)
		if e.Call != nil {
			o.Detail = joinSentences("Last seen: "+string(e.Call.State), o.Detail)
		}
		return
	}
	if e, ok := errors.AsType[*voice.NotSentError](err); ok {
		o.Kind, o.Title = unsent, "Not sent: "+name
		o.Message, o.Detail = "Nothing was sent. You can try again.", why(e.Err)
		if errors.Is(err, voice.ErrVoiceUnavailable) {
			o.Message = "The telephone switch is not available at the moment, so nothing was sent."
			o.Detail = ""
		}
		return
	}
	if e, ok := errors.AsType[*voice.FailedError](err); ok {
		o.Kind, o.Title = failed, "Failed: "+name
		o.Message, o.Detail = "It was accepted, and then it did not work.", e.Message
		if e.Code != 0 {
			o.Detail = joinSentences(e.Message, fmt.Sprintf("Switch error %d", e.Code))
		}
		if errors.Is(err, voice.ErrCallReleased) {
			o.Gone, o.Message = true, "The call ended before it could be done."
		}
		return
	}
	if e, ok := errors.AsType[*voice.PartialError](err); ok {
		o.Kind, o.Title, o.Message = failed, "Partly failed: "+name, "Only a part of it worked."
		var parts []string
		for _, r := range e.Results {
			if r.Code != voice.CodeSuccess {
				parts = append(parts, r.Channel+": "+r.Message)
			}
		}
		o.Detail = strings.Join(parts, "; ")
		return
	}
	if e, ok := errors.AsType[*voice.APIError](err); ok {
		o.Kind, o.Title, o.Message = refused, "Refused: "+name, "The server refused it, and nothing has changed."
		o.Detail = joinSentences(e.Message, fmt.Sprintf("Code %d, HTTP %d", e.Code, e.HTTPStatus))
		if e.CallID != "" && e.Code == voice.CodeNotFound {
			o.Gone, o.Message = true, "This call has ended, so nothing can be done with it any more."
		}
		return
	}
	if _, ok := errors.AsType[*voice.UnknownCallError](err); ok {
		o.Kind, o.Title, o.Gone = refused, "Refused: "+name, true
		o.Message = "This call has ended, so nothing can be done with it any more."
		return
	}
	o.Kind, o.Title, o.Message, o.Detail = failed, "Failed: "+name, "It did not work.", why(err)
}

// fieldOf names the field of the page that an argument of package voice comes
// from.
func fieldOf(argument string) string {
	switch argument {
	case "to.PhoneNumber", "phoneNumber", "p.TargetDeviceURI":
		return "number"
	case "digits", "key":
		return argument
	case "data", "p.Value":
		return "value"
	}
	return ""
}

// why shortens the reasons that agents meet, and leaves the others as they are.
func why(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, voice.ErrOutcomeTimeout):
		return "No message came in time."
	case errors.Is(err, voice.ErrNotConnected):
		return "GWS cannot be reached."
	case errors.Is(err, voice.ErrClosed):
		return "The session has ended."
	}
	return strings.TrimPrefix(err.Error(), "voice: ")
}

func joinSentences(parts ...string) string {
	var all []string
	for _, p := range parts {
		if p != "" {
			all = append(all, strings.TrimSuffix(p, "."))
		}
	}
	if len(all) == 0 {
		return ""
	}
	return strings.Join(all, ". ") + "."
}
