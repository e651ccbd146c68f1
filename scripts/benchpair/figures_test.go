package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

const speedOutput = `# all-new round 1: run %.2f s, loop 10.00 s, bare 4.00 s × 3.0: %.2f of 22.00 s
figure=all-new value=%.4g goal=<=1 FAIL
`

// fake is a bench that prints what it is given, one text for each call, and notes who was asked.
func fake(name string, asked *[]string, said ...string) side {
	return func(_ context.Context, args ...string) (string, error) {
		*asked = append(*asked, name+" "+args[1])
		if len(said) == 0 {
			return "", errors.New("no more")
		}
		next := said[0]
		said = said[1:]
		return next, nil
	}
}

func timed(seconds ...float64) (out []string) {
	for _, s := range seconds {
		out = append(out, fmt.Sprintf(speedOutput, s, s, s/22))
	}
	return out
}

func TestSpeedIsTheMedianOfPairsInTurn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		old, new []float64
		want     error
		ratio    string
	}{
		{"as quick", []float64{20, 40, 20}, []float64{21, 42, 30}, nil, "1.050"},
		{"slower", []float64{20, 40, 20}, []float64{21.2, 42.4, 10}, errMissed, "1.060"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var asked []string
			var out strings.Builder
			err := compare(t.Context(), &out, options{only: "speed", pairs: 3}, fake("old", &asked, timed(c.old...)...), fake("new", &asked, timed(c.new...)...))
			if !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
			if !strings.Contains(out.String(), c.ratio+"  ratio ≤ 1.05") || !strings.Contains(out.String(), "all-new loop s                             10         10    1.000  told") {
				t.Errorf("the ratio %s or the loop is not told:\n%s", c.ratio, out.String())
			}
			want := []string{"old speed", "new speed", "new speed", "old speed", "old speed", "new speed"}
			if !slices.Equal(asked, want) {
				t.Errorf("asked %v, want %v", asked, want)
			}
		})
	}
}

func TestOtherFiguresAreLookedAtOnce(t *testing.T) {
	t.Parallel()
	line := func(name, value string) string { return "figure=" + name + " value=" + value + " goal=<=1 pass\n" }
	for _, c := range []struct {
		name, group, old, new string
		want                  error
	}{
		{"as many requests", "requests", line("requests-a", "0.93"), "# a note\n" + line("requests-a", "0.93"), nil},
		{"one request more", "requests", line("requests-a", "0"), line("requests-a", "1"), errMissed},
		{"one request less is a change too", "requests", line("requests-a", "1"), line("requests-a", "0"), errMissed},
		{"the pace, nearly", "pace", line("pace-alone", "0.998"), line("pace-alone", "1.007"), nil},
		{"another pace", "pace", line("pace-alone", "0.998"), line("pace-alone", "1.02"), errMissed},
		{"a refusal", "pace", line("pace-alone-429", "0"), line("pace-alone-429", "1"), errMissed},
		{"orders wait a little longer", "pace", line("pace-order-p99-seconds", "1.6"), line("pace-order-p99-seconds", "2"), nil},
		{"less memory", "memory", line("heap-growth-mb", "12"), line("heap-growth-mb", "-3"), nil},
		{"more memory", "memory", line("heap-growth-mb", "0.4"), line("heap-growth-mb", "5"), errMissed},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var asked []string
			var out strings.Builder
			err := compare(t.Context(), &out, options{only: c.group}, fake("old", &asked, c.old), fake("new", &asked, c.new))
			if !errors.Is(err, c.want) || !slices.Equal(asked, []string{"old " + c.group, "new " + c.group}) {
				t.Errorf("%v after %v, want %v\n%s", err, asked, c.want, out.String())
			}
		})
	}
}

func TestFiguresThatDoNotMatchAreNoComparison(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ only, old, new string }{
		"another figure":   {"requests", "figure=a value=1 goal", "figure=b value=1 goal"},
		"one more":         {"requests", "figure=a value=1 goal", "figure=a value=1 goal\nfigure=b value=1 goal"},
		"nothing measured": {"requests", "", ""},
		"a figure alone":   {"speed", "figure=all-new value=1 goal", "figure=all-new value=1 goal"},
		"nothing asked":    {"beauty", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked []string
			err := compare(t.Context(), &strings.Builder{}, options{only: c.only, pairs: 1}, fake("old", &asked, c.old), fake("new", &asked, c.new))
			if err == nil || errors.Is(err, errMissed) {
				t.Errorf("%v, want an error that it cannot be told", err)
			}
		})
	}
}

// TestAFigureByAnotherLoop: of 22 s in the divisor 10 were the loop's; with one of 16 it would have been 28.
func TestAFigureByAnotherLoop(t *testing.T) {
	t.Parallel()
	c := course{run: 21, loop: 10, figure: 21.0 / 22}
	if got := c.by(16); math.Abs(got-21.0/28) > 1e-9 {
		t.Errorf("got %v, want %v", got, 21.0/28)
	}
	if got := c.by(c.loop); math.Abs(got-c.figure) > 1e-9 {
		t.Errorf("by its own loop it is %v, not %v", got, c.figure)
	}
}
