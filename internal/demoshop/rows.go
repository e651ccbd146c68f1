package demoshop

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/plugin"
)

// productRow is a product as its table keeps it.
type productRow struct {
	ID          int64         `db:"id"`
	Version     int64         `db:"version"`
	ExternalID  string        `db:"external_id"`
	Name        string        `db:"name"`
	Description string        `db:"description"`
	CategoryID  int64         `db:"category_id"` // 0: none
	Published   bool          `db:"published"`
	Orderable   bool          `db:"orderable"`
	Featured    bool          `db:"featured"`
	Unit        string        `db:"unit"`
	Attributes  attributeList `db:"attributes"`
	Texts       textList      `db:"texts"`
}

// variantRow is a variant as its table keeps it.
type variantRow struct {
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
	Options   attributeList       `db:"options"`
}

// imageRow is a picture without its bytes.
type imageRow struct {
	ID        int64  `db:"id"`
	ProductID int64  `db:"product_id"`
	SourceURL string `db:"source_url"`
	SHA256    string `db:"sha256"`
}

// categoryRow is a node of the tree.
type categoryRow struct {
	ID       int64    `db:"id"`
	ParentID int64    `db:"parent_id"` // 0: a root
	Name     string   `db:"name"`
	Version  int64    `db:"version"`
	Texts    textList `db:"texts"`
}

// attributeList is kept as a jsonb array, in order.
type attributeList []plugin.Attribute

// Value implements driver.Valuer.
func (l attributeList) Value() (driver.Value, error) { return l.json() }

func (l attributeList) json() (string, error) {
	if len(l) == 0 {
		return "[]", nil
	}
	b, err := json.Marshal([]plugin.Attribute(l))
	return string(b), err
}

// Scan implements sql.Scanner.
func (l *attributeList) Scan(src any) error {
	b, ok := src.([]byte)
	if !ok {
		return fmt.Errorf("attributes: got %T, want bytes", src)
	}
	var list []plugin.Attribute
	if err := json.Unmarshal(b, &list); err != nil {
		return fmt.Errorf("attributes: %w", err)
	}
	if *l = nil; len(list) > 0 {
		*l = list
	}
	return nil
}

// Label is how buyers read options: «Колір: синій, Розмір: M».
func (l attributeList) Label() string {
	parts := make([]string, len(l))
	for i, a := range l {
		parts[i] = a.Name + ": " + a.Value
	}
	return strings.Join(parts, ", ")
}

// Values are the options without the names of their axes: «синій, M».
func (l attributeList) Values() string {
	parts := make([]string, len(l))
	for i, a := range l {
		parts[i] = a.Value
	}
	return strings.Join(parts, ", ")
}

// nameKey is what names are compared by: trimmed, in lower case.
func nameKey(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// money writes a column for the contract.
func money(d decimal.NullDecimal) plugin.Money {
	if !d.Valid {
		return plugin.Money{}
	}
	return plugin.Money{Amount: d.Decimal, Currency: Currency}
}

// column writes an amount of the contract for its column; unset is NULL.
func column(m plugin.Money) decimal.NullDecimal {
	return decimal.NullDecimal{Decimal: m.Amount, Valid: m.IsSet()}
}

func stockColumn(d *decimal.Decimal) decimal.NullDecimal {
	if d == nil {
		return decimal.NullDecimal{}
	}
	return decimal.NewNullDecimal(*d)
}

// equalDecimal compares by value; two NULLs are equal.
func equalDecimal(a, b decimal.NullDecimal) bool {
	return a.Valid == b.Valid && (!a.Valid || a.Decimal.Equal(b.Decimal))
}

func (v variantRow) size() plugin.Size {
	return plugin.Size{Weight: v.Weight, Length: v.Length, Width: v.Width, Height: v.Height}
}

func (v *variantRow) setSize(s plugin.Size) {
	v.Weight, v.Length, v.Width, v.Height = s.Weight, s.Length, s.Width, s.Height
}

// contract writes the variant for the plugin.
func (v variantRow) contract() plugin.Variant {
	out := plugin.Variant{
		ID: formatID[plugin.VariantID](v.ID), SKU: v.SKU, Barcode: v.Barcode, Price: money(v.Price), OldPrice: money(v.OldPrice),
		Orderable: v.Orderable, Published: v.Published, Size: v.size(), Options: v.Options,
	}
	if v.Stock.Valid {
		out.Stock = &v.Stock.Decimal
	}
	return out
}

// contract writes the product for the plugin, with texts in one language.
func (p productRow) contract(lang string, variants []variantRow, images []imageRow) plugin.Product {
	t := p.text(lang)
	out := plugin.Product{
		ID: formatID[plugin.ProductID](p.ID), Version: version(p.Version), ExternalID: p.ExternalID, Name: t.Name,
		Description: t.Description, CategoryID: formatID[plugin.CategoryID](p.CategoryID), Published: p.Published,
		Orderable: p.Orderable, Unit: p.Unit, Attributes: p.Attributes,
	}
	for _, v := range variants {
		out.Variants = append(out.Variants, v.contract())
	}
	for _, i := range images {
		out.Images = append(out.Images, plugin.Image{ID: formatID[plugin.ImageID](i.ID), SourceURL: i.SourceURL, SHA256: i.SHA256})
	}
	return out
}
