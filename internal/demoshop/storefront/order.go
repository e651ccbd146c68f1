package storefront

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/go-chi/chi/v5"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
	"github.com/keybridge/keybridge/internal/demoshop/secrets"
)

// orderStatusView is the buyer's page of an order.
type orderStatusView struct {
	Frame    pageFrame
	Order    domain.FullOrder
	Delivery domain.DeliveryOption
	Steps    []orderStep
	Placed   string
	Key      string
	Pay      bool // a card payment waits
	Transfer bool // a bank transfer waits
	Thanks   bool // freshly placed
}

// orderStep is one state on the way to the buyer.
type orderStep struct {
	Name string
	Done bool
	Now  bool
}

// buyersOrder reads an order for whoever holds its key; for others it does not exist.
func (s *Front) buyersOrder(r *http.Request, key string) (domain.FullOrder, error) {
	number := chi.URLParam(r, "number")
	if len(number) > 20 {
		return domain.FullOrder{}, domain.ErrNotFound
	}
	o, err := s.Store.Orders.ByNumber(r.Context(), number)
	if err == nil && !secrets.Equal(key, o.AccessKey) {
		err = domain.ErrNotFound
	}
	return o, err
}

func (s *Front) orderStatusPage(w http.ResponseWriter, r *http.Request) {
	key := r.URL.Query().Get("key")
	o, err := s.buyersOrder(r, key)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	view := orderStatusView{Order: o, Placed: s.Local(o.PlacedAt), Key: key, Steps: steps(o.Status), Thanks: o.Status == domain.StatusNew}
	view.Delivery, _ = domain.DeliveryOf(o.DeliveryMethod)
	for _, p := range o.Payments {
		pending := p.State == domain.PaymentPending
		view.Pay = view.Pay || pending && p.Method == domain.PayCard
		view.Transfer = view.Transfer || pending && p.Method == domain.PayTransfer
	}
	if view.Frame, err = s.frame(r, "Замовлення №"+o.Number); err != nil {
		s.fail(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "same-origin") // the address holds the key
	s.pages.Render(w, r, http.StatusOK, "order", view)
}

// steps is the order's way; nil when it ended early.
func steps(status string) []orderStep {
	at := slices.Index(domain.LifePath(), status)
	if at < 0 {
		return nil
	}
	var out []orderStep
	for i, code := range domain.LifePath() {
		out = append(out, orderStep{Name: domain.StatusName(code), Done: i < at, Now: i == at})
	}
	return out
}

// orderPay is the simulated card payment of an order placed with «сплатити пізніше».
func (s *Front) orderPay(w http.ResponseWriter, r *http.Request) {
	key := r.PostFormValue("key")
	o, err := s.buyersOrder(r, key)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	for _, p := range o.Payments {
		if p.Method != domain.PayCard || p.State != domain.PaymentPending {
			continue
		}
		if err := s.Store.Orders.MarkPaid(r.Context(), o.ID, p.ID, "Навчальна оплата карткою", domain.SystemActor(), s.placer.Listens()); err != nil {
			s.fail(w, r, err)
			return
		}
	}
	s.placer.Nudge()
	http.Redirect(w, r, "/order/"+o.Number+"?key="+url.QueryEscape(key), http.StatusSeeOther)
}
