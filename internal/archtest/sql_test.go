package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"strings"
	"testing"
)

// sqlText recognises statements by their words in capitals, as they are written here.
func sqlText() *regexp.Regexp {
	return regexp.MustCompile(`(?s)\bSELECT\b.+\bFROM\b|\bINSERT INTO\b|\bUPDATE\s+\S+\s+(AS \w+ )?SET\b|\bDELETE FROM\b|` +
		`\bMERGE INTO\b|\b(CREATE|ALTER|DROP) (TABLE|DATABASE|SCHEMA|INDEX|UNIQUE INDEX|FUNCTION|TRIGGER)\b|\bTRUNCATE\b`)
}

// sqlInStores reports SQL outside files named store.go or store_*.go. Migrations are SQL files
// anyway, and tests may look into the database as they like.
func sqlInStores() rule {
	pattern := sqlText()
	return eachFile(func(f file) []string {
		name := path.Base(f.path)
		if f.test || name == "store.go" || strings.HasPrefix(name, "store_") || under(f.dir(), "migrations") {
			return nil
		}
		var found []string
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && pattern.MatchString(lit.Value) {
				found = append(found, fmt.Sprintf("%s: SQL belongs in store.go or store_*.go: %.60s", f.at(lit), lit.Value))
			}
			return true
		})
		return found
	})
}

func TestSQLStandsInStores(t *testing.T) {
	t.Parallel()
	hold(t, sqlInStores())
}

func TestSQLRuleCanFail(t *testing.T) {
	t.Parallel()
	for _, q := range []string{
		"SELECT id\n\tFROM orders", "INSERT INTO orders VALUES (1)", "UPDATE orders SET n = 1", "DELETE FROM orders",
		"CREATE TABLE t (n int)", "UPDATE orders AS o SET n = 1", "TRUNCATE t",
	} {
		wantFinding(t, q, sqlInStores(), "orders/outbox.go", "const q = `"+q+"`", "orders/outbox.go:3")
		wantNothing(t, q, sqlInStores(), "orders/store.go", "const q = `"+q+"`")
		wantNothing(t, q, sqlInStores(), "orders/store_outbox.go", "const q = `"+q+"`")
		wantNothing(t, q, sqlInStores(), "orders/outbox_test.go", "const q = `"+q+"`")
	}
	wantNothing(t, "prose", sqlInStores(), "admin/page.go", "const s = `Select an order from the list, then update it`")
}
