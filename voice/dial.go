package voice

import (
	"context"
	"encoding/json"
	"strings"
)

// Destination is where a call goes: for Dial, transfers and conferences.
type Destination struct {
	PhoneNumber string         // required
	Location    string         // T-Server location attribute; "" sends none
	UserData    map[string]any // attached to the new call; nil attaches nothing

	// For Dial only.
	OutboundCallerID string // shown to the other party where the switch lets it; "" sends none
	DeviceID         string // the device to dial from; "" means the agent's first
}

type phoneNumber struct {
	PhoneNumber string `json:"phoneNumber"`
}

type dialParams struct {
	Destination      phoneNumber    `json:"destination"`
	Location         string         `json:"location,omitzero"`
	UserData         map[string]any `json:"userData,omitempty"`
	OutboundCallerID string         `json:"outboundCallerId,omitzero"`
}

// Dial calls a number and returns the message that shows the new call in
// [StateDialing]; [Client.Await] waits for what becomes of it. If the number
// answers so fast that no such message comes, it is the one in
// [StateEstablished].
//
// The server does not say which call an accepted Dial became. It is taken to be
// the first that was unknown before, on the same device and to the same number;
// therefore a second Dial on the device waits until the first has its call.
// Reference: Voice API, Dial.
func (c *Client) Dial(ctx context.Context, to Destination) (*CallStateChangeMessage, error) {
	if err := checkNumber(OpDial, "to.PhoneNumber", to.PhoneNumber); err != nil {
		return nil, err
	}
	if err := checkUserData(OpDial, to.UserData); err != nil {
		return nil, err
	}
	switch reason := badID(to.DeviceID); {
	case to.DeviceID == "":
		if to.DeviceID = c.firstDevice(); to.DeviceID == "" {
			return nil, &ArgumentError{OpDial, "to.DeviceID", "is empty and the agent has no device"}
		}
	case reason != "":
		return nil, &ArgumentError{OpDial, "to.DeviceID", reason}
	}
	out, err := c.run(ctx, Operation{Name: OpDial, DeviceID: to.DeviceID, Params: dialParams{
		Destination:      phoneNumber{to.PhoneNumber},
		Location:         to.Location,
		UserData:         to.UserData,
		OutboundCallerID: to.OutboundCallerID,
	}})
	if err != nil {
		return nil, err
	}
	return out.Call, nil
}

// checkNumber refuses what cannot be a phone number. The switch has the last
// word: names of routing points and SIP addresses are numbers too.
func checkNumber(op OperationName, argument, number string) error {
	switch {
	case strings.TrimSpace(number) == "":
		return &ArgumentError{op, argument, "is empty"}
	case strings.ContainsFunc(number, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return &ArgumentError{op, argument, "has control characters in it"}
	}
	return nil
}

// checkUserData refuses what cannot be sent as the user data of a new call.
func checkUserData(op OperationName, data map[string]any) error {
	if _, err := json.Marshal(data); err != nil {
		return &ArgumentError{op, "to.UserData", "cannot be sent: " + err.Error()}
	}
	if _, empty := data[""]; empty {
		return &ArgumentError{op, "to.UserData", "has an empty key"}
	}
	return nil
}

// firstDevice returns the id of the agent's first device, or "".
func (c *Client) firstDevice() string {
	devices := c.registry.knownDevices()
	if len(devices) == 0 {
		return ""
	}
	return devices[0].ID
}
