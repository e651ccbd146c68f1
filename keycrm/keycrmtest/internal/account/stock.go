package account

import (
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
)

// Stock states of an order line.
const (
	StockReserved  = "reserved"
	StockFulfilled = "fulfilled"
)

// Stock is what orders do to the goods in the warehouses.
type Stock struct {
	*core
	Catalog      *Catalog
	Dictionaries *Dictionaries
	Hooks        *Hooks
}

// stockState is what the status group does to the goods: kept for the order until it is completed, then written off;
// free again once it is cancelled or returned.
func stockState(group int64) string {
	switch group {
	case 5:
		return StockFulfilled
	case 6:
		return ""
	}
	return StockReserved
}

// allocate moves the order's lines to the stock state of its status.
func (s *Stock) allocate(o *entity.Order) {
	want := stockState(s.Dictionaries.StatusGroup(o.StatusID))
	for i := range o.Lines {
		s.allocateLine(&o.Lines[i], want)
	}
}

func (s *Stock) allocateLine(l *entity.Line, want string) {
	offer := s.Catalog.Offer(l.OfferID)
	if s.Config.NoReserve || offer == nil || l.StockStatus == want {
		return
	}
	before := l.StockStatus
	l.StockStatus = want
	s.changeStock(offer, func(o *entity.Offer) {
		o.Reserve = o.Reserve.Add(reserveOf(want, l.Quantity)).Sub(reserveOf(before, l.Quantity))
		o.Stock[entity.WarehouseKyiv] = o.Stock[entity.WarehouseKyiv].
			Sub(writtenOff(want, l.Quantity)).Add(writtenOff(before, l.Quantity))
	})
}

// Resize changes a line's quantity and what it holds of the stock.
func (s *Stock) Resize(l *entity.Line, quantity decimal.Decimal) {
	state := l.StockStatus
	s.allocateLine(l, "")
	l.Quantity = quantity
	s.allocateLine(l, state)
}

func reserveOf(state string, q decimal.Decimal) decimal.Decimal {
	if state == StockReserved {
		return q
	}
	return decimal.Zero
}

func writtenOff(state string, q decimal.Decimal) decimal.Decimal {
	if state == StockFulfilled {
		return q
	}
	return decimal.Zero
}

// changeStock stores the offer's new stock and tells the stock webhook.
func (s *Stock) changeStock(o *entity.Offer, change func(*entity.Offer)) {
	after := s.Catalog.EditOffer(o, change)
	s.Hooks.stockChanged(after)
}

// Set changes what lies in a warehouse, reserve included.
func (s *Stock) Set(o *entity.Offer, warehouse int64, quantity decimal.Decimal) {
	s.changeStock(o, func(o *entity.Offer) { o.Stock[warehouse] = quantity })
}

// EditOffer changes an offer freely; the stock webhook is told if its stock changed.
func (s *Stock) EditOffer(id int64, edit func(*entity.Offer)) error {
	o := s.Catalog.Offer(id)
	if o == nil {
		return missing("offer", id)
	}
	after := s.Catalog.EditOffer(o, func(o *entity.Offer) { edit(o); o.UpdatedAt = s.Stamp() })
	if !after.Quantity().Equal(o.Quantity()) || !after.Reserve.Equal(o.Reserve) {
		s.Hooks.stockChanged(after)
	}
	return nil
}
