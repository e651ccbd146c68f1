package domain

import (
	"fmt"

	"github.com/shopspring/decimal"
)

// StatusChange is a move asked for.
type StatusChange struct {
	To, Expect string
	Letter     bool // the buyer may be written to
	Note       string
	By         Actor
	Event      bool // somebody listens
}

// StatusMoved says that the order is elsewhere than expected.
func StatusMoved(o Order, c StatusChange) error {
	return fmt.Errorf("order is %q, not %q: %w", o.Status, Cut(c.Expect, 60), ErrConflict)
}

// History are the lines a status move leaves. The shop has no mail server: the letter it would send
// is told in the history, so that the merchant sees when buyers are written to.
func (c StatusChange) History(o Order) []string {
	line := fmt.Sprintf("Статус: «%s» → «%s»", StatusName(o.Status), StatusName(c.To))
	if c.Note != "" {
		line += ". " + c.Note
	}
	lines := []string{line}
	if c.Letter && o.BuyerEmail != "" {
		lines = append(lines, fmt.Sprintf("Лист покупцю (навчальний, нікуди не надсилається): «Замовлення №%s: %s»", o.Number, StatusName(c.To)))
	}
	return lines
}

// Facts are what a CRM knows of an order; nil is not known and leaves what the shop knows.
type Facts struct {
	CRMOrderID     *string
	CRMURL         *string
	TrackingNumber *string
	ShippingStatus *string
	PaymentState   *string
	CRMTotal       *CRMTotal
}

// CRMTotal is an order's total in the CRM; an empty Currency clears it.
type CRMTotal struct {
	Amount   decimal.Decimal
	Currency string // ISO 4217
}

// TakeFacts puts the known facts into the row and answers a history line for each that changed.
func (o *Order) TakeFacts(f Facts) []string {
	var lines []string
	take := func(field **string, to *string, name string) {
		if to == nil || (*field != nil && **field == *to) || (*field == nil && *to == "") {
			return
		}
		value := *to
		*field = &value
		lines = append(lines, name+": "+value)
	}
	take(&o.CRMOrderID, f.CRMOrderID, "Номер у CRM")
	take(&o.CRMURL, f.CRMURL, "Посилання на замовлення в CRM")
	take(&o.TrackingNumber, f.TrackingNumber, "Номер відстеження")
	take(&o.ShippingStatus, f.ShippingStatus, "Стан доставки")
	take(&o.CRMPayment, f.PaymentState, "Стан оплати в CRM")
	if f.CRMTotal != nil && o.takeTotal(*f.CRMTotal) {
		lines = append(lines, o.totalLine())
	}
	return lines
}

// takeTotal reports whether the CRM's total changed.
func (o *Order) takeTotal(t CRMTotal) bool {
	had := o.CRMTotal.Valid && o.CRMCurrency != nil
	switch {
	case t.Currency == "" && !had, t.Currency != "" && had && *o.CRMCurrency == t.Currency && o.CRMTotal.Decimal.Equal(t.Amount):
		return false
	case t.Currency == "":
		o.CRMTotal, o.CRMCurrency = decimal.NullDecimal{}, nil
	default:
		o.CRMTotal, o.CRMCurrency = decimal.NewNullDecimal(t.Amount), &t.Currency
	}
	return true
}

func (o *Order) totalLine() string {
	if !o.CRMTotal.Valid {
		return "Сума в CRM знову дорівнює нашій"
	}
	return fmt.Sprintf("Сума в CRM: %s %s", o.CRMTotal.Decimal, *o.CRMCurrency)
}

// OrderEdit is what staff may correct in an order that has not left yet.
type OrderEdit struct {
	BuyerName, BuyerPhone, BuyerEmail  string
	RecipientName, RecipientPhone      string
	City, PostCode, Street, SecondLine string
	Comment                            string
}

// Edit writes the corrections into the order and reports whether they change anything.
func (o *Order) Edit(ed OrderEdit) bool {
	old := *o
	o.BuyerName, o.BuyerPhone, o.BuyerEmail = ed.BuyerName, ed.BuyerPhone, ed.BuyerEmail
	o.RecipientName, o.RecipientPhone = ed.RecipientName, ed.RecipientPhone
	o.City, o.PostCode, o.Street, o.SecondLine, o.Comment = ed.City, ed.PostCode, ed.Street, ed.SecondLine, ed.Comment
	return !o.sameContacts(old)
}

// sameContacts compares what an edit can change.
func (o Order) sameContacts(b Order) bool {
	return o.BuyerName == b.BuyerName && o.BuyerPhone == b.BuyerPhone && o.BuyerEmail == b.BuyerEmail &&
		o.RecipientName == b.RecipientName && o.RecipientPhone == b.RecipientPhone && o.City == b.City &&
		o.PostCode == b.PostCode && o.Street == b.Street && o.SecondLine == b.SecondLine && o.Comment == b.Comment
}
