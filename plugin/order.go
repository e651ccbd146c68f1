package plugin

import (
	"time"

	"github.com/shopspring/decimal"
)

// Order is a placed order as the shop stores it.
//
// Amounts are in the order's one currency, so they stand as bare decimals. The parts add up:
// Σ(line price × quantity − line discount) + Σ add-on price × quantity − Discount − Σ certificates
// + Delivery.Price = Total. An adapter's own tests should hold it for real orders.
type Order struct {
	ID OrderID
	// Number is what the buyer was told; unique in the shop, never changed.
	Number     string
	Storefront StorefrontID
	// Domain is the host name the order was placed on; empty when not known.
	Domain   string
	Version  Version
	PlacedAt time.Time
	// Status is a code of Dictionaries.OrderStatuses.
	Status   string
	Currency string
	Buyer    Buyer
	// Recipient takes the parcel; the zero value means the buyer does.
	Recipient Recipient
	Lines     []OrderLine
	AddOns    []OrderAddOn
	// Discount is what is taken off the whole order, as an amount, percent already worked out.
	Discount decimal.Decimal
	// DiscountPercent is informative: what the shop showed. Zero when the discount is no percent.
	DiscountPercent decimal.Decimal
	PromoCode       string
	Certificates    []Certificate
	Delivery        Delivery
	Payments        []Payment
	// Comment is the buyer's own.
	Comment string
	UTM     UTM
	Total   decimal.Decimal
	Facts   Facts
}

// Buyer is who ordered. At least one of Phone and Email is set.
type Buyer struct {
	ID       string // the shop's customer id; empty for a guest
	FullName string
	Email    string
	Phone    string // as the buyer typed it; we normalise
}

// Recipient is who takes the parcel.
type Recipient struct {
	FullName string
	Phone    string
}

// OrderLine is one position of the basket.
type OrderLine struct {
	ID        string
	ProductID ProductID // empty when the product is gone
	VariantID VariantID
	SKU       string
	Name      string
	Options   []Attribute
	Quantity  decimal.Decimal
	Unit      string          // empty: pieces
	Price     decimal.Decimal // of one unit, before Discount
	// Discount is for the whole line, not for one unit.
	Discount   decimal.Decimal
	PictureURL string
	Comment    string
}

// OrderAddOn is a chosen add-on («доповнення до замовлення»), such as gift wrapping.
type OrderAddOn struct {
	Code     string // of Dictionaries.AddOns
	Name     string
	Price    decimal.Decimal // of one; zero when free
	Quantity decimal.Decimal
	// Value is the buyer's text, when the add-on asks for one.
	Value string
}

// Certificate is a gift card or bonus points spent on the order.
type Certificate struct {
	Code   string
	Amount decimal.Decimal
}

// Delivery is how the order travels.
type Delivery struct {
	Method string          // a code of Dictionaries.DeliveryMethods
	Price  decimal.Decimal // what the buyer pays the shop for it
	// Country is ISO 3166 alpha-2.
	Country    string
	Region     string
	City       string
	PostCode   string
	Street     string
	SecondLine string
	// Branch is the carrier's branch or parcel machine in words; BranchRef the carrier's own id of it.
	Branch    string
	BranchRef string
	// Date is the wished day in the shop's zone, "2006-01-02"; empty when none.
	Date string
}

// PaymentState says how far one payment is.
type PaymentState string

// The states of a payment.
const (
	PaymentPending  PaymentState = "pending"
	PaymentPaid     PaymentState = "paid"
	PaymentCanceled PaymentState = "canceled"
)

// Payment is one payment of an order, made or expected.
type Payment struct {
	ID     string // stable for the life of the order
	Method string // a code of Dictionaries.PaymentMethods
	Amount decimal.Decimal
	State  PaymentState
	// PaidAt is zero unless State is PaymentPaid.
	PaidAt time.Time
	Note   string
}

// UTM are the campaign marks of the visit that led to the order; all empty when the shop does not
// collect them.
type UTM struct {
	Source   string
	Medium   string
	Campaign string
	Term     string
	Content  string
}

// Facts are what the CRM knows of an order and the shop shows. Nil fields are not known.
type Facts struct {
	// CRMOrderID is the CRM's own number of the order or card.
	CRMOrderID *string
	// CRMURL opens it for a manager.
	CRMURL         *string
	TrackingNumber *string
	ShippingStatus *string
	PaymentState   *string
	// CRMTotal is the total in the CRM when it differs from ours; pointer to the zero value clears it.
	CRMTotal *Money
}
