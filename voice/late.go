package voice

import (
	"context"
	"hash/maphash"
	"slices"
	"time"
)

// Messages about one call, or one device, come in order. One that is out of
// order, or comes twice, shows how things were: it must neither replace what is
// known nor settle an operation. It is recognised by the clock of the server or
// of the call that goes back, by bytes that came before, or by a call that has
// ended; the server's own list then decides whether it is true all the same.
// Where a server has no clock, what happens again looks like what is said again;
// so when the list does not decide, because it cannot be read or things have gone
// on since, such a repetition may take effect yet.

// heard is what was notified of a call or device lately.
type heard struct {
	generated time.Time
	duration  time.Duration // of the call
	prints    []print       // of the messages since the duration has this value, or since repeatWindow
	readSince bool          // something else was read back after the last of them
	end       uint64        // of the message that ended the call before it came back
}

// print recognises a message that comes twice.
type print struct {
	sum uint64
	at  time.Time
}

const (
	// repeatWindow is for how long a message about a device is recognised.
	// Messages about a call show its duration: they differ after a second.
	repeatWindow = time.Minute
	maxPrints    = 16
)

var printSeed = maphash.MakeSeed()

// add notes a message and tells whether it is out of order.
func (h *heard) add(raw []byte, generated time.Time, duration time.Duration, ended bool) (late bool) {
	sum, now := maphash.Bytes(printSeed, raw), time.Now()
	switch {
	case !generated.IsZero() && generated.Before(h.generated), duration < h.duration && !ended, sum == h.end:
		return true
	case duration > h.duration:
		h.prints = h.prints[:0]
	}
	last := len(h.prints) - 1
	i := slices.IndexFunc(h.prints, func(p print) bool { return p.sum == sum && now.Sub(p.at) < repeatWindow })
	switch {
	case i >= 0 && (i < last || h.readSince):
		return true
	case i >= 0: // right after itself it changes nothing
		return false
	case len(h.prints) == maxPrints:
		h.prints = slices.Delete(h.prints, 0, 1)
	}
	h.prints = append(h.prints, print{sum, now})
	h.generated, h.duration, h.readSince = generated, duration, false
	return false
}

// repeats tells whether all that is odd about a message is that it looks like an
// earlier one. With the server's clock in it, no two look alike.
func (h *heard) repeats(raw []byte, generated time.Time, duration time.Duration) bool {
	sum := maphash.Bytes(printSeed, raw)
	return generated.IsZero() && duration >= h.duration && slices.ContainsFunc(h.prints, func(p print) bool { return p.sum == sum })
}

// again notes that a message which was out of order is true.
func (h *heard) again(raw []byte) {
	sum := maphash.Bytes(printSeed, raw)
	h.prints = slices.DeleteFunc(h.prints, func(p print) bool { return p.sum == sum })
	h.prints = append(h.prints, print{sum, time.Now()})
	h.readSince = false
}

// cameBack returns what is remembered of a call that has ended, when it is
// there again.
func (h *heard) cameBack() heard {
	if len(h.prints) == 0 {
		return heard{generated: h.generated}
	}
	return heard{generated: h.generated, end: h.prints[len(h.prints)-1].sum}
}

// outOfOrder notes a notified message and tells whether it is out of order.
func (r *registry) outOfOrder(ev Event) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch ev := ev.(type) {
	case *CallStateChangeMessage:
		known := r.calls[ev.Call.ID]
		ended := ev.Call.ended()
		if known == nil {
			return !ended && r.released.get(ev.Call.ID) != nil
		}
		return known.heard.add(ev.Raw, ev.Generated, ev.Call.Duration, ended)
	case *DeviceStateChangeMessage:
		late := false
		for _, d := range ev.Devices {
			if known := r.device(d.ID); known != nil {
				late = known.heard.add(ev.Raw, ev.Generated, 0, false) || late
			}
		}
		return late
	}
	return false
}

// isRepetition tells whether a message that is out of order may as well be new.
// One that would end or revive a call is none: too much depends on it.
func (r *registry) isRepetition(ev Event) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch ev := ev.(type) {
	case *CallStateChangeMessage:
		known := r.calls[ev.Call.ID]
		return known != nil && !ev.Call.ended() && known.heard.repeats(ev.Raw, ev.Generated, ev.Call.Duration)
	case *DeviceStateChangeMessage:
		return slices.ContainsFunc(ev.Devices, func(d *Device) bool {
			known := r.device(d.ID)
			return known != nil && known.heard.repeats(ev.Raw, ev.Generated, 0)
		})
	}
	return false
}

// lateTimeout limits the read that decides about a message: what comes after it
// waits meanwhile. It is also for how long what comes next may show that the
// message was true when it was sent.
const lateTimeout = time.Second

// isTrue tells whether a message that is out of order agrees with what the
// server says now. If not, that takes effect in its place.
func (c *Client) isTrue(ev Event) bool {
	ctx, cancel := context.WithTimeout(c.lifetime, lateTimeout)
	defer cancel()
	repetition := c.registry.isRepetition(ev)
	s := &snapshot{since: c.registry.now()}
	var err error
	agrees := true
	switch ev := ev.(type) {
	case *CallStateChangeMessage:
		if err = c.readCalls(ctx, s); err == nil {
			agrees = c.agrees(ev.Call, s.calls)
		}
	case *DeviceStateChangeMessage:
		err = c.readDevices(ctx, s)
		for _, d := range ev.Devices {
			agrees = agrees && slices.ContainsFunc(s.devices, func(other *Device) bool { return other.ID == d.ID && sameDevice(d, other) })
		}
	}
	switch {
	case c.lifetime.Err() != nil:
		return false
	case err != nil:
		c.log.Warn("cannot tell whether a late message is true", "err", err)
		c.recoverLater()
		if repetition { // no news is newer; a message that is lost would be worse than one too many
			c.registry.heardAgain(ev)
		}
		return repetition
	case agrees:
		c.registry.heardAgain(ev)
	case repetition: // the rest of the story, if there is one, is told by messages rather than by s
		c.registry.putAside(ev)
		c.recoverLater()
	default:
		_ = c.reconcile(c.lifetime, s) // fails at the client's end only
	}
	return agrees
}

// otherClock forgets what time it was at the server: after a reconnection it may
// be another one, with another clock.
func (r *registry) otherClock() {
	for _, known := range r.calls {
		known.heard.generated = time.Time{}
	}
	for i := range r.devices {
		r.devices[i].heard.generated = time.Time{}
	}
	for id, released := range r.released.calls {
		released.heard.generated = time.Time{}
		r.released.calls[id] = released
	}
}

// agrees tells whether call is as the server lists it. A call that has ended
// may have come back, and gone further since: a rejected call may ring again
// under its old id.
func (c *Client) agrees(call *Call, listed []*Call) bool {
	i := slices.IndexFunc(listed, func(other *Call) bool { return other.ID == call.ID && !other.ended() })
	switch {
	case call.ended() || i < 0:
		return call.ended() && i < 0
	case c.registry.isReleased(call.ID):
		return true
	}
	return sameCall(call, listed[i])
}

func (r *registry) heardAgain(ev Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch ev := ev.(type) {
	case *CallStateChangeMessage:
		if known := r.calls[ev.Call.ID]; known != nil {
			known.heard.again(ev.Raw)
		}
	case *DeviceStateChangeMessage:
		for _, d := range ev.Devices {
			if known := r.device(d.ID); known != nil {
				known.heard.again(ev.Raw)
			}
		}
	}
}
