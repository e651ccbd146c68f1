// Package statedoc reads the state diagrams of docs/states.md, so that tests can hold them equal to the code.
package statedoc

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Start is the state of what does not exist yet, and End of what exists no more.
const (
	Start = "[*] at the start"
	End   = "[*] at the end"
)

// Arrow is a change of state.
type Arrow struct{ From, To string }

func (a Arrow) String() string { return a.From + " --> " + a.To }

// Arrows answers those of the diagram under a heading.
func Arrows(t testing.TB, heading string) []Arrow {
	t.Helper()
	arrows, err := Load(heading)
	if err != nil {
		t.Fatal(err)
	}
	return arrows
}

// Load is Arrows for what has no test at hand. Errors: the page or the diagram cannot be read.
func Load(heading string) ([]Arrow, error) {
	text, err := section(heading)
	if err != nil {
		return nil, err
	}
	_, after, found := strings.Cut(text, "```mermaid\nstateDiagram-v2\n")
	diagram, _, closed := strings.Cut(after, "```")
	if !found || !closed {
		return nil, fmt.Errorf("docs/states.md has no state diagram under %q", heading)
	}
	line := regexp.MustCompile(`^(\[\*\]|\w+) --> (\[\*\]|\w+)(?:: .+)?$`)
	var arrows []Arrow
	for _, l := range strings.Split(strings.TrimSpace(diagram), "\n") {
		m := line.FindStringSubmatch(strings.TrimSpace(l))
		if m == nil {
			return nil, fmt.Errorf("docs/states.md, %q: %q is no arrow", heading, l)
		}
		a := Arrow{m[1], m[2]}
		if a.From == "[*]" {
			a.From = Start
		}
		if a.To == "[*]" {
			a.To = End
		}
		arrows = append(arrows, a)
	}
	return arrows, nil
}

// States answers the states of the diagram under a heading, in their alphabetical order.
func States(t testing.TB, heading string) (states []string) {
	t.Helper()
	for _, a := range Arrows(t, heading) {
		states = append(states, a.From, a.To)
	}
	states = slices.DeleteFunc(states, func(s string) bool { return s == Start || s == End })
	slices.Sort(states)
	return slices.Compact(states)
}

// Want fails the test unless the diagram under a heading has exactly the arrows of the code; those from a state to
// itself are not drawn.
func Want(t testing.TB, heading string, code []Arrow) {
	t.Helper()
	drawn := Arrows(t, heading)
	for i, a := range drawn {
		if slices.Contains(drawn[:i], a) {
			t.Errorf("docs/states.md draws %q twice", a)
		}
		if !slices.Contains(code, a) {
			t.Errorf("docs/states.md draws %q, which the code does not do", a)
		}
	}
	for i, a := range code {
		if a.From != a.To && !slices.Contains(drawn, a) && !slices.Contains(code[:i], a) {
			t.Errorf("the code does %q, which docs/states.md does not draw", a)
		}
	}
}

// Rows answers the cells of the table under a heading, without its head.
func Rows(t testing.TB, heading string) (rows [][]string) {
	t.Helper()
	text, err := section(heading)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range strings.Split(text, "\n") {
		if cells := strings.Split(l, "|"); len(cells) > 2 {
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			rows = append(rows, cells[1:len(cells)-1])
		}
	}
	if len(rows) < 3 {
		t.Fatalf("docs/states.md has no table under %q", heading)
	}
	return rows[2:]
}

// Constants answers the values of a type's constants in the package of a folder, in their alphabetical order.
func Constants(t testing.TB, dir, of string) (values []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if typ, ok := spec.Type.(*ast.Ident); ok && typ.Name == of {
				for _, v := range spec.Values {
					if lit, ok := v.(*ast.BasicLit); ok {
						text, _ := strconv.Unquote(lit.Value)
						values = append(values, text)
					}
				}
			}
			return true
		})
	}
	slices.Sort(values)
	return values
}

// section is the text under a heading of the second order.
func section(heading string) (string, error) {
	page, err := page()
	if err != nil {
		return "", err
	}
	_, after, found := strings.Cut(page, "\n## "+heading+"\n")
	if !found {
		return "", fmt.Errorf("docs/states.md has no heading %q", heading)
	}
	here, _, _ := strings.Cut(after, "\n## ")
	return here, nil
}

// page reads docs/states.md of the module that the test is in.
func page() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
	}
	b, err := os.ReadFile(filepath.Join(dir, "docs", "states.md"))
	return string(b), err
}
