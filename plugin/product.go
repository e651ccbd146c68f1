package plugin

import "github.com/shopspring/decimal"

// Product is a product as the shop stores it, with its texts in one language.
type Product struct {
	ID      ProductID
	Version Version
	// ExternalID is a free text the shop keeps for other systems; we write the CRM's product id
	// into it at creation. Empty when never set. Not necessarily unique.
	ExternalID string
	Name       string
	// Description is HTML, already safe to show.
	Description string
	// CategoryID is the one category the product lies in; empty when none.
	CategoryID CategoryID
	// Published says whether buyers see the product at all.
	Published bool
	// Orderable says whether it may be put into the basket; a published product that is not
	// orderable is shown as «немає в наявності».
	Orderable bool
	// Unit is the unit of sale in the shop's words; empty means pieces.
	Unit string
	// Images are in the order of display; the first is the main one.
	Images []Image
	// Attributes are the product's properties beside its variant options.
	Attributes []Attribute
	// Variants are never empty: a product without variants has exactly one, with no options. A product
	// answered without any breaks the contract, and the run that reads it stops before it writes: it could
	// only take the product for one whose variants are to be made, and make them again.
	Variants []Variant
}

// Variant is one sellable form of a product.
type Variant struct {
	ID      VariantID
	SKU     string
	Barcode string
	// Price is the current selling price; unset when the variant has none.
	Price Money
	// OldPrice is the crossed-out price; unset when there is none.
	OldPrice Money
	// Stock is in the product's unit and never negative; nil means stock is not tracked.
	Stock *decimal.Decimal
	// Orderable as in Product, for this variant alone.
	Orderable bool
	// Published as in Product, for this variant alone.
	Published bool
	Size      Size
	// Options are the values that distinguish this variant from its siblings, in the order of the axes.
	Options []Attribute
}

// Size is weight in kilograms and length, width, height in centimetres. Zero means unknown.
type Size struct {
	Weight decimal.Decimal
	Length decimal.Decimal
	Width  decimal.Decimal
	Height decimal.Decimal
}

// Equal compares by value: 1.5 equals 1.50.
func (s Size) Equal(o Size) bool {
	return s.Weight.Equal(o.Weight) && s.Length.Equal(o.Length) && s.Width.Equal(o.Width) && s.Height.Equal(o.Height)
}

// Attribute is a named value: a property of a product or an option of a variant.
type Attribute struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Image is a stored picture.
type Image struct {
	ID ImageID
	// SourceURL is the address given at its writing; empty for pictures a person uploaded.
	SourceURL string
	// SHA256 of the bytes as given at writing, hex; empty when the shop does not keep it.
	SHA256 string
}

// Category is one node of the shop's category tree.
type Category struct {
	ID       CategoryID
	ParentID CategoryID // empty: a root
	Name     string
	Version  Version
}
