package engine_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/plugin"
)

// waiting tells what waits to be published, page by page.
func (w *world) waiting(limit int) (all []catalog.Hidden, names string) {
	w.t.Helper()
	after := ""
	for range 100 {
		list, next, err := w.engine.Hidden(w.t.Context(), w.conn, after, limit)
		must(w.t, err)
		all = append(all, list...)
		if after = next; after == "" {
			break
		}
	}
	var said []string
	for _, h := range all {
		name := h.SKU
		if h.Variant != "" {
			name += " (variant)"
		}
		if h.Missing {
			name += " (missing)"
		}
		said = append(said, name)
	}
	slices.Sort(said)
	return all, strings.Join(said, ", ")
}

func TestWhatWeHidWaitsUntilAPersonPublishesIt(t *testing.T) {
	t.Parallel()
	sim, ids := few(t, 4)
	sizes := keycrmtest.NewProduct{Product: keycrmtest.Product{Name: "Футболка"}}
	for _, size := range []string{"S", "M", "L"} {
		sizes.Offers = append(sizes.Offers, keycrmtest.Offer{
			SKU: "TEE-" + size, Price: decimal.NewFromInt(100), Archived: size == "L",
			Properties: []keycrmtest.Property{{Name: "Розмір", Value: size}},
		})
	}
	tee, _ := sim.Product(sim.AddProduct(sizes))
	large := tee.OfferIDs[2]
	w := newWorld(t, sim, func(c *settings.Catalog) { c.Missing = settings.MissingHide })
	w.full()
	for _, limit := range []int{1, 2, 50} {
		if _, got := w.waiting(limit); got != "SKU-0, SKU-1, SKU-2, SKU-3, TEE-S" {
			t.Errorf("%d at a time wait %s", limit, got)
		}
	}
	if n, err := w.engine.CountHidden(t.Context(), w.conn, 2); n != 2 || err != nil {
		t.Errorf("CountHidden = %d, %v", n, err)
	}
	// One is published in the shop, one here; what was published in the shop is not listed again when
	// the merchant hides it.
	w.patch(plugin.ProductPatch{ID: w.product("SKU-0").ID, Published: ptr(true)})
	done, refused, err := w.engine.Publish(t.Context(), w.conn, []plugin.ProductID{w.product("SKU-1").ID, w.product("TEE-S").ID, "4711"}, "anna")
	if err != nil || done != 2 || len(refused) != 0 || !w.product("SKU-1").Published {
		t.Errorf("Publish = %d, %v, %v", done, refused, err)
	}
	if _, got := w.waiting(50); got != "SKU-2, SKU-3" {
		t.Errorf("still wait %s", got)
	}
	var by []string
	must(t, w.db.SelectContext(t.Context(), &by, `SELECT operator_id || ' ' || action || ' ' || product_id FROM keybridge.catalog_audit ORDER BY id`))
	if !slices.Contains(by, "anna publish "+string(w.product("SKU-1").ID)) || len(by) != 2 {
		t.Errorf("noted: %v", by)
	}
	w.shop.writes.Store(0)
	if w.full(); w.shop.writes.Load() != 0 {
		t.Error("a run after publishing wrote something")
	}
	// What a run hides because the CRM no longer has it waits too, and a variant added hidden.
	must(t, sim.ArchiveProduct(ids[1], true))
	must(t, sim.EditOffer(large, func(o *keycrmtest.Offer) { o.Archived = false }))
	w.full()
	if _, got := w.waiting(50); got != "SKU-1 (missing), SKU-2, SKU-3, TEE-L (variant)" {
		t.Errorf("after the second run wait %s", got)
	}
	// What was created hidden may be gone from the CRM too, and whoever publishes it must know.
	must(t, sim.ArchiveProduct(ids[2], true))
	w.full()
	if _, got := w.waiting(50); got != "SKU-1 (missing), SKU-2 (missing), SKU-3, TEE-L (variant)" {
		t.Errorf("after the third run wait %s", got)
	}
	all, _ := w.waiting(50)
	var products []plugin.ProductID
	for _, h := range all {
		products = append(products, h.Product)
	}
	if done, _, err := w.engine.Publish(t.Context(), w.conn, products, "anna"); done != 4 || err != nil {
		t.Errorf("Publish = %d, %v", done, err)
	}
	for _, v := range w.product("TEE-L").Variants {
		if !v.Published {
			t.Errorf("the variant is %+v", v)
		}
	}
	w.full()
	if !w.product("SKU-1").Published {
		t.Error("what a person has published was hidden again")
	}
	w.patch(plugin.ProductPatch{ID: w.product("SKU-1").ID, Published: ptr(false)})
	if _, got := w.waiting(50); got != "" {
		t.Errorf("at the end wait %s", got)
	}
}

func TestPublishingBearsAnEditAtTheSameMomentAndSaysWhatTheShopRefused(t *testing.T) {
	t.Parallel()
	sim, _ := few(t, 2)
	w := newWorld(t, sim)
	w.full()
	edited, gone := w.product("SKU-0"), w.product("SKU-1")
	first := true
	w.shop.stopAt(func(_ context.Context, call string) {
		if call == "before UpdateProducts" && first {
			first = false
			w.patch(plugin.ProductPatch{ID: edited.ID, Name: ptr("Інша назва")})
			w.deleteProduct(gone.ID)
		}
	})
	done, refused, err := w.engine.Publish(t.Context(), w.conn, []plugin.ProductID{edited.ID, gone.ID}, "anna")
	if err != nil || done != 1 || len(refused) != 1 || refused[0].Product != gone.ID || refused[0].Reason != catalog.ReasonShopGone {
		t.Errorf("Publish = %d, %+v, %v", done, refused, err)
	}
	if p := w.product("SKU-0"); !p.Published || p.Name != "Інша назва" {
		t.Errorf("the edited product is %+v", p)
	}
}
