package voice

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/gwsvoice/gws-go/internal/jsonscan"
)

// Answers of the REST API, whole bodies. Unlike a notification, a list of calls
// has to be understood completely: a call that is missing from it counts as
// ended.

func decodeCalls(body []byte) ([]*Call, error) {
	return readAnswer(body, (*decoder).callList, "calls")
}

func decodeCall(body []byte) (*Call, error) {
	return readAnswer(body, (*decoder).oneCall, "call")
}

func decodeDevices(body []byte) ([]*Device, error) {
	return readAnswer(body, (*decoder).deviceList, "devices")
}

func decodeDevice(body []byte) (*Device, error) {
	return readAnswer(body, (*decoder).oneDevice, "device")
}

func decodeUser(body []byte) (*User, error) {
	return readAnswer(body, (*decoder).user, "user")
}

func decodeChannels(body []byte) ([]Channel, error) {
	return readAnswer(body, (*decoder).channelList, "channels")
}

func decodeServices(body []byte) ([]Service, error) {
	return readAnswer(body, (*decoder).serviceList, "services")
}

// decodeAgentStates reads the settings of agent states.
func decodeAgentStates(body []byte) ([]AgentState, error) {
	return readAnswer(body, (*decoder).agentStates, "settings")
}

// decodeVersion reads the version of the server.
func decodeVersion(body []byte) (string, error) {
	return readAnswer(body, func(d *decoder) (string, error) { return string(d.scalar()), nil }, "version")
}

// readAnswer reads the attribute called name of an answer.
func readAnswer[T any](body []byte, read func(*decoder) (T, error), name string) (T, error) {
	d := newDecoder(body)
	defer d.free()
	var value, none T
	err := fmt.Errorf("no %q", name)
	if d.Object() {
		for d.NextKey() {
			if string(d.Key()) == name {
				value, err = read(d)
			}
		}
	}
	if broken := d.End(); broken != nil {
		err = broken
	}
	if err != nil {
		return none, &ProtocolError{http.StatusOK, err.Error()}
	}
	return value, nil
}

func (d *decoder) oneCall() (*Call, error) {
	c := d.call()
	d.flush()
	if c == nil || c.ID == "" {
		return nil, errors.New("a call without an id")
	}
	return c, nil
}

func (d *decoder) callList() ([]*Call, error) {
	if d.Kind() != jsonscan.Array {
		d.Skip()
		return nil, errors.New("no list of calls")
	}
	list := []*Call{}
	var err error
	d.Array()
	for d.NextElem() {
		c, failed := d.oneCall()
		if failed != nil {
			err = failed
			continue
		}
		list = append(list, c)
	}
	if err != nil {
		return nil, err
	}
	return list, nil
}

func (d *decoder) oneDevice() (*Device, error) {
	v := d.device()
	d.flush()
	if v == nil || v.ID == "" {
		return nil, errors.New("a device without an id")
	}
	return v, nil
}

func (d *decoder) deviceList() ([]*Device, error) {
	if d.Kind() != jsonscan.Array {
		d.Skip()
		return nil, errors.New("no list of devices")
	}
	list := d.devices()
	d.flush()
	return list, nil
}

func (d *decoder) serviceList() ([]Service, error) {
	if d.Kind() != jsonscan.Array {
		d.Skip()
		return nil, errors.New("no list of services")
	}
	return d.services([]Service{}), nil
}
