package api

import (
	"slices"

	"github.com/keybridge/keybridge/internal/crmsim"
	"github.com/keybridge/keybridge/internal/crmsim/table"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/account"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/wire"
)

// catalog is the endpoints of goods.
type catalog struct{ *base }

func productRules() rules {
	return rules{filters: []string{"product_id", "category_id", "is_archived"}, includes: []string{"custom_fields"}}
}

func (s catalog) listProducts(c *call) *crmsim.Answer {
	l, bad := c.list(productRules())
	if bad != nil {
		return bad
	}
	ids, total := s.Catalog.ProductIDs(s.productMatch(l), l.window())
	rows := make([]wire.Product, len(ids))
	for i, id := range ids {
		rows[i] = s.wire.Product(s.Catalog.Product(id), l.includes["custom_fields"], false)
	}
	return page(s.base, l, rows, total)
}

// productMatch is nil when no filter is set.
func (s catalog) productMatch(l *listCall) func(account.Brief) bool {
	if len(l.filters) == 0 {
		return nil
	}
	return func(b account.Brief) bool {
		return l.has("product_id", b.ID) && l.has("category_id", b.Category) && l.flag("is_archived", b.Archived)
	}
}

func (s catalog) getProduct(c *call) *crmsim.Answer {
	includes, bad := readIncludes(c.q, productRules())
	if bad != nil {
		return bad
	}
	p := s.Catalog.Product(c.id("id"))
	if p == nil {
		return notFound()
	}
	return &crmsim.Answer{Status: 200, Body: s.wire.Product(p, includes["custom_fields"], false)}
}

func (s catalog) listCategories(c *call) *crmsim.Answer {
	l, bad := c.list(rules{filters: []string{"category_id", "parent_id"}})
	if bad != nil {
		return bad
	}
	all := s.Catalog.Categories()
	all = slices.DeleteFunc(all, func(c entity.Category) bool {
		return !l.has("category_id", c.ID) || !l.has("parent_id", c.ParentID)
	})
	rows := crmsim.Map(table.Cut(all, l.window()), wire.NewCategory)
	return page(s.base, l, rows, len(all))
}

func (s catalog) postCategory(c *call) *crmsim.Answer {
	f := s.form(c.JSON)
	f.Require("name")
	row := &entity.Category{Name: f.Text("name")}
	row.ParentID = f.Known("parent_id", func(id int64) bool { return s.Catalog.Category(id) != nil })
	if bad := f.Answer(); bad != nil {
		return bad
	}
	noteUnknown(c, f)
	row.ID = s.DB.Categories.Next()
	s.DB.Categories.Put(row.ID, row)
	return &crmsim.Answer{Status: 201, Body: wire.NewCategory(row)}
}

// postProduct makes a product without variants: it has one, the default, offer.
func (s catalog) postProduct(c *call) *crmsim.Answer {
	f := s.form(c.JSON)
	n := s.read.newProduct(f)
	if bad := f.Answer(); bad != nil {
		return bad
	}
	noteUnknown(c, f)
	return &crmsim.Answer{Status: 201, Body: s.wire.Product(s.Catalog.Product(s.Catalog.Insert(n)), true, false)}
}

// postProductImport makes all products or, when one of them is refused, none.
func (s catalog) postProductImport(c *call) *crmsim.Answer {
	f := s.form(c.JSON)
	f.Require("products")
	rows := f.List("products")
	f.AtMost("products", len(rows), maxProductImport)
	fresh := make([]account.NewProduct, len(rows))
	for i, row := range rows {
		fresh[i] = s.read.newProduct(row)
	}
	if bad := f.Answer(); bad != nil {
		return bad
	}
	noteUnknown(c, f)
	for _, n := range fresh {
		s.Catalog.Insert(n)
	}
	return &crmsim.Answer{Status: 201, Body: statusBody{true}}
}

// putProduct changes a product. What belongs to the only offer is ignored once there are variants.
func (s catalog) putProduct(c *call) *crmsim.Answer {
	p := s.Catalog.Product(c.id("id"))
	if p == nil {
		return notFound()
	}
	f := s.form(c.JSON)
	changed := table.Clone(p)
	s.read.productChange(f, &changed)
	var trial entity.Offer
	offers := s.Catalog.OffersOf(p)
	plain := len(offers) == 1 && len(offers[0].Properties) == 0
	if plain {
		trial = table.Clone(offers[0])
	}
	readDefaultOffer(f, &trial)
	if bad := f.Answer(); bad != nil {
		return bad
	}
	noteUnknown(c, f)
	after := s.Catalog.EditProduct(p, func(p *entity.Product) { *p = changed })
	if plain {
		if f.Sent("pictures") {
			trial.Picture = crmsim.First(changed.Pictures)
		}
		s.Catalog.EditOffer(offers[0], func(o *entity.Offer) { *o = trial; o.UpdatedAt = s.Stamp() })
	}
	return &crmsim.Answer{Status: 202, Body: s.wire.Product(after, true, false)}
}

// postProductOffers adds variants. The default offer of a product without variants gives way to them.
func (s catalog) postProductOffers(c *call) *crmsim.Answer {
	p := s.Catalog.Product(c.id("id"))
	if p == nil {
		return notFound()
	}
	f := s.form(c.JSON)
	f.Require("offers")
	rows := f.List("offers")
	f.AtMost("offers", len(rows), maxNewOffers)
	fresh := make([]entity.Offer, len(rows))
	for i, row := range rows {
		readVariant(row, &fresh[i])
	}
	if bad := f.Answer(); bad != nil {
		return bad
	}
	noteUnknown(c, f)
	ids := s.variantsOf(p)
	for i := range fresh {
		ids = append(ids, s.Catalog.InsertOffer(p.ID, &fresh[i]))
	}
	s.Catalog.EditProduct(p, func(p *entity.Product) { p.OfferIDs = ids })
	return &crmsim.Answer{Status: 201, Body: statusBody{true}}
}

// variantsOf lists the offers that stay when variants are added, and deletes the default one.
func (s catalog) variantsOf(p *entity.Product) []int64 {
	var ids []int64
	for _, o := range s.Catalog.OffersOf(p) {
		if len(o.Properties) > 0 {
			ids = append(ids, o.ID)
			continue
		}
		s.Catalog.EditOffer(o, func(o *entity.Offer) { o.Deleted = true })
	}
	return ids
}
