package plan

import (
	"bytes"
	"slices"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/sliceutil"
)

// Snapshot is what the CRM says of one product.
type Snapshot struct {
	// Product is nil unless the CRM has it for sale.
	Product *catalog.Product
	// Offers are all of it, archived ones too.
	Offers map[string]catalog.Offer
}

// ChangeSet is what differs between two snapshots of a product.
type ChangeSet struct {
	// Whole: more than price and stock is different.
	Whole bool
	// card: the card's own price or stock is, which stands in where the list of offers has none.
	card bool
	// Offers are those of which nothing but price or stock is.
	Offers map[string]bool
}

// priceOrStockChanged reports whether price or stock of an offer is another.
func (d ChangeSet) priceOrStockChanged(offer string) bool {
	moved, listed := d.Offers[offer]
	return moved || d.card && !listed
}

// any reports whether anything at all is different.
func (d ChangeSet) any() bool {
	if d.Whole || d.card {
		return true
	}
	for _, moved := range d.Offers {
		if moved {
			return true
		}
	}
	return false
}

// Diff compares what the CRM said of a product with what it says now.
func Diff(was, now Snapshot) ChangeSet {
	d := ChangeSet{Offers: make(map[string]bool, len(now.Offers))}
	if (was.Product == nil) != (now.Product == nil) || len(was.Offers) != len(now.Offers) {
		d.Whole = true
		return d
	}
	if was.Product != nil {
		d.card = len(now.Offers) == 0 && !alike(was.Product.Own, now.Product.Own)
		d.Whole = !alike(was.Product.Plain(), now.Product.Plain())
	}
	for id, o := range now.Offers {
		before, there := was.Offers[id]
		d.Whole = d.Whole || !there || !alike(before.Plain(), o.Plain())
		d.Offers[id] = !alike(before, o)
	}
	return d
}

// alike compares what would be staged.
func alike[T any](a, b T) bool { return bytes.Equal(JSON(a), JSON(b)) }

// Snapshots sorts products and offers that were read again by product.
func Snapshots(products []catalog.Product, offers map[string][]catalog.Offer) map[string]Snapshot {
	out := map[string]Snapshot{}
	for id, list := range offers {
		out[id] = Snapshot{Offers: byID(list)}
	}
	for _, p := range products {
		if !p.Archived {
			p = p.Scrubbed()
			out[p.ID] = Snapshot{Product: &p, Offers: out[p.ID].Offers}
		}
	}
	return out
}

// SnapshotsByVariant is Snapshots for a shop that keeps each variant as a product: besides, it has one for each live
// offer of products with variants, under the offer's key.
func SnapshotsByVariant(products []catalog.Product, offers map[string][]catalog.Offer) map[string]Snapshot {
	out := Snapshots(products, offers)
	for _, p := range products {
		if p.Archived {
			continue
		}
		g := CRMProduct{Product: p.Scrubbed()}
		for _, o := range sliceutil.LastOfEach(offers[p.ID], func(o catalog.Offer) string { return o.ID }) {
			if !o.Archived {
				g.Offers = append(g.Offers, o)
			}
		}
		if !comesInVariants(g) {
			continue
		}
		for _, one := range splitGoods(g) {
			out[one.Product.ID] = Snapshot{Product: &one.Product, Offers: byID(one.Offers)}
		}
	}
	return out
}

func byID(offers []catalog.Offer) map[string]catalog.Offer {
	out := make(map[string]catalog.Offer, len(offers))
	for o := range slices.Values(offers) {
		out[o.ID] = o
	}
	return out
}
