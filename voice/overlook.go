package voice

import (
	"time"

	"github.com/gwsvoice/gws-go/internal/jsonscan"
)

// Most messages of a busy agent may be about calls that nobody is interested
// in at the moment: no subscription selects them and no operation waits for
// them. They are kept as they are, and decoded when somebody asks for the call.

// note is what look has seen of a message.
type note struct {
	event   Event   // what the message is on the channel of calls or devices; nil if that was not decoded
	glimpse glimpse // of a message that may be overlooked
	glanced bool    // there is a glimpse
}

// look reads the data of a message while the response that it is in is being
// scanned, and decodes it then if somebody wants to see every message.
func (c *Client) look(memory any, s *jsonscan.Scanner) any {
	n, _ := memory.(*note)
	if n == nil {
		n = new(note)
	}
	*n = note{}
	ready, all := c.isReady()
	if s.Kind() != jsonscan.Object || !ready {
		s.Skip()
		return n
	}
	d := newDecoder(nil)
	defer d.free()
	d.remind(&c.memory)
	d.Scanner = *s
	if all {
		from := d.Pos()
		var m rawMessage
		d.message(&m)
		if d.Err() == nil && (m.kind == typeCall || m.kind == typeDevice) { // else it depends on the channel
			switch ev := d.finish(&m, "", copied(d.Since(from))).(type) {
			case *CallStateChangeMessage, *DeviceStateChangeMessage:
				n.event = ev
			}
		}
	} else {
		n.glimpse, n.glanced = d.glance()
	}
	*s = d.Scanner
	return n
}

// copied is bytes.Clone without room for more, which would have to be cleared.
func copied(data []byte) []byte {
	c := make([]byte, len(data))
	copy(c, data)
	return c
}

// wanted tells whether every message has to be decoded, and whether functions
// of the caller see some. While operations are pending, the next message is most
// likely about one of them.
func (r *registry) wanted() (all, foreign bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.all) > 0 || len(r.pending) > 0, r.foreign > 0
}

// overlook lets a message take effect without decoding it. It reports false if
// somebody wants to see it, and if it is any but a plain message about a call
// that goes on.
func (c *Client) overlook(channel string, data []byte) bool {
	if channel != callsTopic {
		return false
	}
	if all, _ := c.registry.wanted(); all {
		return false
	}
	d := newDecoder(data)
	defer d.free()
	h, ok := d.glance()
	return ok && d.End() == nil && c.overlookCall(h, data)
}

// overlookCall is overlook for a message of which h was seen. It does not wait
// for the turn, which somebody may have while a function of the caller runs.
func (c *Client) overlookCall(h glimpse, data []byte) bool {
	if !c.turn.TryAcquire(1) {
		return false
	}
	defer c.turn.Release(1)
	r := c.registry
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

// glance reads no more than that of the next value, and reports whether
// decodeMessage would make a message of it that shows a call which has not
// ended.
func (d *decoder) glance() (h glimpse, ok bool) {
	if !d.Object() {
		return h, false
	}
	call, failure := false, false
	for d.NextKey() {
		switch string(d.Key()) {
		case "messageType":
			ok = d.word() == typeCall
		case "metrics":
			h.generated = d.metrics()
		case "call":
			call = d.glanceAtCall(&h)
		case "errorMessage":
			failure = true
		}
	}
	return h, ok && call && !failure && d.Err() == nil
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
		case "capabilities": // a third of the message
			d.overlooked.skip(&d.Scanner)
		}
	}
	return len(h.id) > 0 && !h.state.isEnd()
}
