package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"
)

// bench is a run of this command.
type bench struct {
	command string
	rounds  int
	short   bool
	match   *regexp.Regexp
	profile string
	out     io.Writer
}

// result are the metrics of one work, round by round.
type result struct{ floor, ours []metrics }

// table measures all rows that are wanted and prints them.
func (b *bench) table(ctx context.Context) error {
	var wanted []row
	for _, r := range rows() {
		if b.match.MatchString(r.title) {
			wanted = append(wanted, r)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	results := map[string]*result{}
	for i, r := range wanted {
		key := r.work.key()
		if results[key] != nil {
			continue
		}
		results[key] = &result{}
		fmt.Fprintf(os.Stderr, "%s %s\n", time.Now().Format(time.TimeOnly), r.title)
		if err := b.alternate(ctx, r, fmt.Sprintf("%02d-%s", i+1, r.work.Kind), results[key]); err != nil {
			return fmt.Errorf("%s: %w", r.title, err)
		}
	}
	fmt.Fprintf(b.out, "%s, %s/%s, %d cores, %s, `%s`, median of %d.\n\n",
		time.Now().Format(time.DateOnly), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), b.command, b.rounds)
	fmt.Fprintln(b.out, "| Work | floor | ours | ratio | must | aim | reached |")
	fmt.Fprintln(b.out, "| --- | ---: | ---: | ---: | ---: | ---: | --- |")
	for _, r := range wanted {
		fmt.Fprintln(b.out, r.line(results[r.work.key()]))
	}
	return nil
}

// alternate lets floor and module take turns, each first in every other round.
func (b *bench) alternate(ctx context.Context, r row, name string, into *result) error {
	for round := range b.rounds {
		for turn := range 2 {
			w := r.work
			w.Name, w.Ours = name, (round+turn)%2 == 1
			if !w.Ours && r.noFloor {
				continue
			}
			if b.short {
				w = w.shorten()
			}
			if b.profile != "" {
				side := "floor"
				if w.Ours {
					side = "ours"
				}
				w.Profile = filepath.Join(b.profile, name+"-"+side)
			}
			m, err := measure(ctx, w)
			if err != nil {
				return err
			}
			if w.Ours {
				into.ours = append(into.ours, m)
			} else {
				into.floor = append(into.floor, m)
			}
		}
	}
	return nil
}

func (r row) line(got *result) string {
	scale := r.scale
	if scale == 0 {
		scale = 1
	}
	var ours, floors, ratios []float64
	for i, m := range got.ours {
		ours = append(ours, m[r.metric]*scale)
		if !r.noFloor {
			floors = append(floors, got.floor[i][r.metric]*scale)
			ratios = append(ratios, m[r.metric]/got.floor[i][r.metric])
		}
	}
	cells := []string{r.title, "", figure(median(ours), r.unit), "", "", "", ""}
	if !r.noFloor {
		cells[1] = figure(median(floors), r.unit)
		cells[3] = fmt.Sprintf("%.2f", median(ratios))
	}
	value, unit := median(ours), r.unit
	if r.ofRatio {
		value, unit = median(ratios), "×"
	}
	if r.must != 0 {
		sign := "≤ "
		if r.atLeast {
			sign = "≥ "
		}
		cells[4], cells[5] = sign+figure(r.must, unit), sign+figure(r.aim, unit)
		switch {
		case r.reaches(value, r.aim):
			cells[6] = "aim"
		case r.reaches(value, r.must):
			cells[6] = "must"
		default:
			cells[6] = "**no**"
		}
	}
	return "| " + strings.Join(cells, " | ") + " |"
}

func (r row) reaches(value, target float64) bool {
	const rounding = 0.005
	if r.atLeast {
		return value >= target-rounding
	}
	return value <= target+rounding
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	values = slices.Clone(values)
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

func figure(v float64, unit string) string {
	text := fmt.Sprintf("%.2f", v)
	switch {
	case v >= 100:
		text = fmt.Sprintf("%.0f", v)
	case v >= 10:
		text = fmt.Sprintf("%.1f", v)
	}
	switch unit {
	case "":
		return text
	case "×":
		return text
	case "/s":
		return text + unit
	}
	return text + " " + unit
}
