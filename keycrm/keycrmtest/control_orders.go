package keycrmtest

import (
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/account"
)

// orderControl is what people do to orders and their buyers.
type orderControl struct{ account *account.Account }

// Orders returns all orders, newest first, also those that lists do not show yet.
func (s orderControl) Orders() []Order { return read(s.account, s.account.DB.Orders.Copies) }

// Order returns one order.
func (s orderControl) Order(id int64) (Order, bool) {
	return found(s.account, s.account.DB.Orders.Copy, id)
}

// OrderBySourceUUID finds the newest order with this source_uuid.
func (s orderControl) OrderBySourceUUID(uuid string) (Order, bool) {
	for _, o := range s.Orders() {
		if o.SourceUUID == uuid {
			return o, true
		}
	}
	return Order{}, false
}

// SetOrderStatus moves an order to a status, as a manager does, and fires the triggers.
func (s orderControl) SetOrderStatus(id, statusID int64) error {
	return change(s.account, func() error { return s.account.Orders.SetStatus(id, statusID) })
}

// EditOrder changes an order freely: comments, lines, tracking number, payments. New lines and payments get their
// ids; totals, stock and triggers follow.
func (s orderControl) EditOrder(id int64, edit func(*Order)) error {
	return change(s.account, func() error { return s.account.Orders.Edit(id, edit) })
}

// AddOrderLine adds a line by SKU, as a manager can and the API cannot.
func (s orderControl) AddOrderLine(id int64, l Line) error {
	return change(s.account, func() error { return s.account.Orders.AddLine(id, l) })
}

// SetTracking writes the tracking number of an order.
func (s orderControl) SetTracking(id int64, code string) error {
	return change(s.account, func() error { return s.account.Orders.SetTracking(id, code) })
}

// DeleteOrder deletes an order as the interface can: it is 404 and in no list from now on. Its source_uuid is free.
func (s orderControl) DeleteOrder(id int64) error {
	return change(s.account, func() error { return s.account.Orders.Delete(id) })
}

// Buyers returns all buyers, newest first.
func (s orderControl) Buyers() []Buyer { return read(s.account, s.account.DB.Buyers.Copies) }

// MergeBuyers moves everything of one buyer to another and deletes the first: it is 404 from now on.
func (s orderControl) MergeBuyers(from, into int64) error {
	return change(s.account, func() error { return s.account.MergeBuyers(from, into) })
}
