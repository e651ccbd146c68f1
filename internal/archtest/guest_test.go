package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// keptVars are package-level variables that do change, each with its reason.
func keptVars() map[string]string {
	return map[string]string{
		"internal/pgtest.running": "one server per test binary, shared by tests that know nothing of each other",
	}
}

// noInit reports init functions: importing us must do nothing.
func noInit(f file) []string {
	var found []string
	for _, d := range f.ast.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
			found = append(found, f.at(fn)+": init() runs in the shop's process unasked: do it where the part is built")
		}
	}
	return found
}

// noMutableVars reports package-level variables that look as if they change while we run: without a
// value, or holding a map, a channel, a pointer, or something of sync. Sentinel errors, compiled
// patterns, read-only slices and embedded files pass.
func noMutableVars(f file) []string {
	if f.test {
		return nil
	}
	var found []string
	for _, d := range f.ast.Decls {
		gen, ok := d.(*ast.GenDecl)
		if !ok || gen.Tok != token.VAR {
			continue
		}
		for _, s := range gen.Specs {
			found = append(found, f.mutableIn(s.(*ast.ValueSpec))...)
		}
	}
	return found
}

func (f file) mutableIn(spec *ast.ValueSpec) []string {
	var found []string
	for i, name := range spec.Names {
		var value ast.Expr
		if i < len(spec.Values) {
			value = spec.Values[i]
		}
		if name.Name == "_" || isSentinel(name.Name, value) || keptVars()[f.dir()+"."+name.Name] != "" || !f.changes(spec.Type, value) {
			continue
		}
		found = append(found, fmt.Sprintf("%s: the package-level variable %s can change: two shops in one process would share it", f.at(name), name.Name))
	}
	return found
}

// isSentinel passes error values with fields, as in var errGone = &pageError{…}.
func isSentinel(name string, value ast.Expr) bool {
	return value != nil && (strings.HasPrefix(name, "err") || strings.HasPrefix(name, "Err"))
}

func (f file) changes(typ, value ast.Expr) bool {
	if f.fromPackage(typ, "sync", "sync/atomic") {
		return true
	}
	switch v := value.(type) {
	case nil:
		return !f.fromPackage(typ, "embed") && !isString(typ) // a //go:embed variable has no value in the source
	case *ast.UnaryExpr:
		return v.Op == token.AND
	case *ast.CompositeLit:
		_, isMap := v.Type.(*ast.MapType)
		return isMap || f.fromPackage(v.Type, "sync", "sync/atomic")
	case *ast.CallExpr:
		fn, ok := v.Fun.(*ast.Ident)
		return ok && (fn.Name == "make" || fn.Name == "new") || f.fromPackage(v.Fun, "sync")
	default:
		return false
	}
}

// fromPackage says whether the expression is a name of one of the packages, as sync.Mutex.
func (f file) fromPackage(e ast.Expr, paths ...string) bool {
	if generic, ok := e.(*ast.IndexExpr); ok { // atomic.Pointer[T]
		e = generic.X
	}
	sel, ok := e.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	x, ok := sel.X.(*ast.Ident)
	if !ok {
		return false
	}
	for _, p := range paths {
		if f.imports[x.Name] == p {
			return true
		}
	}
	return false
}

func isString(e ast.Expr) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == "string"
}

// hostsOwn lists what belongs to the process we are a guest in, and why we keep off.
func hostsOwn() map[string]string {
	const exits, global = "only the program may end the process", "it is shared by the whole process"
	return map[string]string{
		"os.Exit": exits, "log.Fatal": exits, "log.Fatalf": exits, "log.Fatalln": exits,
		"os/signal.Notify": "signals are the program's", "os/signal.NotifyContext": "signals are the program's", "os/signal.Ignore": "signals are the program's",
		"net/http.DefaultClient": global, "net/http.DefaultServeMux": global, "net/http.Get": global, "net/http.Head": global,
		"net/http.Post": global, "net/http.PostForm": global, "net/http.Handle": global, "net/http.HandleFunc": global,
		"log/slog.SetDefault": global, "log/slog.Default": global, "log.SetOutput": global, "log.SetFlags": global, "log.SetPrefix": global,
		"log.Print": global, "log.Printf": global, "log.Println": global, "os.Setenv": global, "os.Unsetenv": global, "os.Chdir": global,
		"github.com/prometheus/client_golang/prometheus.MustRegister":      global,
		"github.com/prometheus/client_golang/prometheus.Register":          global,
		"github.com/prometheus/client_golang/prometheus.DefaultRegisterer": global,
		"github.com/shopspring/decimal.MarshalJSONWithoutQuotes":           global,
		"github.com/shopspring/decimal.DivisionPrecision":                  global,
	}
}

// goodGuest reports uses of what belongs to the host's process, outside of programs and tests.
func goodGuest(f file) []string {
	if f.test || underAny(f.dir(), []string{"cmd", "bench", "scripts"}) {
		return nil
	}
	var found []string
	f.selectors(func(n ast.Node, importPath, name string) {
		if why := hostsOwn()[importPath+"."+name]; why != "" {
			found = append(found, fmt.Sprintf("%s: %s.%s: %s", f.at(n), importPath, name, why))
		}
	})
	return found
}

// honestTests reports tests that wait by the wall clock or can be left out.
func honestTests(f file) []string {
	if !f.test {
		return nil
	}
	var found []string
	ast.Inspect(f.ast, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		x, ok := sel.X.(*ast.Ident)
		switch {
		case !ok:
		case strings.HasPrefix(sel.Sel.Name, "Skip") && slices.Contains([]string{"t", "b", "f", "tb"}, x.Name):
			found = append(found, f.at(n)+": a skipped test proves nothing: make it run or remove it")
		case f.imports[x.Name] == "testing" && sel.Sel.Name == "Short":
			found = append(found, f.at(n)+": tests do the same everywhere: testing.Short is not asked")
		case f.imports[x.Name] == "time" && sel.Sel.Name == "Sleep":
			found = append(found, f.at(n)+": a sleeping test is slow or flaky: wait for the event, or turn a fake clock")
		}
		return true
	})
	return found
}

func TestImportingDoesNothing(t *testing.T) {
	t.Parallel()
	hold(t, eachFile(noInit))
}

func TestPackagesHoldNoState(t *testing.T) {
	t.Parallel()
	hold(t, eachFile(noMutableVars))
}

func TestWeAreAGoodGuest(t *testing.T) {
	t.Parallel()
	hold(t, eachFile(goodGuest))
}

func TestTestsNeitherSkipNorSleep(t *testing.T) {
	t.Parallel()
	hold(t, eachFile(honestTests))
}

func TestGuestRulesCanFail(t *testing.T) {
	t.Parallel()
	wantFinding(t, "init", eachFile(noInit), "orders/a.go", "func init() {}", "orders/a.go:3")
	wantNothing(t, "a method named init", eachFile(noInit), "orders/a.go", "type T int\nfunc (T) init() {}")

	for _, body := range []string{
		"var cache = map[string]int{}", "var cache = make(map[string]int)", "var queue = make(chan int)", "var p = &struct{}{}",
		"var p = new(int)", "var count int", "import \"sync\"\nvar once sync.Once", "import \"sync/atomic\"\nvar n atomic.Pointer[int]",
		"import \"sync\"\nvar pool = sync.Pool{}", "import \"sync\"\nvar get = sync.OnceValue(f)",
	} {
		wantFinding(t, body, eachFile(noMutableVars), "orders/a.go", body, "can change")
		wantNothing(t, body+" in a test", eachFile(noMutableVars), "orders/a_test.go", body)
	}
	for _, body := range []string{
		"import \"errors\"\nvar ErrGone = errors.New(\"gone\")", "var _ I = (*T)(nil)", "import \"embed\"\nvar files embed.FS",
		"var words = []string{\"a\"}", "var errGone = &pageError{status: 404}", "import \"regexp\"\nvar re = regexp.MustCompile(`x`)", "func f() { var x = map[int]int{}; _ = x }",
	} {
		wantNothing(t, body, eachFile(noMutableVars), "orders/a.go", body)
	}

	wantFinding(t, "exit", eachFile(goodGuest), "orders/a.go", "import \"os\"\nfunc f() { os.Exit(1) }", "only the program may end the process")
	wantFinding(t, "alias", eachFile(goodGuest), "orders/a.go", "import web \"net/http\"\nvar c = web.DefaultClient", "net/http.DefaultClient")
	wantFinding(t, "logger", eachFile(goodGuest), "hooks/a.go", "import \"log/slog\"\nfunc f() { slog.SetDefault(nil) }", "shared by the whole process")
	wantFinding(t, "signals", eachFile(goodGuest), "keybridge.go", "import \"os/signal\"\nfunc f() { signal.Notify(nil) }", "signals are the program's")
	wantNothing(t, "the program exits", eachFile(goodGuest), "cmd/keybridge/main.go", "import \"os\"\nfunc f() { os.Exit(1) }")

	wantFinding(t, "skip", eachFile(honestTests), "orders/a_test.go", "func f(t T) { t.Skipf(\"later\") }", "proves nothing")
	wantFinding(t, "short", eachFile(honestTests), "orders/a_test.go", "import \"testing\"\nvar s = testing.Short()", "testing.Short")
	wantFinding(t, "sleep", eachFile(honestTests), "orders/a_test.go", "import \"time\"\nfunc f() { time.Sleep(1) }", "slow or flaky")
	wantNothing(t, "sleep outside tests", eachFile(honestTests), "orders/a.go", "import \"time\"\nfunc f() { time.Sleep(1) }")
}
