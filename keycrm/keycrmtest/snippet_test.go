package keycrmtest_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/keybridge/keybridge/keycrm"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

// miniShop is as much of a program under test as the example of docs/simulator.md needs: it exports orders, and looks
// before it repeats a lost one.
type miniShop struct {
	t     *testing.T
	crm   *keycrm.Client
	queue []string
	hooks *receiver
}

// Connect names the account.
func (s *miniShop) Connect(base, key string) {
	crm, err := keycrm.New(base, key)
	if err != nil {
		s.t.Fatal(err)
	}
	s.crm = crm
}

// PlaceOrder takes an order that is to be exported.
func (s *miniShop) PlaceOrder(id string) { s.queue = append(s.queue, id) }

// RunJobs exports what waits.
func (s *miniShop) RunJobs() {
	for _, id := range s.queue {
		_, err := s.crm.Orders.Create(s.t.Context(), keycrm.OrderCreate{
			SourceID: 7, SourceUUID: id, Buyer: keycrm.OrderBuyer{FullName: "Олена Тестенко", Phone: "+380000000001"},
		})
		if !errors.Is(err, keycrm.ErrUnknownOutcome) {
			s.t.Errorf("the export: %v, want it lost", err)
		}
		found, _, err := s.crm.Orders.List(s.t.Context(), keycrm.OrderQuery{SourceUUIDs: []string{id}})
		if err != nil || len(found) != 1 {
			s.t.Errorf("looking for %s: %d orders, %v", id, len(found), err)
		}
	}
	s.queue = nil
}

// snippet is the example of docs/simulator.md, word for word; shop is the program under test.
//
//nolint:thelper // it is a test
func snippet(t *testing.T, shop *miniShop) {
	// begin
	sim := keycrmtest.Start(t, keycrmtest.WithCatalog(50, 80), keycrmtest.WithLimit(0), keycrmtest.WithManualWebhooks())
	shop.Connect(sim.BaseURL(), sim.Key()) // the program under test
	sim.AddTrigger(keycrmtest.Trigger{
		Name: "Статуси", Event: keycrmtest.EventOrderStatus, URL: shop.HookURL(), Method: "POST", Active: true,
	})

	sim.Fault(keycrmtest.Fault{Kind: keycrmtest.FaultCutAfter, Method: "POST", Path: "/v1/order", Times: 1})
	shop.PlaceOrder("A-1") // the answer to the export is lost
	shop.RunJobs()
	if n := len(sim.Orders()); n != 1 {
		t.Fatalf("%d orders in KeyCRM, want 1", n)
	}

	order, _ := sim.OrderBySourceUUID("A-1")
	_ = sim.SetTracking(order.ID, "20450000001") // what a manager does
	_ = sim.SetOrderStatus(order.ID, 9)
	_ = sim.DeliverWebhooks(t.Context()) // now, and not before
	// end
}

// HookURL is where the shop takes webhooks.
func (s *miniShop) HookURL() string { return s.hooks.URL }

func TestDocumentedSnippetWorks(t *testing.T) {
	t.Parallel()
	shop := &miniShop{t: t, hooks: newReceiver(t)}
	snippet(t, shop)
	if told := shop.hooks.got(); len(told) != 1 || !strings.Contains(told[0], `"status_id":9`) {
		t.Errorf("the shop was told %v, want the new status alone", told)
	}
	doc, err := os.ReadFile("../../docs/simulator.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("snippet_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(source), "\t// begin\n")
	code, _, _ = strings.Cut(code, "\t// end\n")
	if !strings.Contains(string(doc), "```go\nfunc TestExport(t *testing.T) {\n"+code+"}\n```") {
		t.Errorf("docs/simulator.md does not show\n%s", code)
	}
}
