package catalog

import (
	"strconv"
	"testing"
	"time"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// A worker keeps its run for a minute or two at most while it plans one batch.
func TestAProductOfManyVariantsIsPlannedQuickly(t *testing.T) {
	t.Parallel()
	const many = 10_000
	g := goods{Product: Product{ID: "1", Name: "Намисто", Currency: "UAH"}}
	shop := plugin.Product{ID: "p", Name: "Намисто"}
	for i := range many {
		options := []plugin.Attribute{{Name: "Колір", Value: strconv.Itoa(i % 100)}, {Name: "Розмір", Value: strconv.Itoa(i / 100)}}
		g.Offers = append(g.Offers, Offer{ID: strconv.Itoa(i), SKU: "crm-" + strconv.Itoa(i), Options: options})
		shop.Variants = append(shop.Variants, plugin.Variant{ID: plugin.VariantID(strconv.Itoa(many - i)), SKU: "shop-" + strconv.Itoa(i), Options: options})
	}
	r := newRules(settings.Default().Catalog, "uk", "UAH", plugin.Capabilities{plugin.CapVariants, plugin.CapStock})
	began := time.Now()
	d := decide(r, g, facts{Link: &link{}, Shop: &shop})
	if len(d.Pairs) != many {
		t.Fatalf("%d of %d offers were paired by their options", len(d.Pairs), many)
	}
	for offer, variant := range d.Pairs {
		if i, _ := strconv.Atoi(offer); string(variant) != strconv.Itoa(many-i) {
			t.Fatalf("offer %s is joined to %s", offer, variant)
		}
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("planning took %v", took)
	}
}
