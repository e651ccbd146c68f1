package main

import (
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// figure is a line `figure=<name> value=<number> …` of bench.
type figure struct {
	name  string
	value float64
}

func figures(said string) []figure {
	var out []figure
	for line := range strings.Lines(said) {
		rest, ok := strings.CutPrefix(strings.TrimSpace(line), "figure=")
		if !ok {
			continue
		}
		name, rest, _ := strings.Cut(rest, " value=")
		text, _, _ := strings.Cut(rest, " ")
		if value, err := strconv.ParseFloat(text, 64); err == nil {
			out = append(out, figure{name, value})
		}
	}
	return out
}

// course is what bench says of one measured run: the run's seconds, those of the bare loop over the same pages, which
// the figure is divided by, and the figure.
type course struct{ run, loop, figure float64 }

// by is the figure with another loop in the divisor: a client that decodes more quickly makes the loop shorter, and the
// figure worse though the run is quicker too. What else is in the divisor stays.
func (c course) by(loop float64) float64 { return c.run / (c.run/c.figure - c.loop + loop) }

// courses reads the notes `# <name> round 1: run 1.00 s, loop 1.00 s, …` beside the figures.
func courses(said string) map[string]course {
	note := regexp.MustCompile(`(?m)^# (\S+) round \d+: run ([\d.]+) s, loop ([\d.]+) s,`)
	out := map[string]course{}
	for _, f := range figures(said) {
		out[f.name] = course{figure: f.value}
	}
	for _, found := range note.FindAllStringSubmatch(said, -1) {
		c := out[found[1]]
		c.run, _ = strconv.ParseFloat(found[2], 64)
		c.loop, _ = strconv.ParseFloat(found[3], 64)
		out[found[1]] = c
	}
	return out
}

// row is a line of the result.
type row struct {
	name     string
	old, new float64
	ratio    float64 // of the newer to the older; of speeds the median of the pairs
	allowed  string
	missed   bool
}

// tolerance says how far a figure of the group may be from the base's, as a difference; 0: not at all. Requests are
// counted. The pace is kept on a clock that no load moves, but orders come at random between goroutines. Memory is
// the growth of the heap's peak in megabytes, looked at every few milliseconds.
func tolerance(group string) func(name string) float64 {
	return func(name string) float64 {
		switch {
		case group == "pace" && strings.HasSuffix(name, "-seconds"):
			return 0.5
		case group == "pace" && !strings.HasSuffix(name, "-429"):
			return 0.01
		case group == "memory":
			return 4
		}
		return 0
	}
}

// same compares figures by their names. A smaller one is allowed: all of them are costs.
func same(old, now []figure, tolerance func(name string) float64) ([]row, error) {
	if len(old) == 0 || len(old) != len(now) {
		return nil, fmt.Errorf("%d figures of the base, %d of the working tree", len(old), len(now))
	}
	var rows []row
	for i, f := range now {
		if old[i].name != f.name {
			return nil, fmt.Errorf("the base has the figure %s, the working tree %s", old[i].name, f.name)
		}
		most := tolerance(f.name)
		r := row{name: f.name, old: old[i].value, new: f.value, ratio: f.value / old[i].value, allowed: "equal"}
		if most > 0 {
			r.allowed = fmt.Sprintf("≤ old + %g", most)
			r.missed = f.value > old[i].value+most
		} else {
			r.missed = f.value != old[i].value
		}
		if old[i].value == 0 && f.value == 0 {
			r.ratio = 1
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// pair is one course measured on both sides, one right after the other.
type pair struct {
	name     string
	old, new course
}

func pairOf(old, now string) ([]pair, error) {
	before, after := courses(old), courses(now)
	var out []pair
	for name, c := range after {
		was, ok := before[name]
		if !ok || was.run == 0 || c.run == 0 || was.loop == 0 || c.loop == 0 {
			return nil, fmt.Errorf("%s was not measured on both sides", name)
		}
		out = append(out, pair{name, was, c})
	}
	slices.SortFunc(out, func(a, b pair) int { return strings.Compare(a.name, b.name) })
	if len(out) == 0 || len(out) != len(before) {
		return nil, fmt.Errorf("%d speeds of the base, %d of the working tree", len(before), len(after))
	}
	return out, nil
}

// slower is how much longer a run may take, by the median of the pairs.
const slower = 1.05

// medians judges the runs' seconds. The loop's and the figures are told beside them, and the figures as they would be
// with the base's loop in both: a slower client makes the divisor larger and the figure better.
func medians(pairs []pair) []row {
	var names []string
	by := map[string][]pair{}
	for _, p := range pairs {
		if by[p.name] == nil {
			names = append(names, p.name)
		}
		by[p.name] = append(by[p.name], p)
	}
	var rows []row
	for _, name := range names {
		for _, part := range []struct {
			what    string
			of      func(c course, base float64) float64 // base is the seconds of the base's loop
			allowed float64
		}{
			{" run s", func(c course, _ float64) float64 { return c.run }, slower},
			{" loop s", func(c course, _ float64) float64 { return c.loop }, math.Inf(1)},
			{" figure", func(c course, _ float64) float64 { return c.figure }, math.Inf(1)},
			{" figure by the base's loop", course.by, math.Inf(1)},
		} {
			var old, now, ratios []float64
			for _, p := range by[name] {
				was, is := part.of(p.old, p.old.loop), part.of(p.new, p.old.loop)
				old, now, ratios = append(old, was), append(now, is), append(ratios, is/was)
			}
			r := row{name: name + part.what, old: median(old), new: median(now), ratio: median(ratios), allowed: "told"}
			if !math.IsInf(part.allowed, 1) {
				r.allowed = fmt.Sprintf("ratio ≤ %.2f", part.allowed)
				r.missed = r.ratio > part.allowed
			}
			rows = append(rows, r)
		}
	}
	return rows
}

func median(list []float64) float64 {
	sorted := slices.Sorted(slices.Values(list))
	middle := len(sorted) / 2
	if len(sorted)%2 == 0 {
		return (sorted[middle-1] + sorted[middle]) / 2
	}
	return sorted[middle]
}

// table prints the rows and answers errMissed if one is missed.
func table(out io.Writer, rows []row) (err error) {
	fmt.Fprintf(out, "%-34s %10s %10s %8s  %-16s\n", "figure", "old", "new", "new÷old", "wanted")
	for _, r := range rows {
		verdict := "pass"
		if r.missed {
			verdict, err = "FAIL", errMissed
		} else if r.allowed == "told" {
			verdict = ""
		}
		fmt.Fprintf(out, "%-34s %10.4g %10.4g %8.3f  %-16s %s\n", r.name, r.old, r.new, r.ratio, r.allowed, verdict)
	}
	return err
}
