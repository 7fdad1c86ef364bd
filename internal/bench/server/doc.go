// Package server answers as GWS does, for benchmarks: with bodies computed in
// advance and as little work as possible, over HTTP/1.1 and WebSocket spoken by
// hand. It checks next to nothing; package voicetest is the simulator to test
// with.
package server
