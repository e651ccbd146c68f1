package entity

import (
	"encoding/json"
	"time"

	"github.com/shopspring/decimal"
)

// Warehouse is where goods lie.
type Warehouse struct {
	ID   int64
	Name string
}

// Warehouses of the account.
const (
	WarehouseKyiv int64 = 1
	WarehouseLviv int64 = 2
)

// Category is a node of the category tree; ParentID 0 is the top.
type Category struct {
	ID       int64
	Name     string
	ParentID int64
}

// Product is a card of goods.
type Product struct {
	ID           int64
	Name         string
	Description  string // HTML
	CategoryID   int64  // 0: none
	CurrencyCode string
	UnitType     string // empty: pieces
	Pictures     []string
	Weight       decimal.Decimal // kg
	Size         Size
	Archived     bool
	Deleted      bool
	CustomFields []FieldValue
	OfferIDs     []int64 // one for a product without variants
	CreatedAt    time.Time
	UpdatedAt    time.Time
	VisibleAt    time.Time // lists leave the product out until then
}

// Size is the length, width and height in cm, as far as known.
type Size struct{ Length, Width, Height decimal.NullDecimal }

// Offer is a sellable variant of a product.
type Offer struct {
	ID             int64
	ProductID      int64
	SKU            string
	Barcode        string
	Picture        string
	Price          decimal.Decimal
	PurchasedPrice decimal.Decimal
	Stock          map[int64]decimal.Decimal // by warehouse id, reserve included
	Reserve        decimal.Decimal           // in the first warehouse
	Weight         decimal.NullDecimal       // kg; null: the product's
	Size           Size                      // empty: the product's
	Properties     []Property                // empty: the default offer
	Archived       bool
	Deleted        bool
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// Quantity is the stock of all warehouses, reserve included.
func (o *Offer) Quantity() decimal.Decimal {
	var sum decimal.Decimal
	for _, q := range o.Stock {
		sum = sum.Add(q)
	}
	return sum
}

// Property is one axis of a variant.
type Property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// FieldValue is a custom field's value as it was sent.
type FieldValue struct {
	UUID  string
	Value json.RawMessage
}
