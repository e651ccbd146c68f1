package demoshop

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/plugin"
)

// What the shop accepts; beyond it is plugin.ErrInvalid. Lengths are in bytes.
const (
	maxName        = 1000
	maxKey         = 250 // SKU, barcode, external id
	maxUnit        = 50
	maxDescription = 500_000
	maxAttributes  = 300
	maxAttrName    = 300
	maxAttrValue   = 5000
	maxVariants    = 500
	maxImages      = 100
	maxImageBytes  = 20 << 20
)

// invalidf is a plugin.ErrInvalid with what is wrong.
func invalidf(format string, args ...any) error {
	return fmt.Errorf(format+": %w", append(args, plugin.ErrInvalid)...)
}

// checkBatch holds a call to the contract's size.
func checkBatch(n int) error {
	if n > plugin.MaxBatch {
		return invalidf("batch of %d items, at most %d", n, plugin.MaxBatch)
	}
	return nil
}

// checkText refuses what Postgres cannot keep and what is longer than the shop keeps.
func checkText(field, text string, limit int) error {
	switch {
	case len(text) > limit:
		return invalidf("%s is longer than %d bytes", field, limit)
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return invalidf("%s is not plain UTF-8 text", field)
	}
	return nil
}

func checkName(field, name string) error {
	if strings.TrimSpace(name) == "" {
		return invalidf("%s is empty", field)
	}
	return checkText(field, name, maxName)
}

func checkMoney(field string, m plugin.Money) error {
	switch {
	case !m.IsSet():
		return nil
	case m.Currency != Currency:
		return invalidf("%s is in %s, the shop sells in %s", field, cut(m.Currency, 10), Currency)
	case m.Amount.IsNegative():
		return invalidf("%s is negative", field)
	case !m.Amount.Equal(m.Amount.Truncate(2)):
		return invalidf("%s has parts of a kopeck", field)
	case m.Amount.GreaterThan(decimal.New(1, 10)):
		return invalidf("%s is too large", field)
	}
	return nil
}

func checkStock(d decimal.Decimal) error {
	switch {
	case d.IsNegative():
		return invalidf("stock is negative")
	case d.Exponent() < -6 && !d.Equal(d.Truncate(6)):
		return invalidf("stock has more than six places")
	case d.GreaterThan(decimal.New(1, 12)):
		return invalidf("stock is too large")
	}
	return nil
}

func checkSize(s plugin.Size) error {
	for _, d := range []decimal.Decimal{s.Weight, s.Length, s.Width, s.Height} {
		if d.IsNegative() || d.GreaterThan(decimal.New(1, 9)) || d.Exponent() < -12 {
			return invalidf("weight or size is out of range")
		}
	}
	return nil
}

func checkAttributes(field string, list []plugin.Attribute) error {
	if len(list) > maxAttributes {
		return invalidf("more than %d %s", maxAttributes, field)
	}
	for _, a := range list {
		if strings.TrimSpace(a.Name) == "" {
			return invalidf("a name among %s is empty", field)
		}
		if err := checkText(field, a.Name, maxAttrName); err != nil {
			return err
		}
		if err := checkText(field, a.Value, maxAttrValue); err != nil {
			return err
		}
	}
	return nil
}

// checkProductTexts checks a row about to be stored, whoever wrote it.
func checkProductTexts(p productRow) error {
	if err := checkName("name", p.Name); err != nil {
		return err
	}
	if err := checkText("description", p.Description, maxDescription); err != nil {
		return err
	}
	if err := checkText("external id", p.ExternalID, maxKey); err != nil {
		return err
	}
	if err := checkText("unit", p.Unit, maxUnit); err != nil {
		return err
	}
	if err := p.Texts.check(); err != nil {
		return err
	}
	return checkAttributes("attributes", p.Attributes)
}

func checkNewVariant(v plugin.NewVariant) error {
	if v.Stock != nil {
		if err := checkStock(*v.Stock); err != nil {
			return err
		}
	}
	for _, m := range []plugin.Money{v.Price, v.OldPrice} {
		if err := checkMoney("price", m); err != nil {
			return err
		}
	}
	if err := checkSize(v.Size); err != nil {
		return err
	}
	return checkVariantTexts(v.SKU, v.Barcode, v.Options)
}

func checkVariantTexts(sku, barcode string, options []plugin.Attribute) error {
	if err := checkText("sku", sku, maxKey); err != nil {
		return err
	}
	if err := checkText("barcode", barcode, maxKey); err != nil {
		return err
	}
	return checkAttributes("options", options)
}

func checkVariantPatch(p plugin.VariantPatch) error {
	if p.Stock != nil {
		if err := checkStock(*p.Stock); err != nil {
			return err
		}
	}
	for _, m := range []*plugin.Money{p.Price, p.OldPrice} {
		if m == nil {
			continue
		}
		if err := checkMoney("price", *m); err != nil {
			return err
		}
	}
	if p.Size != nil {
		return checkSize(*p.Size)
	}
	return nil
}

// cut shortens a text to at most limit bytes without breaking a letter, and drops what Postgres
// cannot keep.
func cut(text string, limit int) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, ""), "\x00", "")
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}
