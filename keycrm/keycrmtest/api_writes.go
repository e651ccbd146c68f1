package keycrmtest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// pendingWrite is a change that was answered with 202 and takes effect at Due.
type pendingWrite struct {
	ID   int64
	Due  time.Time
	Kind string // one of the write… constants
	Card int64
	Body json.RawMessage
}

const (
	writeOffers = "offers"
	writeStocks = "stocks"
	writeCard   = "card"
)

// later puts a checked write on its way; without a delay it takes effect before the next request.
func (s *Server) later(kind string, card int64, body []byte) {
	id := s.db.pending.next()
	s.db.pending.put(id, &pendingWrite{ID: id, Due: s.now().Add(s.cfg.writeDelay), Kind: kind, Card: card, Body: body})
	if s.cfg.writeDelay <= 0 {
		s.applyDue()
	}
}

// applyDue carries out the writes whose time has come, in order.
func (s *Server) applyDue() {
	now := s.now()
	ids := s.db.pending.ids()
	slices.Reverse(ids)
	for _, id := range ids {
		w := s.db.pending.rows[id]
		if now.Before(w.Due) {
			continue
		}
		s.db.pending.drop(id)
		f := s.readForm(w.Body)
		switch w.Kind {
		case writeOffers:
			s.applyOffers(f)
		case writeStocks:
			s.applyStocks(f)
		case writeCard:
			s.applyCard(w.Card, f)
		}
	}
}

// maxRows is how many rows PUT /offers and PUT /offers/stocks take.
const maxRows = 10000

func (s *Server) putOffers(c *call) *answer {
	f := s.readForm(c.body)
	f.require("offers")
	rows := f.list("offers")
	f.atMost("offers", len(rows), maxRows)
	for _, row := range rows {
		s.offersNamed(row)
		for _, name := range []string{"price", "purchased_price", "weight", "height", "length", "width"} {
			row.amount(name)
		}
		row.text("image_url")
	}
	return s.accept(f, writeOffers, 0, c)
}

// accept answers 202, or the complaints.
func (s *Server) accept(f *form, kind string, card int64, c *call) *answer {
	if bad := f.answer(); bad != nil {
		return bad
	}
	s.noteUnknown(c, f)
	s.later(kind, card, c.body)
	return &answer{status: 202, body: statusBody{true}}
}

// offersNamed finds what a row of PUT /offers or /offers/stocks means, by id, offer_id or sku.
func (s *Server) offersNamed(row *form) []*Offer {
	id := row.id("id")
	if id == 0 {
		id = row.id("offer_id")
	}
	sku := row.text("sku")
	if id != 0 {
		if o := s.offer(id); o != nil {
			return []*Offer{o}
		}
		row.invalid("id")
		return nil
	}
	found := s.offersBySKU(sku)
	if len(found) == 0 {
		row.invalid("sku")
	}
	return found
}

func (s *Server) applyOffers(f *form) {
	for _, row := range f.list("offers") {
		for _, o := range s.offersNamed(row) {
			s.editOffer(o, func(o *Offer) {
				if p := row.amount("price"); p.Valid {
					o.Price = p.Decimal
				}
				if p := row.amount("purchased_price"); p.Valid {
					o.PurchasedPrice = p.Decimal
				}
				readOfferSize(row, o)
				row.setText("image_url", &o.Picture)
				o.UpdatedAt = s.stamp()
			})
		}
	}
}

func (s *Server) putStocks(c *call) *answer {
	f := s.readForm(c.body)
	f.require("warehouse_id")
	f.known("warehouse_id", func(id int64) bool { return id == WarehouseKyiv || id == WarehouseLviv })
	f.require("stocks")
	rows := f.list("stocks")
	f.atMost("stocks", len(rows), maxRows)
	for _, row := range rows {
		s.offersNamed(row)
		row.require("quantity")
		row.amount("quantity")
	}
	return s.accept(f, writeStocks, 0, c)
}

func (s *Server) applyStocks(f *form) {
	warehouse := f.id("warehouse_id")
	for _, row := range f.list("stocks") {
		quantity := row.amount("quantity").Decimal
		for _, o := range s.offersNamed(row) {
			s.setStock(o, warehouse, quantity)
		}
	}
}

func (s *Server) setStock(o *Offer, warehouse int64, quantity decimal.Decimal) {
	s.changeStock(o, func(o *Offer) { o.Stock[warehouse] = quantity })
}

// noteUnknown records what strict mode is about, but for what noteQuery has recorded.
func (s *Server) noteUnknown(c *call, f *form) {
	for _, name := range f.unknown() {
		if top, _, _ := strings.Cut(name, "."); !c.fromQuery[top] {
			s.note(c.r, name)
		}
	}
}

// note records one finding of strict mode, with the lock held.
func (s *Server) note(r *http.Request, what string) {
	if s.cfg.strict {
		s.unknown[r.Method+" "+r.URL.Path+": "+what]++
	}
}
