package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const modulePath = "github.com/keybridge/keybridge"

// file is one parsed Go file.
type file struct {
	path    string // within the module, with slashes
	test    bool   // a _test.go file
	lines   int
	ast     *ast.File
	fset    *token.FileSet
	imports map[string]string // name used in the file → import path
}

// dir is the package's folder; "." is the root package.
func (f file) dir() string { return path.Dir(f.path) }

// at is the place of a node, as compilers print it.
func (f file) at(n ast.Node) string {
	return fmt.Sprintf("%s:%d", f.path, f.fset.Position(n.Pos()).Line)
}

// load parses every Go file below root, build tags or not, except test data and hidden folders.
func load(root fs.FS) ([]file, error) {
	var files []file
	err := fs.WalkDir(root, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && p != "." && (d.Name() == "testdata" || d.Name() == "bin" || strings.HasPrefix(d.Name(), ".")) {
			return fs.SkipDir
		}
		if d.IsDir() || path.Ext(p) != ".go" {
			return nil
		}
		f, err := parse(root, p)
		files = append(files, f)
		return err
	})
	return files, err
}

func parse(root fs.FS, p string) (file, error) {
	src, err := fs.ReadFile(root, p)
	if err != nil {
		return file{}, err
	}
	f := file{path: p, test: strings.HasSuffix(p, "_test.go"), fset: token.NewFileSet(), imports: make(map[string]string)}
	f.lines = strings.Count(string(src), "\n")
	f.ast, err = parser.ParseFile(f.fset, p, src, parser.ParseComments)
	if err != nil {
		return f, err
	}
	for _, spec := range f.ast.Imports {
		importPath, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return f, err
		}
		f.imports[localName(spec, importPath)] = importPath
	}
	return f, nil
}

// localName is what the file calls the import; the package's own name is taken to be the last part
// of its path that is not a version.
func localName(spec *ast.ImportSpec, importPath string) string {
	if spec.Name != nil && spec.Name.Name != "_" {
		return spec.Name.Name
	}
	if spec.Name != nil {
		return "_ " + importPath // several blank imports stay apart
	}
	base := path.Base(importPath)
	if len(base) > 1 && base[0] == 'v' && base[1] >= '0' && base[1] <= '9' {
		base = path.Base(path.Dir(importPath))
	}
	return base
}

// rule looks at the whole module and lists what is wrong, one line each.
type rule func(files []file) []string

// hold runs the rule over this module.
func hold(t *testing.T, r rule) {
	t.Helper()
	files, err := load(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 10 {
		t.Fatalf("only %d files were found: this is not the module", len(files))
	}
	for _, finding := range r(files) {
		t.Error(finding)
	}
}

// eachFile turns a look at one file into a rule.
func eachFile(look func(f file) []string) rule {
	return func(files []file) []string {
		var found []string
		for _, f := range files {
			found = append(found, look(f)...)
		}
		return found
	}
}

// selectors calls visit for each pkg.Name in the file, with the package's import path.
func (f file) selectors(visit func(n ast.Node, importPath, name string)) {
	ast.Inspect(f.ast, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := sel.X.(*ast.Ident); ok {
			if importPath := f.imports[x.Name]; importPath != "" {
				visit(sel, importPath, sel.Sel.Name)
			}
		}
		return true
	})
}

// under says whether dir is the folder root or lies in it.
func under(dir, root string) bool { return dir == root || strings.HasPrefix(dir, root+"/") }

func underAny(dir string, roots []string) bool {
	return slices.ContainsFunc(roots, func(r string) bool { return under(dir, r) })
}
