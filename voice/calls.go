package voice

import (
	"context"
	"fmt"
	"strings"
)

// Answer answers a ringing call and returns the message that shows it in
// [StateEstablished]. It needs the Answer capability, which a device with
// telephonyNetwork Public never has. Reference: Voice API, Answer.
func (c *Client) Answer(ctx context.Context, callID string) (*CallStateChangeMessage, error) {
	return c.one(ctx, Operation{Name: OpAnswer, CallID: callID})
}

// Reject sends a ringing call back to the queue that delivered it and returns
// the message that shows it in [StateReleased]. It needs the Reject capability,
// which a call has only if it came through a queue: a directly dialled call
// cannot be rejected. Reference: Voice API, Reject.
func (c *Client) Reject(ctx context.Context, callID string) (*CallStateChangeMessage, error) {
	return c.one(ctx, Operation{Name: OpReject, CallID: callID})
}

// Hangup leaves a call, or gives up one that is still dialling, and returns the
// message that shows it in [StateReleased]. The other parties of a conference
// stay connected. It needs the Hangup capability. Reference: Voice API, Hangup.
func (c *Client) Hangup(ctx context.Context, callID string) (*CallStateChangeMessage, error) {
	return c.one(ctx, Operation{Name: OpHangup, CallID: callID})
}

// Hold puts an established call on hold and returns the message that shows it
// in [StateHeld]. It needs the Hold capability. Reference: Voice API, Hold.
func (c *Client) Hold(ctx context.Context, callID string) (*CallStateChangeMessage, error) {
	return c.one(ctx, Operation{Name: OpHold, CallID: callID})
}

// Retrieve takes a held call back and returns the message that shows it in
// [StateEstablished]. It needs the Retrieve capability. Reference: Voice API,
// Retrieve.
func (c *Client) Retrieve(ctx context.Context, callID string) (*CallStateChangeMessage, error) {
	return c.one(ctx, Operation{Name: OpRetrieve, CallID: callID})
}

// ClearCall ends a conference for all parties and returns the message that shows
// it in [StateReleased]. Any agent in the conference may. It needs the ClearCall
// capability. Reference: Voice API, Clear Call.
func (c *Client) ClearCall(ctx context.Context, callID string) (*CallStateChangeMessage, error) {
	return c.one(ctx, Operation{Name: OpClearCall, CallID: callID})
}

// SendDTMF sends digits, 0 to 9, * and #, to the other party, and returns the
// message that says that they were sent. The digits are not repeated in it. It
// needs the SendDtmf capability. Reference: Voice API, Send DTMF.
func (c *Client) SendDTMF(ctx context.Context, callID, digits string) (*CallStateChangeMessage, error) {
	if digits == "" || strings.Trim(digits, "0123456789*#") != "" {
		return nil, &ArgumentError{OpSendDTMF, "digits", fmt.Sprintf("%q is not a sequence of 0 to 9, * and #", digits)}
	}
	return c.one(ctx, Operation{Name: OpSendDTMF, CallID: callID, Params: digitsParams{digits}})
}

type digitsParams struct {
	Digits string `json:"digits"`
}

// MuteCall mutes the agent and returns the message that shows Mute. It needs the
// MuteCall capability, which only some switches offer. Reference: Voice API,
// Mute Call.
func (c *Client) MuteCall(ctx context.Context, callID string) (*CallStateChangeMessage, error) {
	return c.one(ctx, Operation{Name: OpMuteCall, CallID: callID})
}

// UnmuteCall undoes [Client.MuteCall] and returns the message that shows it. It
// needs the UnmuteCall capability. Reference: Voice API, Unmute Call.
func (c *Client) UnmuteCall(ctx context.Context, callID string) (*CallStateChangeMessage, error) {
	return c.one(ctx, Operation{Name: OpUnmuteCall, CallID: callID})
}

// Accept takes an outbound record that is offered in [StatePreview], and returns
// the message that shows the call in another state. It needs the Accept
// capability. The operation is known from the vendor's sample client only.
func (c *Client) Accept(ctx context.Context, callID string) (*CallStateChangeMessage, error) {
	return c.one(ctx, Operation{Name: OpAccept, CallID: callID})
}

// Decline refuses an outbound record that is offered in [StatePreview], and
// returns the message that shows it withdrawn: in [StatePreviewCancelled] or
// [StateReleased]. The operation is known from the vendor's sample client only.
func (c *Client) Decline(ctx context.Context, callID string) (*CallStateChangeMessage, error) {
	return c.one(ctx, Operation{Name: OpDecline, CallID: callID})
}

// Swap is the two calls of [Client.SwapCalls] after it.
type Swap struct {
	Established, Held *CallStateChangeMessage
}

type swapParams struct {
	OtherCallURI string `json:"otherCallUri"`

	otherID string
	want    map[string]CallState // the state that each call is to take, as far as known
}

// SwapCalls takes the held one of two calls back and puts the other on hold. It
// returns when one is in [StateEstablished] and the other in [StateHeld], in
// whichever order the messages came. It needs the SwapCalls capability.
// Reference: Voice API, Swap Calls.
func (c *Client) SwapCalls(ctx context.Context, callID, otherID string) (*Swap, error) {
	if reason := badID(callID); reason != "" {
		return nil, &ArgumentError{OpSwapCalls, "callID", reason}
	}
	switch reason := badID(otherID); {
	case reason != "":
		return nil, &ArgumentError{OpSwapCalls, "otherID", reason}
	case otherID == callID:
		return nil, &ArgumentError{OpSwapCalls, "otherID", "is the same call"}
	}
	params := c.swapParams(callID, otherID)
	params.OtherCallURI = c.callURI(otherID)
	out, err := c.run(ctx, Operation{Name: OpSwapCalls, CallID: callID, Params: params})
	if err != nil {
		return nil, err
	}
	return &Swap{Established: out.Call, Held: out.Consult}, nil
}

// swapParams notes the states that the calls are to take, as far as known.
func (c *Client) swapParams(callID, otherID string) swapParams {
	params := swapParams{otherID: otherID, want: map[string]CallState{}}
	for _, id := range []string{callID, otherID} {
		switch call := c.registry.call(id); {
		case call == nil:
		case call.State == StateHeld:
			params.want[id] = StateEstablished
		case call.State == StateEstablished:
			params.want[id] = StateHeld
		}
	}
	return params
}
