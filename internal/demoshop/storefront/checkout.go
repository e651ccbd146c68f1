package storefront

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
	"github.com/keybridge/keybridge/internal/demoshop/secrets"
	"github.com/keybridge/keybridge/internal/demoshop/store"
)

// checkoutView is the checkout page.
type checkoutView struct {
	Frame    pageFrame
	Form     domain.CheckoutForm
	Bad      map[string]string
	Notice   string
	Lines    []domain.PricedLine
	Totals   domain.Totals
	Delivery []domain.DeliveryOption
	Payment  []domain.PaymentOption
	AddOns   []domain.AddOn
	Cities   []domain.BranchCity
	MinDate  string
	MaxDate  string
}

func (s *Front) checkoutPage(w http.ResponseWriter, r *http.Request) {
	b, _, err := s.visitBasket(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if len(b.Lines) == 0 {
		http.Redirect(w, r, "/basket", http.StatusSeeOther)
		return
	}
	s.showCheckout(w, r, http.StatusOK, b, checkoutView{Form: domain.NewCheckoutForm(secrets.Random(), b.Promo)})
}

func (s *Front) showCheckout(w http.ResponseWriter, r *http.Request, status int, b domain.Basket, page checkoutView) {
	basket, err := s.priceBasket(r, b, basketView{})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if basket.Blocked || basket.Gone || len(basket.Lines) == 0 {
		s.showBasket(w, r, http.StatusConflict, "Кошик змінився: дещо вже не можна купити в такій кількості. Виправте позначене й продовжуйте.")
		return
	}
	if page.Frame, err = s.frame(r, "Оформлення замовлення"); err != nil {
		s.fail(w, r, err)
		return
	}
	p, _ := domain.PromoOf(page.Form.Promo)
	d, _ := domain.DeliveryOf(page.Form.Delivery)
	page.Lines, page.Totals = basket.Lines, domain.SumUp(basket.Lines, p, page.Form.AddOns(), d.Price)
	page.Delivery, page.Payment, page.AddOns, page.Cities = domain.DeliveryOptions(), domain.PaymentOptions(), domain.AddOns(), domain.BranchCities()
	today := s.Now().In(s.Zone)
	page.MinDate, page.MaxDate = today.AddDate(0, 0, 1).Format("2006-01-02"), today.AddDate(0, 0, 30).Format("2006-01-02")
	w.Header().Set("Cache-Control", "no-store")
	s.pages.Render(w, r, status, "checkout", page)
}

func (s *Front) checkout(w http.ResponseWriter, r *http.Request) {
	b, hash, err := s.visitBasket(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if hash == nil {
		http.Redirect(w, r, "/basket", http.StatusSeeOther)
		return
	}
	page := checkoutView{Form: readCheckoutForm(r)}
	if r.PostFormValue("action") == "recalculate" {
		s.showCheckout(w, r, http.StatusOK, b, page)
		return
	}
	if page.Bad = page.Form.Check(s.Now().In(s.Zone)); len(page.Bad) > 0 {
		if page.Form.Token == "" {
			page.Form.Token = secrets.Random()
		}
		page.Notice = "Перевірте позначені поля."
		s.showCheckout(w, r, http.StatusUnprocessableEntity, b, page)
		return
	}
	done, err := s.place(r, hash, page.Form)
	switch {
	case errors.Is(err, store.ErrEmptyBasket):
		s.showBasket(w, r, http.StatusConflict, "Кошик порожній: можливо, це замовлення вже оформлено в іншій вкладці.")
	case errors.Is(err, store.ErrBasketStale):
		s.showBasket(w, r, http.StatusConflict, "Поки ви оформлювали замовлення, дещо розкупили. Виправте позначене й спробуйте ще раз. Замовлення ще не створено.")
	case errors.Is(err, store.ErrPriceChanged):
		page.Notice = "Поки ви оформлювали замовлення, ціни змінилися. Перевірте нову суму й підтвердьте ще раз."
		s.showCheckout(w, r, http.StatusConflict, b, page)
	case err != nil:
		s.fail(w, r, err)
	default:
		http.Redirect(w, r, "/order/"+done.Number+"?key="+url.QueryEscape(done.AccessKey), http.StatusSeeOther)
	}
}

// place places the order of the form.
func (s *Front) place(r *http.Request, basket []byte, form domain.CheckoutForm) (store.Placed, error) {
	front, domain := s.frontOf(r)
	return s.placer.Place(r.Context(), store.Draft{
		BasketHash: basket, CheckoutHash: secrets.Hash(string(basket) + form.Token), Form: form, Storefront: front, Domain: domain, UTM: visitUTM(r),
	})
}

// frontOf answers the storefront and the domain a request came to. A host the configuration does not
// name counts as the shop's own: the header is the buyer's to write.
func (s *Front) frontOf(r *http.Request) (id, domain string) {
	host := strings.ToLower(r.Host)
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	for _, f := range s.fronts {
		if slices.Contains(f.Domains, host) {
			return f.ID, host
		}
	}
	first := s.fronts[0]
	if len(first.Domains) == 0 {
		return first.ID, ""
	}
	return first.ID, first.Domains[0]
}

// readCheckoutForm reads what a buyer sent.
func readCheckoutForm(r *http.Request) domain.CheckoutForm {
	text := func(name string, limit int) string {
		return strings.TrimSpace(domain.Cut(r.PostFormValue(name), limit))
	}
	on := func(name string) bool { return r.PostFormValue(name) != "" }
	return domain.CheckoutForm{
		Token: text("token", 100), Name: text("name", 200), Phone: text("phone", 40), Email: text("email", 200),
		Delivery: text("delivery", 40), Branch: text("np_branch", 60), City: text("city", 200), Street: text("street", 300),
		Flat: text("flat", 100), PostCode: text("post_code", 20), Date: text("date", 20), Payment: text("payment", 40),
		PayLater: on("pay_later"), OtherRecipient: on("other_recipient"), RecipientName: text("recipient_name", 200),
		RecipientPhone: text("recipient_phone", 40), Wrap: on("addon_" + domain.AddOnWrap), Postcard: on("addon_" + domain.AddOnCard),
		PostcardText: text("postcard_text", 500), NoCall: on("addon_" + domain.AddOnNoCall), Promo: text("promo", 60),
		Comment: text("comment", 2000), SeenGoods: text("goods", 40),
	}
}
