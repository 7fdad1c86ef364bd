package voicetest

import (
	"encoding/json"

	"slices"

	"github.com/gwsvoice/gws-go/voice"
)

var sessionOperations = map[voice.OperationName]*operation{
	voice.OpStartContactCenterSession: {on: onMe, check: checkStart, run: startSession},
	voice.OpEndContactCenterSession:   {on: onMe, run: endSession},
}

// sessionStart is what StartContactCenterSession is to do, channel by channel.
type sessionStart struct {
	devices []*device // that the agent gets; nil: keeps his own
	device  *device   // where he logs in
	voice   *channelResult
	media   *channelResult // all other channels are reported as one
	names   []string       // of the other channels
}

type channelResult struct {
	name    string
	refusal *refusal // nil: succeeded
}

func (s *sessionStart) results() []*channelResult {
	var all []*channelResult
	for _, r := range []*channelResult{s.voice, s.media} {
		if r != nil {
			all = append(all, r)
		}
	}
	return all
}

func checkStart(rq *request) *refusal {
	var channels []string
	raw, given := rq.body["channels"]
	if !given || string(raw) == "null" {
		return missing("channels")
	}
	if json.Unmarshal(raw, &channels) != nil {
		return invalid("channels")
	}
	if len(channels) == 0 {
		return missing("channels")
	}
	start := &sessionStart{}
	rq.start = start
	if r := rq.seat(start); r != nil {
		return r
	}
	for _, c := range channels {
		if c == "voice" {
			start.voice = &channelResult{name: c, refusal: start.checkVoice()}
			continue
		}
		start.names = append(start.names, c)
		start.media = &channelResult{name: "multimedia"}
		if rq.x.opts.NoMultimedia {
			start.media.refusal = refuse(4, "Interaction server connection is not opened")
		}
	}
	failed := 0
	results := start.results()
	for _, r := range results {
		if r.refusal != nil {
			failed++
		}
	}
	switch {
	case failed == len(results):
		return results[0].refusal
	case failed > 0:
		rq.reply = start.partial
	}
	return nil
}

// seat finds the devices of the place where the agent wants to sit.
func (rq *request) seat(start *sessionStart) *refusal {
	x := rq.x
	devices := rq.agent.devices
	if _, given := rq.body["place"]; given {
		name, r := rq.string("place")
		if r != nil {
			return r
		}
		p := x.places[name]
		if p == nil {
			return refuse(6, "Place '"+name+"' not found")
		}
		devices = p.devices
		for _, d := range devices {
			if d.owner != nil && d.owner != rq.agent {
				return refuse(19, "Device '"+d.dn+"' is in use")
			}
		}
		start.devices = devices
	}
	if _, given := rq.body["devicePath"]; given {
		path, r := rq.string("devicePath")
		if r != nil {
			return r
		}
		id := lastSegment(path)
		i := slices.IndexFunc(devices, func(d *device) bool { return d.id == id })
		if i < 0 {
			return refuse(6, "Device not found")
		}
		start.device = devices[i]
		return nil
	}
	if start.devices != nil && len(devices) > 1 {
		return refuse(2, "The place has several ACD positions")
	}
	if len(devices) > 0 {
		start.device = devices[0]
	}
	return nil
}

func (s *sessionStart) checkVoice() *refusal {
	if s.device == nil {
		return refuse(4, "User has no device")
	}
	if !s.device.registered {
		return notRegistered(s.device)
	}
	return nil
}

func startSession(tx *transaction, rq *request) {
	s, a := rq.start, rq.agent
	if s.devices != nil {
		for _, d := range s.devices {
			d.owner = a
		}
		a.devices = slices.Clone(s.devices)
	}
	if s.media != nil && s.media.refusal == nil {
		for _, name := range s.names {
			if a.media[name] == nil {
				tx.setChannel(a, name, tx.states[voice.OpNotReady])
			}
		}
	}
	if s.voice == nil || s.voice.refusal != nil || s.device.loggedIn() {
		return
	}
	tx.setState(s.device, loggedIn)
	after := tx.opts.AfterStart
	if after == "" {
		after = voice.OpReady
	}
	if st := tx.states[after]; st != nil {
		tx.setState(s.device, st)
	}
}

// partial writes the answer of a session that has started in part.
func (s *sessionStart) partial(b *builder, status func(name string, code voice.StatusCode)) {
	status("statusCode", 7)
	for _, list := range []struct {
		name   string
		failed bool
	}{{"failed", true}, {"succeeded", false}} {
		b.array(list.name)
		for _, r := range s.results() {
			if (r.refusal != nil) != list.failed {
				continue
			}
			b.open("")
			if r.refusal != nil {
				status("statusCode", r.refusal.code)
				b.str("statusMessage", r.refusal.text)
			} else {
				status("statusCode", 0)
			}
			b.str("channel", r.name)
			b.close()
		}
		b.close()
	}
}

// endSession logs the agent out, and ends his login when the answer is sent.
func endSession(tx *transaction, rq *request) {
	a := rq.agent
	offline := tx.states[voice.OpOffline]
	for _, d := range a.devices {
		if d.loggedIn() {
			tx.setState(d, offline)
		}
		tx.endMonitoring(d)
		if !slices.Contains(a.home, d) {
			d.owner = nil
		}
	}
	a.devices = slices.Clone(a.home)
	clear(a.media)
	rq.last = true
}
