package demo

import (
	"context"
	"fmt"
	"io"
	"time"
	"unicode/utf8"
)

// steps runs one step after another and prints a row for each; the first that fails ends it.
type steps struct {
	out    io.Writer
	start  time.Time
	failed error
}

func newSteps(out io.Writer) *steps {
	s := &steps{out: out, start: time.Now()}
	fmt.Fprintf(out, "\n      %s %8s  %s\n", pad("step"), "time", "what was seen")
	return s
}

const stepWidth = 44

// do runs f unless a step before failed. f answers what was seen.
func (s *steps) do(ctx context.Context, name string, f func(ctx context.Context) (string, error)) {
	if s.failed != nil {
		fmt.Fprintf(s.out, "  -   %s %8s  %s\n", pad(name), "", "not tried")
		return
	}
	begin := time.Now()
	seen, err := f(ctx)
	took := time.Since(begin).Seconds()
	if err != nil {
		s.failed = fmt.Errorf("%s: %w", name, err)
		fmt.Fprintf(s.out, "  ✗   %s %6.1f s  %v\n", pad(name), took, err)
		return
	}
	fmt.Fprintf(s.out, "  ✓   %s %6.1f s  %s\n", pad(name), took, seen)
}

func (s *steps) end() error {
	took := time.Since(s.start).Seconds()
	if s.failed != nil {
		fmt.Fprintf(s.out, "\nselftest failed after %.1f s\n", took)
		return ErrSelftest
	}
	fmt.Fprintf(s.out, "\nselftest passed in %.1f s\n", took)
	return nil
}

// pad fills up with blanks, counting letters rather than bytes.
func pad(s string) string {
	for n := utf8.RuneCountInString(s); n < stepWidth; n++ {
		s += " "
	}
	return s
}

// eventually asks every 50 ms until f is content or the time is over; then the last reason counts.
func eventually(ctx context.Context, within time.Duration, f func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	var last error
	for {
		err := f(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			if last == nil {
				last = err
			}
			return fmt.Errorf("not within %v: %w", within, last)
		case <-tick.C:
		}
	}
}
