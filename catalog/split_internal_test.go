package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/keybridge/keybridge/plugin"
)

// told renders what becomes of a product, a fact a line.
func (s *splitting) told() string {
	var lines []string
	for _, r := range s.rows {
		lines = append(lines, fmt.Sprintf("%s %s", r.ID, r.Presence))
	}
	for _, id := range slices.Sorted(maps.Keys(s.parents)) {
		lines = append(lines, fmt.Sprintf("%s becomes %s", id, s.parents[id]))
	}
	for _, key := range slices.Sorted(maps.Keys(s.keys)) {
		lines = append(lines, fmt.Sprintf("link %s moves to %s", key, s.keys[key]))
	}
	return strings.Join(lines, "; ")
}

func TestProductsAreSplitIntoTheirOffers(t *testing.T) {
	t.Parallel()
	link := func(key string, offers ...string) keyed { return keyed{Key: key, Offers: offers} }
	for _, tt := range []struct {
		name     string
		presence presence
		several  bool
		offers   []string
		links    []keyed
		want     string
	}{
		{"without variants", live, false, []string{"50"}, nil, ""},
		{"without variants, linked", live, false, []string{"50"}, []keyed{link("5", "50")}, ""},
		{"with variants", live, true, []string{"51", "52"}, nil, "5/51 live; 5/52 live; 5 becomes outside"},
		{"with one variant", live, true, []string{"51"}, nil, "5/51 live; 5 becomes outside"},
		{"two offers, though it is said to have no variants", live, false, []string{"51", "52"}, nil, "5/51 live; 5/52 live; 5 becomes outside"},
		{"with no offer left", live, true, nil, nil, ""},
		{"an offer gone", live, true, []string{"51"}, []keyed{link("5/51", "51"), link("5/52", "52")}, "5/51 live; 5/52 absent; 5 becomes outside"},
		{"all offers gone", live, true, nil, []keyed{link("5/51", "51")}, "5/51 absent; 5 becomes outside"},
		{"archived", archived, true, []string{}, []keyed{link("5/51", "51")}, "5/51 absent"},
		{"deleted, without variants", absent, false, nil, []keyed{link("5", "50")}, ""},
		{"has got variants, the first new", live, true, []string{"51", "52"}, []keyed{link("5", "50")}, "5/51 live; 5/52 live; 5 becomes outside; link 5 moves to 5/51"},
		{"has got variants beside its offer", live, true, []string{"49", "50"}, []keyed{link("5", "50")}, "5/49 live; 5/50 live; 5 becomes outside; link 5 moves to 5/50"},
		{"has got variants that are all linked", live, true, []string{"51"}, []keyed{link("5", "50"), link("5/51", "51")}, "5/51 live; 5 becomes absent"},
		{"has lost its variants", live, false, []string{"52"}, []keyed{link("5/51", "51"), link("5/52", "52")}, "5/51 absent; link 5/52 moves to 5"},
		{"has lost its variants for a new offer", live, false, []string{"53"}, []keyed{link("5/51", "51"), link("5/52", "52")}, "5/52 absent; link 5/51 moves to 5"},
		{"has lost its variants long ago", live, false, []string{"53"}, []keyed{link("5", "53"), link("5/52", "52")}, "5/52 absent"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := crmProduct{Product: Product{ID: "5", Name: "Футболка", Several: tt.several}}
			for _, id := range tt.offers {
				g.Offers = append(g.Offers, Offer{ID: id, ProductID: "5"})
			}
			s := splitting{parents: map[string]presence{}, keys: map[string]string{}}
			s.add(parent{ID: "5", Presence: tt.presence, Scanned: true}, g, tt.links, false)
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
		offer Offer
		want  string
	}{
		{"Футболка", Offer{SKU: "T", Options: option("червона", " M ")}, "Футболка (червона, M)"},
		{"Футболка", Offer{SKU: "T", Options: option("", "M")}, "Футболка (M)"},
		{"Футболка", Offer{SKU: "T"}, "Футболка (T)"},
		{"Футболка", Offer{}, "Футболка"},
		{"", Offer{SKU: "T", Options: option("M")}, ""},
	} {
		if got := offerName(tt.name, tt.offer); got != tt.want {
			t.Errorf("offerName(%q, %v) = %q, want %q", tt.name, tt.offer, got, tt.want)
		}
	}
}
