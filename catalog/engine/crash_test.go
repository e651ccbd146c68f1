package engine_test

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/engine"
	"github.com/keybridge/keybridge/internal/pgtest"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

// gate lets workers die, or something else happen, at every so many-th moment, from an offset on.
type gate struct {
	passed        atomic.Int64
	every, offset int64 // every 0: never
	deaths        atomic.Int64
	// what happens; nil: the worker dies.
	what func()
}

func (g *gate) pass(ctx context.Context, _ string) {
	if living(ctx) != nil {
		return
	}
	if n := g.passed.Add(1); g.every > 0 && n%g.every == g.offset {
		g.deaths.Add(1)
		if g.what != nil {
			g.what()
			return
		}
		kill(ctx)
	}
}

// passing makes a call between two moments at which its worker may be killed.
func passing[R any](ctx context.Context, at func(ctx context.Context, call string), call string, do func() (R, error)) (R, error) {
	var none R
	at(ctx, "before "+call)
	if err := living(ctx); err != nil {
		return none, err
	}
	r, err := do()
	at(ctx, "after "+call)
	if dead := living(ctx); dead != nil {
		return none, dead
	}
	return r, err
}

// gatedCRM passes the gate before and after every request.
type gatedCRM struct {
	catalog.CRM
	gate *gate
}

func (c gatedCRM) CategoryPage(ctx context.Context, cursor string) (catalog.Page[catalog.Category], error) {
	return passing(ctx, c.gate.pass, "page", func() (catalog.Page[catalog.Category], error) { return c.CRM.CategoryPage(ctx, cursor) })
}

func (c gatedCRM) ProductPage(ctx context.Context, q catalog.ProductQuery, cursor string) (catalog.Page[catalog.Product], error) {
	return passing(ctx, c.gate.pass, "page", func() (catalog.Page[catalog.Product], error) { return c.CRM.ProductPage(ctx, q, cursor) })
}

func (c gatedCRM) OfferPage(ctx context.Context, q catalog.OfferQuery, cursor string) (catalog.Page[catalog.Offer], error) {
	return passing(ctx, c.gate.pass, "page", func() (catalog.Page[catalog.Offer], error) { return c.CRM.OfferPage(ctx, q, cursor) })
}

// gated is a small world with many pages and batches, in which everything passes the gate.
func gated(t *testing.T, g *gate) *world {
	t.Helper()
	return gatedOn(t, pgtest.NewMigrated(t, "catalog", migrate), g)
}

func gatedOn(t *testing.T, db *sqlx.DB, g *gate) *world {
	t.Helper()
	sim := keycrmtest.Start(t, keycrmtest.WithLimit(0), keycrmtest.WithCatalog(60, 60))
	w := newWorldOn(t, db, sim, func(c *settings.Catalog) { c.New, c.Missing = settings.NewPublish, settings.MissingHide })
	w.config = engine.Config{PlanBatch: 40, WriteBatch: 25}
	w.crm = func(c catalog.CRM) catalog.CRM { return gatedCRM{CRM: c, gate: g} }
	w.engine = w.newEngine()
	w.shop.stopAt(g.pass)
	return w
}

// edits is what a day brings: new, changed and deleted products.
func edits(t *testing.T, sim *keycrmtest.Server) {
	t.Helper()
	ids := sim.ProductIDs()
	for _, id := range ids[3:9] {
		must(t, sim.EditProduct(id, func(p *keycrmtest.Product) { p.Name += " (нова назва)" }))
	}
	must(t, sim.DeleteProduct(ids[12]))
	must(t, sim.ArchiveProduct(ids[14], true))
	category := sim.AddCategory("Новинки", 0)
	for i := range 5 {
		sim.AddProduct(keycrmtest.NewProduct{
			Product: keycrmtest.Product{Name: fmt.Sprintf("Новий товар %d", i), CategoryID: category},
			Offers:  []keycrmtest.Offer{{SKU: fmt.Sprintf("NEW-%d", i), Price: decimal.NewFromInt(100)}},
		})
	}
}

// twoRuns makes a first run, the edits of a day, and a second run.
func twoRuns(t *testing.T, w *world, run func() catalog.Run) {
	t.Helper()
	for i := range 2 {
		if i == 1 {
			edits(t, w.sim)
		}
		if r := run(); r.State != catalog.Done {
			t.Fatalf("run %d ended %s: %s %v", i, r.State, r.Code, r.Params)
		}
	}
}

func TestKilledWorkersLeaveTheShopAsUndisturbedOnes(t *testing.T) {
	t.Parallel()
	g := &gate{}
	calm := gated(t, g)
	twoRuns(t, calm, func() catalog.Run { return calm.finish(calm.begin(catalog.Full)) })
	want := calm.snapshot()
	for _, tt := range []struct {
		name          string
		every, offset int64
		atLeast       int64
	}{
		{"before every request and write", 3, 0, 15},
		{"after every request and write", 4, 2, 15},
		{"after every other one", 4, 0, 8},
		{"now and then, before and after", 5, 1, 6},
		{"seldom", 7, 6, 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := &gate{every: tt.every, offset: tt.offset}
			w := gated(t, g)
			twoRuns(t, w, func() catalog.Run {
				id := w.begin(catalog.Full)
				for !w.survives(id) {
					w.clock.Advance(31 * time.Second) // the lease of the dead worker
					w.engine = w.newEngine()
				}
				return w.finish(id)
			})
			if got := w.snapshot(); !slices.Equal(got, want) {
				t.Errorf("the shop differs: %s", firstDifference(got, want))
			}
			if n := w.openIntents() + w.staged(); n != 0 || g.deaths.Load() < tt.atLeast {
				t.Errorf("%d rows are left behind after %d deaths", n, g.deaths.Load())
			}
		})
	}
}

// survives reports whether a worker lives through a slice.
func (w *world) survives(id int64) bool {
	ctx, killed := mortal(w.t.Context())
	must(w.t, w.engine.Handle(ctx, id))
	return !killed()
}

func firstDifference(got, want []string) string {
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			return fmt.Sprintf("line %d\n got %v\nwant %v", i, got[min(i, len(got)):min(i+1, len(got))], want[min(i, len(want)):min(i+1, len(want))])
		}
	}
	return "nowhere"
}
