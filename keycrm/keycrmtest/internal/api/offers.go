package api

import (
	"slices"

	"github.com/keybridge/keybridge/internal/crmsim"
	"github.com/keybridge/keybridge/internal/crmsim/table"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/account"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/form"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/wire"
)

func (s catalog) listOffers(c *call) *crmsim.Answer {
	l, bad := c.list(rules{
		filters: []string{"id", "product_id", "sku", "is_archived"}, includes: []string{"product"}, sorts: []string{"id", "product_id"},
	})
	if bad != nil {
		return bad
	}
	ids, total := s.offersAsked(l, "id", "sku")
	rows := make([]wire.Offer, len(ids))
	for i, id := range ids {
		rows[i] = s.wire.Offer(s.Catalog.Offer(id), l.includes["product"])
	}
	return page(s.base, l, rows, total)
}

// offersAsked finds a window of offers. Ids, SKUs and products are looked up one by one, all else is a scan.
func (s catalog) offersAsked(l *listCall, idFilter, skuFilter string) ([]int64, int) {
	few, ok := s.namedOffers(l, idFilter, skuFilter)
	if !ok {
		if _, asked := l.filters["is_archived"]; !asked {
			return s.Catalog.OfferIDs(nil, l.window())
		}
		return s.Catalog.OfferIDs(func(b account.Brief) bool { return l.flag("is_archived", b.Archived) }, l.window())
	}
	few = slices.DeleteFunc(few, func(id int64) bool {
		o := s.Catalog.Offer(id)
		return o == nil || !l.has(idFilter, o.ID) || !l.hasText(skuFilter, o.SKU) || !l.has("product_id", o.ProductID) ||
			!l.flag("is_archived", o.Archived || s.Catalog.Product(o.ProductID).Archived)
	})
	slices.Sort(few)
	few = slices.Compact(few)
	if l.sort != "id" {
		slices.Reverse(few)
	}
	return table.Cut(few, l.window()), len(few)
}

// namedOffers lists the offers that filters name outright.
func (s catalog) namedOffers(l *listCall, idFilter, skuFilter string) (ids []int64, ok bool) {
	if v, has := l.filters[idFilter]; has {
		return crmsim.ParseIDs(v), true
	}
	if v, has := l.filters[skuFilter]; has {
		for _, sku := range crmsim.SplitComma(v) {
			for _, o := range s.Catalog.OffersBySKU(sku) {
				ids = append(ids, o.ID)
			}
		}
		return ids, true
	}
	if v, has := l.filters["product_id"]; has {
		for _, id := range crmsim.ParseIDs(v) {
			if p := s.Catalog.Product(id); p != nil {
				ids = append(ids, p.OfferIDs...)
			}
		}
		return ids, true
	}
	return nil, false
}

// listStocks ignores filters and includes it does not know, as KeyCRM does here.
func (s catalog) listStocks(c *call) *crmsim.Answer {
	l, bad := c.list(rules{filters: []string{"offers_id", "offers_sku", "details"}, ignoreFilters: true, ignoreIncludes: true})
	if bad != nil {
		return bad
	}
	for name := range l.filters {
		if !slices.Contains([]string{"offers_id", "offers_sku", "details"}, name) {
			delete(l.filters, name)
		}
	}
	ids, total := s.offersAsked(l, "offers_id", "offers_sku")
	details := l.filters["details"] == "true"
	rows := make([]wire.Stock, len(ids))
	for i, id := range ids {
		rows[i] = s.wire.Stock(s.Catalog.Offer(id), details)
	}
	return page(s.base, l, rows, total)
}

// maxRows is how many rows PUT /offers and PUT /offers/stocks take.
const maxRows = 10000

func (s catalog) putOffers(c *call) *crmsim.Answer {
	f := s.form(c.JSON)
	f.Require("offers")
	rows := f.List("offers")
	f.AtMost("offers", len(rows), maxRows)
	for _, row := range rows {
		s.read.offersNamed(row)
		for _, name := range []string{"price", "purchased_price", "weight", "height", "length", "width"} {
			row.Amount(name)
		}
		row.Text("image_url")
	}
	return s.accept(f, account.WriteOffers, 0, c)
}

func (s catalog) applyOffers(f *form.Form) {
	for _, row := range f.List("offers") {
		for _, o := range s.read.offersNamed(row) {
			s.Catalog.EditOffer(o, func(o *entity.Offer) {
				if p := row.Amount("price"); p.Valid {
					o.Price = p.Decimal
				}
				if p := row.Amount("purchased_price"); p.Valid {
					o.PurchasedPrice = p.Decimal
				}
				readOfferSize(row, o)
				row.SetText("image_url", &o.Picture)
				o.UpdatedAt = s.Stamp()
			})
		}
	}
}

func (s catalog) putStocks(c *call) *crmsim.Answer {
	f := s.form(c.JSON)
	f.Require("warehouse_id")
	f.Known("warehouse_id", func(id int64) bool { return id == entity.WarehouseKyiv || id == entity.WarehouseLviv })
	f.Require("stocks")
	rows := f.List("stocks")
	f.AtMost("stocks", len(rows), maxRows)
	for _, row := range rows {
		s.read.offersNamed(row)
		row.Require("quantity")
		row.Amount("quantity")
	}
	return s.accept(f, account.WriteStocks, 0, c)
}

func (s catalog) applyStocks(f *form.Form) {
	warehouse := f.ID("warehouse_id")
	for _, row := range f.List("stocks") {
		quantity := row.Amount("quantity").Decimal
		for _, o := range s.read.offersNamed(row) {
			s.Stock.Set(o, warehouse, quantity)
		}
	}
}
