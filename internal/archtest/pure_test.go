package archtest

import (
	"fmt"
	"go/ast"
	"slices"
	"testing"
)

// pure are the folders in which things are decided from what is given as arguments alone.
func pure() []string {
	return []string{
		"catalog/plan", "catalog/requests", "orders/statuses", "admin/form", "admin/readiness", "admin/words", "internal/schedule",
		"internal/backoff",
	}
}

// purity reports what a pure package must not know: contexts, databases, the network, files, clocks.
func purity(f file) []string {
	if f.test || !slices.Contains(pure(), f.dir()) {
		return nil
	}
	outside := []string{
		"context", "database/sql", "net", "net/http", "os", "github.com/jmoiron/sqlx", "github.com/lib/pq", modulePath + "/internal/clock",
		modulePath + "/internal/pgtest",
	}
	var found []string
	for _, path := range f.imports {
		if slices.Contains(outside, path) {
			found = append(found, fmt.Sprintf("%s: %s is pure and may not import %s", f.path, f.dir(), path))
		}
	}
	ast.Inspect(f.ast, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := sel.X.(*ast.Ident); ok && f.imports[x.Name] == "time" && (sel.Sel.Name == "Now" || sel.Sel.Name == "Since" || sel.Sel.Name == "Until") {
			found = append(found, fmt.Sprintf("%s: %s is pure and has no clock", f.at(sel), f.dir()))
		}
		return true
	})
	return found
}

func TestWhatDecidesIsPure(t *testing.T) {
	t.Parallel()
	hold(t, eachFile(purity))
}

func TestPurityCanFail(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"a context":    `import _ "context"`,
		"a database":   `import _ "github.com/jmoiron/sqlx"`,
		"our clock":    `import _ "` + modulePath + `/internal/clock"`,
		"the time now": "import \"time\"\n\nvar now = time.Now()",
	} {
		wantFinding(t, name, eachFile(purity), "catalog/plan/a.go", body, "catalog/plan is pure")
		wantNothing(t, name, eachFile(purity), "catalog/plan/a_test.go", body)
		wantNothing(t, name, eachFile(purity), "catalog/store/a.go", body)
	}
	wantNothing(t, "durations", eachFile(purity), "catalog/plan/a.go", "import \"time\"\n\nvar hour = time.Hour")
}
