package plan

import (
	"strconv"
	"testing"
	"time"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// TestAProductOfManyVariantsIsPlannedQuickly: a worker keeps its run for a minute or two at most while it
// plans one batch, so ten times the variants must take about ten times as long. The machine may be busy;
// it is so for few variants and for many.
func TestAProductOfManyVariantsIsPlannedQuickly(t *testing.T) {
	t.Parallel()
	// A machine that is busy with other things only ever adds, so the least of several is what it takes.
	least := func(variants int) time.Duration {
		took := planVariants(t, variants)
		for range 4 {
			took = min(took, planVariants(t, variants))
		}
		return took
	}
	const few, many = 1000, 10_000
	// Ten times as many take ten times as long, and would take a hundred times if each offer were compared
	// with each variant.
	if small, large := least(few), least(many); large > 40*small {
		t.Errorf("planning %d variants took %v, %d of them %v", many, large, few, small)
	}
}

// planVariants plans a product whose variants are found by their options, and answers how long that took.
func planVariants(t *testing.T, many int) time.Duration {
	t.Helper()
	g := CRMProduct{Product: catalog.Product{ID: "1", Name: "Намисто", Currency: "UAH"}}
	shop := plugin.Product{ID: "p", Name: "Намисто"}
	for i := range many {
		options := []plugin.Attribute{{Name: "Колір", Value: strconv.Itoa(i % 100)}, {Name: "Розмір", Value: strconv.Itoa(i / 100)}}
		g.Offers = append(g.Offers, catalog.Offer{ID: strconv.Itoa(i), SKU: "crm-" + strconv.Itoa(i), Options: options})
		shop.Variants = append(shop.Variants, plugin.Variant{ID: plugin.VariantID(strconv.Itoa(many - i)), SKU: "shop-" + strconv.Itoa(i), Options: options})
	}
	r := NewRules(settings.Default().Catalog, "uk", "UAH", plugin.Capabilities{plugin.CapVariants, plugin.CapStock})
	began := time.Now()
	d := Decide(r, g, ProductInputs{Link: &Link{}, Shop: &shop})
	took := time.Since(began)
	if len(d.Pairs) != many {
		t.Fatalf("%d of %d offers were paired by their options", len(d.Pairs), many)
	}
	for offer, variant := range d.Pairs {
		if i, _ := strconv.Atoi(offer); string(variant) != strconv.Itoa(many-i) {
			t.Fatalf("offer %s is joined to %s", offer, variant)
		}
	}
	return took
}
