package account

import (
	"strconv"

	"github.com/keybridge/keybridge/internal/crmsim"
	"github.com/keybridge/keybridge/internal/crmsim/table"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
)

// Orders are the sales of an account.
type Orders struct {
	*core
	Catalog      *Catalog
	Dictionaries *Dictionaries
	Hooks        *Hooks
	Stock        *Stock
	Buyers       *Buyers
}

// Create stores an order that was found good, of the person who ordered.
func (s *Orders) Create(o *entity.Order, name, phone, email string) {
	o.ID, o.StatusID, o.StatusChangedAt = s.DB.Orders.Next(), 1, s.Stamp()
	if o.OrderedAt.IsZero() {
		o.OrderedAt = s.Stamp()
	}
	if o.BuyerID == 0 {
		o.BuyerID = s.Buyers.match(name, phone, email).ID
	}
	s.NumberRows(o.Lines, o.Payments)
	s.Stock.allocate(o)
	s.DB.Orders.Put(o.ID, o)
}

// Edit changes an order freely: comments, lines, tracking number, payments. New lines and payments get their ids; totals,
// stock and triggers follow.
func (s *Orders) Edit(id int64, edit func(*entity.Order)) error {
	o := s.DB.Orders.Get(id)
	if o == nil {
		return missing("order", id)
	}
	trial := table.Clone(o)
	edit(&trial)
	if !s.DB.Statuses.Has(trial.StatusID) {
		return missing("order status", trial.StatusID)
	}
	s.releaseChanged(o, &trial)
	s.Change(o, func(c *entity.Order) bool {
		*c = trial
		s.NumberRows(c.Lines, c.Payments)
		return true
	})
	return nil
}

// SetStatus moves an order to a status, as a manager does.
func (s *Orders) SetStatus(id, status int64) error {
	return s.Edit(id, func(o *entity.Order) { o.StatusID = status })
}

// SetTracking writes the tracking number of an order.
func (s *Orders) SetTracking(id int64, code string) error {
	return s.Edit(id, func(o *entity.Order) {
		if o.Shipping == nil {
			o.Shipping = &entity.Shipping{CreatedAt: s.Stamp()}
		}
		o.Shipping.TrackingCode, o.Shipping.UpdatedAt = code, s.Stamp()
	})
}

// AddLine adds a line by SKU, as a manager can and the API cannot.
func (s *Orders) AddLine(id int64, l entity.Line) error {
	return s.Edit(id, func(o *entity.Order) {
		s.Tie(&l)
		l.CreatedAt, l.UpdatedAt = s.Stamp(), s.Stamp()
		o.Lines = append(o.Lines, l)
	})
}

// Delete deletes an order and frees what it held.
func (s *Orders) Delete(id int64) error {
	o := s.DB.Orders.Get(id)
	if o == nil {
		return missing("order", id)
	}
	c := table.Clone(o)
	for i := range c.Lines {
		s.Stock.allocateLine(&c.Lines[i], "")
	}
	s.DB.Orders.Drop(id)
	return nil
}

// releaseChanged frees what lines held that are gone or hold another quantity now; allocate takes it anew.
func (s *Orders) releaseChanged(before, after *entity.Order) {
	old := table.Clone(before)
	for i := range old.Lines {
		was := &old.Lines[i]
		now := crmsim.Find(after.Lines, func(l *entity.Line) bool { return l.ID == was.ID })
		if now != nil && now.Quantity.Equal(was.Quantity) && now.OfferID == was.OfferID {
			continue
		}
		s.Stock.allocateLine(was, "")
		if now != nil {
			now.StockStatus = ""
		}
	}
}

// UUIDTaken reports whether another order has its source_uuid.
func (s *Orders) UUIDTaken(o *entity.Order) bool {
	if o.SourceUUID == "" {
		return false
	}
	for _, other := range s.DB.Orders.All() {
		if other.SourceUUID == o.SourceUUID && (!s.Config.UUIDPerSource || other.SourceID == o.SourceID) {
			return true
		}
	}
	return false
}

// Tie links the line to the first offer with its SKU, if there is one, and fills what the line lacks.
func (s *Orders) Tie(l *entity.Line) *entity.Offer {
	found := s.Catalog.OffersBySKU(l.SKU)
	if len(found) == 0 {
		return nil
	}
	o := found[0]
	l.OfferID = o.ID
	if p := s.Catalog.Product(o.ProductID); l.Name == "" {
		l.Name = p.Name
	}
	if l.PurchasedPrice.IsZero() {
		l.PurchasedPrice = o.PurchasedPrice
	}
	if l.Picture == "" {
		l.Picture = o.Picture
	}
	return o
}

// NumberRows gives ids to the lines and payments that have none.
func (s *Orders) NumberRows(lines []entity.Line, payments []entity.Payment) {
	for i := range lines {
		if lines[i].ID == 0 {
			lines[i].ID = s.nextID(idLine)
		}
	}
	for i := range payments {
		if payments[i].ID == 0 {
			payments[i].ID = s.nextID(idPayment)
		}
	}
}

// Change works on a copy of the order and, unless keep says no, stores it and fires what the change caused.
func (s *Orders) Change(o *entity.Order, edit func(*entity.Order) (keep bool)) *entity.Order {
	c := table.Clone(o)
	if !edit(&c) {
		return o
	}
	c.UpdatedAt = s.Stamp()
	if c.StatusID != o.StatusID {
		c.StatusChangedAt = s.Stamp()
		if c.ClosedAt = o.ClosedAt; s.Dictionaries.Closing(c.StatusID) {
			c.ClosedAt = s.Stamp()
		}
	}
	s.Stock.allocate(&c)
	s.DB.Orders.Put(c.ID, &c)
	if c.StatusID != o.StatusID {
		s.Hooks.fire(entity.EventOrderStatus, strconv.FormatInt(c.StatusID, 10), c.SourceID, s.Hooks.order(&c), c.ID)
	}
	if c.PaymentStatus() != o.PaymentStatus() {
		s.Hooks.fire(entity.EventOrderPayment, c.PaymentStatus(), c.SourceID, s.Hooks.order(&c), c.ID)
	}
	return &c
}
