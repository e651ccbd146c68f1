package keycrmtest

import (
	"encoding/json"
	"time"

	"github.com/shopspring/decimal"
)

// The rows below are the simulator's own state. The control methods of Server hand out copies; times are UTC.

// Category is a node of the category tree; ParentID 0 is the top.
type Category struct {
	ID       int64
	Name     string
	ParentID int64
}

// Product is a card of goods.
type Product struct {
	ID           int64
	Name         string
	Description  string // HTML
	CategoryID   int64  // 0: none
	CurrencyCode string
	UnitType     string // empty: pieces
	Pictures     []string
	Weight       decimal.Decimal // kg
	Size         Size
	Archived     bool
	Deleted      bool
	CustomFields []FieldValue
	OfferIDs     []int64 // one for a product without variants
	CreatedAt    time.Time
	UpdatedAt    time.Time
	VisibleAt    time.Time // lists leave the product out until then
}

// Size is the length, width and height in cm, as far as known.
type Size struct{ Length, Width, Height decimal.NullDecimal }

// Offer is a sellable variant of a product.
type Offer struct {
	ID             int64
	ProductID      int64
	SKU            string
	Barcode        string
	Picture        string
	Price          decimal.Decimal
	PurchasedPrice decimal.Decimal
	Stock          map[int64]decimal.Decimal // by warehouse id, reserve included
	Reserve        decimal.Decimal           // in the first warehouse
	Weight         decimal.NullDecimal       // kg; null: the product's
	Size           Size                      // empty: the product's
	Properties     []Property                // empty: the default offer
	Archived       bool
	Deleted        bool
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// Quantity is the stock of all warehouses, reserve included.
func (o *Offer) Quantity() decimal.Decimal {
	var sum decimal.Decimal
	for _, q := range o.Stock {
		sum = sum.Add(q)
	}
	return sum
}

// Property is one axis of a variant.
type Property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// FieldValue is a custom field's value as it was sent.
type FieldValue struct {
	UUID  string
	Value json.RawMessage
}

// Buyer is a customer card.
type Buyer struct {
	ID            int64
	FullName      string
	Phones        []string
	Emails        []string
	Note          string
	HasDuplicates bool
	Birthday      string // YYYY-MM-DD
	Discount      decimal.NullDecimal
	ManagerID     int64
	Addresses     []Address
	CustomFields  []FieldValue
	CreatedAt     time.Time
	UpdatedAt     time.Time
}

// Address is where a buyer has things sent to.
type Address struct {
	Address, Additional, City, Region, Zip, Country string
	RecipientFullName, RecipientPhone, WarehouseRef string
}

// Line is a line of an order or card; OfferID 0 makes it a one-off line.
type Line struct {
	ID              int64
	OfferID         int64
	SKU             string
	Name            string
	Price           decimal.Decimal
	PurchasedPrice  decimal.Decimal
	Quantity        decimal.Decimal
	DiscountPercent decimal.Decimal
	DiscountAmount  decimal.Decimal // per unit
	UnitType        string
	Comment         string
	Picture         string
	Properties      []Property
	StockStatus     string // "reserved", "fulfilled" or empty
	ProductStatusID int64  // 0: none
	CreatedAt       time.Time
	UpdatedAt       time.Time
}

// TotalDiscount is the discount of one unit.
func (l *Line) TotalDiscount() decimal.Decimal {
	return l.Price.Mul(l.DiscountPercent).Div(hundred).Add(l.DiscountAmount)
}

// PriceSold is the price of one unit after its discount.
func (l *Line) PriceSold() decimal.Decimal { return l.Price.Sub(l.TotalDiscount()) }

// Payment is a payment of an order or card.
type Payment struct {
	ID          int64
	MethodID    int64
	Method      string // a name that no method has, where MethodID is 0
	Amount      decimal.Decimal
	Status      string // "paid", "not_paid", "canceled"
	Description string
	PaidAt      time.Time
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// Shipping is the delivery of an order.
type Shipping struct {
	DeliveryServiceID int64
	TrackingCode      string
	Country           string
	Region            string
	City              string
	Zip               string
	SecondaryLine     string
	ReceivePoint      string
	RecipientFullName string
	RecipientPhone    string
	WarehouseRef      string
	ShippingDate      string // YYYY-MM-DD
	CreatedAt         time.Time
	UpdatedAt         time.Time
}

// Marketing holds UTM marks.
type Marketing struct {
	Source, Medium, Campaign, Term, Content string
}

// Order is a sale.
type Order struct {
	ID              int64
	SourceID        int64
	SourceUUID      string
	BuyerID         int64
	StatusID        int64
	ManagerID       int64
	DiscountPercent decimal.NullDecimal
	DiscountAmount  decimal.NullDecimal
	ShippingPrice   decimal.NullDecimal
	WrapPrice       decimal.NullDecimal
	Taxes           decimal.NullDecimal
	BuyerComment    string
	ManagerComment  string
	Promocode       string
	GiftMessage     string
	IsGift          bool
	GiftWrap        bool
	Lines           []Line
	Payments        []Payment
	Shipping        *Shipping
	Marketing       *Marketing
	Tags            []int64
	Attachments     []int64 // ids of uploaded files
	CustomFields    []FieldValue
	CreatedAt       time.Time
	UpdatedAt       time.Time
	OrderedAt       time.Time
	StatusChangedAt time.Time
	ClosedAt        time.Time
	VisibleAt       time.Time // lists leave the order out until then
}

// ProductsTotal is the sum of the lines after their own discounts.
func (o *Order) ProductsTotal() decimal.Decimal { return linesTotal(o.Lines) }

// TotalDiscount is the discount of the order as a whole, without the lines' discounts.
func (o *Order) TotalDiscount() decimal.Decimal {
	return o.ProductsTotal().Mul(o.DiscountPercent.Decimal).Div(hundred).Add(o.DiscountAmount.Decimal).Round(2)
}

// GrandTotal is what the buyer owes.
func (o *Order) GrandTotal() decimal.Decimal {
	return o.ProductsTotal().Sub(o.TotalDiscount()).
		Add(o.ShippingPrice.Decimal).Add(o.WrapPrice.Decimal).Add(o.Taxes.Decimal)
}

// PaymentsTotal is the sum of the paid payments.
func (o *Order) PaymentsTotal() decimal.Decimal { return paidTotal(o.Payments) }

// PaymentStatus compares what is paid with what is owed.
func (o *Order) PaymentStatus() string {
	paid := o.PaymentsTotal()
	switch {
	case !paid.IsPositive():
		return "not_paid"
	case paid.LessThan(o.GrandTotal()):
		return "part_paid"
	case paid.Equal(o.GrandTotal()):
		return "paid"
	}
	return "overpaid"
}

// Contact is the person of a card.
type Contact struct {
	ID       int64
	FullName string
	Email    string
	Phone    string
	ClientID int64 // the buyer behind it; 0: none
}

// Card is a lead in a pipeline.
type Card struct {
	ID              int64
	Title           string
	SourceID        int64
	ManagerID       int64
	PipelineID      int64
	StatusID        int64
	Contact         Contact
	TargetID        int64
	TargetType      string // "order" or "lead" after conversion
	ManagerComment  string
	Note            string
	CommunicateAt   time.Time
	Marketing       Marketing
	Lines           []Line
	Payments        []Payment
	Attachments     []int64 // ids of uploaded files
	CustomFields    []FieldValue
	CreatedAt       time.Time
	UpdatedAt       time.Time
	StatusChangedAt time.Time
	VisibleAt       time.Time // lists leave the card out until then
}

// ProductsTotal is the sum of the card's lines.
func (c *Card) ProductsTotal() decimal.Decimal { return linesTotal(c.Lines) }

// Events a Trigger can wait for.
const (
	EventOrderStatus  = "order.change_order_status"
	EventOrderPayment = "order.change_payment_status"
	EventCardStatus   = "lead.change_lead_status"
	EventCardCreated  = "card_created" // «Створення картки»: what it sends is named EventCardStatus
)

// Trigger is an automation rule with the action «Відправити Webhook».
type Trigger struct {
	ID        int64
	Name      string
	Event     string   // one of the Event constants
	Values    []string // status ids, or payment states for EventOrderPayment; empty: any
	SourceIDs []int64  // condition «Джерело → Включає»; empty: any
	URL       string
	Method    string // POST (default) or GET
	Active    bool
}

// Delivery is one webhook on its way: at most 3 attempts, until the answer is exactly 200.
type Delivery struct {
	ID        int64
	TriggerID int64 // 0: the stock webhook
	Event     string
	Method    string
	URL       string
	Body      []byte
	Attempts  []Attempt
	NextAt    time.Time
	Done      bool // delivered or given up
	CreatedAt time.Time
}

// Delivered reports whether an attempt was answered with 200.
func (d *Delivery) Delivered() bool {
	n := len(d.Attempts)
	return n > 0 && d.Attempts[n-1].Status == 200
}

// Attempt is one try of a delivery.
type Attempt struct {
	At     time.Time
	Status int // 0: no answer
	Err    string
}

// StockHook is the setting «Вебхуки залишків»: one address that learns of stock changes. An empty URL switches it off.
type StockHook struct {
	URL          string
	WarehouseIDs []int64 // summed; empty: all
}

// Request is a line of the request log.
type Request struct {
	At       time.Time
	Method   string
	Path     string // with /v1
	Query    string
	Key      string // the API key's last four characters
	Body     []byte
	Status   int
	Answer   []byte // its first 4 kB; empty when the connection was cut before an answer
	Duration time.Duration
}

func linesTotal(lines []Line) decimal.Decimal {
	var sum decimal.Decimal
	for i := range lines {
		sum = sum.Add(lines[i].PriceSold().Mul(lines[i].Quantity))
	}
	return sum.Round(2)
}

func paidTotal(payments []Payment) decimal.Decimal {
	var sum decimal.Decimal
	for _, p := range payments {
		if p.Status == "paid" {
			sum = sum.Add(p.Amount)
		}
	}
	return sum
}
