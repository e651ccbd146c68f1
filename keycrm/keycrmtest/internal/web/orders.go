package web

import (
	"slices"
	"strconv"
	"strings"

	"github.com/keybridge/keybridge/internal/crmsim"
	"github.com/keybridge/keybridge/internal/crmsim/frame"
	"github.com/keybridge/keybridge/internal/crmsim/table"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
)

// orders is the pages of sales.
type orders struct{ *pages }

type ordersPage struct {
	frame.Head
	Query string
	Rows  []orderRow
	Pager frame.Pager
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

func (p orders) statusLabel(id int64) string {
	st := p.DB.Statuses.Get(id)
	if st == nil {
		return strconv.FormatInt(id, 10)
	}
	return statusWords(st)
}

// statusWords shows an untouched status as the interface does: translated, though the API gives its alias.
func statusWords(st *entity.OrderStatus) string {
	known := map[string]string{"new": "Новий", "delivered": "Доставлено", "completed": "Виконано", "canceled": "Скасовано"}
	if words, ok := known[st.Alias]; ok && st.Name == st.Alias {
		return words
	}
	return st.Name
}

func (p orders) orders(in *frame.Input) (string, any) {
	v := ordersPage{Head: p.Head(in, "Замовлення"), Query: strings.TrimSpace(in.R.URL.Query().Get("q"))}
	ids := slices.DeleteFunc(p.DB.Orders.IDs(), func(id int64) bool { return !p.orderFound(id, v.Query) })
	v.Pager = frame.NewPager(in.R, len(ids))
	for _, id := range table.Cut(ids, v.Pager.Window()) {
		v.Rows = append(v.Rows, p.orderRow(p.DB.Orders.Get(id)))
	}
	return "orders", v
}

// orderFound looks for the query in the order's numbers and its buyer's name and phones.
func (p orders) orderFound(id int64, query string) bool {
	o := p.DB.Orders.Get(id)
	text := strconv.FormatInt(id, 10) + " " + o.SourceUUID
	if b := p.DB.Buyers.Get(o.BuyerID); b != nil {
		text += " " + b.FullName + " " + strings.Join(b.Phones, " ")
	}
	return strings.Contains(strings.ToLower(text), strings.ToLower(query))
}

func (p orders) orderRow(o *entity.Order) orderRow {
	row := orderRow{
		ID: o.ID, SourceUUID: o.SourceUUID, Source: p.Dictionaries.SourceName(o.SourceID), Status: p.statusLabel(o.StatusID),
		Total: frame.Money(o.GrandTotal()) + " " + p.Dictionaries.CurrencyOf(o.SourceID), Created: frame.WhenShort(o.CreatedAt),
	}
	row.Payment, row.PayClass = payWords(o.PaymentStatus())
	if b := p.DB.Buyers.Get(o.BuyerID); b != nil {
		row.Buyer = b.FullName
	}
	return row
}

func orderPath(id int64) string { return "/orders/" + strconv.FormatInt(id, 10) }

func (p orders) orderStatus(f *frame.Input) (string, error) {
	id := f.Path("id")
	return orderPath(id), p.Orders.SetStatus(id, f.ID("status_id"))
}

func (p orders) orderTracking(f *frame.Input) (string, error) {
	id := f.Path("id")
	return orderPath(id), p.Orders.SetTracking(id, f.Text("tracking_code"))
}

func (p orders) orderComment(f *frame.Input) (string, error) {
	id := f.Path("id")
	return orderPath(id), p.Orders.Edit(id, func(o *entity.Order) { o.ManagerComment = f.Text("manager_comment") })
}

func (p orders) addLine(f *frame.Input) (string, error) {
	id := f.Path("id")
	price, err := f.Amount("price")
	if err != nil {
		return "", err
	}
	quantity, err := f.Amount("quantity")
	if err != nil {
		return "", err
	}
	l := entity.Line{SKU: f.Text("sku"), Name: f.Text("name"), Price: price, Quantity: quantity}
	switch {
	case l.SKU == "" && l.Name == "":
		return "", frame.UserError("потрібен артикул або, для разової позиції, назва.")
	case !quantity.IsPositive():
		return "", frame.UserError("кількість має бути більшою за нуль.")
	case price.IsNegative():
		return "", frame.UserError("ціна не може бути від’ємною.")
	}
	found := p.Catalog.OffersBySKU(l.SKU)
	if len(found) > 0 && f.Text("price") == "" {
		l.Price = found[0].Price
	}
	if len(found) == 0 && l.Name == "" {
		l.Name = l.SKU
	}
	return orderPath(id), p.Orders.AddLine(id, l)
}

func (p orders) addPayment(f *frame.Input) (string, error) {
	id := f.Path("id")
	amount, err := f.Amount("amount")
	if err != nil {
		return "", err
	}
	method := f.ID("payment_method_id")
	if p.DB.Methods.Get(method) == nil {
		return "", &table.MissingError{What: "payment method", ID: method}
	}
	return orderPath(id), p.Orders.Edit(id, func(o *entity.Order) {
		o.Payments = append(o.Payments, entity.Payment{
			MethodID: method, Amount: amount, Status: "paid", Description: f.Text("description"),
			PaidAt: p.Stamp(), CreatedAt: p.Stamp(), UpdatedAt: p.Stamp(),
		})
	})
}

func (p orders) editPayment(f *frame.Input) (string, error) {
	id, inner, state := f.Path("id"), f.Path("inner"), f.Text("status")
	if !slices.Contains([]string{"paid", "not_paid", "canceled"}, state) {
		return "", frame.UserError("невідомий стан оплати.")
	}
	return orderPath(id), p.Orders.Edit(id, func(o *entity.Order) {
		if pay := crmsim.Find(o.Payments, func(pay *entity.Payment) bool { return pay.ID == inner }); pay != nil {
			pay.Status, pay.UpdatedAt = state, p.Stamp()
		}
	})
}

func (p orders) deleteOrder(f *frame.Input) (string, error) {
	return "/orders", p.Orders.Delete(f.Path("id"))
}
