package account

import (
	"fmt"
	"slices"

	"github.com/keybridge/keybridge/internal/crmsim/table"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
)

// MergeBuyers moves everything of one buyer to another and deletes the first.
func (s *Account) MergeBuyers(from, into int64) error {
	a, b := s.DB.Buyers.Get(from), s.DB.Buyers.Get(into)
	if a == nil || b == nil || from == into {
		return fmt.Errorf("cannot merge buyer %d into %d", from, into)
	}
	c := table.Clone(b)
	c.Phones, c.Emails = union(c.Phones, a.Phones), union(c.Emails, a.Emails)
	c.HasDuplicates, c.UpdatedAt = false, s.Stamp()
	s.DB.Buyers.Put(into, &c)
	s.DB.Buyers.Drop(from)
	for _, o := range s.DB.Orders.Sorted() {
		if o.BuyerID == from {
			s.Orders.Change(o, func(o *entity.Order) bool { o.BuyerID = into; return true })
		}
	}
	return nil
}

func union(a, b []string) []string {
	for _, v := range b {
		if !slices.Contains(a, v) {
			a = append(a, v)
		}
	}
	return a
}
