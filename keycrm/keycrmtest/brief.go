package keycrmtest

import "time"

// brief is what filters ask about a row of the catalog. It is had without computing the row, so that a walk through a
// million of them takes a moment.
type brief struct {
	id, product, category int64
	archived              bool
}

// productBrief is false for a product that is deleted or that lists do not show yet.
func (s *Server) productBrief(id int64, now time.Time) (brief, bool) {
	if p, ok := s.db.products.rows[id]; ok {
		return brief{id, id, p.CategoryID, p.Archived}, !p.Deleted && !now.Before(p.VisibleAt)
	}
	i := int(id - firstProduct)
	if i < 0 || i >= s.gen.products() {
		return brief{}, false
	}
	return brief{id, id, s.gen.categoryOf(i), s.gen.archived(i)}, true
}

// offerBrief is false for an offer that is deleted, alone or with its product.
func (s *Server) offerBrief(id int64) (brief, bool) {
	out := brief{id: id}
	if o, ok := s.db.offers.rows[id]; ok {
		if o.Deleted {
			return brief{}, false
		}
		out.product, out.archived = o.ProductID, o.Archived
	} else {
		n := int(id - firstOffer)
		if n < 0 || n >= s.gen.offers() {
			return brief{}, false
		}
		out.product = firstProduct + int64(s.gen.productOf(n))
	}
	if p, ok := s.db.products.rows[out.product]; ok {
		out.category, out.archived = p.CategoryID, out.archived || p.Archived
		return out, !p.Deleted
	}
	i := int(out.product - firstProduct)
	if i < 0 || i >= s.gen.products() {
		return brief{}, false
	}
	out.category, out.archived = s.gen.categoryOf(i), out.archived || s.gen.archived(i)
	return out, true
}

// productTitle is a product's name, also without computing the rest.
func (s *Server) productTitle(id int64) string {
	if p, ok := s.db.products.rows[id]; ok {
		return p.Name
	}
	return s.gen.title(int(id - firstProduct))
}
