package main

import (
	"bytes"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
)

// resident returns the resident memory of this process after all garbage has
// been given back, in bytes; where that cannot be had, what the Go runtime has
// from the system.
func resident() float64 {
	runtime.GC()
	runtime.GC() // what a finalizer or a pool held until now
	debug.FreeOSMemory()
	if status, err := os.ReadFile("/proc/self/status"); err == nil {
		_, rest, _ := bytes.Cut(status, []byte("\nVmRSS:"))
		if fields := bytes.Fields(rest); len(fields) > 0 {
			if kb, err := strconv.ParseFloat(string(fields[0]), 64); err == nil {
				return kb * 1024
			}
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.Sys - m.HeapReleased)
}
