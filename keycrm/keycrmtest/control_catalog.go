package keycrmtest

import (
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/crmsim/table"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/account"
)

// catalogControl is what people do to the catalog.
type catalogControl struct{ account *account.Account }

// Product returns one product.
func (s catalogControl) Product(id int64) (Product, bool) {
	return found(s.account, copied(s.account.Catalog.Product), id)
}

// Offer returns one offer.
func (s catalogControl) Offer(id int64) (Offer, bool) {
	return found(s.account, copied(s.account.Catalog.Offer), id)
}

func copied[T any](find func(int64) *T) func(int64) (T, bool) {
	return func(id int64) (row T, ok bool) {
		found := find(id)
		if found == nil {
			return row, false
		}
		return table.Clone(found), true
	}
}

// ProductIDs returns all products that lists show, newest first.
func (s catalogControl) ProductIDs() []int64 {
	return read(s.account, func() []int64 {
		ids, _ := s.account.Catalog.ProductIDs(nil, table.Window{Take: 1 << 30})
		return ids
	})
}

// OfferIDs returns all offers, newest first.
func (s catalogControl) OfferIDs() []int64 {
	return read(s.account, func() []int64 {
		ids, _ := s.account.Catalog.OfferIDs(nil, table.Window{Take: 1 << 30})
		return ids
	})
}

// EditProduct changes a product freely; its updated_at moves.
func (s catalogControl) EditProduct(id int64, edit func(*Product)) error {
	return change(s.account, func() error { return s.account.Catalog.Edit(id, edit) })
}

// ArchiveProduct archives a product or brings it back; it stays in the lists.
func (s catalogControl) ArchiveProduct(id int64, archived bool) error {
	return s.EditProduct(id, func(p *Product) { p.Archived = archived })
}

// DeleteProduct deletes a product with its offers.
func (s catalogControl) DeleteProduct(id int64) error {
	return s.EditProduct(id, func(p *Product) { p.Deleted = true })
}

// AddProduct adds a product to the catalog and returns its id. Without a currency it is UAH, without stock empty.
func (s catalogControl) AddProduct(n NewProduct) int64 {
	return read(s.account, func() int64 { return s.account.Catalog.Insert(n) })
}

// EditOffer changes an offer freely; the stock webhook fires if its stock changed.
func (s catalogControl) EditOffer(id int64, edit func(*Offer)) error {
	return change(s.account, func() error { return s.account.Stock.EditOffer(id, edit) })
}

// SetPrice changes the price of an offer.
func (s catalogControl) SetPrice(offerID int64, price decimal.Decimal) error {
	return s.EditOffer(offerID, func(o *Offer) { o.Price = price })
}

// SetStock changes what lies in a warehouse, reserve included, and tells the stock webhook.
func (s catalogControl) SetStock(offerID, warehouseID int64, quantity decimal.Decimal) error {
	return s.EditOffer(offerID, func(o *Offer) { o.Stock[warehouseID] = quantity })
}

// Categories returns the category tree as a flat list, oldest first.
func (s catalogControl) Categories() []Category { return read(s.account, s.account.Catalog.Categories) }

// AddCategory adds a category under a parent (0: top level) and returns its id.
func (s catalogControl) AddCategory(name string, parentID int64) int64 {
	return read(s.account, func() int64 { return s.account.Catalog.AddCategory(name, parentID) })
}

// EditCategory renames or moves a category.
func (s catalogControl) EditCategory(id int64, name string, parentID int64) error {
	return change(s.account, func() error { return s.account.Catalog.EditCategory(id, name, parentID) })
}

// DeleteCategory takes a category out of the list; its products keep its id.
func (s catalogControl) DeleteCategory(id int64) error {
	return change(s.account, func() error { return s.account.Catalog.DeleteCategory(id) })
}
