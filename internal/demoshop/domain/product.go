package domain

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// Product is a product as its table keeps it.
type Product struct {
	ID          int64      `db:"id"`
	Version     int64      `db:"version"`
	ExternalID  string     `db:"external_id"`
	Name        string     `db:"name"`
	Description string     `db:"description"`
	CategoryID  int64      `db:"category_id"` // 0: none
	Published   bool       `db:"published"`
	Orderable   bool       `db:"orderable"`
	Featured    bool       `db:"featured"`
	Unit        string     `db:"unit"`
	Attributes  Attributes `db:"attributes"`
	Texts       Texts      `db:"texts"`
}

// Variant is a variant as its table keeps it.
type Variant struct {
	ID        int64               `db:"id"`
	ProductID int64               `db:"product_id"`
	SKU       string              `db:"sku"`
	Barcode   string              `db:"barcode"`
	Price     decimal.NullDecimal `db:"price"`
	OldPrice  decimal.NullDecimal `db:"old_price"`
	Stock     decimal.NullDecimal `db:"stock"`
	Orderable bool                `db:"orderable"`
	Published bool                `db:"published"`
	Weight    decimal.Decimal     `db:"weight"`
	Length    decimal.Decimal     `db:"length"`
	Width     decimal.Decimal     `db:"width"`
	Height    decimal.Decimal     `db:"height"`
	Options   Attributes          `db:"options"`
}

// Image is a picture without its bytes.
type Image struct {
	ID        int64  `db:"id"`
	ProductID int64  `db:"product_id"`
	SourceURL string `db:"source_url"`
	SHA256    string `db:"sha256"`
}

// Category is a node of the tree.
type Category struct {
	ID       int64  `db:"id"`
	ParentID int64  `db:"parent_id"` // 0: a root
	Name     string `db:"name"`
	Version  int64  `db:"version"`
	Texts    Texts  `db:"texts"`
}

// Attribute is a property of a product, or an option that distinguishes a variant from its siblings.
type Attribute struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Attributes is kept as a jsonb array, in order.
type Attributes []Attribute

// Value implements driver.Valuer.
func (l Attributes) Value() (driver.Value, error) { return l.JSON() }

// JSON writes the array for a jsonb column.
func (l Attributes) JSON() (string, error) {
	if len(l) == 0 {
		return "[]", nil
	}
	b, err := json.Marshal([]Attribute(l))
	return string(b), err
}

// Scan implements sql.Scanner.
func (l *Attributes) Scan(src any) error {
	b, ok := src.([]byte)
	if !ok {
		return fmt.Errorf("attributes: got %T, want bytes", src)
	}
	var list []Attribute
	if err := json.Unmarshal(b, &list); err != nil {
		return fmt.Errorf("attributes: %w", err)
	}
	if *l = nil; len(list) > 0 {
		*l = list
	}
	return nil
}

// Label is how buyers read options: «Колір: синій, Розмір: M».
func (l Attributes) Label() string {
	parts := make([]string, len(l))
	for i, a := range l {
		parts[i] = a.Name + ": " + a.Value
	}
	return strings.Join(parts, ", ")
}

// Values are the options without the names of their axes: «синій, M».
func (l Attributes) Values() string {
	parts := make([]string, len(l))
	for i, a := range l {
		parts[i] = a.Value
	}
	return strings.Join(parts, ", ")
}

// Same reports whether two rows hold the same of what a write can change, and nothing else.
func (p Product) Same(b Product) bool {
	return p.Name == b.Name && p.Description == b.Description && p.CategoryID == b.CategoryID &&
		p.Published == b.Published && p.Orderable == b.Orderable && p.Featured == b.Featured &&
		p.Unit == b.Unit && p.ExternalID == b.ExternalID && slices.Equal(p.Attributes, b.Attributes) && maps.Equal(p.Texts, b.Texts)
}

// Same reports whether two rows hold the same of what a write can change.
func (v Variant) Same(b Variant) bool {
	return v.SKU == b.SKU && v.Barcode == b.Barcode && v.Orderable == b.Orderable && v.Published == b.Published &&
		equalDecimal(v.Price, b.Price) && equalDecimal(v.OldPrice, b.OldPrice) && equalDecimal(v.Stock, b.Stock) &&
		v.Weight.Equal(b.Weight) && v.Length.Equal(b.Length) && v.Width.Equal(b.Width) && v.Height.Equal(b.Height) &&
		slices.Equal(v.Options, b.Options)
}

// PlannedImage is a stored picture to keep (ID set) or one to store (the rest set).
type PlannedImage struct {
	ID          int64
	SourceURL   string
	SHA256      string
	ContentType string
	Bytes       []byte
}

// ImagePlan is the list of pictures a product will have, in order of display.
type ImagePlan []PlannedImage

// Same reports whether the plan is the stored list.
func (p ImagePlan) Same(stored []Image) bool {
	return slices.EqualFunc(p, stored, func(a PlannedImage, b Image) bool { return a.ID == b.ID })
}

// Kept are the stored pictures the plan keeps.
func (p ImagePlan) Kept() []int64 {
	ids := []int64{}
	for _, i := range p {
		if i.ID != 0 {
			ids = append(ids, i.ID)
		}
	}
	return ids
}
