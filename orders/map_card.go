package orders

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/shopspring/decimal"
)

// card puts what a card of a pipeline has no field for into its lines and its note. A card knows
// neither discounts nor delivery nor the buyer's comment, so discounts are spread over the prices and
// shipping becomes a line, to the kopeck.
func (m *mapper) card() {
	m.d.Pipeline = m.Settings.Pipeline
	m.d.Key = "[" + m.d.Key + "]" // the marker that a card is found by
	m.d.Title = cut("Замовлення "+m.d.Number, max(maxName-utf8.RuneCountInString(" "+m.d.Key), 1)) + " " + m.d.Key
	m.cardNote()
	discount := m.d.Discount
	for i := range m.d.Lines {
		l := &m.d.Lines[i]
		l.Price, l.UnitDiscount = l.Price.Sub(l.UnitDiscount), decimal.Zero
		l.Name = cut(withOptions(*l), maxName)
		l.Comment, l.Properties = "", nil
	}
	if discount.IsPositive() {
		m.d.Lines, discount = spread(m.d.Lines, discount)
	}
	if m.d.ShippingPrice.IsPositive() { // it bears what is above the goods' sum
		way := []Line{{Name: "Доставка", Price: m.d.ShippingPrice, Quantity: one()}}
		if discount.IsPositive() {
			way, _ = spread(way, discount)
		}
		m.d.Lines = append(m.d.Lines, way...)
	}
	m.d.Discount, m.d.ShippingPrice = decimal.Zero, decimal.Zero
	m.d.Delivery, m.d.Comment, m.d.PromoCode = nil, "", ""
	// The marker follows on a line of its own and has to have room.
	m.d.Note = unmarked(m.wholeNote(maxComment - utf8.RuneCountInString("\n"+m.d.Key)))
}

// unmarked keeps a buyer's words from looking like the marker of another order.
func unmarked(note string) string { return strings.NewReplacer("[", "(", "]", ")").Replace(note) }

func (m *mapper) cardNote() {
	rest := m.notes
	m.notes = nil
	add := func(label, text string) {
		if text != "" {
			m.note(label, text)
		}
	}
	add("Оформлено", m.d.PlacedAt.In(m.zone()).Format("02.01.2006 15:04"))
	if d := m.d.Delivery; d != nil {
		add("Доставка", orElse(m.DeliveryName, m.Order.Delivery.Method))
		add("Адреса", joinText(d.Country, d.Region, d.City, d.PostCode, d.Street, d.SecondLine))
		add("Відділення", d.Branch)
		add("Отримувач", joinText(d.Recipient.FullName, d.Recipient.Phone))
	}
	if m.Order.Discount.IsPositive() {
		add("Знижка на замовлення", m.money(m.Order.Discount))
	}
	add("Промокод", m.d.PromoCode)
	m.notes = append(m.notes, rest...)
	if m.d.Comment != "" {
		m.wrote("Коментар покупця", m.d.Comment)
	}
	for _, l := range m.d.Lines {
		if l.Comment != "" {
			m.wrote("Коментар до «"+l.Name+"»", l.Comment)
		}
	}
}

// withOptions names the variant too: a card's line has no properties.
func withOptions(l Line) string {
	var values []string
	for _, p := range l.Properties {
		values = append(values, tidy(p.Value))
	}
	if options := joinText(values...); options != "" {
		return l.Name + " (" + options + ")"
	}
	return l.Name
}

func (m *mapper) zone() *time.Location {
	if m.Profile.Zone == nil {
		return time.UTC
	}
	return m.Profile.Zone
}

func joinText(parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, ", ")
}

// spread takes a discount off the prices, each line bearing its share. A line whose new sum its
// quantity does not divide is split in two a kopeck apart; what even that cannot hold (fractions of a
// unit) becomes a line of its own. over is the part of the discount that exceeds the whole sum.
func spread(lines []Line, discount decimal.Decimal) (out []Line, over decimal.Decimal) {
	var sum decimal.Decimal
	for _, l := range lines {
		sum = sum.Add(l.Price.Mul(l.Quantity))
	}
	left, base := decimal.Min(discount, decimal.Max(sum, decimal.Zero)), sum
	over = discount.Sub(left)
	if left.IsZero() {
		return lines, over
	}
	var odd decimal.Decimal
	for _, l := range lines {
		total := l.Price.Mul(l.Quantity)
		share := left
		if base.IsPositive() {
			share = left.Mul(total).DivRound(base, 8).RoundFloor(kopecks)
		}
		if share.GreaterThan(total) || !total.IsPositive() {
			share = decimal.Max(decimal.Min(total, left), decimal.Zero)
		}
		left, base = left.Sub(share), base.Sub(total)
		parts, rest := priced(l, total.Sub(share))
		out, odd = append(out, parts...), odd.Add(rest)
	}
	if odd = odd.Sub(left); !odd.IsZero() {
		out = append(out, Line{Name: "Заокруглення", Price: odd, Quantity: one()})
	}
	return out, over
}

// priced gives a line prices in whole kopecks that make the total; rest is what they cannot.
func priced(l Line, total decimal.Decimal) (parts []Line, rest decimal.Decimal) {
	if !l.Quantity.IsPositive() || total.Equal(l.Price.Mul(l.Quantity)) {
		return []Line{l}, total.Sub(l.Price.Mul(l.Quantity))
	}
	l.Price, _ = total.QuoRem(l.Quantity, kopecks)
	rest = total.Sub(l.Price.Mul(l.Quantity))
	kopeck := decimal.New(1, -kopecks)
	more := rest.Div(kopeck)
	if rest.IsZero() || !l.Quantity.IsInteger() || !more.IsInteger() {
		return []Line{l}, rest
	}
	dearer := l
	dearer.Quantity, dearer.Price = more, l.Price.Add(kopeck)
	l.Quantity = l.Quantity.Sub(more)
	return []Line{l, dearer}, decimal.Zero
}
