package engine_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

// dump answers every row of every table, ours and the shop's, but those of runs, of what they stage and of
// their plans.
func (w *world) dump() []string {
	w.t.Helper()
	var tables []string
	must(w.t, w.db.SelectContext(w.t.Context(), &tables, `SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
		WHERE schemaname IN ('keybridge', 'demoshop')
			AND NOT (schemaname = 'keybridge' AND (tablename = 'run' OR tablename ~ '^(run|stage)_')) ORDER BY 1`))
	if len(tables) < 15 {
		w.t.Fatalf("only %v are compared", tables)
	}
	var out []string
	for _, table := range tables {
		var rows []string
		must(w.t, w.db.SelectContext(w.t.Context(), &rows, `SELECT to_jsonb(x)::text FROM `+table+` x ORDER BY 1`))
		for _, r := range rows {
			out = append(out, table+" "+r)
		}
	}
	return out
}

// preview makes a preview and fails unless it leaves everything as it was.
func (w *world) preview(ask func() (int64, error)) catalog.Run {
	w.t.Helper()
	before := w.dump()
	id, err := ask()
	must(w.t, err)
	run := w.finish(id)
	if run.State != catalog.Approval {
		w.t.Fatalf("the preview ended %s in %s: %s %v", run.State, run.Phase, run.Code, run.Params)
	}
	if after := w.dump(); !slices.Equal(after, before) {
		w.t.Errorf("a preview has changed something: %s", firstDifference(after, before))
	}
	return run
}

// planned tells what a run means to write, written what one has written.
func (w *world) planned(id int64) (out []string) {
	w.t.Helper()
	plan, err := w.engine.Plan(w.t.Context(), id, "", 10_000)
	must(w.t, err)
	for _, p := range plan {
		for _, c := range p.Changes {
			out = append(out, fmt.Sprintln(p.CRMID, c.Field, c.Old, "to", c.New))
		}
	}
	slices.Sort(out)
	return out
}

func (w *world) written(id int64) (out []string) {
	w.t.Helper()
	for _, c := range w.changes(id) {
		out = append(out, fmt.Sprintln(c.CRMID, c.Field, c.Old, "to", c.New))
	}
	slices.Sort(out)
	return out
}

// eventful is a world after a day of which nothing was synchronised yet: products deleted in the shop, in
// the CRM and archived, new ones, one whose creation was cut short, products that got and lost variants, other prices
// and currencies, a filter, and warehouses one of which does not exist.
func eventful(t *testing.T, prepare func(*world)) *world {
	t.Helper()
	sim, _ := few(t, 0)
	chosen := sim.AddCategory("Вибрана", 0)
	var ids []int64
	for i := range 40 {
		ids = append(ids, sim.AddProduct(goods(fmt.Sprintf("Товар %d", i), fmt.Sprintf("SKU-%d", i), chosen)))
	}
	shirts := shirt("S", "M", "L")
	shirts.CategoryID = chosen
	tee := sim.AddProduct(shirts)
	sim.AddProduct(goods("Деінде", "OUT", sim.AddCategory("Інша", 0)))
	w := newWorld(t, sim, func(c *settings.Catalog) { c.New, c.Missing = settings.NewPublish, settings.MissingHide })
	prepare(w)
	w.full()
	w.prices()

	// A run that was cut short amid a creation, and was then stopped.
	cut := sim.AddProduct(goods("Обірваний", "CUT", chosen))
	w.shop.stopAt(func(ctx context.Context, call string) {
		if call == "after CreateProducts" {
			kill(ctx)
		}
	})
	id := w.begin(catalog.Full)
	for w.survives(id) {
	}
	w.shop.stopAt(nil)
	must(t, w.engine.Cancel(t.Context(), id))
	w.clock.Advance(time.Minute)
	if w.openIntents() != 1 {
		t.Fatal("no creation was cut short")
	}
	must(t, sim.EditProduct(cut, func(p *keycrmtest.Product) { p.Name = "Обірваний, перейменований" }))

	w.deleteProduct(w.product("SKU-1").ID)
	w.deleteProduct(w.product("SKU-2").ID)
	must(t, sim.ArchiveProduct(ids[3], true))
	must(t, sim.DeleteProduct(ids[4]))
	must(t, sim.EditProduct(ids[5], func(p *keycrmtest.Product) { p.Name = "Інша назва" }))
	sim.AddProduct(goods("Новий", "NEW", chosen))
	must(t, sim.SetPrice(w.offers(ids[6])[0], decimal.NewFromInt(260)))
	// One gets variants, one loses all but one, which has no properties any more.
	extra := shirt("36", "37")
	extra.CategoryID = chosen
	other := sim.AddProduct(extra)
	sizes := w.offers(other)
	for _, o := range sizes {
		must(t, sim.EditOffer(o, func(o *keycrmtest.Offer) { o.ProductID = ids[7] }))
	}
	must(t, sim.EditOffer(w.offers(ids[7])[0], func(o *keycrmtest.Offer) { o.Deleted = true }))
	must(t, sim.EditProduct(other, func(p *keycrmtest.Product) { p.OfferIDs, p.Deleted = nil, true }))
	must(t, sim.EditProduct(ids[7], func(p *keycrmtest.Product) { p.OfferIDs = sizes }))
	left := w.offers(tee)
	must(t, sim.EditOffer(left[1], func(o *keycrmtest.Offer) { o.Properties = nil }))
	for _, o := range []int64{left[0], left[2]} {
		must(t, sim.EditOffer(o, func(o *keycrmtest.Offer) { o.Deleted = true }))
	}
	must(t, sim.EditProduct(tee, func(p *keycrmtest.Product) { p.OfferIDs = left[1:2] }))
	w.edit(w.conn, func(c *settings.Catalog) {
		c.Chosen, c.Warehouses = []string{code(chosen)}, []string{code(keycrmtest.WarehouseKyiv), "4711"}
	})
	return w
}

// kindsOfShops are those whose links are kept in other ways.
func kindsOfShops() map[string]func(*world) {
	return map[string]func(*world){
		"with variants":        func(*world) {},
		"variants as products": func(w *world) { w.oneEach() },
	}
}

func TestAPreviewChangesNothingAndShowsWhatARunWrites(t *testing.T) {
	t.Parallel()
	for name, prepare := range kindsOfShops() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := eventful(t, prepare)
			run := w.preview(func() (int64, error) { return w.engine.Preview(t.Context(), w.conn, catalog.Full, "1") })
			want := w.planned(run.ID)
			w.preview(func() (int64, error) { return w.engine.Rematch(t.Context(), w.conn, "1") })
			made := w.approvedIfAsked()
			if got := w.written(made.ID); !slices.Equal(got, want) || len(got) < 10 {
				t.Errorf("the run did not write what the preview had shown: %s", firstDifference(got, want))
			}
			if fmt.Sprint(made.Guards) != fmt.Sprint(run.Guards) {
				t.Errorf("the run has asked about %v, the preview about %v", made.Guards, run.Guards)
			}
			w.quiet()
		})
	}
}

// An approved preview ends in the same shop, with the same links, as a run.
func TestAnApprovedPreviewDoesWhatARunDoes(t *testing.T) {
	t.Parallel()
	for name, prepare := range kindsOfShops() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			straight, shown := eventful(t, prepare), eventful(t, prepare)
			straight.approvedIfAsked()
			id, err := shown.engine.Preview(t.Context(), shown.conn, catalog.Full, "1")
			must(t, err)
			shown.finish(id)
			must(t, shown.engine.Approve(t.Context(), id, "1"))
			if run := shown.finish(id); run.State != catalog.Done || run.Counters.Conflicts+run.Counters.Errors != 0 {
				t.Errorf("the approved preview ended %s with %+v: %v", run.State, run.Counters, shown.items(id))
			}
			if got, want := shown.snapshot(), straight.snapshot(); !slices.Equal(got, want) {
				t.Errorf("the shops differ: %s", firstDifference(got, want))
			}
			if n := shown.openIntents() + shown.staged(); n != 0 {
				t.Errorf("%d rows are left behind", n)
			}
			shown.quiet()
		})
	}
}

func TestAPreviewOfPricesChangesNothing(t *testing.T) {
	t.Parallel()
	for name, prepare := range kindsOfShops() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := eventful(t, prepare)
			ids := w.sim.ProductIDs()
			for _, id := range ids {
				must(t, w.sim.EditProduct(id, func(p *keycrmtest.Product) { p.CurrencyCode = "EUR" }))
			}
			run := w.preview(func() (int64, error) { return w.engine.Preview(t.Context(), w.conn, catalog.Prices, "1") })
			for _, line := range w.planned(run.ID) {
				if strings.Contains(line, string(catalog.FieldPrice)) {
					t.Errorf("a price in another currency is planned: %s", line)
				}
			}
			want := w.planned(run.ID)
			made := w.prices()
			if got := w.written(made.ID); !slices.Equal(got, want) {
				t.Errorf("the run did not write what the preview had shown: %s", firstDifference(got, want))
			}
		})
	}
}
