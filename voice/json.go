package voice

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/gwsvoice/gws-go/internal/jsonscan"
)

// MarshalJSON writes the call under the names of the wire; see [Call].
func (c Call) MarshalJSON() ([]byte, error) {
	type plain Call
	if c.Participants == nil {
		c.Participants = []Participant{}
	}
	if c.Capabilities == nil {
		c.Capabilities = []OperationName{}
	}
	return json.Marshal(struct {
		plain
		Duration float64 `json:"duration"`
	}{plain(c), c.Duration.Seconds()})
}

// UnmarshalJSON reads a call as the server writes it, in every form of any
// version, or as MarshalJSON does.
func (c *Call) UnmarshalJSON(data []byte) error {
	dec := newDecoder(data)
	defer dec.free()
	null := dec.Kind() == jsonscan.Null
	v := dec.call()
	dec.flush()
	switch err := dec.End(); {
	case err != nil:
		return err
	case null:
		return nil
	case v == nil:
		return errors.New("voice: a call is a JSON object")
	}
	*c = *v
	return nil
}

// UnmarshalJSON reads a device as the server writes it, in every form of any
// version, or as it is marshalled.
func (d *Device) UnmarshalJSON(data []byte) error {
	dec := newDecoder(data)
	defer dec.free()
	null := dec.Kind() == jsonscan.Null
	v := dec.device()
	dec.flush()
	switch err := dec.End(); {
	case err != nil:
		return err
	case null:
		return nil
	case v == nil:
		return errors.New("voice: a device is a JSON object")
	}
	*d = *v
	return nil
}

// MarshalJSON writes the message under the names of the wire, with its
// messageType.
func (m *CallStateChangeMessage) MarshalJSON() ([]byte, error) {
	type plain CallStateChangeMessage
	return json.Marshal(struct {
		Type string `json:"messageType"`
		*plain
	}{typeCall, (*plain)(m)})
}

// MarshalJSON writes the message under the names of the wire, with its
// messageType.
func (m *DeviceStateChangeMessage) MarshalJSON() ([]byte, error) {
	type plain DeviceStateChangeMessage
	return json.Marshal(struct {
		Type string `json:"messageType"`
		*plain
	}{typeDevice, (*plain)(m)})
}

// MarshalJSON writes the message under the names of the wire, with its
// messageType.
func (m *ErrorMessage) MarshalJSON() ([]byte, error) {
	type plain ErrorMessage
	return json.Marshal(struct {
		Type string `json:"messageType"`
		*plain
	}{typeError, (*plain)(m)})
}

// MarshalJSON writes the message under the names of the wire, with its
// messageType.
func (m *ServiceStateChange) MarshalJSON() ([]byte, error) {
	type plain ServiceStateChange
	return json.Marshal(struct {
		Type string `json:"messageType"`
		*plain
	}{typeService, (*plain)(m)})
}

// MarshalJSON writes the gap as an object whose messageType is "Reconnected".
func (m *Reconnected) MarshalJSON() ([]byte, error) {
	v := struct {
		Type     string    `json:"messageType"`
		Since    time.Time `json:"since,omitzero"`
		Lossless bool      `json:"lossless"`
		Err      string    `json:"error,omitempty"`
	}{Type: "Reconnected", Since: m.Since, Lossless: m.Lossless}
	if m.Err != nil {
		v.Err = m.Err.Error()
	}
	return json.Marshal(v)
}

// MarshalJSON writes the gap as an object whose messageType is "Lagged".
func (m *Lagged) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Type    string `json:"messageType"`
		Dropped int    `json:"dropped"`
	}{"Lagged", m.Dropped})
}
