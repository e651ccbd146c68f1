package demo

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// progress draws one line that grows; where the output is no terminal it prints a line per quarter.
type progress struct {
	out      io.Writer
	terminal bool
	quarter  int
}

const barWidth = 30

func newProgress(out io.Writer) *progress {
	f, ok := out.(*os.File)
	if !ok {
		return &progress{out: out}
	}
	info, err := f.Stat()
	return &progress{out: out, terminal: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

// show draws done of total; total 0 means that it is not known yet.
func (p *progress) show(what string, done, total int) {
	percent := 0
	if total > 0 {
		percent = min(100, done*100/total)
	}
	if p.terminal {
		full := barWidth * percent / 100
		fmt.Fprintf(p.out, "\r\033[K  [%s%s] %3d %%  %s", strings.Repeat("█", full), strings.Repeat("░", barWidth-full), percent, what)
		return
	}
	if quarter := percent / 25; quarter > p.quarter {
		p.quarter = quarter
		fmt.Fprintf(p.out, "  %3d %%  %s\n", percent, what)
	}
}

// end leaves the last words standing.
func (p *progress) end(words string) {
	if p.terminal {
		fmt.Fprint(p.out, "\r\033[K")
	}
	fmt.Fprintln(p.out, "  "+words)
}
