package plan

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
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

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
