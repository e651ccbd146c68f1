package connector

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm"
	"github.com/keybridge/keybridge/orders"
)

// EncodeOrder implements orders.Sink.
func (c *Connector) EncodeOrder(d orders.Draft) ([]byte, error) { return encodeOrder(d) }

func encodeOrder(d orders.Draft) ([]byte, error) {
	var request any
	var err error
	if d.Target == settings.TargetCards {
		request, err = cardRequest(d)
	} else {
		request, err = orderRequest(d)
	}
	if err != nil {
		return nil, fmt.Errorf("encode order %s: %w", d.Number, err)
	}
	body, err := json.Marshal(request)
	if err != nil {
		return nil, fmt.Errorf("encode order %s: %w", d.Number, err)
	}
	return body, nil
}

func orderRequest(d orders.Draft) (keycrm.OrderCreate, error) {
	source, err := parseCode("source", d.Source)
	if err != nil {
		return keycrm.OrderCreate{}, err
	}
	out := keycrm.OrderCreate{
		SourceID: source, SourceUUID: d.Key,
		Buyer:        keycrm.OrderBuyer{FullName: d.Buyer.FullName, Email: d.Buyer.Email, Phone: d.Buyer.Phone},
		BuyerComment: d.Comment, ManagerComment: d.Note, Promocode: d.PromoCode,
		DiscountAmount: amount(d.Discount), ShippingPrice: amount(d.ShippingPrice),
		OrderedAt: keycrm.NewDateTime(d.PlacedAt), Products: lines(d.Lines), Marketing: marketing(d),
	}
	if out.Shipping, err = shipping(d.Delivery); err != nil {
		return out, err
	}
	if out.Payments, err = payments(d.Payments); err != nil {
		return out, err
	}
	out.CustomFields, err = fields(d.Fields)
	return out, err
}

func cardRequest(d orders.Draft) (keycrm.CardCreate, error) {
	source, err := parseCode("source", d.Source)
	if err != nil {
		return keycrm.CardCreate{}, err
	}
	out := keycrm.CardCreate{
		Title: d.Title, SourceID: source,
		ManagerComment: strings.TrimSpace(d.Note + "\n" + d.Key),
		Contact:        keycrm.CardContact{FullName: d.Buyer.FullName, Email: d.Buyer.Email, Phone: d.Buyer.Phone},
		Products:       lines(d.Lines),
	}
	if d.Pipeline != "" {
		if out.PipelineID, err = parseCode("pipeline", d.Pipeline); err != nil {
			return out, err
		}
	}
	if d.UTM != nil {
		out.UTMSource, out.UTMMedium, out.UTMCampaign = d.UTM.Source, d.UTM.Medium, d.UTM.Campaign
		out.UTMTerm, out.UTMContent = d.UTM.Term, d.UTM.Content
	}
	if out.Payments, err = payments(d.Payments); err != nil {
		return out, err
	}
	out.CustomFields, err = fields(d.Fields)
	return out, err
}

// amount leaves zero out.
func amount(d decimal.Decimal) *keycrm.Amount {
	if d.IsZero() {
		return nil
	}
	a := keycrm.NewAmount(d)
	return &a
}

func lines(list []orders.Line) []keycrm.OrderLineCreate {
	out := make([]keycrm.OrderLineCreate, 0, len(list))
	for _, l := range list {
		line := keycrm.OrderLineCreate{
			SKU: l.SKU, Name: l.Name, Price: keycrm.NewAmount(l.Price), Quantity: keycrm.NewAmount(l.Quantity),
			DiscountAmount: amount(l.UnitDiscount), UnitType: l.Unit, Comment: l.Comment, Picture: l.PictureURL,
		}
		for _, p := range l.Properties {
			line.Properties = append(line.Properties, keycrm.Property{Name: p.Name, Value: p.Value})
		}
		out = append(out, line)
	}
	return out
}

func marketing(d orders.Draft) *keycrm.Marketing {
	if d.UTM == nil {
		return nil
	}
	return &keycrm.Marketing{
		Source: d.UTM.Source, Medium: d.UTM.Medium, Campaign: d.UTM.Campaign, Term: d.UTM.Term, Content: d.UTM.Content,
	}
}

// shipping puts the address into the two lines KeyCRM has: the place where the parcel is taken, and
// what belongs to it.
func shipping(d *orders.Delivery) (*keycrm.ShippingCreate, error) {
	if d == nil {
		return nil, nil
	}
	out := &keycrm.ShippingCreate{
		City: d.City, Region: d.Region, Zip: d.PostCode, ReceivePoint: d.Branch, SecondaryLine: d.SecondLine,
		RecipientFullName: d.Recipient.FullName, RecipientPhone: d.Recipient.Phone, WarehouseRef: d.BranchRef,
	}
	if d.Country != "" {
		out.Country = countryName(d.Country)
	}
	switch {
	case d.Branch == "":
		out.ReceivePoint = d.Street
	case d.Street != "":
		out.SecondaryLine = join(", ", d.Street, d.SecondLine)
	}
	if d.Service != "" {
		id, err := parseCode("delivery service", d.Service)
		if err != nil {
			return nil, err
		}
		out.DeliveryServiceID = id
	}
	return out, nil
}

func join(sep string, parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, sep)
}

func payments(list []orders.Payment) ([]keycrm.PaymentCreate, error) {
	out := make([]keycrm.PaymentCreate, 0, len(list))
	for _, p := range list {
		method, err := parseCode("payment method", p.Method)
		if err != nil {
			return nil, err
		}
		payment := keycrm.PaymentCreate{
			PaymentMethodID: method, Amount: keycrm.NewAmount(p.Amount), Status: keycrm.PaymentNotPaid, Description: p.Note,
		}
		if p.Paid {
			payment.Status, payment.PaymentDate = keycrm.PaymentPaid, keycrm.NewDateTime(p.PaidAt)
		}
		out = append(out, payment)
	}
	return out, nil
}

func fields(list []orders.Field) ([]keycrm.FieldValue, error) {
	out := make([]keycrm.FieldValue, 0, len(list))
	for _, f := range list {
		v, err := fieldValue(f)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func fieldValue(f orders.Field) (keycrm.FieldValue, error) {
	wrong := func(err error) (keycrm.FieldValue, error) {
		return keycrm.FieldValue{}, fmt.Errorf("custom field %q: %w: %w", f.Code, orders.ErrBadCode, err)
	}
	switch f.Kind {
	case orders.FieldSwitch:
		return keycrm.SwitchValue(f.Code, f.On), nil
	case orders.FieldSelect:
		return keycrm.SelectValue(f.Code, f.Text), nil
	case orders.FieldNumber:
		n, err := decimal.NewFromString(f.Text)
		if err != nil {
			return wrong(err)
		}
		return keycrm.NumberValue(f.Code, n), nil
	case orders.FieldDate:
		day, err := time.Parse(time.DateOnly, f.Text)
		if err != nil {
			return wrong(err)
		}
		return keycrm.DateValue(f.Code, day), nil
	case orders.FieldDateTime:
		at, err := time.Parse(time.RFC3339, f.Text)
		if err != nil {
			return wrong(err)
		}
		return keycrm.DateTimeValue(f.Code, at), nil
	case orders.FieldText:
	}
	return keycrm.TextValue(f.Code, f.Text), nil
}
