// Package count measures the shape of Go packages from their checked types: which files form a cycle, and how many
// methods each type has. Rules and reports build on it; it judges nothing.
package count

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

// Package is a type-checked package without its tests.
type Package struct {
	Path   string // import path
	Dir    string // absolute folder
	Fset   *token.FileSet
	Syntax []*ast.File // with comments, ordered by file name
	Types  *types.Package
	Info   *types.Info // Defs and Uses
}

// Name is the file's name within the package's folder.
func (p *Package) Name(pos token.Pos) string { return filepath.Base(p.Fset.Position(pos).Filename) }

// Load type-checks the packages of the module in dir that match the patterns of the go command, as "./...", each once
// and in order of their paths. Packages they import are compiled as `go build` would, so what does not build is an error.
func Load(ctx context.Context, dir string, patterns ...string) ([]*Package, error) {
	listed, err := list(ctx, dir, patterns)
	if err != nil {
		return nil, err
	}
	l := loader{fset: token.NewFileSet(), exports: make(map[string]string)}
	for _, p := range listed {
		l.exports[p.ImportPath] = p.Export
	}
	l.importer = importer.ForCompiler(l.fset, "gc", l.export) // one for all packages: each export is read once
	var packages []*Package
	for _, p := range listed {
		if p.DepOnly || len(p.GoFiles) == 0 {
			continue
		}
		checked, err := l.check(p)
		if err != nil {
			return nil, err
		}
		packages = append(packages, checked)
	}
	return packages, nil
}

// listedPackage is what is used of a package in the answer of `go list`.
type listedPackage struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
	DepOnly                 bool // only imported by a package that was asked for
}

func list(ctx context.Context, dir string, patterns []string) ([]listedPackage, error) {
	args := append([]string{"list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles,DepOnly", "--"}, patterns...)
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list %s: %w: %s", strings.Join(patterns, " "), err, complaint.String())
	}
	var listed []listedPackage
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listedPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return listed, nil
		} else if err != nil {
			return nil, fmt.Errorf("read the answer of go list: %w", err)
		}
		listed = append(listed, p)
	}
}

type loader struct {
	fset     *token.FileSet
	exports  map[string]string // import path → file with its export data
	importer types.Importer
}

func (l *loader) export(path string) (io.ReadCloser, error) {
	file := l.exports[path]
	if file == "" {
		return nil, fmt.Errorf("no export data of %s", path)
	}
	return os.Open(file)
}

func (l *loader) check(from listedPackage) (*Package, error) {
	p := &Package{
		Path: from.ImportPath, Dir: from.Dir, Fset: l.fset,
		Info: &types.Info{Defs: make(map[*ast.Ident]types.Object), Uses: make(map[*ast.Ident]types.Object)},
	}
	for _, name := range from.GoFiles {
		file, err := parser.ParseFile(l.fset, filepath.Join(from.Dir, name), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		p.Syntax = append(p.Syntax, file)
	}
	conf := types.Config{Importer: l.importer}
	var err error
	p.Types, err = conf.Check(p.Path, l.fset, p.Syntax, p.Info)
	if err != nil {
		return nil, fmt.Errorf("type-check %s: %w", p.Path, err)
	}
	return p, nil
}
