package connector

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/keycrm"
	"github.com/keybridge/keybridge/plugin"
)

var _ catalog.CRM = (*Connector)(nil)

// CategoryPage implements catalog.CRM.
func (c *Connector) CategoryPage(ctx context.Context, cursor string) (catalog.Page[catalog.Category], error) {
	n, err := pageNumber(cursor)
	if err != nil {
		return catalog.Page[catalog.Category]{}, err
	}
	rows, page, err := c.crm.Categories.List(ctx, keycrm.CategoryQuery{Page: n})
	return catalogPage(n, rows, page, err, func(r keycrm.Category) catalog.Category {
		return catalog.Category{ID: optionalCode(r.ID), ParentID: optionalCode(r.ParentID), Name: r.Name}
	})
}

// ProductPage implements catalog.CRM.
func (c *Connector) ProductPage(ctx context.Context, q catalog.ProductQuery, cursor string) (catalog.Page[catalog.Product], error) {
	query := keycrm.ProductQuery{IncludeCustomFields: true}
	if !q.Archived {
		query.Archived = keycrm.No()
	}
	var err error
	if query.Page, err = pageNumber(cursor); err != nil {
		return catalog.Page[catalog.Product]{}, err
	}
	if query.IDs, err = numbers(q.IDs); err != nil {
		return catalog.Page[catalog.Product]{}, err
	}
	if query.CategoryIDs, err = numbers(q.Categories); err != nil {
		return catalog.Page[catalog.Product]{}, err
	}
	rows, page, err := c.crm.Products.List(ctx, query)
	return catalogPage(query.Page, rows, page, err, product)
}

// OfferPage implements catalog.CRM.
func (c *Connector) OfferPage(ctx context.Context, q catalog.OfferQuery, cursor string) (catalog.Page[catalog.Offer], error) {
	var query keycrm.OfferQuery
	var err error
	if query.Page, err = pageNumber(cursor); err != nil {
		return catalog.Page[catalog.Offer]{}, err
	}
	if query.ProductIDs, err = numbers(q.Products); err != nil {
		return catalog.Page[catalog.Offer]{}, err
	}
	rows, page, err := c.crm.Offers.List(ctx, query)
	return catalogPage(query.Page, rows, page, err, offer)
}

// StockPage implements catalog.CRM.
func (c *Connector) StockPage(ctx context.Context, q catalog.StockQuery, cursor string) (catalog.Page[catalog.Stock], error) {
	var query keycrm.StockQuery
	var err error
	if query.Page, err = pageNumber(cursor); err != nil {
		return catalog.Page[catalog.Stock]{}, err
	}
	if query.OfferIDs, err = numbers(q.Offers); err != nil {
		return catalog.Page[catalog.Stock]{}, err
	}
	query.Details = q.Warehouses != nil
	rows, page, err := c.crm.Offers.Stocks(ctx, query)
	return catalogPage(query.Page, rows, page, err, func(s keycrm.Stock) catalog.Stock {
		if q.Warehouses != nil {
			return stockIn(s, q.Warehouses)
		}
		return catalog.Stock{OfferID: optionalCode(s.OfferID), SKU: strings.TrimSpace(s.SKU), Price: nullable(s.Price), Available: s.Quantity.Sub(s.Reserve.Decimal)}
	})
}

// stockIn is what lies in some warehouses. An offer with stock and without details tells nothing of
// them.
func stockIn(s keycrm.Stock, chosen []string) catalog.Stock {
	out := catalog.Stock{
		OfferID: optionalCode(s.OfferID), SKU: strings.TrimSpace(s.SKU), Price: nullable(s.Price),
		Unknown: len(s.Warehouses) == 0 && (!s.Quantity.IsZero() || !s.Reserve.IsZero()),
	}
	for _, w := range s.Warehouses {
		code := strconv.FormatInt(w.ID, 10)
		out.Warehouses = append(out.Warehouses, catalog.Warehouse{Code: code, Name: strings.TrimSpace(w.Name)})
		if slices.Contains(chosen, code) {
			out.Available = out.Available.Add(w.Quantity.Sub(w.Reserve.Decimal))
		}
	}
	return out
}

// Warehouses implements admin.Directory. KeyCRM has no list of them; they are those that the first page
// of stocks names.
func (c *Connector) Warehouses(ctx context.Context) ([]crm.Warehouse, error) {
	rows, _, err := c.crm.Offers.Stocks(ctx, keycrm.StockQuery{Details: true})
	if err != nil {
		return nil, translate(err)
	}
	var out []crm.Warehouse
	for _, s := range rows {
		for _, w := range s.Warehouses {
			row := crm.Warehouse{Code: strconv.FormatInt(w.ID, 10), Name: strings.TrimSpace(w.Name)}
			if !slices.Contains(out, row) {
				out = append(out, row)
			}
		}
	}
	return out, nil
}

func catalogPage[From, To any](n int, rows []From, page *keycrm.Page, err error, read func(From) To) (catalog.Page[To], error) {
	if err != nil {
		return catalog.Page[To]{}, translate(err)
	}
	out := catalog.Page[To]{Rows: make([]To, len(rows)), Total: page.Total}
	for i, r := range rows {
		out.Rows[i] = read(r)
	}
	// An empty page ends the list whatever its links say.
	if page.Next && len(rows) > 0 {
		out.Next = strconv.Itoa(n + 1)
	}
	return out, nil
}

func product(p keycrm.Product) catalog.Product {
	out := catalog.Product{
		ID: optionalCode(p.ID), Name: strings.TrimSpace(p.Name), Description: p.Description, CategoryID: optionalCode(p.CategoryID),
		Currency: strings.ToUpper(strings.TrimSpace(p.CurrencyCode)), Unit: strings.TrimSpace(p.UnitType),
		Pictures: pictures(p), Archived: bool(p.IsArchived), Several: bool(p.HasOffers),
		Own: catalog.Offer{
			ProductID: optionalCode(p.ID), SKU: strings.TrimSpace(p.SKU), Barcode: strings.TrimSpace(p.Barcode),
			Price: nullable(p.Price), Available: p.Quantity.Sub(p.InReserve.Decimal),
			Size: size(p.Weight, p.Length, p.Width, p.Height), Archived: bool(p.IsArchived),
		},
	}
	for _, f := range p.CustomFields {
		if name, value := strings.TrimSpace(f.Name), strings.Join(f.Texts(), ", "); name != "" && value != "" {
			out.Attributes = append(out.Attributes, plugin.Attribute{Name: name, Value: value})
		}
	}
	return out
}

// pictures are the attachments; a card with a thumbnail alone gives that.
func pictures(p keycrm.Product) []string {
	var out []string
	for _, u := range p.Pictures {
		if u = strings.TrimSpace(u); u != "" {
			out = append(out, u)
		}
	}
	if len(out) == 0 && p.ThumbnailURL != "" {
		out = []string{p.ThumbnailURL}
	}
	return out
}

func offer(o keycrm.Offer) catalog.Offer {
	out := catalog.Offer{
		ID: optionalCode(o.ID), ProductID: optionalCode(o.ProductID), SKU: strings.TrimSpace(o.SKU), Barcode: strings.TrimSpace(o.Barcode),
		Price: nullable(o.Price), Available: o.Quantity.Sub(o.InReserve.Decimal),
		Size: size(o.Weight, o.Length, o.Width, o.Height), Archived: bool(o.IsArchived),
	}
	for _, p := range o.Properties {
		if p.Name != "" {
			out.Options = append(out.Options, plugin.Attribute{Name: p.Name, Value: p.Value})
		}
	}
	return out
}

// size takes KeyCRM's weights for kilograms and its sizes for centimetres, as its forms show them.
func size(weight, length, width, height keycrm.Decimal) plugin.Size {
	return plugin.Size{Weight: weight.Decimal, Length: length.Decimal, Width: width.Decimal, Height: height.Decimal}
}

func nullable(d keycrm.Decimal) decimal.NullDecimal {
	return decimal.NullDecimal{Decimal: d.Decimal, Valid: d.Valid}
}

// optionalCode is an id in neutral words; 0, KeyCRM's "none", is empty.
func optionalCode(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

// numbers reads codes back; nil stays nil, because an empty list would be another question.
func numbers(codes []string) ([]int64, error) {
	if codes == nil {
		return nil, nil
	}
	ids := make([]int64, len(codes))
	for i, c := range codes {
		id, err := strconv.ParseInt(c, 10, 64)
		if err != nil {
			return nil, crm.NewRefusal("", nil, fmt.Errorf("code %.40q is none of KeyCRM's: %w", c, err))
		}
		ids[i] = id
	}
	return ids, nil
}

func pageNumber(cursor string) (int, error) {
	if cursor == "" {
		return 1, nil
	}
	n, err := strconv.Atoi(cursor)
	if err != nil || n < 1 {
		return 0, crm.NewRefusal("", nil, fmt.Errorf("cursor %.40q is none of ours", cursor))
	}
	return n, nil
}
