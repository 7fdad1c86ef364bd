package cometd

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// message is the envelope of a received message. All slices belong to the body
// that it was read from.
type message struct {
	raw          []byte
	channel      []byte
	id           []byte // without quotes
	clientID     []byte // without quotes
	data         []byte // nil if there is none; "null" if it is null
	ext          []byte
	advice       []byte
	subscription []byte
	err          []byte
	transports   []byte
	announced    []byte
	successful   int8 // 1, -1, or 0 if missing
}

var errNotMessages = errors.New("not a Bayeux message")

// scan calls yield with each message of body, which is an array of messages or
// a single one. After an error the messages before it have been yielded.
func scan(body []byte, yield func(*message)) (n int, err error) {
	body = bytes.TrimSpace(body)
	if bytes.HasPrefix(body, []byte("/*")) && bytes.HasSuffix(body, []byte("*/")) && len(body) >= 4 {
		body = bytes.TrimSpace(body[2 : len(body)-2])
	}
	var all []json.RawMessage
	if len(body) > 0 && body[0] == '{' {
		if !json.Valid(body) {
			return 0, errNotMessages
		}
		all = []json.RawMessage{body}
	} else if err := json.Unmarshal(body, &all); err != nil {
		return 0, err
	}
	for _, raw := range all {
		var m message
		if err := m.scan(raw); err != nil {
			return n, err
		}
		n++
		yield(&m)
	}
	return n, nil
}

func (m *message) scan(raw []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil || fields == nil {
		return fmt.Errorf("%w: %.40q", errNotMessages, raw)
	}
	text := func(v json.RawMessage) []byte {
		var s string
		if json.Unmarshal(v, &s) == nil {
			return []byte(s)
		}
		return nil
	}
	m.raw = raw
	for k, v := range fields {
		switch k {
		case "channel":
			m.channel = text(v)
		case "id":
			if m.id = text(v); m.id == nil && len(v) > 0 && (v[0] == '-' || v[0] >= '0' && v[0] <= '9') {
				m.id = v
			}
		case "clientId":
			m.clientID = text(v)
		case "data":
			m.data = v
		case "ext":
			m.ext = v
		case "advice":
			m.advice = v
		case "subscription":
			m.subscription = v
		case "error":
			m.err = text(v)
		case "supportedConnectionTypes":
			m.transports = v
		case "x-messages":
			m.announced = v
		case "successful":
			switch string(v) {
			case "true":
				m.successful = 1
			case "false":
				m.successful = -1
			}
		}
	}
	return nil
}
