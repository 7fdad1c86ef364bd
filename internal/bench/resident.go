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
	return residentNow()
}

// residentNow returns the resident memory of this process as it is, in bytes.
func residentNow() float64 {
	if n := status("VmRSS"); n > 0 {
		return n
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.Sys - m.HeapReleased)
}

// mostResident returns the most resident memory that this process ever had.
func mostResident() float64 {
	if n := status("VmHWM"); n > 0 {
		return n
	}
	return residentNow()
}

// status returns a size that the system knows of this process; 0 if it does not.
func status(name string) float64 {
	text, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := bytes.Cut(text, []byte("\n"+name+":"))
	fields := bytes.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kb, _ := strconv.ParseFloat(string(fields[0]), 64)
	return kb * 1024
}
