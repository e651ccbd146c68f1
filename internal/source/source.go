// Package source loads packages of a module with their types, from what `go list -export` has compiled. It is the
// small part of golang.org/x/tools/go/packages that our checks and scripts need, so that the module needs no library
// for them.
package source

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Package is one of the module's packages.
type Package struct {
	Path string // import path
	Dir  string // absolute folder
	Fset *token.FileSet
	// Imports are the import paths that the package names itself.
	Imports []string
	// Code is the package without its tests, Internal the test files of the package itself, External those of the
	// package whose name ends with _test. Files are parsed with comments and ordered by name. Without tests Internal
	// and External are empty.
	Code, Internal, External []*ast.File
	// Info knows the types of Code and Internal, ExternalInfo those of External: Types, Defs, Uses and Selections.
	Info, ExternalInfo *types.Info
	Types              *types.Package
}

// Name is the file's name within the package's folder.
func (p *Package) Name(pos token.Pos) string { return filepath.Base(p.Fset.Position(pos).Filename) }

// Module is what has been loaded.
type Module struct {
	Path     string
	Packages []*Package
}

// Load reads the packages that the patterns of the go command name, as "./...", in the module that dir lies in, each
// once and without its tests. It compiles what has changed since the last time; what does not build is an error.
func Load(ctx context.Context, dir string, patterns ...string) (*Module, error) {
	return load(ctx, dir, nil, patterns)
}

// LoadTests is Load with the tests of each package.
func LoadTests(ctx context.Context, dir string, patterns ...string) (*Module, error) {
	return load(ctx, dir, []string{"-test"}, patterns)
}

func load(ctx context.Context, dir string, flags, patterns []string) (*Module, error) {
	all, err := list(ctx, dir, flags, patterns)
	if err != nil {
		return nil, err
	}
	fset, exports := token.NewFileSet(), map[string]string{}
	for _, l := range all {
		if l.ForTest == "" {
			exports[l.ImportPath] = l.Export
		}
	}
	// One importer for all packages: each export is read once.
	compiled := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		if exports[path] == "" {
			return nil, fmt.Errorf("%s has not been compiled", path)
		}
		return os.Open(exports[path])
	})
	m := &Module{}
	for _, l := range all {
		if l.DepOnly || l.ForTest != "" || l.Module == nil || strings.HasSuffix(l.ImportPath, ".test") {
			continue
		}
		m.Path = l.Module.Path
		p, err := l.check(fset, compiled, len(flags) > 0)
		if err != nil {
			return nil, err
		}
		m.Packages = append(m.Packages, p)
	}
	return m, nil
}

// listed is what `go list` says of a package.
type listed struct {
	ImportPath, Dir, Export, ForTest   string
	Module                             *struct{ Path string }
	DepOnly                            bool // only imported by a package that was asked for
	Imports                            []string
	GoFiles, TestGoFiles, XTestGoFiles []string
}

func list(ctx context.Context, dir string, flags, patterns []string) ([]listed, error) {
	const fields = "ImportPath,Dir,Export,ForTest,Module,DepOnly,Imports,GoFiles,TestGoFiles,XTestGoFiles"
	args := append([]string{"list", "-export", "-deps", "-json=" + fields}, flags...)
	cmd := exec.CommandContext(ctx, "go", append(append(args, "--"), patterns...)...)
	cmd.Dir = dir
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list %s: %w: %s", strings.Join(patterns, " "), err, stderr.String())
	}
	var all []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var l listed
		if err := d.Decode(&l); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("read the answer of go list: %w", err)
		}
		all = append(all, l)
	}
}

func (l listed) check(fset *token.FileSet, compiled types.Importer, tests bool) (*Package, error) {
	p := &Package{Path: l.ImportPath, Dir: l.Dir, Fset: fset, Imports: l.Imports, Info: newInfo(), ExternalInfo: newInfo()}
	if err := p.parse(l.GoFiles, &p.Code); err != nil {
		return nil, err
	}
	if tests {
		if err := errors.Join(p.parse(l.TestGoFiles, &p.Internal), p.parse(l.XTestGoFiles, &p.External)); err != nil {
			return nil, err
		}
	}
	conf := types.Config{Importer: compiled}
	var err error
	p.Types, err = conf.Check(l.ImportPath, fset, append(append([]*ast.File{}, p.Code...), p.Internal...), p.Info)
	if err != nil {
		return nil, fmt.Errorf("type-check %s: %w", l.ImportPath, err)
	}
	// What compiles has errors of one kind here: an external test sees the package with the names that its internal
	// tests add, everybody else the package without, and to go/types these are two.
	conf = types.Config{Importer: withOwn{compiled, p.Types}, Error: func(error) {}}
	_, _ = conf.Check(l.ImportPath+"_test", fset, p.External, p.ExternalInfo)
	return p, nil
}

func (p *Package) parse(names []string, into *[]*ast.File) error {
	for _, name := range names {
		f, err := parser.ParseFile(p.Fset, filepath.Join(p.Dir, name), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		*into = append(*into, f)
	}
	return nil
}

func newInfo() *types.Info {
	return &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{},
	}
}

// withOwn answers the package under test itself as it was just loaded.
type withOwn struct {
	types.Importer
	own *types.Package
}

func (w withOwn) Import(path string) (*types.Package, error) {
	if path == w.own.Path() {
		return w.own, nil
	}
	return w.Importer.Import(path)
}
