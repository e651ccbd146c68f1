package demoshop

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/plugin"
)

// checkoutView is the checkout page.
type checkoutView struct {
	Frame    shopFrame
	Form     checkoutForm
	Bad      map[string]string
	Notice   string
	Lines    []pricedLine
	Totals   totals
	Delivery []deliveryOption
	Payment  []paymentOption
	AddOns   []plugin.AddOn
	Cities   []branchCity
	MinDate  string
	MaxDate  string
}

func (e *Engine) checkoutPage(w http.ResponseWriter, r *http.Request) {
	b, _, err := e.visitBasket(r)
	if err != nil {
		e.shopFail(w, r, err)
		return
	}
	if len(b.Lines) == 0 {
		http.Redirect(w, r, "/basket", http.StatusSeeOther)
		return
	}
	e.showCheckout(w, r, http.StatusOK, b, checkoutView{Form: newCheckoutForm(b.Promo)})
}

func (e *Engine) showCheckout(w http.ResponseWriter, r *http.Request, status int, b basketRow, page checkoutView) {
	basket, err := e.priceBasket(r, b, basketView{})
	if err != nil {
		e.shopFail(w, r, err)
		return
	}
	if basket.Blocked || basket.Gone || len(basket.Lines) == 0 {
		e.showBasket(w, r, http.StatusConflict, "Кошик змінився: дещо вже не можна купити в такій кількості. Виправте позначене й продовжуйте.")
		return
	}
	if page.Frame, err = e.shopFrame(r, "Оформлення замовлення"); err != nil {
		e.shopFail(w, r, err)
		return
	}
	p, _ := promoOf(page.Form.Promo)
	d, _ := deliveryOf(page.Form.Delivery)
	page.Lines, page.Totals = basket.Lines, sumUp(basket.Lines, p, page.Form.addOns(), d.Price)
	page.Delivery, page.Payment, page.AddOns, page.Cities = deliveryOptions(), paymentOptions(), addOnList(), branchCities()
	today := e.now().In(e.zone)
	page.MinDate, page.MaxDate = today.AddDate(0, 0, 1).Format("2006-01-02"), today.AddDate(0, 0, 30).Format("2006-01-02")
	w.Header().Set("Cache-Control", "no-store")
	e.render(w, r, status, "shop/checkout", page)
}

func (e *Engine) checkout(w http.ResponseWriter, r *http.Request) {
	b, hash, err := e.visitBasket(r)
	if err != nil {
		e.shopFail(w, r, err)
		return
	}
	if hash == nil {
		http.Redirect(w, r, "/basket", http.StatusSeeOther)
		return
	}
	page := checkoutView{Form: readCheckoutForm(r)}
	if r.PostFormValue("action") == "recalculate" {
		e.showCheckout(w, r, http.StatusOK, b, page)
		return
	}
	if page.Bad = page.Form.check(e.now().In(e.zone)); len(page.Bad) > 0 {
		if page.Form.Token == "" {
			page.Form.Token = randomToken()
		}
		page.Notice = "Перевірте позначені поля."
		e.showCheckout(w, r, http.StatusUnprocessableEntity, b, page)
		return
	}
	done, err := e.place(r, hash, page.Form)
	switch {
	case errors.Is(err, errEmptyBasket):
		e.showBasket(w, r, http.StatusConflict, "Кошик порожній: можливо, це замовлення вже оформлено в іншій вкладці.")
	case errors.Is(err, errBasketStale):
		e.showBasket(w, r, http.StatusConflict, "Поки ви оформлювали замовлення, дещо розкупили. Виправте позначене й спробуйте ще раз. Замовлення ще не створено.")
	case errors.Is(err, errPriceChanged):
		page.Notice = "Поки ви оформлювали замовлення, ціни змінилися. Перевірте нову суму й підтвердьте ще раз."
		e.showCheckout(w, r, http.StatusConflict, b, page)
	case err != nil:
		e.shopFail(w, r, err)
	default:
		http.Redirect(w, r, "/order/"+done.Number+"?key="+url.QueryEscape(done.AccessKey), http.StatusSeeOther)
	}
}

// place runs the checkout's transaction and nudges the plugin.
func (e *Engine) place(r *http.Request, basket []byte, form checkoutForm) (placed, error) {
	// A buyer who closes the page does not undo the order half way, and the plugin's statement must
	// not run under a deadline.
	ctx := context.WithoutCancel(r.Context())
	front, domain := e.frontOf(r)
	d := draft{
		BasketHash: basket, CheckoutHash: hashToken(string(basket) + form.Token), Form: form, Storefront: front, Domain: domain, UTM: visitUTM(r),
	}
	p := e.plugin()
	if p != nil {
		d.Durable = e.cfg.Capture == plugin.CaptureDurable
		if e.cfg.Capture == plugin.CaptureInTx {
			d.InTx = func(tx *sqlx.Tx, at plugin.Placement) error { return e.tellPlaced(ctx, p, tx, at) }
		}
	}
	done, err := e.store.checkout(ctx, d)
	if err != nil || done.Again || p == nil {
		return done, err
	}
	e.nudge()
	if e.cfg.Capture == plugin.CaptureInTx {
		e.tellCommitted(ctx, p, done.Placement)
	}
	return done, nil
}

// watchedTx is the transaction in the plugin's hands; it remembers whether a statement failed.
type watchedTx struct {
	tx  *sqlx.Tx
	err error
}

// ExecContext implements plugin.Execer.
func (t *watchedTx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	res, err := t.tx.ExecContext(ctx, query, args...)
	t.err = errors.Join(t.err, err)
	return res, err
}

// tellPlaced calls the plugin inside the transaction. An error means: undo the plugin's statement,
// the scan will find the order.
func (e *Engine) tellPlaced(ctx context.Context, p plugin.Plugin, tx *sqlx.Tx, at plugin.Placement) (err error) {
	watched := &watchedTx{tx: tx}
	defer func() {
		if recovered := recover(); recovered != nil {
			err = errors.New("the plugin panicked")
		}
		if err != nil {
			e.cfg.Logger.ErrorContext(ctx, "plugin did not note the order in its checkout", "order", at.Order, "error", err)
		}
	}()
	p.Orders().PlacedTx(ctx, watched, at)
	return watched.err
}

func (e *Engine) tellCommitted(ctx context.Context, p plugin.Plugin, at plugin.Placement) {
	defer func() {
		if recovered := recover(); recovered != nil {
			e.cfg.Logger.ErrorContext(ctx, "plugin panicked after a checkout", "order", at.Order)
		}
	}()
	p.Orders().Committed(at)
}

// frontOf answers the storefront and the domain a request came to. A host the configuration does not
// name counts as the shop's own: the header is the buyer's to write.
func (e *Engine) frontOf(r *http.Request) (plugin.StorefrontID, string) {
	host := strings.ToLower(r.Host)
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	for _, f := range e.cfg.Storefronts {
		if slices.Contains(f.Domains, host) {
			return f.ID, host
		}
	}
	first := e.cfg.Storefronts[0]
	if len(first.Domains) == 0 {
		return first.ID, ""
	}
	return first.ID, first.Domains[0]
}

// orderStatusView is the buyer's page of an order.
type orderStatusView struct {
	Frame    shopFrame
	Order    fullOrder
	Delivery deliveryOption
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
func (e *Engine) buyersOrder(r *http.Request, key string) (fullOrder, error) {
	number := chi.URLParam(r, "number")
	if len(number) > 20 {
		return fullOrder{}, plugin.ErrNotFound
	}
	o, err := e.store.orderByNumber(r.Context(), number)
	if err == nil && !equalSecret(key, o.AccessKey) {
		err = plugin.ErrNotFound
	}
	return o, err
}

func (e *Engine) orderStatusPage(w http.ResponseWriter, r *http.Request) {
	key := r.URL.Query().Get("key")
	o, err := e.buyersOrder(r, key)
	if err != nil {
		e.shopFail(w, r, err)
		return
	}
	view := orderStatusView{Order: o, Placed: e.local(o.PlacedAt), Key: key, Steps: steps(o.Status), Thanks: o.Status == statusNew}
	view.Delivery, _ = deliveryOf(o.DeliveryMethod)
	for _, p := range o.Payments {
		pending := p.State == string(plugin.PaymentPending)
		view.Pay = view.Pay || pending && p.Method == payCard
		view.Transfer = view.Transfer || pending && p.Method == payTransfer
	}
	if view.Frame, err = e.shopFrame(r, "Замовлення №"+o.Number); err != nil {
		e.shopFail(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "same-origin") // the address holds the key
	e.render(w, r, http.StatusOK, "shop/order", view)
}

// steps is the order's way; nil when it ended early.
func steps(status string) []orderStep {
	at := slices.Index(lifePath(), status)
	if at < 0 {
		return nil
	}
	var out []orderStep
	for i, code := range lifePath() {
		out = append(out, orderStep{Name: statusName(code), Done: i < at, Now: i == at})
	}
	return out
}

// orderPay is the simulated card payment of an order placed with «сплатити пізніше».
func (e *Engine) orderPay(w http.ResponseWriter, r *http.Request) {
	key := r.PostFormValue("key")
	o, err := e.buyersOrder(r, key)
	if err != nil {
		e.shopFail(w, r, err)
		return
	}
	for _, p := range o.Payments {
		if p.Method != payCard || p.State != string(plugin.PaymentPending) {
			continue
		}
		if err := e.store.markPaid(r.Context(), o.ID, p.ID, "Навчальна оплата карткою", systemActor(), e.plugin() != nil); err != nil {
			e.shopFail(w, r, err)
			return
		}
	}
	e.nudge()
	http.Redirect(w, r, "/order/"+o.Number+"?key="+url.QueryEscape(key), http.StatusSeeOther)
}
