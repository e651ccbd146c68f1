package admin_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/keybridge/keybridge/admin/form"
	"github.com/keybridge/keybridge/admin/i18n"
	"github.com/keybridge/keybridge/admin/words"
	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/hooks"
	"github.com/keybridge/keybridge/orders"
)

func ukrainian(t *testing.T) *i18n.Words {
	t.Helper()
	b, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	return b.For("uk")
}

func TestEveryCodeHasWords(t *testing.T) {
	t.Parallel()
	w := ukrainian(t)
	need := func(prefix, code string) {
		if !w.Has(prefix + code) {
			t.Errorf("no words for %s", prefix+code)
		}
	}
	for _, c := range catalog.Codes() {
		need("run.reason.", string(c))
	}
	for _, r := range catalog.Reasons() {
		need("item.reason.", string(r))
	}
	for _, k := range catalog.ItemKinds() {
		need("items.kind.", string(k))
	}
	for _, g := range catalog.GuardCodes() {
		need("guard.", string(g))
	}
	for _, s := range catalog.HeldSettings() {
		need("held.setting.", s)
	}
	for _, f := range constants(t, "../catalog/codes.go", "Field") {
		need("field.", f)
	}
	for _, a := range []string{"create", "update", "link", "missing"} {
		need("plan.action.", a)
		need("plan.count.", a)
	}
	for _, r := range orders.Reasons() {
		need("order.reason.", string(r))
	}
	for _, r := range hooks.Reasons() {
		need("hook.reason.", string(r))
	}
	for _, r := range catalog.StockReasons() {
		need("stock.reason.", string(r))
	}
	for _, k := range words.TroubleKinds() {
		need("message.", string(k)+".title")
		need("message.", string(k)+".text")
	}
	for _, s := range []catalog.State{
		catalog.Queued, catalog.Running, catalog.Waiting, catalog.Approval, catalog.Done, catalog.Failed, catalog.Cancelled,
	} {
		need("run.state.", string(s))
	}
	for _, s := range []orders.EntryState{
		orders.Pending, orders.Sending, orders.Checking, orders.Retrying, orders.Created, orders.Done, orders.Blocked,
		orders.Dead, orders.Ignored,
	} {
		need("journal.state.", string(s))
		need("journal.count.", string(s))
	}
	for _, p := range constants(t, "../catalog/codes.go", "Phase") {
		need("run.phase.", p)
	}
	for _, p := range constants(t, "../catalog/codes.go", "Kind") {
		need("run.kind.", p)
	}
	for _, family := range []string{"connect.", "alert.", "ready.key_"} {
		for _, c := range []string{"crm_unauthorised", "crm_unavailable", "crm_limited", "crm_feature_off", "crm_refused", "no_redis", "key_sealed"} {
			need(family, c)
		}
	}
	for _, m := range []string{"order_status", "card_status", "status_out", "add_ons", "payments", "deliveries"} {
		for _, state := range []string{"_ok", "_open", "_gone"} {
			need("ready.", m+state)
		}
	}
}

// constants reads the values of a type's constants from a source file, for types that have no list.
func constants(t *testing.T, file, kind string) []string {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range regexp.MustCompile(`\s`+kind+`\s+= "([a-z_]+)"`).FindAllStringSubmatch(string(src), -1) {
		out = append(out, m[1])
	}
	if len(out) == 0 {
		t.Fatalf("%s has no constants of %s", file, kind)
	}
	return out
}

// TestEveryKeyIsAskedForAndThere compares the words with what templates and code ask for. Keys that
// are put together ("run.state." + …) count for everything below their beginning.
func TestEveryKeyIsAskedForAndThere(t *testing.T) {
	t.Parallel()
	w := ukrainian(t)
	var sources strings.Builder
	for _, pattern := range []string{"templates/*.html", "web/*.html", "*.go", "*/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if strings.HasSuffix(f, "_test.go") {
				continue
			}
			body, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			sources.Write(body)
		}
	}
	text := sources.String()
	for _, m := range regexp.MustCompile(`(?:\bt|\bn|\.T|\.N|\bfail)[ (]"([a-z_.]+[a-z_])"`).FindAllStringSubmatch(text, -1) {
		if !w.Has(m[1]) {
			t.Errorf("%q is asked for and there are no words for it", m[1])
		}
	}
	built := regexp.MustCompile(`"([a-z_]+\.(?:[a-z_]+\.)*)(?:%s)?[a-z_.]*"`)
	prefixes := map[string]bool{}
	for _, m := range built.FindAllStringSubmatch(text, -1) {
		prefixes[m[1]] = true
	}
	for _, key := range w.Keys() {
		asked := strings.Contains(text, `"`+key+`"`)
		for family := key; !asked && strings.Contains(family, "."); family = family[:len(family)-1] {
			asked = strings.HasSuffix(family, ".") && (prefixes[family] || menuOption(family))
		}
		if !asked {
			t.Errorf("nothing asks for %q", key)
		}
	}
}

// menuOption: the options of a fixed menu are named by the menu's own name.
func menuOption(family string) bool {
	return slices.ContainsFunc(append(form.CatalogMenus(), form.TargetMenu()), func(m form.Menu) bool { return m.Name+"." == family })
}

func TestStylesReachNothingOutsideOurContainer(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"web/static/pico.scoped.css", "web/static/admin.css"} {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		css := regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAllString(string(raw), "")
		for _, head := range regexp.MustCompile(`[^{};]+\{`).FindAllString(css, -1) {
			head = strings.TrimSpace(strings.TrimSuffix(head, "{"))
			if strings.HasPrefix(head, "@") || regexp.MustCompile(`^(from|to|\d+%)$`).MatchString(head) {
				if strings.HasPrefix(head, "@keyframes") && !strings.HasPrefix(head, "@keyframes kb-") {
					t.Errorf("%s: %s may clash with the engine's", file, head)
				}
				continue
			}
			for _, selector := range splitSelectors(head) {
				if !strings.Contains(selector, ".kb") {
					t.Errorf("%s: %q reaches outside our container", file, selector)
				}
			}
		}
	}
}

// splitSelectors splits at the commas outside brackets.
func splitSelectors(s string) []string {
	var out []string
	depth, start := 0, 0
	for i, c := range s {
		switch c {
		case '(', '[':
			depth++
		case ')', ']':
			depth--
		case ',':
			if depth == 0 {
				out = append(out, s[start:i])
				start = i + 1
			}
		}
	}
	return append(out, s[start:])
}
