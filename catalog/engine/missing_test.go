package engine_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/plugin"
)

func (w *world) policy(p settings.MissingPolicy) {
	w.t.Helper()
	w.edit(w.conn, func(c *settings.Catalog) { c.Missing = p })
}

// stands tells how a product is sold: "shown", "hidden" or "sold out", or both of the last.
func (w *world) stands(id plugin.ProductID) string {
	w.t.Helper()
	p := w.read(id)
	return map[[2]bool]string{{true, true}: "shown", {false, true}: "hidden", {true, false}: "sold out", {false, false}: "hidden, sold out"}[[2]bool{p.Published, p.Orderable}]
}

// asksByID counts the requests for products by id.
func asksByID(t *testing.T, sim *keycrmtest.Server) (n int) {
	t.Helper()
	for _, r := range sim.Requests() {
		q, err := url.ParseQuery(r.Query)
		must(t, err)
		if r.Path == "/v1/products" && strings.Contains(q.Encode(), "product_id") {
			n++
		}
	}
	return n
}

func TestAChangedPolicyIsAppliedToWhatIsMissingAlready(t *testing.T) {
	t.Parallel()
	sim, ids := few(t, 12)
	shirts := sim.AddProduct(shirt("S", "M", "L", "XL"))
	w := newWorld(t, sim, func(c *settings.Catalog) { c.New, c.Missing = settings.NewPublish, settings.MissingUnavailable })
	w.full()
	gone, sold, own := w.product("SKU-1").ID, w.product("SKU-2").ID, w.product("SKU-3").ID
	w.patch(plugin.ProductPatch{ID: own, Published: ptr(false)})
	for _, i := range []int{1, 2, 3} {
		must(t, sim.ArchiveProduct(ids[i], true))
	}
	medium := w.offers(shirts)[1]
	must(t, sim.EditOffer(medium, func(o *keycrmtest.Offer) { o.Archived = true }))
	if run := w.full(); run.Counters.Unavailable != 3 {
		t.Fatalf("counters %+v", run.Counters)
	}
	w.patch(plugin.ProductPatch{ID: sold, Orderable: ptr(true)})
	w.quiet()
	tee := func() string {
		_, v, _ := w.variantOf("T-M")
		return fmt.Sprint(v.Published, v.Orderable)
	}
	see := func(when, wantGone, wantSold, wantOwn, wantTee string) {
		t.Helper()
		if got := []string{w.stands(gone), w.stands(sold), w.stands(own), tee()}; fmt.Sprint(got) != fmt.Sprint([]string{wantGone, wantSold, wantOwn, wantTee}) {
			t.Errorf("%s they are %q", when, got)
		}
	}
	see("unavailable", "sold out", "shown", "hidden, sold out", "true false")

	w.policy(settings.MissingNothing)
	w.quiet()
	see("with nothing to be done", "sold out", "shown", "hidden, sold out", "true false")

	w.policy(settings.MissingHide)
	w.full()
	see("to be hidden", "hidden", "shown", "hidden", "false true")
	sim.Reset()
	w.quiet()
	if n := asksByID(t, sim); n != 0 {
		t.Errorf("once treated it is asked about %d times", n)
	}

	w.policy(settings.MissingUnavailable)
	w.full()
	see("unavailable again", "sold out", "shown", "hidden, sold out", "true false")
	w.policy(settings.MissingHide)
	w.full()
	see("hidden again", "hidden", "shown", "hidden", "false true")

	// What a person publishes now stays, whatever policy comes.
	_, _, err := w.engine.Publish(t.Context(), w.conn, []plugin.ProductID{gone}, "anna")
	must(t, err)
	w.policy(settings.MissingUnavailable)
	w.full()
	see("after a person has published one", "shown", "shown", "hidden, sold out", "true false")
	// Another absence is another matter.
	for _, i := range []int{1, 2, 3} {
		must(t, sim.ArchiveProduct(ids[i], false))
	}
	must(t, sim.EditOffer(medium, func(o *keycrmtest.Offer) { o.Archived = false }))
	w.full()
	see("back", "shown", "shown", "hidden", "true true")
	must(t, sim.ArchiveProduct(ids[1], true))
	w.full()
	see("gone once more", "sold out", "shown", "hidden", "true true")
}

// Many that are missing already are nothing to ask about again: the merchant has chosen what becomes of
// them.
func TestAChangedPolicyAsksNobody(t *testing.T) {
	t.Parallel()
	sim, ids := few(t, 30)
	w := newWorld(t, sim, func(c *settings.Catalog) { c.New, c.Missing = settings.NewPublish, settings.MissingUnavailable })
	w.full()
	for _, id := range ids[:25] {
		must(t, sim.ArchiveProduct(id, true))
	}
	w.approved(catalog.Full, catalog.GuardMissing)
	w.policy(settings.MissingHide)
	if run := w.full(); run.Counters.Hidden != 25 {
		t.Errorf("counters %+v", run.Counters)
	}
}

// outskirts is a world with 3 products in a chosen category and 120 linked ones outside.
func outskirts(t *testing.T) (w *world, chosen, other int64, outside []int64) {
	t.Helper()
	sim, _ := few(t, 0)
	chosen, other = sim.AddCategory("Вибрана", 0), sim.AddCategory("Інша", 0)
	for i := range 120 {
		outside = append(outside, sim.AddProduct(goods(fmt.Sprintf("Зовні %d", i), fmt.Sprintf("OUT-%d", i), other)))
	}
	for i := range 3 {
		sim.AddProduct(goods(fmt.Sprintf("Усередині %d", i), fmt.Sprintf("IN-%d", i), chosen))
	}
	w = newWorld(t, sim, func(c *settings.Catalog) { c.New, c.Missing = settings.NewPublish, settings.MissingHide })
	w.full()
	w.edit(w.conn, func(c *settings.Catalog) { c.Chosen = []string{code(chosen)} })
	sim.Reset()
	return w, chosen, other, outside
}

func TestWhatLiesOutsideIsNotAskedAboutInEachRun(t *testing.T) {
	t.Parallel()
	w, _, _, outside := outskirts(t)
	for i, want := range []int{3, 0, 0} {
		run := w.full()
		if got := asksByID(t, w.sim); got != want || run.Counters.Missing != 0 {
			t.Errorf("run %d asked %d times about products by id, want %d; %+v", i, got, want, run.Counters)
		}
		w.sim.Reset()
	}
	// Not for ever: what is gone from KeyCRM altogether is found within days.
	must(t, w.sim.DeleteProduct(outside[7]))
	w.full()
	w.clock.Advance(8 * 24 * time.Hour)
	if run := w.full(); asksByID(t, w.sim) != 3 || run.Counters.Hidden != 1 || w.product("OUT-7").Published {
		t.Errorf("after a week %d requests and %+v", asksByID(t, w.sim), run.Counters)
	}
}

// However a product comes back among the chosen ones, from the next run on it counts as one of them: it
// is missing when it is gone, and never while it is not.
func TestWhatComesBackFromOutsideIsFollowedAtOnce(t *testing.T) {
	t.Parallel()
	for name, back := range map[string]func(w *world, chosen, other int64, product int64){
		"moved into the chosen category": func(w *world, chosen, _ int64, product int64) {
			must(w.t, w.sim.EditProduct(product, func(p *keycrmtest.Product) { p.CategoryID = chosen }))
			w.full()
		},
		"archived and back in the chosen category": func(w *world, chosen, _ int64, product int64) {
			must(w.t, w.sim.ArchiveProduct(product, true))
			w.full()
			must(w.t, w.sim.EditProduct(product, func(p *keycrmtest.Product) { p.CategoryID = chosen }))
			must(w.t, w.sim.ArchiveProduct(product, false))
			w.full()
		},
		"the filter is wider": func(w *world, chosen, other int64, _ int64) {
			w.edit(w.conn, func(c *settings.Catalog) { c.Chosen = []string{code(chosen), code(other)} })
		},
		"there is no filter any more": func(w *world, _, _ int64, _ int64) {
			w.edit(w.conn, func(c *settings.Catalog) { c.Chosen = nil })
		},
		"its category lies below the chosen one": func(w *world, chosen, other int64, _ int64) {
			must(w.t, w.sim.EditCategory(other, "Інша", chosen))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, chosen, other, outside := outskirts(t)
			w.full()
			product := outside[5]
			back(w, chosen, other, product)
			if run := w.full(); run.Counters.Missing != 0 || !w.product("OUT-5").Published {
				t.Fatalf("while it is there: %+v", run.Counters)
			}
			must(t, w.sim.ArchiveProduct(product, true))
			if run := w.full(); run.Counters.Hidden != 1 || w.product("OUT-5").Published {
				t.Errorf("once it is gone: %+v", run.Counters)
			}
		})
	}
}

// What was seen outside another filter says nothing under this one.
func TestAWiderFilterAsksAboutWhatIsGone(t *testing.T) {
	t.Parallel()
	w, chosen, other, outside := outskirts(t)
	w.full()
	must(t, w.sim.ArchiveProduct(outside[5], true))
	w.edit(w.conn, func(c *settings.Catalog) { c.Chosen = []string{code(chosen), code(other)} })
	if run := w.full(); run.Counters.Hidden != 1 || w.product("OUT-5").Published {
		t.Errorf("%+v", run.Counters)
	}
}
