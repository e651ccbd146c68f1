// Command quick runs the tests that need nothing but Go (see scripts/internal/pure) and says what it left out.
//
//	go run ./scripts/quick [patterns of go list] [-- flags of go test]
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/keybridge/keybridge/internal/source"
	"github.com/keybridge/keybridge/scripts/internal/pure"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "quick:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	start := time.Now()
	patterns, flags := args, []string(nil)
	if i := slices.Index(args, "--"); i >= 0 {
		patterns, flags = args[:i], args[i+1:]
	}
	if len(patterns) == 0 {
		patterns = []string{"./..."}
	}
	m, err := source.LoadTests(ctx, ".", patterns...)
	if err != nil {
		return err
	}
	tests := pure.Sort(m)
	failed := 0
	for _, b := range batches(tests) {
		if err := b.test(ctx, flags, out); err != nil {
			failed++
		}
	}
	tell(out, tests, time.Since(start))
	if failed > 0 {
		return fmt.Errorf("tests failed")
	}
	return ctx.Err()
}

// batch is packages that one `go test -run` may have together: none has a test that carries the name of a pure one of
// another and needs more.
type batch struct {
	packages   []string
	run, never map[string]bool
}

func batches(tests []pure.Package) []*batch {
	var out []*batch
	for _, p := range tests {
		if len(p.Pure) == 0 {
			continue
		}
		i := slices.IndexFunc(out, func(b *batch) bool { return b.takes(p) })
		if i < 0 {
			i, out = len(out), append(out, &batch{run: map[string]bool{}, never: map[string]bool{}})
		}
		out[i].add(p)
	}
	return out
}

func (b *batch) takes(p pure.Package) bool {
	return !slices.ContainsFunc(p.Pure, func(n string) bool { return b.never[n] }) &&
		!slices.ContainsFunc(p.Impure, func(n string) bool { return b.run[n] })
}

func (b *batch) add(p pure.Package) {
	b.packages = append(b.packages, p.Path)
	for _, n := range p.Pure {
		b.run[n] = true
	}
	for _, n := range p.Impure {
		b.never[n] = true
	}
}

// test runs the batch where no server answers, so that a test that was sorted wrongly fails. Debug information is left
// out: it is half of what linking takes.
func (b *batch) test(ctx context.Context, flags []string, out io.Writer) error {
	args := append([]string{"test", "-ldflags=-w", "-run", "^(" + strings.Join(names(b.run), "|") + ")$"}, flags...)
	cmd := exec.CommandContext(ctx, "go", append(args, b.packages...)...)
	cmd.Env = append(os.Environ(), "DATABASE_URL=postgres://nobody@127.0.0.1:1/none", "REDIS_URL=redis://127.0.0.1:1")
	cmd.Stdout, cmd.Stderr = out, out
	return cmd.Run()
}

func names(set map[string]bool) []string {
	var list []string
	for n := range set {
		list = append(list, n)
	}
	slices.Sort(list)
	return list
}

// tell says what ran and what did not.
func tell(out io.Writer, tests []pure.Package, took time.Duration) {
	ran, all := 0, 0
	var left []string
	for _, p := range tests {
		ran += len(p.Pure)
		all += len(p.Pure) + len(p.Impure)
		if n := len(p.Impure); n > 0 {
			left = append(left, fmt.Sprintf("%s %d", path.Base(p.Path), n))
		}
	}
	fmt.Fprintf(out, "\n%d of %d tests ran, in %.1f s, with what had to be compiled. Left to `make test`, since they start something:\n  %s\n",
		ran, all, took.Seconds(), strings.Join(left, ", "))
}
