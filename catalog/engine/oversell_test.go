package engine_test

import (
	"context"
	"maps"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/demoshop"
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
			w.shop.stopAt(func(_ context.Context, call string) {
				if call != "before UpdateProducts" {
					return
				}
				w.shop.stopAt(nil)
				units[variant] = decimal.NewFromInt(3)
				w.sell(variant, 3)
			})
			run := w.finish(w.begin(kind))
			got := w.product("SKU-0").Variants[0]
			if run.State != catalog.Done || got.Stock.String() != "1" || !got.Price.Equal(plugin.NewMoney("260", "UAH")) {
				t.Errorf("the run ended %s; stock %s at %v, want 4 - 3 at 260 UAH", run.State, got.Stock, got.Price)
			}
		})
	}
}

// TestABuyerBetweenTwoLooksIsNotWrittenOver: somebody buys after the engine has asked for the units
// the CRM does not know of and before it reads the product, in each kind of run.
func TestABuyerBetweenTwoLooksIsNotWrittenOver(t *testing.T) {
	t.Parallel()
	for _, kind := range []catalog.Kind{catalog.Full, catalog.Prices} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			sim, ids := few(t, 3)
			w := newWorld(t, sim)
			w.full()
			variant := w.product("SKU-0").Variants[0].ID
			units := map[plugin.VariantID]decimal.Decimal{}
			w.unsent = func(context.Context, plugin.ConnectionID, []plugin.VariantID, time.Time) (map[plugin.VariantID]decimal.Decimal, error) {
				answer := maps.Clone(units)
				if len(units) == 0 {
					units[variant] = decimal.NewFromInt(3)
					w.sell(variant, 3)
				}
				return answer, nil
			}
			w.engine = w.newEngine()
			eachOffer(t, sim, ids[:1], func(o int64) { must(t, sim.SetPrice(o, decimal.NewFromInt(260))) })
			run := w.finish(w.begin(kind))
			if got := w.product("SKU-0").Variants[0]; run.State != catalog.Done || got.Stock.String() != "1" {
				t.Errorf("the run ended %s; stock %s, want 4 - 3", run.State, got.Stock)
			}
		})
	}
}

// TestUnitsOfAProductFoundByKeyAreTakenOff: the product had orders before it was joined.
func TestUnitsOfAProductFoundByKeyAreTakenOff(t *testing.T) {
	t.Parallel()
	sim, _ := few(t, 1)
	w := newWorld(t, sim)
	res, err := w.shop.Shop.Catalog().CreateProducts(t.Context(), plugin.Origin{}, []plugin.NewProduct{{
		Lang: demoshop.Locale, Name: "Давно тут", Variants: []plugin.NewVariant{{SKU: "SKU-0", Stock: ptr(decimal.NewFromInt(1))}},
	}})
	must(t, err)
	made := w.read(res[0].ID)
	w.unsent = unsentOf(map[plugin.VariantID]decimal.Decimal{made.Variants[0].ID: decimal.NewFromInt(3)})
	w.engine = w.newEngine()
	run := w.begin(catalog.Full)
	if w.finish(run).State == catalog.Approval {
		must(t, w.engine.Approve(t.Context(), run, "1"))
		w.finish(run)
	}
	if got := w.read(made.ID).Variants[0]; got.Stock.String() != "1" {
		t.Errorf("stock %s, want 4 - 3", got.Stock)
	}
}
