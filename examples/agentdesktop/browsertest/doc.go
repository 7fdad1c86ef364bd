// Package browsertest tests the agent desktop end to end: its program, in a
// real browser, with two agents in two windows. It is a module of its own, so
// that what drives the browser is not a dependency of the library.
//
//	go test ./...
//
// It needs Chromium, and is skipped where there is none, unless the environment
// variable BROWSER is "required". Screenshots go to the folder that the variable
// SCREENSHOTS names.
package browsertest
