package cometd

import (
	"encoding/json"
	"strconv"
	"time"
)

type requestKind uint8

const (
	kindHandshake requestKind = iota
	kindConnect
	kindSubscribe
	kindUnsubscribe
	kindPublish
	kindDisconnect
)

// request is one message to the server, from the call that makes it to the
// reply that finishes it. Fields below the blank line are guarded by Client.mu
// from the moment it is handed over.
type request struct {
	kind    requestKind
	probe   bool   // connect: answer at once
	channel string // published to, or subscribed
	data    []byte // publish: the payload; handshake: the whole message
	ack     int64  // connect: number to acknowledge, -1 for none
	topic   *topic // subscribe

	id        uint64
	session   uint32
	sent      bool
	restoring bool // subscribe: repeats what an earlier session had
	finished  bool
	err       error
	reply     *reply        // handshake, connect
	room      *reply        // memory for reply; may be nil
	due       time.Time     // when a WebSocket must have answered it; zero if somebody else looks after that
	done      chan struct{} // closed when finished; may be nil
}

// reply is what matters of an answer to a handshake or connect.
type reply struct {
	ok         bool
	err        *Error // if not ok
	advice     advice
	clientID   string
	transports []Transport // nil if not told
	ack        ackReply
	announced  int // x-messages
}

var metaNames = [...]string{
	kindHandshake: metaHandshake, kindConnect: metaConnect, kindSubscribe: metaSubscribe,
	kindUnsubscribe: metaUnsubscribe, kindDisconnect: metaDisconnect,
}

// name is the channel of the message.
func (r *request) name() string {
	if r.kind == kindPublish {
		return r.channel
	}
	return metaNames[r.kind]
}

// size is about how long the message is, encoded without its clientId.
func (r *request) size() int {
	return len(`{"id":"","channel":"","clientId":"","data":}`) + 20 + len(r.channel) + len(r.data)
}

// failure is err as the result of r.
func (r *request) failure(err error, t Transport) error {
	if r.err != nil {
		return r.err
	}
	e := &Error{Channel: r.name(), Transport: t}
	if r.kind == kindSubscribe || r.kind == kindUnsubscribe {
		e.Subscription = r.channel
	}
	if of, ok := err.(*Error); ok && of.Channel == "" {
		e.Code, e.Message, e.HTTPStatus, e.CloseCode, e.Raw, e.Err = of.Code, of.Message, of.HTTPStatus, of.CloseCode, of.Raw, of.Err
		return e
	}
	if refusal, ok := err.(*upgradeError); ok {
		e.HTTPStatus = refusal.status
	}
	e.Err = err
	return e
}

// isAnsweredBy reports whether m is the reply to r.
func (r *request) isAnsweredBy(m *message) bool {
	if string(m.channel) != r.name() {
		return false
	}
	if len(m.id) > 0 {
		var buf [20]byte
		return string(m.id) == string(strconv.AppendUint(buf[:0], r.id, 10))
	}
	if r.kind == kindSubscribe || r.kind == kindUnsubscribe {
		var name string
		return json.Unmarshal(m.subscription.of(m.raw), &name) != nil || name == r.channel
	}
	return true
}

// appendTo appends the message in JSON.
func (r *request) appendTo(b []byte, clientID string, t Transport) []byte {
	if r.kind == kindHandshake {
		return append(b, r.data...)
	}
	b = append(b, `{"id":"`...)
	b = strconv.AppendUint(b, r.id, 10)
	b = append(b, `","channel":`...)
	b = appendString(b, r.name())
	b = append(b, `,"clientId":`...)
	b = appendString(b, clientID)
	switch r.kind {
	case kindConnect:
		b = append(b, `,"connectionType":"`...)
		b = append(b, t...)
		b = append(b, '"')
		if r.ack >= 0 {
			b = append(b, `,"ext":{"ack":`...)
			b = strconv.AppendInt(b, r.ack, 10)
			b = append(b, '}')
		}
		if r.probe {
			b = append(b, `,"advice":{"timeout":0}`...)
		}
	case kindSubscribe, kindUnsubscribe:
		b = append(b, `,"subscription":`...)
		b = appendString(b, r.channel)
	case kindPublish:
		b = append(b, `,"data":`...)
		b = append(b, r.data...)
	}
	return append(b, '}')
}

// appendString appends s as a JSON string.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			quoted, _ := json.Marshal(s) // a string never fails
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
