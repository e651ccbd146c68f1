package web

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/keybridge/keybridge/internal/crmsim"
	"github.com/keybridge/keybridge/internal/crmsim/frame"
	"github.com/keybridge/keybridge/internal/crmsim/table"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/account"
)

// valueWords is a custom field's value for people.
func valueWords(raw json.RawMessage) string {
	var list []string
	var text string
	var on bool
	switch {
	case json.Unmarshal(raw, &list) == nil:
		return strings.Join(list, ", ")
	case json.Unmarshal(raw, &text) == nil:
		return text
	case json.Unmarshal(raw, &on) == nil && on:
		return "так"
	case json.Unmarshal(raw, &on) == nil:
		return "ні"
	}
	return string(raw)
}

type orderPage struct {
	frame.Head
	O                              entity.Order
	Statuses, Methods              []frame.Choice
	Lines                          []lineRow
	Payments                       []paymentRow
	Totals, Buyer, Shipping, Extra []frame.Fact
	Tracking                       string
}

type lineRow struct {
	Name, SKU, Price, Discount, Quantity, Sum, Stock, Note string
	Linked                                                 bool
}

type paymentRow struct {
	ID                                  int64
	Method, Amount, Status, Description string
	States                              []frame.CodeChoice
}

func (p orders) order(in *frame.Input) (string, any) {
	o := p.DB.Orders.Get(in.Path("id"))
	if o == nil {
		return "", nil
	}
	v := p.orderPage(o)
	v.Head = p.Head(in, "Замовлення "+strconv.FormatInt(v.O.ID, 10))
	return "order", v
}

func (p orders) orderPage(o *entity.Order) orderPage {
	v := orderPage{O: table.Clone(o), Lines: lineRows(o.Lines)}
	for _, st := range p.Dictionaries.Statuses() {
		v.Statuses = append(v.Statuses, frame.Choice{ID: st.ID, Name: statusWords(&st), Chosen: st.ID == o.StatusID})
	}
	for _, m := range p.DB.Methods.Where(func(m *entity.PaymentMethod) bool { return m.Active }) {
		v.Methods = append(v.Methods, frame.Choice{ID: m.ID, Name: m.Name, Chosen: false})
	}
	for _, pay := range o.Payments {
		words, _ := payWords(pay.Status)
		v.Payments = append(v.Payments, paymentRow{
			pay.ID, p.Dictionaries.MethodName(&pay), frame.Money(pay.Amount), words, pay.Description, payStates(pay.Status),
		})
	}
	currency := " " + p.Dictionaries.CurrencyOf(o.SourceID)
	v.Totals = []frame.Fact{
		{Name: "Товари", Value: frame.Money(o.ProductsTotal()) + currency},
		{Name: "Знижка", Value: frame.Money(o.TotalDiscount()) + currency},
		{Name: "Доставка", Value: frame.Money(o.ShippingPrice.Decimal) + currency},
		{Name: "Пакування", Value: frame.Money(o.WrapPrice.Decimal) + currency},
		{Name: "Податки", Value: frame.Money(o.Taxes.Decimal) + currency},
		{Name: "Разом", Value: frame.Money(o.GrandTotal()) + currency},
		{Name: "Сплачено", Value: frame.Money(o.PaymentsTotal()) + currency},
	}
	v.Buyer = p.buyerFacts(o.BuyerID)
	v.Shipping, v.Extra = p.shippingFacts(o.Shipping), p.extraFacts(o)
	if o.Shipping != nil {
		v.Tracking = o.Shipping.TrackingCode
	}
	return v
}

// payStates are the states people can give a payment.
func payStates(now string) []frame.CodeChoice {
	var out []frame.CodeChoice
	for _, code := range []string{"paid", "not_paid", "canceled"} {
		words, _ := payWords(code)
		out = append(out, frame.CodeChoice{Code: code, Name: words, Chosen: code == now})
	}
	return out
}

func lineRows(lines []entity.Line) []lineRow {
	return crmsim.Map(lines, func(l *entity.Line) lineRow {
		stock := map[string]string{account.StockReserved: "резерв", account.StockFulfilled: "списано"}[l.StockStatus]
		var notes []string
		for _, pr := range l.Properties {
			notes = append(notes, pr.Name+": "+pr.Value)
		}
		if l.Comment != "" {
			notes = append(notes, l.Comment)
		}
		return lineRow{
			l.Name, l.SKU, frame.Money(l.Price), frame.Money(l.TotalDiscount()), l.Quantity.String(),
			frame.Money(l.PriceSold().Mul(l.Quantity)), stock, strings.Join(notes, "; "), l.OfferID != 0,
		}
	})
}

func (p orders) buyerFacts(id int64) []frame.Fact {
	b := p.DB.Buyers.Get(id)
	if b == nil {
		return []frame.Fact{{Name: "Покупець", Value: "видалено"}}
	}
	return frame.Filled([]frame.Fact{
		{Name: "Ім'я", Value: b.FullName},
		{Name: "Телефон", Value: strings.Join(b.Phones, ", ")},
		{Name: "E-mail", Value: strings.Join(b.Emails, ", ")},
		{Name: "Id", Value: strconv.FormatInt(id, 10)},
	})
}

func (p orders) shippingFacts(sh *entity.Shipping) []frame.Fact {
	if sh == nil {
		return []frame.Fact{{Name: "Спосіб", Value: "не вказано"}}
	}
	service := ""
	if d := p.DB.DeliveryServices.Get(sh.DeliveryServiceID); d != nil {
		service = d.Name
	}
	return frame.Filled([]frame.Fact{
		{Name: "Спосіб", Value: service},
		{Name: "Країна", Value: sh.Country},
		{Name: "Область", Value: sh.Region},
		{Name: "Місто", Value: sh.City},
		{Name: "Індекс", Value: sh.Zip},
		{Name: "Адреса", Value: sh.SecondaryLine},
		{Name: "Відділення", Value: sh.ReceivePoint},
		{Name: "Код відділення", Value: sh.WarehouseRef},
		{Name: "Одержувач", Value: sh.RecipientFullName},
		{Name: "Телефон", Value: sh.RecipientPhone},
		{Name: "Дата", Value: sh.ShippingDate},
	})
}

func (p orders) extraFacts(o *entity.Order) []frame.Fact {
	facts := []frame.Fact{
		{Name: "Номер на джерелі", Value: o.SourceUUID},
		{Name: "Джерело", Value: p.Dictionaries.SourceName(o.SourceID)},
		{Name: "Замовлено (UTC)", Value: frame.When(o.OrderedAt)},
		{Name: "Статус змінено (UTC)", Value: frame.When(o.StatusChangedAt)},
		{Name: "Коментар покупця", Value: o.BuyerComment},
		{Name: "Промокод", Value: o.Promocode},
		{Name: "Текст листівки", Value: o.GiftMessage},
	}
	facts = append(facts, marketingFacts(o.Marketing)...)
	for _, v := range o.CustomFields {
		if def := p.Dictionaries.FieldByUUID(v.UUID); def != nil {
			facts = append(facts, frame.Fact{Name: def.Name, Value: valueWords(v.Value)})
		}
	}
	var tags []string
	for _, id := range o.Tags {
		if t := p.DB.Tags.Get(id); t != nil {
			tags = append(tags, t.Name)
		}
	}
	return frame.Filled(append(facts, frame.Fact{Name: "Теги", Value: strings.Join(tags, ", ")}))
}

func marketingFacts(m *entity.Marketing) []frame.Fact {
	if m == nil {
		return nil
	}
	return []frame.Fact{
		{Name: "utm_source", Value: m.Source},
		{Name: "utm_medium", Value: m.Medium},
		{Name: "utm_campaign", Value: m.Campaign},
		{Name: "utm_term", Value: m.Term},
		{Name: "utm_content", Value: m.Content},
	}
}
