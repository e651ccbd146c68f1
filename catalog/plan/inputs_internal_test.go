package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/sliceutil"
	"github.com/keybridge/keybridge/plugin"
)

// TestWhenTheCardSpeaksForTheOffer: a list of offers that leaves one out must not make its variant go missing.
func TestWhenTheCardSpeaksForTheOffer(t *testing.T) {
	t.Parallel()
	card := OwnOffer(catalog.Product{ID: "501"}).ID
	linked := func(missing string, offers ...string) map[string]VariantLink {
		out := map[string]VariantLink{}
		for _, o := range offers {
			out[o] = VariantLink{Variant: plugin.VariantID("v" + o), Missing: missing}
		}
		return out
	}
	for _, tt := range []struct {
		name   string
		offers []string
		links  map[string]VariantLink
		want   []string
	}{
		{"of a product with one offer that is linked", []string{card}, linked("", "o1"), []string{"o1"}},
		{"not of one that was missing before", []string{card}, linked(missingHidden, "o1"), []string{card}},
		{"not of one of two that are linked", []string{card}, linked("", "o1", "o2"), []string{card}},
		{"not of what was never linked", []string{card}, nil, []string{card}},
		{"not when the list has an offer", []string{"o2"}, linked("", "o1"), []string{"o2"}},
		{"not beside an offer of the list", []string{card, "o2"}, linked("", "o1"), []string{card, "o2"}},
		{"not when there is none", nil, linked("", "o1"), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := CRMProduct{Product: catalog.Product{ID: "501"}}
			for _, id := range tt.offers {
				g.Offers = append(g.Offers, catalog.Offer{ID: id, SKU: "A"})
			}
			read := g.Offers
			m := Inputs{Goods: map[string]CRMProduct{"501": g}, Links: map[string]Link{"501": {Variants: tt.links}}}
			m.StandIn()
			got := sliceutil.Map(m.Goods["501"].Offers, func(o catalog.Offer) string { return o.ID + " " + o.SKU })
			want := sliceutil.Map(tt.want, func(id string) string { return id + " A" })
			if !slices.Equal(got, want) {
				t.Errorf("offers %q, want %q", got, want)
			}
			if ids := sliceutil.Map(read, func(o catalog.Offer) string { return o.ID }); !slices.Equal(ids, tt.offers) {
				t.Errorf("what was read has become %q", ids)
			}
		})
	}
}

// TestWhatPlanningIsTold: 501 of the CRM, of which the shop's 7 and 8 may be the one.
func TestWhatPlanningIsTold(t *testing.T) {
	t.Parallel()
	const us, others = plugin.ConnectionID("1"), plugin.ConnectionID("2")
	found := func(m *Inputs) { m.Hits = map[string][]plugin.ProductID{"501": {"8"}, "502": {"7"}} }
	linked := func(m *Inputs) { m.Links = map[string]Link{"501": {}, "502": {CreatedHere: true}} }
	owned := func(o Ownership) func(m *Inputs) {
		return func(m *Inputs) { found(m); m.Owners = map[plugin.ProductID]Ownership{"8": o} }
	}
	rematch := func(m *Inputs) { m.Rematch = true }
	for _, tt := range []struct {
		name string
		edit []func(m *Inputs)
		want string
	}{
		{"nothing is known", nil, ""},
		{"it is linked", []func(*Inputs){linked, found}, "linked to 7"},
		{"it is linked, and its link in question", []func(*Inputs){linked, found, rematch}, "linked to 7, in question, found 8"},
		{
			"we made it, so there is no question",
			[]func(*Inputs){found, rematch, func(m *Inputs) { m.Links = map[string]Link{"501": {CreatedHere: true}} }},
			"linked to 7",
		},
		{"the key finds it", []func(*Inputs){found}, "found 8"},
		{"links in question are no question of what has none", []func(*Inputs){found, rematch}, "found 8"},
		{
			"the key finds two", []func(*Inputs){func(m *Inputs) { m.Hits = map[string][]plugin.ProductID{"501": {"8", "7"}} }}, "found 8, found 7",
		},
		{
			"the shop no longer has what the key found",
			[]func(*Inputs){func(m *Inputs) { m.Hits = map[string][]plugin.ProductID{"501": {"9", "8"}} }},
			"found 8",
		},
		{"it is another's of the CRM", []func(*Inputs){owned(Ownership{Connection: us, CRM: "600"})}, "found 8 of 600"},
		{"it is another's, which may let go of it", []func(*Inputs){owned(Ownership{Connection: us, CRM: "600"}), rematch}, "found 8"},
		{"it is another's, for which we made it", []func(*Inputs){owned(Ownership{Connection: us, CRM: "600", Made: true}), rematch}, "found 8 of 600"},
		{"it is another connection's", []func(*Inputs){owned(Ownership{Connection: others, CRM: "600"})}, "found 8 of 600 of connection 2"},
		{"it is another connection's, which does not let go", []func(*Inputs){owned(Ownership{Connection: others, CRM: "600"}), rematch}, "found 8 of 600 of connection 2"},
		{"several of the CRM have its key", []func(*Inputs){func(m *Inputs) { m.Several = map[string]bool{"501": true} }}, "several"},
		{"several of the CRM have another's key", []func(*Inputs){func(m *Inputs) { m.Several = map[string]bool{"502": true} }}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := Inputs{Us: us, Shop: map[plugin.ProductID]plugin.Product{"7": {ID: "7"}, "8": {ID: "8"}}}
			for _, edit := range tt.edit {
				edit(&m)
			}
			if got := spellInputs(m.Facts(Candidate{ID: "501", Product: "7"})); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func spellInputs(f ProductInputs) string {
	var s spelling
	if f.Link != nil {
		s.say(true, "linked to %s", f.Shop.ID)
	}
	s.say(f.Rematch, "in question")
	s.say(f.SeveralInCRM, "several")
	for _, h := range f.Hits {
		hit := "found " + string(h.Product.ID)
		if h.Owner != "" {
			hit += " of " + h.Owner
		}
		if h.Connection != "" {
			hit += " of connection " + string(h.Connection)
		}
		s.say(true, "%s", hit)
	}
	return strings.Join(s, ", ")
}

// TestWhereTheCategoryStands: a category that is neither linked nor about to be is no place.
func TestWhereTheCategoryStands(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		c    Candidate
		want Target
	}{
		{"it is linked", Candidate{ShopCategory: "4"}, Target{ID: "4"}},
		{"it is linked and is written again", Candidate{ShopCategory: "4", CategoryName: "Одяг"}, Target{ID: "4", Name: "Одяг"}},
		{"it will be made", Candidate{CategoryName: "Одяг"}, Target{Pending: true, Name: "Одяг"}},
		{"it is not known", Candidate{}, Target{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := new(Inputs).Facts(tt.c).Category; got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

// TestTheOfferOfACard: it has a code of its own, which no offer of the CRM bears, and all else that the card tells.
func TestTheOfferOfACard(t *testing.T) {
	t.Parallel()
	p := catalog.Product{ID: "501", Own: catalog.Offer{ID: "x", SKU: "A", Price: asked("1")}}
	if o := OwnOffer(p); o.ID != "product:501" || o.ProductID != "501" || o.SKU != "A" || !o.Price.Valid || p.Own.ID != "x" {
		t.Errorf("got %+v of %+v", o, p)
	}
}
