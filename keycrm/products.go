package keycrm

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"

	"github.com/keybridge/keybridge/keycrm/internal/jsonscan"
)

// ProductsService reads products: KeyCRM's cards of goods.
type ProductsService struct{ c *caller }

// Product is a card of goods. Its variants are offers; without variants it has exactly one.
type Product struct {
	ID             int64            `json:"id"`
	Name           string           `json:"name"`
	Description    string           `json:"description"` // may be HTML; empty for none
	ThumbnailURL   string           `json:"thumbnail_url"`
	Pictures       Strings          `json:"attachments_data"` // addresses, the first is the main one
	Quantity       Decimal          `json:"quantity"`         // over all warehouses and variants, reserve included
	InReserve      Decimal          `json:"in_reserve"`
	UnitType       string           `json:"unit_type"`     // empty: pieces
	CurrencyCode   string           `json:"currency_code"` // ISO 4217
	SKU            string           `json:"sku"`           // only without variants, as are Barcode and the prices
	Barcode        string           `json:"barcode"`
	Price          Decimal          `json:"price"`
	PurchasedPrice Decimal          `json:"purchased_price"`
	MinPrice       Decimal          `json:"min_price"` // over the variants
	MaxPrice       Decimal          `json:"max_price"`
	Weight         Decimal          `json:"weight"` // in the account's own units, as are the sizes
	Length         Decimal          `json:"length"`
	Width          Decimal          `json:"width"`
	Height         Decimal          `json:"height"`
	HasOffers      Bool             `json:"has_offers"` // true: has variants
	IsArchived     Bool             `json:"is_archived"`
	CategoryID     int64            `json:"category_id"`    // 0: none
	CustomFields   List[FieldValue] `json:"custom_fields"`  // only if asked for, only filled ones
	PropertiesAgg  PropertiesAgg    `json:"properties_agg"` // property name to its values; with offers only
	CreatedAt      Time             `json:"created_at"`
	UpdatedAt      Time             `json:"updated_at"` // may not move when only stock or a variant changes

	Raw json.RawMessage `json:"-"` // the row as it came, with what has no name here
}

var productMembers = membersOf[Product]()

// PropertiesAgg maps a property's name to the values its product's variants have.
type PropertiesAgg map[string]Strings

// UnmarshalJSON reads PHP's [] as an empty map.
func (p *PropertiesAgg) UnmarshalJSON(b []byte) error { return decode(b, p) }

func (p *PropertiesAgg) read(s *jsonscan.Scanner) error {
	*p = nil
	if empty, err := phpEmpty(s); empty {
		return err
	}
	if s.Peek() == '{' {
		*p = make(PropertiesAgg)
	}
	return s.Object(func(name []byte) error {
		var texts Strings
		err := read(s, &texts)
		(*p)[string(name)] = texts
		return err
	})
}

// ProductQuery narrows a list of products.
type ProductQuery struct {
	Page, Limit         int     // 0: the first page, MaxLimit rows
	IDs                 []int64 // nil: all
	CategoryIDs         []int64 // nil: all; subcategories are not implied
	Archived            *bool   // nil: both
	IncludeCustomFields bool
}

type productInclude string

func (q ProductQuery) includes() []productInclude {
	if q.IncludeCustomFields {
		return []productInclude{"custom_fields"}
	}
	return nil
}

func (q ProductQuery) query() *query {
	v := newQuery(q.Page, q.Limit)
	v.ids("product_id", q.IDs)
	v.ids("category_id", q.CategoryIDs)
	v.flag("is_archived", q.Archived)
	include(v, q.includes())
	return v
}

// List returns one page of products, newest first, archived ones among them unless filtered out.
// Source: KeyCRM OpenAPI v1, GET /products.
func (s *ProductsService) List(ctx context.Context, q ProductQuery) ([]Product, *Page, error) {
	return list[Product](ctx, s.c, "products.list", "products", q.query())
}

// Get returns one product. Of q only IncludeCustomFields counts.
// Source: KeyCRM OpenAPI v1, GET /products/{productId}.
func (s *ProductsService) Get(ctx context.Context, id int64, q ProductQuery) (*Product, error) {
	var p Product
	if err := s.c.get(ctx, "products.get", fmt.Sprintf("products/%d", id), onlyInclude(q.includes()), &p); err != nil {
		return nil, err
	}
	return &p, nil
}

// Pages walks the list page by page from q.Page on.
func (s *ProductsService) Pages(ctx context.Context, q ProductQuery) iter.Seq2[PageOf[Product], error] {
	return walk("products", q.Page, func(p *Product) int64 { return p.ID }, func(n int) ([]Product, *Page, error) {
		q.Page = n
		return s.List(ctx, q)
	})
}

// All walks the list product by product from q.Page on. It ends after the first error.
func (s *ProductsService) All(ctx context.Context, q ProductQuery) iter.Seq2[Product, error] {
	return rowsOf(s.Pages(ctx, q))
}
