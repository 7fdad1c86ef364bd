package voice

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/gwsvoice/gws-go/internal/backoff"
)

// snapshot is what the server said when it was asked. A nil part was not read.
type snapshot struct {
	since                uint64 // registry.seq before the request: what changed later is newer than the snapshot
	calls                []*Call
	devices              []*Device
	hasCalls, hasDevices bool
}

// readAll reads calls and devices, in one request where the server lets it.
func (c *Client) readAll(ctx context.Context, s *snapshot) error {
	body, err := c.get(ctx, "/me?subresources=devices,calls")
	if err != nil {
		return err
	}
	user, err := decodeUser(body)
	if err != nil {
		return err
	}
	s.calls, s.hasCalls = user.Calls, user.Calls != nil
	s.devices, s.hasDevices = user.Devices, user.Devices != nil
	if !s.hasCalls {
		if err := c.readCalls(ctx, s); err != nil {
			return err
		}
	}
	if !s.hasDevices {
		return c.readDevices(ctx, s)
	}
	return nil
}

func (c *Client) readCalls(ctx context.Context, s *snapshot) error {
	body, err := c.get(ctx, "/me/calls?fields=*")
	if err != nil {
		return err
	}
	s.calls, err = decodeCalls(body)
	s.hasCalls = err == nil
	return err
}

func (c *Client) readDevices(ctx context.Context, s *snapshot) error {
	body, err := c.get(ctx, "/me/devices?fields=*")
	if err != nil {
		return err
	}
	s.devices, err = decodeDevices(body)
	s.hasDevices = err == nil
	return err
}

// reconcile makes what is known agree with the snapshot. Differences are
// announced by synthetic messages; each call and device of the snapshot may
// settle operations. What an event has changed since the snapshot was asked for
// is newer and stays, and so does what a later snapshot has confirmed.
//
// If ctx or the client ends first, its error is returned. What has begun then
// goes on nevertheless, for it runs functions of the caller, who may leave.
func (c *Client) reconcile(ctx context.Context, s *snapshot) error {
	limited, release := c.limit(ctx)
	defer release()
	if c.turn.Acquire(limited, 1) != nil {
		return c.leftEarly(ctx)
	}
	if !c.enter() {
		c.turn.Release(1)
		return c.leftEarly(ctx)
	}
	done := make(chan struct{})
	go func() {
		defer c.leave()
		defer close(done)
		defer c.endTurn()
		c.compare(s)
	}()
	select {
	case <-done:
		return nil
	case <-limited.Done():
		return c.leftEarly(ctx)
	}
}

// leftEarly is the error of somebody who did not wait until what he has read
// took effect.
func (c *Client) leftEarly(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("voice: answered, but an earlier event still takes effect: %w", err)
	}
	return &NotSentError{Err: c.whyLeft(ctx)}
}

// whyLeft returns what has ended, ctx or the client.
func (c *Client) whyLeft(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.registry.mu.Lock()
	defer c.registry.mu.Unlock()
	return c.registry.closed
}

// compare is reconcile for whoever has the turn.
func (c *Client) compare(s *snapshot) {
	c.registry.mu.Lock()
	c.registry.seq++
	c.registry.mu.Unlock()
	if s.hasDevices {
		c.reconcileDevices(s)
	}
	if s.hasCalls {
		c.reconcileCalls(s)
	}
}

func (c *Client) reconcileCalls(s *snapshot) {
	r := c.registry
	listed := map[string]bool{}
	for _, call := range s.calls {
		if !call.ended() {
			listed[call.ID] = true
		}
	}
	r.mu.Lock()
	var gone []*Call
	for _, id := range r.order {
		if known := r.calls[id]; !listed[id] && known.last <= s.since {
			gone = append(gone, known.call())
		}
	}
	r.mu.Unlock()
	for _, call := range gone {
		ended := *call
		ended.State, ended.Capabilities = StateReleased, nil
		c.deliver(c.synthetic(&ended))
	}
	for _, call := range s.calls {
		if !listed[call.ID] {
			continue
		}
		r.mu.Lock()
		known := r.calls[call.ID]
		outdated := known != nil && known.last > s.since || known == nil && r.released.since(call.ID) > s.since
		same := known != nil && sameCall(known.call(), call)
		if same && !outdated {
			known.last = r.seq
		}
		r.mu.Unlock()
		switch msg := c.synthetic(call); {
		case outdated:
		case same:
			r.mu.Lock()
			concerned := r.concerned(msg)
			r.mu.Unlock()
			c.judge(concerned, msg)
		default:
			c.deliver(msg)
		}
	}
}

func (c *Client) reconcileDevices(s *snapshot) {
	r := c.registry
	for _, d := range s.devices {
		r.mu.Lock()
		known := r.device(d.ID)
		outdated := known != nil && known.last > s.since
		same := known != nil && sameDevice(known.device, d)
		if same && !outdated {
			known.last = r.seq
		}
		msg := &DeviceStateChangeMessage{Devices: []*Device{d}, Synthetic: true}
		concerned := r.concerned(msg)
		r.mu.Unlock()
		switch {
		case outdated:
		case same:
			c.judge(concerned, msg)
		default:
			c.deliver(msg)
		}
	}
}

// synthetic returns the message that the server would have sent about call.
func (c *Client) synthetic(call *Call) *CallStateChangeMessage {
	msg := &CallStateChangeMessage{Call: call, Synthetic: true}
	c.registry.mu.Lock()
	defer c.registry.mu.Unlock()
	if known := c.registry.device(call.DeviceID); known != nil {
		msg.PhoneNumber = known.device.PhoneNumber
	}
	return msg
}

func sameCall(a, b *Call) bool {
	x, y := *a, *b
	x.Duration, y.Duration = 0, 0 // runs on by itself
	return reflect.DeepEqual(x, y)
}

func sameDevice(a, b *Device) bool { return reflect.DeepEqual(a, b) }

// readTimeout limits a read that the client does on its own account.
const readTimeout = 10 * time.Second

// recoverGap reads everything back after events may have been missed. Events
// that came after the gap wait meanwhile, so that they are applied on top of
// the snapshot. If the read does not succeed soon, they wait no longer, and the
// reading goes on beside them.
func (c *Client) recoverGap() {
	if c.tryRecover() != nil {
		c.recoverLater()
	}
}

// recoverLater reads everything back as soon as that is possible.
func (c *Client) recoverLater() {
	if !c.enter() {
		return
	}
	r := c.registry
	r.mu.Lock()
	busy := r.recovering
	r.recovering = true
	r.mu.Unlock()
	if busy {
		c.leave()
		return
	}
	go func() {
		defer c.leave()
		pause := backoff.Backoff{Min: time.Second, Max: 30 * time.Second}
		for {
			select {
			case <-time.After(pause.Next()):
			case <-c.lifetime.Done():
				return
			}
			// Whoever needs another read from here on has to ask again.
			r.mu.Lock()
			r.recovering = false
			r.mu.Unlock()
			if c.awaitBacklog(c.lifetime) && c.tryRecover() == nil {
				return
			}
			r.mu.Lock()
			busy := r.recovering
			r.recovering = true
			r.mu.Unlock()
			if busy {
				return
			}
		}
	}()
}

// tryRecover reads calls and devices, and the state of the voice service where
// it may be down: the notification of its going, or of its return, may be among
// those that were missed.
func (c *Client) tryRecover() error {
	ctx, cancel := context.WithTimeout(c.lifetime, readTimeout)
	defer cancel()
	s := &snapshot{since: c.registry.now()}
	if err := c.readAll(ctx, s); err != nil {
		if c.lifetime.Err() == nil {
			c.log.Warn("cannot read calls and devices back", "err", err)
		}
		return err
	}
	if err := c.reconcile(c.lifetime, s); err != nil {
		return err
	}
	if c.registry.mayBeDown() {
		_, _ = c.askServices(c.lifetime) // it is asked for again while it is down
	}
	return nil
}
