package engine_test

import (
	"bytes"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/engine"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/plugin"
)

// variants counts those the shop keeps.
func (w *world) variants() (n int) {
	w.t.Helper()
	must(w.t, w.db.GetContext(w.t.Context(), &n, `SELECT count(*) FROM demoshop.variants`))
	return n
}

// TestAProductWithoutVariantsStopsTheRunBeforeItWrites: taken at its word, the shop would get all its
// variants once more with each run.
func TestAProductWithoutVariantsStopsTheRunBeforeItWrites(t *testing.T) {
	t.Parallel()
	for _, kind := range []catalog.Kind{catalog.Full, catalog.Prices} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			sim := small(t)
			w := newWorld(t, sim, func(c *settings.Catalog) { c.New = settings.NewPublish })
			w.full()
			w.prices()
			before, variants := w.snapshot(), w.variants()
			for _, id := range sim.OfferIDs() { // something to write for each
				must(t, sim.SetStock(id, keycrmtest.WarehouseKyiv, decimal.NewFromInt(77)))
			}
			var log bytes.Buffer
			w.log = slog.NewTextHandler(&log, nil)
			w.engine = w.newEngine()
			w.shop.products = func(list []plugin.Product) {
				for i := range list {
					list[i].Variants = nil
				}
			}
			w.shop.writes.Store(0)
			for range 3 {
				run := w.finish(w.begin(kind))
				if run.State != catalog.Failed || run.Code != catalog.CodeNoVariants || run.Params["product"] == "" {
					t.Fatalf("the run ended %s: %s %v", run.State, run.Code, run.Params)
				}
			}
			const rule = "Variants are never empty: a product without variants has exactly one, with no options."
			if n := strings.Count(log.String(), rule); n != 3 {
				t.Errorf("the rule stands %d times in the log of three runs:\n%s", n, log.String())
			}
			if got := w.variants(); got != variants || w.shop.writes.Load() != 0 || !slices.Equal(w.snapshot(), before) {
				t.Errorf("%d variants after %d writes, want %d after none", got, w.shop.writes.Load(), variants)
			}
			w.shop.products = nil
			if run := w.finish(w.begin(kind)); run.State != catalog.Done || w.variants() != variants {
				t.Errorf("once mended, the run ended %s with %d variants, want %d", run.State, w.variants(), variants)
			}
		})
	}
}

// TestAnswersThatBreakTheContractStopTheRunAndMakeNothingTwice: what was made before the run stopped is
// found by the next one, whatever the shop answered.
func TestAnswersThatBreakTheContractStopTheRunAndMakeNothingTwice(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		results func([]plugin.ProductResult) []plugin.ProductResult
		want    catalog.Code
	}{
		{"no ids of the variants made", eachAdded(func([]plugin.VariantID) []plugin.VariantID { return nil }), catalog.CodeAddedIDs},
		{"one id too many", eachAdded(func(ids []plugin.VariantID) []plugin.VariantID {
			if len(ids) == 0 {
				return nil
			}
			return append(ids, "more")
		}), catalog.CodeAddedIDs},
		{"an id that is empty", eachAdded(func(ids []plugin.VariantID) []plugin.VariantID {
			return slices.Repeat([]plugin.VariantID{""}, len(ids))
		}), catalog.CodeAddedIDs},
		{"an answer too few", func(list []plugin.ProductResult) []plugin.ProductResult { return list[1:] }, catalog.CodeBatchLength},
		{"an answer too many", func(list []plugin.ProductResult) []plugin.ProductResult { return append(list, list[0]) }, catalog.CodeBatchLength},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sim, _ := few(t, 50)
			sized := goods("Футболка", "TEE-S", 0)
			sized.Offers = append(sized.Offers, keycrmtest.Offer{SKU: "TEE-L", Price: decimal.NewFromInt(250), Archived: true})
			for i, size := range []string{"S", "L"} {
				sized.Offers[i].Properties = []keycrmtest.Property{{Name: "Розмір", Value: size}}
			}
			tee, _ := sim.Product(sim.AddProduct(sized))
			w := newWorld(t, sim, func(c *settings.Catalog) { c.New = settings.NewPublish })
			w.config = engine.Config{WriteBatch: 20}
			w.engine = w.newEngine()
			broken := func(times int) {
				t.Helper()
				w.shop.results = tt.results
				for range times {
					if run := w.finish(w.begin(catalog.Full)); run.State != catalog.Failed || run.Code != tt.want {
						t.Fatalf("the run ended %s: %s %v", run.State, run.Code, run.Params)
					}
				}
				w.shop.results = nil
			}
			broken(3) // while products are made
			w.full()
			if got := w.variants(); got != 51 {
				t.Errorf("the shop has %d variants, want 51", got)
			}
			must(t, sim.EditOffer(tee.OfferIDs[1], func(o *keycrmtest.Offer) { o.Archived = false }))
			broken(1) // while a variant is added
			w.full()
			if got := w.variants(); got != 52 {
				t.Errorf("with one variant more the shop has %d, want 52", got)
			}
			if p, v, ok := w.variantOf("TEE-L"); !ok || len(p.Variants) != 2 || !v.Price.Equal(plugin.NewMoney("250", "UAH")) {
				t.Errorf("the new variant is %+v of %+v", v, p)
			}
		})
	}
}

// eachAdded changes the ids of variants just made.
func eachAdded(f func([]plugin.VariantID) []plugin.VariantID) func([]plugin.ProductResult) []plugin.ProductResult {
	return func(list []plugin.ProductResult) []plugin.ProductResult {
		for i := range list {
			if list[i].Err == nil {
				list[i].Added = f(list[i].Added)
			}
		}
		return list
	}
}

// TestRulesAreTheContractsOwnWords: what a stopped run says stands in the contract.
func TestRulesAreTheContractsOwnWords(t *testing.T) {
	t.Parallel()
	var contract strings.Builder
	for _, file := range []string{"../../plugin/product.go", "../../plugin/catalog.go"} {
		raw, err := os.ReadFile(file)
		must(t, err)
		contract.Write(raw)
	}
	text := strings.Join(strings.Fields(strings.ReplaceAll(contract.String(), "//", "")), " ")
	for _, rule := range engine.Rules() {
		if !strings.Contains(text, rule) {
			t.Errorf("the contract does not say %q", rule)
		}
	}
}
