package plan

import (
	"maps"
	"slices"
	"testing"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/internal/sliceutil"
	"github.com/keybridge/keybridge/plugin"
)

// TestWhichOfferIsWhichVariant: a wrong pair sells the wrong goods, so what is not certain is not paired.
func TestWhichOfferIsWhichVariant(t *testing.T) {
	t.Parallel()
	size := func(v string) []plugin.Attribute { return []plugin.Attribute{{Name: "Розмір", Value: v}} }
	offer := func(id, sku, barcode string, options ...plugin.Attribute) catalog.Offer {
		return catalog.Offer{ID: id, SKU: sku, Barcode: barcode, Options: options}
	}
	variant := func(id plugin.VariantID, sku, barcode string, options ...plugin.Attribute) plugin.Variant {
		return plugin.Variant{ID: id, SKU: sku, Barcode: barcode, Options: options}
	}
	linked := func(pairs map[string]plugin.VariantID) map[string]VariantLink {
		out := map[string]VariantLink{}
		for o, v := range pairs {
			out[o] = VariantLink{Variant: v}
		}
		return out
	}
	for _, tt := range []struct {
		name     string
		match    settings.MatchKey
		offers   []catalog.Offer
		variants []plugin.Variant
		links    map[string]plugin.VariantID
		want     map[string]plugin.VariantID
		adds     []string
		unclear  []string
	}{
		{
			name: "by SKU", offers: []catalog.Offer{offer("1", "A", ""), offer("2", "B", "")},
			variants: []plugin.Variant{variant("x", "B", ""), variant("y", "A", "")}, want: map[string]plugin.VariantID{"1": "y", "2": "x"},
		},
		{
			name: "spaces around a SKU of the shop do not count", offers: []catalog.Offer{offer("1", "A", ""), offer("2", "B", "")},
			variants: []plugin.Variant{variant("x", " A ", ""), variant("y", "B", "")}, want: map[string]plugin.VariantID{"1": "x", "2": "y"},
		},
		{
			name: "two offers with one SKU claim nobody's variant", offers: []catalog.Offer{offer("1", "A", ""), offer("2", "A", "")},
			variants: []plugin.Variant{variant("x", "A", ""), variant("y", "C", "")}, adds: []string{"1", "2"},
		},
		{
			name: "two variants with one SKU are nobody's", offers: []catalog.Offer{offer("1", "A", ""), offer("2", "B", "")},
			variants: []plugin.Variant{variant("x", "A", ""), variant("y", "A", "")}, adds: []string{"1", "2"},
		},
		{
			name: "what the SKU leaves open the barcode may tell", offers: []catalog.Offer{offer("1", "A", "111"), offer("2", "A", "222")},
			variants: []plugin.Variant{variant("x", "A", "222"), variant("y", "A", "111")}, want: map[string]plugin.VariantID{"1": "y", "2": "x"},
		},
		{
			name: "then the options, in any order and case", offers: []catalog.Offer{offer("1", "", "", size("XL")...), offer("2", "", "", size("s")...)},
			variants: []plugin.Variant{variant("x", "", "", size("S")...), variant("y", "", "", size("xl")...)}, want: map[string]plugin.VariantID{"1": "y", "2": "x"},
		},
		{
			name: "SKU goes before barcode", offers: []catalog.Offer{offer("1", "A", "222"), offer("2", "B", "111")},
			variants: []plugin.Variant{variant("x", "A", "111"), variant("y", "B", "222")}, want: map[string]plugin.VariantID{"1": "x", "2": "y"},
		},
		{
			name: "unless goods are matched by barcode", match: settings.MatchBarcode, offers: []catalog.Offer{offer("1", "A", "222"), offer("2", "B", "111")},
			variants: []plugin.Variant{variant("x", "A", "111"), variant("y", "B", "222")}, want: map[string]plugin.VariantID{"1": "y", "2": "x"},
		},
		{
			name: "a link goes before all", offers: []catalog.Offer{offer("1", "A", ""), offer("2", "B", "")},
			variants: []plugin.Variant{variant("x", "A", ""), variant("y", "B", "")},
			links:    map[string]plugin.VariantID{"1": "y"}, want: map[string]plugin.VariantID{"1": "y"}, adds: []string{"2"},
		},
		{
			name: "a variant of an offer that is gone is nobody else's", offers: []catalog.Offer{offer("1", "A", ""), offer("2", "B", "")},
			variants: []plugin.Variant{variant("x", "A", ""), variant("y", "C", "")},
			links:    map[string]plugin.VariantID{"9": "x"}, adds: []string{"1", "2"},
		},
		{
			name: "the only variant of a product that got variants is the first of them", offers: []catalog.Offer{offer("1", "A-S", "", size("S")...), offer("2", "A-M", "", size("M")...)},
			variants: []plugin.Variant{variant("x", "A", "")}, links: map[string]plugin.VariantID{"9": "x"},
			want: map[string]plugin.VariantID{"1": "x"}, adds: []string{"2"},
		},
		{
			name: "but not one with options", offers: []catalog.Offer{offer("1", "A-S", "", size("S")...), offer("2", "A-M", "", size("M")...)},
			variants: []plugin.Variant{variant("x", "A", "", size("L")...)}, links: map[string]plugin.VariantID{"9": "x"}, adds: []string{"1", "2"},
		},
		{
			name: "the only offer is the only variant, whatever they bear", offers: []catalog.Offer{offer("1", "A", "")},
			variants: []plugin.Variant{variant("x", "Z", "")}, want: map[string]plugin.VariantID{"1": "x"},
		},
		{
			name: "but not an offer with options", offers: []catalog.Offer{offer("1", "A", "", size("S")...)},
			variants: []plugin.Variant{variant("x", "Z", "")}, adds: []string{"1"},
		},
		{
			name: "nor one of two", offers: []catalog.Offer{offer("1", "A", "")},
			variants: []plugin.Variant{variant("x", "Y", ""), variant("y", "Z", "")}, adds: []string{"1"},
		},
		{
			name: "nor one of two of which the other's offer is gone", offers: []catalog.Offer{offer("1", "A", "")},
			variants: []plugin.Variant{variant("x", "Y", ""), variant("y", "Z", "")}, links: map[string]plugin.VariantID{"9": "x"}, adds: []string{"1"},
		},
		{
			name: "nor the only one left of several whose offers are gone", offers: []catalog.Offer{offer("1", "A", "")},
			variants: []plugin.Variant{variant("x", "Z", "")}, links: map[string]plugin.VariantID{"8": "y", "9": "x"}, adds: []string{"1"},
		},
		{
			name: "no offer is no variant", variants: []plugin.Variant{variant("x", "Z", "")}, links: map[string]plugin.VariantID{"9": "x"},
		},
		{
			name: "two offers that are linked to one variant go by what they bear", offers: []catalog.Offer{offer("1", "A", ""), offer("2", "B", "")},
			variants: []plugin.Variant{variant("x", "A", ""), variant("y", "Z", "")}, links: map[string]plugin.VariantID{"1": "x", "2": "x"},
			want: map[string]plugin.VariantID{"1": "x"}, adds: []string{"2"},
		},
		{
			name: "an offer that bears options alone is new beside variants of other options", offers: []catalog.Offer{offer("1", "A", ""), offer("2", "", "", size("L")...)},
			variants: []plugin.Variant{variant("x", "A", ""), variant("y", "Z", "")}, want: map[string]plugin.VariantID{"1": "x"}, adds: []string{"2"},
		},
		{
			name: "so is one that bears a barcode alone", offers: []catalog.Offer{offer("1", "A", ""), offer("2", "", "999")},
			variants: []plugin.Variant{variant("x", "A", ""), variant("y", "Z", "")}, want: map[string]plugin.VariantID{"1": "x"}, adds: []string{"2"},
		},
		{
			name: "an offer that bears nothing could be any of the variants left", offers: []catalog.Offer{offer("1", "A", ""), offer("2", "", "")},
			variants: []plugin.Variant{variant("x", "A", ""), variant("y", "Z", "")}, want: map[string]plugin.VariantID{"1": "x"}, unclear: []string{"2"},
		},
		{
			name: "and is new when none is left", offers: []catalog.Offer{offer("1", "A", ""), offer("2", "", "")},
			variants: []plugin.Variant{variant("x", "A", "")}, want: map[string]plugin.VariantID{"1": "x"}, adds: []string{"2"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := Pair(Rules{Match: tt.match}, tt.offers, plugin.Product{Variants: tt.variants}, linked(tt.links))
			ids := func(list []catalog.Offer) []string {
				return sliceutil.Map(list, func(o catalog.Offer) string { return o.ID })
			}
			if !maps.Equal(got.Pairs, tt.want) || !slices.Equal(ids(got.adds), tt.adds) || !slices.Equal(ids(got.unclear), tt.unclear) {
				t.Errorf("paired %v, new %v, unclear %v; want %v, %v, %v", got.Pairs, ids(got.adds), ids(got.unclear), tt.want, tt.adds, tt.unclear)
			}
		})
	}
}
