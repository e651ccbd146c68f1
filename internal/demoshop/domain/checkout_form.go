package domain

import (
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/shopspring/decimal"
)

// CheckoutForm is what a buyer filled in, as typed; the field names are the names of the form.
type CheckoutForm struct {
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

// NewCheckoutForm is the form as it is first shown; token tells its sendings apart from those of others.
func NewCheckoutForm(token, promo string) CheckoutForm {
	return CheckoutForm{Token: token, Delivery: DeliverBranch, Payment: PayCash, Promo: promo}
}

// Check answers what is wrong, by field; empty when the form can be placed. today is the present
// day in the shop's zone.
func (f CheckoutForm) Check(today time.Time) map[string]string {
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
	if _, ok := PromoOf(f.Promo); f.Promo != "" && !ok {
		bad["promo"] = "Такого промокоду немає. Перевірте літери або приберіть його."
	}
	need(slices.ContainsFunc(PaymentOptions(), func(p PaymentOption) bool { return p.Code == f.Payment }), "payment", "Оберіть спосіб оплати.")
	need(!f.Postcard || f.PostcardText != "", "postcard_text", "Напишіть, що має бути на листівці.")
	f.checkDelivery(today, need)
	return bad
}

func (f CheckoutForm) checkDelivery(today time.Time, need func(bool, string, string)) {
	_, known := DeliveryOf(f.Delivery)
	need(known, "delivery", "Оберіть спосіб доставки.")
	switch f.Delivery {
	case DeliverBranch:
		_, ok := branchOf(f.Branch)
		need(ok, "np_branch", "Оберіть відділення.")
	case DeliverCourier:
		need(f.City != "", "city", "Вкажіть місто.")
		need(f.Street != "", "street", "Вкажіть вулицю та будинок.")
		need(f.Date == "" || dayWithin(f.Date, today, 30), "date", "Оберіть день від завтра до місяця наперед або залиште порожнім.")
	case DeliverUkrposhta:
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

// AddOns are the chosen add-ons.
func (f CheckoutForm) AddOns() []OrderAddOn {
	chosen := map[string]bool{AddOnWrap: f.Wrap, AddOnCard: f.Postcard, AddOnNoCall: f.NoCall}
	var out []OrderAddOn
	for _, a := range AddOns() {
		if !chosen[a.Code] {
			continue
		}
		row := OrderAddOn{Code: a.Code, Name: a.Name, Price: a.Price, Quantity: decimal.NewFromInt(1)}
		if a.Code == AddOnCard {
			row.Value = f.PostcardText
		}
		out = append(out, row)
	}
	return out
}

// Fill puts buyer, recipient, delivery and comment into the order.
func (f CheckoutForm) Fill(o *Order) {
	o.BuyerName, o.BuyerPhone, o.BuyerEmail, o.Comment = f.Name, f.Phone, f.Email, f.Comment
	if f.OtherRecipient {
		o.RecipientName, o.RecipientPhone = f.RecipientName, f.RecipientPhone
	}
	d, _ := DeliveryOf(f.Delivery)
	o.DeliveryMethod, o.DeliveryPrice, o.Country = d.Code, d.Price, "UA"
	switch f.Delivery {
	case DeliverBranch:
		b, _ := branchOf(f.Branch)
		o.City, o.Region, o.Branch, o.BranchRef = b.City, b.Region, b.Name, b.Ref
	case DeliverCourier:
		o.City, o.Street, o.SecondLine, o.DeliveryDate = f.City, f.Street, f.Flat, f.Date
	case DeliverUkrposhta:
		o.City, o.Street, o.SecondLine, o.PostCode = f.City, f.Street, f.Flat, f.PostCode
	}
}

// Payments are what is expected, or for a card the simulated payment made at once. An order that
// costs nothing needs none.
func (f CheckoutForm) Payments(total decimal.Decimal, now time.Time) []Payment {
	if !total.IsPositive() {
		return nil
	}
	p := Payment{Method: f.Payment, Amount: total, State: PaymentPending}
	if f.Payment == PayCard && !f.PayLater {
		p.State, p.PaidAt, p.Note = PaymentPaid, &now, "Навчальна оплата карткою"
	}
	return []Payment{p}
}
