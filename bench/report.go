package main

import (
	"fmt"
	"io"
)

// bench prints figures to out and everything else to notes.
type bench struct {
	sizes
	out, notes io.Writer
	missed     bool
}

// sizes say how much is measured.
type sizes struct {
	rounds       int
	offers       int
	small, large int
	pace, decode string
}

// figure prints one line. The value must be at most the goal.
func (b *bench) figure(name string, value, goal float64) {
	verdict := "pass"
	if value > goal {
		verdict, b.missed = "FAIL", true
	}
	fmt.Fprintf(b.out, "figure=%s value=%.4g goal=<=%.4g %s\n", name, value, goal, verdict)
}

func (b *bench) note(format string, args ...any) { fmt.Fprintf(b.notes, "# "+format+"\n", args...) }
