// Command mutate changes the deciding code in small ways, one at a time, and wants a pure test of the same package to
// notice each change. What nobody notices is either not tested or makes no difference; the latter is listed with the
// reason in survivors.txt.
//
//	go run ./scripts/mutate [-only substring] [-list] [-p 2]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/keybridge/keybridge/internal/source"
	"github.com/keybridge/keybridge/scripts/internal/pure"
)

const (
	survivorsFile = "scripts/mutate/survivors.txt"
	leastMutants  = 400
	leastKilled   = 0.9
)

// errMissed tells that mutants lived that should not have.
var errMissed = errors.New("the tests do not notice enough")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

// targets are the files that decide: what is wrong there sells the wrong goods or sends an order twice. A pattern that
// matches no file is an error.
func targets() []target {
	return []target{
		{files: "catalog/plan/*.go"},
		{files: "catalog/requests/*.go"},
		{files: "internal/schedule/*.go"},
		{files: "orders/map*.go"},
		{files: "orders/statuses/*.go"},
		{files: "orders/create.go", values: true},
		{files: "orders/resend.go", values: true},
		{files: "hooks/body.go"},
		{files: "hooks/cards.go", values: true},
	}
}

// target is a pattern of files. values: of files that do more than decide only the functions that take values, that is
// neither a context nor a pointer as receiver.
type target struct {
	files  string
	values bool
}

type options struct {
	only    string
	list    bool
	workers int
}

func run(ctx context.Context, args []string, out io.Writer) error {
	var o options
	f := flag.NewFlagSet("mutate", flag.ContinueOnError)
	f.StringVar(&o.only, "only", "", "only mutants whose file, function or code contains this")
	f.BoolVar(&o.list, "list", false, "list the mutants and run nothing")
	f.IntVar(&o.workers, "p", runtime.NumCPU(), "how many run at once")
	if err := f.Parse(args); err != nil {
		return err
	}
	start := time.Now()
	m, err := source.LoadTests(ctx, ".", "./...")
	if err != nil {
		return err
	}
	packages, err := prepare(m, targets())
	if err != nil {
		return err
	}
	listed, err := readSurvivors(survivorsFile)
	if err != nil {
		return err
	}
	var all, survived []mutant
	for _, p := range packages {
		p.keep(o.only)
		all = append(all, p.mutants...)
		if o.list {
			continue
		}
		lived, err := p.try(ctx, out, o.workers)
		if err != nil {
			return fmt.Errorf("%s: %w", p.path, err)
		}
		survived = append(survived, lived...)
	}
	if o.list {
		for _, m := range all {
			fmt.Fprintf(out, "%s:%d %s: %s\n", m.file, m.line, m.kind, m.key())
		}
		fmt.Fprintf(out, "%d mutants\n", len(all))
		return nil
	}
	return report(out, all, survived, listed, o.only == "", time.Since(start))
}

// report prints what came out. whole: everything was tried, so the totals count.
func report(out io.Writer, all, survived []mutant, listed map[string]string, whole bool, took time.Duration) error {
	if len(all) == 0 {
		return errors.New("there is nothing to mutate")
	}
	unlisted, stale := judge(survived, all, listed)
	if !whole {
		stale = nil
	}
	for _, m := range unlisted {
		fmt.Fprintf(out, "lived: %s:%d %s\n       %s\n", m.file, m.line, m.kind, m.key())
	}
	for _, key := range stale {
		fmt.Fprintf(out, "listed in %s and not alive: %s\n", survivorsFile, key)
	}
	killed := len(all) - len(survived)
	part := float64(killed) / float64(len(all))
	fmt.Fprintf(out, "%d of %d mutants were noticed (%.1f %%), %d of the others are listed, in %s\n",
		killed, len(all), 100*part, len(survived)-len(unlisted), took.Round(time.Second))
	if len(unlisted)+len(stale) > 0 || whole && (len(all) < leastMutants || part < leastKilled) {
		return errMissed
	}
	return nil
}

// prepare finds the mutants of the targets, package by package.
func prepare(m *source.Module, targets []target) ([]*mutated, error) {
	tests := map[string]pure.Package{}
	for _, t := range pure.Sort(m) {
		tests[t.Path] = t
	}
	root, err := filepath.Abs(".")
	if err != nil {
		return nil, err
	}
	var out []*mutated
	for _, p := range m.Packages {
		w, err := wanted(root, p, targets)
		if err != nil {
			return nil, err
		}
		if len(w) == 0 {
			continue
		}
		prepared, err := newMutated(p, root, w)
		if err != nil {
			return nil, err
		}
		if prepared.tests = tests[p.Path].Pure; len(prepared.tests) == 0 {
			return nil, fmt.Errorf("%s has no pure test", p.Path)
		}
		out = append(out, prepared)
	}
	return out, unmatched(root, targets)
}

// unmatched answers an error if a pattern names no file: the table of targets is out of date.
func unmatched(root string, targets []target) error {
	for _, t := range targets {
		if found, err := filepath.Glob(filepath.Join(root, t.files)); err != nil || len(found) == 0 {
			return fmt.Errorf("no file is called %s: mend targets()", t.files)
		}
	}
	return nil
}

// wanted answers the targets of the package's files, by their names.
func wanted(root string, p *source.Package, targets []target) (map[string]target, error) {
	out := map[string]target{}
	for _, t := range targets {
		if filepath.Join(root, filepath.Dir(t.files)) != p.Dir {
			continue
		}
		found, err := filepath.Glob(filepath.Join(root, t.files))
		if err != nil {
			return nil, err
		}
		for _, name := range found {
			if !strings.HasSuffix(name, "_test.go") {
				out[name] = t
			}
		}
	}
	return out, nil
}
