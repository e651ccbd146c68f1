package plan

import (
	"encoding/json"
	"fmt"
	"maps"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/plugin"
)

// A product is compared with what was staged of it: price and stock apart from all else.
func TestDriftTellsPriceAndStockFromTheRest(t *testing.T) {
	t.Parallel()
	price := func(n int64) decimal.NullDecimal { return decimal.NewNullDecimal(decimal.NewFromInt(n)) }
	base := func() Snapshot {
		return Snapshot{
			Product: &catalog.Product{ID: "1", Name: "Чашка", Own: catalog.Offer{SKU: "A", Price: price(10), Available: decimal.NewFromInt(4)}},
			Offers:  map[string]catalog.Offer{"11": {ID: "11", ProductID: "1", SKU: "A", Price: price(10)}, "12": {ID: "12", ProductID: "1", SKU: "B", Price: price(10)}},
		}
	}
	offer := func(id string, edit func(o *catalog.Offer)) func(*Snapshot) {
		return func(s *Snapshot) { o := s.Offers[id]; edit(&o); s.Offers[id] = o }
	}
	lone := func(edit func(s *Snapshot)) func(*Snapshot) {
		return func(s *Snapshot) { s.Offers = nil; edit(s) }
	}
	for _, tt := range []struct {
		name      string
		before    func(s *Snapshot)
		edit      func(s *Snapshot)
		whole     bool
		of11, any bool
	}{
		{name: "nothing", edit: func(*Snapshot) {}},
		{name: "a price", edit: offer("11", func(o *catalog.Offer) { o.Price = price(11) }), of11: true, any: true},
		{name: "no price any more", edit: offer("11", func(o *catalog.Offer) { o.Price = decimal.NullDecimal{} }), of11: true, any: true},
		{name: "stock", edit: offer("11", func(o *catalog.Offer) { o.Available = decimal.NewFromInt(-1) }), of11: true, any: true},
		{name: "stock nobody tells", edit: offer("11", func(o *catalog.Offer) { o.StockUnknown = true }), of11: true, any: true},
		{name: "the other's price", edit: offer("12", func(o *catalog.Offer) { o.Price = price(11) }), any: true},
		{name: "a SKU", edit: offer("12", func(o *catalog.Offer) { o.SKU = "C" }), whole: true, any: true},
		{name: "an archived offer", edit: offer("11", func(o *catalog.Offer) { o.Archived = true }), whole: true, of11: true, any: true},
		{name: "a name", edit: func(s *Snapshot) { s.Product.Name = "Кухоль" }, whole: true, any: true},
		{name: "the card's own stock beside offers", edit: func(s *Snapshot) { s.Product.Own.Available = decimal.Zero }},
		{name: "the card's own SKU", edit: func(s *Snapshot) { s.Product.Own.SKU = "C" }, whole: true, any: true},
		{name: "one offer more", edit: func(s *Snapshot) { s.Offers["13"] = catalog.Offer{ID: "13"} }, whole: true, any: true},
		{name: "one offer less", edit: func(s *Snapshot) { delete(s.Offers, "12") }, whole: true, any: true},
		{name: "another offer", edit: func(s *Snapshot) { delete(s.Offers, "12"); s.Offers["13"] = catalog.Offer{ID: "13"} }, whole: true, any: true},
		{name: "gone", edit: func(s *Snapshot) { s.Product = nil }, whole: true, any: true},
		{name: "still gone", before: func(s *Snapshot) { *s = Snapshot{} }, edit: func(s *Snapshot) { *s = Snapshot{} }},
		{name: "back", before: func(s *Snapshot) { s.Product = nil }, edit: func(*Snapshot) {}, whole: true, any: true},
		{
			name: "the card's own price without offers", before: lone(func(*Snapshot) {}),
			edit: lone(func(s *Snapshot) { s.Product.Own.Price = price(11) }), of11: true, any: true,
		},
		{name: "nothing without offers", before: lone(func(*Snapshot) {}), edit: lone(func(*Snapshot) {})},
	} {
		was, now := base(), base()
		if tt.before != nil {
			tt.before(&was)
		}
		tt.edit(&now)
		staged := Snapshot{Offers: map[string]catalog.Offer{}} // it went through the database
		if was.Product != nil {
			must(t, json.Unmarshal(JSON(was.Product), &staged.Product))
		}
		must(t, json.Unmarshal(JSON(was.Offers), &staged.Offers))
		d := Diff(staged, now)
		if got, want := fmt.Sprint(d.Whole, d.priceOrStockChanged("11"), d.any()), fmt.Sprint(tt.whole, tt.of11, tt.any); got != want {
			t.Errorf("%s: drift %s, want %s", tt.name, got, want)
		}
	}
}

// What was read again is compared as it would be staged: by product, or by variant where each is one.
func TestWhatWasReadAgainIsSortedByProduct(t *testing.T) {
	t.Parallel()
	card := func(id string, edit func(*catalog.Product)) catalog.Product {
		p := catalog.Product{ID: id, Name: "Футболка", Pictures: []string{}, Attributes: []plugin.Attribute{}}
		p.Own.Options = []plugin.Attribute{}
		edit(&p)
		return p
	}
	offer := func(id, product string, edit func(*catalog.Offer)) catalog.Offer {
		o := catalog.Offer{ID: id, ProductID: product, SKU: "T-" + id}
		edit(&o)
		return o
	}
	asCard, asOffer := func(*catalog.Product) {}, func(*catalog.Offer) {}
	several, archived := func(p *catalog.Product) { p.Several = true }, func(o *catalog.Offer) { o.Archived = true }
	variant := func(id string) Snapshot {
		one := card("5/"+id, func(p *catalog.Product) { p.Name = "Футболка (T-" + id + ")" })
		one.Own = catalog.Offer{}
		return Snapshot{Product: &one, Offers: map[string]catalog.Offer{id: offer(id, "5/"+id, asOffer)}}
	}
	whole := func(p catalog.Product, offers ...catalog.Offer) Snapshot {
		s := Snapshot{Product: &p, Offers: map[string]catalog.Offer{}}
		for _, o := range offers {
			s.Offers[o.ID] = o
		}
		return s
	}
	type (
		list   = []catalog.Offer
		sorted = map[string]Snapshot
	)
	of50, of51, of52 := offer("50", "5", asOffer), offer("51", "5", asOffer), offer("52", "5", asOffer)
	for _, tt := range []struct {
		name      string
		product   catalog.Product
		offers    list
		want      sorted
		byVariant sorted // beside want
	}{
		{"a product without variants", card("5", asCard), list{of50}, sorted{"5": whole(card("5", asCard), of50)}, nil},
		{"one without offers", card("5", asCard), nil, sorted{"5": whole(card("5", asCard))}, nil},
		{
			"one with a text that no database keeps", card("5", func(p *catalog.Product) { p.Name = "Футбо\x00лка" }),
			list{of50},
			sorted{"5": whole(card("5", asCard), of50)},
			nil,
		},
		{
			"one that is archived: its offers are known, and it is not for sale", card("5", func(p *catalog.Product) { p.Archived, p.Several = true, true }),
			list{of51, of52},
			sorted{"5": {Offers: map[string]catalog.Offer{"51": of51, "52": of52}}},
			nil,
		},
		{
			"one with variants", card("5", several),
			list{of51, of52},
			sorted{"5": whole(card("5", several), of51, of52)},
			sorted{"5/51": variant("51"), "5/52": variant("52")},
		},
		{
			"variants whose texts no database keeps", card("5", func(p *catalog.Product) { p.Several, p.Name = true, "Футбо\x00лка" }),
			list{of51},
			sorted{"5": whole(card("5", several), of51)},
			sorted{"5/51": variant("51")},
		},
		{
			"an archived variant is none of the products", card("5", several),
			list{of51, offer("52", "5", archived)},
			sorted{"5": whole(card("5", several), of51, offer("52", "5", archived))},
			sorted{"5/51": variant("51")},
		},
		{
			"an offer that came twice counts as it came last", card("5", several),
			list{offer("51", "5", archived), of52, of51},
			sorted{"5": whole(card("5", several), of51, of52)},
			sorted{"5/51": variant("51"), "5/52": variant("52")},
		},
		{
			"an archived offer beside one makes no variants of them", card("5", asCard),
			list{of50, offer("51", "5", archived)},
			sorted{"5": whole(card("5", asCard), of50, offer("51", "5", archived))},
			nil,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			offers := map[string][]catalog.Offer{}
			if tt.offers != nil {
				offers["5"] = tt.offers
			}
			// Another product, after it and without variants, is always there too.
			products := []catalog.Product{tt.product, card("6", asCard)}
			tt.want["6"] = whole(card("6", asCard))
			if diff := differences(tt.want, Snapshots(products, offers)); diff != "" {
				t.Errorf("by product: wanted (-), got (+):\n%s", diff)
			}
			maps.Copy(tt.want, tt.byVariant)
			if diff := differences(tt.want, SnapshotsByVariant(products, offers)); diff != "" {
				t.Errorf("by variant: wanted (-), got (+):\n%s", diff)
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
