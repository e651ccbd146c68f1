package plan

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/plugin"
)

func TestTheOldestReadingOfABatch(t *testing.T) {
	t.Parallel()
	kyiv := time.FixedZone("Kyiv", 2*60*60)
	for _, tt := range []struct {
		name string
		read []time.Time
		want time.Time
	}{
		{"of none", nil, time.Time{}},
		{"of one, in UTC", []time.Time{oClock(10).In(kyiv)}, oClock(10)},
		{"the first", []time.Time{oClock(9), oClock(10)}, oClock(9)},
		{"the last", []time.Time{oClock(10), oClock(11), oClock(9)}, oClock(9)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var rows []Candidate
			for _, at := range tt.read {
				rows = append(rows, Candidate{ReadAt: at})
			}
			if got := Earliest(rows); got != tt.want { // its zone too
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// What is in sync is not looked at again before one of the sides changes, so nothing may count as such at which
// something is still to be done.
func TestDecisionsAreSortedIntoPlansAndWhatIsInSync(t *testing.T) {
	t.Parallel()
	row := Candidate{ID: "5", ReadAt: oClock(10).In(time.FixedZone("Kyiv", 2*60*60)), Hash: []byte("hash"), ShopCategory: "70"}
	linked := func(edit func(*Link)) Link {
		l := Link{Variants: map[string]VariantLink{"11": {Variant: "a"}}}
		edit(&l)
		return l
	}
	asItWas := func(*Link) {}
	decision := func(edit func(*Plan)) Plan {
		d := Plan{
			Action: ActUpdate, Product: "p", Name: "Чашка", Seen: "v1",
			Links: Links{Pairs: map[string]plugin.VariantID{"11": "a"}}, Memory: Memory{Currency: "UAH"},
		}
		edit(&d)
		return d
	}
	planned := func(edit func(*Plan)) Batch {
		d := decision(edit)
		d.ReadAt, d.Hash, d.InCategory = oClock(10), []byte("hash"), "70"
		return Batch{Plans: []Planned{{CRM: "5", Plan: d}}}
	}
	inSync := func(edit func(*LinkUpdate)) Batch {
		u := LinkUpdate{CRM: "5", Hash: []byte("hash"), Version: "v1", Category: "70", Images: ImagesDone, Currency: "UAH"}
		edit(&u)
		return Batch{InSync: []LinkUpdate{u}, InStock: []StockReading{{Offer: "11", ReadAt: oClock(10)}}, Unchanged: 1}
	}
	withoutHash := func(b Batch) Batch {
		lookAgain(&b.Plans[0])
		return b
	}
	saying := func(b Batch, reason catalog.Reason) Batch {
		b.Items = []catalog.Item{{Kind: catalog.ItemSkip, CRMID: "5", Product: "p", Name: "Чашка", Reason: reason}}
		return b
	}
	same := func(*Plan) {}
	renamed := func(d *Plan) { d.Patch = &plugin.ProductPatch{ID: "p", Name: new("Кухоль")} }
	for _, tt := range []struct {
		name string
		link Link
		edit func(*Plan)
		want Batch
	}{
		{"nothing is to be written", linked(asItWas), same, inSync(func(*LinkUpdate) {})},
		{
			"nothing is to be written, but the next run looks again", linked(asItWas), func(d *Plan) { d.Open = true },
			inSync(func(u *LinkUpdate) { u.Hash = nil }),
		},
		{
			"nothing is to be written, and something is said", linked(asItWas), func(d *Plan) { d.item(catalog.ItemSkip, catalog.ReasonVariantNotAdded, nil) },
			saying(inSync(func(*LinkUpdate) {}), catalog.ReasonVariantNotAdded),
		},
		{
			"it is left alone, and the reason is said", linked(asItWas), func(d *Plan) { d.Action = actNone; d.item(catalog.ItemSkip, catalog.ReasonNotUpdated, nil) },
			saying(Batch{}, catalog.ReasonNotUpdated),
		},
		{"a name is written", linked(asItWas), renamed, planned(renamed)},
		{
			"a name is written, and the next run looks again", linked(asItWas), func(d *Plan) { renamed(d); d.Open = true },
			withoutHash(planned(func(d *Plan) { renamed(d); d.Open = true })),
		},
		{
			"a name is written, and something is said", linked(asItWas), func(d *Plan) { renamed(d); d.item(catalog.ItemSkip, catalog.ReasonVariantNotAdded, nil) },
			saying(planned(renamed), catalog.ReasonVariantNotAdded),
		},
		{"another category is written", linked(asItWas), func(d *Plan) { d.Category = "7" }, planned(func(d *Plan) { d.Category = "7" })},
		{"pictures are written", linked(asItWas), func(d *Plan) { d.Images = []string{"1.jpg"} }, planned(func(d *Plan) { d.Images = []string{"1.jpg"} })},
		{"it gets its link", linked(asItWas), func(d *Plan) { d.Joins = true }, planned(func(d *Plan) { d.Joins = true })},
		{
			"an offer is gone", linked(asItWas), func(d *Plan) { d.Gone = map[string]string{"12": missingHidden} },
			planned(func(d *Plan) { d.Gone = map[string]string{"12": missingHidden} }),
		},
		{"it is created", Link{}, func(d *Plan) { d.Action = ActCreate }, planned(func(d *Plan) { d.Action = ActCreate })},
		{"it is linked alone", Link{}, func(d *Plan) { d.Action = ActLink }, planned(func(d *Plan) { d.Action = ActLink })},
		{"it has come back", linked(func(l *Link) { l.Missing = missingHidden }), same, planned(same)},
		{"an offer has come back", linked(func(l *Link) { l.Variants["11"] = VariantLink{Variant: "a", Missing: missingHidden} }), same, planned(same)},
		{"an offer is joined to another variant", linked(func(l *Link) { l.Variants["11"] = VariantLink{Variant: "b"} }), same, planned(same)},
		{"an offer is joined for the first time", Link{}, same, planned(same)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got Batch
			got.Add(row, tt.link, decision(tt.edit))
			if diff := differences(tt.want, got); diff != "" {
				t.Errorf("wanted (-), got (+):\n%s", diff)
			}
		})
	}
}

func TestDecisionsOfABatchAddUp(t *testing.T) {
	t.Parallel()
	var got Batch
	for _, id := range []string{"5", "6"} {
		got.Add(Candidate{ID: id}, Link{}, Plan{Action: ActUpdate})
		got.Add(Candidate{ID: id + "0"}, Link{}, Plan{Action: ActCreate})
	}
	want := Batch{
		Plans:     []Planned{{CRM: "50", Plan: Plan{Action: ActCreate}}, {CRM: "60", Plan: Plan{Action: ActCreate}}},
		InSync:    []LinkUpdate{{CRM: "5", Images: ImagesDone}, {CRM: "6", Images: ImagesDone}},
		Unchanged: 2,
	}
	if diff := differences(want, got); diff != "" {
		t.Errorf("wanted (-), got (+):\n%s", diff)
	}
}

// The guard of stock counts what was brought to none; what was held back is neither that nor as the CRM says.
func TestWhatWritesCameToForTheGuardOfStock(t *testing.T) {
	t.Parallel()
	stands := []StockReading{{Offer: "11", ReadAt: oClock(10)}, {Offer: "12", ReadAt: oClock(10)}}
	back := HeldBack{SoldOut: SoldOut{Offer: "11", Variant: "a", Old: "3", Says: "0"}, CRM: "5", Product: "p", Name: "Чашка", ReadAt: oClock(10)}
	for _, tt := range []struct {
		name string
		hold bool
		plan Planned
		want StockOutcomes
	}{
		{"one was sold out", false, sellingOut("a"), StockOutcomes{Stands: stands, SoldOut: []string{"11"}}},
		{"both were", false, sellingOut("a", "b"), StockOutcomes{Stands: stands, SoldOut: []string{"11", "12"}}},
		{"one was held back", true, sellingOut("a"), StockOutcomes{Held: []HeldBack{back}, Stands: stands[1:]}},
		{"none was to be held back", true, repricing("a stock", "b price"), StockOutcomes{Stands: stands}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := tt.plan
			if tt.hold {
				p.holdBack()
			}
			var got StockOutcomes
			got.Add(p, stands)
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("wanted (-), got (+):\n%s", diff)
			}
		})
	}
	t.Run("several plans add up", func(t *testing.T) {
		t.Parallel()
		held, written := sellingOut("a"), sellingOut("b")
		held.holdBack()
		var got StockOutcomes
		got.Add(held, stands[:1])
		got.Add(written, stands[1:])
		if want := (StockOutcomes{Held: []HeldBack{back}, Stands: stands[1:], SoldOut: []string{"12"}}); cmp.Diff(want, got) != "" {
			t.Errorf("wanted (-), got (+):\n%s", cmp.Diff(want, got))
		}
	})
}

func TestReadingsOfQuotedVariants(t *testing.T) {
	t.Parallel()
	got := StockReadings(quoting().Quoted)
	if want := []StockReading{{Offer: "11", ReadAt: oClock(10)}, {Offer: "12", ReadAt: oClock(10)}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
