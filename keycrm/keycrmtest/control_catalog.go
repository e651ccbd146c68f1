package keycrmtest

import "github.com/shopspring/decimal"

// EditProduct changes a product freely; its updated_at moves.
func (s *Server) EditProduct(id int64, edit func(*Product)) (err error) {
	s.locked(func() {
		p := s.product(id)
		if p == nil {
			err = missing("product", id)
			return
		}
		s.editProduct(p, edit)
	})
	return err
}

// ArchiveProduct archives a product or brings it back; it stays in the lists.
func (s *Server) ArchiveProduct(id int64, archived bool) error {
	return s.EditProduct(id, func(p *Product) { p.Archived = archived })
}

// DeleteProduct deletes a product with its offers.
func (s *Server) DeleteProduct(id int64) error {
	return s.EditProduct(id, func(p *Product) { p.Deleted = true })
}

// NewProduct is a product to add, with one offer at least. Ids are given by AddProduct.
type NewProduct struct {
	Product
	Offers []Offer
}

// AddProduct adds a product to the catalog and returns its id. Without a currency it is UAH, without stock empty.
func (s *Server) AddProduct(n NewProduct) (id int64) {
	s.locked(func() { id = s.insertProduct(n) })
	return id
}

// EditOffer changes an offer freely; the stock webhook fires if its stock changed.
func (s *Server) EditOffer(id int64, edit func(*Offer)) (err error) {
	s.locked(func() {
		o := s.offer(id)
		if o == nil {
			err = missing("offer", id)
			return
		}
		was, reserve := o.Quantity(), o.Reserve
		after := s.editOffer(o, func(o *Offer) { edit(o); o.UpdatedAt = s.stamp() })
		if !after.Quantity().Equal(was) || !after.Reserve.Equal(reserve) {
			s.announceStock(after)
		}
	})
	return err
}

// SetPrice changes the price of an offer.
func (s *Server) SetPrice(offerID int64, price decimal.Decimal) error {
	return s.EditOffer(offerID, func(o *Offer) { o.Price = price })
}

// SetStock changes what lies in a warehouse, reserve included, and tells the stock webhook.
func (s *Server) SetStock(offerID, warehouseID int64, quantity decimal.Decimal) error {
	return s.EditOffer(offerID, func(o *Offer) { o.Stock[warehouseID] = quantity })
}

// AddCategory adds a category under a parent (0: top level) and returns its id.
func (s *Server) AddCategory(name string, parentID int64) (id int64) {
	s.locked(func() {
		id = s.db.categories.next()
		s.db.categories.put(id, &Category{ID: id, Name: name, ParentID: parentID})
	})
	return id
}

// EditCategory renames or moves a category.
func (s *Server) EditCategory(id int64, name string, parentID int64) (err error) {
	s.locked(func() {
		if s.category(id) == nil {
			err = missing("category", id)
			return
		}
		s.db.categories.put(id, &Category{ID: id, Name: name, ParentID: parentID})
	})
	return err
}

// DeleteCategory takes a category out of the list; its products keep its id.
func (s *Server) DeleteCategory(id int64) (err error) {
	s.locked(func() {
		c := s.category(id)
		if c == nil {
			err = missing("category", id)
			return
		}
		s.db.categories.put(id, &Category{ID: id, Name: c.Name, ParentID: -1})
	})
	return err
}
