package voice

import (
	"slices"
	"time"
)

// explainWindow is how long after a refused request an error message may still
// be about that request: the server reports some failures both ways. The two
// were observed up to 48 ms apart.
const explainWindow = time.Second

// refusal is an operation that is not pending any more and may explain one
// error message all the same.
type refusal struct {
	op    *Pending
	until time.Time
}

// noteRefusal is for a request that was refused, and for an operation that
// failed because its call ended: the switch may have something to say about
// either.
func (r *registry) noteRefusal(p *Pending) { r.note(p, explainWindow) }

// noteUnknown is for an operation whose outcome is not known.
func (r *registry) noteUnknown(p *Pending, d time.Duration) { r.note(p, d) }

func (r *registry) note(p *Pending, d time.Duration) {
	r.refusals = append(r.unexpired(), refusal{p, time.Now().Add(d)})
}

func (r *registry) unexpired() []refusal {
	now := time.Now()
	return slices.DeleteFunc(r.refusals, func(n refusal) bool { return now.After(n.until) })
}

// attribute returns the operation that failed according to msg, or nil where
// that is not certain: error messages carry no correlation. An operation whose
// request is not answered yet is not returned but marked, since its answer will
// tell whether msg is only the refusal said twice.
//
// The message belongs to an operation if it names a call of it, or else its
// device, and nothing else can explain it: no other operation pending there, no
// refusal just returned, no operation whose outcome stayed unknown.
func (c *Client) attribute(msg *ErrorMessage, place uint64) *Pending {
	r := c.registry
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refusals = r.unexpired()
	for i, n := range r.refusals {
		if n.op.mayExplain(msg) {
			r.refusals = slices.Delete(r.refusals, i, i+1)
			return nil
		}
	}
	var only *Pending
	for _, p := range r.pending {
		if p.finished || p.suspect != nil || place <= p.after || !p.mayExplain(msg) {
			continue
		}
		if only != nil {
			return nil
		}
		only = p
	}
	if only == nil || only.decided {
		return nil
	}
	if !only.answered {
		only.suspect = msg
		return nil
	}
	msg.Operation = only.op.Name
	return only
}

// mayExplain tells whether msg may be about p: it names a call of p, or no call
// and not another device.
func (p *Pending) mayExplain(msg *ErrorMessage) bool {
	if msg.CallID != "" {
		return slices.Contains(p.calls(), msg.CallID)
	}
	return msg.DeviceID == "" || p.device == "" || p.device == msg.DeviceID
}

// calls returns the calls that p is about, as far as they are known.
func (p *Pending) calls() []string {
	ids := []string{p.op.CallID}
	switch params := p.params.(type) {
	case swapParams:
		ids = append(ids, params.otherID)
	case completeParams:
		ids = append(ids, params.original, params.consult)
	}
	if p.outcome.Consult != nil {
		ids = append(ids, p.outcome.Consult.Call.ID)
	}
	return ids
}

func (c *Client) failed(p *Pending, msg *ErrorMessage) error {
	c.registry.mu.Lock()
	defer c.registry.mu.Unlock()
	return c.failedLocked(p, msg)
}

func (c *Client) failedLocked(p *Pending, msg *ErrorMessage) error {
	return &FailedError{
		Operation: p.op.Name,
		CallID:    p.op.CallID,
		Call:      c.registry.callLocked(p.op.CallID),
		Code:      msg.Code,
		Message:   msg.Message,
	}
}
