package cometdtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
)

// The channels of the protocol, for Match and for looking through the record.
const (
	MetaHandshake   = "/meta/handshake"
	MetaConnect     = "/meta/connect"
	MetaSubscribe   = "/meta/subscribe"
	MetaUnsubscribe = "/meta/unsubscribe"
	MetaDisconnect  = "/meta/disconnect"
)

// Message is one message of a client as the server received it.
type Message struct {
	Channel        string
	ID             string // as text also if it was a number
	ClientID       string
	ConnectionType string
	Subscriptions  []string        // of a subscribe or unsubscribe, one or many
	Data           json.RawMessage // nil if there was none
	Ext            json.RawMessage // nil if there was none
	Advice         json.RawMessage // nil if there was none
	Raw            json.RawMessage // the whole message

	id, channel, subscription json.RawMessage // as received, for the reply
}

// ExtField returns the member of the message's ext, nil if it has none.
func (m *Message) ExtField(name string) json.RawMessage {
	if m.Ext == nil {
		return nil
	}
	var ext map[string]json.RawMessage
	if json.Unmarshal(m.Ext, &ext) != nil {
		return nil
	}
	return ext[name]
}

// parseBody reads an array of messages or a single one.
func parseBody(body []byte) ([]Message, error) {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return nil, errors.New("empty body")
	}
	var raws []json.RawMessage
	if body[0] == '[' {
		if err := json.Unmarshal(body, &raws); err != nil {
			return nil, err
		}
	} else {
		raws = []json.RawMessage{body}
	}
	messages := make([]Message, len(raws))
	for i, raw := range raws {
		if err := messages[i].parse(raw); err != nil {
			return nil, err
		}
	}
	return messages, nil
}

func (m *Message) parse(raw json.RawMessage) error {
	var wire struct {
		Channel        json.RawMessage `json:"channel"`
		ID             json.RawMessage `json:"id"`
		ClientID       json.RawMessage `json:"clientId"`
		ConnectionType json.RawMessage `json:"connectionType"`
		Subscription   json.RawMessage `json:"subscription"`
		Data           json.RawMessage `json:"data"`
		Ext            json.RawMessage `json:"ext"`
		Advice         json.RawMessage `json:"advice"`
	}
	if err := json.Unmarshal(raw, &wire); err != nil {
		return err
	}
	*m = Message{
		Channel: text(wire.Channel), ID: text(wire.ID), ClientID: text(wire.ClientID),
		ConnectionType: text(wire.ConnectionType),
		Data:           wire.Data, Ext: wire.Ext, Advice: wire.Advice, Raw: raw,
		id: wire.ID, channel: wire.Channel, subscription: wire.Subscription,
	}
	if len(wire.Subscription) > 0 && wire.Subscription[0] == '[' {
		var all []json.RawMessage
		_ = json.Unmarshal(wire.Subscription, &all)
		for _, one := range all {
			m.Subscriptions = append(m.Subscriptions, text(one))
		}
	} else if wire.Subscription != nil {
		m.Subscriptions = []string{text(wire.Subscription)}
	}
	return nil
}

// text is a JSON string's value, or any other value's own text.
func text(raw json.RawMessage) string {
	var s string
	if len(raw) > 0 && raw[0] == '"' && json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// requestAdvice is what a connect may ask for.
func (m *Message) requestAdvice() (timeout, interval time.Duration, hasTimeout, hasInterval bool) {
	var a struct{ Timeout, Interval *float64 }
	if m.Advice == nil || json.Unmarshal(m.Advice, &a) != nil {
		return
	}
	if a.Timeout != nil {
		timeout, hasTimeout = time.Duration(max(*a.Timeout, 0)*float64(time.Millisecond)), true
	}
	if a.Interval != nil {
		interval, hasInterval = time.Duration(max(*a.Interval, 0)*float64(time.Millisecond)), true
	}
	return
}

// reply is a message of the server that answers one of the client's.
type reply struct {
	to     *Message
	fields map[string]any
}

// newReply answers m with the fields that a reply has in common with it.
func (p *profile) newReply(m *Message) *reply {
	r := &reply{to: m, fields: map[string]any{"successful": true}}
	if m.channel != nil && (m.Channel != "" || !p.strictChannels) {
		r.fields["channel"] = m.Channel
	}
	if m.id != nil {
		r.fields["id"] = m.id
		if p.textID {
			r.fields["id"] = m.ID
		}
	}
	if m.subscription != nil {
		r.fields["subscription"] = m.subscription
	}
	if p.clientID && m.ClientID != "" {
		r.fields["clientId"] = m.ClientID
	}
	return r
}

func (r *reply) refuse(text string) *reply {
	r.fields["successful"] = false
	r.fields["error"] = text
	return r
}

func (r *reply) encode() []byte {
	b, err := json.Marshal(r.fields)
	if err != nil {
		panic("cometdtest: a reply was given a value that is not JSON: " + err.Error())
	}
	return b
}

// newEvent encodes a message that delivers data.
func newEvent(channel string, data any) event {
	return encodeEvent(channel, mustJSON(data), nil, nil)
}

// encodeEvent encodes an event; what is nil is left out.
func encodeEvent(channel string, data, ext, id []byte) event {
	b := make([]byte, 0, len(channel)+len(data)+len(ext)+len(id)+48)
	b = append(append(b, `{"channel":`...), mustJSON(channel)...)
	for _, field := range []struct {
		name  string
		value []byte
	}{{"data", data}, {"ext", ext}, {"id", id}} {
		if field.value != nil {
			b = append(append(append(append(b, `,"`...), field.name...), `":`...), field.value...)
		}
	}
	return event{raw: append(b, '}')}
}

func mustJSON(v any) []byte {
	if raw, ok := v.(json.RawMessage); ok && raw != nil {
		return raw // the caller's bytes, digit by digit
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("cometdtest: data is not JSON: " + err.Error())
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// joinArray is the JSON array of messages that are already encoded.
func joinArray(messages [][]byte) []byte {
	n := 2
	for _, m := range messages {
		n += len(m) + 1
	}
	b := append(make([]byte, 0, n), '[')
	for i, m := range messages {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, m...)
	}
	return append(b, ']')
}

func millis(d time.Duration) json.Number {
	return json.Number(strconv.FormatInt(d.Milliseconds(), 10))
}

// validChars tells whether a channel has only characters that channels may have.
func validChars(name string, strict bool) bool {
	extra := "/-_!~()$@*"
	if !strict {
		extra += " #+.{}"
	}
	for _, c := range name {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case c < 0x80 && strings.ContainsRune(extra, c):
		case c >= 0x80 && !strict:
		default:
			return false
		}
	}
	return true
}

func isMeta(channel string) bool { return strings.HasPrefix(channel, "/meta/") }

func validID(id json.RawMessage) bool {
	s := text(id)
	for _, c := range s {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}
