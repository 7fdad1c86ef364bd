package voice

import (
	"context"
	"encoding/json"

	"github.com/gwsvoice/gws-go/internal/jsonscan"
)

type userDataParams struct {
	UserData json.RawMessage `json:"userData"`

	plain map[string]any // UserData as a message would show it
}

type keyParams struct {
	Key string `json:"key"`
}

// Disposition is how a call is classified.
type Disposition struct {
	Value string // required, one of the contact centre's dispositions
	Key   string // the user-data key to set; "" means the one that the server is configured with
}

type dispositionParams struct {
	CallURI     string `json:"callUri"`
	CallUUID    string `json:"callUuid"`
	Disposition string `json:"disposition"`
	Key         string `json:"dispositionKey,omitzero"`
}

// AttachUserData adds pairs to a call's user data and returns the message that
// shows them. A key that exists already is added a second time; to replace it,
// use [Client.UpdateUserData]. data is copied; its values are what encoding/json
// accepts. It needs the AttachUserData capability. Reference: Voice API, Attach
// User Data.
func (c *Client) AttachUserData(ctx context.Context, callID string, data map[string]any) (*CallStateChangeMessage, error) {
	return c.setUserData(ctx, OpAttachUserData, callID, data)
}

// UpdateUserData adds pairs to a call's user data, or replaces the values of keys
// that exist, and returns the message that shows them. Other keys stay. data is
// copied; its values are what encoding/json accepts. It needs the
// UpdateUserData capability. Reference: Voice API, Update User Data.
func (c *Client) UpdateUserData(ctx context.Context, callID string, data map[string]any) (*CallStateChangeMessage, error) {
	return c.setUserData(ctx, OpUpdateUserData, callID, data)
}

func (c *Client) setUserData(ctx context.Context, op OperationName, callID string, data map[string]any) (*CallStateChangeMessage, error) {
	if len(data) == 0 {
		return nil, &ArgumentError{op, "data", "is empty"}
	}
	for key := range data {
		if key == "" {
			return nil, &ArgumentError{op, "data", "has an empty key"}
		}
	}
	raw, err := json.Marshal(data)
	if err != nil {
		return nil, &ArgumentError{op, "data", "cannot be sent: " + err.Error()}
	}
	plain, err := jsonscan.Any(raw)
	if err != nil {
		return nil, &ArgumentError{op, "data", "cannot be sent: " + err.Error()}
	}
	return c.one(ctx, Operation{Name: op, CallID: callID, Params: userDataParams{raw, plain.(map[string]any)}})
}

// DeleteUserDataPair removes one key from a call's user data and returns the
// message that no longer shows it. It needs the DeleteUserDataPair capability.
// Reference: Voice API, Delete User Data Pair.
func (c *Client) DeleteUserDataPair(ctx context.Context, callID, key string) (*CallStateChangeMessage, error) {
	if key == "" {
		return nil, &ArgumentError{OpDeleteUserDataPair, "key", "is empty"}
	}
	return c.one(ctx, Operation{Name: OpDeleteUserDataPair, CallID: callID, Params: keyParams{key}})
}

// DeleteUserData removes all user data from a call and returns the message that
// shows none. It needs the DeleteUserData capability. Reference: Voice API,
// Delete User Data.
func (c *Client) DeleteUserData(ctx context.Context, callID string) (*CallStateChangeMessage, error) {
	return c.one(ctx, Operation{Name: OpDeleteUserData, CallID: callID})
}

// SetCallDisposition classifies a call. While the call is active it returns the
// message that shows the disposition in the user data. For a call that has
// ended the server sends no message: acceptance is the outcome, and the result
// is the call's last snapshot, marked Synthetic. It needs no capability.
// Reference: Voice API, Set Call Disposition.
func (c *Client) SetCallDisposition(ctx context.Context, callID string, p Disposition) (*CallStateChangeMessage, error) {
	const op = OpSetCallDisposition
	if reason := badID(callID); reason != "" {
		return nil, &ArgumentError{op, "callID", reason}
	}
	if p.Value == "" {
		return nil, &ArgumentError{op, "p.Value", "is empty"}
	}
	params := dispositionParams{
		CallURI:     c.apiURI() + "/calls/" + callID,
		CallUUID:    callID,
		Disposition: p.Value,
		Key:         p.Key,
	}
	call := c.registry.call(callID)
	if call != nil {
		params.CallUUID = call.UUID
	}
	operation := Operation{Name: op, CallID: callID, Params: params}
	if call == nil || call.State != StateReleased {
		return c.one(ctx, operation)
	}
	// The call's own resource is gone; its device takes the operation.
	operation = Operation{Name: op, DeviceID: call.DeviceID, Params: params, rule: accepted}
	if _, err := c.run(ctx, operation); err != nil {
		return nil, err
	}
	return c.synthetic(call), nil
}
