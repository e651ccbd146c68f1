package demoshop

import (
	"net/url"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/plugin"
)

// orderRow is an order as its table keeps it.
type orderRow struct {
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

// lineRow is one position of an order.
type lineRow struct {
	ID        int64           `db:"id"`
	ProductID int64           `db:"product_id"`
	VariantID int64           `db:"variant_id"`
	SKU       string          `db:"sku"`
	Name      string          `db:"name"`
	Options   attributeList   `db:"options"`
	Quantity  decimal.Decimal `db:"quantity"`
	Unit      string          `db:"unit"`
	Price     decimal.Decimal `db:"price"`
	ImageID   *int64          `db:"image_id"`
	TookStock bool            `db:"took_stock"`
}

// Sum is what the line costs.
func (l lineRow) Sum() decimal.Decimal { return l.Price.Mul(l.Quantity) }

// addOnRow is a chosen add-on.
type addOnRow struct {
	Code     string          `db:"code"`
	Name     string          `db:"name"`
	Price    decimal.Decimal `db:"price"`
	Quantity decimal.Decimal `db:"quantity"`
	Value    string          `db:"value"`
}

// paymentRow is a payment made or expected.
type paymentRow struct {
	ID     int64           `db:"id"`
	Method string          `db:"method"`
	Amount decimal.Decimal `db:"amount"`
	State  string          `db:"state"`
	PaidAt *time.Time      `db:"paid_at"`
	Note   string          `db:"note"`
}

// historyRow is one line of an order's history.
type historyRow struct {
	At    time.Time `db:"at"`
	Actor string    `db:"actor"`
	Line  string    `db:"line"`
}

// fullOrder is an order with all that hangs on it.
type fullOrder struct {
	orderRow
	Lines    []lineRow
	AddOns   []addOnRow
	Payments []paymentRow
	History  []historyRow
}

// placementRow is what the scan reads.
type placementRow struct {
	ID         int64     `db:"id"`
	Storefront string    `db:"storefront"`
	Domain     string    `db:"domain"`
	PlacedAt   time.Time `db:"placed_at"`
}

func (p placementRow) contract() plugin.Placement {
	return plugin.Placement{
		Shop: ShopID, Order: formatID[plugin.OrderID](p.ID), Storefront: plugin.StorefrontID(p.Storefront),
		Domain: p.Domain, PlacedAt: p.PlacedAt.UTC(),
	}
}

func (o orderRow) placement() plugin.Placement {
	return placementRow{o.ID, o.Storefront, o.Domain, o.PlacedAt}.contract()
}

func (o orderRow) facts() plugin.Facts {
	f := plugin.Facts{
		CRMOrderID: o.CRMOrderID, CRMURL: o.CRMURL, TrackingNumber: o.TrackingNumber,
		ShippingStatus: o.ShippingStatus, PaymentState: o.CRMPayment,
	}
	if o.CRMTotal.Valid && o.CRMCurrency != nil {
		f.CRMTotal = &plugin.Money{Amount: o.CRMTotal.Decimal, Currency: *o.CRMCurrency}
	}
	return f
}

// contract writes the order for the plugin; pictures are addressed under the shop's public URL.
func (o fullOrder) contract(public *url.URL) plugin.Order {
	out := plugin.Order{
		ID: formatID[plugin.OrderID](o.ID), Number: o.Number, Storefront: plugin.StorefrontID(o.Storefront), Domain: o.Domain,
		Version: version(o.Version), PlacedAt: o.PlacedAt.UTC(), Status: o.Status, Currency: o.Currency,
		Buyer:     plugin.Buyer{FullName: o.BuyerName, Email: o.BuyerEmail, Phone: o.BuyerPhone},
		Recipient: plugin.Recipient{FullName: o.RecipientName, Phone: o.RecipientPhone},
		Discount:  o.Discount, DiscountPercent: o.DiscountPercent, PromoCode: o.PromoCode,
		Delivery: o.delivery(), Comment: o.Comment, Total: o.Total, Facts: o.facts(),
		UTM: plugin.UTM{Source: o.UTMSource, Medium: o.UTMMedium, Campaign: o.UTMCampaign, Term: o.UTMTerm, Content: o.UTMContent},
	}
	for _, l := range o.Lines {
		out.Lines = append(out.Lines, l.contract(public))
	}
	for _, a := range o.AddOns {
		out.AddOns = append(out.AddOns, plugin.OrderAddOn(a))
	}
	for _, p := range o.Payments {
		out.Payments = append(out.Payments, p.contract())
	}
	return out
}

func (o orderRow) delivery() plugin.Delivery {
	return plugin.Delivery{
		Method: o.DeliveryMethod, Price: o.DeliveryPrice, Country: o.Country, Region: o.Region, City: o.City, PostCode: o.PostCode,
		Street: o.Street, SecondLine: o.SecondLine, Branch: o.Branch, BranchRef: o.BranchRef, Date: o.DeliveryDate,
	}
}

func (l lineRow) contract(public *url.URL) plugin.OrderLine {
	out := plugin.OrderLine{
		ID: strconv.FormatInt(l.ID, 10), ProductID: formatID[plugin.ProductID](l.ProductID), VariantID: formatID[plugin.VariantID](l.VariantID),
		SKU: l.SKU, Name: l.Name, Options: l.Options, Quantity: l.Quantity, Unit: l.Unit, Price: l.Price,
	}
	if l.ImageID != nil {
		out.PictureURL = public.JoinPath("img", strconv.FormatInt(*l.ImageID, 10)).String()
	}
	return out
}

func (p paymentRow) contract() plugin.Payment {
	out := plugin.Payment{
		ID: strconv.FormatInt(p.ID, 10), Method: p.Method, Amount: p.Amount, State: plugin.PaymentState(p.State), Note: p.Note,
	}
	if p.PaidAt != nil {
		out.PaidAt = p.PaidAt.UTC()
	}
	return out
}
