package demoshop

import (
	"net/http"
	"strings"

	"github.com/shopspring/decimal"
)

// basketView is the basket page.
type basketView struct {
	Frame   shopFrame
	Lines   []pricedLine
	Gone    bool // something that vanished from the shop was dropped
	Blocked bool // a line cannot be bought as it stands
	Promo   string
	PromoOK bool
	Totals  totals
	Problem string
}

func (e *Engine) basketPage(w http.ResponseWriter, r *http.Request) {
	e.showBasket(w, r, http.StatusOK, "")
}

func (e *Engine) showBasket(w http.ResponseWriter, r *http.Request, status int, problem string) {
	page := basketView{Problem: problem}
	b, _, err := e.visitBasket(r)
	if err == nil {
		page, err = e.priceBasket(r, b, page)
	}
	if err == nil {
		page.Frame, err = e.shopFrame(r, "Кошик")
	}
	if err != nil {
		e.shopFail(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	e.render(w, r, status, "shop/basket", page)
}

func (e *Engine) priceBasket(r *http.Request, b basketRow, page basketView) (basketView, error) {
	known, err := goodsOf(r.Context(), e.store.db, b.variants())
	if err != nil {
		return page, err
	}
	page.Lines, page.Gone = b.price(known)
	for _, l := range page.Lines {
		page.Blocked = page.Blocked || l.Problem != ""
	}
	p, ok := promoOf(b.Promo)
	page.Promo, page.PromoOK = b.Promo, ok
	page.Totals = sumUp(page.Lines, p, nil, decimal.Zero)
	return page, nil
}

// openBasket answers the hash of the buyer's basket and sets its cookie when it is new.
func (e *Engine) openBasket(w http.ResponseWriter, r *http.Request) []byte {
	if _, hash, _ := e.visitBasket(r); hash != nil {
		return hash
	}
	token := randomToken()
	http.SetCookie(w, e.cookie(basketCookie, token, basketLife))
	return hashToken(token)
}

func (e *Engine) basketAdd(w http.ResponseWriter, r *http.Request) {
	variant, ok := parseID(r.PostFormValue("variant"))
	if !ok {
		e.shopFailure(w, r, failure{http.StatusUnprocessableEntity, "Товар не вибрано", "Поверніться на сторінку товару, оберіть варіант і додайте його ще раз."})
		return
	}
	known, err := goodsOf(r.Context(), e.store.db, []int64{variant})
	if err != nil {
		e.shopFail(w, r, err)
		return
	}
	g, ok := known[variant]
	if !ok {
		e.shopFailure(w, r, failure{http.StatusNotFound, "Цього товару вже немає", "Його прибрали з магазину. Пошукайте схожий у каталозі."})
		return
	}
	text := r.PostFormValue("qty")
	if text == "" {
		text = "1"
	}
	quantity, ok := readQuantity(text, g.Unit)
	if !ok {
		e.showProduct(w, r, http.StatusUnprocessableEntity, g.ProductID, "Кількість має бути числом від 1 до 999.")
		return
	}
	if problem := g.problem(quantity); problem != "" {
		e.showProduct(w, r, http.StatusConflict, g.ProductID, strings.NewReplacer(
			" Приберіть його з кошика.", "", "Зменште кількість.", "Оберіть меншу кількість.").Replace(problem))
		return
	}
	hash := e.openBasket(w, r)
	if err := e.store.changeBasket(r.Context(), hash, func(b *basketRow) { b.add(variant, quantity) }); err != nil {
		e.shopFail(w, r, err)
		return
	}
	http.Redirect(w, r, "/basket", http.StatusSeeOther)
}

// basketUpdate takes the fields qty_VARIANT, remove (a variant) and promo.
func (e *Engine) basketUpdate(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		e.shopFailure(w, r, failure{http.StatusUnprocessableEntity, "Кошик не змінено", "Форма пошкоджена. Відкрийте кошик і спробуйте ще раз."})
		return
	}
	b, hash, err := e.visitBasket(r)
	if err != nil || hash == nil {
		http.Redirect(w, r, "/basket", http.StatusSeeOther)
		return
	}
	known, err := goodsOf(r.Context(), e.store.db, b.variants())
	if err != nil {
		e.shopFail(w, r, err)
		return
	}
	problem := ""
	err = e.store.changeBasket(r.Context(), hash, func(b *basketRow) { problem = applyBasketForm(r, b, known) })
	switch {
	case err != nil:
		e.shopFail(w, r, err)
	case problem != "":
		e.showBasket(w, r, http.StatusUnprocessableEntity, problem)
	default:
		http.Redirect(w, r, "/basket", http.StatusSeeOther)
	}
}

func applyBasketForm(r *http.Request, b *basketRow, known map[int64]goods) (problem string) {
	remove, _ := parseID(r.PostForm.Get("remove"))
	for _, variant := range b.variants() {
		text := strings.TrimSpace(r.PostForm.Get("qty_" + string(formatID[basketKey](variant))))
		g, exists := known[variant]
		switch quantity, ok := readQuantity(text, g.Unit); {
		case variant == remove || !exists || text == "0":
			b.set(variant, decimal.Zero)
		case text == "":
		case ok:
			b.set(variant, quantity)
		default:
			problem = "Кількість має бути числом від 1 до 999."
		}
	}
	if _, sent := r.PostForm["promo"]; !sent {
		return problem
	}
	code := strings.TrimSpace(cut(r.PostForm.Get("promo"), 60))
	p, ok := promoOf(code)
	if code != "" && !ok {
		return "Такого промокоду немає. Перевірте літери й спробуйте ще раз."
	}
	b.Promo = p.Code
	return problem
}

// basketKey is a variant's id in field names.
type basketKey string
