package keycrmtest

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

type ordersPage struct {
	head
	Query string
	Rows  []orderRow
	Pager pager
}

type orderRow struct {
	ID                                                                   int64
	SourceUUID, Source, Buyer, Status, Payment, PayClass, Total, Created string
}

// payWords are what people call the states of payment, with a badge's colour.
func payWords(state string) (words, class string) {
	switch state {
	case "paid":
		return "оплачено", "good"
	case "part_paid":
		return "частково", "warn"
	case "overpaid":
		return "переплата", "warn"
	case "canceled":
		return "скасовано", ""
	}
	return "не оплачено", ""
}

func (s *Server) statusLabel(id int64) string {
	st := s.db.statuses.rows[id]
	if st == nil {
		return strconv.FormatInt(id, 10)
	}
	return statusWords(st)
}

// statusWords shows an untouched status as the interface does: translated, though the API gives its alias.
func statusWords(st *OrderStatus) string {
	known := map[string]string{"new": "Новий", "delivered": "Доставлено", "completed": "Виконано", "canceled": "Скасовано"}
	if words, ok := known[st.Alias]; ok && st.Name == st.Alias {
		return words
	}
	return st.Name
}

func (p *pages) orders(w http.ResponseWriter, r *http.Request) {
	s := p.s
	v := ordersPage{head: p.head(r, "Замовлення"), Query: strings.TrimSpace(r.URL.Query().Get("q"))}
	s.locked(func() {
		ids := slices.DeleteFunc(s.db.orders.ids(), func(id int64) bool { return !s.orderFound(id, v.Query) })
		v.Pager = newPager(r, len(ids))
		for _, id := range cut(ids, v.Pager.window()) {
			v.Rows = append(v.Rows, s.orderRow(s.db.orders.rows[id]))
		}
	})
	p.render(w, http.StatusOK, "orders", v)
}

// orderFound looks for the query in the order's numbers and its buyer's name and phones.
func (s *Server) orderFound(id int64, query string) bool {
	o := s.db.orders.rows[id]
	text := strconv.FormatInt(id, 10) + " " + o.SourceUUID
	if b := s.db.buyers.rows[o.BuyerID]; b != nil {
		text += " " + b.FullName + " " + strings.Join(b.Phones, " ")
	}
	return strings.Contains(strings.ToLower(text), strings.ToLower(query))
}

func (s *Server) orderRow(o *Order) orderRow {
	row := orderRow{
		ID: o.ID, SourceUUID: o.SourceUUID, Source: s.sourceName(o.SourceID), Status: s.statusLabel(o.StatusID),
		Total: money(o.GrandTotal()) + " " + s.currencyOf(o.SourceID), Created: whenShort(o.CreatedAt),
	}
	row.Payment, row.PayClass = payWords(o.PaymentStatus())
	if b := s.db.buyers.rows[o.BuyerID]; b != nil {
		row.Buyer = b.FullName
	}
	return row
}

type orderPage struct {
	head
	O                              Order
	Statuses, Methods              []choice
	Lines                          []lineRow
	Payments                       []paymentRow
	Totals, Buyer, Shipping, Extra []fact
	Tracking                       string
}

type lineRow struct {
	Name, SKU, Price, Discount, Quantity, Sum, Stock, Note string
	Linked                                                 bool
}

type paymentRow struct {
	ID                                  int64
	Method, Amount, Status, Description string
	States                              []eventChoice
}

func (p *pages) order(w http.ResponseWriter, r *http.Request) {
	s, in := p.s, input{r}
	var v orderPage
	found := false
	s.locked(func() {
		if o := s.db.orders.rows[in.path("id")]; o != nil {
			v, found = s.orderPage(o), true
		}
	})
	if !found {
		p.missing(w)
		return
	}
	v.head = p.head(r, "Замовлення "+strconv.FormatInt(v.O.ID, 10))
	p.render(w, http.StatusOK, "order", v)
}

func (s *Server) orderPage(o *Order) orderPage {
	v := orderPage{O: clone(o), Lines: lineRows(o.Lines)}
	for _, st := range s.statuses() {
		v.Statuses = append(v.Statuses, choice{st.ID, statusWords(&st), st.ID == o.StatusID})
	}
	for _, m := range kept(s.db.methods, func(m *PaymentMethod) bool { return m.Active }) {
		v.Methods = append(v.Methods, choice{m.ID, m.Name, false})
	}
	for _, pay := range o.Payments {
		words, _ := payWords(pay.Status)
		v.Payments = append(v.Payments, paymentRow{
			pay.ID, s.methodName(&pay), money(pay.Amount), words, pay.Description, payStates(pay.Status),
		})
	}
	currency := " " + s.currencyOf(o.SourceID)
	v.Totals = []fact{
		{"Товари", money(o.ProductsTotal()) + currency},
		{"Знижка", money(o.TotalDiscount()) + currency},
		{"Доставка", money(o.ShippingPrice.Decimal) + currency},
		{"Пакування", money(o.WrapPrice.Decimal) + currency},
		{"Податки", money(o.Taxes.Decimal) + currency},
		{"Разом", money(o.GrandTotal()) + currency},
		{"Сплачено", money(o.PaymentsTotal()) + currency},
	}
	v.Buyer = s.buyerFacts(o.BuyerID)
	v.Shipping, v.Extra = s.shippingFacts(o.Shipping), s.extraFacts(o)
	if o.Shipping != nil {
		v.Tracking = o.Shipping.TrackingCode
	}
	return v
}

// payStates are the states people can give a payment.
func payStates(now string) []eventChoice {
	var out []eventChoice
	for _, code := range []string{"paid", "not_paid", "canceled"} {
		words, _ := payWords(code)
		out = append(out, eventChoice{code, words, code == now})
	}
	return out
}

func lineRows(lines []Line) []lineRow {
	return list(lines, func(l *Line) lineRow {
		stock := map[string]string{stockReserved: "резерв", stockFulfilled: "списано"}[l.StockStatus]
		var notes []string
		for _, pr := range l.Properties {
			notes = append(notes, pr.Name+": "+pr.Value)
		}
		if l.Comment != "" {
			notes = append(notes, l.Comment)
		}
		return lineRow{
			l.Name, l.SKU, money(l.Price), money(l.TotalDiscount()), l.Quantity.String(),
			money(l.PriceSold().Mul(l.Quantity)), stock, strings.Join(notes, "; "), l.OfferID != 0,
		}
	})
}

func (s *Server) buyerFacts(id int64) []fact {
	b := s.db.buyers.rows[id]
	if b == nil {
		return []fact{{"Покупець", "видалено"}}
	}
	return filled([]fact{
		{"Ім'я", b.FullName},
		{"Телефон", strings.Join(b.Phones, ", ")},
		{"E-mail", strings.Join(b.Emails, ", ")},
		{"Id", strconv.FormatInt(id, 10)},
	})
}

func filled(facts []fact) []fact {
	var out []fact
	for _, f := range facts {
		if f.Value != "" {
			out = append(out, f)
		}
	}
	return out
}

func (s *Server) shippingFacts(sh *Shipping) []fact {
	if sh == nil {
		return []fact{{"Спосіб", "не вказано"}}
	}
	service := ""
	if d := s.delivery(sh.DeliveryServiceID); d != nil {
		service = d.Name
	}
	return filled([]fact{
		{"Спосіб", service},
		{"Країна", sh.Country},
		{"Область", sh.Region},
		{"Місто", sh.City},
		{"Індекс", sh.Zip},
		{"Адреса", sh.SecondaryLine},
		{"Відділення", sh.ReceivePoint},
		{"Код відділення", sh.WarehouseRef},
		{"Одержувач", sh.RecipientFullName},
		{"Телефон", sh.RecipientPhone},
		{"Дата", sh.ShippingDate},
	})
}

func (s *Server) extraFacts(o *Order) []fact {
	facts := []fact{
		{"Номер на джерелі", o.SourceUUID},
		{"Джерело", s.sourceName(o.SourceID)},
		{"Замовлено (UTC)", when(o.OrderedAt)},
		{"Статус змінено (UTC)", when(o.StatusChangedAt)},
		{"Коментар покупця", o.BuyerComment},
		{"Промокод", o.Promocode},
		{"Текст листівки", o.GiftMessage},
	}
	facts = append(facts, marketingFacts(o.Marketing)...)
	for _, v := range o.CustomFields {
		if def := s.fieldByUUID(v.UUID); def != nil {
			facts = append(facts, fact{def.Name, valueWords(v.Value)})
		}
	}
	var tags []string
	for _, id := range o.Tags {
		if t := s.tag(id); t != nil {
			tags = append(tags, t.Name)
		}
	}
	return filled(append(facts, fact{"Теги", strings.Join(tags, ", ")}))
}

func marketingFacts(m *Marketing) []fact {
	if m == nil {
		return nil
	}
	return []fact{
		{"utm_source", m.Source},
		{"utm_medium", m.Medium},
		{"utm_campaign", m.Campaign},
		{"utm_term", m.Term},
		{"utm_content", m.Content},
	}
}

func orderPath(id int64) string { return "/orders/" + strconv.FormatInt(id, 10) }

func (p *pages) orderStatus(f *input) (string, error) {
	id := f.path("id")
	return orderPath(id), p.s.SetOrderStatus(id, f.id("status_id"))
}

func (p *pages) orderTracking(f *input) (string, error) {
	id := f.path("id")
	return orderPath(id), p.s.SetTracking(id, f.text("tracking_code"))
}

func (p *pages) orderComment(f *input) (string, error) {
	id := f.path("id")
	return orderPath(id), p.s.EditOrder(id, func(o *Order) { o.ManagerComment = f.text("manager_comment") })
}

func (p *pages) addLine(f *input) (string, error) {
	id := f.path("id")
	price, err := f.amount("price")
	if err != nil {
		return "", err
	}
	quantity, err := f.amount("quantity")
	if err != nil {
		return "", err
	}
	l := Line{SKU: f.text("sku"), Name: f.text("name"), Price: price, Quantity: quantity}
	switch {
	case l.SKU == "" && l.Name == "":
		return "", userError("потрібен артикул або, для разової позиції, назва.")
	case !quantity.IsPositive():
		return "", userError("кількість має бути більшою за нуль.")
	case price.IsNegative():
		return "", userError("ціна не може бути від’ємною.")
	}
	p.s.locked(func() {
		if found := p.s.offersBySKU(l.SKU); len(found) > 0 && f.text("price") == "" {
			l.Price = found[0].Price
		}
	})
	if l.Name == "" {
		l.Name = l.SKU
		p.s.locked(func() {
			if found := p.s.offersBySKU(l.SKU); len(found) > 0 {
				l.Name = p.s.product(found[0].ProductID).Name
			}
		})
	}
	return orderPath(id), p.s.AddOrderLine(id, l)
}

func (p *pages) addPayment(f *input) (string, error) {
	id := f.path("id")
	amount, err := f.amount("amount")
	if err != nil {
		return "", err
	}
	method := f.id("payment_method_id")
	if !slices.ContainsFunc(p.s.PaymentMethods(), func(m PaymentMethod) bool { return m.ID == method }) {
		return "", missing("payment method", method)
	}
	return orderPath(id), p.s.EditOrder(id, func(o *Order) {
		o.Payments = append(o.Payments, Payment{
			MethodID: method, Amount: amount, Status: "paid", Description: f.text("description"),
			PaidAt: p.s.stamp(), CreatedAt: p.s.stamp(), UpdatedAt: p.s.stamp(),
		})
	})
}

func (p *pages) editPayment(f *input) (string, error) {
	id, inner, state := f.path("id"), f.path("inner"), f.text("status")
	if !contains([]string{"paid", "not_paid", "canceled"}, state) {
		return "", userError("невідомий стан оплати.")
	}
	return orderPath(id), p.s.EditOrder(id, func(o *Order) {
		if pay := findRow(o.Payments, func(pay *Payment) bool { return pay.ID == inner }); pay != nil {
			pay.Status, pay.UpdatedAt = state, p.s.stamp()
		}
	})
}

func (p *pages) deleteOrder(f *input) (string, error) {
	return "/orders", p.s.DeleteOrder(f.path("id"))
}
