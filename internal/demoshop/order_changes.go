package demoshop

import (
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/plugin"
)

func statusMoved(o orderRow, c statusChange) error {
	return fmt.Errorf("order is %q, not %q: %w", o.Status, cut(c.Expect, 60), plugin.ErrConflict)
}

// history are the lines a status move leaves. The shop has no mail server: the letter it would send
// is told in the history, so that the merchant sees when buyers are written to.
func (c statusChange) history(o orderRow) []string {
	line := fmt.Sprintf("Статус: «%s» → «%s»", statusName(o.Status), statusName(c.To))
	if c.Note != "" {
		line += ". " + c.Note
	}
	lines := []string{line}
	if c.Letter && o.BuyerEmail != "" {
		lines = append(lines, fmt.Sprintf("Лист покупцю (навчальний, нікуди не надсилається): «Замовлення №%s: %s»", o.Number, statusName(c.To)))
	}
	return lines
}

// takeFacts puts the known facts into the row and answers a history line for each that changed.
func (o *orderRow) takeFacts(f plugin.Facts) []string {
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

// takeTotal reports whether the CRM's total changed; unset clears it.
func (o *orderRow) takeTotal(m plugin.Money) bool {
	old := plugin.Money{}
	if t := o.facts().CRMTotal; t != nil {
		old = *t
	}
	if old.Equal(m) {
		return false
	}
	o.CRMTotal, o.CRMCurrency = decimal.NullDecimal{}, nil
	if m.IsSet() {
		o.CRMTotal, o.CRMCurrency = decimal.NewNullDecimal(m.Amount), &m.Currency
	}
	return true
}

func (o *orderRow) totalLine() string {
	if !o.CRMTotal.Valid {
		return "Сума в CRM знову дорівнює нашій"
	}
	return fmt.Sprintf("Сума в CRM: %s %s", o.CRMTotal.Decimal, *o.CRMCurrency)
}

// sameContacts compares what an edit can change.
func (o orderRow) sameContacts(b orderRow) bool {
	return o.BuyerName == b.BuyerName && o.BuyerPhone == b.BuyerPhone && o.BuyerEmail == b.BuyerEmail &&
		o.RecipientName == b.RecipientName && o.RecipientPhone == b.RecipientPhone && o.City == b.City &&
		o.PostCode == b.PostCode && o.Street == b.Street && o.SecondLine == b.SecondLine && o.Comment == b.Comment
}
