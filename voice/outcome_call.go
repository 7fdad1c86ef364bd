package voice

// The conditions of outcomes that one call message shows.

// notified is for changes that no snapshot shows, only their notification.
func notified(kind NotificationType) func(*Pending, *CallStateChangeMessage) bool {
	return func(_ *Pending, msg *CallStateChangeMessage) bool { return msg.NotificationType == kind }
}

func muted(on bool) func(*Pending, *CallStateChangeMessage) bool {
	return func(_ *Pending, msg *CallStateChangeMessage) bool {
		return msg.Call.Mute == on && msg.Call.State != StateReleased
	}
}

func inRecordingState(state RecordingState) func(*Pending, *CallStateChangeMessage) bool {
	return func(_ *Pending, msg *CallStateChangeMessage) bool {
		return msg.Call.RecordingState == state && msg.Call.State != StateReleased
	}
}

func monitoredUserMuted(on bool) func(*Pending, *CallStateChangeMessage) bool {
	return func(_ *Pending, msg *CallStateChangeMessage) bool {
		return msg.Call.MonitoredUserMuted == on && msg.Call.State != StateReleased
	}
}

func leftPreview(_ *Pending, msg *CallStateChangeMessage) bool {
	switch msg.Call.State {
	case StatePreview, StatePreviewCancelled, StateReleased:
		return false
	}
	return true
}

func previewEnded(p *Pending, msg *CallStateChangeMessage) bool {
	return msg.Call.ID == p.op.CallID && (msg.Call.State == StatePreviewCancelled || msg.Call.State == StateReleased)
}

func declined(_ *Pending, msg *CallStateChangeMessage) bool {
	return msg.Call.State == StatePreviewCancelled || msg.Call.State == StateReleased
}

// expectAddition notes how often the number is there before another party with
// it is added, and who else is adding one. mu is held.
func (r *registry) expectAddition(p *Pending) {
	added, ok := p.params.(destinationParams)
	if !ok || p.op.Name != OpSingleStepConference {
		return
	}
	number := added.Destination.PhoneNumber
	if call := r.callLocked(p.op.CallID); call != nil {
		added.before = call.countParticipants(number)
	}
	for _, earlier := range r.forCall[p.op.CallID] {
		other, ok := earlier.params.(destinationParams)
		if ok && earlier.op.Name == OpSingleStepConference && !earlier.decided && sameNumber(other.Destination.PhoneNumber, number) {
			added.ahead = append(added.ahead, earlier)
		}
	}
	p.params = added
}

// gainsParticipant is for a party added: its number is there more often than
// before, with those whom others add, unless they were refused.
func gainsParticipant(p *Pending, msg *CallStateChangeMessage) bool {
	added, _ := p.params.(destinationParams)
	if msg.Call.State == StateReleased {
		return false
	}
	others := 0
	if len(added.ahead) > 0 {
		r := p.client.registry
		r.mu.Lock()
		for _, earlier := range added.ahead {
			if !earlier.refused {
				others++
			}
		}
		r.mu.Unlock()
	}
	return msg.Call.countParticipants(added.Destination.PhoneNumber) > added.before+others
}

// expectRemoval notes how often the number is to be there before one of the
// parties with it is removed: as often as known, less those whom others remove
// already. mu is held.
func (r *registry) expectRemoval(p *Pending) {
	removed, ok := p.params.(participantParams)
	if !ok {
		return
	}
	call := r.callLocked(p.op.CallID)
	if call == nil {
		return
	}
	removed.before = call.countParticipants(removed.Participant)
	for _, earlier := range r.forCall[p.op.CallID] {
		if other, ok := earlier.params.(participantParams); ok && !earlier.decided && sameNumber(other.Participant, removed.Participant) {
			removed.before--
		}
	}
	p.params = removed
}

// lacksParticipant is for a party removed: its number is gone, or there less
// often, since several parties may have one number.
func lacksParticipant(p *Pending, msg *CallStateChangeMessage) bool {
	removed, _ := p.params.(participantParams)
	if msg.Call.State == StateReleased || removed.Participant == "" {
		return false
	}
	left := msg.Call.countParticipants(removed.Participant)
	return left == 0 || left < removed.before
}

func (c *Call) hasParticipant(number string) bool { return c.countParticipants(number) > 0 }

func (c *Call) countParticipants(number string) int {
	n := 0
	for _, p := range c.Participants {
		if sameNumber(p.PhoneNumber, number) || sameNumber(p.Digits, number) || sameNumber(p.E164Number, number) {
			n++
		}
	}
	return n
}

// swapped settles SwapCalls: each call takes the other's state, in either order.
func swapped(p *Pending, ev Event) bool {
	msg, ok := ev.(*CallStateChangeMessage)
	params, _ := p.params.(swapParams)
	if !ok || msg.Call.ID != p.op.CallID && msg.Call.ID != params.otherID {
		return false
	}
	if want := params.want[msg.Call.ID]; want != "" && msg.Call.State != want {
		return false
	}
	switch msg.Call.State {
	case StateEstablished:
		p.outcome.Call = msg
	case StateHeld:
		p.outcome.Consult = msg
	}
	established, held := p.outcome.Call, p.outcome.Consult
	return established != nil && held != nil && established.Call.ID != held.Call.ID
}

func eitherReleased(p *Pending, msg *CallStateChangeMessage) bool {
	params, _ := p.params.(swapParams)
	return msg.Call.State == StateReleased && (msg.Call.ID == p.op.CallID || msg.Call.ID == params.otherID)
}

func never(*Pending, *CallStateChangeMessage) bool { return false }
