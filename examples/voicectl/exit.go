package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gwsvoice/gws-go/voice"
)

// The exit codes. They are part of what scripts rely on.
const (
	exitDone        = 0
	exitError       = 1
	exitUsage       = 2
	exitRefused     = 3
	exitFailed      = 4
	exitUnknown     = 5
	exitNoCall      = 6
	exitInterrupted = 130
)

func exitCodesTopic() *cobra.Command {
	return &cobra.Command{Use: "exit-codes", Short: "How a script tells outcomes apart", Long: `Exit codes, and "outcome" in the output of -o json:

  0    settled     the contact centre has shown the effect ("accepted" for the
                   few operations that it does not show)
  1    error       no connection, no answer to a read, timeout: nothing was done
  2    –           wrong usage: an argument that is missing or cannot be right,
                   or a CALL that has to be named because several fit
  3    refused     by the server: nothing has changed
  4    failed      accepted by the server, and failed then
  5    unknown     sent, but what became of it is not known: look before you
                   repeat it
  6    no call     there is no call that fits, or it ended too early
  130  interrupted

With -o json an operation that went wrong still prints its object, with the
error and what was last seen of the call. Messages go to standard error.`}
}

// usageError is a command line that cannot be carried out.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usage(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// noCallError says that there is no call to work on.
type noCallError struct{ text string }

func (e *noCallError) Error() string { return e.text }

// codeOf returns the exit code for an error.
func (a *app) codeOf(ctx context.Context, err error) int {
	if !a.started {
		return exitUsage // also what the command-line library itself finds wrong
	}
	if is[*usageError](err) || is[*voice.ArgumentError](err) {
		return exitUsage
	}
	if is[*voice.UnconfirmedError](err) {
		return exitUnknown
	}
	if is[*voice.APIError](err) {
		return exitRefused
	}
	if is[*voice.FailedError](err) || is[*voice.PartialError](err) {
		return exitFailed
	}
	if is[*noCallError](err) || is[*voice.UnknownCallError](err) || errors.Is(err, voice.ErrCallReleased) {
		return exitNoCall
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return exitInterrupted
	}
	return exitError
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

var outcomes = map[int]string{
	exitDone: "settled", exitError: "error", exitUsage: "usage", exitRefused: "refused", exitFailed: "failed",
	exitUnknown: "unknown", exitNoCall: "no call", exitInterrupted: "interrupted",
}

// argumentNames are the library's names of arguments in terms of the command
// line.
var argumentNames = map[string]string{
	"callID": "CALL", "otherID": "OTHER", "deviceID": "--device", "digits": "DIGITS", "data": "KEY=VALUE", "key": "KEY",
	"phoneNumber": "NUMBER", "to.PhoneNumber": "NUMBER", "to.DeviceID": "--device", "p.Value": "DISPOSITION",
	"p.TargetDeviceID": "NUMBER", "operationName": "STATE", "Config.BaseURL": "--url",
}

// explain puts an error in the terms of the command line.
func (a *app) explain(code int, err error) string {
	if e, ok := errors.AsType[*voice.ArgumentError](err); ok {
		name, known := argumentNames[e.Argument]
		if !known {
			name = e.Argument
		}
		return name + " " + e.Reason
	}
	switch {
	case code == exitInterrupted:
		return "interrupted"
	case code == exitError && errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("no end within %s: %v", a.timeout, err)
	case code == exitRefused || code == exitFailed || code == exitUnknown:
		return outcomes[code] + ": " + err.Error()
	}
	return err.Error()
}
