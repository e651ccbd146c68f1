package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

// TestEveryPagePassesAxeInABrowser follows the links of the shop, its admin, the integration's pages and the simulated
// KeyCRM, goes through a checkout, and wants axe-core to find nothing. docs/decisions/0031-axe-core.md tells why.
func TestEveryPagePassesAxeInABrowser(t *testing.T) {
	t.Parallel()
	m := newMortal(t, keycrmtest.WithCatalog(40, 90), keycrmtest.WithHistory(60), keycrmtest.WithStrict())
	fillAccount(t, m.sim)
	m.start()
	m.connect(t.Context())
	m.checkCatalog(t.Context()) // of the run that the first save has started

	a := newAuditor(t)
	a.signIn(m)
	a.buyStepByStep(m.shopURL())
	var connection string
	if err := m.db.Get(&connection, `SELECT id FROM keybridge.connection`); err != nil {
		t.Fatal(err)
	}
	a.connection = connection
	plugin := m.shopURL() + "/admin/integrations/keycrm/c/" + connection
	a.follow(m.sim.URL()+"/", m.sim.URL()+"/nowhere", m.shopURL()+"/", m.shopURL()+"/search?q=а", m.shopURL()+"/nowhere",
		m.shopURL()+"/admin/", m.shopURL()+"/admin/login", plugin+"/hidden", plugin+"/runs/1/plan", plugin+"/runs/1/items")
	a.audit()
	for _, kind := range []string{ // else the links led nowhere, and nothing was found for that reason
		m.sim.URL() + "/catalog/#", m.sim.URL() + "/orders/#", m.sim.URL() + "/cards/#", m.sim.URL() + "/dictionaries",
		m.sim.URL() + "/triggers", m.sim.URL() + "/faults", m.shopURL() + "/product/#", m.shopURL() + "/category/#",
		m.shopURL() + "/admin/products/#", m.shopURL() + "/admin/orders/#", m.shopURL() + "/admin/integrations/keycrm/c/#",
		m.shopURL() + "/admin/integrations/keycrm/c/#/runs/#/changes", m.shopURL() + "/admin/integrations/keycrm/c/#/pins",
	} {
		if !a.seen[kind] {
			t.Errorf("no link has led to %s", kind)
		}
	}
}

// fillAccount gives the lists of the simulated KeyCRM rows of the rarer kinds.
func fillAccount(t *testing.T, s *keycrmtest.Server) {
	t.Helper()
	s.AddTrigger(keycrmtest.Trigger{Name: "Статуси", Event: keycrmtest.EventOrderStatus, URL: "http://127.0.0.1:1/hook", Active: true})
	if err := s.SetOrderStatus(s.Orders()[0].ID, 9); err != nil {
		t.Fatal(err)
	}
	if err := s.ArchiveProduct(1001, true); err != nil {
		t.Fatal(err)
	}
	s.Fault(keycrmtest.Fault{Kind: keycrmtest.FaultStatus, Path: "/v1/nothing"})
}

// auditor has axe look at one page of each kind.
type auditor struct {
	*browser
	axe        string
	connection string          // its id, which may have no digit in it
	seen       map[string]bool // kinds of pages
	queue      []string
}

func newAuditor(t *testing.T) *auditor {
	t.Helper()
	axe, err := os.ReadFile("testdata/axe-core/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	return &auditor{browser: openBrowser(t), axe: string(axe), seen: map[string]bool{}}
}

// buyStepByStep goes through a checkout, and through one that is refused.
func (a *auditor) buyStepByStep(shop string) {
	a.t.Helper()
	a.do("search", chromedp.Navigate(shop+"/search?q=а"))
	a.load("to the product", chromedp.Click(chromedp.CSS(`a[data-product]:has(~ .left.yes)`)))
	a.load("into the basket", chromedp.Click(chromedp.CSS(`#add`)))
	a.look("a full basket")
	a.load("to the checkout", chromedp.Click(chromedp.CSS(`#to-checkout`)))
	a.look("the checkout")
	a.load("order without a name", chromedp.Submit(chromedp.CSS(`#checkout`)))
	a.see("#checkout .bad", "")
	a.look("a refused checkout")
	a.do("fill in", chromedp.SendKeys(chromedp.CSS(`[name="name"]`), "Олена Тестенко"), chromedp.SendKeys(chromedp.CSS(`[name="phone"]`), "067 123 45 67"),
		pick("delivery", "pickup"), pick("payment", "cash"))
	a.load("order", chromedp.Submit(chromedp.CSS(`#checkout`)))
	a.see("#order-number", "")
	a.look("the thank-you page")
}

// follow notes pages to look at, unless one of their kind is noted.
func (a *auditor) follow(addresses ...string) {
	for _, address := range addresses {
		u, err := url.Parse(address)
		if err != nil || u.Hostname() != "127.0.0.1" || a.seen[a.kindOf(u)] {
			continue
		}
		a.seen[a.kindOf(u)] = true
		a.queue = append(a.queue, address)
	}
}

// kindOf is an address without what tells one row from another.
func (a *auditor) kindOf(u *url.URL) string {
	segments := strings.Split(u.Path, "/")
	for i, s := range segments {
		if strings.ContainsAny(s, "0123456789") || s == a.connection {
			segments[i] = "#"
		}
	}
	kind := "http://" + u.Host + strings.Join(segments, "/")
	names := make([]string, 0, len(u.Query()))
	for name := range u.Query() {
		names = append(names, name)
	}
	if slices.Sort(names); len(names) > 0 {
		kind += "?" + strings.Join(names, "&")
	}
	return kind
}

// audit looks at everything noted, and at what it leads to.
func (a *auditor) audit() {
	a.t.Helper()
	for len(a.queue) > 0 {
		address := a.queue[0]
		a.queue = a.queue[1:]
		a.do("open "+address, chromedp.Navigate(address))
		links, err := chromedp.Run(a.ctx, chromedp.Evaluate[[]string](`document.contentType === "text/html" ? [...document.links].map(a => a.href) : null`))
		if err != nil {
			a.t.Fatalf("links of %s: %v", address, err)
		}
		if links == nil {
			continue // a picture
		}
		a.follow(links...)
		a.look(address)
	}
}

// look has axe look at the open page as it is on a desk, and on a phone in the dark.
func (a *auditor) look(page string) {
	a.t.Helper()
	a.do("load axe", chromedp.Evaluate[chromedp.Void](a.axe))
	a.lookAs(page+" on a desk", 1280, "light")
	a.lookAs(page+" on a phone in the dark", 360, "dark")
}

// lookAs reports what axe finds, a rule a line with the first place. Colours that are still fading in are let finish.
func (a *auditor) lookAs(page string, width int64, scheme string) {
	a.t.Helper()
	a.do(page, chromedp.EmulateViewport(width, 900), prefer("color-scheme", scheme))
	const audit = `document.getAnimations().forEach(a => a.finish());
		axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations.map(v =>
			v.id + " at " + v.nodes.length + " places, first " + v.nodes[0].target + ": " + v.nodes[0].failureSummary.replace(/\s+/g, " ")))`
	found, err := chromedp.Run(a.ctx, chromedp.Evaluate[[]string](audit, chromedp.EvalAwaitPromise))
	if err != nil {
		a.t.Fatalf("%s: %v", page, err)
	}
	for _, f := range found {
		a.t.Errorf("%s: %s", page, f)
	}
}

// media are wishes of a browser's user.
type media struct {
	Features []mediaFeature `json:"features"`
}

type mediaFeature struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// prefer makes the browser tell pages of a wish.
func prefer(what, value string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		if err := t.Call(ctx, "Emulation.setEmulatedMedia", media{[]mediaFeature{{"prefers-" + what, value}}}, nil); err != nil {
			return fmt.Errorf("prefer %s %s: %w", what, value, err)
		}
		return nil
	})
}
