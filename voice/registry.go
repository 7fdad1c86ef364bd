package voice

import (
	"slices"
	"sync"
)

// registry is what a client knows: the last snapshot of each call and device,
// who listens, and which operations wait for their outcome.
//
// Reading and changing it is guarded by mu, which is held for a few map
// accesses only. The order in which events take effect is a matter of
// Client.turn.
type registry struct {
	mu  sync.Mutex
	seq uint64 // number of events so far; gives snapshots their place among them

	calls    map[string]*knownCall
	order    []string // ids of calls, oldest first
	released releasedCalls
	devices  []knownDevice

	all    []*Subscription            // those that may select events of any call
	byCall map[string][]*Subscription // those limited to calls
	closed error                      // set when nobody may subscribe or operate any more
	work   int                        // goroutines that Close waits for; after closed it only falls

	pending  []*Pending            // all, oldest first
	forCall  map[string][]*Pending // by Operation.CallID
	others   []*Pending            // those that any call or device may settle
	refusals []refusal             // recent, for the attribution of error messages
	dialling map[string]chan struct{}
	alarm    alarm

	foreign int // functions of the caller that see events: filters, and Until of operations

	voiceDown  bool    // the voice service is known to be down
	outages    int     // so far
	aside      []aside // messages that may turn out to be true yet
	recovering bool    // somebody waits to read everything back
}

type knownCall struct {
	decoded     *Call  // nil: raw has it, see overlook
	raw         []byte // notification that nobody wanted to see
	first, last uint64 // seq of its first and its latest event; first is 0 once an operation is known to have opened it
	hadOthers   bool   // it has shown other parties
	rang        bool   // it came in
	heard       heard
	doubtful    bool // an operation that may have ended it has an unknown outcome
}

type knownDevice struct {
	device *Device
	last   uint64
	heard  heard
}

func newRegistry() *registry {
	return &registry{
		calls:    map[string]*knownCall{},
		byCall:   map[string][]*Subscription{},
		forCall:  map[string][]*Pending{},
		dialling: map[string]chan struct{}{},
	}
}

// apply replaces the snapshots that ev brings, and forgets what ev puts in doubt.
func (r *registry) apply(ev Event) {
	switch ev := ev.(type) {
	case *CallStateChangeMessage:
		r.seq++
		r.applyCall(ev)
	case *DeviceStateChangeMessage:
		r.seq++
		for _, d := range ev.Devices {
			r.applyDevice(d, ev.Synthetic)
		}
	case *Reconnected:
		r.otherClock()
	}
}

func (r *registry) applyCall(msg *CallStateChangeMessage) {
	call := msg.Call
	known := r.calls[call.ID]
	if call.ended() {
		if known == nil && r.released.get(call.ID) != nil {
			return // said twice
		}
		released := releasedCall{call: call, first: r.seq, last: r.seq, ending: r.endingOf(call, known, msg.Synthetic)}
		if known != nil {
			released.first, released.rang, released.heard = known.first, known.rang, known.heard.cameBack()
			delete(r.calls, call.ID)
			r.order = slices.DeleteFunc(r.order, func(id string) bool { return id == call.ID })
		}
		r.released.add(call, released)
		return
	}
	if known == nil {
		known = &knownCall{first: r.seq, heard: r.released.calls[call.ID].heard}
		if !msg.Synthetic {
			known.heard.add(msg.Raw, msg.Generated, call.Duration, false)
		}
		r.calls[call.ID] = known
		r.order = append(r.order, call.ID)
		r.released.remove(call.ID)
	}
	known.decoded, known.raw, known.last = call, nil, r.seq
	known.heard.readSince = known.heard.readSince || msg.Synthetic
	known.hadOthers = known.hadOthers || len(call.Participants) > 0
	known.rang = known.rang || call.State == StateRinging
}

func (r *registry) applyDevice(d *Device, synthetic bool) {
	if known := r.device(d.ID); known != nil {
		known.device, known.last = d, r.seq
		known.heard.readSince = known.heard.readSince || synthetic
		return
	}
	r.devices = append(r.devices, knownDevice{device: d, last: r.seq})
}

// call returns the last snapshot of the call, released or not, or nil.
func (r *registry) call(id string) *Call {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.callLocked(id)
}

func (r *registry) callLocked(id string) *Call {
	if known := r.calls[id]; known != nil {
		return known.call()
	}
	return r.released.get(id)
}

// isReleased tells whether the last thing known of the call is its end.
func (r *registry) isReleased(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.calls[id] == nil && r.released.get(id) != nil
}

// isNewFor tells whether the call has appeared since p was registered, and not
// by ringing.
func (r *registry) isNewFor(p *Pending, id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known := r.calls[id]; known != nil {
		return known.first > p.since && !known.rang
	}
	released := r.released.calls[id]
	return released.first > p.since && !released.rang
}

// liveCalls returns the calls that have not ended, oldest first.
func (r *registry) liveCalls() []*Call {
	r.mu.Lock()
	defer r.mu.Unlock()
	calls := make([]*Call, 0, len(r.order))
	for _, id := range r.order {
		calls = append(calls, r.calls[id].call())
	}
	return calls
}

func (r *registry) device(id string) *knownDevice {
	for i := range r.devices {
		if r.devices[i].device.ID == id {
			return &r.devices[i]
		}
	}
	return nil
}

// shareDevices lets a user have the same devices as the registry, rather than
// others that are equal, of which every idle client would have two.
func (r *registry) shareDevices(u *User) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, d := range u.Devices {
		if known := r.device(d.ID); known != nil && sameDevice(known.device, d) {
			u.Devices[i] = known.device
		}
	}
}

// now returns the place in the order of events that a request sent now has.
func (r *registry) now() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seq
}

func (r *registry) knownDevices() []*Device {
	r.mu.Lock()
	defer r.mu.Unlock()
	devices := make([]*Device, len(r.devices))
	for i, known := range r.devices {
		devices[i] = known.device
	}
	return devices
}

// deviceOf returns the device that the operation is about, or "" if not known.
func (r *registry) deviceOf(op *Operation) string {
	if op.DeviceID != "" {
		return op.DeviceID
	}
	if op.CallID != "" {
		if call := r.callLocked(op.CallID); call != nil {
			return call.DeviceID
		}
		return ""
	}
	if len(r.devices) == 1 {
		return r.devices[0].device.ID
	}
	return ""
}

func (r *registry) subscribe(s *Subscription) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed != nil {
		return r.closed
	}
	// Whoever delivers iterates over these slices without the lock, so they are
	// replaced, never changed.
	ids := s.callIDs()
	if len(ids) == 0 {
		r.all = append(slices.Clip(r.all), s)
		r.foreign += s.functions()
	}
	for _, id := range ids {
		r.byCall[id] = append(slices.Clip(r.byCall[id]), s)
	}
	return nil
}

func (r *registry) unsubscribe(s *Subscription) {
	r.mu.Lock()
	defer r.mu.Unlock()
	is := func(other *Subscription) bool { return other == s }
	ids := s.callIDs()
	if len(ids) == 0 && slices.Contains(r.all, s) {
		r.all = slices.DeleteFunc(slices.Clone(r.all), is)
		r.foreign -= s.functions()
	}
	for _, id := range ids {
		if left := slices.DeleteFunc(slices.Clone(r.byCall[id]), is); len(left) > 0 {
			r.byCall[id] = left
		} else {
			delete(r.byCall, id)
		}
	}
}

// listeners returns the subscriptions that may select ev, in two slices that
// the caller must not change.
func (r *registry) listeners(ev Event) (all, limited []*Subscription) {
	if !marksHole(ev) {
		return r.all, r.byCall[eventCallID(ev)]
	}
	seen := map[*Subscription]bool{}
	for _, subs := range r.byCall {
		for _, s := range subs {
			if !seen[s] {
				seen[s] = true
				limited = append(limited, s)
			}
		}
	}
	return r.all, limited
}

// keepReleased is how many ended calls are remembered: enough for messages that
// come late, and for reads of calls that have just ended.
const keepReleased = 64

// releasedCalls remembers the calls that ended last.
type releasedCalls struct {
	ids   []string // oldest first
	calls map[string]releasedCall
}

type releasedCall struct {
	call        *Call
	first, last uint64 // as in knownCall
	rang        bool
	heard       heard // of the call should it come back
	ending      ending
}

func (r *releasedCalls) add(call *Call, released releasedCall) {
	if r.calls == nil {
		r.calls = map[string]releasedCall{}
	}
	r.remove(call.ID)
	if len(r.ids) == keepReleased {
		delete(r.calls, r.ids[0])
		r.ids = slices.Delete(r.ids, 0, 1)
	}
	r.ids = append(r.ids, call.ID)
	r.calls[call.ID] = released
}

func (r *releasedCalls) remove(id string) {
	if _, ok := r.calls[id]; ok {
		delete(r.calls, id)
		r.ids = slices.DeleteFunc(r.ids, func(other string) bool { return other == id })
	}
}

func (r *releasedCalls) get(id string) *Call { return r.calls[id].call }

// since returns when the call was released, or 0 if that is not known.
func (r *releasedCalls) since(id string) uint64 { return r.calls[id].last }
