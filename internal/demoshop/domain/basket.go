package domain

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

// BasketLine is a variant a buyer wants.
type BasketLine struct {
	Variant  int64           `json:"variant"`
	Quantity decimal.Decimal `json:"quantity"`
}

// Basket is a basket as its table keeps it.
type Basket struct {
	Lines []BasketLine
	Promo string
}

// Goods is a variant with what the basket and the order need of its product.
type Goods struct {
	VariantID int64               `db:"id"`
	ProductID int64               `db:"product_id"`
	Name      string              `db:"name"`
	Options   Attributes          `db:"options"`
	SKU       string              `db:"sku"`
	Unit      string              `db:"unit"`
	ImageID   *int64              `db:"main_image_id"`
	Price     decimal.NullDecimal `db:"price"`
	OldPrice  decimal.NullDecimal `db:"old_price"`
	Stock     decimal.NullDecimal `db:"stock"`
	ForSale   bool                `db:"for_sale"` // published and orderable, product and variant
}

// Add puts a variant into the basket, or more of it.
func (b *Basket) Add(variant int64, quantity decimal.Decimal) {
	at := slices.IndexFunc(b.Lines, func(l BasketLine) bool { return l.Variant == variant })
	switch {
	case at >= 0:
		b.Lines[at].Quantity = decimal.Min(b.Lines[at].Quantity.Add(quantity), decimal.NewFromInt(maxQuantity))
	case len(b.Lines) < maxLines:
		b.Lines = append(b.Lines, BasketLine{variant, quantity})
	}
}

// Set changes a quantity; zero or less removes the line.
func (b *Basket) Set(variant int64, quantity decimal.Decimal) {
	at := slices.IndexFunc(b.Lines, func(l BasketLine) bool { return l.Variant == variant })
	switch {
	case at < 0:
	case quantity.IsPositive():
		b.Lines[at].Quantity = decimal.Min(quantity, decimal.NewFromInt(maxQuantity))
	default:
		b.Lines = slices.Delete(b.Lines, at, at+1)
	}
}

// Variants are the ids of what is in the basket.
func (b *Basket) Variants() []int64 {
	ids := make([]int64, len(b.Lines))
	for i, l := range b.Lines {
		ids[i] = l.Variant
	}
	return ids
}

// ReadQuantity reads a quantity as typed, in the unit's steps. False: no such quantity can be sold.
func ReadQuantity(text, unit string) (decimal.Decimal, bool) {
	d, ok := ReadDecimal(text)
	if !ok || !d.IsPositive() || d.GreaterThan(decimal.NewFromInt(maxQuantity)) {
		return decimal.Zero, false
	}
	places := int32(3)
	if WholeUnits(unit) {
		places = 0
	}
	return d, d.Equal(d.Truncate(places))
}

// PricedLine is a basket line with the goods it names and what is wrong with it.
type PricedLine struct {
	Goods
	Quantity decimal.Decimal
	Problem  string // why it cannot be bought now; empty when it can
}

// Sum is what the line costs.
func (l PricedLine) Sum() decimal.Decimal { return l.Price.Decimal.Mul(l.Quantity) }

// Step is the step of the quantity field.
func (l PricedLine) Step() string {
	if WholeUnits(l.Unit) {
		return "1"
	}
	return "0.001"
}

// Price joins a basket with its goods. A variant that is gone drops out, and the answer says so.
func (b *Basket) Price(known map[int64]Goods) (lines []PricedLine, gone bool) {
	for _, l := range b.Lines {
		g, ok := known[l.Variant]
		if !ok {
			gone = true
			continue
		}
		lines = append(lines, PricedLine{Goods: g, Quantity: l.Quantity, Problem: g.ProblemWith(l.Quantity)})
	}
	return lines, gone
}

// ProblemWith says why the quantity cannot be sold now; empty when it can.
func (g Goods) ProblemWith(quantity decimal.Decimal) string {
	switch {
	case !g.ForSale:
		return "Цей товар зараз не продається. Приберіть його з кошика."
	case g.Stock.Valid && !g.Stock.Decimal.IsPositive():
		return "Цей товар щойно закінчився. Приберіть його з кошика."
	case g.Stock.Valid && g.Stock.Decimal.LessThan(quantity):
		return fmt.Sprintf("Залишилося лише %s %s Зменште кількість.", FormatQuantity(g.Stock.Decimal), sentenceEnd(UnitName(g.Unit)))
	case WholeUnits(g.Unit) && !quantity.Equal(quantity.Truncate(0)):
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

// Promo is a discount by a word.
type Promo struct {
	Code    string
	Percent decimal.Decimal // of the goods; zero when the discount is an amount
	Amount  decimal.Decimal
}

// PromoOf finds a promo code, whatever its case; false when there is none.
func PromoOf(code string) (Promo, bool) {
	known := []Promo{
		{Code: "ЛІТО5", Percent: decimal.NewFromInt(5)},
		{Code: "ДРУЗІ100", Amount: decimal.NewFromInt(100)},
	}
	at := slices.IndexFunc(known, func(p Promo) bool { return NameKey(p.Code) == NameKey(code) })
	if at < 0 {
		return Promo{}, false
	}
	return known[at], true
}

// Discount is what the promo takes off goods of that sum, to the kopeck and never more than it.
func (p Promo) Discount(sum decimal.Decimal) decimal.Decimal {
	d := p.Amount
	if p.Percent.IsPositive() {
		d = sum.Mul(p.Percent).Div(decimal.NewFromInt(100)).Round(2)
	}
	return decimal.Min(d, sum)
}

// Totals are the sums of an order, whose parts add up as plugin.Order says.
type Totals struct {
	Goods    decimal.Decimal
	Discount decimal.Decimal
	AddOns   decimal.Decimal
	Delivery decimal.Decimal
	Total    decimal.Decimal
}

// SumUp adds an order up: the promo takes off goods alone, and the total is what the buyer pays.
func SumUp(lines []PricedLine, p Promo, addOns []OrderAddOn, delivery decimal.Decimal) Totals {
	t := Totals{Delivery: delivery}
	for _, l := range lines {
		t.Goods = t.Goods.Add(l.Sum())
	}
	for _, a := range addOns {
		t.AddOns = t.AddOns.Add(a.Price.Mul(a.Quantity))
	}
	t.Discount = p.Discount(t.Goods)
	t.Total = t.Goods.Add(t.AddOns).Sub(t.Discount).Add(t.Delivery)
	return t
}
