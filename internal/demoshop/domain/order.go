package domain

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/shopspring/decimal"
)

// Order is an order as its table keeps it.
type Order struct {
	ID              int64               `db:"id"`
	Number          string              `db:"number"`
	AccessKey       string              `db:"access_key"`
	CheckoutHash    []byte              `db:"checkout_hash"`
	Storefront      string              `db:"storefront"`
	Domain          string              `db:"domain"`
	Version         int64               `db:"version"`
	PlacedAt        time.Time           `db:"placed_at"`
	Status          string              `db:"status"`
	Currency        string              `db:"currency"`
	BuyerName       string              `db:"buyer_name"`
	BuyerPhone      string              `db:"buyer_phone"`
	BuyerEmail      string              `db:"buyer_email"`
	RecipientName   string              `db:"recipient_name"`
	RecipientPhone  string              `db:"recipient_phone"`
	Discount        decimal.Decimal     `db:"discount"`
	DiscountPercent decimal.Decimal     `db:"discount_percent"`
	PromoCode       string              `db:"promo_code"`
	DeliveryMethod  string              `db:"delivery_method"`
	DeliveryPrice   decimal.Decimal     `db:"delivery_price"`
	Country         string              `db:"country"`
	Region          string              `db:"region"`
	City            string              `db:"city"`
	PostCode        string              `db:"post_code"`
	Street          string              `db:"street"`
	SecondLine      string              `db:"second_line"`
	Branch          string              `db:"branch"`
	BranchRef       string              `db:"branch_ref"`
	DeliveryDate    string              `db:"delivery_date"`
	Comment         string              `db:"comment"`
	UTMSource       string              `db:"utm_source"`
	UTMMedium       string              `db:"utm_medium"`
	UTMCampaign     string              `db:"utm_campaign"`
	UTMTerm         string              `db:"utm_term"`
	UTMContent      string              `db:"utm_content"`
	Total           decimal.Decimal     `db:"total"`
	CRMOrderID      *string             `db:"crm_order_id"`
	CRMURL          *string             `db:"crm_url"`
	TrackingNumber  *string             `db:"tracking_number"`
	ShippingStatus  *string             `db:"shipping_status"`
	CRMPayment      *string             `db:"crm_payment"`
	CRMTotal        decimal.NullDecimal `db:"crm_total"`
	CRMCurrency     *string             `db:"crm_currency"`
}

// OrderLine is one position of an order.
type OrderLine struct {
	ID        int64           `db:"id"`
	ProductID int64           `db:"product_id"`
	VariantID int64           `db:"variant_id"`
	SKU       string          `db:"sku"`
	Name      string          `db:"name"`
	Options   Attributes      `db:"options"`
	Quantity  decimal.Decimal `db:"quantity"`
	Unit      string          `db:"unit"`
	Price     decimal.Decimal `db:"price"`
	ImageID   *int64          `db:"image_id"`
	TookStock bool            `db:"took_stock"`
}

// Sum is what the line costs.
func (l OrderLine) Sum() decimal.Decimal { return l.Price.Mul(l.Quantity) }

// OrderAddOn is a chosen add-on.
type OrderAddOn struct {
	Code     string          `db:"code"`
	Name     string          `db:"name"`
	Price    decimal.Decimal `db:"price"`
	Quantity decimal.Decimal `db:"quantity"`
	Value    string          `db:"value"`
}

// Payment is a payment made or expected.
type Payment struct {
	ID     int64           `db:"id"`
	Method string          `db:"method"`
	Amount decimal.Decimal `db:"amount"`
	State  string          `db:"state"`
	PaidAt *time.Time      `db:"paid_at"`
	Note   string          `db:"note"`
}

// HistoryLine is one line of an order's history.
type HistoryLine struct {
	At    time.Time `db:"at"`
	Actor string    `db:"actor"`
	Line  string    `db:"line"`
}

// FullOrder is an order with all that hangs on it.
type FullOrder struct {
	Order
	Lines    []OrderLine
	AddOns   []OrderAddOn
	Payments []Payment
	History  []HistoryLine
}

// GoodsSum is what the lines cost together.
func (o FullOrder) GoodsSum() decimal.Decimal {
	sum := decimal.Zero
	for _, l := range o.Lines {
		sum = sum.Add(l.Sum())
	}
	return sum
}

// Mask hides most of the buyer's contacts from those who only look.
func (o *FullOrder) Mask() {
	o.BuyerPhone, o.RecipientPhone = maskTail(o.BuyerPhone), maskTail(o.RecipientPhone)
	if name, host, ok := strings.Cut(o.BuyerEmail, "@"); ok {
		o.BuyerEmail = Cut(name, 1) + "•••@" + host
	}
}

// maskTail keeps the last two letters.
func maskTail(s string) string {
	n := utf8.RuneCountInString(s)
	if n <= 2 {
		return s
	}
	runes := []rune(s)
	return strings.Repeat("•", n-2) + string(runes[n-2:])
}

// Placement is what is told of the order when it is placed.
func (o Order) Placement() Placement {
	return Placement{Order: o.ID, Storefront: o.Storefront, Domain: o.Domain, PlacedAt: o.PlacedAt}
}

// The states of a payment.
const (
	PaymentPending  = "pending"
	PaymentPaid     = "paid"
	PaymentCanceled = "canceled"
)
