package plan

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// quotedPair is a linked product of two variants, whose prices and stock were read at ten and are in order.
func quotedPair() (w *pairOf, quotes []PriceStock) {
	w = alikePair("o2 B v2")
	ten := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	for i, o := range w.g.Offers {
		o.Barcode, o.Size, o.Options = "", plugin.Size{}, nil // a list of prices has none of them
		quotes = append(quotes, PriceStock{
			Offer: o, CRM: "501", Product: "7", Variant: w.shop.Variants[i].ID, Hash: []byte("hash of " + o.ID), ReadAt: ten, Currency: "UAH", Made: true,
		})
	}
	return w, quotes
}

// TestWhatAPriceRunWrites: price and stock alone, and of what is not in order nothing is remembered, so that it is looked
// at again.
func TestWhatAPriceRunWrites(t *testing.T) {
	t.Parallel()
	const one, two = "remembers o1, v1 of 10:00: hash of o1", "remembers o2, v2 of 10:00: hash of o2"
	usual := []string{"update 7", "named Футболка", "read at 10:00", one, two}
	early := time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
	for _, tt := range []struct {
		name string
		edit func(w *pairOf, q []PriceStock)
		want string // beside what is usual
	}{
		{"nothing differs", func(*pairOf, []PriceStock) {}, "nothing"},
		{
			"one price", func(_ *pairOf, q []PriceStock) { q[1].Offer.Price = asked("120") },
			`in "" writes; v2: price="120 UAH"; v2 price: "100 UAH" → "120 UAH"`,
		},
		{
			"price and stock of both, in one patch",
			func(_ *pairOf, q []PriceStock) {
				q[0].Offer.Price, q[0].Offer.Available = asked("120"), num("1")
				q[1].Offer.Price, q[1].Offer.Available = asked("10"), num("0")
			},
			`in "" writes; v1: price="120 UAH" stock="1"; v2: price="10 UAH" stock="0"; v1 price: "100 UAH" → "120 UAH"; v1 stock: "5" → "1"; ` +
				`v2 price: "100 UAH" → "10 UAH"; v2 stock: "5" → "0"; 1 prices move; sold out o2, v2, B: "5" → 0`,
		},
		{
			"another SKU and another name are none of its business",
			func(_ *pairOf, q []PriceStock) { q[0].Offer.SKU = "Z" }, "nothing",
		},
		{"the product is not ours", func(_ *pairOf, q []PriceStock) { q[0].Made = false }, "not ours"},
		{
			"the plan is as old as its oldest part",
			func(_ *pairOf, q []PriceStock) { q[1].ReadAt = early },
			"read at 09:30; remembers o2, v2 of 09:30: hash of o2",
		},
		{
			"whichever that is",
			func(_ *pairOf, q []PriceStock) { q[0].ReadAt = early },
			"read at 09:30; remembers o1, v1 of 09:30: hash of o1",
		},
		{
			"a price that is missing is told, and its variant looked at again",
			func(_ *pairOf, q []PriceStock) { q[0].Offer.Price.Valid, q[0].CRM = false, "777" },
			`remembers o1, v1 of 10:00:; note no_price 777 Футболка {"sku":"A"}`,
		},
		{
			"each missing price is told, of its own product, and by the shop's SKU",
			func(_ *pairOf, q []PriceStock) {
				q[0].Offer.Price.Valid, q[0].CRM, q[0].Offer.SKU = false, "777", ""
				q[1].Offer.Price.Valid, q[1].CRM = false, "888"
			},
			`looks again; remembers o1, v1 of 10:00:; remembers o2, v2 of 10:00:; note no_price 777 Футболка {"sku":"A"}; note no_price 888 Футболка {"sku":"B"}`,
		},
		{
			"units that the CRM does not know to be sold are looked at again",
			func(w *pairOf, _ []PriceStock) { w.f.Unsent = map[plugin.VariantID]decimal.Decimal{"v1": num("2")} },
			`in "" writes; v1: stock="3"; v1 stock: "5" → "3"; remembers o1, v1 of 10:00:`,
		},
		{
			"what was in order and differs was edited in the shop",
			func(w *pairOf, q []PriceStock) {
				q[1].Same = true
				w.shop.Variants[0].Price, w.shop.Variants[1].Price, w.shop.Variants[1].Stock = uah("90"), uah("90"), nil
			},
			`in "" writes; v1: price="100 UAH"; v2: price="100 UAH" stock="5"; v1 price: "90 UAH" → "100 UAH"; v2 price: "90 UAH" → "100 UAH" over an edit; v2 stock: "" → "5"`,
		},
		{
			"the first that was in order",
			func(w *pairOf, q []PriceStock) {
				q[0].Same = true
				w.shop.Variants[0].Price, w.shop.Variants[0].Stock, w.shop.Variants[1].Price = uah("90"), units("4"), uah("90")
			},
			`in "" writes; v1: price="100 UAH" stock="5"; v2: price="100 UAH"; v1 price: "90 UAH" → "100 UAH" over an edit; v1 stock: "4" → "5" over an edit; v2 price: "90 UAH" → "100 UAH"`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, quotes := quotedPair()
			tt.edit(w, quotes)
			w.r.Owners.SKU = Owner(settings.OwnerShop)
			if got := beside(DecidePrices(w.r, quotes, w.shop, w.f.Unsent), usual...); got != tt.want {
				t.Errorf("got\n  %s\nwant\n  %s", got, tt.want)
			}
		})
	}
	t.Run("of a variant that the shop no longer has nothing is remembered", func(t *testing.T) {
		t.Parallel()
		w, quotes := quotedPair()
		w.shop.Variants, quotes[0].Offer.Price = w.shop.Variants[1:], asked("1")
		wantFacts(t, DecidePrices(w.r, quotes, w.shop, nil), "update 7", "named Футболка", "read at 10:00", two)
	})
}

// TestWhenPricesAreOfSomethingElse: a product whose SKUs all became others is not the one that was linked, and its price is
// asked about first.
func TestWhenPricesAreOfSomethingElse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		owner      settings.Owner
		told, ours []string // SKUs: the CRM's and the shop's
		want       bool
	}{
		{"all as linked", settings.OwnerCRM, []string{"A", "B"}, []string{"A", "B"}, false},
		{"both are others", settings.OwnerCRM, []string{"X", "Y"}, []string{"A", "B"}, true},
		{"the first is as linked", settings.OwnerCRM, []string{"A", "Y"}, []string{"A", "B"}, false},
		{"the second is as linked", settings.OwnerCRM, []string{"X", "B"}, []string{"A", "B"}, false},
		{"one is another and of one nothing is told", settings.OwnerCRM, []string{"X", ""}, []string{"A", "B"}, true},
		{"one is another and the shop has none of the other", settings.OwnerCRM, []string{"X", "Y"}, []string{"A", ""}, true},
		{"nothing is told", settings.OwnerCRM, []string{"", ""}, []string{"A", "B"}, false},
		{"the shop has none", settings.OwnerCRM, []string{"X", "Y"}, []string{"", " "}, false},
		{"spaces around a SKU of the shop do not count", settings.OwnerCRM, []string{"A", "B"}, []string{" A", "B "}, false},
		{"the SKUs are the shop's own", settings.OwnerShop, []string{"X", "Y"}, []string{"A", "B"}, false},
		{"the SKUs are only filled in", settings.OwnerFill, []string{"X", "Y"}, []string{"A", "B"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, quotes := quotedPair()
			w.r.Owners.SKU = Owner(tt.owner)
			for i := range quotes {
				quotes[i].Offer.SKU, w.shop.Variants[i].SKU = tt.told[i], tt.ours[i]
			}
			if d := DecidePrices(w.r, quotes, w.shop, nil); d.Replaced != tt.want {
				t.Errorf("something else = %v", d.Replaced)
			}
		})
	}
}

// TestABatchOfPrices: what is in order is remembered at once, what is to be written is planned, and what is to be said is
// said in either case.
func TestABatchOfPrices(t *testing.T) {
	t.Parallel()
	item := func(sku string) []catalog.Item {
		return []catalog.Item{{Reason: catalog.ReasonNoPrice, Params: catalog.Params{"sku": sku}}}
	}
	quoted := func(offer string) Memory { return Memory{Quoted: []SyncedPrice{{Offer: offer}}} }
	var b PriceBatch
	b.Add(Plan{Product: "1", Items: item("A"), Memory: quoted("o1")}, "501")
	b.Add(Plan{Product: "2", Items: item("B"), Memory: quoted("o2"), Writes: Writes{Patch: &plugin.ProductPatch{ID: "2"}}}, "502")
	b.Add(Plan{Product: "3", Memory: quoted("o3")}, "503")
	b.Add(Plan{Product: "4", Memory: quoted("o4"), Writes: Writes{Category: "11"}}, "504")
	var told, planned, inSync []string
	for _, it := range b.Items {
		told = append(told, it.Params["sku"])
	}
	for _, p := range b.Plans {
		planned = append(planned, p.CRM+" "+p.Quoted[0].Offer)
		if len(p.Items) > 0 {
			t.Errorf("%s says again: %+v", p.CRM, p.Items)
		}
	}
	for _, q := range b.InSync {
		inSync = append(inSync, q.Offer)
	}
	if b.Unchanged != 2 || !slices.Equal(told, []string{"A", "B"}) || !slices.Equal(planned, []string{"502 o2", "504 o4"}) || !slices.Equal(inSync, []string{"o1", "o3"}) {
		t.Errorf("%d unchanged, told %s, planned %s, in order %s", b.Unchanged, strings.Join(told, ", "), strings.Join(planned, ", "), strings.Join(inSync, ", "))
	}
}
