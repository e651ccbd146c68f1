package demoshop

import (
	"fmt"
	"slices"

	"github.com/shopspring/decimal"
)

// What one basket may hold.
const (
	maxLines    = 100
	maxQuantity = 999
)

// add puts a variant into the basket, or more of it.
func (b *basketRow) add(variant int64, quantity decimal.Decimal) {
	at := slices.IndexFunc(b.Lines, func(l basketLine) bool { return l.Variant == variant })
	switch {
	case at >= 0:
		b.Lines[at].Quantity = decimal.Min(b.Lines[at].Quantity.Add(quantity), decimal.NewFromInt(maxQuantity))
	case len(b.Lines) < maxLines:
		b.Lines = append(b.Lines, basketLine{variant, quantity})
	}
}

// set changes a quantity; zero or less removes the line.
func (b *basketRow) set(variant int64, quantity decimal.Decimal) {
	at := slices.IndexFunc(b.Lines, func(l basketLine) bool { return l.Variant == variant })
	switch {
	case at < 0:
	case quantity.IsPositive():
		b.Lines[at].Quantity = decimal.Min(quantity, decimal.NewFromInt(maxQuantity))
	default:
		b.Lines = slices.Delete(b.Lines, at, at+1)
	}
}

func (b *basketRow) variants() []int64 {
	ids := make([]int64, len(b.Lines))
	for i, l := range b.Lines {
		ids[i] = l.Variant
	}
	return ids
}

// readQuantity reads a quantity as typed, in the unit's steps. False: no such quantity can be sold.
func readQuantity(text, unit string) (decimal.Decimal, bool) {
	d, ok := readDecimal(text)
	if !ok || !d.IsPositive() || d.GreaterThan(decimal.NewFromInt(maxQuantity)) {
		return decimal.Zero, false
	}
	places := int32(3)
	if wholeUnits(unit) {
		places = 0
	}
	return d, d.Equal(d.Truncate(places))
}

// pricedLine is a basket line with the goods it names and what is wrong with it.
type pricedLine struct {
	goods
	Quantity decimal.Decimal
	Problem  string // why it cannot be bought now; empty when it can
}

// Sum is what the line costs.
func (l pricedLine) Sum() decimal.Decimal { return l.Price.Decimal.Mul(l.Quantity) }

// Step is the step of the quantity field.
func (l pricedLine) Step() string {
	if wholeUnits(l.Unit) {
		return "1"
	}
	return "0.001"
}

// price joins a basket with its goods. A variant that is gone drops out, and the answer says so.
func (b *basketRow) price(known map[int64]goods) (lines []pricedLine, gone bool) {
	for _, l := range b.Lines {
		g, ok := known[l.Variant]
		if !ok {
			gone = true
			continue
		}
		lines = append(lines, pricedLine{goods: g, Quantity: l.Quantity, Problem: g.problem(l.Quantity)})
	}
	return lines, gone
}

// problem says why the quantity cannot be sold now; empty when it can.
func (g goods) problem(quantity decimal.Decimal) string {
	switch {
	case !g.ForSale:
		return "Цей товар зараз не продається. Приберіть його з кошика."
	case g.Stock.Valid && !g.Stock.Decimal.IsPositive():
		return "Цей товар щойно закінчився. Приберіть його з кошика."
	case g.Stock.Valid && g.Stock.Decimal.LessThan(quantity):
		return fmt.Sprintf("Залишилося лише %s %s Зменште кількість.", formatQuantity(g.Stock.Decimal), sentenceEnd(unitName(g.Unit)))
	case wholeUnits(g.Unit) && !quantity.Equal(quantity.Truncate(0)):
		return "Цей товар продається цілими одиницями. Виправте кількість."
	}
	return ""
}

func sentenceEnd(s string) string {
	if s[len(s)-1] == '.' {
		return s
	}
	return s + "."
}

// promo is a discount by a word.
type promo struct {
	Code    string
	Percent decimal.Decimal // of the goods; zero when the discount is an amount
	Amount  decimal.Decimal
}

// promoOf finds a promo code, whatever its case; false when there is none.
func promoOf(code string) (promo, bool) {
	known := []promo{
		{Code: "ЛІТО5", Percent: decimal.NewFromInt(5)},
		{Code: "ДРУЗІ100", Amount: decimal.NewFromInt(100)},
	}
	at := slices.IndexFunc(known, func(p promo) bool { return nameKey(p.Code) == nameKey(code) })
	if at < 0 {
		return promo{}, false
	}
	return known[at], true
}

// discount is what the promo takes off goods of that sum, to the kopeck and never more than it.
func (p promo) discount(sum decimal.Decimal) decimal.Decimal {
	d := p.Amount
	if p.Percent.IsPositive() {
		d = sum.Mul(p.Percent).Div(decimal.NewFromInt(100)).Round(2)
	}
	return decimal.Min(d, sum)
}

// totals are the sums of an order, whose parts add up as plugin.Order says.
type totals struct {
	Goods    decimal.Decimal
	Discount decimal.Decimal
	AddOns   decimal.Decimal
	Delivery decimal.Decimal
	Total    decimal.Decimal
}

func sumUp(lines []pricedLine, p promo, addOns []addOnRow, delivery decimal.Decimal) totals {
	t := totals{Delivery: delivery}
	for _, l := range lines {
		t.Goods = t.Goods.Add(l.Sum())
	}
	for _, a := range addOns {
		t.AddOns = t.AddOns.Add(a.Price.Mul(a.Quantity))
	}
	t.Discount = p.discount(t.Goods)
	t.Total = t.Goods.Add(t.AddOns).Sub(t.Discount).Add(t.Delivery)
	return t
}
