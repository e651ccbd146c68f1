package engine_test

import (
	"context"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/plugin"
)

func (w *world) prices() catalog.Run {
	w.t.Helper()
	run := w.finish(w.begin(catalog.Prices))
	if run.State != catalog.Done {
		w.t.Fatalf("price run ended %s in %s: %s %v", run.State, run.Phase, run.Code, run.Params)
	}
	return run
}

func TestAPriceRunWritesPricesAndStockAlone(t *testing.T) {
	t.Parallel()
	sim := small(t)
	id := sim.AddProduct(goods("Дешевий", "CHEAP", 0))
	foreign := goods("Чужоземний", "USD", 0)
	foreign.CurrencyCode = "USD"
	sim.AddProduct(foreign)
	w := newWorld(t, sim)
	w.full()
	p, _ := sim.Product(id)
	must(t, sim.SetPrice(p.OfferIDs[0], decimal.NewFromInt(300)))
	must(t, sim.SetStock(p.OfferIDs[0], keycrmtest.WarehouseKyiv, decimal.NewFromInt(9)))
	must(t, sim.EditProduct(id, func(p *keycrmtest.Product) { p.Name = "Нова назва" }))
	sim.Reset()
	run := w.prices()
	if want := (len(sim.OfferIDs())+49)/50 + 1; sim.RequestCount() != want || run.Counters.Requests != want {
		t.Errorf("sent %d requests, counted %d, want %d", sim.RequestCount(), run.Counters.Requests, want)
	}
	got := w.product("CHEAP")
	if v := got.Variants[0]; got.Name != "Дешевий" || !v.Price.Equal(plugin.NewMoney("300", "UAH")) || v.Stock.String() != "9" || run.Counters.Updated != 1 {
		t.Errorf("the product is %+v, counters %+v", got, run.Counters)
	}
	if w.product("USD").Variants[0].Price.IsSet() {
		t.Error("a price in another currency was written")
	}
	w.shop.writes.Store(0)
	if again := w.prices(); w.shop.writes.Load() != 0 || again.Counters.Updated != 0 {
		t.Errorf("the second price run writes: %+v", again.Counters)
	}
	w.full()
	if got := w.product("CHEAP"); got.Name != "Нова назва" {
		t.Errorf("the full run after it left the name %q", got.Name)
	}
	w.patch(plugin.ProductPatch{ID: got.ID, Variants: []plugin.VariantPatch{{ID: got.Variants[0].ID, Price: ptr(plugin.NewMoney("1", "UAH"))}}})
	w.prices()
	if v := w.product("CHEAP").Variants[0]; !v.Price.Equal(plugin.NewMoney("300", "UAH")) {
		t.Errorf("an edit of the shop stays: %v", v.Price)
	}
}

func TestAPriceRunLooksAgainOnceSettingsHaveChanged(t *testing.T) {
	t.Parallel()
	sim := small(t)
	sim.AddProduct(goods("Свій", "OWN", 0))
	w := newWorld(t, sim)
	w.full()
	p := w.product("OWN")
	w.edit(w.conn, func(c *settings.Catalog) { c.Owners = settings.Owners{settings.FieldPrice: settings.OwnerShop} })
	w.patch(plugin.ProductPatch{ID: p.ID, Variants: []plugin.VariantPatch{{ID: p.Variants[0].ID, Price: ptr(plugin.NewMoney("1", "UAH"))}}})
	w.full()
	w.later()
	w.prices() // finds the price in order, since it is not the CRM's to say
	w.edit(w.conn, func(c *settings.Catalog) { c.Owners = nil })
	w.later()
	if run := w.prices(); run.Counters.Updated != 1 {
		t.Errorf("the price run wrote %+v", run.Counters)
	}
	if v := w.product("OWN").Variants[0]; v.Price.Equal(plugin.NewMoney("1", "UAH")) {
		t.Error("the price is the shop's still, although it is the CRM's to say again")
	}
}

func TestAPriceRunRespectsWhatMayNotBeUpdated(t *testing.T) {
	t.Parallel()
	sim := small(t)
	w := newWorld(t, sim)
	w.full()
	before := strings.Join(w.snapshot(), "\n")
	for _, id := range sim.OfferIDs()[:10] {
		must(t, sim.SetPrice(id, decimal.NewFromInt(7)))
	}
	w.edit(w.conn, func(c *settings.Catalog) { c.Match = settings.MatchNever })
	if run := w.prices(); run.Counters.Requests != 0 || strings.Join(w.snapshot(), "\n") != before {
		t.Errorf("counters %+v", run.Counters)
	}
}

func TestALaterReadingIsNotWrittenOver(t *testing.T) {
	t.Parallel()
	sim := small(t)
	sim.AddProduct(goods("Гонка", "RACE", 0))
	w := newWorld(t, sim)
	w.full()
	offer, _ := sim.Offer(sim.OfferIDs()[0])
	must(t, sim.SetPrice(offer.ID, decimal.NewFromInt(111)))
	w.shop.stopAt(func(_ context.Context, call string) {
		if call == "before UpdateProducts" {
			t.Error("the full run writes a price older than the one written")
		}
	})
	// A stock call of the CRM has written a later reading while the run was planning.
	sim.After(func(r keycrmtest.Request) {
		if r.Path == "/v1/offers" {
			w.readLater(offer.ID)
		}
	})
	w.full()
	sim.After(nil)
	w.shop.stopAt(nil)
	w.clock.Advance(3_600_000_000_000)
	w.full()
	if v := w.product("RACE").Variants[0]; !v.Price.Equal(plugin.NewMoney("111", "UAH")) {
		t.Errorf("price %v", v.Price)
	}
}

// TestWhatComesBackIsWritten: one kind of run writes a price, the CRM takes it back, and the other
// kind meets again what it left the shop with.
func TestWhatComesBackIsWritten(t *testing.T) {
	t.Parallel()
	for name, order := range map[string][2]catalog.Kind{
		"a price run wrote, a full run takes back": {catalog.Prices, catalog.Full},
		"a full run wrote, a price run takes back": {catalog.Full, catalog.Prices},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim, ids := few(t, 1)
			w := newWorld(t, sim)
			w.full()
			w.prices()
			for i, price := range []int64{260, 250} {
				eachOffer(t, sim, ids, func(o int64) { must(t, sim.SetPrice(o, decimal.NewFromInt(price))) })
				if run := w.finish(w.begin(order[i])); run.State != catalog.Done {
					t.Fatalf("the run ended %s: %s", run.State, run.Code)
				}
				if v := w.product("SKU-0").Variants[0]; !v.Price.Amount.Equal(decimal.NewFromInt(price)) {
					t.Errorf("after the %s run the price is %v, want %d", order[i], v.Price, price)
				}
			}
		})
	}
}
