package plan

import (
	"slices"
	"testing"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

func TestWhenVariantsThatGoToNoneAreSuspicious(t *testing.T) {
	t.Parallel()
	usual := settings.Limits{}.OrUsual()
	for _, tt := range []struct {
		name   string
		drain  SoldOutCount
		limits settings.Limits
		want   bool
	}{
		{"nothing goes", SoldOutCount{Before: 100}, usual, false},
		{"a whole shop goes", SoldOutCount{Now: 101, Before: 103}, usual, true},
		{"twenty of a small shop may go", SoldOutCount{Now: 20, Before: 20}, usual, false},
		{"twenty-one of a small shop may not", SoldOutCount{Now: 21, Before: 21}, usual, true},
		{"thirty percent may go", SoldOutCount{Now: 300, Before: 1000}, usual, false},
		{"more than that may not", SoldOutCount{Now: 301, Before: 1000}, usual, true},
		{"what has gone within the hour counts too", SoldOutCount{Now: 1, Recent: 300, Before: 1000}, usual, true},
		{"so does what is held already", SoldOutCount{Now: 1, Recent: 200, Held: 100, Before: 1000}, usual, true},
		{"what is held is let go once it is little enough", SoldOutCount{Held: 20, Before: 100}, usual, false},
		{"and not before", SoldOutCount{Held: 31, Before: 100}, usual, true},
		{"who does not know what was there before counts alone", SoldOutCount{Now: 21}, usual, true},
		{"a merchant may want to be asked earlier", SoldOutCount{Now: 6, Before: 100}, settings.Limits{StockCount: 5, StockPercent: 5}, true},
		{"or later", SoldOutCount{Now: 80, Before: 100}, settings.Limits{StockCount: 20, StockPercent: 90}, false},
	} {
		if got := tt.drain.Suspicious(tt.limits); got != tt.want {
			t.Errorf("%s: %+v suspicious = %v, want %v", tt.name, tt.drain, got, tt.want)
		}
	}
}

func TestWhichSettingChangedTheStock(t *testing.T) {
	t.Parallel()
	base := settings.Catalog{Products: true, Warehouses: []string{"1", "2"}}
	for _, tt := range []struct {
		name string
		edit func(*settings.Catalog)
		want string
	}{
		{"none", func(*settings.Catalog) {}, ""},
		{"one that has nothing to do with it", func(c *settings.Catalog) { c.Missing = settings.MissingHide }, ""},
		{"the same warehouses in another order", func(c *settings.Catalog) { c.Warehouses = []string{"2", "1"} }, ""},
		{"other warehouses", func(c *settings.Catalog) { c.Warehouses = []string{"2"} }, "warehouses"},
		{"what is kept from sale", func(c *settings.Catalog) { c.SafetyStock = 2 }, "safety_stock"},
		{"whose word counts", func(c *settings.Catalog) { c.Owners = settings.Owners{settings.FieldStock: settings.OwnerFill} }, "owner_stock"},
	} {
		now := base
		if tt.edit(&now); StockSetting(base, now) != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, StockSetting(base, now), tt.want)
		}
	}
}

// sellingOut is a plan that brings variants from three to none, and writes a price of each.
func sellingOut(variants ...plugin.VariantID) Planned {
	var writes []string
	for _, v := range variants {
		writes = append(writes, string(v)+" price", string(v)+" stock")
	}
	p := quoting(writes...)
	for _, v := range variants {
		i := slices.Index([]plugin.VariantID{"a", "b"}, v)
		p.SoldOut = append(p.SoldOut, SoldOut{Offer: []string{"11", "12"}[i], Variant: v, Old: "3", Says: "0"})
	}
	return p
}

func TestVariantsThatAPlanStillBringsToNone(t *testing.T) {
	t.Parallel()
	without := func(p Planned, field catalog.Field) Planned {
		return edited(p, func(p *Planned) {
			v := &p.Patch.Variants[0]
			if field == catalog.FieldStock {
				v.Stock = nil
			} else {
				v.Price = nil
			}
		})
	}
	for _, tt := range []struct {
		name string
		plan Planned
		want []string // offers
	}{
		{"all of them", sellingOut("a", "b"), []string{"11", "12"}},
		{"but one whose stock was taken out", without(sellingOut("a", "b"), catalog.FieldStock), []string{"12"}},
		{"a price taken out is no matter", without(sellingOut("a", "b"), catalog.FieldPrice), []string{"11", "12"}},
		{"none whose variant was taken out", edited(sellingOut("a", "b"), func(p *Planned) { p.Patch.Variants = p.Patch.Variants[:1] }), []string{"11"}},
		{"none of a plan that writes nothing any more", edited(sellingOut("a"), func(p *Planned) { p.Patch = nil }), nil},
		{"none of a plan that writes some stock", repricing("a stock"), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			before := slices.Clone(tt.plan.SoldOut)
			var got []string
			for _, s := range tt.plan.SellingOut() {
				got = append(got, s.Offer)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			if !slices.Equal(tt.plan.SoldOut, before) {
				t.Errorf("the plan says %v now", tt.plan.SoldOut)
			}
		})
	}
}

// A variant that goes to none in a bulk of many may be a mistake of the CRM's: it is sold on until a person has looked,
// while its price and all others are written.
func TestStockIsHeldBackAlone(t *testing.T) {
	t.Parallel()
	held := func(p Planned, out ...SoldOut) Planned { p.held, p.SoldOut = out, out; return p }
	a, b := sellingOut("a").SoldOut[0], sellingOut("b").SoldOut[0]
	for _, tt := range []struct {
		name string
		plan Planned
		want Planned
	}{
		{"nothing is sold out: it is written as it is", quoting("a price", "a stock"), quoting("a price", "a stock")},
		{
			"the first is looked at again, the second is remembered", edited(sellingOut("a"), func(p *Planned) { p.Patch.Name = new("Кухоль") }),
			edited(held(quoting("a price"), a), func(p *Planned) {
				p.Patch.Name = new("Кухоль")
				p.Quoted = []SyncedPrice{p.Quoted[1], {Offer: "11", Variant: "a", ReadAt: oClock(10)}}
			}),
		},
		{
			"both are looked at again", sellingOut("a", "b"),
			edited(held(quoting("a price", "b price"), a, b), func(p *Planned) { p.Quoted[0].Hash, p.Quoted[1].Hash = nil, nil }),
		},
		{
			"of a plan of a whole product the product is looked at again", edited(sellingOut("b"), func(p *Planned) { p.Quoted, p.Hash = nil, []byte("hash") }),
			edited(held(quoting("b price"), b), func(p *Planned) { p.Quoted = nil }),
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			plans := []Planned{tt.plan, repricing("b stock")}
			HoldBackAll(plans)
			if diff := differences([]Planned{tt.want, repricing("b stock")}, plans); diff != "" {
				t.Errorf("wanted (-), got (+):\n%s", diff)
			}
		})
	}
}

// A page shows which changes will wait for a person.
func TestChangesThatWillBeHeldBackAreMarked(t *testing.T) {
	t.Parallel()
	p := sellingOut("a")
	p.change("b", catalog.FieldStock, "3", "2")
	p.Changes[0].Held = true // as it was shown before
	want := slices.Clone(p.Changes)
	want[0].Held, want[1].Held = false, true
	p.MarkHeld()
	if diff := differences(want, p.Changes); diff != "" {
		t.Errorf("wanted (-), got (+):\n%s", diff)
	}
}
