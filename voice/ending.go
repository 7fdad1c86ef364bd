package voice

// Ending tells who ended a call, as far as this client can know.
type Ending struct {
	By        EndedBy
	Operation OperationName // ByThisClient: the operation; "" if several were under way
}

// EndedBy is a side that may have ended a call.
type EndedBy string

// The sides. No message says who ended a call, so this is what follows from
// what this client did and saw, and is unknown where nothing follows.
const (
	EndedByUnknown    EndedBy = ""             // an own operation may have done it or not, or the end itself was not notified
	EndedByThisClient EndedBy = "ThisClient"   // an own operation that aims at it was accepted before the call ended
	EndedByOthers     EndedBy = "OtherParties" // the call had shown other parties, and none any more before it ended
	EndedElsewhere    EndedBy = "Elsewhere"    // this client asked for nothing: another party, the agent's telephone, or another client did
)

// Ending returns who ended a call that was released a short while ago. For any
// other call, and for one that ended long ago, it is the zero Ending.
//
// It may change from unknown to known: a call often ends before the answer to
// the request that ended it is there.
func (c *Client) Ending(callID string) Ending {
	r := c.registry
	r.mu.Lock()
	defer r.mu.Unlock()
	released, ok := r.released.calls[callID]
	if !ok || r.calls[callID] != nil {
		return Ending{}
	}
	return released.ending.resolve()
}

// ending is what is known of the end of a call.
type ending struct {
	otherwise EndedBy    // if no own operation ended it
	own       []*Pending // operations that aim at it and were under way
}

func (e *ending) resolve() Ending {
	var by Ending
	unanswered := false
	for _, p := range e.own {
		switch {
		case p.accepted && by.By == EndedByThisClient && by.Operation != p.op.Name:
			by.Operation = ""
		case p.accepted:
			by = Ending{EndedByThisClient, p.op.Name}
		case !p.refused:
			unanswered = true
		}
	}
	switch {
	case by.By == EndedByThisClient:
		return by
	case unanswered:
		return Ending{}
	}
	return Ending{By: e.otherwise}
}

// endingOf must be called with mu held, when a message about call, which ends
// it, is about to take effect.
func (r *registry) endingOf(call *Call, known *knownCall, synthetic bool) ending {
	var e ending
	for _, p := range r.pending {
		if !p.finished && p.endsCall(call.ID) {
			e.own = append(e.own, p)
		}
	}
	switch {
	case synthetic, known == nil, known.doubtful:
	case known.hadOthers && len(known.call().Participants) == 0:
		e.otherwise = EndedByOthers
	default:
		e.otherwise = EndedElsewhere
	}
	return e
}

// endsCall tells whether p, if it succeeds, ends the call for this agent.
func (p *Pending) endsCall(id string) bool {
	switch p.op.Name {
	case OpReject, OpHangup, OpClearCall, OpSingleStepTransfer, OpDecline:
		return p.op.CallID == id
	case OpCompleteTransfer:
		params := p.completion()
		return id == params.original || id == params.consult
	case OpCompleteConference:
		return id == p.completion().consult
	}
	return false
}

// doubt notes that an operation which may have ended its call has an unknown
// outcome; mu is held.
func (r *registry) doubt(p *Pending) {
	for id, known := range r.calls {
		if p.endsCall(id) {
			known.doubtful = true
		}
	}
}
