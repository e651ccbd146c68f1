package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keybridge/keybridge/internal/source"
)

// module writes a module with a package p and answers it as prepare would.
func module(t *testing.T, of target, code, tests string) *mutated {
	t.Helper()
	dir := t.TempDir()
	for name, body := range map[string]string{"go.mod": "module example.test/m\n\ngo 1.26\n", "p/a.go": "package p\n\n" + code, "p/a_test.go": "package p\n\n" + tests} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m, err := source.LoadTests(t.Context(), dir, "./...")
	if err != nil {
		t.Fatal(err)
	}
	p := m.Packages[0]
	out, err := newMutated(p, dir, map[string]target{filepath.Join(p.Dir, "a.go"): of})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestWhatIsChanged(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		code string
		want []string
	}{
		"a comparison":        {"func f(a, b int) bool { return a < b }", []string{"a < b → a <= b", "a < b → a >= b"}},
		"and":                 {"func f(a, b bool) bool { return a && b }", []string{"a && b → a || b", "a && b → a", "a && b → b"}},
		"not":                 {"func f(a bool) bool { return !a }", []string{"!a → a"}},
		"a condition":         {"func f(a bool) int { if a { return 1 }; return 2 }", []string{"a → true", "a → false"}},
		"a case":              {"func f(a bool) int { switch { case a: return 1 }; return 2 }", []string{"a → false"}},
		"a case of a value":   {"func f(a bool) int { switch a { case a: return 1 }; return 2 }", []string{"a → false"}},
		"a loop":              {"func f(a bool) { for a { a = !a } }", []string{"a → false", "a = !a → (nothing)", "!a → a"}},
		"a sum":               {"func f(a, b int) int { return a + b }", []string{"a + b → a - b"}},
		"texts have no less":  {"func f(a, b string) string { return a + b }", nil},
		"constants":           {"const a, b = 1, 2\n\nfunc f() int { const c = a + b; return a + b*c }", nil},
		"a count":             {"func f(a int) int { a++; return a }", []string{"a++ → a--", "a++ → (nothing)"}},
		"a call":              {"func f(g func()) { g() }", []string{"g() → (nothing)"}},
		"a panic":             {"func f() { panic(1) }", nil},
		"a new variable":      {"func f(a int) int { b := a; return b }", nil},
		"min":                 {"func f(a, b int) int { return min(a, b) }", []string{"min(a, b) → max(a, b)"}},
		"a literal":           {"func f() (bool, error) { return true, nil }", []string{"true → false"}},
		"two that look alike": {"func f(g func()) { g(); g() }", []string{"g() → (nothing)", "g() (2) → (nothing)"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, m := range module(t, target{}, c.code+"\n", "").mutants {
				key, ok := strings.CutPrefix(m.key(), "p/a.go f: ")
				if !ok {
					t.Errorf("the key %q does not name the file and the function", m.key())
				}
				got = append(got, key)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestOnlyFunctionsOfValuesIfWanted(t *testing.T) {
	t.Parallel()
	const code = `import "context"

type T int

func (t T) Value(a bool) bool     { return !a }
func (t *T) Pointer(a bool) bool  { return !a }
func Plain(a bool) bool           { return !a }
func Asks(_ context.Context, a bool) bool { return !a }
`
	var got []string
	for _, m := range module(t, target{values: true}, code, "").mutants {
		got = append(got, m.fn)
	}
	if want := []string{"T.Value", "Plain"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestMutantsAreTried compiles code of all kinds with its mutants in it; which of them live tells that each was on.
func TestMutantsAreTried(t *testing.T) {
	t.Parallel()
	p := module(t, target{}, `type price int

type flag bool

type goods struct {
	prices []price
	sold   flag
}

// total is what the goods cost; below is the part of them below a price.
func (g *goods) total(below price) (all, cheap price) {
	for i, p := range g.prices {
		if i >= 0 && (p < below || below == 0) { // the first half is always true
			cheap += p
		}
		all = all + p
	}
	if g.sold && len(g.prices) > 0 {
		g.sold = false
	}
	return max(all, 0), cheap
}

func forever(n int) int {
	for n > 0 {
		n--
	}
	return n
}
`, `import "testing"

func TestTotal(t *testing.T) {
	g := &goods{prices: []price{1, 2, 3}, sold: true}
	if all, cheap := g.total(2); all != 6 || cheap != 1 || g.sold {
		t.Error(all, cheap)
	}
	if _, cheap := g.total(0); cheap != 6 {
		t.Error(cheap)
	}
	if forever(2) != 0 {
		t.Error("it does not end at none")
	}
}
`)
	p.tests, p.patience = []string{"TestTotal"}, time.Second
	var out strings.Builder
	lived, err := p.try(t.Context(), &out, 4)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range lived {
		_, key, _ := strings.Cut(m.key(), ": ")
		got = append(got, key)
	}
	want := []string{
		"g.sold && len(g.prices) > 0 → true", "i >= 0 && (p < below || below == 0) → (p < below || below == 0)",
		"g.sold && len(g.prices) > 0 → g.sold || len(g.prices) > 0", "g.sold && len(g.prices) > 0 → g.sold",
		"g.sold && len(g.prices) > 0 → len(g.prices) > 0", "len(g.prices) > 0 → len(g.prices) >= 0",
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("lived:\n%s\nwant\n%s\nof %d", strings.Join(got, "\n"), strings.Join(want, "\n"), len(p.mutants))
	}
}

func TestSurvivorsCarryReasons(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		want map[string]string
		err  string
	}{
		"none":                   {"", map[string]string{}, ""},
		"two of one reason":      {"# Both are\n# the same.\na f: x → y\na f: x → z\n\n# Another.\nb g: 1 → 2\n", map[string]string{"a f: x → y": "Both are the same.", "a f: x → z": "Both are the same.", "b g: 1 → 2": "Another."}, ""},
		"without a reason":       {"a f: x → y\n", nil, ":1: a survivor without a reason"},
		"a reason ends with its": {"# One.\na f: x → y\n\nb g: 1 → 2\n", nil, ":4: a survivor without a reason"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "survivors.txt")
			if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := readSurvivors(file)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("%v, want %s", err, c.err)
				}
				return
			}
			if err != nil || fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("%v, %v, want %v", got, err, c.want)
			}
		})
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	var many []mutant
	for i := range leastMutants {
		many = append(many, mutant{file: "a.go", fn: "f", old: fmt.Sprint(i), new: "x"})
	}
	reasons := func(list []mutant) map[string]string {
		out := map[string]string{}
		for _, m := range list {
			out[m.key()] = "no difference"
		}
		return out
	}
	for name, c := range map[string]struct {
		all, survived []mutant
		listed        map[string]string
		whole, fails  bool
	}{
		"all noticed":                       {many, nil, nil, true, false},
		"a tenth lives, listed":             {many, many[:40], reasons(many[:40]), true, false},
		"more than a tenth lives":           {many, many[:41], reasons(many[:41]), true, true},
		"one that is not listed":            {many, many[:2], reasons(many[:1]), true, true},
		"one that is listed and was killed": {many, many[:1], reasons(many[:2]), true, true},
		"a list of other files":             {many, nil, map[string]string{"b.go f: 1 → x": "gone"}, true, false},
		"too few":                           {many[:399], nil, nil, true, true},
		"a part may be few":                 {many[:3], many[:1], reasons(many[:2]), false, false},
		"nothing":                           {nil, nil, nil, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := report(&strings.Builder{}, c.all, c.survived, c.listed, c.whole, time.Second); (err != nil) != c.fails {
				t.Errorf("%v, fails wanted: %v", err, c.fails)
			}
		})
	}
}

func TestFoldersOfKilledProcessesAreRemoved(t *testing.T) {
	t.Parallel()
	gone := exec.Command("true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	tmp := t.TempDir()
	left := filepath.Join(tmp, fmt.Sprintf("keybridge-mutate-%d-1", gone.Process.Pid))
	others := filepath.Join(tmp, fmt.Sprintf("keybridge-mutate-%d-1", os.Getppid()))
	for _, dir := range []string{left, others} {
		if err := os.MkdirAll(filepath.Join(dir, "content"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	own, err := workspace(tmp)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := filepath.Glob(filepath.Join(tmp, "*")); err != nil || len(got) != 2 || !slices.Contains(got, own) || !slices.Contains(got, others) {
		t.Errorf("there are %v, want %s and %s (%v)", got, own, others, err)
	}
}
