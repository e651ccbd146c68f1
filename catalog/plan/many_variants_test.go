package plan

import (
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// TestAProductOfManyVariantsIsPlannedQuickly: a worker keeps its run for a minute or two at most while it
// plans one batch, so more variants must not take longer each. What counts is the processor's
// time: on a busy machine little work is done between two turns of the scheduler, and much work waits for many.
func TestAProductOfManyVariantsIsPlannedQuickly(t *testing.T) {
	t.Parallel()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const few, many, times = 500, 4000, 8
	// The garbage of one is at times the other's to sweep, so the least of several is what it takes.
	least := func(variants, times int) time.Duration {
		var best time.Duration
		for i := range 3 {
			var took time.Duration
			for range times {
				took += planVariants(t, variants)
			}
			if i == 0 || took < best {
				best = took
			}
		}
		return best
	}
	// As many variants in one product take about as long as in eight, and would take eight times as long if each
	// offer were compared with each variant.
	if small, large := least(few, times), least(many, 1); large > 4*small {
		t.Errorf("planning a product of %d variants took %v, %d of %d each %v", many, large, times, few, small)
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
	began := spent(t)
	d := Decide(r, g, ProductInputs{Link: &Link{}, Shop: &shop})
	took := spent(t) - began
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
