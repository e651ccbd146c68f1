package demoshop

import (
	"strings"

	"github.com/shopspring/decimal"
)

// nbsp keeps an amount on one line.
const nbsp = "\u00a0"

// formatPrice writes an amount as buyers read it: «1 299 ₴», «99,50 ₴». With kopecks set, the
// kopecks always stand.
func formatPrice(d decimal.Decimal, kopecks bool) string {
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

// formatQuantity writes 2, 1,5.
func formatQuantity(d decimal.Decimal) string { return strings.Replace(d.String(), ".", ",", 1) }

// unitName is the unit as buyers read it; empty means pieces.
func unitName(unit string) string {
	if unit == "" {
		return "шт."
	}
	return unit
}

// wholeUnits reports whether a unit is sold by the piece.
func wholeUnits(unit string) bool {
	switch strings.TrimSuffix(strings.ToLower(strings.TrimSpace(unit)), ".") {
	case "", "шт", "штука", "pcs", "пара", "компл", "комплект", "набір", "уп", "упаковка":
		return true
	}
	return false
}
