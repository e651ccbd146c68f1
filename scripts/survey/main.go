// Command survey counts the shape of a module, for the table in docs/architecture.md.
//
//	go run ./scripts/survey [folder of the module]
package main

import (
	"cmp"
	"context"
	"fmt"
	"go/ast"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/keybridge/keybridge/internal/archtest/count"
	"github.com/keybridge/keybridge/internal/source"
)

func main() {
	dir := "."
	if len(os.Args) > 1 {
		dir = os.Args[1]
	}
	if err := run(context.Background(), dir, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "survey:", err)
		os.Exit(1)
	}
}

const (
	longFunction = 60 // lines
	manyPaths    = 15 // McCabe's number
	shown        = 6  // of the largest
)

// figures are what is counted of a module, tests left out.
type figures struct {
	cycles, methods        []item
	functions, long, paths int
	longest, mostPaths     item
	exported, documented   int
}

// item is a place with its number.
type item struct {
	name string
	n    int
	of   int // files of the package, with cycles
}

func run(ctx context.Context, dir string, out io.Writer) error {
	m, err := source.Load(ctx, dir, "./...")
	if err != nil {
		return err
	}
	var f figures
	for _, p := range m.Packages {
		f.add(p, cmp.Or(strings.TrimPrefix(strings.TrimPrefix(p.Path, m.Path), "/"), "."))
	}
	f.print(out)
	return nil
}

// add counts a package; name is its folder, from the module's root.
func (f *figures) add(p *source.Package, name string) {
	if files := count.LargestFileCycle(p); len(files) > 0 {
		f.cycles = append(f.cycles, item{name, len(files), len(p.Code)})
	}
	for typ, methods := range count.Methods(p) {
		f.methods = append(f.methods, item{name: strings.TrimPrefix(name+".", "..") + typ, n: len(methods)})
	}
	for _, file := range p.Code {
		for _, d := range file.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
				f.function(p, name, fn)
			}
			exported, documented := documentation(d)
			f.exported += exported
			f.documented += documented
		}
	}
}

func (f *figures) function(p *source.Package, pkg string, fn *ast.FuncDecl) {
	at := fmt.Sprintf("%s/%s %s", pkg, filepath.Base(p.Name(fn.Pos())), fn.Name.Name)
	lines := p.Fset.Position(fn.End()).Line - p.Fset.Position(fn.Pos()).Line + 1
	f.functions++
	if lines > longFunction {
		f.long++
	}
	if lines > f.longest.n {
		f.longest = item{name: at, n: lines}
	}
	n := pathsOf(fn)
	if n > manyPaths {
		f.paths++
	}
	if n > f.mostPaths.n {
		f.mostPaths = item{name: at, n: n}
	}
}

// pathsOf is McCabe's cyclomatic complexity: one, and one for each branch.
func pathsOf(fn *ast.FuncDecl) int {
	n := 1
	ast.Inspect(fn.Body, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.IfStmt, *ast.ForStmt, *ast.RangeStmt:
			n++
		case *ast.CaseClause:
			if node.List != nil {
				n++
			}
		case *ast.CommClause:
			if node.Comm != nil {
				n++
			}
		case *ast.BinaryExpr:
			if op := node.Op.String(); op == "&&" || op == "||" {
				n++
			}
		}
		return true
	})
	return n
}

// documentation counts the exported names of a declaration and how many of them have a comment: their own, one beside
// them, or that of the group they stand in. Methods of types that are not exported do not count.
func documentation(d ast.Decl) (exported, documented int) {
	add := func(name *ast.Ident, comments ...*ast.CommentGroup) {
		if !name.IsExported() {
			return
		}
		exported++
		if slices.ContainsFunc(comments, func(c *ast.CommentGroup) bool { return c != nil }) {
			documented++
		}
	}
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil || ast.IsExported(receiver(d.Recv.List[0].Type)) {
			add(d.Name, d.Doc)
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				add(s.Name, s.Doc, s.Comment, d.Doc)
			case *ast.ValueSpec:
				for _, n := range s.Names {
					add(n, s.Doc, s.Comment, d.Doc)
				}
			}
		}
	}
	return exported, documented
}

func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

func (f *figures) print(out io.Writer) {
	fmt.Fprintf(out, "largest cycles of files    %s\n", largest(f.cycles))
	fmt.Fprintf(out, "most methods on a type     %s\n", largest(f.methods))
	fmt.Fprintf(out, "functions over %d lines    %d of %d (%.1f %%), the longest %s with %d\n",
		longFunction, f.long, f.functions, percent(f.long, f.functions), f.longest.name, f.longest.n)
	fmt.Fprintf(out, "exported names documented  %.1f %% of %d\n", percent(f.documented, f.exported), f.exported)
	fmt.Fprintf(out, "complexity over %d         %d, the largest %s with %d\n", manyPaths, f.paths, f.mostPaths.name, f.mostPaths.n)
}

func percent(part, whole int) float64 { return 100 * float64(part) / float64(max(whole, 1)) }

// largest lists the first of the items, the largest first.
func largest(items []item) string {
	slices.SortFunc(items, func(a, b item) int {
		if a.n != b.n {
			return b.n - a.n
		}
		return strings.Compare(a.name, b.name)
	})
	var list []string
	for _, i := range items[:min(len(items), shown)] {
		text := fmt.Sprintf("%s %d", i.name, i.n)
		if i.of > 0 {
			text += fmt.Sprintf(" of %d", i.of)
		}
		list = append(list, text)
	}
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}
