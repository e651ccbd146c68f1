package engine_test

import (
	"slices"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

func inLviv(c *settings.Catalog) {
	c.Warehouses = []string{code(keycrmtest.WarehouseLviv)}
}

// split puts 4 units into the first warehouse and so many into the second.
func split(t *testing.T, sim *keycrmtest.Server, offer, units int64) {
	t.Helper()
	must(t, sim.SetStock(offer, keycrmtest.WarehouseLviv, decimal.NewFromInt(units)))
}

func TestOnlyChosenWarehousesCount(t *testing.T) {
	t.Parallel()
	sim, ids := few(t, 60)
	eachOffer(t, sim, ids, func(o int64) { split(t, sim, o, 7) })
	w := newWorld(t, sim, inLviv)
	sim.Reset()
	run := w.full()
	if got := w.stockOf("SKU-0"); got != "7" {
		t.Errorf("stock %s after a full run, want the 7 in Lviv", got)
	}
	if want := 1 + 2 + 2 + 2; sim.RequestCount() != want || run.Counters.Requests != want {
		t.Errorf("%d requests, counted %d, want %d: two pages of stocks more", sim.RequestCount(), run.Counters.Requests, want)
	}
	w.shop.writes.Store(0)
	w.full()
	w.prices()
	if n := w.shop.writes.Load(); n != 0 {
		t.Errorf("%d writes although nothing changed", n)
	}
	p, _ := sim.Product(ids[0])
	offer := p.OfferIDs[0]
	setStock(t, sim, offer, 1) // elsewhere
	w.prices()
	if got := w.stockOf("SKU-0"); got != "7" {
		t.Errorf("stock %s after a price run, want the 7 in Lviv", got)
	}
	split(t, sim, offer, 5)
	w.call(offer)
	w.gathered()
	if got := w.stockOf("SKU-0"); got != "5" {
		t.Errorf("stock %s after a stock call, want the 5 in Lviv", got)
	}
	w.edit(w.conn, func(c *settings.Catalog) { c.Warehouses = nil })
	w.prices()
	if got := w.stockOf("SKU-0"); got != "6" {
		t.Errorf("stock %s of all warehouses, want 1 + 5", got)
	}
}

func TestAnApprovedPlanWithWarehousesIsWritten(t *testing.T) {
	t.Parallel()
	sim, ids := few(t, 3)
	eachOffer(t, sim, ids, func(o int64) { split(t, sim, o, 7) })
	w := newWorld(t, sim, inLviv)
	id, err := w.engine.Preview(t.Context(), w.conn, catalog.Full, "1")
	must(t, err)
	if run := w.finish(id); run.State != catalog.Approval {
		t.Fatalf("the preview is %s", run.State)
	}
	must(t, w.engine.Approve(t.Context(), id, "1"))
	if run := w.finish(id); run.Counters.Created != 3 {
		t.Errorf("counters %+v, items %v, want 3 created", run.Counters, w.items(id))
	}
}

// TestAVanishedWarehouseStopsStock: neither what is left nor all warehouses is what was chosen.
func TestAVanishedWarehouseStopsStock(t *testing.T) {
	t.Parallel()
	for name, chosen := range map[string][]string{
		"the only one":   {code(keycrmtest.WarehouseLviv)},
		"one of two":     {code(keycrmtest.WarehouseKyiv), code(keycrmtest.WarehouseLviv)},
		"one never seen": {code(keycrmtest.WarehouseLviv), "999"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim, ids := few(t, 2)
			eachOffer(t, sim, ids, func(o int64) { split(t, sim, o, 7) })
			w := newWorld(t, sim, func(c *settings.Catalog) { c.Warehouses = chosen[:1] })
			w.full()
			before := w.stockOf("SKU-0")
			w.edit(w.conn, func(c *settings.Catalog) { c.Warehouses = chosen })
			p, _ := sim.Product(ids[0])
			offer := p.OfferIDs[0]
			w.clock.Advance(time.Minute)
			sim.DeleteWarehouse(keycrmtest.WarehouseLviv)
			setStock(t, sim, offer, 2)
			must(t, sim.SetPrice(offer, decimal.NewFromInt(260)))
			sim.AddProduct(goods("Новий", "NEW", 0))
			for _, kind := range []catalog.Kind{catalog.Prices, catalog.Full} {
				run := w.finish(w.begin(kind))
				told := slices.ContainsFunc(w.items(run.ID), func(i catalog.Item) bool { return i.Reason == catalog.ReasonWarehouseGone })
				if run.State != catalog.Done || !told {
					t.Errorf("the %s run ended %s and told of the warehouse: %v", kind, run.State, told)
				}
				if got := w.stockOf("SKU-0"); got != before {
					t.Errorf("stock %s after the %s run, want %s to stay", got, kind, before)
				}
			}
			if v := w.product("SKU-0").Variants[0]; !v.Price.Amount.Equal(decimal.NewFromInt(260)) {
				t.Errorf("the price %v was held back too", v.Price)
			}
			if v := w.product("NEW").Variants[0]; v.Stock == nil || v.Stock.Sign() != 0 {
				t.Errorf("a new product starts with %v, want nothing for sale", v.Stock)
			}
			w.call(offer)
			w.gathered()
			if s := w.stock(); w.stockOf("SKU-0") != before || s.Reason != string(catalog.StockReasonWarehouseGone) {
				t.Errorf("stock %s after a call, %+v", w.stockOf("SKU-0"), s)
			}
			w.edit(w.conn, func(c *settings.Catalog) { c.Warehouses = []string{code(keycrmtest.WarehouseKyiv)} })
			w.full()
			if a, b := w.stockOf("SKU-0"), w.stockOf("NEW"); a != "2" || b != "4" {
				t.Errorf("stock %s and %s once another warehouse is chosen, want 2 and 4", a, b)
			}
		})
	}
}
