package voice

// Filter selects events for a [Subscription]. The zero Filter selects all.
type Filter struct {
	callID string
	match  func(Event) bool
}

// ForCall selects what concerns the call: its messages, and errors that name it.
func ForCall(callID string) Filter { return Filter{callID: callID} }

// Where selects the events for which match is true. match should be quick: until
// it returns nothing else takes effect, and messages wait. That holds up neither
// the notification session nor a context that ends, nor [Client.Close] for more
// than a second.
//
// A method of the client that match calls may wait for match itself, and then
// ends with its context or the client only: an operation, [Client.Calls],
// [Client.Devices], and the methods of a subscription that read.
func Where(match func(Event) bool) Filter { return Filter{match: match} }

func (f Filter) selects(ev Event) bool {
	switch {
	case f.match != nil:
		return f.match(ev)
	case f.callID == "":
		return true
	}
	return eventCallID(ev) == f.callID
}

// eventCallID returns the id of the call that ev is about, or "".
func eventCallID(ev Event) string {
	switch ev := ev.(type) {
	case *CallStateChangeMessage:
		return ev.Call.ID
	case *ErrorMessage:
		return ev.CallID
	}
	return ""
}

// marksHole tells whether ev says that events may be missing, or that the
// voice service went or came back: every subscription gets those.
func marksHole(ev Event) bool {
	switch ev.(type) {
	case *Reconnected, *Lagged, *ServiceStateChange:
		return true
	}
	return false
}
