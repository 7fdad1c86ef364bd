package voice

import "strings"

// dialled settles Dial by a call that was not known when the request was sent,
// on the same device and to the same number. The registry lets only one
// unmatched Dial wait on a device.
func dialled(p *Pending, ev Event) bool {
	msg, ok := ev.(*CallStateChangeMessage)
	if !ok || !p.opensCall(msg) {
		return false
	}
	switch msg.Call.State {
	case StateDialing, StateEstablished:
		p.outcome.Call = msg
		return true
	}
	return false
}

// opensCall tells whether the call is the one that Dial was to open. One that
// has rung here, or that came in, is somebody else's doing, though it may be
// with the same number.
func (p *Pending) opensCall(msg *CallStateChangeMessage) bool {
	call := msg.Call
	to, _ := p.params.(dialParams)
	return call.DeviceID == p.op.DeviceID && call.ParentID == "" && call.Type != CallTypeConsult &&
		dialledTo(call, to.Destination.PhoneNumber) &&
		(call.State == StateDialing || call.Type != CallTypeInbound && !sameNumber(call.DNIS, msg.PhoneNumber)) &&
		p.client.registry.isNewFor(p, call.ID)
}

// dialledTo tells whether the call goes to the number, which the server may
// have normalised: (916) 555-0104 may come back as +19165550104.
func dialledTo(call *Call, number string) bool {
	if sameNumber(call.DNIS, number) {
		return true
	}
	for _, p := range call.Participants {
		if sameNumber(p.PhoneNumber, number) || sameNumber(p.Digits, number) || sameNumber(p.E164Number, number) {
			return true
		}
	}
	return false
}

// leastDigits is how many trailing digits must agree before two different
// spellings count as one number: fewer would confuse extensions.
const leastDigits = 7

func sameNumber(a, b string) bool {
	if a == "" || b == "" {
		return false
	}
	if a == b {
		return true
	}
	a, b = digits(a), digits(b)
	if len(a) > len(b) {
		a, b = b, a
	}
	return len(a) > 0 && a == b || len(a) >= leastDigits && strings.HasSuffix(b, a)
}

func digits(number string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, number)
}

// dialEnded tells whether the call that Dial was to open ended before it was
// seen.
func dialEnded(p *Pending, msg *CallStateChangeMessage) bool {
	return msg.Call.State == StateReleased && p.opensCall(msg)
}
