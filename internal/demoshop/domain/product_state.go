package domain

import (
	"slices"

	"github.com/shopspring/decimal"
)

// ProductState is a product with its variants while a batch works on it: read and locked once,
// changed in memory by one or more items, written once. It knows no database.
type ProductState struct {
	Product  Product
	Variants []Variant
	// What is to be written: the product's own row always when Changed is true.
	Changed bool
	Dirty   map[int64]bool // existing variants to update
	Added   []int64        // ids of variants to insert
	Removed []int64
}

// Current is the version the stored row has, or will have.
func (s *ProductState) Current() int64 {
	if s.Changed {
		return s.Product.Version + 1
	}
	return s.Product.Version
}

// Clone lets an item work on a copy, so that one that fails halfway leaves nothing.
func (s *ProductState) Clone() *ProductState {
	c := *s
	c.Variants = slices.Clone(s.Variants)
	c.Added = slices.Clone(s.Added)
	c.Removed = slices.Clone(s.Removed)
	c.Dirty = make(map[int64]bool, len(s.Dirty))
	for id := range s.Dirty {
		c.Dirty[id] = true
	}
	return &c
}

// MinPrice is the lowest price a buyer can pay; not valid when no variant is for sale.
func (s *ProductState) MinPrice() decimal.NullDecimal {
	var lowest decimal.NullDecimal
	for _, v := range s.Variants {
		if v.Published && v.Price.Valid && (!lowest.Valid || v.Price.Decimal.LessThan(lowest.Decimal)) {
			lowest = v.Price
		}
	}
	return lowest
}

// Find answers where a variant stands in Variants; -1 when the product has none such.
func (s *ProductState) Find(variant int64) int {
	return slices.IndexFunc(s.Variants, func(v Variant) bool { return v.ID == variant })
}

// Put writes a variant anew where it stands.
func (s *ProductState) Put(at int, v Variant) {
	s.Variants[at] = v
	s.Changed = true
	if !slices.Contains(s.Added, v.ID) {
		s.Dirty[v.ID] = true
	}
}

// Add appends a new variant.
func (s *ProductState) Add(v Variant) {
	s.Variants = append(s.Variants, v)
	s.Added = append(s.Added, v.ID)
}

// Remove takes out the variant that stands there.
func (s *ProductState) Remove(at int) {
	id := s.Variants[at].ID
	s.Variants = slices.Delete(s.Variants, at, at+1)
	delete(s.Dirty, id)
	if i := slices.Index(s.Added, id); i >= 0 {
		s.Added = slices.Delete(s.Added, i, i+1)
	} else {
		s.Removed = append(s.Removed, id)
	}
}
