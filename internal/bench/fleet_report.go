package main

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// report prints what was found, in Markdown.
func (f *fleet) report(out io.Writer, g *figures) {
	line := func(what, format string, v ...any) {
		fmt.Fprintf(out, "| %s | %s |\n", what, fmt.Sprintf(format, v...))
	}
	perAgent := func(bytes float64) string {
		return fmt.Sprintf("%.0f MB, %.1f kB per agent", bytes/1e6, bytes/1e3/float64(f.agents))
	}
	fmt.Fprintf(out, "%s, %s/%s, %d cores, %s, `%s`.\n\n",
		time.Now().Format(time.DateOnly), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), f.command)
	fmt.Fprintf(out, "| A fleet of %s agents, one call each, server in another process | |\n| --- | ---: |\n", thousands(f.agents))
	line("login, "+strconv.Itoa(f.logins)+" at a time", "%s, %.0f per second", seconds(g.login), float64(f.agents)/g.login.Seconds())
	line("resident memory, all logged in, nothing happening; with a call and a reader of events each", "%s", perAgent(g.idle))
	line("resident memory at work, garbage included", "%s", perAgent(g.loaded))
	line("the most at any time", "%s", perAgent(g.most))
	line("goroutines per agent, beside the reader of his events", "%.2f", g.goroutines)
	events, operations := f.late.count(), f.took.count()
	line(fmt.Sprintf("work for %s: an event per agent every %s, 1 %% of the agents operating", seconds(f.steady), seconds(f.period)),
		"%.0f events/s, %.0f operations/s", float64(events)/f.steady.Seconds(), float64(operations)/f.steady.Seconds())
	line("CPU", "%.2f cores, %.0f µs per event or operation", g.cpu.Seconds()/f.steady.Seconds(),
		g.cpu.Seconds()*1e6/float64(max(events+operations, 1)))
	line(fmt.Sprintf("operation settled, p50 / p99 (the simulated switch takes %d ms)", (answerAfter+eventAfter).Milliseconds()),
		"%s / %s", milliseconds(f.took.percentile(.5)), milliseconds(f.took.percentile(.99)))
	line(fmt.Sprintf("event in the reader's hands, p50 / p99 (sent after %d ms)", eventAfter.Milliseconds()),
		"%s / %s", milliseconds(f.late.percentile(.5)), milliseconds(f.late.percentile(.99)))
	line("operations settled / failed", "%s / %d", thousands(g.steady.settled), g.steady.notSent+g.steady.refused+g.steady.unsure)
	line("server cut off for", "%s: connections closed and refused, sessions and logins forgotten", seconds(f.cut))
	line("operations meanwhile and after: settled / not sent / refused / reported as unknown", "%s / %d / %d / %d",
		thousands(g.disturbed.settled), g.disturbed.notSent, g.disturbed.refused, g.disturbed.unsure)
	slices.Sort(g.marked)
	slices.Sort(g.caughtUp)
	at := func(all []time.Duration, part float64) string { return seconds(all[int(part*float64(len(all)-1))]) }
	line("agents connected again, after the server's return: half / 99 % / all", "%s / %s / %s", at(g.marked, .5), at(g.marked, .99), at(g.marked, 1))
	line("agents with all calls read back: half / 99 % / all", "%s / %s / %s", at(g.caughtUp, .5), at(g.caughtUp, .99), at(g.caughtUp, 1))
	line("agents who know the truth in the end", "%s of %s", thousands(f.agents-g.wrong), thousands(f.agents))
	line("connection attempts: most in 0.1 s / 1 s after the cut", "%s / %s",
		thousands(f.dialed.peak(g.cutOff, tick)), thousands(f.dialed.peak(g.cutOff, time.Second)))
	line("handshakes: most in 0.1 s / 1 s after the return", "%s / %s",
		thousands(g.arrivals.Handshakes.peak(g.returned, tick)), thousands(g.arrivals.Handshakes.peak(g.returned, time.Second)))
	line("events delivered", "%s", thousands(g.delivered))
	line("events missed while cut off, and the gap reported", "%s", thousands(g.told))
	line("events lost without a word", "**%d**", g.lost)
	f.histogram(out, g)
}

// histogram shows how the agents come back: the bar is handshakes.
func (f *fleet) histogram(out io.Writer, g *figures) {
	const most = 30
	step := (g.over.Sub(g.cutOff)/most + time.Second).Truncate(time.Second)
	fmt.Fprintf(out, "\n| seconds since the cut | connection attempts | requests | handshakes | |\n| ---: | ---: | ---: | ---: | --- |\n")
	f.mu.Lock()
	defer f.mu.Unlock()
	highest := 1
	for from := g.cutOff; from.Before(g.over); from = from.Add(step) {
		highest = max(highest, g.arrivals.Handshakes.between(from, from.Add(step)))
	}
	for from := g.cutOff; from.Before(g.over); from = from.Add(step) {
		to := from.Add(step)
		n := g.arrivals.Handshakes.between(from, to)
		fmt.Fprintf(out, "| %.0f–%.0f | %s | %s | %s | %s |\n", from.Sub(g.cutOff).Seconds(), to.Sub(g.cutOff).Seconds(),
			thousands(f.dialed.between(from, to)), thousands(g.arrivals.Requests.between(from, to)), thousands(n), strings.Repeat("█", n*20/highest))
	}
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3g s", d.Seconds()) }
func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1e3)
}

// thousands writes n with commas.
func thousands(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
