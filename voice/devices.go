package voice

import "context"

type forwardParams struct {
	Destination string `json:"destination"` // a plain string here, unlike in call operations
}

// Devices asks the server for the agent's devices and returns them. What is new
// to the client is announced to its subscriptions before Devices returns. Messages
// that wait for a function of yours (see [Where]) take effect before it asks.
// Reference: Voice API, Device Resource.
func (c *Client) Devices(ctx context.Context) ([]*Device, error) {
	if err := c.refresh(ctx, c.readDevices); err != nil {
		return nil, err
	}
	return c.registry.knownDevices(), nil
}

// ForwardCallsOn forwards the device's calls to a number and returns the message
// that shows it. It needs the ForwardCallsOn capability. Reference: Voice API,
// Forward Calls On.
func (c *Client) ForwardCallsOn(ctx context.Context, deviceID, phoneNumber string) (*DeviceStateChangeMessage, error) {
	if err := checkNumber(OpForwardCallsOn, "phoneNumber", phoneNumber); err != nil {
		return nil, err
	}
	return c.oneDevice(ctx, Operation{Name: OpForwardCallsOn, DeviceID: deviceID, Params: forwardParams{phoneNumber}})
}

// ForwardCallsOff ends forwarding and returns the message that shows it. It needs
// the ForwardCallsOff capability. Reference: Voice API, Device Resource.
func (c *Client) ForwardCallsOff(ctx context.Context, deviceID string) (*DeviceStateChangeMessage, error) {
	return c.oneDevice(ctx, Operation{Name: OpForwardCallsOff, DeviceID: deviceID})
}

// DoNotDisturbOn keeps calls from the device and returns the message that shows
// it. It needs the DoNotDisturbOn capability. Reference: Voice API, Agent State
// Do Not Disturb On.
func (c *Client) DoNotDisturbOn(ctx context.Context, deviceID string) (*DeviceStateChangeMessage, error) {
	return c.oneDevice(ctx, Operation{Name: OpDoNotDisturbOn, DeviceID: deviceID})
}

// DoNotDisturbOff lets calls come to the device again and returns the message
// that shows it. It needs the DoNotDisturbOff capability. Reference: Voice API,
// Agent State Do Not Disturb Off.
func (c *Client) DoNotDisturbOff(ctx context.Context, deviceID string) (*DeviceStateChangeMessage, error) {
	return c.oneDevice(ctx, Operation{Name: OpDoNotDisturbOff, DeviceID: deviceID})
}

// oneDevice runs an operation on a device whose outcome is one device message.
func (c *Client) oneDevice(ctx context.Context, op Operation) (*DeviceStateChangeMessage, error) {
	if reason := badID(op.DeviceID); reason != "" {
		return nil, &ArgumentError{op.Name, "deviceID", reason}
	}
	out, err := c.run(ctx, op)
	if err != nil {
		return nil, err
	}
	return out.Device, nil
}
