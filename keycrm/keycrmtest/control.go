package keycrmtest

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// The methods here are what a test, or a person on the pages, does inside KeyCRM. Those that name an object answer an
// error when there is none. A function given to an Edit method must not call the Server.

func missing(what string, id int64) error { return &missingError{what, id} }

type missingError struct {
	what string
	id   int64
}

func (e *missingError) Error() string { return fmt.Sprintf("keycrmtest: no %s %d", e.what, e.id) }

// Orders returns all orders, newest first, also those that lists do not show yet.
func (s *Server) Orders() []Order { return copies(s, s.db.orders) }

// Order returns one order.
func (s *Server) Order(id int64) (Order, bool) { return copyOf(s, s.db.orders, id) }

// Cards returns all cards, newest first, also those that lists do not show yet.
func (s *Server) Cards() []Card { return copies(s, s.db.cards) }

// Card returns one card.
func (s *Server) Card(id int64) (Card, bool) { return copyOf(s, s.db.cards, id) }

// Buyers returns all buyers, newest first.
func (s *Server) Buyers() []Buyer { return copies(s, s.db.buyers) }

// Triggers returns all triggers, newest first.
func (s *Server) Triggers() []Trigger { return copies(s, s.db.triggers) }

// Deliveries returns the webhooks that were sent or wait, newest first.
func (s *Server) Deliveries() []Delivery { return copies(s, s.db.deliveries) }

func copies[T any](s *Server, t *table[T]) []T {
	var out []T
	s.locked(func() {
		for _, id := range t.ids() {
			out = append(out, clone(t.rows[id]))
		}
	})
	return out
}

func copyOf[T any](s *Server, t *table[T], id int64) (out T, ok bool) {
	s.locked(func() {
		var row *T
		if row, ok = t.rows[id]; ok {
			out = clone(row)
		}
	})
	return out, ok
}

// Product returns one product.
func (s *Server) Product(id int64) (out Product, ok bool) {
	s.locked(func() {
		if p := s.product(id); p != nil {
			out, ok = clone(p), true
		}
	})
	return out, ok
}

// Offer returns one offer.
func (s *Server) Offer(id int64) (out Offer, ok bool) {
	s.locked(func() {
		if o := s.offer(id); o != nil {
			out, ok = clone(o), true
		}
	})
	return out, ok
}

// ProductIDs returns all products that lists show, newest first.
func (s *Server) ProductIDs() (ids []int64) {
	s.locked(func() { ids, _ = s.productIDs(nil, window{take: 1 << 30}) })
	return ids
}

// OfferIDs returns all offers, newest first.
func (s *Server) OfferIDs() (ids []int64) {
	s.locked(func() { ids, _ = s.offerIDs(nil, window{take: 1 << 30}) })
	return ids
}

// Categories returns the category tree as a flat list, oldest first.
func (s *Server) Categories() (out []Category) {
	s.locked(func() { out = s.categories() })
	return out
}

// Statuses returns the order statuses by id.
func (s *Server) Statuses() (out []OrderStatus) {
	s.locked(func() { out = s.statuses() })
	return out
}

// SetOrderStatus moves an order to a status, as a manager does, and fires the triggers.
func (s *Server) SetOrderStatus(id, statusID int64) error {
	return s.EditOrder(id, func(o *Order) { o.StatusID = statusID })
}

// EditOrder changes an order freely: comments, lines, tracking number, payments. New lines and payments get their
// ids; totals, stock and triggers follow.
func (s *Server) EditOrder(id int64, edit func(*Order)) (err error) {
	s.locked(func() {
		o := s.db.orders.rows[id]
		if o == nil {
			err = missing("order", id)
			return
		}
		trial := clone(o)
		edit(&trial)
		if !s.statusExists(trial.StatusID) {
			err = missing("order status", trial.StatusID)
			return
		}
		s.releaseChanged(o, &trial)
		s.changeOrder(o, func(c *Order) bool {
			*c = trial
			s.numberRows(c.Lines, c.Payments)
			return true
		})
	})
	return err
}

// releaseChanged frees what lines held that are gone or hold another quantity now; settleStock takes it anew.
func (s *Server) releaseChanged(before, after *Order) {
	old := clone(before)
	for i := range old.Lines {
		was := &old.Lines[i]
		now := findRow(after.Lines, func(l *Line) bool { return l.ID == was.ID })
		if now != nil && now.Quantity.Equal(was.Quantity) && now.OfferID == was.OfferID {
			continue
		}
		s.settleLine(was, "")
		if now != nil {
			now.StockStatus = ""
		}
	}
}

// AddOrderLine adds a line by SKU, as a manager can and the API cannot.
func (s *Server) AddOrderLine(id int64, l Line) error {
	return s.EditOrder(id, func(o *Order) {
		s.tie(&l)
		l.CreatedAt, l.UpdatedAt = s.stamp(), s.stamp()
		o.Lines = append(o.Lines, l)
	})
}

// SetTracking writes the tracking number of an order.
func (s *Server) SetTracking(id int64, code string) error {
	return s.EditOrder(id, func(o *Order) {
		if o.Shipping == nil {
			o.Shipping = &Shipping{CreatedAt: s.stamp()}
		}
		o.Shipping.TrackingCode, o.Shipping.UpdatedAt = code, s.stamp()
	})
}

// DeleteOrder deletes an order as the interface can: it is 404 and in no list from now on. Its source_uuid is free.
func (s *Server) DeleteOrder(id int64) (err error) {
	s.locked(func() {
		o := s.db.orders.rows[id]
		if o == nil {
			err = missing("order", id)
			return
		}
		c := clone(o)
		for i := range c.Lines {
			s.settleLine(&c.Lines[i], "")
		}
		s.db.orders.drop(id)
	})
	return err
}

// SetCardStatus moves a card to a status, in its pipeline or another, and fires the triggers.
func (s *Server) SetCardStatus(id, statusID int64) error {
	var known *Pipeline
	s.locked(func() { known, _ = s.pipelineStatus(statusID) })
	if known == nil {
		return missing("pipeline status", statusID)
	}
	return s.EditCard(id, func(c *Card) { c.StatusID, c.PipelineID = statusID, known.ID })
}

// EditCard changes a card freely.
func (s *Server) EditCard(id int64, edit func(*Card)) (err error) {
	s.locked(func() {
		c := s.db.cards.rows[id]
		if c == nil {
			err = missing("card", id)
			return
		}
		s.changeCard(c, edit)
	})
	return err
}

// ConvertCard makes an order of a card, as the button in the interface does. The order has the card's source, lines,
// payments and marks, and no source_uuid; the card names it in target_id.
func (s *Server) ConvertCard(id int64) (orderID int64, err error) {
	s.locked(func() {
		c := s.db.cards.rows[id]
		switch {
		case c == nil:
			err = missing("card", id)
			return
		case c.TargetID != 0:
			err = fmt.Errorf("keycrmtest: card %d is converted already", id)
			return
		}
		orderID = s.convert(c)
	})
	return orderID, err
}

func (s *Server) convert(row *Card) int64 {
	c := clone(row)
	o := &Order{
		ID: s.db.orders.next(), SourceID: c.SourceID, StatusID: 1, ManagerID: c.ManagerID, ManagerComment: c.ManagerComment,
		Lines: c.Lines, Payments: c.Payments, Marketing: &c.Marketing, CreatedAt: s.stamp(), UpdatedAt: s.stamp(),
		OrderedAt: s.stamp(), StatusChangedAt: s.stamp(), VisibleAt: s.now().Add(s.cfg.visibilityDelay),
	}
	if o.SourceID == 0 {
		o.SourceID = sorted(s.db.sources)[0].ID
	}
	for i := range o.Lines {
		o.Lines[i].ID = 0
	}
	for i := range o.Payments {
		o.Payments[i].ID = 0
	}
	s.numberRows(o.Lines, o.Payments)
	o.BuyerID = c.Contact.ClientID
	if o.BuyerID == 0 {
		o.BuyerID = s.matchBuyer(c.Contact.FullName, c.Contact.Phone, c.Contact.Email).ID
	}
	s.settleStock(o)
	s.db.orders.put(o.ID, o)
	s.changeCard(row, func(c *Card) {
		c.TargetID, c.TargetType, c.Contact.ClientID = o.ID, "order", o.BuyerID
	})
	return o.ID
}

// DeleteCard deletes a card as the interface can.
func (s *Server) DeleteCard(id int64) (err error) {
	s.locked(func() {
		if s.db.cards.rows[id] == nil {
			err = missing("card", id)
			return
		}
		s.db.cards.drop(id)
	})
	return err
}

// MergeBuyers moves everything of one buyer to another and deletes the first: it is 404 from now on.
func (s *Server) MergeBuyers(from, into int64) (err error) {
	s.locked(func() {
		a, b := s.db.buyers.rows[from], s.db.buyers.rows[into]
		if a == nil || b == nil || from == into {
			err = fmt.Errorf("keycrmtest: cannot merge buyer %d into %d", from, into)
			return
		}
		c := clone(b)
		c.Phones, c.Emails = union(c.Phones, a.Phones), union(c.Emails, a.Emails)
		c.HasDuplicates, c.UpdatedAt = false, s.stamp()
		s.db.buyers.put(into, &c)
		s.db.buyers.drop(from)
		for _, id := range s.db.orders.ids() {
			if s.db.orders.rows[id].BuyerID == from {
				s.changeOrder(s.db.orders.rows[id], func(o *Order) bool { o.BuyerID = into; return true })
			}
		}
	})
	return err
}

func union(a, b []string) []string {
	for _, v := range b {
		if !contains(a, v) {
			a = append(a, v)
		}
	}
	return a
}

// AddTrigger adds a trigger, or replaces the one with its ID, and returns the id. Set Active.
func (s *Server) AddTrigger(t Trigger) (id int64) {
	s.locked(func() {
		if t.Method == "" {
			t.Method = "POST"
		}
		if t.ID == 0 {
			t.ID = s.db.triggers.next()
		}
		row := clone(&t)
		s.db.triggers.put(t.ID, &row)
		id = t.ID
	})
	return id
}

// DeleteTrigger deletes a trigger.
func (s *Server) DeleteTrigger(id int64) { s.locked(func() { s.db.triggers.drop(id) }) }

// SetStockHook sets the stock webhook.
func (s *Server) SetStockHook(h StockHook) { s.editSettings(func(st *settings) { st.StockHook = h }) }

// DeleteWarehouse deletes a warehouse: the details of stocks do not show it any more.
func (s *Server) DeleteWarehouse(id int64) {
	s.editSettings(func(st *settings) { st.Closed = append(slices.Clone(st.Closed), id) })
}

// SetPipelines switches the pipelines of the account on or off.
func (s *Server) SetPipelines(on bool) { s.editSettings(func(st *settings) { st.PipelinesOff = !on }) }

// SetPipelineBlocks switches the products and payments blocks of a pipeline; what is off is dropped from cards.
func (s *Server) SetPipelineBlocks(pipelineID int64, products, payments bool) {
	s.editSettings(func(st *settings) {
		st.ProductsOff = toggled(st.ProductsOff, pipelineID, !products)
		st.PaymentsOff = toggled(st.PaymentsOff, pipelineID, !payments)
	})
}

func toggled(list []int64, id int64, in bool) []int64 {
	list = slices.DeleteFunc(slices.Clone(list), func(v int64) bool { return v == id })
	if in {
		list = append(list, id)
	}
	return list
}

func (s *Server) editSettings(edit func(*settings)) {
	s.locked(func() {
		c := clone(s.settings())
		edit(&c)
		s.db.settings.put(1, &c)
	})
}

// DeliverWebhooks sends everything that waits, each up to 3 times without a pause, and returns when nothing waits.
func (s *Server) DeliverWebhooks(ctx context.Context) error {
	for range maxAttempts {
		if !s.sender.pass(ctx) {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// Requests returns the API requests so far, oldest first, the last 3000 at most.
func (s *Server) Requests() []Request { return s.log.all() }

// RequestCount is how many API requests came since the start or the last Reset.
func (s *Server) RequestCount() int {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return s.log.count
}

// Used is how many requests of the last 60 seconds count for the key.
func (s *Server) Used(key string) int { return s.limiter.used(key, s.now()) }

// UnknownFields lists what strict mode found, such as "POST /v1/order: products.0.offer_id".
func (s *Server) UnknownFields() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]string, 0, len(s.unknown))
	for name := range s.unknown {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// Reset forgets the request log, the used minute, the faults and what strict mode found. The account stays.
func (s *Server) Reset() {
	s.log.reset()
	s.limiter.reset()
	s.faults.clear()
	s.forgetUnknown()
}

func (s *Server) forgetUnknown() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.unknown)
}

// Fault makes something go wrong and returns its id. Faults are looked through in the order they were added.
func (s *Server) Fault(f Fault) int64 {
	id := s.faults.add(f)
	s.sender.wake()
	return id
}

// Faults lists what is still to go wrong.
func (s *Server) Faults() []Fault { return s.faults.all() }

// ClearFault ends one fault.
func (s *Server) ClearFault(id int64) { s.faults.remove(id) }

// ClearFaults ends all faults.
func (s *Server) ClearFaults() { s.faults.clear() }

// After calls f after every API request, without any lock held, so that f can change the account between two pages.
// nil stops that.
func (s *Server) After(f func(Request)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.after = f
}

func (s *Server) runAfter(r Request) {
	s.mu.Lock()
	f := s.after
	s.mu.Unlock()
	if f != nil {
		f(r)
	}
}

// OrderBySourceUUID finds the newest order with this source_uuid.
func (s *Server) OrderBySourceUUID(uuid string) (Order, bool) {
	for _, o := range s.Orders() {
		if o.SourceUUID == uuid {
			return o, true
		}
	}
	return Order{}, false
}

// Now is the simulator's clock, in UTC.
func (s *Server) Now() time.Time { return s.now() }

// StatusName is the name of an order status, or its number.
func (s *Server) StatusName(id int64) string {
	for _, st := range s.Statuses() {
		if st.ID == id {
			return st.Name
		}
	}
	return strconv.FormatInt(id, 10)
}
