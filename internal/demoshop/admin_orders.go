package demoshop

import (
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/go-chi/chi/v5"
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/plugin"
)

const adminPageSize = 50

// orderListItem is a row of the list with its time in the shop's zone.
type orderListItem struct {
	orderListRow
	Placed string
}

// statusTab is a filter above the list.
type statusTab struct {
	Code  string
	Name  string
	Count int
}

// ordersPage is the list of orders.
type ordersPage struct {
	Frame  adminFrame
	Tabs   []statusTab
	All    int
	Status string
	Query  string
	Orders []orderListItem
	Pager  pager
}

func (e *Engine) adminOrders(w http.ResponseWriter, r *http.Request) {
	page := ordersPage{
		Frame:  e.frame(r, sectionOrders, "Замовлення"),
		Status: cut(r.URL.Query().Get("status"), 40), Query: strings.TrimSpace(cut(r.URL.Query().Get("q"), 100)),
	}
	counts, err := e.store.statusCounts(r.Context())
	if err != nil {
		e.adminFail(w, r, err)
		return
	}
	for _, s := range orderStatuses() {
		page.Tabs = append(page.Tabs, statusTab{s.Code, s.Name, counts[s.Code]})
		page.All += counts[s.Code]
	}
	n := pageNumber(r)
	rows, err := e.store.orderList(r.Context(), page.Status, page.Query, n, adminPageSize)
	if err != nil {
		e.adminFail(w, r, err)
		return
	}
	found := 0
	for _, row := range rows {
		found = row.Found
		page.Orders = append(page.Orders, orderListItem{row, e.local(row.PlacedAt)})
	}
	page.Pager = newPager(r, n, adminPageSize, found)
	e.render(w, r, http.StatusOK, "admin/orders", page)
}

// historyItem is a line of the history with its time in the shop's zone.
type historyItem struct {
	At    string
	Actor string
	Line  string
}

// orderPage is one order with what can be done to it.
type orderPage struct {
	Frame    adminFrame
	Order    fullOrder
	Placed   string
	Delivery string // the method's name
	Goods    decimal.Decimal
	Next     []plugin.OrderStatus
	History  []historyItem
	Editable bool
}

func (e *Engine) adminOrder(w http.ResponseWriter, r *http.Request) {
	id, ok := parseID(chi.URLParam(r, "id"))
	if !ok {
		e.adminFail(w, r, plugin.ErrNotFound)
		return
	}
	o, err := e.store.order(r.Context(), id)
	if err != nil {
		e.adminFail(w, r, err)
		return
	}
	page := orderPage{
		Frame: e.frame(r, sectionOrders, "Замовлення №"+o.Number), Order: o, Placed: e.local(o.PlacedAt),
		Goods: o.goods(), Next: nextStatuses(o.Status),
		Editable: o.Status == statusNew || o.Status == statusConfirmed || o.Status == statusPacking,
	}
	if !page.Frame.Operator.May(plugin.PermOperate) {
		page.Order.mask()
	}
	d, _ := deliveryOf(o.DeliveryMethod)
	page.Delivery = d.Name
	for i := len(o.History) - 1; i >= 0; i-- {
		h := o.History[i]
		page.History = append(page.History, historyItem{e.local(h.At), h.Actor, h.Line})
	}
	e.render(w, r, http.StatusOK, "admin/order", page)
}

// goods is what the lines cost together.
func (o fullOrder) goods() decimal.Decimal {
	sum := decimal.Zero
	for _, l := range o.Lines {
		sum = sum.Add(l.Sum())
	}
	return sum
}

// mask hides most of the buyer's contacts from those who only look.
func (o *fullOrder) mask() {
	o.BuyerPhone, o.RecipientPhone = maskTail(o.BuyerPhone), maskTail(o.RecipientPhone)
	if name, host, ok := strings.Cut(o.BuyerEmail, "@"); ok {
		o.BuyerEmail = cut(name, 1) + "•••@" + host
	}
}

// maskTail keeps the last two letters.
func maskTail(s string) string {
	n := utf8.RuneCountInString(s)
	if n <= 2 {
		return s
	}
	runes := []rune(s)
	return strings.Repeat("•", n-2) + string(runes[n-2:])
}

// orderOf reads the order's id of the address; it answers the request when there is none.
func (e *Engine) orderOf(w http.ResponseWriter, r *http.Request) (int64, bool) {
	id, ok := parseID(chi.URLParam(r, "id"))
	if !ok {
		e.adminFail(w, r, plugin.ErrNotFound)
	}
	return id, ok
}

// afterOrder shows what came of a change: the order's page again, or why not.
func (e *Engine) afterOrder(w http.ResponseWriter, r *http.Request, err error, to string) {
	if err != nil {
		e.adminFail(w, r, err)
		return
	}
	e.nudge()
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func orderAddress(r *http.Request, done string) string {
	return "/admin/orders/" + url.PathEscape(chi.URLParam(r, "id")) + "?done=" + done
}

// staffOf is the signed-in person as an actor.
func (e *Engine) staffOf(r *http.Request) actor {
	s, _ := e.session(r)
	return staffActor(s.staff.Login, s.staff.Name)
}

func (e *Engine) adminOrderStatus(w http.ResponseWriter, r *http.Request) {
	id, ok := e.orderOf(w, r)
	if !ok {
		return
	}
	_, err := e.store.moveStatus(r.Context(), id, statusChange{
		To: r.PostFormValue("to"), Expect: r.PostFormValue("expect"), Letter: r.PostFormValue("letter") != "",
		By: e.staffOf(r), Event: e.plugin() != nil,
	})
	e.afterOrder(w, r, err, orderAddress(r, "status"))
}

func (e *Engine) adminOrderPaid(w http.ResponseWriter, r *http.Request) {
	id, ok := e.orderOf(w, r)
	if !ok {
		return
	}
	payment, _ := parseID(r.PostFormValue("payment"))
	by := e.staffOf(r)
	err := e.store.markPaid(r.Context(), id, payment, "Позначено в адмінці", by, e.plugin() != nil)
	e.afterOrder(w, r, err, orderAddress(r, "paid"))
}

func (e *Engine) adminOrderEdit(w http.ResponseWriter, r *http.Request) {
	id, ok := e.orderOf(w, r)
	if !ok {
		return
	}
	field := func(name string, limit int) string { return strings.TrimSpace(cut(r.PostFormValue(name), limit)) }
	ed := orderEdit{
		BuyerName: field("name", 200), BuyerPhone: field("phone", 40), BuyerEmail: field("email", 200),
		RecipientName: field("recipient_name", 200), RecipientPhone: field("recipient_phone", 40),
		City: field("city", 200), PostCode: field("post_code", 20), Street: field("street", 300),
		SecondLine: field("flat", 100), Comment: field("comment", 2000),
	}
	if ed.BuyerName == "" || ed.BuyerPhone == "" && ed.BuyerEmail == "" {
		e.adminFailure(w, r, failure{http.StatusUnprocessableEntity, "Бракує даних", "Вкажіть ім'я покупця та телефон або пошту."})
		return
	}
	err := e.store.editOrder(r.Context(), id, ed, e.staffOf(r), e.plugin() != nil)
	e.afterOrder(w, r, err, orderAddress(r, "saved"))
}

func (e *Engine) adminOrderDelete(w http.ResponseWriter, r *http.Request) {
	id, ok := e.orderOf(w, r)
	if !ok {
		return
	}
	err := e.store.deleteOrder(r.Context(), id, e.staffOf(r), e.plugin() != nil)
	e.afterOrder(w, r, err, "/admin/orders?done=deleted")
}
