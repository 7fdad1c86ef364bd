package voice

import "time"

// Most messages of a busy agent may be about calls that nobody is interested
// in at the moment: no subscription selects them and no operation waits for
// them. They are kept as they are, and decoded when somebody asks for the call.

// overlook lets a message take effect without decoding it. It reports false if
// somebody wants to see it, and if it is any but a plain message about a call
// that goes on.
func (c *Client) overlook(channel string, data []byte) bool {
	if channel != callsTopic {
		return false
	}
	r := c.registry
	r.mu.Lock()
	wanted := len(r.all) > 0 || len(r.others) > 0
	r.mu.Unlock()
	if wanted {
		return false
	}
	d := newDecoder(data)
	defer d.free()
	h, ok := d.glance()
	if !ok {
		return false
	}
	c.turn.Lock()
	defer c.turn.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	known := r.calls[string(h.id)]
	if known == nil || !known.hadOthers || len(r.all) > 0 || len(r.others) > 0 ||
		r.byCall[string(h.id)] != nil || r.forCall[string(h.id)] != nil ||
		known.heard.add(data, h.generated, h.duration, false) {
		return false
	}
	r.seq++
	known.decoded, known.raw, known.last = nil, append(known.raw[:0], data...), r.seq
	known.rang = known.rang || h.state == StateRinging
	return true
}

// call returns the call as last notified; registry.mu is held.
func (k *knownCall) call() *Call {
	if k.decoded == nil {
		ev, _ := decodeMessage(callsTopic, k.raw) // glance has seen that it is such a message
		k.decoded, k.raw = ev.(*CallStateChangeMessage).Call, nil
	}
	return k.decoded
}

// glimpse is what has to be known of a message about a call.
type glimpse struct {
	id        []byte
	state     CallState
	duration  time.Duration
	generated time.Time
}

// glance reads no more than that, and reports whether decodeMessage would make
// a message of the document that shows a call which has not ended.
func (d *decoder) glance() (h glimpse, ok bool) {
	if !d.Object() {
		return h, false
	}
	call := false
	for d.NextKey() {
		switch string(d.Key()) {
		case "messageType":
			ok = d.word() == typeCall
		case "metrics":
			h.generated = d.metrics()
		case "call":
			call = d.glanceAtCall(&h)
		case "errorMessage":
			return h, false
		}
	}
	return h, ok && call && d.End() == nil
}

func (d *decoder) glanceAtCall(h *glimpse) bool {
	*h = glimpse{generated: h.generated}
	if !d.Object() {
		return false
	}
	for d.NextKey() {
		switch string(d.Key()) {
		case "id":
			h.id = d.scalar()
		case "state":
			h.state = CallState(d.word())
		case "duration":
			h.duration = d.seconds()
		}
	}
	return len(h.id) > 0 && !h.state.isEnd()
}
