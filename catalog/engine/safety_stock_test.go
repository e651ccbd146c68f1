package engine_test

import (
	"testing"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
)

func keeping(units int) change { return func(c *settings.Catalog) { c.SafetyStock = units } }

func TestSafetyStockIsKeptFromSale(t *testing.T) {
	t.Parallel()
	sim, ids := few(t, 3)
	eachOffer(t, sim, ids, func(o int64) { setStock(t, sim, o, 7) })
	w := newWorld(t, sim, keeping(2))
	w.full()
	if got := w.stockOf("SKU-0"); got != "5" {
		t.Errorf("stock %s after a full run, want 7 less 2", got)
	}
	w.edit(w.conn, keeping(3))
	w.later()
	w.prices()
	if got := w.stockOf("SKU-0"); got != "4" {
		t.Errorf("stock %s after the next price run, want 7 less 3", got)
	}
	w.edit(w.conn, keeping(2))
	w.later()
	w.prices()
	if got := w.stockOf("SKU-0"); got != "5" {
		t.Errorf("stock %s once the setting is what it was before, want 7 less 2", got)
	}
	w.edit(w.conn, keeping(3))
	w.later()
	w.prices()
	w.later()
	setStock(t, sim, w.offers(ids[0])[0], 6)
	w.call(w.offers(ids[0])[0])
	w.gathered()
	if got := w.stockOf("SKU-0"); got != "3" {
		t.Errorf("stock %s after a call, want 6 less 3", got)
	}
	w.shop.writes.Store(0)
	w.later()
	w.full()
	if n := w.shop.writes.Load(); n != 0 {
		t.Errorf("a run that finds everything in order has written %d times", n)
	}
}

// TestAHighSafetyStockIsHeldAndNamed: a slip of the finger must not empty the shop.
func TestAHighSafetyStockIsHeldAndNamed(t *testing.T) {
	t.Parallel()
	w, _, _ := stocked(t, 30)
	w.edit(w.conn, keeping(settings.MostSafetyStock))
	w.later()
	w.holding(catalog.Full, 30)
	if held := w.heldStock(); len(held.Causes) != 1 || held.Causes[0].Setting != "safety_stock" {
		t.Errorf("what is held back is put down to %+v", held.Causes)
	}
}

// TestWhatIsKeptFromSaleWasNeverForSale: of 100 variants those with a single unit are sold out by a safety stock of one,
// 31 of 100 that could be bought, more than the guard lets pass.
func TestWhatIsKeptFromSaleWasNeverForSale(t *testing.T) {
	t.Parallel()
	w, sim, offers := stocked(t, 100)
	for _, o := range offers[:31] {
		setStock(t, sim, o, 1)
	}
	w.later()
	w.full()
	w.edit(w.conn, keeping(1))
	w.later()
	if run := w.holding(catalog.Full, 31); run.Counters.Available != 100 {
		t.Errorf("%d variants can be bought, with those held back", run.Counters.Available)
	}
}
