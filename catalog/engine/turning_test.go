package engine_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/demoshop"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

// manyEach makes the world's shop one whose products have variants.
func (w *world) manyEach() *world {
	w.t.Helper()
	host, err := demoshop.Open(w.t.Context(), demoshop.Config{
		DB: w.db, Clock: w.clock, PublicURL: &url.URL{Scheme: "http", Host: "127.0.0.1:1"},
	})
	must(w.t, err)
	w.t.Cleanup(func() { must(w.t, host.Close()) })
	w.shop.Shop, err = host.Shop(w.t.Context(), demoshop.ShopID)
	must(w.t, err)
	return w
}

// forSale tells how often each SKU can be bought.
func (w *world) forSale() string {
	w.t.Helper()
	var rows []string
	must(w.t, w.db.SelectContext(w.t.Context(), &rows, `SELECT v.sku || ' ' || count(*) FROM demoshop.variants v
		JOIN demoshop.products p ON p.id = v.product_id
		WHERE v.sku LIKE 'T-%' AND p.published AND p.orderable AND v.published AND v.orderable GROUP BY v.sku ORDER BY v.sku`))
	return strings.Join(rows, ", ")
}

func (w *world) exec(q string, args ...any) {
	w.t.Helper()
	_, err := w.db.ExecContext(w.t.Context(), q, args...)
	must(w.t, err)
}

// A shop that begins to keep each variant as a product, or ends it, between two runs.
func TestAShopThatTurnsToVariantsAsProductsOrBack(t *testing.T) {
	t.Parallel()
	for key, policies := range map[settings.MatchKey][]settings.MissingPolicy{
		settings.MatchSKU: {settings.MissingNothing, settings.MissingHide}, settings.MatchExternalID: {settings.MissingNothing},
	} {
		for _, missing := range policies {
			matched := func(c *settings.Catalog) { c.Match, c.Missing = key, missing }
			name := fmt.Sprint(key, " ", missing)
			t.Run("to products, "+name, func(t *testing.T) {
				t.Parallel()
				w, _, shirts := wardrobe(t, matched)
				w.manyEach().full()
				goesOn(w.oneEach(), shirts)
				// A new size finds no place in a product that is no longer of this shop's kind.
				w.addOffers([]int64{shirts}, 1)
				run := w.full()
				if got := w.items(run.ID); len(got) != 1 || got[0].Reason != catalog.ReasonVariantsUnknown || w.productCount() != 5 {
					t.Errorf("a new size was listed as %+v, %d products", got, w.productCount())
				}
			})
			t.Run("to products and taken apart, "+name, func(t *testing.T) {
				t.Parallel()
				w, _, _ := wardrobe(t, matched)
				w.manyEach().full()
				tee := w.product("T-M")
				w.oneEach().exec(`DELETE FROM demoshop.variants WHERE product_id = $1::bigint AND sku <> 'T-M'`, tee.ID)
				w.exec(`UPDATE demoshop.products SET version = version + 1 WHERE id = $1::bigint`, tee.ID)
				w.approvedIfAsked()
				if got := w.forSale(); got != "T-L 1, T-M 1, T-S 1" || w.productCount() != 7 || w.product("T-M").ID != tee.ID {
					t.Errorf("for sale are %s in %d products", got, w.productCount())
				}
				w.quiet()
			})
			t.Run("to products and deleted, "+name, func(t *testing.T) {
				t.Parallel()
				w, _, _ := wardrobe(t, matched)
				w.manyEach().full()
				w.deleteProduct(w.product("T-M").ID)
				w.oneEach().approvedIfAsked()
				if got := w.forSale(); got != "T-L 1, T-M 1, T-S 1" || w.productCount() != 7 {
					t.Errorf("for sale are %s in %d products", got, w.productCount())
				}
				w.quiet()
			})
			t.Run("to variants, "+name, func(t *testing.T) {
				t.Parallel()
				w, _, shirts := wardrobe(t, matched)
				w.full()
				goesOn(w.manyEach(), shirts)
				// A new size joins its sisters as one of them.
				w.addOffers([]int64{shirts}, 1)
				if w.full(); w.productCount() != 8 {
					t.Errorf("%d products", w.productCount())
				}
				w.quiet()
			})
			t.Run("to variants and made one, "+name, func(t *testing.T) {
				t.Parallel()
				w, _, _ := wardrobe(t, matched)
				w.full()
				s, m, l := w.product("T-S"), w.product("T-M"), w.product("T-L")
				w.manyEach().exec(`UPDATE demoshop.variants SET product_id = $1::bigint WHERE product_id IN ($2::bigint, $3::bigint)`, m.ID, s.ID, l.ID)
				w.exec(`UPDATE demoshop.products SET version = version + 1 WHERE id = $1::bigint`, m.ID)
				w.deleteProduct(s.ID)
				w.deleteProduct(l.ID)
				w.approvedIfAsked()
				if got := w.forSale(); got != "T-L 1, T-M 1, T-S 1" || w.productCount() != 5 {
					t.Errorf("for sale are %s in %d products", got, w.productCount())
				}
				w.quiet()
			})
		}
	}
}

// goesOn checks that a shop of another kind than before goes on as it was.
func goesOn(w *world, shirts int64) {
	w.t.Helper()
	before := w.productCount()
	run := w.full()
	if got := w.forSale(); got != "T-L 1, T-M 1, T-S 1" || w.productCount() != before || run.Counters.Errors+run.Counters.Conflicts != 0 {
		w.t.Errorf("for sale are %s in %d products of %d: %+v %v", got, w.productCount(), before, run.Counters, w.items(run.ID))
	}
	w.quiet()
	offers := w.offers(shirts)
	must(w.t, w.sim.SetPrice(offers[0], decimal.NewFromInt(120)))
	must(w.t, w.sim.EditProduct(shirts, func(p *keycrmtest.Product) { p.UnitType = "м" }))
	w.full()
	must(w.t, w.sim.SetPrice(offers[1], decimal.NewFromInt(130)))
	w.prices()
	var prices []string
	must(w.t, w.db.SelectContext(w.t.Context(), &prices, `SELECT sku || ' ' || price::bigint FROM demoshop.variants WHERE sku LIKE 'T-%' ORDER BY sku`))
	if !slices.Equal(prices, []string{"T-L 100", "T-M 130", "T-S 120"}) {
		w.t.Errorf("prices are %v", prices)
	}
	w.full()
	w.quiet()
}
