package keycrmtest

import (
	"encoding/json"
	"slices"

	"github.com/shopspring/decimal"
)

// Stock states of an order line.
const (
	stockReserved  = "reserved"
	stockFulfilled = "fulfilled"
)

// stockState is what the status group does to the goods: kept for the order until it is completed, then written off;
// free again once it is cancelled or returned.
func stockState(group int64) string {
	switch group {
	case 5:
		return stockFulfilled
	case 6:
		return ""
	}
	return stockReserved
}

// settleStock moves the order's lines to the stock state of its status.
func (s *Server) settleStock(o *Order) {
	want := stockState(s.statusGroup(o.StatusID))
	for i := range o.Lines {
		s.settleLine(&o.Lines[i], want)
	}
}

func (s *Server) settleLine(l *Line, want string) {
	offer := s.offer(l.OfferID)
	if s.cfg.noReserve || offer == nil || l.StockStatus == want {
		return
	}
	before := l.StockStatus
	l.StockStatus = want
	s.changeStock(offer, func(o *Offer) {
		o.Reserve = o.Reserve.Add(reserveOf(want, l.Quantity)).Sub(reserveOf(before, l.Quantity))
		o.Stock[WarehouseKyiv] = o.Stock[WarehouseKyiv].
			Sub(writtenOff(want, l.Quantity)).Add(writtenOff(before, l.Quantity))
	})
}

// resizeLine changes a line's quantity and what it holds of the stock.
func (s *Server) resizeLine(l *Line, quantity decimal.Decimal) {
	state := l.StockStatus
	s.settleLine(l, "")
	l.Quantity = quantity
	s.settleLine(l, state)
}

func reserveOf(state string, q decimal.Decimal) decimal.Decimal {
	if state == stockReserved {
		return q
	}
	return decimal.Zero
}

func writtenOff(state string, q decimal.Decimal) decimal.Decimal {
	if state == stockFulfilled {
		return q
	}
	return decimal.Zero
}

// changeStock stores the offer's new stock and tells the stock webhook.
func (s *Server) changeStock(o *Offer, change func(*Offer)) {
	after := s.editOffer(o, change)
	s.announceStock(after)
}

// stockNotice is one row of the stock webhook's body.
type stockNotice struct {
	OfferID   int64   `json:"offer_id"`
	SKU       *string `json:"sku"`
	InStock   number  `json:"in_stock"`
	InReserve number  `json:"in_reserve"`
}

func (s *Server) announceStock(o *Offer) {
	hook := s.settings().StockHook
	if hook.URL == "" {
		return
	}
	var sum decimal.Decimal
	for id, q := range o.Stock {
		if len(hook.WarehouseIDs) == 0 || slices.Contains(hook.WarehouseIDs, id) {
			sum = sum.Add(q)
		}
	}
	body, err := json.Marshal([]stockNotice{{o.ID, orNull(o.SKU), number(sum), number(o.Reserve)}})
	if err != nil {
		return // plain numbers and text: cannot happen
	}
	s.queueDelivery(0, "stock", hook.URL, "POST", body)
}
