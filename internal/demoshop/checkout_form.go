package demoshop

import (
	"net/http"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/shopspring/decimal"
)

// checkoutForm is what a buyer filled in, as typed; the field names are the names of the form.
type checkoutForm struct {
	Token          string // token
	Name           string // name
	Phone          string // phone
	Email          string // email
	Delivery       string // delivery
	Branch         string // np_branch: the branch's reference
	City           string // city
	Street         string // street
	Flat           string // flat
	PostCode       string // post_code
	Date           string // date, "2006-01-02"
	Payment        string // payment
	PayLater       bool   // pay_later
	OtherRecipient bool   // other_recipient
	RecipientName  string // recipient_name
	RecipientPhone string // recipient_phone
	Wrap           bool   // addon_gift_wrap
	Postcard       bool   // addon_postcard
	PostcardText   string // postcard_text
	NoCall         bool   // addon_no_call
	Promo          string // promo
	Comment        string // comment
	SeenGoods      string // goods: what the goods cost when the form was shown; empty skips the check
}

func newCheckoutForm(promo string) checkoutForm {
	return checkoutForm{Token: randomToken(), Delivery: deliverBranch, Payment: payCash, Promo: promo}
}

func readCheckoutForm(r *http.Request) checkoutForm {
	text := func(name string, limit int) string { return strings.TrimSpace(cut(r.PostFormValue(name), limit)) }
	on := func(name string) bool { return r.PostFormValue(name) != "" }
	return checkoutForm{
		Token: text("token", 100), Name: text("name", 200), Phone: text("phone", 40), Email: text("email", 200),
		Delivery: text("delivery", 40), Branch: text("np_branch", 60), City: text("city", 200), Street: text("street", 300),
		Flat: text("flat", 100), PostCode: text("post_code", 20), Date: text("date", 20), Payment: text("payment", 40),
		PayLater: on("pay_later"), OtherRecipient: on("other_recipient"), RecipientName: text("recipient_name", 200),
		RecipientPhone: text("recipient_phone", 40), Wrap: on("addon_" + addOnWrap), Postcard: on("addon_" + addOnCard),
		PostcardText: text("postcard_text", 500), NoCall: on("addon_" + addOnNoCall), Promo: text("promo", 60),
		Comment: text("comment", 2000), SeenGoods: text("goods", 40),
	}
}

// check answers what is wrong, by field; empty when the form can be placed. today is the present
// day in the shop's zone.
func (f checkoutForm) check(today time.Time) map[string]string {
	bad := map[string]string{}
	need := func(ok bool, field, text string) {
		if !ok {
			bad[field] = text
		}
	}
	need(f.Token != "", "token", "Форма застаріла. Перевірте дані й надішліть ще раз.")
	need(f.Name != "", "name", "Вкажіть ім'я та прізвище.")
	need(isPhone(f.Phone), "phone", "Вкажіть телефон, наприклад 050 123 45 67.")
	need(f.Email == "" || isEmail(f.Email), "email", "Перевірте адресу пошти або залиште поле порожнім.")
	if f.OtherRecipient {
		need(f.RecipientName != "", "recipient_name", "Вкажіть ім'я отримувача.")
		need(isPhone(f.RecipientPhone), "recipient_phone", "Вкажіть телефон отримувача.")
	}
	if _, ok := promoOf(f.Promo); f.Promo != "" && !ok {
		bad["promo"] = "Такого промокоду немає. Перевірте літери або приберіть його."
	}
	need(slices.ContainsFunc(paymentOptions(), func(p paymentOption) bool { return p.Code == f.Payment }), "payment", "Оберіть спосіб оплати.")
	need(!f.Postcard || f.PostcardText != "", "postcard_text", "Напишіть, що має бути на листівці.")
	f.checkDelivery(today, need)
	return bad
}

func (f checkoutForm) checkDelivery(today time.Time, need func(bool, string, string)) {
	_, known := deliveryOf(f.Delivery)
	need(known, "delivery", "Оберіть спосіб доставки.")
	switch f.Delivery {
	case deliverBranch:
		_, ok := branchOf(f.Branch)
		need(ok, "np_branch", "Оберіть відділення.")
	case deliverCourier:
		need(f.City != "", "city", "Вкажіть місто.")
		need(f.Street != "", "street", "Вкажіть вулицю та будинок.")
		need(f.Date == "" || dayWithin(f.Date, today, 30), "date", "Оберіть день від завтра до місяця наперед або залиште порожнім.")
	case deliverUkrposhta:
		need(f.City != "", "city", "Вкажіть місто або село.")
		need(isPostCode(f.PostCode), "post_code", "Індекс — п'ять цифр.")
	}
}

// dayWithin reports whether text is a day after today, at most so many days ahead.
func dayWithin(text string, today time.Time, days int) bool {
	midnight := time.Date(today.Year(), today.Month(), today.Day(), 0, 0, 0, 0, today.Location())
	d, err := time.ParseInLocation(time.DateOnly, text, today.Location())
	return err == nil && d.After(midnight) && !d.After(midnight.AddDate(0, 0, days))
}

func isPhone(s string) bool {
	digits := 0
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case unicode.IsSpace(r), strings.ContainsRune("+-().", r):
		default:
			return false
		}
	}
	return digits >= 9 && digits <= 15
}

func isEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && strings.Contains(s[strings.LastIndex(s, "@"):], ".")
}

func isPostCode(s string) bool {
	return len(s) == 5 && strings.Trim(s, "0123456789") == ""
}

// addOns are the chosen add-ons.
func (f checkoutForm) addOns() []addOnRow {
	chosen := map[string]bool{addOnWrap: f.Wrap, addOnCard: f.Postcard, addOnNoCall: f.NoCall}
	var out []addOnRow
	for _, a := range addOnList() {
		if !chosen[a.Code] {
			continue
		}
		row := addOnRow{Code: a.Code, Name: a.Name, Price: a.Price, Quantity: decimal.NewFromInt(1)}
		if a.Code == addOnCard {
			row.Value = f.PostcardText
		}
		out = append(out, row)
	}
	return out
}

// fill puts buyer, recipient, delivery and comment into the order.
func (f checkoutForm) fill(o *orderRow) {
	o.BuyerName, o.BuyerPhone, o.BuyerEmail, o.Comment = f.Name, f.Phone, f.Email, f.Comment
	if f.OtherRecipient {
		o.RecipientName, o.RecipientPhone = f.RecipientName, f.RecipientPhone
	}
	d, _ := deliveryOf(f.Delivery)
	o.DeliveryMethod, o.DeliveryPrice, o.Country = d.Code, d.Price, "UA"
	switch f.Delivery {
	case deliverBranch:
		b, _ := branchOf(f.Branch)
		o.City, o.Region, o.Branch, o.BranchRef = b.City, b.Region, b.Name, b.Ref
	case deliverCourier:
		o.City, o.Street, o.SecondLine, o.DeliveryDate = f.City, f.Street, f.Flat, f.Date
	case deliverUkrposhta:
		o.City, o.Street, o.SecondLine, o.PostCode = f.City, f.Street, f.Flat, f.PostCode
	}
}

// payments are what is expected, or for a card the simulated payment made at once. An order that
// costs nothing needs none.
func (f checkoutForm) payments(total decimal.Decimal, now time.Time) []paymentRow {
	if !total.IsPositive() {
		return nil
	}
	p := paymentRow{Method: f.Payment, Amount: total, State: "pending"}
	if f.Payment == payCard && !f.PayLater {
		p.State, p.PaidAt, p.Note = "paid", &now, "Навчальна оплата карткою"
	}
	return []paymentRow{p}
}
