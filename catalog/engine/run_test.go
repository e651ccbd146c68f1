package engine_test

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/engine"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

func TestFullRunAsksForEachPageOnce(t *testing.T) {
	t.Parallel()
	sim := keycrmtest.Start(t, keycrmtest.WithLimit(0), keycrmtest.WithCatalog(1200, 2100))
	w := newWorld(t, sim, func(c *settings.Catalog) { c.New = settings.NewPublish })
	run := w.full()

	live := 0
	for _, id := range sim.ProductIDs() {
		if p, ok := sim.Product(id); ok && !p.Archived {
			live++
		}
	}
	pages := func(n int) int { return (n + 49) / 50 }
	want := pages(len(sim.Categories())) + pages(live) + pages(len(sim.OfferIDs()))
	if sim.RequestCount() != want || run.Counters.Requests != want {
		t.Errorf("sent %d requests and counted %d, want %d", sim.RequestCount(), run.Counters.Requests, want)
	}
	for _, r := range sim.Requests() {
		q, err := url.ParseQuery(r.Query)
		must(t, err)
		if inc := q.Get("include"); (r.Path == "/v1/offers" && inc != "") || (r.Path == "/v1/products" && inc != "custom_fields") {
			t.Errorf("%s asked with include=%q", r.Path, inc)
		}
	}
	if run.Counters.Created+run.Counters.Skipped[catalog.ReasonNoOffers]+run.Counters.Conflicts != live {
		t.Errorf("created %d and listed %v, %d conflicts of %d live products", run.Counters.Created, run.Counters.Skipped, run.Counters.Conflicts, live)
	}
}

func TestSecondRunWritesNothing(t *testing.T) {
	t.Parallel()
	sim := keycrmtest.Start(t, keycrmtest.WithLimit(0), keycrmtest.WithCatalog(300, 500))
	w := newWorld(t, sim)
	first := w.full()
	if first.Counters.Created == 0 || first.Counters.Categories == 0 {
		t.Fatalf("the first run brought nothing: %+v", first.Counters)
	}
	w.shop.writes.Store(0)
	second := w.full()
	if n := w.shop.writes.Load(); n != 0 {
		t.Errorf("the second run made %d writing calls", n)
	}
	if c := second.Counters; c.Created+c.Updated+c.Categories != 0 || c.Unchanged != first.Counters.Created {
		t.Errorf("the second run counts %+v after %+v", c, first.Counters)
	}
	if changes := w.changes(second.ID); len(changes) != 0 {
		t.Errorf("the second run lists changes: %+v", changes[0])
	}
}

// TestSlowShopIsWrittenToOnceASlice: a worker lets others have its place as soon as its slice is over,
// also when the next batch is at hand.
func TestSlowShopIsWrittenToOnceASlice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, keycrmtest.Start(t, keycrmtest.WithLimit(0), keycrmtest.WithCatalog(40, 40)))
	w.config = engine.Config{WriteBatch: 8, Slice: 10 * time.Second}
	w.engine = w.newEngine()
	calls := 0
	w.shop.stopAt(func(_ context.Context, call string) {
		if call == "before CreateProducts" {
			calls++
			w.clock.Advance(10 * time.Second)
		}
	})
	id := w.begin(catalog.Full)
	done := false
	for slices := 1; !done && slices < 100; slices++ {
		before := calls
		must(t, w.engine.Handle(t.Context(), id))
		if calls-before > 1 {
			t.Fatalf("slice %d asked the shop %d times", slices, calls-before)
		}
		run, err := w.engine.Run(t.Context(), id)
		must(t, err)
		done = run.State == catalog.Done
	}
	if !done || calls != 5 {
		t.Errorf("%d batches of 8 for 40 products, want 5", calls)
	}
}
