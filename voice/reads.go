package voice

import "context"

// Calls asks the server for the agent's current calls and returns them. What is
// new to the client is announced to its subscriptions before Calls returns. Messages
// that wait for a function of yours (see [Where]) take effect before it asks.
// Reference: Voice API, Call Resource.
func (c *Client) Calls(ctx context.Context) ([]*Call, error) {
	if err := c.refresh(ctx, c.readCalls); err != nil {
		return nil, err
	}
	return c.registry.liveCalls(), nil
}

// Call returns the call as last notified, or else asks the server for it. A
// call that ended a short while ago is returned in [StateReleased]; one that
// the server does not list is an [*UnknownCallError]. The call is read-only.
func (c *Client) Call(ctx context.Context, callID string) (*Call, error) {
	if reason := badID(callID); reason != "" {
		return nil, &ArgumentError{"", "callID", reason}
	}
	if err := ctx.Err(); err != nil {
		return nil, &NotSentError{CallID: callID, Err: err}
	}
	if call := c.registry.call(callID); call != nil {
		return call, c.Err()
	}
	if _, err := c.Calls(ctx); err != nil {
		return nil, err
	}
	if call := c.registry.call(callID); call != nil {
		return call, nil
	}
	return nil, &UnknownCallError{callID}
}

// UnknownCallError says that the agent has no such call and had none lately.
type UnknownCallError struct{ CallID string }

func (e *UnknownCallError) Error() string { return subject("", e.CallID) + ": no such call" }

// Await waits until cond is true for the call, and returns that snapshot. The
// last known snapshot is tried first, then each new one; cond runs on the
// caller's goroutine. A call that is not known yet may still appear. When the
// call ends and cond is not true for it in [StateReleased] either, Await returns
// that last snapshot with [ErrCallReleased]. If ctx ends, it returns the last
// snapshot, which may be nil, with ctx's error.
func (c *Client) Await(ctx context.Context, callID string, cond func(*Call) bool) (*Call, error) {
	if reason := badID(callID); reason != "" {
		return nil, &ArgumentError{"", "callID", reason}
	}
	sub := c.Subscribe(ForCall(callID))
	defer sub.Close()
	call := c.registry.call(callID)
	for {
		if call != nil && cond(call) {
			return call, nil
		}
		if call != nil && call.ended() {
			return call, ErrCallReleased
		}
		ev, err := sub.Next(ctx)
		if err != nil {
			return call, err
		}
		switch ev := ev.(type) {
		case *CallStateChangeMessage:
			call = ev.Call
		case *Lagged:
			call = c.registry.call(callID)
		}
	}
}
