package cometdtest

import (
	"encoding/json"
	"strconv"
)

// acks is the server's half of the acknowledged-messages extension for one
// session. Everything in it is guarded by the server's mu.
type acks struct {
	batch int64   // number of the next connect reply
	sent  []acked // delivered, not acknowledged
}

type acked struct {
	event
	batch int64
}

// acknowledge forgets what the client has confirmed and reports whether it has
// missed anything, which must be delivered again at once.
func (a *acks) acknowledge(m *Message) bool {
	n, err := strconv.ParseInt(text(m.ExtField("ack")), 10, 64)
	if err != nil {
		return false
	}
	i := 0
	for i < len(a.sent) && a.sent[i].batch <= n {
		i++
	}
	a.sent = a.sent[i:]
	return len(a.sent) > 0
}

// deliver returns everything that a connect reply must carry: what was sent
// before without being confirmed, then the new events.
func (a *acks) deliver(events []event) []event {
	all := make([]event, 0, len(a.sent)+len(events))
	for _, e := range a.sent {
		all = append(all, e.event)
	}
	for _, e := range events {
		all = append(all, e)
		if !e.once {
			a.sent = append(a.sent, acked{e, a.batch})
		}
	}
	return all
}

// stamp puts the number of the batch on a connect reply and begins the next.
func (a *acks) stamp(r *reply) {
	r.ext()["ack"] = json.Number(strconv.FormatInt(a.batch, 10))
	a.batch++
}

// ext returns the reply's ext object, creating it.
func (r *reply) ext() map[string]any {
	e, ok := r.fields["ext"].(map[string]any)
	if !ok {
		e = map[string]any{}
		r.fields["ext"] = e
	}
	return e
}
