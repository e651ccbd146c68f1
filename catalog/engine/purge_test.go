package engine_test

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
)

func TestChangesAndWhatWasLeftAloneAreKeptThirtyDays(t *testing.T) {
	t.Parallel()
	const age = 30 * 24 * time.Hour
	sim := small(t)
	free := goods("Без ціни", "FREE", 0)
	free.Offers[0].Price = decimal.Zero
	sim.AddProduct(free)
	w := newWorld(t, sim)
	old := w.full()
	w.clock.Advance(29 * 24 * time.Hour)
	sim.AddProduct(goods("Новий", "NEW", 0))
	young := w.full()
	list := func(id int64) ([]catalog.Change, []catalog.Item) {
		t.Helper()
		changes, err := w.engine.Changes(t.Context(), id, 0, 1000)
		must(t, err)
		items, err := w.engine.Items(t.Context(), id, 0, 1000)
		must(t, err)
		return changes, items
	}
	must(t, w.engine.Purge(t.Context(), age))
	if changes, items := list(old.ID); len(changes) == 0 || len(items) == 0 {
		t.Fatalf("after 29 days there are %d changes and %d items", len(changes), len(items))
	}
	w.clock.Advance(25 * time.Hour)
	must(t, w.engine.Purge(t.Context(), age))
	if changes, items := list(old.ID); len(changes)+len(items) != 0 {
		t.Errorf("after 30 days there still are %d changes and %d items", len(changes), len(items))
	}
	if changes, _ := list(young.ID); len(changes) != 1 {
		t.Errorf("the later run has %d changes, want 1", len(changes))
	}
	if run, err := w.engine.Run(t.Context(), old.ID); err != nil || run.Counters.Created != old.Counters.Created {
		t.Errorf("the run itself is %+v, %v", run.Counters, err)
	}
}
