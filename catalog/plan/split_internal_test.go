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
