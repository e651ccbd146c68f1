package storefront

import (
	"net/http"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
	"github.com/keybridge/keybridge/internal/demoshop/secrets"
	"github.com/keybridge/keybridge/internal/demoshop/store"
	"github.com/keybridge/keybridge/internal/demoshop/web"
)

// basketView is the basket page.
type basketView struct {
	Frame   pageFrame
	Lines   []domain.PricedLine
	Gone    bool // something that vanished from the shop was dropped
	Blocked bool // a line cannot be bought as it stands
	Promo   string
	PromoOK bool
	Totals  domain.Totals
	Problem string
}

func (s *Front) basketPage(w http.ResponseWriter, r *http.Request) {
	s.showBasket(w, r, http.StatusOK, "")
}

func (s *Front) showBasket(w http.ResponseWriter, r *http.Request, status int, problem string) {
	page := basketView{Problem: problem}
	b, _, err := s.visitBasket(r)
	if err == nil {
		page, err = s.priceBasket(r, b, page)
	}
	if err == nil {
		page.Frame, err = s.frame(r, "Кошик")
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	s.pages.Render(w, r, status, "basket", page)
}

func (s *Front) priceBasket(r *http.Request, b domain.Basket, page basketView) (basketView, error) {
	known, err := s.Store.Sales.Goods(r.Context(), b.Variants())
	if err != nil {
		return page, err
	}
	page.Lines, page.Gone = b.Price(known)
	for _, l := range page.Lines {
		page.Blocked = page.Blocked || l.Problem != ""
	}
	p, ok := domain.PromoOf(b.Promo)
	page.Promo, page.PromoOK = b.Promo, ok
	page.Totals = domain.SumUp(page.Lines, p, nil, decimal.Zero)
	return page, nil
}

// openBasket answers the hash of the buyer's basket and sets its cookie when it is new.
func (s *Front) openBasket(w http.ResponseWriter, r *http.Request) []byte {
	if _, hash, _ := s.visitBasket(r); hash != nil {
		return hash
	}
	token := secrets.Random()
	http.SetCookie(w, s.Cookie(basketCookie, token, store.BasketLife))
	return secrets.Hash(token)
}

func (s *Front) basketAdd(w http.ResponseWriter, r *http.Request) {
	variant, ok := domain.ParseID(r.PostFormValue("variant"))
	if !ok {
		s.showFailure(w, r, web.Failure{Status: http.StatusUnprocessableEntity, Title: "Товар не вибрано", Text: "Поверніться на сторінку товару, оберіть варіант і додайте його ще раз."})
		return
	}
	known, err := s.Store.Sales.Goods(r.Context(), []int64{variant})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	g, ok := known[variant]
	if !ok {
		s.showFailure(w, r, web.Failure{Status: http.StatusNotFound, Title: "Цього товару вже немає", Text: "Його прибрали з магазину. Пошукайте схожий у каталозі."})
		return
	}
	text := r.PostFormValue("qty")
	if text == "" {
		text = "1"
	}
	quantity, ok := domain.ReadQuantity(text, g.Unit)
	if !ok {
		s.showProduct(w, r, http.StatusUnprocessableEntity, g.ProductID, "Кількість має бути числом від 1 до 999.")
		return
	}
	if problem := g.ProblemWith(quantity); problem != "" {
		s.showProduct(w, r, http.StatusConflict, g.ProductID, strings.NewReplacer(
			" Приберіть його з кошика.", "", "Зменште кількість.", "Оберіть меншу кількість.").Replace(problem))
		return
	}
	hash := s.openBasket(w, r)
	if err := s.Store.Sales.ChangeBasket(r.Context(), hash, func(b *domain.Basket) { b.Add(variant, quantity) }); err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/basket", http.StatusSeeOther)
}

// basketUpdate takes the fields qty_VARIANT, remove (a variant) and promo.
func (s *Front) basketUpdate(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		s.showFailure(w, r, web.Failure{Status: http.StatusUnprocessableEntity, Title: "Кошик не змінено", Text: "Форма пошкоджена. Відкрийте кошик і спробуйте ще раз."})
		return
	}
	b, hash, err := s.visitBasket(r)
	if err != nil || hash == nil {
		http.Redirect(w, r, "/basket", http.StatusSeeOther)
		return
	}
	known, err := s.Store.Sales.Goods(r.Context(), b.Variants())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	problem := ""
	err = s.Store.Sales.ChangeBasket(r.Context(), hash, func(b *domain.Basket) { problem = applyBasketForm(r, b, known) })
	switch {
	case err != nil:
		s.fail(w, r, err)
	case problem != "":
		s.showBasket(w, r, http.StatusUnprocessableEntity, problem)
	default:
		http.Redirect(w, r, "/basket", http.StatusSeeOther)
	}
}

func applyBasketForm(r *http.Request, b *domain.Basket, known map[int64]domain.Goods) (problem string) {
	remove, _ := domain.ParseID(r.PostForm.Get("remove"))
	for _, variant := range b.Variants() {
		text := strings.TrimSpace(r.PostForm.Get("qty_" + string(domain.FormatID[basketKey](variant))))
		g, exists := known[variant]
		switch quantity, ok := domain.ReadQuantity(text, g.Unit); {
		case variant == remove || !exists || text == "0":
			b.Set(variant, decimal.Zero)
		case text == "":
		case ok:
			b.Set(variant, quantity)
		default:
			problem = "Кількість має бути числом від 1 до 999."
		}
	}
	if _, sent := r.PostForm["promo"]; !sent {
		return problem
	}
	code := strings.TrimSpace(domain.Cut(r.PostForm.Get("promo"), 60))
	p, ok := domain.PromoOf(code)
	if code != "" && !ok {
		return "Такого промокоду немає. Перевірте літери й спробуйте ще раз."
	}
	b.Promo = p.Code
	return problem
}

// basketKey is a variant's id in field names.
type basketKey string
