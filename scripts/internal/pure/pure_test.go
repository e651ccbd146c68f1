package pure_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/keybridge/keybridge/internal/source"
	"github.com/keybridge/keybridge/scripts/internal/pure"
)

// module writes a module of the files and answers which of its tests in the folder part are pure.
func module(t *testing.T, files map[string]string) (pureTests, impure []string) {
	t.Helper()
	dir := t.TempDir()
	files["go.mod"] = "module example.test/m\n\ngo 1.26\n"
	for name, body := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
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
	for _, p := range pure.Sort(m) {
		if p.Path == "example.test/m/part" {
			return p.Pure, p.Impure
		}
	}
	return nil, nil
}

func TestAProgramsOwnFunctionsAreLookedInto(t *testing.T) {
	t.Parallel()
	got, impure := module(t, map[string]string{
		"part/a.go":      "package main\n\nimport \"os/exec\"\n\nfunc main() { exec.Command(\"true\") }\n\nfunc half(n int) int { return n / 2 }\n",
		"part/a_test.go": "package main\n\nimport \"testing\"\n\nfunc TestA(*testing.T) { half(2) }\nfunc TestB(*testing.T) { main() }\n",
	})
	if !slices.Equal(got, []string{"TestA"}) || !slices.Equal(impure, []string{"TestB"}) {
		t.Errorf("pure %v, impure %v", got, impure)
	}
}

const (
	simulator = "package keycrmtest\n\nfunc New() int { return 1 }\n"
	harness   = "package world\n\nimport \"example.test/m/keycrm/keycrmtest\"\n\nvar Size = 1\n\nfunc Open() int { return keycrmtest.New() }\n"
	part      = "package part\n\nimport \"database/sql\"\n\ntype Part struct{ DB *sql.DB }\n\nfunc (Part) Half(n int) int { return n / 2 }\n"
)

func TestTestsAreSortedByWhatTheyReach(t *testing.T) {
	t.Parallel()
	head := "package part_test\n\nimport (\n\t\"testing\"\n\n\t\"example.test/m/part\"\n"
	for name, c := range map[string]struct {
		file string
		pure bool
	}{
		"the product alone": {head + ")\n\nfunc TestX(t *testing.T) { part.Part{}.Half(2) }\n", true},
		"a harness":         {head + "\t\"example.test/m/world\"\n)\n\nfunc TestX(t *testing.T) { _ = part.Part{}; world.Open() }\n", false},
		"a harness by a helper": {
			head + "\t\"example.test/m/world\"\n)\n\nfunc TestX(t *testing.T) { rig() }\nfunc rig() part.Part { world.Open(); return part.Part{} }\n", false,
		},
		"a harness by a method": {
			head + "\t\"example.test/m/world\"\n)\n\ntype rig struct{ part.Part }\n\nfunc (rig) open() { world.Open() }\n" +
				"func TestX(t *testing.T) { rig{}.open() }\n", false,
		},
		"a method of the same name that needs nothing": {
			head + "\t\"example.test/m/world\"\n)\n\ntype rig struct{ part.Part }\n\nfunc (rig) open() { world.Open() }\n" +
				"type none struct{}\n\nfunc (none) open() {}\nfunc TestX(t *testing.T) { none{}.open() }\n", true,
		},
		"a harness by a variable": {
			head + "\t\"example.test/m/world\"\n)\n\nvar size = world.Open()\n\nfunc TestX(t *testing.T) { _ = size; _ = part.Part{} }\n", false,
		},
		"a database of its own": {
			head + "\t\"database/sql\"\n)\n\nfunc TestX(t *testing.T) { db, _ := sql.Open(\"\", \"\"); _ = part.Part{DB: db} }\n", false,
		},
		"a process": {head + "\t\"os/exec\"\n)\n\nfunc TestX(t *testing.T) { _ = part.Part{}; exec.Command(\"true\") }\n", false},
		"TestMain of a harness that starts when asked": {
			head + "\t\"example.test/m/world\"\n)\n\nfunc TestMain(m *testing.M) { _ = world.Size; m.Run() }\nfunc TestX(t *testing.T) { _ = part.Part{} }\n", true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, impure := module(t, map[string]string{
				"keycrm/keycrmtest/a.go": simulator, "world/a.go": harness, "part/a.go": part, "part/a_test.go": c.file,
			})
			want, other := []string{"TestX"}, []string(nil)
			if !c.pure {
				want, other = other, want
			}
			if !slices.Equal(got, want) || !slices.Equal(impure, other) {
				t.Errorf("pure %v, impure %v, in\n%s", got, impure, c.file)
			}
		})
	}
}

func TestNamesOfTests(t *testing.T) {
	t.Parallel()
	got, impure := module(t, map[string]string{
		"part/a.go": part,
		"part/a_test.go": "package part\n\nimport \"testing\"\n\nfunc TestB(*testing.T) {}\nfunc FuzzC(*testing.F) {}\nfunc Example() {}\n" +
			"func ExamplePart_Half() {}\nfunc Testament() {}\nfunc BenchmarkD(*testing.B) {}\nfunc (Part) TestE() {}\n",
	})
	if want := []string{"Example", "ExamplePart_Half", "FuzzC", "TestB"}; !slices.Equal(got, want) || impure != nil {
		t.Errorf("pure %v, impure %v, want %v and none", got, impure, want)
	}
}
