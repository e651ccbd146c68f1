package pure

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"

	"github.com/keybridge/keybridge/internal/source"
)

// uses is what the declarations of a package and its tests name: each other, by keys, and packages.
type uses struct {
	tests    []string
	names    map[string]map[string]bool
	packages map[string]map[string]bool
	serving  map[string]bool // declarations of tests that name one of the libraries
}

func newUses(p *source.Package) *uses {
	u := &uses{names: map[string]map[string]bool{}, packages: map[string]map[string]bool{}, serving: map[string]bool{}}
	for _, group := range []struct {
		files []*ast.File
		info  *types.Info
	}{{p.Code, p.Info}, {p.Internal, p.Info}, {p.External, p.ExternalInfo}} {
		for _, f := range group.files {
			u.file(f, group.info, strings.HasSuffix(p.Name(f.Pos()), "_test.go"))
		}
	}
	slices.Sort(u.tests)
	return u
}

func (u *uses) file(f *ast.File, info *types.Info, test bool) {
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			key := keyOf(info.Defs[d.Name])
			if test && d.Recv == nil && isTest(d.Name.Name) {
				u.tests = append(u.tests, key)
			}
			u.decl(key, d, info, test)
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.ValueSpec:
					for _, n := range s.Names {
						u.decl(keyOf(info.Defs[n]), s, info, test)
					}
				case *ast.TypeSpec:
					u.decl(keyOf(info.Defs[s.Name]), s, info, test)
				}
			}
		}
	}
}

// decl notes what the declaration names: functions, methods, variables, types.
func (u *uses) decl(key string, d ast.Node, info *types.Info, test bool) {
	if key == "" { // var _ Interface = (*Type)(nil)
		return
	}
	if u.names[key] == nil {
		u.names[key], u.packages[key] = map[string]bool{}, map[string]bool{}
	}
	ast.Inspect(d, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok {
			return true
		}
		o := info.Uses[id]
		name := keyOf(o)
		if name == "" {
			return true
		}
		u.names[key][name] = true
		u.packages[key][o.Pkg().Path()] = true
		if test && slices.Contains(libraries(), o.Pkg().Path()) {
			u.serving[key] = true
		}
		return true
	})
}

// reaches reports whether what the key names leads to a harness.
func (u *uses) reaches(key string, harness map[string]bool) bool {
	seen := map[string]bool{}
	var walk func(key string) bool
	walk = func(key string) bool {
		if seen[key] {
			return false
		}
		seen[key] = true
		if u.serving[key] {
			return true
		}
		for p := range u.packages[key] {
			if harness[p] {
				return true
			}
		}
		for n := range u.names[key] {
			if walk(n) {
				return true
			}
		}
		return false
	}
	return walk(key)
}

// keyOf names an object alike wherever it was loaded from; "" for what is local to a function.
func keyOf(o types.Object) string {
	if o == nil || o.Pkg() == nil {
		return ""
	}
	if f, ok := o.(*types.Func); ok {
		return f.FullName()
	}
	if o.Parent() != o.Pkg().Scope() {
		return ""
	}
	return o.Pkg().Path() + "." + o.Name()
}

// bare is the name of a test without its package.
func bare(key string) string { return key[strings.LastIndex(key, ".")+1:] }

func isTest(name string) bool {
	for _, prefix := range []string{"Test", "Fuzz", "Example"} {
		if rest, ok := strings.CutPrefix(name, prefix); ok && name != "TestMain" && (rest == "" || rest[0] < 'a' || rest[0] > 'z') {
			return true
		}
	}
	return false
}
