package orders

import (
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// Draft is an order put into the words a CRM understands, with the CRM's codes. Amounts are in
// Currency. A CRM computes its total as
//
//	Σ (line price − line unit discount) × quantity − Discount + ShippingPrice
//
// and Map sees to it that this is the shop's total to the kopeck.
type Draft struct {
	Target settings.Target `json:"target"`
	// Key is the natural key: the source UUID of an order; of a card the marker that ends its title
	// and its note.
	Key string `json:"key"`
	// Number is the order number the buyer knows.
	Number string `json:"number"`
	Source string `json:"source"`
	// Title of a card, with the marker.
	Title string `json:"title,omitempty"`
	// Pipeline of a new card; empty: the CRM's first.
	Pipeline string    `json:"pipeline,omitempty"`
	PlacedAt time.Time `json:"placed_at"`
	Currency string    `json:"currency"`
	Buyer    Person    `json:"buyer"`
	// Comment is the buyer's own.
	Comment string `json:"comment,omitempty"`
	// Note is for the CRM's manager: what the CRM has no field for, in Ukrainian.
	Note          string          `json:"note,omitempty"`
	PromoCode     string          `json:"promo_code,omitempty"`
	Lines         []Line          `json:"lines"`
	Discount      decimal.Decimal `json:"discount"`
	ShippingPrice decimal.Decimal `json:"shipping_price"`
	Delivery      *Delivery       `json:"delivery,omitempty"` // nil: the order is not delivered
	Payments      []Payment       `json:"payments,omitempty"`
	Fields        []Field         `json:"fields,omitempty"`
	// UTM is nil unless the shop collects campaign marks and the order has some.
	UTM *plugin.UTM `json:"utm,omitempty"`
	// ShopTotal is the shop's own; see Total and Difference.
	ShopTotal decimal.Decimal `json:"shop_total"`
}

// Person is a buyer or a recipient. Phone is E.164; an unreadable one is in Draft.Note.
type Person struct {
	FullName string `json:"full_name,omitempty"`
	Email    string `json:"email,omitempty"`
	Phone    string `json:"phone,omitempty"`
}

// Line is one position. Without SKU the CRM makes a line outside its catalog.
type Line struct {
	SKU      string          `json:"sku,omitempty"`
	Name     string          `json:"name"`
	Price    decimal.Decimal `json:"price"` // of one unit
	Quantity decimal.Decimal `json:"quantity"`
	// UnitDiscount is taken off each unit, in whole kopecks.
	UnitDiscount decimal.Decimal    `json:"unit_discount"`
	Unit         string             `json:"unit,omitempty"` // empty: pieces
	PictureURL   string             `json:"picture_url,omitempty"`
	Comment      string             `json:"comment,omitempty"`
	Properties   []plugin.Attribute `json:"properties,omitempty"`
}

// Delivery says how the order travels and who takes it.
type Delivery struct {
	// Service is the CRM's code; empty when the merchant chose to leave it out.
	Service    string `json:"service,omitempty"`
	Country    string `json:"country,omitempty"` // ISO 3166 alpha-2
	Region     string `json:"region,omitempty"`
	City       string `json:"city,omitempty"`
	PostCode   string `json:"post_code,omitempty"`
	Street     string `json:"street,omitempty"`
	SecondLine string `json:"second_line,omitempty"`
	Branch     string `json:"branch,omitempty"`
	// BranchRef is the carrier's own id of the branch; set only where the CRM's service can take it.
	BranchRef string `json:"branch_ref,omitempty"`
	Recipient Person `json:"recipient"`
}

// Payment is one payment, made or expected.
type Payment struct {
	Method string          `json:"method"` // the CRM's code
	Amount decimal.Decimal `json:"amount"`
	Paid   bool            `json:"paid"`
	PaidAt time.Time       `json:"paid_at,omitzero"` // zero unless Paid
	// Note ends with a marker by which the payment is recognised later.
	Note string `json:"note"`
}

// Field is a value of a custom field.
type Field struct {
	Code string    `json:"code"`
	Kind FieldKind `json:"kind"`
	// On is the value of a switch, Text of everything else.
	On   bool   `json:"on,omitempty"`
	Text string `json:"text,omitempty"`
}

// FieldKind says what values a custom field takes.
type FieldKind string

// The kinds of custom fields.
const (
	FieldSwitch   FieldKind = "switch"
	FieldText     FieldKind = "text"
	FieldNumber   FieldKind = "number"
	FieldSelect   FieldKind = "select"
	FieldDate     FieldKind = "date"
	FieldDateTime FieldKind = "datetime"
)

// Total is what the CRM will compute.
func (d Draft) Total() decimal.Decimal {
	sum := d.ShippingPrice.Sub(d.Discount)
	for _, l := range d.Lines {
		sum = sum.Add(l.Price.Sub(l.UnitDiscount).Mul(l.Quantity))
	}
	return sum
}

// Difference is the CRM's total less the shop's: zero, unless the shop's own sums do not add up or
// the target cannot hold them.
func (d Draft) Difference() decimal.Decimal { return d.Total().Sub(d.ShopTotal) }

// Masked is the draft without personal data, fit to be shown and kept.
func (d Draft) Masked() Draft {
	d.Buyer = d.Buyer.masked()
	d.Comment, d.Note = mask(d.Comment), mask(d.Note)
	if d.Delivery != nil {
		masked := *d.Delivery
		masked.Region, masked.City, masked.PostCode = mask(masked.Region), mask(masked.City), mask(masked.PostCode)
		masked.Street, masked.SecondLine = mask(masked.Street), mask(masked.SecondLine)
		masked.Branch, masked.BranchRef = mask(masked.Branch), mask(masked.BranchRef)
		masked.Recipient = masked.Recipient.masked()
		d.Delivery = &masked
	}
	d.Lines = append([]Line(nil), d.Lines...)
	for i := range d.Lines {
		d.Lines[i].Comment = mask(d.Lines[i].Comment)
	}
	d.Payments = append([]Payment(nil), d.Payments...)
	for i := range d.Payments {
		d.Payments[i].Note = maskNote(d.Payments[i].Note)
	}
	d.Fields = append([]Field(nil), d.Fields...)
	for i := range d.Fields {
		if d.Fields[i].Kind == FieldText { // the buyer's own words
			d.Fields[i].Text = mask(d.Fields[i].Text)
		}
	}
	return d
}

func (p Person) masked() Person {
	return Person{FullName: mask(p.FullName), Email: mask(p.Email), Phone: maskPhone(p.Phone)}
}

// mask keeps the first character only.
func mask(s string) string {
	for _, r := range s {
		return string(r) + "***"
	}
	return ""
}

// maskNote keeps the marker by which a payment is recognised.
func maskNote(s string) string {
	i := strings.LastIndex(s, "[")
	if i < 0 || !strings.HasSuffix(s, "]") {
		return mask(s)
	}
	if words := strings.TrimSpace(s[:i]); words != "" {
		return mask(words) + " " + s[i:]
	}
	return s
}

// maskPhone keeps the country and the last two digits: enough to recognise a phone one knows.
func maskPhone(s string) string {
	if len(s) < 8 {
		return mask(s)
	}
	return s[:3] + strings.Repeat("*", len(s)-5) + s[len(s)-2:]
}
