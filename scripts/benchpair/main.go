// Command benchpair measures the catalog engine of a commit and that of the working tree in turn, on one machine, and
// fails if the newer one asks more, keeps another pace, needs more memory or is slower. See docs/performance.md.
//
//	go run ./scripts/benchpair -base COMMIT [-only speed] [-pairs 5] [-offers 30000]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// errMissed tells that all was measured and the working tree does worse.
var errMissed = errors.New("worse than the base")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	switch {
	case errors.Is(err, errMissed):
		fmt.Fprintln(os.Stderr, "benchpair:", err)
		os.Exit(1)
	case err != nil:
		fmt.Fprintln(os.Stderr, "benchpair:", err)
		os.Exit(2)
	}
}

type options struct {
	base, only           string
	pairs                int
	offers, small, large int
}

func run(ctx context.Context, args []string, out io.Writer) (err error) {
	var o options
	f := flag.NewFlagSet("benchpair", flag.ContinueOnError)
	f.StringVar(&o.base, "base", "", "the commit to compare with")
	f.StringVar(&o.only, "only", "requests,pace,memory,speed", "compare these alone")
	f.IntVar(&o.pairs, "pairs", 5, "how often each speed is measured on both sides; the median counts")
	f.IntVar(&o.offers, "offers", 30_000, "offers of the catalog whose runs are timed")
	f.IntVar(&o.small, "small", 10_000, "offers of the smaller catalog whose memory is compared")
	f.IntVar(&o.large, "large", 100_000, "offers of the larger one")
	if err := f.Parse(args); err != nil {
		return err
	}
	if o.base == "" {
		return errors.New("-base names the commit to compare with")
	}
	dir, err := os.MkdirTemp("", "keybridge-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	tree := filepath.Join(dir, "base")
	if err := command(ctx, ".", "git", "worktree", "add", "--detach", tree, o.base); err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, command(context.WithoutCancel(ctx), ".", "git", "worktree", "remove", "--force", tree))
	}()
	fmt.Fprintf(out, "# building %s and the working tree\n", o.base)
	old, err := build(ctx, tree, filepath.Join(dir, "old"))
	if err != nil {
		return err
	}
	now, err := build(ctx, ".", filepath.Join(dir, "new"))
	if err != nil {
		return err
	}
	return compare(ctx, out, o, old, now)
}

func command(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, said)
	}
	return nil
}

// side measures one of the two with the flags of its own bench, and answers all it printed.
type side func(ctx context.Context, args ...string) (string, error)

// build compiles bench and the pace's test of a tree. They run in that tree.
func build(ctx context.Context, tree, into string) (side, error) {
	if err := os.MkdirAll(into, 0o700); err != nil {
		return nil, err
	}
	into, err := filepath.Abs(into)
	if err != nil {
		return nil, err
	}
	bench, pace := filepath.Join(into, "bench"), filepath.Join(into, "pace.test")
	if err := command(ctx, tree, "go", "build", "-o", bench, "./bench"); err != nil {
		return nil, err
	}
	if err := command(ctx, tree, "go", "test", "-c", "-o", pace, "."); err != nil {
		return nil, err
	}
	return func(ctx context.Context, args ...string) (string, error) {
		cmd := exec.CommandContext(ctx, bench, append([]string{"-pace", pace}, args...)...)
		cmd.Dir = tree
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // so that it stops its server
		said, err := cmd.CombinedOutput()
		var ended *exec.ExitError
		if errors.As(err, &ended) && ended.ExitCode() == 1 { // a figure misses its goal: not what is asked here
			err = nil
		}
		if err != nil {
			return "", fmt.Errorf("%s: %w: %s", bench, err, said)
		}
		return string(said), nil
	}, nil
}

// compare measures what is asked for and prints a line a figure.
func compare(ctx context.Context, out io.Writer, o options, old, now side) error {
	groups := strings.Split(o.only, ",")
	var rows []row
	for _, group := range []string{"requests", "pace", "memory"} {
		if !slices.Contains(groups, group) {
			continue
		}
		args := []string{"-only", group, "-small", strconv.Itoa(o.small), "-large", strconv.Itoa(o.large)}
		found, err := once(ctx, group, args, old, now)
		if err != nil {
			return err
		}
		rows = append(rows, found...)
	}
	if slices.Contains(groups, "speed") {
		found, err := speeds(ctx, out, o, old, now)
		if err != nil {
			return err
		}
		rows = append(rows, found...)
	}
	if len(rows) == 0 {
		return fmt.Errorf("nothing is called %s", o.only)
	}
	return table(out, rows)
}

// once measures what does not depend on how busy the machine is: one look at each side.
func once(ctx context.Context, group string, args []string, old, now side) ([]row, error) {
	before, err := old(ctx, args...)
	if err != nil {
		return nil, err
	}
	after, err := now(ctx, args...)
	if err != nil {
		return nil, err
	}
	return same(figures(before), figures(after), tolerance(group))
}

// speeds measures both sides in turn; who goes first alternates.
func speeds(ctx context.Context, out io.Writer, o options, old, now side) ([]row, error) {
	args := []string{"-only", "speed", "-rounds", "1", "-offers", strconv.Itoa(o.offers)}
	var pairs []pair
	for n := range o.pairs {
		sides := []side{old, now}
		said := make([]string, 2)
		for _, i := range []int{n % 2, 1 - n%2} {
			var err error
			if said[i], err = sides[i](ctx, args...); err != nil {
				return nil, err
			}
		}
		found, err := pairOf(said[0], said[1])
		if err != nil {
			return nil, err
		}
		for _, p := range found {
			fmt.Fprintf(out, "# pair %d %s: run %.2f s → %.2f s (%.3f), loop %.2f s → %.2f s (%.3f), figure %.3g → %.3g\n", n+1, p.name,
				p.old.run, p.new.run, p.new.run/p.old.run, p.old.loop, p.new.loop, p.new.loop/p.old.loop, p.old.figure, p.new.figure)
		}
		pairs = append(pairs, found...)
	}
	return medians(pairs), nil
}
