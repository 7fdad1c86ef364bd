package cometd

import (
	"encoding/json"
	"hash/maphash"
)

// ack is the client's half of the acknowledged-messages extension. The server
// numbers its connect replies and keeps the events of each until a later
// connect shows that number. A connect that shows an older one gets everything
// since then again, also what had arrived although its reply had not: that is
// recognised, so that it is delivered once. Guarded by Client.mu.
type ack struct {
	active bool
	number int64 // to be shown by the next connect
	broken bool  // the response to the last connect was incomplete: its number was not taken

	seen []uint64 // hashes of the events delivered since number was taken
	next int      // the event that a repetition would bring next; len(seen) if there is none
}

var ackSeed = maphash.MakeSeed()

// keepSeen is how much memory for hashes is kept when there is nothing to
// remember.
const keepSeen = 64

// fresh notes an event, and reports whether it is not a repetition.
func (a *ack) fresh(raw []byte) bool {
	if !a.active {
		return true
	}
	h := maphash.Bytes(ackSeed, raw)
	if a.next < len(a.seen) && a.seen[a.next] == h {
		a.next++
		return false
	}
	a.seen = append(a.seen, h)
	a.next = len(a.seen)
	return true
}

// repeat expects a repetition, because number is shown again.
func (a *ack) repeat() { a.next = 0 }

// take notes the number of a connect reply whose events have been delivered.
func (a *ack) take(number int64) {
	a.number, a.broken, a.next = number, false, 0
	a.seen = a.seen[:0]
	if cap(a.seen) > keepSeen {
		a.seen = nil
	}
}

// ackReply is what a handshake or connect reply says about it.
type ackReply struct {
	set    bool  // the reply mentions it
	active bool  // handshake: the server takes part
	number int64 // connect: to be shown by the next one; handshake: by the first one
}

func parseAck(ext json.RawMessage) ackReply {
	if len(ext) == 0 {
		return ackReply{} // before anything is allocated
	}
	var fields struct {
		Ack json.RawMessage `json:"ack"`
	}
	if json.Unmarshal(ext, &fields) != nil || fields.Ack == nil {
		return ackReply{}
	}
	var enabled bool
	if json.Unmarshal(fields.Ack, &enabled) == nil {
		return ackReply{set: true, active: enabled}
	}
	var number int64
	if json.Unmarshal(fields.Ack, &number) == nil {
		return ackReply{set: true, number: number}
	}
	var object struct {
		Enabled bool  `json:"enabled"`
		Batch   int64 `json:"batch"`
	}
	if json.Unmarshal(fields.Ack, &object) == nil {
		return ackReply{set: true, active: object.Enabled, number: object.Batch}
	}
	return ackReply{}
}
