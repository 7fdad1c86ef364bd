package voice

import (
	"errors"

	"github.com/gwsvoice/gws-go/internal/jsonscan"
)

func (d *decoder) user() (*User, error) {
	if d.Kind() != jsonscan.Object {
		d.Skip()
		return nil, errors.New("no user")
	}
	u := &User{}
	var noDevices, noCalls error
	d.Object()
	for d.NextKey() {
		switch string(d.Key()) {
		case "id":
			u.ID = string(d.scalar())
		case "userName":
			u.UserName = string(d.scalar())
		case "firstName":
			u.FirstName = string(d.scalar())
		case "lastName":
			u.LastName = string(d.scalar())
		case "emailAddress":
			u.EmailAddress = string(d.scalar())
		case "roles":
			u.Roles = d.wordList()
		case "enabled":
			u.Enabled = d.flag()
		case "changePasswordOnFirstLogin":
			u.ChangePasswordOnFirstLogin = d.flag()
		case "contactCenterId":
			u.ContactCenterID = string(d.scalar())
		case "devices":
			u.Devices, noDevices = nil, nil
			if d.Kind() != jsonscan.Null {
				u.Devices, noDevices = d.deviceList()
			}
		case "calls":
			u.Calls, noCalls = nil, nil
			if d.Kind() != jsonscan.Null {
				u.Calls, noCalls = d.callList()
			}
		case "features":
			u.Features = d.features()
		case "channels":
			u.Channels, _ = d.channelList()
		case "uri":
			u.URI = string(d.scalar())
		case "path":
			u.Path = string(d.scalar())
		}
	}
	if u.ID == "" {
		u.ID = string(id(nil, []byte(u.URI), []byte(u.Path)))
	}
	if err := errors.Join(noCalls, noDevices); err != nil {
		return nil, err
	}
	return u, nil
}

func (d *decoder) features() []Feature {
	if !d.Array() {
		return nil
	}
	list := []Feature{}
	for d.NextElem() {
		if !d.Object() {
			continue
		}
		var f Feature
		for d.NextKey() {
			switch string(d.Key()) {
			case "id":
				f.ID = string(d.scalar())
			case "displayName":
				f.DisplayName = string(d.scalar())
			case "description":
				f.Description = string(d.scalar())
			case "autoAssignOnContactCenterCreate":
				f.AutoAssign = d.flag()
			case "uri":
				f.URI = string(d.scalar())
			case "path":
				f.Path = string(d.scalar())
			}
		}
		list = append(list, f)
	}
	return list
}

func (d *decoder) channelList() ([]Channel, error) {
	if d.Kind() != jsonscan.Array {
		d.Skip()
		return nil, errors.New("no list of channels")
	}
	list := []Channel{}
	d.Array()
	for d.NextElem() {
		if !d.Object() {
			continue
		}
		var c Channel
		for d.NextKey() {
			switch string(d.Key()) {
			case "channel":
				c.Name = d.word()
			case "userState":
				c.UserState = d.userState()
			case "dndState":
				c.DoNotDisturb = d.flag()
			}
		}
		list = append(list, c)
	}
	return list, nil
}

// agentStates reads the list of agent states. An entry without an operation
// cannot be set and is left out.
func (d *decoder) agentStates() ([]AgentState, error) {
	if d.Kind() != jsonscan.Array {
		d.Skip()
		return nil, errors.New("no list of agent states")
	}
	list := []AgentState{}
	d.Array()
	for d.NextElem() {
		if !d.Object() {
			continue
		}
		var a AgentState
		var reasonCode string
		for d.NextKey() {
			switch string(d.Key()) {
			case "id":
				a.ID = d.word()
			case "operationName":
				a.OperationName = d.word()
			case "displayName":
				a.DisplayName = d.word()
			case "state":
				a.State = UserStatus(d.word())
			case "workMode":
				a.WorkMode = WorkMode(d.word())
			case "reason":
				a.Reason = d.word()
			case "reasonCode":
				reasonCode = d.word()
			}
		}
		if a.Reason == "" {
			a.Reason = reasonCode
		}
		if a.OperationName != "" {
			list = append(list, a)
		}
	}
	return list, nil
}
