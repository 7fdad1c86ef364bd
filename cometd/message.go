package cometd

import (
	"encoding/json"
	"time"
)

// Event is what a [Subscription] delivers: a [*Message], or a [*Reconnected] or
// [*Lagged] in the place where messages may be or are missing.
type Event interface{ isEvent() }

// Message is an event published to a channel. Several subscriptions may be
// given the same Message: treat it as read-only.
type Message struct {
	Channel string
	Data    json.RawMessage // as received; nil for the meta messages of a /meta/ subscription
	Ext     json.RawMessage // as received, nil if none
	Raw     json.RawMessage // the whole message as received
}

// Reconnected marks an interruption of the stream: the session was lost and
// renewed, with the subscriptions restored, or an exchange with the server
// broke off and the session went on. Messages may be missing in this place
// unless Lossless is set.
type Reconnected struct {
	Since    time.Time // when the session was last known to be well
	Lossless bool      // the acknowledged-messages extension proves that nothing is missing
	Err      error     // what the interruption was
	Refused  []*Error  // channels of this subscription that the server refused to restore
}

// Lagged says that this reader was slow: so many messages were dropped in this
// place because its buffer was full.
type Lagged struct{ Dropped int }

func (*Message) isEvent()     {}
func (*Reconnected) isEvent() {}
func (*Lagged) isEvent()      {}
