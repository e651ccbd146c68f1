// Package count measures the shape of Go packages from their checked types: which files form a cycle, and how many
// methods each type has. Rules and reports build on it; it judges nothing.
package count

import (
	"go/ast"
	"go/types"
	"slices"

	"github.com/keybridge/keybridge/internal/source"
)

// LargestFileCycle names the files of the largest cycle, in order: each reaches each other one along references. A file
// refers to another one of its package when it uses a package-level name or a method that the other declares; a method's
// receiver counts as a use of its type. It is empty when no two files reach each other.
func LargestFileCycle(p *source.Package) []string {
	cycles := FileCycles(p)
	if len(cycles) == 0 {
		return nil
	}
	return cycles[0]
}

// FileCycles lists all cycles of two files and more, the largest first. No file is in two of them.
func FileCycles(p *source.Package) [][]string {
	refs := fileReferences(p)
	var cycles [][]string
	for _, c := range components(refs) {
		if len(c) > 1 {
			slices.Sort(c)
			cycles = append(cycles, c)
		}
	}
	slices.SortFunc(cycles, func(a, b []string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return slices.Compare(a, b)
	})
	return cycles
}

// fileReferences maps each file to the other ones it refers to.
func fileReferences(p *source.Package) map[string]map[string]bool {
	refs := make(map[string]map[string]bool)
	for _, file := range p.Code {
		from := p.Name(file.Package)
		refs[from] = make(map[string]bool)
		ast.Inspect(file, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok {
				return true
			}
			if obj := p.Info.Uses[id]; shared(p, obj) {
				if to := p.Name(obj.Pos()); to != from {
					refs[from][to] = true
				}
			}
			return true
		})
	}
	return refs
}

// shared says whether the object is a package-level name or a method of this package.
func shared(p *source.Package, obj types.Object) bool {
	if obj == nil || obj.Pkg() != p.Types {
		return false
	}
	if _, ok := obj.(*types.Func); ok {
		return true // a function or a method; one of a generic type has the place of its origin
	}
	return obj.Parent() == p.Types.Scope()
}

// components finds the strongly connected components (Tarjan's algorithm).
func components(refs map[string]map[string]bool) [][]string {
	t := tarjan{refs: refs, index: make(map[string]int), low: make(map[string]int), waiting: make(map[string]bool)}
	for node := range refs {
		if _, seen := t.index[node]; !seen {
			t.visit(node)
		}
	}
	return t.found
}

type tarjan struct {
	refs       map[string]map[string]bool
	index, low map[string]int
	stack      []string
	waiting    map[string]bool // on the stack
	found      [][]string
}

func (t *tarjan) visit(node string) {
	t.index[node] = len(t.index)
	t.low[node] = t.index[node]
	t.stack = append(t.stack, node)
	t.waiting[node] = true
	for next := range t.refs[node] {
		if _, seen := t.index[next]; !seen {
			t.visit(next)
			t.low[node] = min(t.low[node], t.low[next])
		} else if t.waiting[next] {
			t.low[node] = min(t.low[node], t.index[next])
		}
	}
	if t.low[node] != t.index[node] {
		return
	}
	at := slices.Index(t.stack, node)
	component := slices.Clone(t.stack[at:])
	t.stack = t.stack[:at]
	for _, n := range component {
		t.waiting[n] = false
	}
	t.found = append(t.found, component)
}
