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
	switch {
	case c.ending != "":
		r.How = c.ending
	case c.answered.IsZero() && c.incoming:
		r.How = "Not answered"
	case c.answered.IsZero():
		r.How = "Not reached"
	default:
		r.How = "Ended by the other side or the switch"
	}
	d.history = append([]*record{r}, d.history...)
	if len(d.history) > keptCalls {
		delete(d.parents, d.history[keptCalls].CallID)
		d.history = d.history[:keptCalls]
	}
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

// settled notes what a confirmed operation did to a call. The message of the
// call's end may have come before or be yet to come.
func (d *desk) settled(op voice.OperationName, callID string, f *form) {
	d.mu.Lock()
	defer d.mu.Unlock()
	ids := []string{callID}
	if op == voice.OpCompleteTransfer || op == voice.OpCompleteConference {
		ids = d.pairOf(callID)
	}
	for _, id := range ids {
		if how := endings[op]; how != "" {
			if c := d.call(id); c != nil && (op != voice.OpCompleteConference || c.Type == voice.CallTypeConsult) {
				c.ending = how
			}
			for _, r := range d.history {
				if r.CallID == id {
					r.How = how
					break
				}
			}
		}
	}
	if op == voice.OpSetCallDisposition {
		if c := d.call(callID); c != nil {
			c.disposition = f.Value
		}
		for _, r := range d.history {
			if r.CallID == callID {
				r.Disposition = f.Value
				break
			}
		}
	}
	d.postHistory()
}

// pairOf returns a call and its consultations, live or just ended; d.mu is held.
func (d *desk) pairOf(callID string) []string {
	root := callID
	for child, parent := range d.parents {
		if child == callID {
			root = parent
		}
	}
	ids := []string{root}
	for child, parent := range d.parents {
		if parent == root {
			ids = append(ids, child)
		}
	}
	return ids
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
	o := outcome{Kind: notice, Title: "Message from the switch", CallID: ev.CallID, At: millis(now()),
		Message: "Something went wrong, and the switch does not say what it belongs to.", Detail: ev.Message}
	if ev.Code != 0 {
		o.Detail = joinSentences(ev.Message, fmt.Sprintf("Switch error %d", ev.Code))
	}
	return o
}
