package domain

import (
	"strings"

	"github.com/shopspring/decimal"
)

// What the shop accepts; beyond it is ErrInvalid. Lengths are in bytes.
const (
	maxKey         = 250 // SKU, barcode, external id
	maxUnit        = 50
	maxDescription = 500_000
	maxAttributes  = 300
	maxAttrName    = 300
	maxAttrValue   = 5000
	// MaxVariants of a product, MaxImages of one and MaxImageBytes of a picture.
	MaxVariants   = 500
	MaxImages     = 100
	MaxImageBytes = 20 << 20
)

// Check holds a product about to be stored to the shop's limits, whoever wrote it. Errors: ErrInvalid.
func (p Product) Check() error {
	if err := CheckName("name", p.Name); err != nil {
		return err
	}
	if err := CheckText("description", p.Description, maxDescription); err != nil {
		return err
	}
	if err := CheckText("external id", p.ExternalID, maxKey); err != nil {
		return err
	}
	if err := CheckText("unit", p.Unit, maxUnit); err != nil {
		return err
	}
	if err := p.Texts.check(); err != nil {
		return err
	}
	return p.Attributes.check("attributes")
}

// Check holds a variant about to be stored to the shop's limits, whoever wrote it. Errors: ErrInvalid.
func (v Variant) Check() error {
	if v.Stock.Valid {
		if err := CheckStock(v.Stock.Decimal); err != nil {
			return err
		}
	}
	for _, price := range []decimal.NullDecimal{v.Price, v.OldPrice} {
		if err := CheckPrice(price); err != nil {
			return err
		}
	}
	for _, d := range []decimal.Decimal{v.Weight, v.Length, v.Width, v.Height} {
		if d.IsNegative() || d.GreaterThan(decimal.New(1, 9)) || d.Exponent() < -12 {
			return Invalidf("weight or size is out of range")
		}
	}
	if err := CheckText("sku", v.SKU, maxKey); err != nil {
		return err
	}
	if err := CheckText("barcode", v.Barcode, maxKey); err != nil {
		return err
	}
	return v.Options.check("options")
}

// CheckPrice holds an amount to whole kopecks and a sane size; none is fine.
func CheckPrice(price decimal.NullDecimal) error {
	switch d := price.Decimal; {
	case !price.Valid:
		return nil
	case d.IsNegative():
		return Invalidf("price is negative")
	case !d.Equal(d.Truncate(2)):
		return Invalidf("price has parts of a kopeck")
	case d.GreaterThan(decimal.New(1, 10)):
		return Invalidf("price is too large")
	}
	return nil
}

// CheckStock holds a stock to six places and a sane size.
func CheckStock(d decimal.Decimal) error {
	switch {
	case d.IsNegative():
		return Invalidf("stock is negative")
	case d.Exponent() < -6 && !d.Equal(d.Truncate(6)):
		return Invalidf("stock has more than six places")
	case d.GreaterThan(decimal.New(1, 12)):
		return Invalidf("stock is too large")
	}
	return nil
}

func (l Attributes) check(field string) error {
	if len(l) > maxAttributes {
		return Invalidf("more than %d %s", maxAttributes, field)
	}
	for _, a := range l {
		if strings.TrimSpace(a.Name) == "" {
			return Invalidf("a name among %s is empty", field)
		}
		if err := CheckText(field, a.Name, maxAttrName); err != nil {
			return err
		}
		if err := CheckText(field, a.Value, maxAttrValue); err != nil {
			return err
		}
	}
	return nil
}
