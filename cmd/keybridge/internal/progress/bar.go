// Package progress tells a person in a terminal how far a synchronisation is.
package progress

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// Bar draws one line that grows; where the output is no terminal it prints a line per quarter.
type Bar struct {
	out      io.Writer
	terminal bool
	quarter  int
}

const barWidth = 30

// New draws on out.
func New(out io.Writer) *Bar {
	f, ok := out.(*os.File)
	if !ok {
		return &Bar{out: out}
	}
	info, err := f.Stat()
	return &Bar{out: out, terminal: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

// Show draws how many percent are done.
func (b *Bar) Show(what string, percent int) {
	if b.terminal {
		full := barWidth * percent / 100
		fmt.Fprintf(b.out, "\r\033[K  [%s%s] %3d %%  %s", strings.Repeat("█", full), strings.Repeat("░", barWidth-full), percent, what)
		return
	}
	if quarter := percent / 25; quarter > b.quarter {
		b.quarter = quarter
		fmt.Fprintf(b.out, "  %3d %%  %s\n", percent, what)
	}
}

// End leaves the last words standing.
func (b *Bar) End(words string) {
	if b.terminal {
		fmt.Fprint(b.out, "\r\033[K")
	}
	fmt.Fprintln(b.out, "  "+words)
}
