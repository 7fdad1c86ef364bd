package voice

// HasRule tells whether the table of outcomes has the operation.
func HasRule(op OperationName) bool {
	_, ok := outcomes[op]
	return ok
}

// Known returns what the client believes, without asking the server.
func (c *Client) Known() ([]*Call, []*Device) {
	return c.registry.liveCalls(), c.registry.knownDevices()
}

// Waiting returns how many operations the client waits for, and how many
// subscriptions it has.
func (c *Client) Waiting() (operations, subscriptions int) {
	r := c.registry
	r.mu.Lock()
	defer r.mu.Unlock()
	subscriptions = len(r.all)
	for _, subs := range r.byCall {
		subscriptions += len(subs)
	}
	return len(r.pending) + len(r.dialling) + len(r.others) + len(r.forCall), subscriptions
}
