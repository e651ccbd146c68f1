package domain

import (
	"strings"

	"github.com/shopspring/decimal"
)

// nbsp keeps an amount on one line.
const nbsp = "\u00a0"

// FormatPrice writes an amount as buyers read it: «1 299 ₴», «99,50 ₴». With kopecks set, the
// kopecks always stand.
func FormatPrice(d decimal.Decimal, kopecks bool) string {
	places := int32(0)
	if rounded := d.Round(2); kopecks || !rounded.Equal(rounded.Truncate(0)) {
		places = 2
	}
	whole, part, _ := strings.Cut(d.Abs().StringFixed(places), ".")
	var b strings.Builder
	if d.Round(places).IsNegative() {
		b.WriteString("−")
	}
	for i, digit := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(nbsp)
		}
		b.WriteRune(digit)
	}
	if part != "" {
		b.WriteString("," + part)
	}
	return b.String() + nbsp + "₴"
}

// FormatQuantity writes 2, 1,5.
func FormatQuantity(d decimal.Decimal) string { return strings.Replace(d.String(), ".", ",", 1) }

// UnitName is the unit as buyers read it; empty means pieces.
func UnitName(unit string) string {
	if unit == "" {
		return "шт."
	}
	return unit
}

// WholeUnits reports whether a unit is sold by the piece.
func WholeUnits(unit string) bool {
	switch strings.TrimSuffix(strings.ToLower(strings.TrimSpace(unit)), ".") {
	case "", "шт", "штука", "pcs", "пара", "компл", "комплект", "набір", "уп", "упаковка":
		return true
	}
	return false
}

// ReadDecimal reads a number as people type it: a comma or a point, spaces between thousands. No
// exponents: they would let a short text mean a huge number.
func ReadDecimal(text string) (decimal.Decimal, bool) {
	text = strings.NewReplacer(" ", "", nbsp, "", ",", ".").Replace(strings.TrimSpace(text))
	if text == "" || len(text) > 20 || strings.Trim(text, "0123456789.-") != "" {
		return decimal.Zero, false
	}
	d, err := decimal.NewFromString(text)
	return d, err == nil
}

// PercentOff is a discount in whole percent; zero when there is none.
func PercentOff(price, old decimal.NullDecimal) int64 {
	if !price.Valid || !old.Valid || !old.Decimal.GreaterThan(price.Decimal) {
		return 0
	}
	return old.Decimal.Sub(price.Decimal).Mul(decimal.NewFromInt(100)).Div(old.Decimal).IntPart()
}

// equalDecimal compares by value; two NULLs are equal.
func equalDecimal(a, b decimal.NullDecimal) bool {
	return a.Valid == b.Valid && (!a.Valid || a.Decimal.Equal(b.Decimal))
}
