package voice

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/gwsvoice/gws-go/internal/rest"
)

// Session tells how an agent starts to work. The zero value starts voice on the
// agent's default place.
type Session struct {
	Channels   []string // nil means voice only; others are media as "chat"
	Place      string   // "" means the agent's default place
	LoginCode  string   // agent login id; "" means the server's choice
	Queue      string   // queue number for the login; "" sends none
	DevicePath string   // "/devices/{id}": picks the device of a place that has several; "" sends none
}

type sessionParams struct {
	Channels   []string `json:"channels"`
	Place      string   `json:"place,omitzero"`
	LoginCode  string   `json:"loginCode,omitzero"`
	Queue      string   `json:"queue,omitzero"`
	DevicePath string   `json:"devicePath,omitzero"`
}

// ChannelResult is what became of one channel in a [PartialError].
type ChannelResult struct {
	Channel string // "voice"; all other media are "multimedia"
	Code    StatusCode
	Message string // the server's free text; "" on success
}

// PartialError is a request of which a part succeeded.
type PartialError struct {
	Operation  OperationName
	HTTPStatus int
	Message    string          // the server's free text, may be ""
	Results    []ChannelResult // those that failed first
}

func (e *PartialError) Error() string {
	var parts []string
	for _, r := range e.Results {
		if r.Code == CodeSuccess {
			parts = append(parts, r.Channel+" succeeded")
		} else {
			parts = append(parts, fmt.Sprintf("%s failed: %s (status %d)", r.Channel, cmp.Or(r.Message, r.Code.String()), r.Code))
		}
	}
	return subject(e.Operation, "") + ": partial success: " + strings.Join(parts, "; ")
}

// Result returns what became of a channel, and whether the server said.
func (e *PartialError) Result(channel string) (ChannelResult, bool) {
	for _, r := range e.Results {
		if r.Channel == channel {
			return r, true
		}
	}
	return ChannelResult{}, false
}

// decodePartial reads the results out of a partial success.
func decodePartial(body []byte) []ChannelResult {
	type result struct {
		Code    json.Number `json:"statusCode"`
		Message string      `json:"statusMessage"`
		Channel string      `json:"channel"`
	}
	var answer struct {
		Failed    []result `json:"failed"`
		Succeeded []result `json:"succeeded"`
	}
	_ = json.Unmarshal(body, &answer) // what could be read is all there is
	var results []ChannelResult
	for _, r := range append(answer.Failed, answer.Succeeded...) {
		code, _ := r.Code.Int64()
		results = append(results, ChannelResult{r.Channel, StatusCode(code), r.Message})
	}
	return results
}

// StartContactCenterSession logs the agent in on the given channels, and then
// reads calls and devices again, for no longer than [Config.OperationTimeout]. If
// some channels fail it is a [*PartialError], and the failed one may well be
// voice. The agent's state is not settled when it
// returns: the device passes through [UserLoggedIn], and the switch may make it
// ready by itself; [Client.Subscribe] tells. A device in [DeviceInactive] can be
// expected to fail; see [Client.Devices] beforehand. Reference: Start Contact
// Center Session.
func (c *Client) StartContactCenterSession(ctx context.Context, p Session) error {
	if len(p.Channels) == 0 {
		p.Channels = []string{"voice"}
	}
	_, err := c.run(ctx, Operation{Name: OpStartContactCenterSession, Params: sessionParams(p)})
	_, partial := errors.AsType[*PartialError](err)
	_, unknown := errors.AsType[*UnconfirmedError](err)
	if err != nil && !partial && !unknown {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.operationTimeout)
	defer cancel()
	if c.refresh(ctx, c.readAll) != nil {
		c.recoverLater()
	}
	return err
}

// EndContactCenterSession logs the agent out and ends the client: the server
// drops the HTTP session, so nothing can be asked afterwards, and Err is
// [ErrClosed]. The notification session is ended first, so that nothing is
// listening on a session that is gone; to see the agent logged out, call
// [Client.Offline] before. An error means that the agent may still be logged in;
// the client has ended all the same, unless ctx had ended before the call.
// Reference: End Contact Center Session.
func (c *Client) EndContactCenterSession(ctx context.Context) error {
	if err := c.Err(); err != nil {
		return &NotSentError{Operation: OpEndContactCenterSession, Err: err}
	}
	if err := ctx.Err(); err != nil {
		return &NotSentError{Operation: OpEndContactCenterSession, Err: err}
	}
	c.fail(ErrClosed)
	defer c.close(ctx)
	stop := context.AfterFunc(ctx, func() { _ = c.events.CloseNow() })
	_ = c.events.Close()
	stop()
	body, err := rest.Marshal(string(OpEndContactCenterSession), nil)
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	_, err = c.rest.Post(limited, "/me", body)
	c.transport.Forget()
	op := Operation{Name: OpEndContactCenterSession}
	if e, ok := errors.AsType[*rest.Refusal](err); ok {
		return c.refused(op, e)
	}
	if e, ok := errors.AsType[*rest.TransportError](err); ok && !e.Sent {
		return notSent(ctx, op.Name, "", e)
	}
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		err = errNoAnswer
	}
	if err != nil {
		return &UnconfirmedError{Operation: op.Name, Err: err}
	}
	return nil
}
