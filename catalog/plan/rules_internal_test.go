package plan

import (
	"testing"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

func TestWhatAShopCan(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		caps plugin.Capabilities
		want abilities
	}{
		{"nothing", nil, abilities{}},
		{"each variant is a product", plugin.Capabilities{plugin.CapVariantsAsProducts}, abilities{AsProducts: true}},
		{"variants go before that", plugin.Capabilities{plugin.CapVariantsAsProducts, plugin.CapVariants}, abilities{Variants: true}},
		{"variants", plugin.Capabilities{plugin.CapVariants}, abilities{Variants: true}},
		{
			"the others",
			plugin.Capabilities{plugin.CapCategories, plugin.CapStock, plugin.CapImages, plugin.CapAttributes},
			abilities{Categories: true, Stock: true, Images: true, Attributes: true},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := NewRules(settings.Catalog{}, "uk", "UAH", tt.caps).Can; got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

// TestWhenTheDefaultCategoryCounts: only while the shop's tree is not brought from the CRM.
func TestWhenTheDefaultCategoryCounts(t *testing.T) {
	t.Parallel()
	tree := plugin.Capabilities{plugin.CapCategories}
	for _, tt := range []struct {
		name   string
		wanted bool
		caps   plugin.Capabilities
		want   plugin.CategoryID
	}{
		{"the tree is brought", true, tree, ""},
		{"it is not wanted", false, tree, "9"},
		{"the shop cannot take it", true, nil, "9"},
		{"neither", false, nil, "9"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := NewRules(settings.Catalog{Categories: tt.wanted, DefaultCategory: "9"}, "uk", "UAH", tt.caps).Default; got != tt.want {
				t.Errorf("default %q, want %q", got, tt.want)
			}
		})
	}
}
