package voice

import "slices"

// The conditions of operations on a call and its consultation.

// consulting settles InitiateTransfer and InitiateConference: the original is
// held, and a new call has it as its parent. The two come in either order.
func consulting(p *Pending, ev Event) bool {
	msg, ok := ev.(*CallStateChangeMessage)
	if !ok {
		return false
	}
	switch {
	case msg.Call.ID == p.op.CallID && msg.Call.State == StateHeld:
		p.outcome.Call = msg
	case p.opensConsultation(msg) && msg.Call.State != StateReleased:
		p.outcome.Consult = msg
	}
	if p.outcome.Consult == nil {
		return false
	}
	if p.outcome.Call == nil {
		// A call that was on hold before stays so without a message.
		if original := p.client.registry.call(p.op.CallID); original != nil && original.State == StateHeld {
			p.outcome.Call = p.client.synthetic(original)
		}
	}
	return p.outcome.Call != nil
}

// opensConsultation tells whether the call is the one that p opened: new, and a
// consultation of the original with the number that p called. The number may
// have become another on its way; then it must be the only consultation that the
// original waits for. Should the server not name the parent, device and number
// must do.
func (p *Pending) opensConsultation(msg *CallStateChangeMessage) bool {
	call := msg.Call
	to, _ := p.params.(destinationParams)
	switch {
	case call.ID == p.op.CallID || !p.client.registry.isNewFor(p, call.ID):
		return false
	case call.ParentID != "":
		return call.ParentID == p.op.CallID &&
			(dialledTo(call, to.Destination.PhoneNumber) || !p.client.registry.hasRival(p))
	}
	return call.Type == CallTypeConsult && call.DeviceID == p.device && dialledTo(call, to.Destination.PhoneNumber)
}

// hasRival tells whether another consultation of the same call is pending.
func (r *registry) hasRival(p *Pending) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.pending, func(o *Pending) bool {
		return o != p && !o.decided && o.op.CallID == p.op.CallID &&
			(o.op.Name == OpInitiateTransfer || o.op.Name == OpInitiateConference)
	})
}

func consultationEnded(p *Pending, msg *CallStateChangeMessage) bool {
	return msg.Call.State == StateReleased && (msg.Call.ID == p.op.CallID || p.opensConsultation(msg))
}

// bothReleased settles CompleteTransfer: the agent has left both calls.
func bothReleased(p *Pending, ev Event) bool {
	msg, ok := ev.(*CallStateChangeMessage)
	if !ok || msg.Call.State != StateReleased {
		return false
	}
	switch params := p.completion(); {
	case msg.Call.ID == params.original:
		p.outcome.Call = msg
	case msg.Call.ID == params.consult, params.consult == "" && msg.Call.ParentID == params.original:
		p.outcome.Consult = msg
	}
	return p.outcome.Call != nil && p.outcome.Consult != nil
}

// transferLost tells whether one of the two calls ended and the other lives on:
// its party has hung up, and there is nobody left to connect.
func transferLost(p *Pending) bool {
	return (p.outcome.Call == nil) != (p.outcome.Consult == nil)
}

// merged settles CompleteConference: the consultation has ended, and the
// original is established with its party too.
func merged(p *Pending, ev Event) bool {
	msg, ok := ev.(*CallStateChangeMessage)
	if !ok {
		return false
	}
	params := p.completion()
	switch {
	case msg.Call.ID == params.original:
		p.outcome.Call = nil // an earlier message may have been overtaken
		if msg.Call.State == StateEstablished && params.joined(msg.Call) {
			p.outcome.Call = msg
		}
	case msg.Call.State != StateReleased:
	case msg.Call.ID == params.consult, params.consult == "" && msg.Call.ParentID == params.original:
		p.outcome.Consult = msg
	}
	return p.outcome.Call != nil && p.outcome.Consult != nil
}

func originalReleased(p *Pending, msg *CallStateChangeMessage) bool {
	return msg.Call.State == StateReleased && msg.Call.ID == p.completion().original
}

// conferenceLost tells whether the consultation ended and the original is still
// as it was, without its party.
func conferenceLost(p *Pending) bool {
	original := p.client.registry.call(p.completion().original)
	return p.outcome.Consult != nil && p.outcome.Call == nil &&
		original != nil && (original.State != StateEstablished || len(original.Participants) < 2)
}

func (p *Pending) completion() completeParams {
	params, _ := p.params.(completeParams)
	return params
}

// joined tells whether everybody who was on the consultation is on the call.
// Where that is not known, two other parties make a conference.
func (p completeParams) joined(call *Call) bool {
	for _, number := range p.invited {
		if !call.hasParticipant(number) {
			return false
		}
	}
	return len(p.invited) > 0 || len(call.Participants) >= 2
}
