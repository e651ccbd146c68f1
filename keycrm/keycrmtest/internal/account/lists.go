package account

import (
	"time"

	"github.com/keybridge/keybridge/internal/crmsim/table"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/generator"
)

// Brief is what filters ask about a row of the catalog. It is had without computing the row, so that a walk through a
// million of them takes a moment.
type Brief struct {
	ID, product, Category int64
	Archived              bool
}

// productBrief is false for a product that is deleted or that lists do not show yet.
func (s *Catalog) productBrief(id int64, now time.Time) (Brief, bool) {
	if p := s.DB.Products.Get(id); p != nil {
		return Brief{id, id, p.CategoryID, p.Archived}, !p.Deleted && !now.Before(p.VisibleAt)
	}
	i := int(id - generator.FirstProduct)
	if i < 0 || i >= s.gen.Products() {
		return Brief{}, false
	}
	return Brief{id, id, s.gen.CategoryOf(i), s.gen.Archived(i)}, true
}

// offerBrief is false for an offer that is deleted, alone or with its product.
func (s *Catalog) offerBrief(id int64) (Brief, bool) {
	out := Brief{ID: id}
	if o := s.DB.Offers.Get(id); o != nil {
		if o.Deleted {
			return Brief{}, false
		}
		out.product, out.Archived = o.ProductID, o.Archived
	} else {
		n := int(id - generator.FirstOffer)
		if n < 0 || n >= s.gen.Offers() {
			return Brief{}, false
		}
		out.product = generator.FirstProduct + int64(s.gen.ProductOf(n))
	}
	if p := s.DB.Products.Get(out.product); p != nil {
		out.Category, out.Archived = p.CategoryID, out.Archived || p.Archived
		return out, !p.Deleted
	}
	i := int(out.product - generator.FirstProduct)
	if i < 0 || i >= s.gen.Products() {
		return Brief{}, false
	}
	out.Category, out.Archived = s.gen.CategoryOf(i), out.Archived || s.gen.Archived(i)
	return out, true
}

// ProductIDs lists the ids that match, newest first, cut to the window. Nothing is walked through when nothing is asked
// for and nothing is hidden.
func (s *Catalog) ProductIDs(match func(Brief) bool, w table.Window) ([]int64, int) {
	first, last := int64(generator.FirstProduct), s.DB.Products.Last()
	if match == nil && !s.anyProductHidden() {
		return w.Dense(first, last)
	}
	now := s.Now()
	return w.Scan(first, last, func(id int64) bool {
		b, ok := s.productBrief(id, now)
		return ok && (match == nil || match(b))
	})
}

func (s *Catalog) anyProductHidden() bool {
	now := s.Now()
	for p := range s.DB.Products.Oddities() {
		if p.Deleted || now.Before(p.VisibleAt) {
			return true
		}
	}
	return false
}

func (s *Catalog) anyOfferDeleted() bool {
	for range s.DB.Offers.Oddities() {
		return true
	}
	return false
}

// OfferIDs is ProductIDs for offers.
func (s *Catalog) OfferIDs(match func(Brief) bool, w table.Window) ([]int64, int) {
	first, last := int64(generator.FirstOffer), s.DB.Offers.Last()
	if match == nil && !s.anyProductHidden() && !s.anyOfferDeleted() {
		return w.Dense(first, last)
	}
	return w.Scan(first, last, func(id int64) bool {
		b, ok := s.offerBrief(id)
		return ok && (match == nil || match(b))
	})
}
