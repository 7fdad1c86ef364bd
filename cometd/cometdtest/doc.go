// Package cometdtest is a Bayeux server inside the process, for tests of
// programs that use CometD, as net/http/httptest is for programs that use
// HTTP. It imports no testing package, so that examples and simulators can
// stand on it too.
package cometdtest
