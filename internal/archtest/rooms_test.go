package archtest

import (
	"fmt"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/keybridge/keybridge/internal/archtest/count"
	"github.com/keybridge/keybridge/internal/source"
)

const (
	// maxFileCycle is how many files of a package may refer to each other in a circle before the package is a room
	// without walls: nobody can read one of the files alone.
	maxFileCycle = 8
	// maxMethods is how many things one type may be able to do.
	maxMethods = 40
)

// oversized are rooms that are larger today, each with how large. An entry may only shrink: a package that has become
// smaller must say so here, and one that fits must go.
type oversized struct {
	files   map[string]int // package's folder → files in its largest cycle
	methods map[string]int // folder.Type → methods
}

func oversizedToday() oversized {
	return oversized{
		files:   map[string]int{},
		methods: map[string]int{},
	}
}

// rooms reports packages whose files form too large a cycle, types with too many methods, and entries of today that say
// more than is true.
func rooms(m *source.Module, today oversized) []string {
	var found []string
	files, methods := make(map[string]int), make(map[string]int)
	for _, p := range m.Packages {
		dir := strings.TrimPrefix(strings.TrimPrefix(p.Path, m.Path), "/")
		if cycle := count.LargestFileCycle(p); len(cycle) > maxFileCycle {
			files[dir] = len(cycle)
			if len(cycle) > today.files[dir] {
				found = append(found, fmt.Sprintf("%s: %d files refer to each other in a circle, more than %d: %s: make rooms of them",
					dir, len(cycle), max(maxFileCycle, today.files[dir]), strings.Join(cycle, " ")))
			}
		}
		for name, own := range count.Methods(p) {
			name = dir + "." + name
			if n := countMethods(own); n > maxMethods {
				methods[name] = n
				if n > today.methods[name] {
					found = append(found, fmt.Sprintf("%s has %d methods, more than %d: it is several types", name, n, max(maxMethods, today.methods[name])))
				}
			}
		}
	}
	found = append(found, stale(today.files, files)...)
	return slices.Sorted(slices.Values(append(found, stale(today.methods, methods)...)))
}

// countMethods leaves out HTTP handlers: a site has as many as it has addresses, each of them named in one list of
// routes, and none is called by another.
func countMethods(methods []*types.Func) int {
	return len(slices.DeleteFunc(slices.Clone(methods), count.IsHandler))
}

func stale(allowed, today map[string]int) []string {
	var found []string
	for name, n := range allowed {
		if today[name] < n {
			found = append(found, fmt.Sprintf("%s has become smaller, %d instead of %d: say so in oversizedToday(), or take it off", name, today[name], n))
		}
	}
	return found
}

func TestPackagesAreRooms(t *testing.T) {
	t.Parallel()
	m, err := source.Load(t.Context(), "../..", "./...")
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Packages) < 10 {
		t.Fatalf("only %d packages were found: this is not the module", len(m.Packages))
	}
	for _, finding := range rooms(m, oversizedToday()) {
		t.Error(finding)
	}
}

// roomsFixture is a module of three packages: ring has a cycle of so many files, big a type with so many methods besides
// a handler, small is in order.
func roomsFixture(t *testing.T, files, methods int) *source.Module {
	t.Helper()
	dir := t.TempDir()
	write := func(name, body string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module example.test/m\n\ngo 1.26\n")
	for i := range files {
		write(fmt.Sprintf("ring/f%02d.go", i), fmt.Sprintf("package ring\n\nfunc f%d() { f%d() }\n", i, (i+1)%files))
	}
	var big strings.Builder
	big.WriteString("package big\n\nimport \"net/http\"\n\ntype T int\n\nfunc (T) Page(http.ResponseWriter, *http.Request) {}\n")
	for i := range methods {
		fmt.Fprintf(&big, "func (T) m%d() {}\n", i)
	}
	write("big/t.go", big.String())
	write("small/a.go", "package small\n\nfunc a() { b() }\n")
	write("small/b.go", "package small\n\nfunc b() { a() }\n")
	m, err := source.Load(t.Context(), dir, "./...")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestRoomsRuleCanFail(t *testing.T) {
	t.Parallel()
	large, fitting := roomsFixture(t, 9, 41), roomsFixture(t, 8, 40)
	for name, c := range map[string]struct {
		module *source.Module
		today  oversized
		want   []string
	}{
		"too large":       {large, oversized{}, []string{"big.T has 41 methods, more than 40", "ring: 9 files refer to each other in a circle, more than 8"}},
		"what just fits":  {fitting, oversized{}, nil},
		"known":           {large, oversized{map[string]int{"ring": 9}, map[string]int{"big.T": 41}}, nil},
		"still growing":   {large, oversized{map[string]int{"ring": 9}, map[string]int{"big.T": 40}}, []string{"big.T has 41 methods"}},
		"an entry shrank": {large, oversized{map[string]int{"ring": 12}, map[string]int{"big.T": 41}}, []string{"ring has become smaller, 9 instead of 12"}},
		"an entry is done": {
			fitting,
			oversized{map[string]int{"ring": 9}, map[string]int{"big.T": 41}},
			[]string{"big.T has become smaller, 0 instead of 41", "ring has become smaller, 0 instead of 9"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := rooms(c.module, c.today)
			if len(got) != len(c.want) {
				t.Fatalf("the rule found %q, want %q", got, c.want)
			}
			for i, want := range c.want {
				if !strings.Contains(got[i], want) {
					t.Errorf("the rule found %q, want %q", got[i], want)
				}
			}
		})
	}
}
