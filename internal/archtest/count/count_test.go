package count_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/keybridge/keybridge/internal/archtest/count"
	"github.com/keybridge/keybridge/internal/source"
)

// module writes a module of one package and loads it.
func module(t *testing.T, files map[string]string) *source.Package {
	t.Helper()
	dir := t.TempDir()
	files["go.mod"] = "module example.test/p\n\ngo 1.26\n"
	for name, body := range files {
		if strings.HasSuffix(name, ".go") {
			body = "package p\n\n" + body + "\n"
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m, err := source.Load(t.Context(), dir, "./...")
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Packages) != 1 || m.Packages[0].Path != "example.test/p" {
		t.Fatalf("loaded %d packages", len(m.Packages))
	}
	return m.Packages[0]
}

func TestFileCycles(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"one direction is no cycle":    {map[string]string{"a.go": "func A() { B() }", "b.go": "func B() {}"}, nil},
		"a file alone is no cycle":     {map[string]string{"a.go": "func A() { A() }"}, nil},
		"names of the package":         {map[string]string{"a.go": "func A() { B() }", "b.go": "func B() { _ = a }", "c.go": "var a = 1"}, nil},
		"functions":                    {map[string]string{"a.go": "func A() { B() }", "b.go": "func B() { A() }"}, []string{"a.go", "b.go"}},
		"a round trip by a third":      {map[string]string{"a.go": "func A() { B() }", "b.go": "func B() { _ = c{} }", "c.go": "type c struct{}\n\nfunc (c) m() { A() }"}, []string{"a.go", "b.go", "c.go"}},
		"a method and its receiver":    {map[string]string{"a.go": "type T int\n\nfunc (t T) A() { t.B() }", "b.go": "func (T) B() {}"}, []string{"a.go", "b.go"}},
		"a method through embedding":   {map[string]string{"a.go": "type T struct{ U }\n\nfunc (t T) A() { t.B() }", "b.go": "type U int\n\nfunc (U) B() { T{}.A() }"}, []string{"a.go", "b.go"}},
		"a method of a generic type":   {map[string]string{"a.go": "type T[E any] []E\n\nfunc A() { T[int]{}.B() }", "b.go": "func (T[E]) B() {}"}, []string{"a.go", "b.go"}},
		"a method of an interface":     {map[string]string{"a.go": "type I interface{ M() }\n\nvar _ = T{}", "b.go": "type T struct{ i interface{ I } }\n\nfunc F(t T) { t.i.M() }"}, []string{"a.go", "b.go"}},
		"a local name of the same":     {map[string]string{"a.go": "func A() { B := 1; _ = B }", "b.go": "func B() { A() }"}, nil},
		"a field is its type's matter": {map[string]string{"a.go": "type T struct{ F int }\n\nfunc A() { B(nil) }", "b.go": "func B(f func() struct{ F int }) { _ = f().F }"}, nil},
		"tests do not count":           {map[string]string{"a.go": "func A() {}", "b.go": "func B() { A() }", "b_test.go": "func C() { B() }"}, nil},
		"another package's names":      {map[string]string{"a.go": "import \"strings\"\n\nfunc A() { strings.ToUpper(b) }", "b.go": "import \"strings\"\n\nvar b = strings.ToLower(\"B\")"}, nil},
		"the larger one of two cycles": {map[string]string{"a.go": "func A() { B(); C() }", "b.go": "func B() { A() }", "c.go": "func C() { D() }", "d.go": "func D() { E() }", "e.go": "func E() { C() }"}, []string{"c.go", "d.go", "e.go"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := count.LargestFileCycle(module(t, c.files)); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	p := module(t, map[string]string{
		"a.go": "import \"net/http\"\n\ntype T struct{ U }\n\nfunc (T) A() {}\nfunc (*T) serve(http.ResponseWriter, *http.Request) {}",
		"b.go": "type U int\n\nfunc (U) B() {}\n\ntype I interface{ M() }\n\ntype none int\n\nfunc (T) b() {}\n\ntype alias = T",
	})
	got := make(map[string][]string)
	for name, methods := range count.Methods(p) {
		for _, m := range methods {
			label := m.Name()
			if count.IsHandler(m) {
				label += " (handler)"
			}
			got[name] = append(got[name], label)
		}
		slices.Sort(got[name])
	}
	if len(got) != 2 || !slices.Equal(got["T"], []string{"A", "b", "serve (handler)"}) || !slices.Equal(got["U"], []string{"B"}) {
		t.Errorf("got %v", got)
	}
}
