package main

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/gwsvoice/gws-go/voice"
)

// step is one thing that is done with a call.
type step struct {
	op   voice.OperationName // the capability that it needs; "" needs none
	did  string              // for the table
	done func(*voice.Call) bool
	do   func(ctx context.Context, client *voice.Client, id string) error

	already string        // for the table if it was done without us; "" for nothing
	late    bool          // also possible when the call has ended
	lasts   time.Duration // how long it takes by intention
}

// steps returns what the rule wants done, in order.
func (r *rule) steps() []step {
	if r.Reject {
		return []step{reject}
	}
	steps := []step{answer}
	if len(r.Attach) > 0 {
		steps = append(steps, attach(r.Attach))
	}
	if r.Talk > 0 {
		steps = append(steps, talk(time.Duration(r.Talk)))
	}
	if r.Disposition != "" {
		steps = append(steps, classify(r.Disposition)) // before the end, after which nobody would confirm it
	}
	if r.Transfer != "" {
		return append(steps, transfer(r.Transfer))
	}
	return append(steps, hangUp)
}

func ended(call *voice.Call) bool { return call.State == voice.StateReleased }
func never(*voice.Call) bool      { return false }

var reject = step{op: voice.OpReject, did: "rejected", done: never,
	do: func(ctx context.Context, client *voice.Client, id string) error {
		_, err := client.Reject(ctx, id)
		return err
	}}

var answer = step{op: voice.OpAnswer, did: "answered", already: "answered",
	done: func(call *voice.Call) bool {
		return call.State == voice.StateEstablished || call.State == voice.StateHeld
	},
	do: func(ctx context.Context, client *voice.Client, id string) error {
		_, err := client.Answer(ctx, id)
		return err
	}}

var hangUp = step{op: voice.OpHangup, did: "hung up", already: "call ended", done: ended,
	do: func(ctx context.Context, client *voice.Client, id string) error {
		_, err := client.Hangup(ctx, id)
		return err
	}}

func attach(data map[string]any) step {
	return step{op: voice.OpUpdateUserData, did: "data",
		done: func(call *voice.Call) bool {
			for key, value := range data {
				if !reflect.DeepEqual(call.UserData[key], value) {
					return false
				}
			}
			return true
		},
		do: func(ctx context.Context, client *voice.Client, id string) error {
			_, err := client.UpdateUserData(ctx, id, data)
			return err
		}}
}

func transfer(number string) step {
	return step{op: voice.OpSingleStepTransfer, did: "to " + number, done: never,
		do: func(ctx context.Context, client *voice.Client, id string) error {
			_, err := client.SingleStepTransfer(ctx, id, voice.Destination{PhoneNumber: number})
			return err
		}}
}

// talk lasts until d has passed or the caller hangs up.
func talk(d time.Duration) step {
	return step{did: "talked", done: ended, lasts: d,
		do: func(ctx context.Context, client *voice.Client, id string) error {
			talking, cancel := context.WithTimeout(ctx, d)
			defer cancel()
			_, err := client.Await(talking, id, ended)
			if ctx.Err() == nil && talking.Err() != nil {
				return nil
			}
			return err
		}}
}

func classify(disposition string) step {
	return step{did: fmt.Sprintf("%q", disposition), done: never, late: true,
		do: func(ctx context.Context, client *voice.Client, id string) error {
			_, err := client.SetCallDisposition(ctx, id, voice.Disposition{Value: disposition})
			return err
		}}
}

var (
	errGone       = errors.New("call ended")
	errNotOffered = errors.New("not offered")
)

const (
	maxTries  = 5
	stepLimit = 3 * time.Minute // also sits out a failure of the voice service
)

// insist carries a step out, however often it goes wrong. What went wrong may
// have been done all the same, so it is repeated only after a look at the call.
func (j *job) insist(ctx context.Context, client *voice.Client, s step) error {
	ctx, cancel := context.WithTimeout(ctx, stepLimit+s.lasts)
	defer cancel()
	var err error
	wait := 500 * time.Millisecond
	for tries := 0; tries < maxTries; wait = min(2*wait, 8*time.Second) {
		call, lookErr := look(ctx, client, j.call.ID, err != nil)
		unknown := kind(err) == unknownOutcome
		switch {
		case lookErr != nil && err == nil:
			return lookErr
		case lookErr != nil:
			return err
		case s.done(call):
			if err != nil {
				j.note(s.did)
			} else {
				j.note(s.already)
			}
			return nil
		case ended(call) && unknown && !s.late:
			return err // done, or did the caller hang up at that moment?
		case ended(call) && !s.late:
			return errGone
		case s.op != "" && !call.Can(s.op):
			return errNotOffered
		}
		if err = s.do(ctx, client, j.call.ID); err == nil {
			j.note(s.did)
			return nil
		}
		j.trouble = append(j.trouble, err)
		if _, unsent := errors.AsType[*voice.NotSentError](err); !unsent {
			tries++
		}
		if pause(ctx, client, wait) != nil {
			return err
		}
	}
	return err
}

// look returns the call as it is: as it was last notified, or, to be sure, as
// the server lists it.
func look(ctx context.Context, client *voice.Client, id string, sure bool) (*voice.Call, error) {
	for {
		var err error
		if sure {
			_, err = client.Calls(ctx) // brings up to date what Call returns
		}
		if err == nil {
			var call *voice.Call
			call, err = client.Call(ctx, id)
			if _, unknown := errors.AsType[*voice.UnknownCallError](err); unknown {
				return &voice.Call{ID: id, State: voice.StateReleased}, nil
			}
			if err == nil {
				return call, nil
			}
		}
		if pauseErr := pause(ctx, client, time.Second); pauseErr != nil {
			return nil, pauseErr
		}
	}
}

// note adds to what the table says of the job.
func (j *job) note(did string) {
	if did != "" {
		j.did = append(j.did, did)
	}
}
