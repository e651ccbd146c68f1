package plan

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/plugin"
)

func oClock(hour int) time.Time { return time.Date(2026, 3, 4, hour, 0, 0, 0, time.UTC) }

// repricing is the plan, of what was read at ten, for the product p with the variants a and b, which the CRM knows as
// 5 with the offers 11 and 12. It writes what is named: "name", or a field of a variant, as in "a price".
func repricing(writes ...string) Planned {
	p := Planned{CRM: "5", Plan: Plan{
		Action: ActUpdate, Product: "p", Name: "Чашка", Seen: "v1",
		Links:  Links{Pairs: map[string]plugin.VariantID{"11": "a", "12": "b"}},
		Memory: Memory{Hash: []byte("hash"), ReadAt: oClock(10)},
	}}
	for _, w := range writes {
		patch := p.patch("uk")
		variant, field, ok := strings.Cut(w, " ")
		if !ok {
			p.change("", catalog.Field(w), "", "Кухоль")
			patch.Name = new("Кухоль")
			continue
		}
		id := plugin.VariantID(variant)
		p.change(id, catalog.Field(field), "", "12")
		at := slices.IndexFunc(patch.Variants, func(v plugin.VariantPatch) bool { return v.ID == id })
		if at < 0 {
			at = len(patch.Variants)
			patch.Variants = append(patch.Variants, plugin.VariantPatch{ID: id})
		}
		switch v := &patch.Variants[at]; catalog.Field(field) {
		case catalog.FieldPrice:
			v.Price = &plugin.Money{Amount: decimal.NewFromInt(12), Currency: "UAH"}
		case catalog.FieldStock:
			v.Stock = new(decimal.NewFromInt(12))
		default:
			v.SKU = new("12")
		}
	}
	return p
}

// quoting is such a plan of a price run: it remembers each variant by itself.
func quoting(writes ...string) Planned {
	p := repricing(writes...)
	p.Pairs, p.Hash = nil, nil
	p.Quoted = []SyncedPrice{
		{Offer: "11", Variant: "a", Hash: []byte("a"), ReadAt: oClock(10)}, {Offer: "12", Variant: "b", Hash: []byte("b"), ReadAt: oClock(10)},
	}
	return p
}

func edited(p Planned, edit func(*Planned)) Planned {
	edit(&p)
	return p
}

// lookAgain makes the next run compare the product anew.
func lookAgain(p *Planned) { p.Hash = nil }

// differences compares whole plans, or what consists of them.
func differences(want, got any) string {
	return cmp.Diff(want, got, cmp.AllowUnexported(Planned{}), cmpopts.EquateEmpty())
}

// kept is a plan that stays, of what the CRM said at twelve but for the price or stock of the variants passed.
func kept(p Planned, passed ...plugin.VariantID) Verification {
	p.ReadAt, p.Passed = oClock(12), map[plugin.VariantID]bool{}
	for _, v := range passed {
		p.Passed[v] = true
	}
	return Verification{Changed: []Planned{p}}
}

// keptInPart tells of it that a price or stock of it is still to come.
func keptInPart(p Planned, passed ...plugin.VariantID) Verification {
	v := kept(p, passed...)
	v.Items = []catalog.Item{{Kind: catalog.ItemNote, CRMID: "5", Product: "p", Name: "Чашка", Reason: catalog.ReasonQuoteMoved}}
	return v
}

func leftAlone(side string) Verification {
	return Verification{
		Dropped: []Outcome{{CRM: "5", State: Dropped, Product: "p"}},
		Items: []catalog.Item{{
			Kind: catalog.ItemSkip, CRMID: "5", Product: "p", Name: "Чашка", Reason: catalog.ReasonMoved, Params: catalog.Params{"side": side},
		}},
	}
}

// writtenMeanwhile: all there was to write stands already, from a later reading.
func writtenMeanwhile() Verification {
	return Verification{Dropped: []Outcome{{CRM: "5", State: Dropped, Product: "p"}}, Unchanged: 1}
}

// A person looked at a plan; what has moved since is not written over the newer word of the shop or of the CRM.
func TestWhatStaysOfAPlanAtTheSecondLook(t *testing.T) {
	t.Parallel()
	type times = map[plugin.VariantID]time.Time
	changed := func(offers ...string) ChangeSet {
		d := ChangeSet{Offers: map[string]bool{"11": false, "12": false}}
		for _, o := range offers {
			d.Offers[o] = true
		}
		return d
	}
	all := repricing("name", "a price", "a stock", "b price", "b stock")
	creation := func(p *Planned) { p.Action, p.Pairs, p.Adds = ActCreate, nil, []string{"11", "12"} }
	addition := func(p *Planned) { p.Pairs, p.Adds = map[string]plugin.VariantID{"11": "a"}, []string{"12"} }
	for _, tt := range []struct {
		name string
		plan Planned
		read times // when what stands of a variant was read
		shop bool
		crm  ChangeSet
		want Verification
	}{
		{name: "nothing has moved: it stays as it was shown", plan: all, crm: changed(), want: kept(all)},
		{name: "the shop's product was edited", plan: all, shop: true, crm: changed(), want: leftAlone("shop")},
		{name: "both sides were edited: the shop is named", plan: all, shop: true, crm: ChangeSet{Whole: true}, want: leftAlone("shop")},
		{name: "the CRM's card was edited", plan: all, crm: ChangeSet{Whole: true}, want: leftAlone("crm")},

		{name: "a product to create, as it was", plan: edited(all, creation), crm: changed(), want: kept(edited(all, creation))},
		{name: "a product to create got another price", plan: edited(all, creation), crm: changed("12"), want: leftAlone("crm")},
		{name: "a product to create got another price of another offer", plan: edited(all, creation), crm: changed("13"), want: leftAlone("crm")},
		{name: "a variant to add got another price", plan: edited(all, addition), crm: changed("12"), want: leftAlone("crm")},
		{
			name: "a variant to add did not, another did", plan: edited(repricing("name", "a price"), addition), crm: changed("11"),
			want: keptInPart(edited(edited(repricing("name"), addition), lookAgain), "a"),
		},

		{
			name: "the price of one variant has moved: only the other's is written", plan: all, crm: changed("11"),
			want: keptInPart(edited(repricing("name", "b price", "b stock"), lookAgain), "a"),
		},
		{
			name: "the card's own price stands for an offer that is not listed", plan: all, crm: ChangeSet{card: true, Offers: map[string]bool{"12": false}},
			want: keptInPart(edited(repricing("name", "b price", "b stock"), lookAgain), "a"),
		},
		{
			name: "the prices of both have moved: the name is still written", plan: all, crm: changed("11", "12"),
			want: keptInPart(edited(repricing("name"), lookAgain), "a", "b"),
		},
		{
			name: "a SKU is written beside a price that has moved", plan: repricing("a price", "a sku"), crm: changed("11"),
			want: keptInPart(edited(repricing("a sku"), lookAgain), "a"),
		},
		{name: "the price that has moved was all there was", plan: repricing("a price", "a stock"), crm: changed("11"), want: leftAlone("crm")},

		{
			name: "of a later reading the stock stands, and the price is written", plan: all, read: times{"a": oClock(11)}, crm: changed(),
			want: kept(edited(repricing("name", "a price", "b price", "b stock"), lookAgain), "a"),
		},
		{name: "a reading of the same moment is no later one", plan: all, read: times{"a": oClock(10)}, crm: changed(), want: kept(all)},
		{name: "an earlier reading is none either", plan: all, read: times{"a": oClock(9), "b": oClock(10)}, crm: changed(), want: kept(all)},
		{
			name: "stock of a later reading was all there was", plan: repricing("a stock"), read: times{"a": oClock(11)}, crm: changed(),
			want: writtenMeanwhile(),
		},
		{
			name: "the price has moved and the newer one stands already", plan: repricing("a price", "a stock"), read: times{"a": oClock(11)}, crm: changed("11"),
			want: writtenMeanwhile(),
		},
		{
			name: "it stands already, and the name is still to be written", plan: repricing("name", "a price", "a stock"), read: times{"a": oClock(11)}, crm: changed("11"),
			want: kept(edited(repricing("name"), lookAgain), "a"),
		},
		{
			name: "one of two that have moved stands already", plan: repricing("a price", "b price"), read: times{"a": oClock(11)}, crm: changed("11", "12"),
			want: leftAlone("crm"),
		},
		{name: "nothing was to be written from the beginning", plan: repricing(), crm: changed(), want: kept(repricing())},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := tt.plan
			p.Changes = slices.Clone(p.Changes)
			got := Verification{ReadAt: tt.read, Asked: oClock(12)}
			got.Look(p, tt.shop, tt.crm)
			tt.want.ReadAt, tt.want.Asked = tt.read, oClock(12)
			if diff := differences(tt.want, got); diff != "" {
				t.Errorf("wanted (-), got (+):\n%s", diff)
			}
		})
	}
}

// A plan that has lost its only price, or had none, is still carried out for the sake of what else it does.
func TestWhatKeepsAPlanWhosePriceHasMoved(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(*Planned){
		"another category":                     func(p *Planned) { p.Category = "7" },
		"the link of a product that was found": func(p *Planned) { p.Joins = true },
		"pictures":                             func(p *Planned) { p.Images = []string{"https://crm/1.jpg"} },
		"a variant whose offer is gone":        func(p *Planned) { p.Gone = map[string]string{"13": missingHidden} },
		"a product that is only linked":        func(p *Planned) { p.Action = ActLink },
		"a product that the CRM has no longer": func(p *Planned) { p.Action = ActMissing },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := keptInPart(edited(edited(repricing(), edit), lookAgain), "a")
			want.Asked = oClock(12)
			for _, plan := range []Planned{repricing("a price"), repricing()} {
				got := Verification{Asked: oClock(12)}
				got.Look(edited(plan, edit), false, ChangeSet{Offers: map[string]bool{"11": true}})
				if diff := differences(want, got); diff != "" {
					t.Errorf("wanted (-), got (+):\n%s", diff)
				}
			}
		})
	}
}

// In a price run what is remembered of a variant goes with its stock: else it would count as in order.
func TestWhatAPriceRunRemembersAtTheSecondLook(t *testing.T) {
	t.Parallel()
	only := func(variant plugin.VariantID) func(*Planned) {
		return func(p *Planned) {
			p.Quoted = slices.DeleteFunc(p.Quoted, func(q SyncedPrice) bool { return q.Variant != variant })
		}
	}
	writes := []string{"a price", "a stock", "b price", "b stock"}
	for _, tt := range []struct {
		name string
		read map[plugin.VariantID]time.Time
		crm  ChangeSet
		want Verification
	}{
		{name: "nothing has moved", want: kept(quoting(writes...))},
		{
			name: "one has moved", crm: ChangeSet{Offers: map[string]bool{"11": true, "12": false}},
			want: keptInPart(edited(quoting("b price", "b stock"), only("b")), "a"),
		},
		{
			name: "a later reading of one was written", read: map[plugin.VariantID]time.Time{"b": oClock(11)},
			want: kept(edited(quoting("a price", "a stock", "b price"), only("a")), "b"),
		},
		{
			name: "both have moved, and later readings were written", crm: ChangeSet{Offers: map[string]bool{"11": true, "12": true}},
			read: map[plugin.VariantID]time.Time{"a": oClock(11), "b": oClock(11)},
			want: writtenMeanwhile(),
		},
		{
			name: "both have moved, and a later reading of one was written", crm: ChangeSet{Offers: map[string]bool{"11": true, "12": true}},
			read: map[plugin.VariantID]time.Time{"b": oClock(11)},
			want: leftAlone("crm"),
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := Verification{ReadAt: tt.read, Asked: oClock(12)}
			got.Look(quoting(writes...), false, tt.crm)
			tt.want.ReadAt, tt.want.Asked = tt.read, oClock(12)
			if diff := differences(tt.want, got); diff != "" {
				t.Errorf("wanted (-), got (+):\n%s", diff)
			}
		})
	}
}

func TestVariantsThatPlansAreAbout(t *testing.T) {
	t.Parallel()
	got := VariantsIn([]Planned{repricing("a price"), quoting(), {CRM: "6"}})
	slices.Sort(got[:2]) // pairs have no order
	if want := []plugin.VariantID{"a", "b", "a", "b"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
