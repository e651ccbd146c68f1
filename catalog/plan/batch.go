package plan

import (
	"time"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/sliceutil"
	"github.com/keybridge/keybridge/plugin"
)

// Earliest is when the oldest of the rows was read; zero without rows.
func Earliest(rows []Candidate) time.Time {
	var at time.Time
	for _, r := range rows {
		if at.IsZero() || r.ReadAt.Before(at) {
			at = r.ReadAt.UTC()
		}
	}
	return at
}

// Batch is what the planning of some products came to.
type Batch struct {
	Plans []Planned
	// InSync are linked products at which nothing is to be written, to be skipped from now on.
	InSync []LinkUpdate
	// Lost are links of products that the shop no longer has.
	Lost []string
	// InStock are offers of those whose stock is as it should be.
	InStock []StockReading
	// Unchanged counts products that are as they should be.
	Unchanged int
	Items     []catalog.Item
}

// Add sorts the plan of a product, which was linked by l before, into the batch. What is in sync needs no plan.
func (b *Batch) Add(r Candidate, l Link, d Plan) {
	d.ReadAt, d.Hash, d.InCategory = r.ReadAt.UTC(), r.Hash, plugin.CategoryID(r.ShopCategory)
	if d.Open {
		d.Hash = nil
	}
	for _, it := range d.Items {
		it.CRMID, it.Name = r.ID, d.Name
		b.Items = append(b.Items, it)
	}
	d.Items = nil
	switch {
	case d.Action == actNone:
	case d.inSync(l):
		b.Unchanged++
		for offer := range d.Pairs {
			b.InStock = append(b.InStock, StockReading{Offer: offer, ReadAt: d.ReadAt})
		}
		b.InSync = append(b.InSync, LinkUpdate{CRM: r.ID, Hash: d.Hash, Version: d.Seen, Category: d.InCategory, Images: ImagesDone, Currency: d.Currency})
	default:
		b.Plans = append(b.Plans, Planned{CRM: r.ID, Plan: d})
	}
}

// inSync reports whether nothing is to be written, neither to the shop nor to the links.
func (d *Plan) inSync(l Link) bool {
	if d.Action != ActUpdate || !d.Empty() || d.Joins || len(d.Images) > 0 || len(d.Gone) > 0 || l.Missing != "" {
		return false
	}
	for offer, v := range d.Pairs {
		if had := l.Variants[offer]; had.Variant != v || had.Missing != "" {
			return false
		}
	}
	return true
}

// HeldBack is a variant whose stock was held back, of a product.
type HeldBack struct {
	SoldOut
	CRM     string // the offer's product
	Product plugin.ProductID
	Name    string
	ReadAt  time.Time
}

// StockReading is an offer and when what is written of it was asked for.
type StockReading struct {
	Offer  string
	ReadAt time.Time
}

// StockOutcomes is what a batch of writes came to for the guard of stock.
type StockOutcomes struct {
	Held []HeldBack
	// Stands are offers whose stock is as the CRM says, or not for the CRM to say.
	Stands []StockReading
	// SoldOut are offers whose variants were brought to none.
	SoldOut []string
}

// Add counts a plan that was written; stands are the offers it is about.
func (s *StockOutcomes) Add(p Planned, stands []StockReading) {
	back := map[string]bool{}
	for _, h := range p.held {
		back[h.Offer] = true
		s.Held = append(s.Held, HeldBack{SoldOut: h, CRM: p.CRM, Product: p.Product, Name: p.Name, ReadAt: p.ReadAt})
	}
	for _, r := range stands {
		if !back[r.Offer] {
			s.Stands = append(s.Stands, r)
		}
	}
	s.SoldOut = append(s.SoldOut, sliceutil.Map(p.SellingOut(), func(o SoldOut) string { return o.Offer })...)
}

// StockReadings are the offers of synced prices and when these were read.
func StockReadings(list []SyncedPrice) []StockReading {
	return sliceutil.Map(list, func(q SyncedPrice) StockReading { return StockReading{Offer: q.Offer, ReadAt: q.ReadAt} })
}
