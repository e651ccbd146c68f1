package plan

import (
	"slices"
	"testing"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/internal/sliceutil"
	"github.com/keybridge/keybridge/plugin"
)

// TestALinkInQuestion: a product is linked to 7, and the key is asked anew. Whatever it says, nothing is left without a link.
func TestALinkInQuestion(t *testing.T) {
	t.Parallel()
	other := func() plugin.Product {
		p := alikePair().shop
		p.ID, p.Version = "8", "5"
		return p
	}
	for _, tt := range []struct {
		name string
		edit func(w *pairOf)
		want []string
	}{
		{
			"the key finds the same", func(w *pairOf) { w.f.Hits = []keyMatch{{Product: w.shop}} },
			[]string{"update 7", "o1 is v1"},
		},
		{
			"the key finds nothing: the link stays, which is told", func(*pairOf) {},
			[]string{"update 7", "o1 is v1", "note link_kept"},
		},
		{
			"the key finds two: the link stays, and the conflict is told",
			func(w *pairOf) { w.f.Hits = []keyMatch{{Product: w.shop}, {Product: other()}} },
			[]string{"update 7", "o1 is v1", `conflict several_in_shop {"count":"2"}`},
		},
		{
			"the key finds another's: the link stays, is kept up to date, and the conflict is told",
			func(w *pairOf) {
				w.f.Hits, w.g.Product.Unit = []keyMatch{{Product: other(), Owner: "600"}}, "кг"
			},
			[]string{"update 7", "o1 is v1", `in "uk" writes unit="кг"`, `unit: "шт" → "кг"`, `conflict linked_elsewhere 8 {"crm":"600","product":"8"}`},
		},
		{
			"the key finds another: the link moves there",
			func(w *pairOf) { w.f.Hits = []keyMatch{{Product: other()}} },
			[]string{"update 8", "joins", "from 7", "o1 is v1", `link: "Футболка (7)" → "Футболка (8)"`},
		},
		{
			"the key finds another that is to be changed: the move is told first, and no edit of it gave way",
			func(w *pairOf) {
				w.l.Same = true
				p := other()
				p.Name, p.Variants[0].Stock = "Майка", units("9")
				w.f.Hits, w.g.Offers[0].Available = []keyMatch{{Product: p}}, num("0")
			},
			[]string{
				"update 8", "joins", "from 7", "o1 is v1", `in "uk" writes name="Футболка"`, `v1: stock="0"`, `link: "Футболка (7)" → "Майка (8)"`,
				`name: "Майка" → "Футболка"`, `v1 stock: "9" → "0"`,
			},
		},
		{
			"the key finds another that cannot take its variants: the link stays",
			func(w *pairOf) {
				w.r.Can.Variants, w.f.Hits = false, []keyMatch{{Product: other()}}
				w.g.Offers = append(w.g.Offers, offered("o2", "B"))
			},
			[]string{"none 8", "error variants_unknown"},
		},
		{
			"what exists is not written: the link moves all the same",
			func(w *pairOf) { w.r.Existing, w.f.Hits = settings.ExistingSkip, []keyMatch{{Product: other()}} },
			[]string{"link 8", "joins", "from 7", "o1 is v1", `link: "Футболка (7)" → "Футболка (8)"`, "skip not_updated"},
		},
		{
			"what exists is not written, and the key finds nothing",
			func(w *pairOf) { w.r.Existing = settings.ExistingSkip },
			[]string{"none 7", "skip not_updated", "note link_kept"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := alikePair()
			w.f.Rematch = true
			tt.edit(w)
			wantFacts(t, w.plan(), tt.want...)
		})
	}
}

// TestClaimsThatCannotBeMet: a product of the shop goes over to whom the key says when its holder lets go of it, which a
// holder does that gets another.
func TestClaimsThatCannotBeMet(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		claims []Claim
		want   []string // who gets nothing
	}{
		{"none", nil, nil},
		{"nobody holds it", []Claim{{CRM: "1", Product: "a"}}, nil},
		{"the claimant holds it", []Claim{{CRM: "1", Product: "a", Holder: "1"}}, nil},
		{"the holder keeps it", []Claim{{CRM: "1", Product: "a", Holder: "2"}}, []string{"1"}},
		{"the holder gets another", []Claim{{CRM: "1", Product: "a", Holder: "2"}, {CRM: "2", Product: "b"}}, nil},
		{"two change places", []Claim{{CRM: "1", Product: "a", Holder: "2"}, {CRM: "2", Product: "b", Holder: "1"}}, nil},
		{"another connection holds it", []Claim{{CRM: "1", Product: "a", Holder: "2", Other: true}}, []string{"1"}},
		{"another connection has one of the claimant's code", []Claim{{CRM: "1", Product: "a", Holder: "1", Other: true}}, []string{"1"}},
		{
			"another connection has one of a code that moves here",
			[]Claim{{CRM: "1", Product: "a", Holder: "2", Other: true}, {CRM: "2", Product: "b"}},
			[]string{"1"},
		},
		{
			"who gets nothing keeps what it has, so that nobody gets that either",
			[]Claim{{CRM: "1", Product: "a", Holder: "2"}, {CRM: "2", Product: "b", Holder: "3"}, {CRM: "3", Product: "c", Holder: "4"}, {CRM: "5", Product: "d"}},
			[]string{"3", "2", "1"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := sliceutil.Map(UnresolvableClaims(tt.claims), func(c Claim) string { return c.CRM })
			if !slices.Equal(got, tt.want) {
				t.Errorf("got nothing: %q, want %q", got, tt.want)
			}
		})
	}
}
