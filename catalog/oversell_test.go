package catalog_test

import (
	"context"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/plugin"
)

// TestACheckoutDuringARunIsNotWrittenOver: somebody buys between plan and write, in each kind of run.
func TestACheckoutDuringARunIsNotWrittenOver(t *testing.T) {
	t.Parallel()
	for _, kind := range []catalog.Kind{catalog.Full, catalog.Prices} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			sim, ids := few(t, 3)
			w := newWorld(t, sim)
			w.full()
			variant := w.product("SKU-0").Variants[0].ID
			units := map[plugin.VariantID]decimal.Decimal{}
			w.unsent = unsentOf(units)
			w.engine = w.newEngine()
			eachOffer(t, sim, ids[:1], func(o int64) { must(t, sim.SetPrice(o, decimal.NewFromInt(260))) })
			w.shop.stopAt(func(call string) {
				if call != "before UpdateProducts" {
					return
				}
				w.shop.stopAt(nil)
				units[variant] = decimal.NewFromInt(3)
				// As the checkout does, in the shop's own transaction.
				_, err := w.db.ExecContext(context.WithoutCancel(t.Context()), `WITH v AS (
						UPDATE demoshop.variants SET stock = stock - 3 WHERE id = $1::bigint RETURNING product_id)
					UPDATE demoshop.products p SET version = version + 1 FROM v WHERE p.id = v.product_id`, variant)
				must(t, err)
			})
			run := w.finish(w.begin(kind))
			got := w.product("SKU-0").Variants[0]
			if run.State != catalog.Done || got.Stock.String() != "1" || !got.Price.Equal(plugin.NewMoney("260", "UAH")) {
				t.Errorf("the run ended %s; stock %s at %v, want 4 - 3 at 260 UAH", run.State, got.Stock, got.Price)
			}
		})
	}
}
