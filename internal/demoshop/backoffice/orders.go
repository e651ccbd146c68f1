package backoffice

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
	"github.com/keybridge/keybridge/internal/demoshop/store"
	"github.com/keybridge/keybridge/internal/demoshop/web"
	"github.com/keybridge/keybridge/plugin"
)

const pageSize = 50

// orderPages are the pages of orders.
type orderPages struct{ *Office }

// orderListItem is a row of the list with its time in the shop's zone.
type orderListItem struct {
	store.OrderListRow
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
	Frame  pageFrame
	Tabs   []statusTab
	All    int
	Status string
	Query  string
	Orders []orderListItem
	Pager  web.Pager
}

func (b *orderPages) list(w http.ResponseWriter, r *http.Request) {
	page := ordersPage{
		Frame:  b.frame(r, sectionOrders, "Замовлення"),
		Status: domain.Cut(r.URL.Query().Get("status"), 40), Query: strings.TrimSpace(domain.Cut(r.URL.Query().Get("q"), 100)),
	}
	counts, err := b.Store.Orders.StatusCounts(r.Context())
	if err != nil {
		b.fail(w, r, err)
		return
	}
	for _, s := range domain.OrderStatuses() {
		page.Tabs = append(page.Tabs, statusTab{s.Code, s.Name, counts[s.Code]})
		page.All += counts[s.Code]
	}
	n := web.PageNumber(r)
	rows, err := b.Store.Orders.List(r.Context(), page.Status, page.Query, n, pageSize)
	if err != nil {
		b.fail(w, r, err)
		return
	}
	found := 0
	for _, row := range rows {
		found = row.Found
		page.Orders = append(page.Orders, orderListItem{row, b.Local(row.PlacedAt)})
	}
	page.Pager = web.NewPager(r, n, pageSize, found)
	b.pages.Render(w, r, http.StatusOK, "orders", page)
}

// historyItem is a line of the history with its time in the shop's zone.
type historyItem struct {
	At    string
	Actor string
	Line  string
}

// orderPage is one order with what can be done to it.
type orderPage struct {
	Frame    pageFrame
	Order    domain.FullOrder
	Placed   string
	Delivery string // the method's name
	Goods    decimal.Decimal
	Next     []domain.OrderStatus
	History  []historyItem
	Editable bool
}

func (b *orderPages) show(w http.ResponseWriter, r *http.Request) {
	id, ok := domain.ParseID(chi.URLParam(r, "id"))
	if !ok {
		b.fail(w, r, domain.ErrNotFound)
		return
	}
	o, err := b.Store.Orders.Get(r.Context(), id)
	if err != nil {
		b.fail(w, r, err)
		return
	}
	page := orderPage{
		Frame: b.frame(r, sectionOrders, "Замовлення №"+o.Number), Order: o, Placed: b.Local(o.PlacedAt),
		Goods: o.GoodsSum(), Next: domain.NextStatuses(o.Status),
		Editable: domain.BeforeSending(o.Status),
	}
	if !page.Frame.Operator.May(plugin.PermOperate) {
		page.Order.Mask()
	}
	d, _ := domain.DeliveryOf(o.DeliveryMethod)
	page.Delivery = d.Name
	for i := len(o.History) - 1; i >= 0; i-- {
		h := o.History[i]
		page.History = append(page.History, historyItem{b.Local(h.At), h.Actor, h.Line})
	}
	b.pages.Render(w, r, http.StatusOK, "order", page)
}

// orderOf reads the order's id of the address; it answers the request when there is none.
func (b *orderPages) orderOf(w http.ResponseWriter, r *http.Request) (int64, bool) {
	id, ok := domain.ParseID(chi.URLParam(r, "id"))
	if !ok {
		b.fail(w, r, domain.ErrNotFound)
	}
	return id, ok
}

// afterOrder shows what came of a change: the order's page again, or why not.
func (b *orderPages) afterOrder(w http.ResponseWriter, r *http.Request, err error, to string) {
	if err != nil {
		b.fail(w, r, err)
		return
	}
	b.integration.Nudge()
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func orderAddress(r *http.Request, done string) string {
	return "/admin/orders/" + url.PathEscape(chi.URLParam(r, "id")) + "?done=" + done
}

// staffOf is the signed-in person as an actor.
func (b *orderPages) staffOf(r *http.Request) domain.Actor {
	s, _ := b.sessions.Of(r)
	return domain.StaffActor(s.Staff.Login, s.Staff.Name)
}

func (b *orderPages) move(w http.ResponseWriter, r *http.Request) {
	id, ok := b.orderOf(w, r)
	if !ok {
		return
	}
	_, err := b.Store.Orders.MoveStatus(r.Context(), id, domain.StatusChange{
		To: r.PostFormValue("to"), Expect: r.PostFormValue("expect"), Letter: r.PostFormValue("letter") != "",
		By: b.staffOf(r), Event: b.integration.Listens(),
	})
	b.afterOrder(w, r, err, orderAddress(r, "status"))
}

func (b *orderPages) markPaid(w http.ResponseWriter, r *http.Request) {
	id, ok := b.orderOf(w, r)
	if !ok {
		return
	}
	payment, _ := domain.ParseID(r.PostFormValue("payment"))
	by := b.staffOf(r)
	err := b.Store.Orders.MarkPaid(r.Context(), id, payment, "Позначено в адмінці", by, b.integration.Listens())
	b.afterOrder(w, r, err, orderAddress(r, "paid"))
}

func (b *orderPages) edit(w http.ResponseWriter, r *http.Request) {
	id, ok := b.orderOf(w, r)
	if !ok {
		return
	}
	field := func(name string, limit int) string {
		return strings.TrimSpace(domain.Cut(r.PostFormValue(name), limit))
	}
	ed := domain.OrderEdit{
		BuyerName: field("name", 200), BuyerPhone: field("phone", 40), BuyerEmail: field("email", 200),
		RecipientName: field("recipient_name", 200), RecipientPhone: field("recipient_phone", 40),
		City: field("city", 200), PostCode: field("post_code", 20), Street: field("street", 300),
		SecondLine: field("flat", 100), Comment: field("comment", 2000),
	}
	if ed.BuyerName == "" || ed.BuyerPhone == "" && ed.BuyerEmail == "" {
		b.showFailure(w, r, web.Failure{Status: http.StatusUnprocessableEntity, Title: "Бракує даних", Text: "Вкажіть ім'я покупця та телефон або пошту."})
		return
	}
	err := b.Store.Orders.Edit(r.Context(), id, ed, b.staffOf(r), b.integration.Listens())
	b.afterOrder(w, r, err, orderAddress(r, "saved"))
}

func (b *orderPages) remove(w http.ResponseWriter, r *http.Request) {
	id, ok := b.orderOf(w, r)
	if !ok {
		return
	}
	err := b.Store.Orders.Delete(r.Context(), id, b.staffOf(r), b.integration.Listens())
	b.afterOrder(w, r, err, "/admin/orders?done=deleted")
}
