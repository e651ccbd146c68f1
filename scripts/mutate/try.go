package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/keybridge/keybridge/internal/source"
)

// mutated is a package with its mutants.
type mutated struct {
	path, dir string
	patience  time.Duration // how long the tests of a mutant may take at least, before it counts as one that never ends
	tests     []string      // the pure ones
	quick     []string      // those of them that take no time, so they are asked first
	slow      []string
	mutants   []mutant
	overlay   map[string]string // file → its source with all mutants
}

func newMutated(p *source.Package, root string, wanted map[string]target) (*mutated, error) {
	out := &mutated{path: p.Path, dir: p.Dir, patience: 5 * time.Second, overlay: map[string]string{}}
	seen := map[string]int{}
	for _, file := range p.Code {
		name := p.Fset.Position(file.Pos()).Filename
		t, ok := wanted[name]
		if !ok {
			continue
		}
		src, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return nil, err
		}
		f := &finder{src: src, fset: p.Fset, info: p.Info, own: p.Types, file: filepath.ToSlash(rel), values: t.values}
		f.find(file)
		out.number(f, seen)
		out.overlay[name] = f.schema()
		out.overlay[filepath.Join(p.Dir, "mutant_switch.go")] = switchFile(file.Name.Name)
	}
	return out, nil
}

// number gives each mutant its number, and those that look alike within a function different keys.
func (p *mutated) number(f *finder, seen map[string]int) {
	for _, at := range f.points {
		for i := range at.mutants {
			m := &at.mutants[i]
			m.id = len(p.mutants) + 1
			shown := *m
			shown.new = oneLine(shown.new)
			if seen[shown.key()]++; seen[shown.key()] > 1 {
				shown.old += " (" + strconv.Itoa(seen[shown.key()]) + ")"
			}
			p.mutants = append(p.mutants, shown)
		}
	}
}

// keep drops the mutants without the text.
func (p *mutated) keep(text string) {
	var kept []mutant
	for _, m := range p.mutants {
		if strings.Contains(m.key(), text) {
			kept = append(kept, m)
		}
	}
	p.mutants = kept
}

// try runs the package's pure tests once for each mutant and answers those that nobody noticed.
func (p *mutated) try(ctx context.Context, out io.Writer, workers int) ([]mutant, error) {
	if len(p.mutants) == 0 {
		return nil, nil
	}
	dir, err := workspace(os.TempDir())
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary, err := p.compile(ctx, dir)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	said, noticed := p.test(ctx, binary, 0, time.Minute, p.tests)
	if noticed {
		return nil, fmt.Errorf("the tests fail without any mutant: %s", said)
	}
	p.sortTests(said)
	limit := max(p.patience, 10*time.Since(start))
	todo, lived := make(chan mutant), make([]bool, len(p.mutants))
	var wg sync.WaitGroup
	at := map[int]int{}
	for i, m := range p.mutants {
		at[m.id] = i
	}
	for range workers {
		wg.Go(func() {
			for m := range todo {
				_, noticed := p.test(ctx, binary, m.id, limit, p.quick)
				if !noticed && len(p.slow) > 0 {
					_, noticed = p.test(ctx, binary, m.id, limit, p.slow)
				}
				lived[at[m.id]] = !noticed
			}
		})
	}
	for _, m := range p.mutants {
		if ctx.Err() == nil {
			todo <- m
		}
	}
	close(todo)
	wg.Wait()
	var survived []mutant
	for i, m := range p.mutants {
		if lived[i] {
			survived = append(survived, m)
		}
	}
	fmt.Fprintf(out, "%s: %d mutants, %d lived, %s\n", p.path, len(p.mutants), len(survived), time.Since(start).Round(100*time.Millisecond))
	return survived, ctx.Err()
}

// workspace makes a folder below tmp for what is compiled, and removes those of processes that were killed before they
// could do so themselves.
func workspace(tmp string) (string, error) {
	const prefix = "keybridge-mutate-"
	left, err := filepath.Glob(filepath.Join(tmp, prefix+"*"))
	if err != nil {
		return "", err
	}
	for _, dir := range left {
		owner, _, named := strings.Cut(strings.TrimPrefix(filepath.Base(dir), prefix), "-")
		if pid, err := strconv.Atoi(owner); named && err == nil && !alive(pid) {
			if err := os.RemoveAll(dir); err != nil {
				return "", err
			}
		}
	}
	return os.MkdirTemp(tmp, prefix+strconv.Itoa(os.Getpid())+"-")
}

func alive(pid int) bool {
	p, err := os.FindProcess(pid)
	return err == nil && !errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone)
}

// compile makes the test binary with all mutants in it. The tree is not touched: the compiler is shown other files.
func (p *mutated) compile(ctx context.Context, dir string) (string, error) {
	replace := map[string]string{}
	for name, src := range p.overlay {
		path := filepath.Join(dir, filepath.Base(name))
		if err := os.WriteFile(path, []byte(src), 0o600); err != nil {
			return "", err
		}
		replace[name] = path
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlay, binary := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "mutants.test")
	if err := os.WriteFile(overlay, list, 0o600); err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-ldflags=-w", "-overlay", overlay, "-o", binary, ".")
	cmd.Dir = p.dir
	if said, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("compile: %w: %s", err, said)
	}
	return binary, nil
}

// sortTests reads from what the tests said when all was well which of them are slow.
func (p *mutated) sortTests(said string) {
	p.quick, p.slow = nil, nil
	passed := regexp.MustCompile(`(?m)^--- PASS: (\w+) \(([\d.]+)s\)`)
	seconds := map[string]string{}
	for _, m := range passed.FindAllStringSubmatch(said, -1) {
		seconds[m[1]] = m[2]
	}
	for _, t := range p.tests {
		if took, _ := strconv.ParseFloat(seconds[t], 64); took >= 0.1 {
			p.slow = append(p.slow, t)
		} else {
			p.quick = append(p.quick, t)
		}
	}
}

// test runs tests with a mutant on and reports whether one failed. A mutant that never ends, or eats all memory, is
// noticed too.
func (p *mutated) test(ctx context.Context, binary string, id int, limit time.Duration, tests []string) (said string, noticed bool) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	const bounded = `ulimit -v 4000000 && exec "$@"`
	cmd := exec.CommandContext(ctx, "sh", "-c", bounded, "sh", binary, "-test.v", "-test.failfast", "-test.run", "^("+strings.Join(tests, "|")+")$")
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), switchEnv+"="+strconv.Itoa(id), "DATABASE_URL=postgres://nobody@127.0.0.1:1/none")
	cmd.WaitDelay = time.Second
	b, err := cmd.CombinedOutput()
	var failed *exec.ExitError
	return string(b), errors.As(err, &failed) || ctx.Err() != nil
}
