package catalog

import (
	"bytes"
	"slices"

	"github.com/shopspring/decimal"
)

// snapshot is what the CRM says of one product.
type snapshot struct {
	// Product is nil unless the CRM has it for sale.
	Product *Product
	// Offers are all of it, archived ones too.
	Offers map[string]Offer
}

// changeSet is how far what the CRM says of a product has moved.
type changeSet struct {
	// whole: more than price and stock is different.
	whole bool
	// card: the card's own price or stock is, which stands in where the list of offers has none.
	card bool
	// offers are those of which nothing but price or stock is.
	offers map[string]bool
}

// quoted reports whether price or stock of an offer is another.
func (d changeSet) quoted(offer string) bool {
	moved, listed := d.offers[offer]
	return moved || d.card && !listed
}

// any reports whether anything at all is different.
func (d changeSet) any() bool {
	if d.whole || d.card {
		return true
	}
	for _, moved := range d.offers {
		if moved {
			return true
		}
	}
	return false
}

// diff compares what the CRM said of a product with what it says now. It is pure.
func diff(was, now snapshot) changeSet {
	d := changeSet{offers: make(map[string]bool, len(now.Offers))}
	if (was.Product == nil) != (now.Product == nil) || len(was.Offers) != len(now.Offers) {
		d.whole = true
		return d
	}
	if was.Product != nil {
		d.card = len(now.Offers) == 0 && !alike(was.Product.Own, now.Product.Own)
		d.whole = !alike(was.Product.plain(), now.Product.plain())
	}
	for id, o := range now.Offers {
		before, there := was.Offers[id]
		d.whole = d.whole || !there || !alike(before.plain(), o.plain())
		d.offers[id] = !alike(before, o)
	}
	return d
}

// alike compares what would be staged.
func alike[T any](a, b T) bool { return bytes.Equal(toJSON(a), toJSON(b)) }

// plain is the offer without price and stock.
func (o Offer) plain() Offer {
	o.Price, o.Available, o.StockUnknown = decimal.NullDecimal{}, decimal.Decimal{}, false
	return o
}

// plain is the product without them on its card.
func (p Product) plain() Product {
	p.Own = p.Own.plain()
	return p
}

// statedWhole sorts products and offers that were read again by product.
func statedWhole(products []Product, offers map[string][]Offer) map[string]snapshot {
	out := map[string]snapshot{}
	for id, list := range offers {
		out[id] = snapshot{Offers: byID(list)}
	}
	for _, p := range products {
		if !p.Archived {
			p = p.scrubbed()
			out[p.ID] = snapshot{Product: &p, Offers: out[p.ID].Offers}
		}
	}
	return out
}

// statedSplit does so for a shop that keeps each variant as a product.
func statedSplit(products []Product, offers map[string][]Offer) map[string]snapshot {
	out := statedWhole(products, offers)
	for _, p := range products {
		if p.Archived {
			continue
		}
		g := crmProduct{Product: p.scrubbed()}
		for _, o := range onlyLast(offers[p.ID], func(o Offer) string { return o.ID }) {
			if !o.Archived {
				g.Offers = append(g.Offers, o)
			}
		}
		if !comesInVariants(g) {
			continue
		}
		for _, one := range splitGoods(g) {
			out[one.Product.ID] = snapshot{Product: &one.Product, Offers: byID(one.Offers)}
		}
	}
	return out
}

func byID(offers []Offer) map[string]Offer {
	out := make(map[string]Offer, len(offers))
	for o := range slices.Values(offers) {
		out[o.ID] = o
	}
	return out
}
