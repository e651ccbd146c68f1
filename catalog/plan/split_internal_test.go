package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/plugin"
)

// told renders what becomes of a product, a fact a line.
func (s *Splitting) told() string {
	var lines []string
	for _, r := range s.Rows {
		lines = append(lines, fmt.Sprintf("%s %s", r.ID, r.Presence))
	}
	for _, id := range slices.Sorted(maps.Keys(s.Parents)) {
		lines = append(lines, fmt.Sprintf("%s becomes %s", id, s.Parents[id]))
	}
	for _, key := range slices.Sorted(maps.Keys(s.Keys)) {
		lines = append(lines, fmt.Sprintf("link %s moves to %s", key, s.Keys[key]))
	}
	return strings.Join(lines, "; ")
}

func TestProductsAreSplitIntoTheirOffers(t *testing.T) {
	t.Parallel()
	link := func(key string, offers ...string) LinkOfKey { return LinkOfKey{Key: key, Offers: offers} }
	for _, tt := range []struct {
		name     string
		presence Presence
		several  bool
		offers   []string
		links    []LinkOfKey
		want     string
	}{
		{"without variants", Live, false, []string{"50"}, nil, ""},
		{"without variants, linked", Live, false, []string{"50"}, []LinkOfKey{link("5", "50")}, ""},
		{"with variants", Live, true, []string{"51", "52"}, nil, "5/51 live; 5/52 live; 5 becomes outside"},
		{"with one variant", Live, true, []string{"51"}, nil, "5/51 live; 5 becomes outside"},
		{"two offers, though it is said to have no variants", Live, false, []string{"51", "52"}, nil, "5/51 live; 5/52 live; 5 becomes outside"},
		{"with no offer left", Live, true, nil, nil, ""},
		{"an offer gone", Live, true, []string{"51"}, []LinkOfKey{link("5/51", "51"), link("5/52", "52")}, "5/51 live; 5/52 absent; 5 becomes outside"},
		{"all offers gone", Live, true, nil, []LinkOfKey{link("5/51", "51")}, "5/51 absent; 5 becomes outside"},
		{"archived", Archived, true, []string{}, []LinkOfKey{link("5/51", "51")}, "5/51 absent"},
		{"deleted, without variants", Absent, false, nil, []LinkOfKey{link("5", "50")}, ""},
		{"has got variants, the first new", Live, true, []string{"51", "52"}, []LinkOfKey{link("5", "50")}, "5/51 live; 5/52 live; 5 becomes outside; link 5 moves to 5/51"},
		{"has got variants beside its offer", Live, true, []string{"49", "50"}, []LinkOfKey{link("5", "50")}, "5/49 live; 5/50 live; 5 becomes outside; link 5 moves to 5/50"},
		{"has got variants that are all linked", Live, true, []string{"51"}, []LinkOfKey{link("5", "50"), link("5/51", "51")}, "5/51 live; 5 becomes absent"},
		{"has lost its variants", Live, false, []string{"52"}, []LinkOfKey{link("5/51", "51"), link("5/52", "52")}, "5/51 absent; link 5/52 moves to 5"},
		{"has lost its variants for a new offer", Live, false, []string{"53"}, []LinkOfKey{link("5/51", "51"), link("5/52", "52")}, "5/52 absent; link 5/51 moves to 5"},
		{"has lost its variants long ago", Live, false, []string{"53"}, []LinkOfKey{link("5", "53"), link("5/52", "52")}, "5/52 absent"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := CRMProduct{Product: catalog.Product{ID: "5", Name: "Футболка", Several: tt.several}}
			for _, id := range tt.offers {
				g.Offers = append(g.Offers, catalog.Offer{ID: id, ProductID: "5"})
			}
			s := Splitting{Parents: map[string]Presence{}, Keys: map[string]string{}}
			s.Add(Parent{ID: "5", Presence: tt.presence, Scanned: true}, g, tt.links, false)
			if got := s.told(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// What stays whole speaks for itself, whatever it is made of, and goes on as the product that is there.
func TestProductsThatStayWhole(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		links []LinkOfKey
		want  string
	}{
		{"never linked", nil, ""},
		{"linked as one", []LinkOfKey{{Key: "5", Offers: []string{"51", "52"}}}, ""},
		{"made one again out of a variant that is still there", []LinkOfKey{{Key: "5/49"}, {Key: "5/52"}}, "5/49 absent; link 5/52 moves to 5"},
		{"made one again, when what the shop had of the other is gone", []LinkOfKey{{Key: "5/51", Gone: true}, {Key: "5/52"}}, "5/51 absent; link 5/52 moves to 5"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := Splitting{Parents: map[string]Presence{}, Keys: map[string]string{}}
			s.Add(Parent{ID: "5", Presence: Live}, CRMProduct{
				Product: catalog.Product{ID: "5", Several: true}, Offers: []catalog.Offer{{ID: "51"}, {ID: "52"}},
			}, tt.links, true)
			if got := s.told(); got != tt.want || s.Offers != nil {
				t.Errorf("got  %s with offers %v\nwant %s", got, s.Offers, tt.want)
			}
		})
	}
}

// TestARowOfAVariantAsAProduct: it is staged with the time of its product's reading and what tells it from its sisters,
// and its offer goes along.
func TestARowOfAVariantAsAProduct(t *testing.T) {
	t.Parallel()
	red, material := plugin.Attribute{Name: "Колір", Value: "червона"}, plugin.Attribute{Name: "Матеріал", Value: "льон"}
	g := CRMProduct{
		Product: catalog.Product{
			ID: "5", Name: "Футболка", CategoryID: "7", Several: true, Attributes: []plugin.Attribute{material},
			Own: catalog.Offer{SKU: "T"}, Pictures: []string{"1.jpg"},
		},
		Offers: []catalog.Offer{{ID: "51", ProductID: "5", SKU: "T-1", Options: []plugin.Attribute{red}}},
	}
	s := Splitting{Parents: map[string]Presence{}, Keys: map[string]string{}}
	s.Add(Parent{ID: "5", Presence: Live, Scanned: true, ReadAt: oClock(10)}, g, []LinkOfKey{{Key: "5/49"}}, false)
	body := JSON(catalog.Product{
		ID: "5/51", Name: "Футболка (червона)", CategoryID: "7", Attributes: []plugin.Attribute{material, red}, Pictures: []string{"1.jpg"},
	})
	want := Splitting{
		Rows: []StagedProduct{
			{ID: "5/51", Presence: Live, Scanned: true, NameKey: "футболка (червона)", Category: "7", Hash: Digest(body), Body: body, ReadAt: oClock(10)},
			{ID: "5/49", Presence: Absent, Body: []byte("{}"), ReadAt: oClock(10)},
		},
		Offers:  []catalog.Offer{{ID: "51", ProductID: "5/51", SKU: "T-1"}},
		Parents: map[string]Presence{"5": Outside},
	}
	if diff := differences(want, s); diff != "" {
		t.Errorf("wanted (-), got (+):\n%s", diff)
	}
}

// Nothing is doubled when the shop becomes one that keeps variants as products, or is none any more: what it has as one
// product stays one as long as it has it so.
func TestWhichProductsAreOneInTheShop(t *testing.T) {
	t.Parallel()
	shop := map[plugin.ProductID]plugin.Product{
		"one": {Variants: make([]plugin.Variant, 1)}, "many": {Variants: make([]plugin.Variant, 2)},
	}
	link := func(key string, product plugin.ProductID) LinkOfKey { return LinkOfKey{Key: key, Product: product} }
	gone := func(key string) LinkOfKey { return LinkOfKey{Key: key, Gone: true} }
	type links = []LinkOfKey
	for _, tt := range []struct {
		name  string
		links links
		// in a shop that keeps each variant as a product, and in one that does not
		asProducts, together bool
	}{
		{"never linked", nil, false, true},
		{"linked as one with variants", links{link("5", "many")}, true, true},
		{"linked as one with a single variant", links{link("5", "one")}, false, true},
		{"linked as one with a single variant, beside a variant", links{link("5/51", "many"), link("5", "one")}, false, true},
		{"linked as one with variants, beside a variant", links{link("5/51", "one"), link("5", "many")}, true, true},
		{"linked as one that is gone", links{gone("5")}, false, true},
		{"linked by one variant", links{link("5/51", "one")}, false, false},
		{"linked by several", links{link("5/51", "one"), link("5/52", "one")}, false, false},
		{"linked by several of which the first has got variants", links{link("5/51", "many"), link("5/52", "one")}, false, false},
		{"a single one is left, which has got the variants", links{gone("5/51"), link("5/52", "many")}, false, true},
		{"all are gone", links{gone("5/51"), gone("5/52")}, false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := StaysWhole("5", tt.links, shop, true); got != tt.asProducts {
				t.Errorf("with variants as products: %v", got)
			}
			if got := StaysWhole("5", tt.links, shop, false); got != tt.together {
				t.Errorf("with variants in one product: %v", got)
			}
		})
	}
}

// A product that was linked with variants goes on as the one that the shop has left.
func TestWhatTheShopHasMadeOfALinkedProduct(t *testing.T) {
	t.Parallel()
	linked := LinkOfKey{Key: "5", Product: "p", Offers: []string{"51", "52", "53"}, Variants: []string{"a", "b", "c"}}
	left := func(offer, variant string) LinkOfKey {
		l := linked
		l.Offers, l.Variants = []string{offer}, []string{variant}
		return l
	}
	gone := linked
	gone.Gone = true
	for _, tt := range []struct {
		name string
		was  LinkOfKey
		shop map[plugin.ProductID][]plugin.VariantID
		want LinkOfKey
	}{
		{"it is as it was", linked, map[plugin.ProductID][]plugin.VariantID{"p": {"a", "b", "c"}}, linked},
		{"it is gone", linked, map[plugin.ProductID][]plugin.VariantID{"q": {"a"}}, gone},
		{"it has come back", gone, map[plugin.ProductID][]plugin.VariantID{"p": {"a", "b", "c"}}, linked},
		{"the first variant is left", linked, map[plugin.ProductID][]plugin.VariantID{"p": {"a"}}, left("51", "a")},
		{"the second is left", linked, map[plugin.ProductID][]plugin.VariantID{"p": {"b"}}, left("52", "b")},
		{"the last is left", linked, map[plugin.ProductID][]plugin.VariantID{"p": {"c"}}, left("53", "c")},
		{"another one is left", linked, map[plugin.ProductID][]plugin.VariantID{"p": {"d"}}, linked},
		{"none is left", linked, map[plugin.ProductID][]plugin.VariantID{"p": nil}, linked},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			shop := map[plugin.ProductID]plugin.Product{}
			for id, variants := range tt.shop {
				p := plugin.Product{ID: id}
				for _, v := range variants {
					p.Variants = append(p.Variants, plugin.Variant{ID: v})
				}
				shop[id] = p
			}
			got := tt.was
			got.Look(shop)
			if diff := differences(tt.want, got); diff != "" {
				t.Errorf("wanted (-), got (+):\n%s", diff)
			}
		})
	}
}

func TestNamesOfVariantsAsProducts(t *testing.T) {
	t.Parallel()
	option := func(values ...string) (list []plugin.Attribute) {
		for i, v := range values {
			list = append(list, plugin.Attribute{Name: fmt.Sprint("axis ", i), Value: v})
		}
		return list
	}
	for _, tt := range []struct {
		name  string
		offer catalog.Offer
		want  string
	}{
		{"Футболка", catalog.Offer{SKU: "T", Options: option("червона", " M ")}, "Футболка (червона, M)"},
		{"Футболка", catalog.Offer{SKU: "T", Options: option("", "M")}, "Футболка (M)"},
		{"Футболка", catalog.Offer{SKU: "T"}, "Футболка (T)"},
		{"Футболка", catalog.Offer{}, "Футболка"},
		{"", catalog.Offer{SKU: "T", Options: option("M")}, ""},
	} {
		if got := offerName(tt.name, tt.offer); got != tt.want {
			t.Errorf("offerName(%q, %v) = %q, want %q", tt.name, tt.offer, got, tt.want)
		}
	}
}
