package archtest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

const (
	root = "."                 // the module's root package
	shop = "internal/demoshop" // the reference engine
)

// zone is a folder whose packages obey the same arrows. The zone of a package is the one with the
// longest matching folder, so internal/demoshop is not part of internal.
type zone struct {
	dir string
	// may lists the zones of ours it may import, besides itself.
	may []string
	// onlyForeign, when not nil, lists the modules of others it may import; nil means any.
	onlyForeign []string
}

func zones() []zone {
	return []zone{
		{dir: "cmd", may: []string{root, "internal/demoshop", "internal", "plugin", "keycrm", "keycrm/keycrmtest"}},
		{dir: "bench", may: []string{root, "internal/demoshop", "internal", "plugin", "keycrm", "keycrm/keycrmtest", "keycrm/connector", "catalog/engine", "catalog", "migrations"}},
		{dir: "scripts", may: []string{"internal"}, onlyForeign: []string{}},
		{dir: root, may: []string{"admin", "admin/i18n", "admin/service", "admin/words", "hooks", "keycrm/connector", "keycrm", "orders", "catalog/engine", "catalog/stockcalls", "catalog/pictures", "catalog", "plugin", "internal", "migrations"}},
		{dir: "admin", may: []string{"admin/api", "admin/form", "admin/i18n", "admin/readiness", "admin/service", "admin/web", "admin/words", "orders", "catalog", "plugin", "internal"}},
		{dir: "admin/api", may: []string{"admin/form", "admin/readiness", "admin/service", "admin/web", "admin/words", "orders", "catalog", "plugin", "internal"}},
		{dir: "admin/service", may: []string{"admin/form", "admin/readiness", "admin/web", "orders", "catalog", "plugin", "internal"}},
		{dir: "admin/web", may: []string{"admin/i18n", "plugin", "internal"}},
		{dir: "admin/readiness", may: []string{"admin/form", "admin/i18n", "plugin", "internal"}, onlyForeign: []string{}},
		{dir: "admin/form", may: []string{"admin/i18n", "catalog", "plugin", "internal"}, onlyForeign: []string{}},
		{dir: "admin/words", may: []string{"admin/i18n", "catalog", "plugin"}, onlyForeign: []string{}},
		{dir: "admin/i18n", onlyForeign: []string{"go.yaml.in/yaml/v3"}},
		{dir: "hooks", may: []string{"orders", "catalog", "plugin", "internal"}},
		{dir: "keycrm/connector", may: []string{"orders", "catalog", "keycrm", "plugin", "internal"}},
		{dir: "orders", may: []string{"plugin", "internal"}},
		{dir: "catalog", may: []string{"catalog/requests", "plugin", "internal"}},
		{dir: "catalog/requests", onlyForeign: []string{}},
		{dir: "catalog/plan", may: []string{"catalog", "plugin", "internal"}, onlyForeign: []string{"github.com/shopspring/decimal"}},
		{dir: "catalog/store", may: []string{"catalog/plan", "catalog/requests", "catalog", "plugin", "internal"}},
		{dir: "catalog/session", may: []string{"catalog/store", "catalog/plan", "catalog/requests", "catalog/pictures", "catalog", "plugin", "internal"}},
		{dir: "catalog/stage", may: []string{"catalog/session", "catalog/store", "catalog/plan", "catalog/requests", "catalog", "plugin", "internal"}},
		{dir: "catalog/propose", may: []string{"catalog/session", "catalog/store", "catalog/plan", "catalog/requests", "catalog", "plugin", "internal"}},
		{dir: "catalog/apply", may: []string{"catalog/propose", "catalog/session", "catalog/store", "catalog/plan", "catalog/requests", "catalog/pictures", "catalog", "plugin", "internal"}},
		{dir: "catalog/quotes", may: []string{"catalog/session", "catalog/store", "catalog/plan", "catalog", "plugin", "internal"}},
		{dir: "catalog/stockcalls", may: []string{"catalog/quotes", "catalog/session", "catalog/store", "catalog/plan", "catalog", "plugin", "internal"}},
		{dir: "catalog/engine", may: []string{
			"catalog/stage", "catalog/propose", "catalog/apply", "catalog/quotes", "catalog/stockcalls", "catalog/session", "catalog/store",
			"catalog/plan", "catalog", "plugin", "internal",
		}},
		{dir: "catalog/pictures", may: []string{"plugin"}, onlyForeign: []string{"code.dny.dev/ssrf"}},
		{dir: "keycrm", onlyForeign: []string{"github.com/shopspring/decimal"}},
		{dir: "keycrm/keycrmtest", may: []string{"internal/crmsim"}, onlyForeign: []string{"github.com/shopspring/decimal"}},
		{dir: "plugin"},
		{dir: "plugin/plugintest", may: []string{"plugin"}},
		{dir: "migrations"},
		{dir: "internal", may: []string{"plugin", "migrations"}},
		{dir: "internal/testbed", may: []string{"internal", "keycrm", "keycrm/connector", "keycrm/keycrmtest", "migrations", "plugin"}},
		// The reference engine. Its bridge is what an engine's author writes, and knows the contract and the
		// shop beneath it. The admin knows the contract because it is the frame of the plugin's pages and
		// writes products through the same door; sessions know the permissions staff hold.
		{dir: shop, may: []string{shop + "/bridge", shop + "/backoffice", shop + "/domain", shop + "/session", shop + "/store", shop + "/storefront", shop + "/web", "plugin"}},
		{dir: shop + "/bridge", may: []string{shop + "/domain", shop + "/store", "plugin"}},
		{dir: shop + "/store", may: []string{shop + "/domain", shop + "/secrets"}},
		{dir: shop + "/domain", onlyForeign: []string{"github.com/shopspring/decimal"}},
		{dir: shop + "/secrets", onlyForeign: []string{}},
		{dir: shop + "/web", may: []string{shop + "/domain", shop + "/store"}},
		{dir: shop + "/session", may: []string{shop + "/secrets", shop + "/store", shop + "/web", "plugin"}},
		{dir: shop + "/storefront", may: []string{shop + "/domain", shop + "/secrets", shop + "/store", shop + "/web"}},
		{dir: shop + "/backoffice", may: []string{shop + "/bridge", shop + "/domain", shop + "/secrets", shop + "/session", shop + "/store", shop + "/web", "plugin"}},
		{dir: shop + "/shoptest", may: []string{shop, shop + "/domain", shop + "/store", "internal", "plugin"}},
		{dir: "internal/crmsim", onlyForeign: []string{"github.com/shopspring/decimal"}},
	}
}

// arrows reports imports that run against the design. Tests may import what they like.
func arrows(f file) []string {
	if f.test {
		return nil
	}
	from, ok := zoneOf(f.dir())
	if !ok {
		return []string{fmt.Sprintf("%s: no rule says what the folder %s may import: add it to zones()", f.path, f.dir())}
	}
	var found []string
	for _, importPath := range f.imports {
		if why := forbidden(from, importPath); why != "" {
			found = append(found, f.path+": "+why)
		}
	}
	slices.Sort(found)
	return found
}

func forbidden(from zone, importPath string) string {
	dir, ours := strings.CutPrefix(importPath, modulePath)
	if !ours {
		foreign := strings.Contains(strings.Split(importPath, "/")[0], ".") // the standard library has no dot there
		if foreign && from.onlyForeign != nil && !underAny(importPath, from.onlyForeign) {
			return fmt.Sprintf("%s may not import %s, only %v", from.dir, importPath, from.onlyForeign)
		}
		return ""
	}
	dir = strings.TrimPrefix(dir, "/")
	if dir == "" {
		dir = root
	}
	to, _ := zoneOf(dir)
	if to.dir != from.dir && !slices.Contains(from.may, to.dir) {
		return fmt.Sprintf("%s may not import %s, only %v", from.dir, dir, from.may)
	}
	return ""
}

func zoneOf(dir string) (zone, bool) {
	var best zone
	for _, z := range zones() {
		if under(dir, z.dir) && len(z.dir) >= len(best.dir) {
			best = z
		}
	}
	return best, best.dir != ""
}

func TestImportsFollowTheArrows(t *testing.T) {
	t.Parallel()
	hold(t, eachFile(arrows))
}

func TestArrowsCanFail(t *testing.T) {
	t.Parallel()
	const ours = modulePath + "/"
	for name, c := range map[string]struct{ file, imports, want string }{
		"the contract is a leaf":                    {"plugin/a.go", ours + "internal/clock", "plugin may not import internal/clock"},
		"orders do not know the catalog":            {"orders/a.go", ours + "catalog", "orders may not import catalog"},
		"the catalog does not know KeyCRM":          {"catalog/sub/a.go", ours + "keycrm", "catalog may not import keycrm"},
		"planning knows no tables":                  {"catalog/plan/a.go", ours + "catalog/store", "catalog/plan may not import catalog/store"},
		"nor a database":                            {"catalog/plan/a.go", "github.com/jmoiron/sqlx", "catalog/plan may not import github.com/jmoiron/sqlx"},
		"proposing does not write":                  {"catalog/propose/a.go", ours + "catalog/apply", "catalog/propose may not import catalog/apply"},
		"a session knows no phase":                  {"catalog/session/a.go", ours + "catalog/stage", "catalog/session may not import catalog/stage"},
		"how to ask knows nothing of anybody":       {"catalog/requests/a.go", ours + "plugin", "catalog/requests may not import plugin"},
		"nor does the page":                         {"admin/a.go", ours + "keycrm/connector", "admin may not import keycrm/connector"},
		"the form knows no requests":                {"admin/form/a.go", ours + "admin/web", "admin/form may not import admin/web"},
		"words know no orders":                      {"admin/words/a.go", ours + "orders", "admin/words may not import orders"},
		"the API knows no pages":                    {"admin/api/a.go", ours + "admin", "admin/api may not import admin"},
		"the client knows nothing of us":            {"keycrm/a.go", ours + "plugin", "keycrm may not import plugin"},
		"the client takes no libraries":             {"keycrm/a.go", "github.com/go-chi/chi/v5", "keycrm may not import github.com/go-chi/chi/v5"},
		"the simulator takes hardly any":            {"keycrm/keycrmtest/a.go", "github.com/lib/pq", "keycrm/keycrmtest may not import github.com/lib/pq"},
		"nor any of our helpers":                    {"keycrm/keycrmtest/web/a.go", ours + "internal/clock", "keycrm/keycrmtest may not import internal/clock"},
		"nor even the client that it answers":       {"keycrm/keycrmtest/a.go", ours + "keycrm", "keycrm/keycrmtest may not import keycrm"},
		"what simulators share knows no CRM":        {"internal/crmsim/table/a.go", ours + "keycrm", "internal/crmsim may not import keycrm"},
		"the product does not use it":               {"internal/jobs/a.go", ours + "internal/crmsim", "internal may not import internal/crmsim"},
		"an engine knows the contract, not us":      {"internal/demoshop/a.go", modulePath, "internal/demoshop may not import ."},
		"the product does not know the tests' bed":  {"orders/a.go", ours + "internal/testbed", "orders may not import internal/testbed"},
		"an engine does not use our helpers either": {"internal/demoshop/web/a.go", ours + "internal/clock", "internal/demoshop/web may not import internal/clock"},
		"the shop was there before the contract":    {"internal/demoshop/store/a.go", ours + "plugin", "internal/demoshop/store may not import plugin"},
		"buyers' pages know no contract":            {"internal/demoshop/storefront/a.go", ours + "plugin", "internal/demoshop/storefront may not import plugin"},
		"the shop's two faces are strangers":        {"internal/demoshop/storefront/a.go", ours + "internal/demoshop/backoffice", "internal/demoshop/storefront may not import internal/demoshop/backoffice"},
		"what an author copies drags no pages in":   {"internal/demoshop/bridge/a.go", ours + "internal/demoshop/web", "internal/demoshop/bridge may not import internal/demoshop/web"},
		"helpers do not know the parts they help":   {"internal/jobs/a.go", ours + "orders", "internal may not import orders"},
		"the program does not reach around":         {"cmd/keybridge/main.go", ours + "orders", "cmd may not import orders"},
		"the tools of the house need no libraries":  {"scripts/a/main.go", "github.com/spf13/cobra", "scripts may not import github.com/spf13/cobra"},
		"we do not import the reference engine":     {"keybridge.go", ours + "internal/demoshop", ". may not import internal/demoshop"},
		"a new folder must be placed":               {"extras/a.go", "fmt", "no rule says what the folder extras may import"},
	} {
		wantFinding(t, name, eachFile(arrows), c.file, "import _ \""+c.imports+"\"", c.want)
	}
	for name, c := range map[string]struct{ file, imports string }{
		"the program joins root and engine": {"cmd/keybridge/main.go", ours + "internal/demoshop"},
		"the client counts money":           {"keycrm/a.go", "github.com/shopspring/decimal"},
		"simulators share what they do":     {"keycrm/keycrmtest/internal/web/a.go", ours + "internal/crmsim/frame"},
		"a part uses a helper":              {"orders/a.go", ours + "internal/clock"},
		"an engine has parts of its own":    {"internal/demoshop/a.go", ours + "internal/demoshop/web"},
		"tests may join what they need":     {"orders/a_test.go", ours + "keycrm/keycrmtest"},
	} {
		wantNothing(t, name, eachFile(arrows), c.file, "import _ \""+c.imports+"\"")
	}
}
