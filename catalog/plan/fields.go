package plan

import (
	"strings"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/sliceutil"
	"github.com/keybridge/keybridge/plugin"
)

// price is what the shop may ask for an offer; unset, and listed, when there is no such price.
func price(r Rules, g CRMProduct, o catalog.Offer, d *Plan) plugin.Money {
	if g.Product.Currency != r.Currency {
		otherCurrency(r, g, d)
		return plugin.Money{}
	}
	if !o.Price.Valid || o.Price.Decimal.Sign() <= 0 {
		d.Open = true
		d.item(catalog.ItemNote, catalog.ReasonNoPrice, catalog.Params{"sku": Cut(o.SKU)})
		return plugin.Money{}
	}
	return plugin.Money{Amount: o.Price.Decimal, Currency: r.Currency}
}

// otherCurrency lists the product once, however many offers it has.
func otherCurrency(r Rules, g CRMProduct, d *Plan) {
	for _, it := range d.Items {
		if it.Reason == catalog.ReasonOtherCurrency {
			return
		}
	}
	d.Open = true
	d.item(catalog.ItemNote, catalog.ReasonOtherCurrency, catalog.Params{"crm": Cut(g.Product.Currency), "shop": r.Currency})
}

// stock is what may be sold of an offer: never below zero, less what orders have taken that the CRM
// does not know of, and less what is kept from sale.
func stock(r Rules, o catalog.Offer, unsent map[plugin.VariantID]decimal.Decimal, v plugin.VariantID) decimal.Decimal {
	left := o.Available.Sub(unsent[v]).Sub(decimal.NewFromInt(r.Safety))
	if left.Sign() < 0 {
		return decimal.Zero
	}
	return left
}

// sizeOf is the offer's size, each part of which the product's own stands in for.
func sizeOf(g CRMProduct, o catalog.Offer) plugin.Size {
	own := g.Product.Own.Size
	return plugin.Size{
		Weight: knownOr(o.Size.Weight, own.Weight), Length: knownOr(o.Size.Length, own.Length),
		Width: knownOr(o.Size.Width, own.Width), Height: knownOr(o.Size.Height, own.Height),
	}
}

func knownOr(v, instead decimal.Decimal) decimal.Decimal {
	if v.Sign() > 0 {
		return v
	}
	if instead.Sign() > 0 {
		return instead
	}
	return decimal.Zero
}

// merged keeps the shop's attributes and sets those the CRM has.
func merged(shop, crm []plugin.Attribute) []plugin.Attribute {
	out := append([]plugin.Attribute(nil), shop...)
next:
	for _, a := range crm {
		for i := range out {
			if out[i].Name == a.Name {
				out[i].Value = a.Value
				continue next
			}
		}
		out = append(out, a)
	}
	return out
}

// The words of changes.

func listText(list []plugin.Attribute) string {
	return strings.Join(sliceutil.Map(list, func(a plugin.Attribute) string { return a.Name + ": " + a.Value }), "; ")
}

func sizeText(s plugin.Size) string {
	return s.Weight.String() + " kg; " + s.Length.String() + " × " + s.Width.String() + " × " + s.Height.String() + " cm"
}

// knownSizeText is empty for a size of which nothing is known.
func knownSizeText(s plugin.Size) string {
	if s.Equal(plugin.Size{}) {
		return ""
	}
	return sizeText(s)
}

func moneyText(m plugin.Money) string {
	if !m.IsSet() {
		return ""
	}
	return m.String()
}

func boolText(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func stockText(s *decimal.Decimal) string {
	if s == nil {
		return ""
	}
	return s.String()
}

// MaxText is how much of a text a change keeps, in runes.
const MaxText = 300

// Cut is a text short enough for a list.
func Cut(s string) string {
	if r := []rune(s); len(r) > MaxText {
		return string(r[:MaxText]) + "…"
	}
	return s
}

// JoinLines puts each text on a line of its own.
func JoinLines(list []string) string { return strings.Join(list, "\n") }
