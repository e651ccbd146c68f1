package keycrm

import (
	"context"
	"encoding/json"
	"iter"

	"github.com/keybridge/keybridge/keycrm/internal/jsonscan"
)

// OffersService reads offers: the sellable variants of products, with prices and stock.
type OffersService struct{ c *caller }

// Offer is a sellable variant. A product without variants has one, the default offer.
type Offer struct {
	ID             int64          `json:"id"`
	ProductID      int64          `json:"product_id"`
	SKU            string         `json:"sku"` // may be empty or shared
	Barcode        string         `json:"barcode"`
	ThumbnailURL   string         `json:"thumbnail_url"`
	Price          Decimal        `json:"price"` // in the product's currency
	PurchasedPrice Decimal        `json:"purchased_price"`
	Quantity       Decimal        `json:"quantity"` // reserve included; may be negative or a fraction
	InReserve      Decimal        `json:"in_reserve"`
	Weight         Decimal        `json:"weight"`
	Length         Decimal        `json:"length"`
	Width          Decimal        `json:"width"`
	Height         Decimal        `json:"height"`
	Properties     List[Property] `json:"properties"` // the variant's axes; empty for the default offer
	IsArchived     Bool           `json:"is_archived"`
	IsDefault      Bool           `json:"is_default"`
	CreatedAt      Time           `json:"created_at"`
	UpdatedAt      Time           `json:"updated_at"`
	Product        *Product       `json:"product"` // only if asked for

	Raw json.RawMessage `json:"-"` // the row as it came, with what has no name here
}

var offerMembers = membersOf[Offer]()

// Property is one axis of a variant, such as «Колір»: «Чорний».
type Property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// UnmarshalJSON accepts numbers and null as values too.
func (p *Property) UnmarshalJSON(b []byte) error { return decode(b, p) }

func (p *Property) read(s *jsonscan.Scanner) error {
	*p = Property{}
	return s.Object(func(name []byte) error {
		raw, err := s.Skip()
		switch string(name) {
		case "name":
			p.Name, _ = text(raw)
		case "value":
			p.Value, _ = text(raw)
		}
		return err
	})
}

// OfferQuery narrows a list of offers.
type OfferQuery struct {
	Page, Limit    int      // 0: the first page, MaxLimit rows
	IDs            []int64  // nil: all
	ProductIDs     []int64  // nil: all
	SKUs           []string // nil: all; a SKU with a comma cannot be asked for
	Archived       *bool    // nil: both
	Sort           Sort
	IncludeProduct bool
}

func (q OfferQuery) query() *query {
	v := newQuery(q.Page, q.Limit)
	v.ids("id", q.IDs)
	v.ids("product_id", q.ProductIDs)
	v.texts("sku", q.SKUs)
	v.flag("is_archived", q.Archived)
	v.sort(q.Sort)
	if q.IncludeProduct {
		include(v, []string{"product"})
	}
	return v
}

// List returns one page of offers. Archived ones can be among them even when they were not asked for.
// Source: KeyCRM OpenAPI v1, GET /offers.
func (s *OffersService) List(ctx context.Context, q OfferQuery) ([]Offer, *Page, error) {
	return list[Offer](ctx, s.c, "offers.list", "offers", q.query())
}

// Pages walks the list page by page from q.Page on.
func (s *OffersService) Pages(ctx context.Context, q OfferQuery) iter.Seq2[PageOf[Offer], error] {
	return walk("offers", q.Page, func(o *Offer) int64 { return o.ID }, func(n int) ([]Offer, *Page, error) {
		q.Page = n
		return s.List(ctx, q)
	})
}

// All walks the list offer by offer from q.Page on. It ends after the first error.
func (s *OffersService) All(ctx context.Context, q OfferQuery) iter.Seq2[Offer, error] {
	return rowsOf(s.Pages(ctx, q))
}

// Stock is the stock and price of one offer. Available is Quantity less Reserve.
type Stock struct {
	OfferID        int64                `json:"id"`
	SKU            string               `json:"sku"`
	Price          Decimal              `json:"price"`
	PurchasedPrice Decimal              `json:"purchased_price"`
	Quantity       Decimal              `json:"quantity"` // reserve included; may be negative or a fraction
	Reserve        Decimal              `json:"reserve"`
	Warehouses     List[WarehouseStock] `json:"warehouse"` // only with StockQuery.Details
}

var stockMembers = membersOf[Stock]()

func (s *Stock) read(in *jsonscan.Scanner) error { return stockMembers.read(in, s) }

// WarehouseStock is the part of a stock that lies in one warehouse.
type WarehouseStock struct {
	ID       int64   `json:"id"`
	Name     string  `json:"name"`
	Quantity Decimal `json:"quantity"`
	Reserve  Decimal `json:"reserve"`
}

var warehouseStockMembers = membersOf[WarehouseStock]()

func (w *WarehouseStock) read(s *jsonscan.Scanner) error { return warehouseStockMembers.read(s, w) }

// StockQuery narrows a list of stocks. KeyCRM ignores filters it does not know here, so check the rows.
type StockQuery struct {
	Page, Limit int      // 0: the first page, MaxLimit rows
	OfferIDs    []int64  // nil: all
	SKUs        []string // nil: all
	Details     bool     // true: with the split over warehouses
}

func (q StockQuery) query() *query {
	v := newQuery(q.Page, q.Limit)
	v.ids("offers_id", q.OfferIDs)
	v.texts("offers_sku", q.SKUs)
	if q.Details {
		v.flag("details", Yes())
	}
	return v
}

// Stocks returns one page of stocks, one row per offer, quantities in the offer's own unit (pieces, metres…).
// Source: KeyCRM OpenAPI v1, GET /offers/stocks.
func (s *OffersService) Stocks(ctx context.Context, q StockQuery) ([]Stock, *Page, error) {
	return list[Stock](ctx, s.c, "offers.stocks", "offers/stocks", q.query())
}

// StockPages walks the stocks page by page from q.Page on.
func (s *OffersService) StockPages(ctx context.Context, q StockQuery) iter.Seq2[PageOf[Stock], error] {
	return walk("offers/stocks", q.Page, func(o *Stock) int64 { return o.OfferID }, func(n int) ([]Stock, *Page, error) {
		q.Page = n
		return s.Stocks(ctx, q)
	})
}

// AllStocks walks the stocks offer by offer from q.Page on. It ends after the first error.
func (s *OffersService) AllStocks(ctx context.Context, q StockQuery) iter.Seq2[Stock, error] {
	return rowsOf(s.StockPages(ctx, q))
}
