package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

func TestOutcome_isWhatIsKnown(t *testing.T) {
	call := &voice.Call{State: voice.StateRinging}
	for name, test := range map[string]struct {
		err    error
		want   outcome
		status int
	}{
		"confirmed": {nil, outcome{Kind: confirmed, Title: "Hold", Message: "The call is on hold."}, 200},
		"refused": {&voice.APIError{Operation: voice.OpHold, CallID: "1", HTTPStatus: 400, Code: 2, Message: "not now"},
			outcome{Kind: refused, Title: "Refused: Hold", Message: "The server refused it, and nothing has changed.", Detail: "not now. Code 2, HTTP 400."}, 409},
		"refused, gone": {&voice.APIError{CallID: "1", HTTPStatus: 404, Code: voice.CodeNotFound, Message: "Call not found"},
			outcome{Kind: refused, Title: "Refused: Hold", Message: "This call has ended, so nothing can be done with it any more.", Detail: "Call not found. Code 6, HTTP 404.", Gone: true}, 409},
		"no such call": {&voice.UnknownCallError{CallID: "1"},
			outcome{Kind: refused, Title: "Refused: Hold", Message: "This call has ended, so nothing can be done with it any more.", Gone: true}, 409},
		"failed": {&voice.FailedError{Code: 93, Message: "Invalid state"},
			outcome{Kind: failed, Title: "Failed: Hold", Message: "It was accepted, and then it did not work.", Detail: "Invalid state. Switch error 93."}, 424},
		"failed, the call ended": {&voice.FailedError{Err: voice.ErrCallReleased},
			outcome{Kind: failed, Title: "Failed: Hold", Message: "The call ended before it could be done.", Gone: true}, 424},
		"partly": {&voice.PartialError{Results: []voice.ChannelResult{{Channel: "voice", Code: 4, Message: "not registered"}, {Channel: "multimedia"}}},
			outcome{Kind: failed, Title: "Partly failed: Hold", Message: "Only a part of it worked.", Detail: "voice: not registered"}, 424},
		"unknown after acceptance": {&voice.UnconfirmedError{Accepted: true, Call: call, Err: voice.ErrOutcomeTimeout},
			outcome{Kind: unknown, Title: "Unknown: Hold", Message: "It was accepted, but nothing confirms that it happened. Look at the call before you try again.",
				Detail: "Last seen: Ringing. No message came in time."}, 504},
		"unknown, no answer": {&voice.UnconfirmedError{Err: errors.New("connection reset")},
			outcome{Kind: unknown, Title: "Unknown: Hold", Message: "It was sent, but nothing confirms that it happened. Look at the call before you try again.", Detail: "connection reset"}, 504},
		"unknown for an outage, not unsent": {&voice.UnconfirmedError{Err: &voice.NotSentError{Err: voice.ErrClosed}},
			outcome{Kind: unknown, Title: "Unknown: Hold", Message: "It was sent, but nothing confirms that it happened. Look at the call before you try again.", Detail: "The session has ended."}, 504},
		"unsent": {&voice.NotSentError{Err: fmt.Errorf("%w: refused", voice.ErrNotConnected)},
			outcome{Kind: unsent, Title: "Not sent: Hold", Message: "Nothing was sent. You can try again.", Detail: "GWS cannot be reached."}, 503},
		"unsent for an outage": {&voice.NotSentError{Err: voice.ErrVoiceUnavailable},
			outcome{Kind: unsent, Title: "Not sent: Hold", Message: "The telephone switch is not available at the moment, so nothing was sent."}, 503},
		"a field": {&fieldError{"number", "Enter a number."},
			outcome{Kind: invalid, Title: "Please check: Hold", Message: "Enter a number.", Field: "number"}, 422},
		"an argument": {&voice.ArgumentError{Operation: voice.OpDial, Argument: "to.PhoneNumber", Reason: "is empty"},
			outcome{Kind: invalid, Title: "Please check: Hold", Message: "This is empty.", Field: "number"}, 422},
		"something else": {&voice.ProtocolError{HTTPStatus: 200, Reason: "HTML"},
			outcome{Kind: failed, Title: "Failed: Hold", Message: "It did not work.", Detail: "not an answer of GWS: HTML (HTTP 200)"}, 424},
	} {
		var got outcome
		got.explain("Hold", "The call is on hold.", test.err)
		assert.Equal(t, test.want, got, name)
		assert.Equal(t, test.status, got.httpStatus(), name)
	}
}

func TestOutcomes_comeThroughAsWhatTheyAre(t *testing.T) {
	d := newDesktop(t, voicetest.Options{}, func(c *config) { c.timeout = 200 * time.Millisecond })
	p := d.agent(t, "5001")
	id := d.sim.Establish(voicetest.Call{To: "5001"})
	p.awaitCall(id, "Established")
	for _, test := range []struct {
		faults []voicetest.Fault
		kind   string
		status int
	}{
		{faults(voicetest.FailLater(time.Millisecond, 93, "no"), voicetest.NamingCall()), failed, http.StatusFailedDependency},
		{faults(voicetest.Refuse(voice.CodeInvalidState, "not now")), refused, http.StatusConflict},
		{faults(voicetest.Silence()), unknown, http.StatusGatewayTimeout},
		{faults(voicetest.CutBefore()), unknown, http.StatusGatewayTimeout},
		{faults(voicetest.EventFirst(time.Millisecond)), confirmed, http.StatusOK},
	} {
		d.sim.On(voice.OpHold, test.faults...)
		status, answer := p.post(callURL(id, "Hold"), nil)
		assert.Equal(t, test.kind, answer["outcome"])
		assert.Equal(t, test.status, status, test.kind)
		assert.NotEmpty(t, answer["title"])
		assert.NotEmpty(t, answer["message"])
	}
	entries := await(p, "activity", func(all []entry) bool { return len(all) == 5 })
	var kinds []string
	for _, e := range entries {
		kinds = append(kinds, e.Kind)
	}
	assert.Equal(t, []string{confirmed, unknown, unknown, refused, failed}, kinds, "all are listed, the newest first")
}

func faults(all ...voicetest.Fault) []voicetest.Fault { return all }

func TestStrayError_isAnEventOfItsOwn(t *testing.T) {
	d := newDesktop(t, voicetest.Options{})
	p := d.agent(t, "5001")
	d.sim.InjectMessage("agent5001", "/v2/me/devices", `{"messageType":"ErrorMessage","errorCode":71,"errorMessage":"Invalid Called DN"}`)
	entries := await(p, "activity", func(all []entry) bool { return len(all) > 0 })
	assert.Equal(t, notice, entries[0].Kind)
	assert.Equal(t, "Invalid Called DN. Switch error 71.", entries[0].Detail)
}

// Somebody who leaves the page does not hold the backend up.
func TestOperation_ofAPageThatHasGone(t *testing.T) {
	d := newDesktop(t, voicetest.Options{})
	p := d.agent(t, "5001")
	id := d.sim.Establish(voicetest.Call{To: "5001"})
	p.awaitCall(id, "Established")
	d.sim.On(voice.OpHold, voicetest.Silence())
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url+callURL(id, "Hold"), http.NoBody)
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-CSRF-Token", p.csrf)
	_, err = p.client.Do(request)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	entries := await(p, "activity", func(all []entry) bool { return len(all) > 0 })
	assert.Equal(t, unknown, entries[0].Kind, "and it is not forgotten what was asked for")
}
