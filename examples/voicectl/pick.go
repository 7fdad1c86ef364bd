package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/gwsvoice/gws-go/voice"
)

// choice says which calls a command can work on.
type choice struct {
	fits func(*voice.Call) bool
	what string // "can be held"
}

// offering is the choice of calls that offer an operation.
func (a *app) offering(op voice.OperationName) choice {
	return choice{func(call *voice.Call) bool { return call.Can(op) }, "offers " + string(op)}
}

// pick returns the id of the call that a command is meant for. given is what
// the command line says, "" for the only call that fits.
func (a *app) pick(ctx context.Context, client *voice.Client, given string, c choice) (string, error) {
	calls, err := client.Calls(ctx)
	if err != nil {
		return "", err
	}
	if given != "" {
		return named(calls, given)
	}
	var fit []*voice.Call
	for _, call := range calls {
		if c.fits(call) {
			fit = append(fit, call)
		}
	}
	fit = withoutConsultations(fit)
	switch len(fit) {
	case 0:
		return "", &noCallError{fmt.Sprintf("no call %s; %s", c.what, summary(calls))}
	case 1:
		return fit[0].ID, nil
	}
	return "", usage("CALL has to be named, since more than one %s; %s", c.what, summary(fit))
}

// named finds a call by its id or a part of it. An id that nothing fits is left
// to the server: the call may have ended a moment ago.
func named(calls []*voice.Call, given string) (string, error) {
	part := strings.Trim(given, "….")
	var fit []*voice.Call
	for _, call := range calls {
		if call.ID == given {
			return given, nil
		}
		if part != "" && (strings.HasPrefix(call.ID, part) || strings.HasSuffix(call.ID, part)) {
			fit = append(fit, call)
		}
	}
	switch len(fit) {
	case 0:
		return given, nil
	case 1:
		return fit[0].ID, nil
	}
	return "", usage("CALL: %q fits more than one; %s", given, summary(fit))
}

// withoutConsultations leaves out those whose original is there too: what can
// be done on either of the two is done on the pair.
func withoutConsultations(calls []*voice.Call) []*voice.Call {
	ids := map[string]bool{}
	for _, call := range calls {
		ids[call.ID] = true
	}
	var left []*voice.Call
	for _, call := range calls {
		if call.ParentID == "" || !ids[call.ParentID] {
			left = append(left, call)
		}
	}
	return left
}

// summary names calls in a sentence.
func summary(calls []*voice.Call) string {
	if len(calls) == 0 {
		return "there are no calls"
	}
	var parts []string
	for _, call := range calls {
		parts = append(parts, fmt.Sprintf("%s (%s, %s)", call.ID, call.State, parties(call)))
	}
	return "there is " + strings.Join(parts, ", ")
}

// parties returns the others on a call.
func parties(call *voice.Call) string {
	var numbers []string
	for _, p := range call.Participants {
		numbers = append(numbers, p.PhoneNumber)
	}
	switch {
	case len(numbers) > 0:
		return strings.Join(numbers, ", ")
	case call.ANI != "":
		return call.ANI
	}
	return "hidden number"
}

// device returns the device that a command is meant for: given by id or number,
// or the only one that fits.
func (a *app) device(ctx context.Context, client *voice.Client, given string, op voice.OperationName) (*voice.Device, error) {
	devices, err := client.Devices(ctx)
	if err != nil {
		return nil, err
	}
	var fit []*voice.Device
	var all []string
	for _, d := range devices {
		all = append(all, fmt.Sprintf("%s (%s)", d.PhoneNumber, d.ID))
		if given == d.ID || given == d.PhoneNumber && given != "" {
			return d, nil
		}
		if given == "" && d.Can(op) {
			fit = append(fit, d)
		}
	}
	switch {
	case len(devices) == 0:
		return nil, &noCallError{"the agent has no device"}
	case given != "":
		return nil, usage("--device: there is no %q; there is %s", given, strings.Join(all, ", "))
	case len(fit) == 0 && len(devices) == 1:
		return devices[0], nil // the server says why not
	case len(fit) == 1:
		return fit[0], nil
	}
	return nil, usage("--device has to be named; there is %s", strings.Join(all, ", "))
}
