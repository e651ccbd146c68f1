// Package source loads packages of a module with their types, from what `go list -export` has compiled. It is the
// small part of golang.org/x/tools/go/packages that the scripts need, so that the module needs no library for them.
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
	Path, Dir string
	// Imports are the import paths that the package names itself.
	Imports []string
	// Code is the package without its tests, Internal the test files of the package itself, External those of the
	// package whose name ends with _test. Files are parsed with comments.
	Code, Internal, External []*ast.File
	// Info knows the types of Code and Internal, ExternalInfo those of External.
	Info, ExternalInfo *types.Info
	Types              *types.Package
}

// Module is what has been loaded.
type Module struct {
	Path     string
	Fset     *token.FileSet
	Packages []*Package
}

// listed is what `go list` says of a package.
type listed struct {
	ImportPath, Dir, Export, ForTest   string
	Module                             *struct{ Path string }
	DepOnly, Standard                  bool
	Imports                            []string
	GoFiles, TestGoFiles, XTestGoFiles []string
}

// Load reads the packages that the patterns of `go list` name, in the module that dir lies in. It compiles what has
// changed since the last time.
func Load(ctx context.Context, dir string, patterns ...string) (*Module, error) {
	all, err := list(ctx, dir, patterns)
	if err != nil {
		return nil, err
	}
	m := &Module{Fset: token.NewFileSet()}
	exports := map[string]string{}
	for _, l := range all {
		if l.ForTest == "" {
			exports[l.ImportPath] = l.Export
		}
	}
	compiled := importer.ForCompiler(m.Fset, "gc", func(path string) (io.ReadCloser, error) {
		if exports[path] == "" {
			return nil, fmt.Errorf("%s has not been compiled", path)
		}
		return os.Open(exports[path])
	})
	for _, l := range all {
		if l.DepOnly || l.ForTest != "" || l.Module == nil || strings.HasSuffix(l.ImportPath, ".test") {
			continue
		}
		m.Path = l.Module.Path
		p, err := m.load(l, compiled)
		if err != nil {
			return nil, err
		}
		m.Packages = append(m.Packages, p)
	}
	return m, nil
}

func list(ctx context.Context, dir string, patterns []string) ([]listed, error) {
	const fields = "ImportPath,Dir,Export,ForTest,Module,DepOnly,Standard,Imports,GoFiles,TestGoFiles,XTestGoFiles"
	cmd := exec.CommandContext(ctx, "go", append([]string{"list", "-export", "-deps", "-test", "-json=" + fields}, patterns...)...)
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
			return nil, err
		}
		all = append(all, l)
	}
}

func (m *Module) load(l listed, compiled types.Importer) (*Package, error) {
	p := &Package{Path: l.ImportPath, Dir: l.Dir, Imports: l.Imports}
	for _, group := range []struct {
		names []string
		into  *[]*ast.File
	}{{l.GoFiles, &p.Code}, {l.TestGoFiles, &p.Internal}, {l.XTestGoFiles, &p.External}} {
		for _, name := range group.names {
			f, err := parser.ParseFile(m.Fset, filepath.Join(l.Dir, name), nil, parser.ParseComments)
			if err != nil {
				return nil, err
			}
			*group.into = append(*group.into, f)
		}
	}
	p.Info, p.ExternalInfo = newInfo(), newInfo()
	conf := types.Config{Importer: compiled, Error: func(error) {}}
	// What compiles has no errors here but one kind: an external test sees the package with the names that its
	// internal tests add, everybody else the package without, and to go/types these are two.
	p.Types, _ = conf.Check(l.ImportPath, m.Fset, append(append([]*ast.File{}, p.Code...), p.Internal...), p.Info)
	conf.Importer = withOwn{compiled, p.Types}
	_, _ = conf.Check(l.ImportPath+"_test", m.Fset, p.External, p.ExternalInfo)
	return p, nil
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
