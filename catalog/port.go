package catalog

import (
	"context"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog/requests"
	"github.com/keybridge/keybridge/plugin"
)

// Plain is the offer without price and stock, as whoever asks whether anything else has changed compares it.
func (o Offer) Plain() Offer {
	o.Price, o.Available, o.StockUnknown = decimal.NullDecimal{}, decimal.Decimal{}, false
	return o
}

// Plain is the product without price and stock on its card.
func (p Product) Plain() Product {
	p.Own = p.Own.Plain()
	return p
}

// CRM reads the catalog of one CRM account. Lists come in pages: the empty cursor asks for the
// first, Page.Next for the following. Rows may move between pages while a list is read, so a row can
// come twice and, if others vanish meanwhile, be left out. Errors are those of package internal/crm.
// Each call is one request of the account's budget.
type CRM interface {
	// CategoryPage reads the category tree as a flat list; a parent may come after its children.
	CategoryPage(ctx context.Context, cursor string) (Page[Category], error)
	// ProductPage reads products without their offers.
	ProductPage(ctx context.Context, q ProductQuery, cursor string) (Page[Product], error)
	// OfferPage reads offers, archived ones among them.
	OfferPage(ctx context.Context, q OfferQuery, cursor string) (Page[Offer], error)
	// StockPage reads prices and stock of offers.
	StockPage(ctx context.Context, q StockQuery, cursor string) (Page[Stock], error)
}

// GroupSize is how many ids one query may name.
const GroupSize = requests.MaxIDs

// Page is one page of a list.
type Page[T any] struct {
	Rows []T
	// Total is how many rows the whole list had at the moment of the answer.
	Total int
	// Next is the cursor of the following page; empty at the end.
	Next string
}

// ProductQuery narrows products. IDs and Categories hold at most GroupSize codes; nil is no limit.
type ProductQuery struct {
	IDs []string
	// Categories does not imply those below them.
	Categories []string
	// Archived asks for archived products too.
	Archived bool
}

// OfferQuery narrows offers. Products holds at most GroupSize codes; nil is no limit.
type OfferQuery struct {
	Products []string
}

// StockQuery narrows stocks. Offers holds at most GroupSize codes; nil is no limit.
type StockQuery struct {
	Offers []string
	// Warehouses whose stock counts; nil: all. An offer that a warehouse does not know lies not there.
	Warehouses []string
}

// Category is a node of the CRM's category tree. Codes are the CRM's own, opaque.
type Category struct {
	ID       string `json:"id"`
	ParentID string `json:"parent_id,omitempty"` // empty: a root
	Name     string `json:"name"`
}

// Product is the CRM's card of goods.
type Product struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"` // HTML as it came, not safe to show
	CategoryID  string `json:"category_id,omitempty"` // empty: none
	// Currency of all prices of the product, ISO 4217.
	Currency string   `json:"currency,omitempty"`
	Unit     string   `json:"unit,omitempty"`     // empty: pieces
	Pictures []string `json:"pictures,omitempty"` // addresses, the first is the main one
	// Attributes are the CRM's own fields of the product.
	Attributes []plugin.Attribute `json:"attributes,omitempty"`
	Archived   bool               `json:"archived,omitempty"`
	// Several: it comes in variants, so it may have more than one offer.
	Several bool `json:"several,omitempty"`
	// Own is what the card itself says of SKU, price and stock. It stands in for the offer of a
	// product without any.
	Own Offer `json:"own"`
}

// Offer is one sellable variant of a product. A product without variants has exactly one, without
// options.
type Offer struct {
	ID        string `json:"id"`
	ProductID string `json:"product_id"`
	SKU       string `json:"sku,omitempty"`
	Barcode   string `json:"barcode,omitempty"`
	// Price in the product's currency; not valid when the CRM has none.
	Price decimal.NullDecimal `json:"price"`
	// Available is stock less reserve, in the product's unit; may be negative or a fraction.
	Available decimal.Decimal `json:"available"`
	// StockUnknown: the CRM did not tell what lies in the chosen warehouses, so Available says nothing.
	StockUnknown bool               `json:"stock_unknown,omitempty"`
	Size         plugin.Size        `json:"size"`
	Options      []plugin.Attribute `json:"options,omitempty"`
	Archived     bool               `json:"archived,omitempty"`
}

// Stock is price and stock of one offer.
type Stock struct {
	OfferID   string
	SKU       string // empty: not told
	Price     decimal.NullDecimal
	Available decimal.Decimal
	// Unknown: the CRM did not tell what lies in the warehouses asked for.
	Unknown bool
	// Warehouses are those that the CRM named, when some were asked for.
	Warehouses []Warehouse
}

// Uncounted answers, for variants of a shop, the units of placed orders that the CRM did not have at the
// moment at, and whose stock it therefore still counted then. Variants without any may be left out. An error fails the
// step that asked, which is retried.
type Uncounted func(ctx context.Context, conn plugin.ConnectionID, variants []plugin.VariantID, at time.Time) (map[plugin.VariantID]decimal.Decimal, error)

// Offer is how a price is staged.
func (s Stock) Offer() Offer {
	return Offer{ID: s.OfferID, SKU: s.SKU, Price: s.Price, Available: s.Available, StockUnknown: s.Unknown}
}
