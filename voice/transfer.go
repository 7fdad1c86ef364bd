package voice

import (
	"context"
	"strings"
)

// Consultation is the two calls of a two-step transfer or conference.
type Consultation struct {
	Original, Consult *CallStateChangeMessage
}

// Complete tells which calls to connect. The zero value leaves it to the server
// to find the consultation of the call.
type Complete struct {
	ConsultCallID string // "" means the call's only consultation
}

type destinationParams struct {
	Destination phoneNumber    `json:"destination"`
	Location    string         `json:"location,omitzero"`
	UserData    map[string]any `json:"userData,omitempty"`

	before int        // how often it was there: see expectAddition
	ahead  []*Pending // who else was adding it
}

type completeParams struct {
	ConsultCallURI string `json:"consultCallUri,omitzero"`

	original, consult string   // ids; consult is "" if it is not known
	invited           []string // numbers on the consultation, as far as known
}

// SingleStepTransfer sends a call to another number without asking there first,
// and returns the message that shows it in [StateReleased] for this agent. It
// needs the SingleStepTransfer capability. Reference: Voice API, Single Step
// Transfer.
func (c *Client) SingleStepTransfer(ctx context.Context, callID string, to Destination) (*CallStateChangeMessage, error) {
	params, err := to.params(OpSingleStepTransfer)
	if err != nil {
		return nil, err
	}
	return c.one(ctx, Operation{Name: OpSingleStepTransfer, CallID: callID, Params: params})
}

// InitiateTransfer puts a call on hold and calls the number to which it is to be
// transferred. It returns when the original is in [StateHeld] and the
// consultation, a new call whose ParentID is callID, has appeared, normally in
// [StateDialing]; both messages are in the result, in whichever order they came.
// It needs the InitiateTransfer capability. Reference: Voice API, Initiate
// Transfer.
func (c *Client) InitiateTransfer(ctx context.Context, callID string, to Destination) (*Consultation, error) {
	return c.consult(ctx, OpInitiateTransfer, callID, to)
}

// CompleteTransfer connects the two parties and leaves both calls. callID is the
// original or its consultation. It returns when both are in [StateReleased]. If
// one of them ends and the other lives on, that is a [*FailedError], told when
// [Config.OperationTimeout] has passed. It needs the CompleteTransfer
// capability. Reference: Voice API, Complete Transfer.
func (c *Client) CompleteTransfer(ctx context.Context, callID string, p Complete) (*Consultation, error) {
	return c.complete(ctx, OpCompleteTransfer, callID, p)
}

func (c *Client) consult(ctx context.Context, op OperationName, callID string, to Destination) (*Consultation, error) {
	if reason := badID(callID); reason != "" {
		return nil, &ArgumentError{op, "callID", reason}
	}
	params, err := to.params(op)
	if err != nil {
		return nil, err
	}
	out, err := c.run(ctx, Operation{Name: op, CallID: callID, Params: params})
	if err != nil {
		return nil, err
	}
	return &Consultation{Original: out.Call, Consult: out.Consult}, nil
}

func (c *Client) complete(ctx context.Context, op OperationName, callID string, p Complete) (*Consultation, error) {
	if reason := badID(callID); reason != "" {
		return nil, &ArgumentError{op, "callID", reason}
	}
	if reason := badID(p.ConsultCallID); p.ConsultCallID != "" && reason != "" {
		return nil, &ArgumentError{op, "p.ConsultCallID", reason}
	}
	out, err := c.run(ctx, Operation{Name: op, CallID: callID, Params: c.completeParams(callID, p)})
	if err != nil {
		return nil, err
	}
	return &Consultation{Original: out.Call, Consult: out.Consult}, nil
}

// completeParams finds out which of the two calls is which.
func (c *Client) completeParams(callID string, p Complete) completeParams {
	params := completeParams{original: callID, consult: p.ConsultCallID}
	if p.ConsultCallID != "" {
		params.ConsultCallURI = c.callURI(p.ConsultCallID)
	}
	live := c.registry.liveCalls()
	parent, children := "", []string{}
	for _, call := range live {
		switch callID {
		case call.ID:
			parent = call.ParentID
		case call.ParentID:
			children = append(children, call.ID)
		}
	}
	switch {
	case params.consult == callID, params.consult == "" && len(children) == 0 && parent != "":
		params.original, params.consult = parent, callID // posted on the consultation itself
	case params.consult == "" && len(children) == 1:
		params.consult = children[0]
	}
	for _, call := range live {
		if call.ID == params.consult {
			for _, other := range call.Participants {
				params.invited = append(params.invited, other.PhoneNumber)
			}
		}
	}
	return params
}

// callURI returns the URI of a call as the server has sent it, or else one made
// as the server makes them.
func (c *Client) callURI(callID string) string {
	if call := c.registry.call(callID); call != nil && call.URI != "" {
		return call.URI
	}
	return c.apiURI() + "/me/calls/" + callID
}

// apiURI returns the root of the API as the server writes it in its URIs: behind
// a proxy it differs from the one that is dialled.
func (c *Client) apiURI() string {
	for _, d := range c.registry.knownDevices() {
		for _, uri := range []string{d.URI, d.VoiceEnvironmentURI} {
			if root, _, ok := strings.Cut(uri, apiPath+"/"); ok {
				return root + apiPath
			}
		}
	}
	return c.base + apiPath
}

// params returns the parameters that transfers and conferences have in common.
func (to Destination) params(op OperationName) (destinationParams, error) {
	params := destinationParams{Destination: phoneNumber{to.PhoneNumber}, Location: to.Location, UserData: to.UserData}
	switch {
	case to.OutboundCallerID != "":
		return params, &ArgumentError{op, "to.OutboundCallerID", "is for Dial only"}
	case to.DeviceID != "":
		return params, &ArgumentError{op, "to.DeviceID", "is for Dial only"}
	}
	if err := checkNumber(op, "to.PhoneNumber", to.PhoneNumber); err != nil {
		return params, err
	}
	return params, checkUserData(op, to.UserData)
}
