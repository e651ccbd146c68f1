package bridge

import (
	"net/url"
	"strconv"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
	"github.com/keybridge/keybridge/plugin"
)

// ShopID is the id of the only shop.
const ShopID plugin.ShopID = "demo"

// version writes a row's counter: it grows with every change the plugin can see, and never returns
// to a value it had.
func version(n int64) plugin.Version { return plugin.Version(strconv.FormatInt(n, 10)) }

// money writes a column; NULL is unset.
func money(d decimal.NullDecimal) plugin.Money {
	if !d.Valid {
		return plugin.Money{}
	}
	return plugin.Money{Amount: d.Decimal, Currency: domain.Currency}
}

// column reads an amount for its column; unset is NULL. Errors: ErrInvalid for another currency.
func column(m plugin.Money) (decimal.NullDecimal, error) {
	if m.IsSet() && m.Currency != domain.Currency {
		return decimal.NullDecimal{}, domain.Invalidf("price is in %s, the shop sells in %s", domain.Cut(m.Currency, 10), domain.Currency)
	}
	return decimal.NullDecimal{Decimal: m.Amount, Valid: m.IsSet()}, nil
}

func shopAttributes(list []plugin.Attribute) domain.Attributes {
	if list == nil {
		return nil
	}
	out := make(domain.Attributes, len(list))
	for i, a := range list {
		out[i] = domain.Attribute(a)
	}
	return out
}

func contractAttributes(list domain.Attributes) []plugin.Attribute {
	if list == nil {
		return nil
	}
	out := make([]plugin.Attribute, len(list))
	for i, a := range list {
		out[i] = plugin.Attribute(a)
	}
	return out
}

// contractProduct writes a product with its texts in one language.
func contractProduct(p domain.Product, lang string, variants []domain.Variant, images []domain.Image) plugin.Product {
	t := p.TextIn(lang)
	out := plugin.Product{
		ID: domain.FormatID[plugin.ProductID](p.ID), Version: version(p.Version), ExternalID: p.ExternalID, Name: t.Name,
		Description: t.Description, CategoryID: domain.FormatID[plugin.CategoryID](p.CategoryID), Published: p.Published,
		Orderable: p.Orderable, Unit: p.Unit, Attributes: contractAttributes(p.Attributes),
	}
	for _, v := range variants {
		out.Variants = append(out.Variants, contractVariant(v))
	}
	for _, i := range images {
		out.Images = append(out.Images, plugin.Image{ID: domain.FormatID[plugin.ImageID](i.ID), SourceURL: i.SourceURL, SHA256: i.SHA256})
	}
	return out
}

func contractVariant(v domain.Variant) plugin.Variant {
	out := plugin.Variant{
		ID: domain.FormatID[plugin.VariantID](v.ID), SKU: v.SKU, Barcode: v.Barcode, Price: money(v.Price), OldPrice: money(v.OldPrice),
		Orderable: v.Orderable, Published: v.Published, Options: contractAttributes(v.Options),
		Size: plugin.Size{Weight: v.Weight, Length: v.Length, Width: v.Width, Height: v.Height},
	}
	if v.Stock.Valid {
		out.Stock = &v.Stock.Decimal
	}
	return out
}

// contractOrder writes an order; pictures are addressed under the shop's public URL.
func contractOrder(o domain.FullOrder, public *url.URL) plugin.Order {
	out := plugin.Order{
		ID: domain.FormatID[plugin.OrderID](o.ID), Number: o.Number, Storefront: plugin.StorefrontID(o.Storefront), Domain: o.Domain,
		Version: version(o.Version), PlacedAt: o.PlacedAt.UTC(), Status: o.Status, Currency: o.Currency,
		Buyer:     plugin.Buyer{FullName: o.BuyerName, Email: o.BuyerEmail, Phone: o.BuyerPhone},
		Recipient: plugin.Recipient{FullName: o.RecipientName, Phone: o.RecipientPhone},
		Discount:  o.Discount, DiscountPercent: o.DiscountPercent, PromoCode: o.PromoCode,
		Delivery: contractDelivery(o.Order), Comment: o.Comment, Total: o.Total, Facts: contractFacts(o.Order),
		UTM: plugin.UTM{Source: o.UTMSource, Medium: o.UTMMedium, Campaign: o.UTMCampaign, Term: o.UTMTerm, Content: o.UTMContent},
	}
	for _, l := range o.Lines {
		out.Lines = append(out.Lines, contractLine(l, public))
	}
	for _, a := range o.AddOns {
		out.AddOns = append(out.AddOns, plugin.OrderAddOn(a))
	}
	for _, p := range o.Payments {
		out.Payments = append(out.Payments, contractPayment(p))
	}
	return out
}

func contractDelivery(o domain.Order) plugin.Delivery {
	return plugin.Delivery{
		Method: o.DeliveryMethod, Price: o.DeliveryPrice, Country: o.Country, Region: o.Region, City: o.City, PostCode: o.PostCode,
		Street: o.Street, SecondLine: o.SecondLine, Branch: o.Branch, BranchRef: o.BranchRef, Date: o.DeliveryDate,
	}
}

func contractLine(l domain.OrderLine, public *url.URL) plugin.OrderLine {
	out := plugin.OrderLine{
		ID: strconv.FormatInt(l.ID, 10), ProductID: domain.FormatID[plugin.ProductID](l.ProductID), VariantID: domain.FormatID[plugin.VariantID](l.VariantID),
		SKU: l.SKU, Name: l.Name, Options: contractAttributes(l.Options), Quantity: l.Quantity, Unit: l.Unit, Price: l.Price,
	}
	if l.ImageID != nil {
		out.PictureURL = public.JoinPath("img", strconv.FormatInt(*l.ImageID, 10)).String()
	}
	return out
}

func contractPayment(p domain.Payment) plugin.Payment {
	out := plugin.Payment{
		ID: strconv.FormatInt(p.ID, 10), Method: p.Method, Amount: p.Amount, State: plugin.PaymentState(p.State), Note: p.Note,
	}
	if p.PaidAt != nil {
		out.PaidAt = p.PaidAt.UTC()
	}
	return out
}

func contractPlacement(p domain.Placement) plugin.Placement {
	return plugin.Placement{
		Shop: ShopID, Order: domain.FormatID[plugin.OrderID](p.Order), Storefront: plugin.StorefrontID(p.Storefront),
		Domain: p.Domain, PlacedAt: p.PlacedAt.UTC(),
	}
}

func contractFacts(o domain.Order) plugin.Facts {
	f := plugin.Facts{
		CRMOrderID: o.CRMOrderID, CRMURL: o.CRMURL, TrackingNumber: o.TrackingNumber,
		ShippingStatus: o.ShippingStatus, PaymentState: o.CRMPayment,
	}
	if o.CRMTotal.Valid && o.CRMCurrency != nil {
		f.CRMTotal = &plugin.Money{Amount: o.CRMTotal.Decimal, Currency: *o.CRMCurrency}
	}
	return f
}

// shopFacts reads what the CRM knows.
func shopFacts(f plugin.Facts) domain.Facts {
	out := domain.Facts{
		CRMOrderID: f.CRMOrderID, CRMURL: f.CRMURL, TrackingNumber: f.TrackingNumber,
		ShippingStatus: f.ShippingStatus, PaymentState: f.PaymentState,
	}
	if f.CRMTotal != nil {
		out.CRMTotal = &domain.CRMTotal{Amount: f.CRMTotal.Amount, Currency: f.CRMTotal.Currency}
	}
	return out
}

// contractEvent writes a queued event. A write of the plugin's own comes back with the origin it
// gave, so that it does not answer itself.
func contractEvent(e domain.Event) plugin.Event {
	out := plugin.Event{
		Kind: plugin.EventKind(e.Kind), Shop: ShopID, Order: domain.FormatID[plugin.OrderID](e.Order),
		Actor:  plugin.Actor{Kind: plugin.ActorKind(e.Actor.Kind), ID: e.Actor.ID},
		Origin: plugin.Origin{Plugin: e.Origin.Plugin, Connection: plugin.ConnectionID(e.Origin.Connection), Ref: e.Origin.Ref},
		At:     e.At, From: e.From, To: e.To,
	}
	if e.Placement != nil {
		p := contractPlacement(*e.Placement)
		out.Placement = &p
	}
	return out
}
