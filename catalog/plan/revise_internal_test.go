package plan

import (
	"testing"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// Of what a call wrote while a run was on its way, the call's reading is the newer one.
func TestPriceAndStockOfLaterReadingsAreLeftOut(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		plan  Planned
		later []plugin.VariantID
		want  Planned
	}{
		{"none was written", repricing("a price", "a stock"), nil, repricing("a price", "a stock")},
		{"one was", repricing("a price", "a stock", "b stock"), []plugin.VariantID{"a"}, edited(repricing("b stock"), lookAgain)},
		{"one was, and its SKU is written", repricing("a price", "a sku"), []plugin.VariantID{"a"}, edited(repricing("a sku"), lookAgain)},
		{"both were", repricing("a price", "b stock"), []plugin.VariantID{"a", "b"}, edited(repricing(), lookAgain)},
		{"the second was", repricing("a price", "b stock"), []plugin.VariantID{"b"}, edited(repricing("a price"), lookAgain)},
		{"one was that the plan leaves alone", repricing("b price"), []plugin.VariantID{"a"}, repricing("b price")},
		{"one was, and the plan writes nothing", repricing(), []plugin.VariantID{"a"}, repricing()},
		{
			"one was in a price run", quoting("a price", "b price"),
			[]plugin.VariantID{"b"},
			edited(quoting("a price"), func(p *Planned) { p.Quoted = p.Quoted[:1] }),
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			later := map[plugin.VariantID]bool{}
			for _, v := range tt.later {
				later[v] = true
			}
			got := tt.plan
			got.DropOutdated(later)
			if diff := differences(tt.want, got); diff != "" {
				t.Errorf("wanted (-), got (+):\n%s", diff)
			}
		})
	}
}

// ofAllFields is a plan that writes each field somebody may pin.
func ofAllFields() Planned {
	p := Planned{CRM: "5", Plan: Plan{
		Action: ActUpdate, Product: "p",
		Writes: Writes{
			Category: "7", Images: []string{"https://crm/1.jpg"},
			Patch: &plugin.ProductPatch{
				ID: "p", Name: new("Кухоль"), Description: new("<p>Опис</p>"), Unit: new("шт"), CategoryID: new(plugin.CategoryID("70")),
				Attributes: &[]plugin.Attribute{{Name: "Колір", Value: "білий"}}, Published: new(true),
				Variants: []plugin.VariantPatch{
					{
						ID: "a", SKU: new("A-1"), Barcode: new("482"), Price: &plugin.Money{Amount: decimal.NewFromInt(12), Currency: "UAH"},
						Stock: new(decimal.NewFromInt(3)), Size: &plugin.Size{Weight: decimal.NewFromInt(1)},
					},
					{ID: "b", Price: &plugin.Money{Amount: decimal.NewFromInt(13), Currency: "UAH"}},
				},
			},
		},
	}}
	for _, f := range []catalog.Field{catalog.FieldName, catalog.FieldDescription, catalog.FieldUnit, catalog.FieldCategory, catalog.FieldAttributes} {
		p.change("", f, "", "new")
	}
	for _, f := range []catalog.Field{catalog.FieldSKU, catalog.FieldBarcode, catalog.FieldPrice, catalog.FieldStock, catalog.FieldSize} {
		p.change("a", f, "", "new")
	}
	p.change("b", catalog.FieldPrice, "", "new")
	p.change("", catalog.FieldPublished, "false", "true")
	return p
}

// What a person pins between a plan and its writing stays as it is in the shop, and everything else is written.
func TestFieldsPinnedSinceThePlanAreLeftOut(t *testing.T) {
	t.Parallel()
	for field, edit := range map[settings.OwnedField]func(p *Planned){
		settings.FieldName:        func(p *Planned) { p.Patch.Name = nil },
		settings.FieldDescription: func(p *Planned) { p.Patch.Description = nil },
		settings.FieldImages:      func(p *Planned) { p.Images = nil },
		settings.FieldPrice:       func(p *Planned) { p.Patch.Variants[0].Price, p.Patch.Variants = nil, p.Patch.Variants[:1] },
		settings.FieldStock:       func(p *Planned) { p.Patch.Variants[0].Stock = nil },
		settings.FieldCategory:    func(p *Planned) { p.Category, p.Patch.CategoryID = "", nil },
		settings.FieldSKU:         func(p *Planned) { p.Patch.Variants[0].SKU = nil },
		settings.FieldBarcode:     func(p *Planned) { p.Patch.Variants[0].Barcode = nil },
		settings.FieldSize:        func(p *Planned) { p.Patch.Variants[0].Size = nil },
		settings.FieldUnit:        func(p *Planned) { p.Patch.Unit = nil },
		settings.FieldAttributes:  func(p *Planned) { p.Patch.Attributes = nil },
	} {
		t.Run(string(field), func(t *testing.T) {
			t.Parallel()
			want := edited(ofAllFields(), edit)
			want.Changes = nil
			for _, c := range ofAllFields().Changes {
				if string(c.Field) != string(field) {
					want.Changes = append(want.Changes, c)
				}
			}
			got := ofAllFields()
			shown := got.Changes
			got.DropPinned([]settings.OwnedField{field})
			if diff := differences(want, got); diff != "" {
				t.Errorf("wanted (-), got (+):\n%s", diff)
			}
			if diff := differences(ofAllFields().Changes, shown); diff != "" {
				t.Errorf("the changes that a page shows were (-), are (+):\n%s", diff)
			}
		})
	}
}

func TestPlansThatPinsLeaveAsTheyAre(t *testing.T) {
	t.Parallel()
	creation := func(p *Planned) { p.Action = ActCreate }
	withoutPatch := func(p *Planned) { p.Patch, p.Changes = nil, p.Changes[3:4] }
	for _, tt := range []struct {
		name string
		plan Planned
		pins []settings.OwnedField
		want Planned
	}{
		{"nothing is pinned", ofAllFields(), nil, ofAllFields()},
		{"a new product has no pins", edited(ofAllFields(), creation), settings.OwnedFields(), edited(ofAllFields(), creation)},
		{"only the category is written, and not pinned", edited(ofAllFields(), withoutPatch), []settings.OwnedField{settings.FieldName}, edited(ofAllFields(), withoutPatch)},
		{
			"only the category is written, and pinned", edited(ofAllFields(), withoutPatch),
			[]settings.OwnedField{settings.FieldCategory},
			edited(ofAllFields(), func(p *Planned) { p.Patch, p.Changes, p.Category = nil, nil, "" }),
		},
		{
			"all is pinned: it is still shown again", ofAllFields(), settings.OwnedFields(),
			edited(ofAllFields(), func(p *Planned) {
				p.Category, p.Images, p.Changes = "", nil, p.Changes[len(p.Changes)-1:]
				p.Patch = &plugin.ProductPatch{ID: "p", Published: new(true)}
			}),
		},
		{"all there was is pinned", repricing("name", "a price", "b stock"), settings.OwnedFields(), repricing()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := tt.plan
			got.DropPinned(tt.pins)
			if diff := differences(tt.want, got); diff != "" {
				t.Errorf("wanted (-), got (+):\n%s", diff)
			}
		})
	}
}

// TestAPinnedFieldIsTheShops: of this product alone, so the rules of others stay.
func TestAPinnedFieldIsTheShops(t *testing.T) {
	t.Parallel()
	for _, pinned := range settings.OwnedFields() {
		t.Run(string(pinned), func(t *testing.T) {
			t.Parallel()
			rules := NewRules(settings.Default().Catalog, "uk", "UAH", nil)
			got := rules.WithPins([]settings.OwnedField{pinned})
			for _, f := range settings.OwnedFields() {
				want := Owner(settings.UsualOwner(f))
				if owner := *rules.Owners.of(f); owner != want {
					t.Errorf("%s became %s for every product", f, owner)
				}
				if f == pinned {
					want = Owner(settings.OwnerShop)
				}
				if owner := *got.Owners.of(f); owner != want {
					t.Errorf("%s is %s, want %s", f, owner, want)
				}
			}
		})
	}
}

// What is written between two price runs is stock alone; the price run then finds every price still to look at.
func TestAPlanWithoutItsPrices(t *testing.T) {
	t.Parallel()
	open := func(p *Planned) {
		for i := range p.Quoted {
			p.Quoted[i].Hash = nil
		}
	}
	for _, tt := range []struct {
		name string
		plan Planned
		want Planned
	}{
		{"prices and stock", quoting("a price", "a stock", "b stock"), edited(quoting("a stock", "b stock"), open)},
		{"the price of one and the stock of the other", quoting("a price", "b stock"), edited(quoting("b stock"), open)},
		{"prices alone", quoting("a price", "b price"), edited(quoting(), open)},
		{"stock alone", quoting("a stock"), edited(quoting("a stock"), open)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := tt.plan
			got.DropPrices()
			if diff := differences(tt.want, got); diff != "" {
				t.Errorf("wanted (-), got (+):\n%s", diff)
			}
		})
	}
}

// TestPlansGoByTheVersionOfOurOwnWrites: else a shop would refuse a write of ours because of another one of ours.
func TestPlansGoByTheVersionOfOurOwnWrites(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		plan  Plan
		seen  plugin.Version
		patch plugin.Version
		hash  string
	}{
		{"nothing else was written", Plan{Seen: "3", Writes: Writes{Patch: &plugin.ProductPatch{Expect: "3"}}, Memory: Memory{Hash: []byte("h")}}, "3", "3", "h"},
		{
			"something was, by a later reading, so the product is looked at again",
			Plan{Seen: "3", SeenNow: "4", Writes: Writes{Patch: &plugin.ProductPatch{Expect: "3"}}, Memory: Memory{Hash: []byte("h")}},
			"4", "4", "",
		},
		{"something was, and this one writes nothing", Plan{Seen: "3", SeenNow: "4", Memory: Memory{Hash: []byte("h")}}, "4", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := Planned{Plan: tt.plan}
			p.Rebase()
			var expect plugin.Version
			if p.Patch != nil {
				expect = p.Patch.Expect
			}
			if p.Seen != tt.seen || p.SeenNow != "" || expect != tt.patch || string(p.Hash) != tt.hash {
				t.Errorf("seen %q, then %q, expects %q, remembers %q; want %q, none, %q, %q", p.Seen, p.SeenNow, expect, p.Hash, tt.seen, tt.patch, tt.hash)
			}
		})
	}
}
