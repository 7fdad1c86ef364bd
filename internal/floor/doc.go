// Package floor does by hand, with net/http or the WebSocket library alone,
// the least that a program can do for the work of this module: it holds a poll,
// finds where messages begin and end, and hands over their bytes as they are.
// It decodes nothing, checks next to nothing and repeats nothing, so it is no
// client to use: it is what the benchmarks in internal/bench measure against.
package floor
