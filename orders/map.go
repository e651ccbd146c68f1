package orders

import (
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// Input is all that Map looks at.
type Input struct {
	Order    plugin.Order    `json:"order"`
	Profile  plugin.Profile  `json:"profile"`
	Settings settings.Orders `json:"settings"`
	CRM      Dictionary      `json:"crm"`
	// DeliveryName is the shop's name of the order's delivery method; cards tell it in words.
	DeliveryName string `json:"delivery_name,omitempty"`
	// BranchAsText: the CRM refused the reference of the branch, so it is told in words.
	BranchAsText bool `json:"branch_as_text,omitempty"`
}

// Map puts an order into the CRM's words, or tells everything that keeps it from being put so. Pure:
// equal inputs give equal drafts. A row the merchant left blank blocks; «Не передавати» leaves out.
func Map(in Input) (Draft, []Block) {
	m := mapper{Input: in, d: Draft{
		Target: in.Settings.Target, Number: in.Order.Number, Source: in.Settings.Source, PlacedAt: in.Order.PlacedAt.UTC(),
		Currency: in.Order.Currency, PromoCode: strings.TrimSpace(in.Order.PromoCode), ShopTotal: in.Order.Total,
		ShippingPrice: in.Order.Delivery.Price, Discount: in.Order.Discount,
	}}
	if m.d.Number == "" {
		m.d.Number = string(in.Order.ID)
	}
	m.d.Key = in.Settings.Prefix + m.d.Number
	m.source()
	m.buyer()
	m.lines()
	m.addOns()
	m.certificates()
	m.surcharge()
	m.delivery()
	m.payments()
	m.campaign()
	m.comment()
	if len(m.blocks) > 0 {
		return Draft{}, m.blocks
	}
	if m.d.Target == settings.TargetCards {
		m.card()
		return m.d, nil
	}
	m.d.Note = m.wholeNote(maxComment)
	return m.d, nil
}

type mapper struct {
	Input
	d      Draft
	notes  []string // facts for the CRM's manager
	words  []string // what the buyer wrote; it makes room for the facts
	blocks []Block
}

func (m *mapper) block(code Reason, p Params) {
	same := func(b Block) bool { return b.Code == code && equalParams(b.Params, p) }
	if !slices.ContainsFunc(m.blocks, same) { // two payments of one method are one thing to mend
		m.blocks = append(m.blocks, Block{Code: code, Params: p})
	}
}

func equalParams(a, b Params) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return true
}

// source checks the channel, whose currency is the currency of its orders.
func (m *mapper) source() {
	if m.Settings.Source == "" {
		m.block(ReasonNoSource, nil)
		return
	}
	currency, ok := m.CRM.Sources[m.Settings.Source]
	switch {
	case !ok:
		m.block(ReasonSourceGone, Params{"source": m.Settings.Source})
	case currency != "" && currency != m.Order.Currency:
		m.block(ReasonCurrencyMismatch, Params{"order": m.Order.Currency, "source": currency})
	}
}

func (m *mapper) lines() {
	m.d.Lines = make([]Line, 0, len(m.Order.Lines))
	for _, l := range m.Order.Lines {
		unit, rest := perUnit(l)
		m.d.Discount = m.d.Discount.Add(rest)
		m.d.Lines = append(m.d.Lines, Line{
			SKU: strings.TrimSpace(l.SKU), Name: lineName(l), Price: l.Price, Quantity: l.Quantity, UnitDiscount: unit,
			Unit: strings.TrimSpace(l.Unit), PictureURL: l.PictureURL, Comment: cut(tidy(l.Comment), maxComment),
			Properties: l.Options,
		})
	}
}

// perUnit splits the discount of a line, since the CRM takes one per unit: what each unit bears in
// whole kopecks, and the rest that goes to the order. Where no unit can bear it, all is rest.
func perUnit(l plugin.OrderLine) (unit, rest decimal.Decimal) {
	if !l.Discount.IsPositive() || !l.Quantity.IsPositive() {
		return decimal.Zero, l.Discount
	}
	unit, _ = l.Discount.QuoRem(l.Quantity, kopecks)
	if unit.GreaterThan(l.Price) {
		unit = decimal.Max(l.Price, decimal.Zero)
	}
	return unit, l.Discount.Sub(unit.Mul(l.Quantity))
}

// kopecks is how many decimal places the CRM's sums have.
const kopecks = 2

func lineName(l plugin.OrderLine) string {
	for _, name := range []string{l.Name, l.SKU, string(l.ProductID)} {
		if name = tidy(name); name != "" {
			return cut(name, maxName)
		}
	}
	return "Товар"
}

// certificates are taken off the order, as its discount is: the CRM has no field for them.
func (m *mapper) certificates() {
	for _, c := range m.Order.Certificates {
		m.d.Discount = m.d.Discount.Add(c.Amount)
		m.note("Сертифікат або бонуси "+tidy(c.Code), m.money(c.Amount))
	}
}

// surcharge turns a discount below zero into a line, since the CRM takes none.
func (m *mapper) surcharge() {
	if m.d.Discount.IsNegative() {
		m.d.Lines = append(m.d.Lines, Line{Name: "Доплата", Price: m.d.Discount.Neg(), Quantity: one()})
		m.d.Discount = decimal.Zero
	}
}

func one() decimal.Decimal { return decimal.NewFromInt(1) }

func (m *mapper) payments() {
	for _, p := range m.Order.Payments {
		if p.State == plugin.PaymentCanceled || !p.Amount.IsPositive() {
			continue
		}
		choice := m.Settings.Payments[p.Method]
		switch {
		case choice.Skip:
			continue
		case choice.Code == "":
			m.block(ReasonUnmappedPayment, Params{"payment": p.Method})
			continue
		}
		out := Payment{Method: choice.Code, Amount: p.Amount, Note: m.paymentNote(p), Paid: p.State == plugin.PaymentPaid}
		if out.Paid {
			out.PaidAt = p.PaidAt.UTC()
		}
		m.d.Payments = append(m.d.Payments, out)
	}
}

// paymentNote ends with a marker, since the CRM keeps no id of ours: by it the payment is found again
// and never made twice.
func (m *mapper) paymentNote(p plugin.Payment) string {
	marker := "[" + m.d.Key + "/" + p.ID + "]"
	return strings.TrimSpace(cut(tidy(p.Note), maxName) + " " + marker)
}

func (m *mapper) campaign() {
	o := m.Order.UTM
	utm := plugin.UTM{
		Source: mark(o.Source), Medium: mark(o.Medium), Campaign: mark(o.Campaign), Term: mark(o.Term), Content: mark(o.Content),
	}
	if m.Profile.CollectsUTM && utm != (plugin.UTM{}) {
		m.d.UTM = &utm
	}
}

// mark is a campaign mark as whoever made the address meant it: anybody may write anything there.
func mark(s string) string { return cut(tidy(s), maxName) }

func (m *mapper) comment() {
	text := strings.TrimSpace(plain(m.Order.Comment))
	m.d.Comment = cut(text, maxComment)
	if m.d.Comment != text {
		m.note("Коментар покупця довший, ніж приймає CRM", "повністю він у замовленні магазину")
	}
}

// money writes a sum for people.
func (m *mapper) money(d decimal.Decimal) string {
	return d.StringFixed(kopecks) + " " + m.Order.Currency
}
