package voice

import (
	"context"
	"errors"

	"github.com/gwsvoice/gws-go/internal/jsonscan"
)

// Users reads the users of the contact centre with their devices: a supervisor
// needs to know whom to name in a [Monitor]. A device's state is the one at that
// moment; what becomes of it is told to its own user only. Devices is nil where
// the server does not tell them.
//
// It needs the feature api-provisioning-read, and is refused with
// [CodeNoPermission] without it. Inferred: that the list can have the devices in
// it. Reference: UsersResource.
func (c *Client) Users(ctx context.Context) ([]*User, error) {
	body, err := c.get(ctx, "/users?fields=*&subresources=devices")
	if err != nil {
		return nil, err
	}
	return decodeUsers(body)
}

func decodeUsers(body []byte) ([]*User, error) {
	return readAnswer(body, (*decoder).userList, "users")
}

// userList leaves out what is no user.
func (d *decoder) userList() ([]*User, error) {
	if d.Kind() != jsonscan.Array {
		d.Skip()
		return nil, errors.New("no list of users")
	}
	list := []*User{}
	d.Array()
	for d.NextElem() {
		if u, err := d.user(); err == nil {
			list = append(list, u)
		}
	}
	return list, nil
}
