package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// completeLists reports functions that list the constants of a type and have forgotten some: tests and pages
// go through such lists to treat each code, kind or state there is.
func completeLists(files []file) []string {
	all := constants(files)
	return eachFile(func(f file) []string {
		var found []string
		for _, d := range f.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || f.test {
				continue
			}
			typ, listed := f.list(fn)
			missing := slices.DeleteFunc(slices.Clone(all[typ]), func(name string) bool { return listed[name] })
			if len(listed) > 0 && len(missing) > 0 {
				found = append(found, fmt.Sprintf("%s: %s leaves out %s", f.at(fn), fn.Name.Name, strings.Join(missing, ", ")))
			}
		}
		return found
	})(files)
}

// constants are the names of the constants of each declared type, under the type's folder and name.
func constants(files []file) map[string][]string {
	out := make(map[string][]string)
	for _, f := range files {
		for _, d := range f.ast.Decls {
			decl, ok := d.(*ast.GenDecl)
			if !ok || f.test || decl.Tok != token.CONST {
				continue
			}
			typ := ""
			for _, s := range decl.Specs {
				spec, _ := s.(*ast.ValueSpec)
				if spec.Type != nil || len(spec.Values) > 0 { // else it goes on as the one before
					typ = f.typeName(spec.Type)
				}
				for _, name := range spec.Names {
					if typ != "" && name.Name != "_" {
						out[typ] = append(out[typ], name.Name)
					}
				}
			}
		}
	}
	return out
}

// list is what a function consists of that only answers a list: the type of its elements, and which it names.
// Nothing is listed by any other function.
func (f file) list(fn *ast.FuncDecl) (typ string, listed map[string]bool) {
	if fn.Body == nil || len(fn.Body.List) != 1 {
		return "", nil
	}
	answer, ok := fn.Body.List[0].(*ast.ReturnStmt)
	if !ok || len(answer.Results) != 1 {
		return "", nil
	}
	lit, ok := answer.Results[0].(*ast.CompositeLit)
	if !ok {
		return "", nil
	}
	slice, ok := lit.Type.(*ast.ArrayType)
	if !ok {
		return "", nil
	}
	listed = make(map[string]bool)
	for _, e := range lit.Elts {
		switch e := e.(type) {
		case *ast.Ident:
			listed[e.Name] = true
		case *ast.SelectorExpr:
			listed[e.Sel.Name] = true
		}
	}
	return f.typeName(slice.Elt), listed
}

// typeName is the folder and the name of a type of this module; empty for any other.
func (f file) typeName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return f.dir() + "." + e.Name
	case *ast.SelectorExpr:
		if x, ok := e.X.(*ast.Ident); ok {
			if dir, ours := strings.CutPrefix(f.imports[x.Name], modulePath+"/"); ours {
				return dir + "." + e.Sel.Name
			}
		}
	}
	return ""
}

func TestListsAreComplete(t *testing.T) {
	t.Parallel()
	hold(t, completeLists)
}

func TestListsRuleCanFail(t *testing.T) {
	t.Parallel()
	const states = "type State string\n\nconst (\n\tA State = \"a\"\n\tB State = \"b\"\n)\n\n"
	wantFinding(t, "one forgotten", completeLists, "orders/a.go", states+"func States() []State { return []State{A} }", "States leaves out B")
	wantFinding(t, "counted ones", completeLists, "orders/a.go",
		"type Kind int\n\nconst (\n\tA Kind = iota\n\tB\n)\n\nfunc Kinds() []Kind { return []Kind{A} }", "Kinds leaves out B")
	wantNothing(t, "all", completeLists, "orders/a.go", states+"func States() []State { return []State{B, A} }")
	wantNothing(t, "decided", completeLists, "orders/a.go", states+"func (s State) Next() []State {\n\tif s == A {\n\t\treturn []State{B}\n\t}\n\treturn nil\n}")
}
