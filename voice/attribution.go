package voice

import (
	"slices"
	"time"
)

// explainWindow is how long after a refused request an error message may still
// be about that request: the server reports some failures both ways. The two
// were observed up to 48 ms apart.
const explainWindow = time.Second

// refusal is something other than a pending operation that may explain an
// error message: a request that was refused, or an operation that its caller
// gave up.
type refusal struct {
	callID, device string
	until          time.Time
	once           bool // explains one message only
}

func (r *registry) noteRefusal(p *Pending) {
	r.note(refusal{p.op.CallID, p.device, time.Now().Add(explainWindow), true})
}

func (r *registry) noteForgotten(p *Pending, timeout time.Duration) {
	r.note(refusal{p.op.CallID, p.device, time.Now().Add(timeout), false})
}

func (r *registry) note(n refusal) {
	r.refusals = append(r.unexpired(), n)
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
// The message belongs to an operation if it names its call, or else its device,
// and nothing else can explain it: no other operation pending there, no refusal
// just returned, no operation given up by its caller.
func (c *Client) attribute(msg *ErrorMessage) *Pending {
	r := c.registry
	r.mu.Lock()
	defer r.mu.Unlock()
	about := func(callID, device string) bool {
		if msg.CallID != "" {
			return callID == msg.CallID
		}
		return msg.DeviceID == "" || device == "" || device == msg.DeviceID
	}
	r.refusals = r.unexpired()
	for i, n := range r.refusals {
		if about(n.callID, n.device) {
			if n.once {
				r.refusals = slices.Delete(r.refusals, i, i+1)
			}
			return nil
		}
	}
	var only *Pending
	for _, p := range r.pending {
		if p.finished || p.suspect != nil || !about(p.op.CallID, p.device) {
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
