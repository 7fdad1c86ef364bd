package voice

import (
	"context"
	"errors"
	"fmt"
)

// AgentStateOptions are the optional parameters of the agent's states. The zero
// value sends none; a parameter that does not belong to the operation is an
// [*ArgumentError].
type AgentStateOptions struct {
	WorkMode   string // Ready only: "ManualIn" or "AutoIn"; "" leaves it to the switch
	WrapUpTime string // AfterCallWork and AuxWork: changes the wrap-up time, in seconds as far as is known, or cancels it, as "0"; "" leaves it
}

type agentStateParams struct {
	WorkMode   string `json:"workmode,omitzero"` // the wire's spelling
	WrapUpTime string `json:"wrapUpTime,omitzero"`
}

// Ready makes the agent available for calls and returns the message that shows
// the state. Setting the state that the agent already has yields a message too.
// Reference: Voice API, Agent State Ready.
func (c *Client) Ready(ctx context.Context, opts ...AgentStateOptions) (*DeviceStateChangeMessage, error) {
	return c.setState(ctx, OpReady, opts)
}

// NotReady makes the agent unavailable and returns the message that shows the
// state. For a reason, use [Client.SetAgentState]. Reference: Voice API, Agent
// State Not Ready.
func (c *Client) NotReady(ctx context.Context, opts ...AgentStateOptions) (*DeviceStateChangeMessage, error) {
	return c.setState(ctx, OpNotReady, opts)
}

// AfterCallWork makes the agent unavailable for the work after a call and returns
// the message that shows the state. Reference: Voice API, Agent State After Call
// Work.
func (c *Client) AfterCallWork(ctx context.Context, opts ...AgentStateOptions) (*DeviceStateChangeMessage, error) {
	return c.setState(ctx, OpAfterCallWork, opts)
}

// AuxWork makes the agent unavailable for other work and returns the message that
// shows the state. Reference: Voice API, Agent State Aux Work.
func (c *Client) AuxWork(ctx context.Context, opts ...AgentStateOptions) (*DeviceStateChangeMessage, error) {
	return c.setState(ctx, OpAuxWork, opts)
}

// Offline logs the agent out on the voice channel and returns the message that
// shows the state. The HTTP session stays. Reference: Voice API, Agent State
// Offline.
func (c *Client) Offline(ctx context.Context, opts ...AgentStateOptions) (*DeviceStateChangeMessage, error) {
	return c.setState(ctx, OpOffline, opts)
}

func (c *Client) setState(ctx context.Context, op OperationName, opts []AgentStateOptions) (*DeviceStateChangeMessage, error) {
	var o AgentStateOptions
	switch len(opts) {
	case 0:
	case 1:
		o = opts[0]
	default:
		return nil, &ArgumentError{op, "opts", "has more than one element"}
	}
	switch {
	case o.WorkMode != "" && op != OpReady:
		return nil, &ArgumentError{op, "opts.WorkMode", "is for Ready only"}
	case o.WrapUpTime != "" && op != OpAfterCallWork && op != OpAuxWork:
		return nil, &ArgumentError{op, "opts.WrapUpTime", "is for AfterCallWork and AuxWork only"}
	}
	out, err := c.run(ctx, Operation{Name: op, Params: agentStateParams(o)})
	if err != nil {
		return nil, err
	}
	return out.Device, nil
}

// AgentStates reads the states that an agent can be set to: the five that every
// contact centre has, and those that an administrator configured, such as the
// reasons for not being ready. Reference: Settings, agent-states.
func (c *Client) AgentStates(ctx context.Context) ([]AgentState, error) {
	body, err := c.get(ctx, "/settings/agent-states")
	if err != nil {
		return nil, err
	}
	return decodeAgentStates(body)
}

// SetAgentState sets one of the states that [Client.AgentStates] lists, named by
// its operation, and returns the message that shows it. It reads that list
// first, to know what the message must show. Reference: Settings, agent-states.
func (c *Client) SetAgentState(ctx context.Context, operationName string) (*DeviceStateChangeMessage, error) {
	name := OperationName(operationName)
	if isAgentState(name) {
		return c.setState(ctx, name, nil)
	}
	if operationName == "" {
		return nil, &ArgumentError{"", "operationName", "is empty"}
	}
	states, err := c.AgentStates(ctx)
	if _, unsent := errors.AsType[*NotSentError](err); err != nil && !unsent {
		err = &NotSentError{Operation: name, Err: err}
	}
	if err != nil {
		return nil, err
	}
	for _, state := range states {
		if state.OperationName != operationName {
			continue
		}
		out, err := c.run(ctx, Operation{Name: name, Path: voiceChannelPath, rule: onDevice(inConfiguredState(state))})
		if err != nil {
			return nil, err
		}
		return out.Device, nil
	}
	return nil, &ArgumentError{"", "operationName", fmt.Sprintf("%q is not among the configured agent states", operationName)}
}

// isAgentState tells whether op is one of the agent states that every contact
// centre has. They are set on the voice channel, not on a device.
func isAgentState(op OperationName) bool {
	switch op {
	case OpReady, OpNotReady, OpAfterCallWork, OpAuxWork, OpOffline:
		return true
	}
	return false
}
