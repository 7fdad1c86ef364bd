package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/gwsvoice/gws-go/voice"
)

// report prints the table of what the bot did, a line for each call.
type report struct {
	mu      sync.Mutex
	out     io.Writer
	results map[string]int
	order   []string
	calls   int
	trouble int
	limit   int    // after so many calls, enough is called; 0 means never
	enough  func() // nil: nobody wants to know
}

const rowFormat = "%-8s  %-12s  %-7s  %-15s  %-46s  %-12s  %6s  %s\n"

func newReport(out io.Writer) *report {
	fmt.Fprintf(out, rowFormat, "TIME", "CALLER", "DIALLED", "RULE", "DID", "RESULT", "TOOK", "TROUBLE")
	return &report{out: out, results: map[string]int{}}
}

// add prints the line of a job.
func (r *report) add(j *job) {
	r.mu.Lock()
	defer r.mu.Unlock()
	result := resultOf(j.err)
	if r.results[result] == 0 {
		r.order = append(r.order, result)
	}
	r.results[result]++
	r.calls++
	r.trouble += len(j.trouble)
	var trouble []string
	for _, err := range j.trouble {
		trouble = append(trouble, brief(err))
	}
	fmt.Fprintf(r.out, rowFormat, j.began.Format(time.TimeOnly), or(caller(j.call), "hidden"), or(j.call.DNIS, "?"), j.rule.Name,
		or(strings.Join(j.did, ", "), "nothing"), result, fmt.Sprintf("%.1fs", time.Since(j.began).Seconds()), strings.Join(trouble, "; "))
	if r.calls == r.limit && r.enough != nil {
		r.enough()
	}
}

// note prints what went wrong outside of calls.
func (r *report) note(err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trouble++
	fmt.Fprintf(r.out, "%-8s  %s\n", time.Now().Format(time.TimeOnly), err)
}

// summary prints the last line.
func (r *report) summary() {
	r.mu.Lock()
	defer r.mu.Unlock()
	var parts []string
	for _, result := range r.order {
		parts = append(parts, fmt.Sprintf("%d %s", r.results[result], result))
	}
	fmt.Fprintf(r.out, "\ncalls: %d (%s); times trouble: %d\n", r.calls, or(strings.Join(parts, ", "), "none"), r.trouble)
}

// resultOf tells in a word how a job ended.
func resultOf(err error) string {
	if err == nil {
		return "done"
	}
	if errors.Is(err, errGone) || errors.Is(err, errNotOffered) {
		return err.Error()
	}
	return kind(err)
}

const unknownOutcome = "unknown"

// kind tells apart the ways in which an operation goes wrong.
func kind(err error) string {
	if _, is := errors.AsType[*voice.UnconfirmedError](err); is {
		return unknownOutcome
	}
	if _, is := errors.AsType[*voice.FailedError](err); is {
		return "failed"
	}
	if _, is := errors.AsType[*voice.APIError](err); is {
		return "refused"
	}
	if _, is := errors.AsType[*voice.NotSentError](err); is {
		return "not sent"
	}
	return "interrupted"
}

// brief is an error in a table.
func brief(err error) string {
	op := voice.OperationName("")
	if e, is := errors.AsType[*voice.UnconfirmedError](err); is {
		op = e.Operation
	} else if e, is := errors.AsType[*voice.FailedError](err); is {
		op = e.Operation
	} else if e, is := errors.AsType[*voice.APIError](err); is {
		op = e.Operation
	} else if e, is := errors.AsType[*voice.NotSentError](err); is {
		op = e.Operation
	}
	return strings.TrimSpace(string(op) + " " + kind(err))
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
