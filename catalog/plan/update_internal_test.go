package plan

import (
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// TestWhatAnUpdateWrites: the sides agree but for what a row says. What is written beyond that is lost to the merchant.
func TestWhatAnUpdateWrites(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		edit func(w *pairOf)
		want string // beside what is usual
	}{
		{"nothing differs", func(*pairOf) {}, "nothing"},
		{
			"a text of spaces is none", func(w *pairOf) { w.shop.Description = " \n" },
			`in "uk" writes text="текст"; description: " \n" → "текст"`,
		},
		{
			"a text too long to be taken is told, and the shop's stays", func(w *pairOf) { w.g.Description, w.g.TooLong = "", true },
			"note description_long",
		},
		{
			"long values are cut in the words alone", func(w *pairOf) { w.g.Product.Unit = strings.Repeat("щ", MaxText+1) },
			`in "uk" writes unit="` + strings.Repeat("щ", MaxText+1) + `"; unit: "шт" → "` + strings.Repeat("щ", MaxText) + `…"`,
		},
		{
			"as long as may be is not cut", func(w *pairOf) { w.g.Product.Unit = strings.Repeat("щ", MaxText) },
			`in "uk" writes unit="` + strings.Repeat("щ", MaxText) + `"; unit: "шт" → "` + strings.Repeat("щ", MaxText) + `"`,
		},
		{
			"attributes of the shop's own stay where they are",
			func(w *pairOf) {
				w.shop.Attributes, w.g.Product.Attributes = list("Догляд=30°", "Бренд=А"), list("Бренд=Б", "Стать=ж")
			},
			`in "uk" writes attributes="Догляд: 30°; Бренд: Б; Стать: ж"; attributes: "Догляд: 30°; Бренд: А" → "Догляд: 30°; Бренд: Б; Стать: ж"`,
		},
		{
			"a shop without attributes gets none",
			func(w *pairOf) {
				w.r.Can.Attributes, w.shop.Attributes, w.g.Product.Attributes = false, nil, list("Бренд=Б")
			}, "nothing",
		},
		{
			"a field that is pinned stays, another does not",
			func(w *pairOf) {
				w.g.Product.Name, w.g.Product.Unit = "Майка", "кг"
				w.f.Pins = Pins{"7": {settings.FieldName}, "8": {settings.FieldUnit}}
			},
			`in "uk" writes unit="кг"; unit: "шт" → "кг"`,
		},

		{
			"a category that is still to be linked is told by the CRM's name",
			func(w *pairOf) {
				w.g.Product.CategoryID, w.f.Category = "12", Target{Pending: true, Name: "Нова"}
			}, `into category 12; category: "Одяг" → "Нова"`,
		},
		{
			"a category without a name of its own is told by the shop's",
			func(w *pairOf) { w.g.Product.CategoryID, w.f.Category = "12", Target{ID: "5"} }, `into category 12; category: "Одяг" → "Взуття"`,
		},
		{"a category that is linked to nothing changes nothing", func(w *pairOf) { w.g.Product.CategoryID, w.f.Category = "12", Target{} }, "nothing"},
		{
			"what has no category gets the default", func(w *pairOf) { w.r.Default, w.shop.CategoryID, w.f.Category = "9", "", Target{} },
			`in "uk" writes in="9"; category: "" → "Інше"`,
		},
		{
			"unless its own will do", func(w *pairOf) { w.r.Default, w.shop.CategoryID = "9", "" },
			`into category 11; category: "" → "Одяг"`,
		},
		{
			"or will do soon", func(w *pairOf) {
				w.r.Default, w.shop.CategoryID, w.f.Category = "9", "", Target{Pending: true, Name: "Нова"}
			},
			`into category 11; category: "" → "Нова"`,
		},
		{"unless it lies somewhere", func(w *pairOf) { w.r.Default, w.f.Category = "9", Target{} }, "nothing"},
		{"a product of no category is put nowhere", func(w *pairOf) { w.g.Product.CategoryID, w.f.Category = "", Target{ID: "5"} }, "nothing"},
		{"unless there is none", func(w *pairOf) { w.shop.CategoryID, w.f.Category = "", Target{} }, "nothing"},
		{
			"unless the categories are the shop's",
			func(w *pairOf) {
				w.r.Default, w.r.Owners.Category, w.shop.CategoryID, w.f.Category = "9", Owner(settings.OwnerShop), "", Target{}
			}, "nothing",
		},

		{
			"price and stock of one variant are written at once",
			func(w *pairOf) { w.g.Offers[0].Price, w.g.Offers[0].Available = asked("150"), num("2.5") },
			`in "uk" writes; v1: price="150 UAH" stock="2.5"; v1 price: "100 UAH" → "150 UAH"; v1 stock: "5" → "2.5"`,
		},
		{
			"a price that moves by more than half is counted", func(w *pairOf) { w.g.Offers[0].Price = asked("150.01") },
			`in "uk" writes; v1: price="150.01 UAH"; v1 price: "100 UAH" → "150.01 UAH"; 1 prices move`,
		},
		{
			"a price that falls by more than half too", func(w *pairOf) { w.g.Offers[0].Price = asked("49.99") },
			`in "uk" writes; v1: price="49.99 UAH"; v1 price: "100 UAH" → "49.99 UAH"; 1 prices move`,
		},
		{
			"a first price moves nothing", func(w *pairOf) { w.shop.Variants[0].Price = plugin.Money{} },
			`in "uk" writes; v1: price="100 UAH"; v1 price: "" → "100 UAH"`,
		},
		{"another way to write a number is no change", func(w *pairOf) { w.g.Offers[0].Price, w.g.Offers[0].Available = asked("100.00"), num("5.0") }, "nothing"},
		{
			"a price of nothing is none", func(w *pairOf) { w.g.Offers[0].Price = asked("0") },
			`looks again; note no_price {"sku":"A"}`,
		},
		{
			"a price below nothing is none", func(w *pairOf) { w.g.Offers[0].Price = asked("-1") },
			`looks again; note no_price {"sku":"A"}`,
		},
		{
			"prices in another currency are not written", func(w *pairOf) { w.g.Product.Currency = "EUR" },
			`looks again; note other_currency {"crm":"EUR","shop":"UAH"}`,
		},
		{
			"prices of the shop's own are not asked for", func(w *pairOf) { w.g.Product.Currency, w.r.Owners.Price = "EUR", Owner(settings.OwnerShop) },
			"nothing",
		},
		{
			"a price in another currency gives way to one in the shop's", func(w *pairOf) { w.shop.Variants[0].Price.Currency = "EUR" },
			`in "uk" writes; v1: price="100 UAH"; v1 price: "100 EUR" → "100 UAH"`,
		},

		{
			"what goes to none is counted as sold out", func(w *pairOf) { w.g.Offers[0].Available = num("-2") },
			`in "uk" writes; v1: stock="0"; v1 stock: "5" → "0"; sold out o1, v1, A: "5" → -2`,
		},
		{
			"also what the shop did not count", func(w *pairOf) { w.g.Offers[0].Available, w.shop.Variants[0].Stock = num("0"), nil },
			`in "uk" writes; v1: stock="0"; v1 stock: "" → "0"; sold out o1, v1, A: "" → 0`,
		},
		{
			"but not when a person has said that there is none",
			func(w *pairOf) { w.g.Offers[0].Available, w.r.Gone = num("0"), map[string]bool{"o1": true} },
			`in "uk" writes; v1: stock="0"; v1 stock: "5" → "0"`,
		},
		{
			"none stays none", func(w *pairOf) { w.g.Offers[0].Available, w.shop.Variants[0].Stock = num("-3"), units("0") }, "nothing",
		},
		{"stock that the CRM did not tell stays", func(w *pairOf) { w.g.Offers[0].Available, w.g.Offers[0].StockUnknown = num("0"), true }, "nothing"},
		{"stock stays while a warehouse is gone", func(w *pairOf) { w.g.Offers[0].Available, w.r.Frozen = num("0"), true }, "nothing"},
		{"a shop without stock gets none", func(w *pairOf) { w.g.Offers[0].Available, w.r.Can.Stock = num("0"), false }, "nothing"},
		{
			"units that the CRM does not know to be sold come off, and are looked at again",
			func(w *pairOf) { w.f.Unsent = map[plugin.VariantID]decimal.Decimal{"v1": num("2"), "v9": num("1")} },
			`looks again; in "uk" writes; v1: stock="3"; v1 stock: "5" → "3"`,
		},
		{
			"also when the shop has taken them off already",
			func(w *pairOf) {
				w.f.Unsent, w.shop.Variants[0].Stock = map[plugin.VariantID]decimal.Decimal{"v1": num("2")}, units("3")
			}, "looks again",
		},
		{
			"units of another variant are none of this one's",
			func(w *pairOf) { w.f.Unsent = map[plugin.VariantID]decimal.Decimal{"v9": num("2")} }, "nothing",
		},
		{
			"what is kept from sale comes off", func(w *pairOf) { w.r.Safety = 4 },
			`in "uk" writes; v1: stock="1"; v1 stock: "5" → "1"`,
		},

		{
			"parts of a size that the CRM does not know stay",
			func(w *pairOf) { w.g.Offers[0].Size = plugin.Size{Length: num("20")} },
			`in "uk" writes; v1: size="1 kg; 20 × 3 × 4 cm"; v1 size: "1 kg; 2 × 3 × 4 cm" → "1 kg; 20 × 3 × 4 cm"`,
		},
		{
			"the product's own size stands in for what an offer has not",
			func(w *pairOf) {
				w.g.Offers[0].Size = plugin.Size{Weight: num("7")}
				w.g.Product.Own.Size = plugin.Size{Weight: num("70"), Length: num("20"), Width: num("30"), Height: num("40")}
			},
			`in "uk" writes; v1: size="7 kg; 20 × 30 × 40 cm"; v1 size: "1 kg; 2 × 3 × 4 cm" → "7 kg; 20 × 30 × 40 cm"`,
		},
		{
			"a size of which one part was known is told", func(w *pairOf) { w.shop.Variants[0].Size = plugin.Size{Height: num("8")} },
			`in "uk" writes; v1: size="1 kg; 2 × 3 × 4 cm"; v1 size: "0 kg; 0 × 0 × 8 cm" → "1 kg; 2 × 3 × 4 cm"`,
		},

		{
			"the options of what the shop made stay", func(w *pairOf) { w.g.Offers[0].Options = list("Розмір=M") }, "nothing",
		},
		{
			"those of what we made follow the CRM", func(w *pairOf) { w.g.Offers[0].Options, w.l.CreatedHere = list("Розмір=M"), true },
			`in "uk" writes; v1: options="Розмір: M"; v1 options: "Колір: A" → "Розмір: M"`,
		},
		{
			"a variant that has no options gets them", func(w *pairOf) { w.shop.Variants[0].Options = nil },
			`in "uk" writes; v1: options="Колір: A"; v1 options: "" → "Колір: A"`,
		},
		{"what they are already is not written", func(w *pairOf) { w.l.CreatedHere = true }, "nothing"},
		{"no options take none away", func(w *pairOf) { w.g.Offers[0].Options, w.l.CreatedHere = nil, true }, "nothing"},

		{"a shop without pictures gets none", func(w *pairOf) { w.shop.Images, w.r.Can.Images = nil, false }, "nothing"},
		{
			"pictures of ours that are not finished go on",
			func(w *pairOf) { w.g.Product.Pictures, w.l.ImagesOpen = []string{"a.jpg", "b.jpg"}, true },
			"pictures a.jpg, b.jpg",
		},
		{
			"pictures in another order are others",
			func(w *pairOf) {
				w.g.Product.Pictures, w.shop.Images = []string{"b.jpg", "a.jpg"}, addressesOf("a.jpg", "b.jpg")
				w.r.Owners.Images = Owner(settings.OwnerCRM)
			},
			"pictures b.jpg, a.jpg",
		},
		{
			"pictures of the shop's own are not touched",
			func(w *pairOf) {
				w.shop.Images, w.l.ImagesOpen, w.r.Owners.Images = nil, true, Owner(settings.OwnerShop)
			}, "nothing",
		},
		{
			"what exists is not to be updated", func(w *pairOf) { w.g.Product.Name, w.r.Existing = "Майка", settings.ExistingSkip },
			"none 7; skip not_updated",
		},
		{
			"what is never matched is not to be updated", func(w *pairOf) { w.g.Product.Name, w.r.Match = "Майка", settings.MatchNever },
			"none 7; skip not_updated",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := alikePair()
			tt.edit(w)
			if got := beside(w.plan(), "update 7", "o1 is v1"); got != tt.want {
				t.Errorf("got\n  %s\nwant\n  %s", got, tt.want)
			}
		})
	}
}

// TestWhoseEditGaveWay: a merchant is told which of the shop's own edits were written over, and of no other change.
func TestWhoseEditGaveWay(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		link Link
		want []catalog.Field // written over an edit
	}{
		{"only the CRM moved", Link{}, nil},
		{"the CRM stayed, so whatever differs was edited", Link{Same: true}, []catalog.Field{catalog.FieldName, catalog.FieldSKU, catalog.FieldPrice, catalog.FieldStock}},
		{"both moved: price and stock move by themselves", Link{Edited: true}, []catalog.Field{catalog.FieldName, catalog.FieldSKU}},
		{"the CRM stayed, and the shop's version is another", Link{Same: true, Edited: true}, []catalog.Field{catalog.FieldName, catalog.FieldSKU, catalog.FieldPrice, catalog.FieldStock}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := alikePair()
			w.l.Same, w.l.Edited = tt.link.Same, tt.link.Edited
			w.shop.Name, w.shop.Unit = "Моя", "" // where there was nothing, nothing was edited
			v := &w.shop.Variants[0]
			v.SKU, v.Price, v.Stock = "X", uah("90"), units("1")
			over := map[catalog.Field]bool{}
			for _, f := range tt.want {
				over[f] = true
			}
			changes := w.plan().Changes
			if len(changes) != 5 {
				t.Fatalf("%d changes: %+v", len(changes), changes)
			}
			for _, c := range changes {
				if c.Overwrote != over[c.Field] {
					t.Errorf("%s over an edit: %v", c.Field, c.Overwrote)
				}
			}
		})
	}
}

// TestVariantsThatTheShopLacks: what is added beside the others, and what is left to a person.
func TestVariantsThatTheShopLacks(t *testing.T) {
	t.Parallel()
	const added = `sku="B" barcode="bB" price=100 UAH stock=5 published=%v options="Колір: B" size="1 kg; 2 × 3 × 4 cm" orderable=true`
	more := func(w *pairOf) { w.g.Offers = append(w.g.Offers, offered("o2", "B")) }
	for _, tt := range []struct {
		name string
		edit func(w *pairOf)
		want string
	}{
		{
			"a new one is hidden until it was looked at", func(w *pairOf) { w.r.New = settings.NewHide },
			`adds o2; in "uk" writes; + ` + strings.ReplaceAll(added, "%v", "false") + `; variant: "" → "B Колір: B"`,
		},
		{
			"or shown at once", func(w *pairOf) { w.r.New = settings.NewPublish },
			`adds o2; in "uk" writes; + ` + strings.ReplaceAll(added, "%v", "true") + `; variant: "" → "B Колір: B"`,
		},
		{
			"or not made, and looked at again", func(w *pairOf) { w.r.New = settings.NewSkip },
			`looks again; skip variant_not_added {"sku":"B"}`,
		},
		{
			"a name of options alone", func(w *pairOf) { w.r.New, w.g.Offers[1].SKU = settings.NewHide, "" },
			`adds o2; in "uk" writes; + ` + strings.ReplaceAll(strings.ReplaceAll(added, "%v", "false"), `sku="B"`, `sku=""`) + `; variant: "" → "Колір: B"`,
		},
		{
			"stock that is not known is none until it is",
			func(w *pairOf) { w.r.New, w.g.Offers[1].StockUnknown = settings.NewHide, true },
			`looks again; adds o2; in "uk" writes; + ` + strings.ReplaceAll(strings.ReplaceAll(added, "%v", "false"), "stock=5", "stock=0") + `; variant: "" → "B Колір: B"`,
		},
		{
			"and while a warehouse is gone",
			func(w *pairOf) { w.r.New, w.r.Frozen = settings.NewHide, true },
			`looks again; adds o2; in "uk" writes; + ` + strings.ReplaceAll(strings.ReplaceAll(added, "%v", "false"), "stock=5", "stock=0") + `; variant: "" → "B Колір: B"`,
		},
		{
			"a shop without stock gets none",
			func(w *pairOf) { w.r.New, w.r.Can.Stock, w.g.Offers[1].StockUnknown = settings.NewHide, false, true },
			`adds o2; in "uk" writes; + ` + strings.ReplaceAll(strings.ReplaceAll(added, "%v", "false"), "stock=5", "stock=") + `; variant: "" → "B Колір: B"`,
		},
		{
			"what is kept from sale comes off at once",
			func(w *pairOf) { w.r.New, w.r.Safety = settings.NewHide, 1 },
			`adds o2; in "uk" writes; v1: stock="4"; + ` + strings.ReplaceAll(strings.ReplaceAll(added, "%v", "false"), "stock=5", "stock=4") + `; v1 stock: "5" → "4"; variant: "" → "B Колір: B"`,
		},
		{
			"another currency is told once", func(w *pairOf) { w.r.New, w.g.Product.Currency = settings.NewHide, "EUR" },
			`looks again; adds o2; in "uk" writes; + ` + strings.ReplaceAll(strings.ReplaceAll(added, "%v", "false"), "100 UAH", "-") +
				`; variant: "" → "B Колір: B"; note other_currency {"crm":"EUR","shop":"UAH"}`,
		},
		{
			"missing prices are told one by one",
			func(w *pairOf) {
				w.r.New, w.g.Offers[0].Price.Valid, w.g.Offers[1].Price.Valid = settings.NewHide, false, false
			},
			`looks again; adds o2; in "uk" writes; + ` + strings.ReplaceAll(strings.ReplaceAll(added, "%v", "false"), "100 UAH", "-") +
				`; variant: "" → "B Колір: B"; note no_price {"sku":"A"}; note no_price {"sku":"B"}`,
		},
		{
			"a shop of single variants takes no second one", func(w *pairOf) { w.r.Can.Variants = false },
			"none 7; error variants_unknown",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := alikePair()
			more(w)
			tt.edit(w)
			want := tt.want
			if !strings.HasPrefix(want, "none 7") {
				want = "update 7; " + want
			}
			if got := beside(w.plan(), "o1 is v1"); got != want {
				t.Errorf("got\n  %s\nwant\n  %s", got, want)
			}
		})
	}
}

func TestProductsOfManyVariants(t *testing.T) {
	t.Parallel()
	t.Run("each is written by itself, in one patch", func(t *testing.T) {
		t.Parallel()
		w := alikePair("o2 B v2", "o3 C v3")
		w.g.Offers[0].Price, w.g.Offers[2].Price = asked("200"), asked("10")
		wantFacts(t, w.plan(), "update 7", "o1 is v1", "o2 is v2", "o3 is v3", `in "uk" writes`, `v1: price="200 UAH"`, `v3: price="10 UAH"`,
			`v1 price: "100 UAH" → "200 UAH"`, `v3 price: "100 UAH" → "10 UAH"`, "2 prices move")
	})
	t.Run("the prices of all are in another currency, which is told once", func(t *testing.T) {
		t.Parallel()
		w := alikePair("o2 B v2")
		w.g.Product.Currency, w.g.TooLong = "EUR", true
		wantFacts(t, w.plan(), "update 7", "looks again", "o1 is v1", "o2 is v2", "note description_long", `note other_currency {"crm":"EUR","shop":"UAH"}`)
	})
	t.Run("an offer that could be any of them is left to a person, and looked at again", func(t *testing.T) {
		t.Parallel()
		w := alikePair("o2 B v2")
		w.g.Offers = append(w.g.Offers, catalog.Offer{ID: "o3", Price: asked("1"), Available: num("1")})
		w.shop.Variants = append(w.shop.Variants, sold("v3", "Z"))
		wantFacts(t, w.plan(), "update 7", "looks again", "o1 is v1", "o2 is v2", `conflict variant_unclear {"sku":""}`)
	})
	t.Run("one from before the shop kept each apart stays as large as it is", func(t *testing.T) {
		t.Parallel()
		w := alikePair("o2 B v2")
		w.r.Can.Variants, w.r.New = false, settings.NewPublish
		w.g.Offers = append(w.g.Offers, offered("o3", "C"))
		w.g.Offers[1].Available = num("1")
		wantFacts(t, w.plan(), "update 7", "looks again", "o1 is v1", "o2 is v2", `in "uk" writes`, `v2: stock="1"`, `v2 stock: "5" → "1"`,
			`error variants_unknown {"count":"3"}`)
	})
	t.Run("and is kept up to date when nothing is to be added", func(t *testing.T) {
		t.Parallel()
		w := alikePair("o2 B v2")
		w.r.Can.Variants = false
		wantFacts(t, w.plan(), "update 7", "o1 is v1", "o2 is v2")
	})
	t.Run("a shop of single variants keeps a product of one up to date", func(t *testing.T) {
		t.Parallel()
		w := alikePair()
		w.r.Can.Variants = false
		wantFacts(t, w.plan(), "update 7", "o1 is v1")
	})
	t.Run("but is asked for no second one when the only offer is not the only variant for sure", func(t *testing.T) {
		t.Parallel()
		w := alikePair()
		w.r.Can.Variants, w.l.Variants = false, nil
		w.g.Offers[0] = offered("o2", "B") // its options tell it from what the shop has
		w.g.Product.Name = "Майка"
		wantFacts(t, w.plan(), "update 7", "looks again", `in "uk" writes name="Майка"`, `name: "Футболка" → "Майка"`, `error variants_unknown {"count":"1"}`)
	})
	t.Run("a shop that makes variants adds to a product of two", func(t *testing.T) {
		t.Parallel()
		w := alikePair("o2 B v2")
		w.r.New = settings.NewSkip
		w.g.Offers = append(w.g.Offers, offered("o3", "C"))
		wantFacts(t, w.plan(), "update 7", "looks again", "o1 is v1", "o2 is v2", `skip variant_not_added {"sku":"C"}`)
	})
}
