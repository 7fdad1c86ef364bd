package main

import (
	"fmt"

	"github.com/gwsvoice/gws-go/voice"
)

const (
	keptCalls    = 100
	keptActivity = 60
)

// record is a call of this session that has ended.
type record struct {
	ID          int            `json:"id"`
	CallID      string         `json:"callId"`
	Name        string         `json:"name"`
	Number      string         `json:"number"`
	Queue       string         `json:"queue,omitempty"`
	Incoming    bool           `json:"incoming"`
	Type        voice.CallType `json:"type"`
	Began       int64          `json:"began"`
	Answered    int64          `json:"answered,omitempty"` // 0: nobody talked
	Ended       int64          `json:"ended"`
	How         string         `json:"how"` // what ended it, as far as this desk knows
	Disposition string         `json:"disposition,omitempty"`
}

// entry is an outcome that the agent may want to look up again.
type entry struct {
	ID int `json:"id"`
	outcome
}

// remember puts a call that has ended into the history; d.mu is held.
func (d *desk) remember(c *liveCall) {
	d.lastID++
	r := &record{
		ID: d.lastID, CallID: c.ID, Name: d.customer(c.Call), Number: number(c.Call), Queue: d.queue(c),
		Incoming: c.incoming, Type: c.Type,
		Began: millis(c.began), Answered: millis(c.answered), Ended: millis(now()), Disposition: c.disposition,
	}
	r.How = d.how(r)
	d.history = append([]*record{r}, d.history...)
	d.history = d.history[:min(len(d.history), keptCalls)]
}

// endings are the operations that end a call for the agent, in the words of the
// history.
var endings = map[voice.OperationName]string{
	voice.OpReject:             "Sent back to the queue",
	voice.OpHangup:             "Hung up by me",
	voice.OpClearCall:          "Ended for all by me",
	voice.OpSingleStepTransfer: "Transferred by me",
	voice.OpCompleteTransfer:   "Transferred by me",
	voice.OpCompleteConference: "Joined into a conference",
	voice.OpDecline:            "Declined by me",
}

// how tells how a call ended, as far as that is known.
func (d *desk) how(r *record) string {
	switch e := d.client.Ending(r.CallID); {
	case e.By == voice.EndedByThisClient && endings[e.Operation] != "":
		return endings[e.Operation]
	case e.By == voice.EndedByThisClient:
		return "Ended by me"
	case e.By == voice.EndedByOthers && r.Answered > 0:
		return "Ended by the other side"
	case e.By == voice.EndedByUnknown:
		return endingUnknown
	case r.Answered > 0:
		return "Ended by the other side or at a phone"
	case r.Incoming:
		return "Not answered"
	}
	return "Not reached"
}

const endingUnknown = "Ended, it is not known how"

// settled is called when an operation on a call has its outcome. Who ended a
// call may be known only now: its end is often told before the answer to the
// request. If the operation has set a disposition, that is noted.
func (d *desk) settled(callID string, disposed bool, disposition string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if c := d.call(callID); c != nil && disposed {
		c.disposition, disposed = disposition, false
	}
	for _, r := range d.history {
		if how := d.how(r); r.How == endingUnknown && how != endingUnknown {
			r.How = how
		}
		if disposed && r.CallID == callID {
			r.Disposition, disposed = disposition, false // of the newest, if it has rung twice
		}
	}
	d.postHistory()
}

func (d *desk) postHistory() {
	d.board.post("history", append([]*record{}, d.history...))
}

// note adds an outcome to what the page lists as having happened.
func (d *desk) note(o outcome) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.noteLocked(o)
}

// noteAside is note for an outcome that no button waits for.
func (d *desk) noteAside(o outcome) {
	o.Aside = true
	d.note(o)
}

func (d *desk) noteLocked(o outcome) {
	d.lastID++
	d.activity = append([]*entry{{d.lastID, o}}, d.activity...)
	d.activity = d.activity[:min(len(d.activity), keptActivity)]
	d.postActivity()
}

func (d *desk) postActivity() {
	d.board.post("activity", append([]*entry{}, d.activity...))
}

// strayError puts an error message into words that belongs to no operation of
// this desk, or to one that cannot be told.
func strayError(ev *voice.ErrorMessage) outcome {
	o := outcome{Kind: notice, Aside: true, Title: "Message from the switch", CallID: ev.CallID, At: millis(now()),
		Message: "Something went wrong, and the switch does not say what it belongs to.", Detail: ev.Message}
	if ev.Code != 0 {
		o.Detail = joinSentences(ev.Message, fmt.Sprintf("Switch error %d", ev.Code))
	}
	return o
}
