package entity

import (
	"time"

	"github.com/shopspring/decimal"
)

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

var hundred = decimal.NewFromInt(100)
