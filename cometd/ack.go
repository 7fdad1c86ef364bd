package cometd

import (
	"encoding/json"
)

// ack is the client's half of the acknowledged-messages extension.
type ack struct {
	active bool
}

// ackReply is what a handshake or connect reply says about it.
type ackReply struct {
	set    bool  // the reply mentions it
	active bool  // handshake: the server takes part
	number int64 // connect: to be sent with the next one; handshake: the first one to send
}

func parseAck(ext json.RawMessage) ackReply {
	var fields struct {
		Ack json.RawMessage `json:"ack"`
	}
	if len(ext) == 0 || json.Unmarshal(ext, &fields) != nil || fields.Ack == nil {
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
