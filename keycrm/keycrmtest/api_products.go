package keycrmtest

import "github.com/shopspring/decimal"

const (
	maxPictures      = 6
	maxNewOffers     = 100
	maxProductImport = 100
)

func (s *Server) postCategory(c *call) *answer {
	f := s.readForm(c.body)
	f.require("name")
	row := &Category{Name: f.text("name")}
	row.ParentID = f.known("parent_id", func(id int64) bool { return s.category(id) != nil })
	if bad := f.answer(); bad != nil {
		return bad
	}
	s.noteUnknown(c, f)
	row.ID = s.db.categories.next()
	s.db.categories.put(row.ID, row)
	return &answer{status: 201, body: categoryJSON{row.ID, row.Name, idOrNull(row.ParentID)}}
}

// postProduct makes a product without variants: it has one, the default, offer.
func (s *Server) postProduct(c *call) *answer {
	f := s.readForm(c.body)
	n := s.readNewProduct(f)
	if bad := f.answer(); bad != nil {
		return bad
	}
	s.noteUnknown(c, f)
	return &answer{status: 201, body: s.renderProduct(s.product(s.insertProduct(n)), true, false)}
}

// postProductImport makes all products or, when one of them is refused, none.
func (s *Server) postProductImport(c *call) *answer {
	f := s.readForm(c.body)
	f.require("products")
	rows := f.list("products")
	f.atMost("products", len(rows), maxProductImport)
	fresh := make([]NewProduct, len(rows))
	for i, row := range rows {
		fresh[i] = s.readNewProduct(row)
	}
	if bad := f.answer(); bad != nil {
		return bad
	}
	s.noteUnknown(c, f)
	for _, n := range fresh {
		s.insertProduct(n)
	}
	return &answer{status: 201, body: statusBody{true}}
}

func (s *Server) readNewProduct(f *form) NewProduct {
	n := NewProduct{Offers: make([]Offer, 1)}
	f.require("name")
	s.readProductChange(f, &n.Product)
	readDefaultOffer(f, &n.Offers[0])
	n.Offers[0].Picture = first(n.Pictures)
	return n
}

// readProductChange reads what POST and PUT have in common; an absent member changes nothing.
func (s *Server) readProductChange(f *form, p *Product) {
	if f.sent("name") {
		f.require("name")
		p.Name = f.text("name")
	}
	f.setText("description", &p.Description)
	f.setText("currency_code", &p.CurrencyCode)
	f.setText("unit_type", &p.UnitType)
	if f.sent("pictures") {
		p.Pictures = f.texts("pictures")
		f.atMost("pictures", len(p.Pictures), maxPictures)
	}
	if f.sent("category_id") {
		p.CategoryID = f.known("category_id", func(id int64) bool { return s.category(id) != nil })
	}
	if w := f.amount("weight"); w.Valid {
		p.Weight = w.Decimal
	}
	readSize(f, &p.Size)
	p.CustomFields = merge(p.CustomFields, s.readFields(f, "crm_product"))
}

func readSize(f *form, size *Size) {
	f.setAmount("length", &size.Length)
	f.setAmount("width", &size.Width)
	f.setAmount("height", &size.Height)
}

// readDefaultOffer reads the members of a product that are its only offer's.
func readDefaultOffer(f *form, o *Offer) {
	f.setText("sku", &o.SKU)
	f.setText("barcode", &o.Barcode)
	readPrices(f, o)
}

func readPrices(f *form, o *Offer) {
	if p := f.amount("price"); p.Valid {
		o.Price = p.Decimal
	}
	if p := f.amount("purchased_price"); p.Valid {
		o.PurchasedPrice = p.Decimal
	}
}

func readOfferSize(f *form, o *Offer) {
	f.setAmount("weight", &o.Weight)
	readSize(f, &o.Size)
}

// insertProduct stores a product with its offers and returns its id.
func (s *Server) insertProduct(n NewProduct) int64 {
	p := clone(&n.Product)
	p.ID, p.CreatedAt, p.UpdatedAt, p.OfferIDs = s.db.products.next(), s.stamp(), s.stamp(), nil
	if p.CurrencyCode == "" {
		p.CurrencyCode = "UAH"
	}
	for i := range n.Offers {
		p.OfferIDs = append(p.OfferIDs, s.insertOffer(p.ID, &n.Offers[i]))
	}
	s.db.products.put(p.ID, &p)
	return p.ID
}

func (s *Server) insertOffer(product int64, row *Offer) int64 {
	o := clone(row)
	o.ID, o.ProductID, o.CreatedAt, o.UpdatedAt = s.db.offers.next(), product, s.stamp(), s.stamp()
	if o.Stock == nil {
		o.Stock = map[int64]decimal.Decimal{}
	}
	s.storeOffer(&o)
	return o.ID
}

// putProduct changes a product. What belongs to the only offer is ignored once there are variants.
func (s *Server) putProduct(c *call) *answer {
	p := s.product(c.id("id"))
	if p == nil {
		return notFound()
	}
	f := s.readForm(c.body)
	changed := clone(p)
	s.readProductChange(f, &changed)
	var trial Offer
	offers := s.offersOf(p)
	plain := len(offers) == 1 && len(offers[0].Properties) == 0
	if plain {
		trial = clone(offers[0])
	}
	readDefaultOffer(f, &trial)
	if bad := f.answer(); bad != nil {
		return bad
	}
	s.noteUnknown(c, f)
	after := s.editProduct(p, func(p *Product) { *p = changed })
	if plain {
		if f.sent("pictures") {
			trial.Picture = first(changed.Pictures)
		}
		s.editOffer(offers[0], func(o *Offer) { *o = trial; o.UpdatedAt = s.stamp() })
	}
	return &answer{status: 202, body: s.renderProduct(after, true, false)}
}

// postProductOffers adds variants. The default offer of a product without variants gives way to them.
func (s *Server) postProductOffers(c *call) *answer {
	p := s.product(c.id("id"))
	if p == nil {
		return notFound()
	}
	f := s.readForm(c.body)
	f.require("offers")
	rows := f.list("offers")
	f.atMost("offers", len(rows), maxNewOffers)
	fresh := make([]Offer, len(rows))
	for i, row := range rows {
		readVariant(row, &fresh[i])
	}
	if bad := f.answer(); bad != nil {
		return bad
	}
	s.noteUnknown(c, f)
	ids := s.variantsOf(p)
	for i := range fresh {
		ids = append(ids, s.insertOffer(p.ID, &fresh[i]))
	}
	s.editProduct(p, func(p *Product) { p.OfferIDs = ids })
	return &answer{status: 201, body: statusBody{true}}
}

func readVariant(f *form, o *Offer) {
	f.setText("sku", &o.SKU)
	f.setText("barcode", &o.Barcode)
	readPrices(f, o)
	readOfferSize(f, o)
	f.setText("image_url", &o.Picture)
	for _, p := range f.list("properties") {
		p.require("name")
		p.require("value")
		o.Properties = append(o.Properties, Property{p.text("name"), p.text("value")})
	}
}

// variantsOf lists the offers that stay when variants are added, and deletes the default one.
func (s *Server) variantsOf(p *Product) []int64 {
	var ids []int64
	for _, o := range s.offersOf(p) {
		if len(o.Properties) > 0 {
			ids = append(ids, o.ID)
			continue
		}
		s.editOffer(o, func(o *Offer) { o.Deleted = true })
	}
	return ids
}
