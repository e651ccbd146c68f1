package plugin

import (
	"context"

	"github.com/shopspring/decimal"
)

// Dictionaries are the shop's lists that the merchant maps to the CRM's. Codes are stable; names are
// in the shop's locale. Entries no longer offered stay listed with Retired=true while orders use them.
// Errors of every method: ErrTemporary, and whoever needs the list tries again later (a page says that it is not
// there); a shop that has no such list answers nil and no error. Safe for concurrent use.
type Dictionaries interface {
	// OrderStatuses are the states of the shop's status machine; one at least.
	OrderStatuses(ctx context.Context) ([]OrderStatus, error)
	// PaymentMethods are the ways to pay.
	PaymentMethods(ctx context.Context) ([]PaymentMethod, error)
	// DeliveryMethods are the ways to deliver.
	DeliveryMethods(ctx context.Context) ([]DeliveryMethod, error)
	// AddOns answers nil for a shop without CapAddOns.
	AddOns(ctx context.Context) ([]AddOn, error)
	// Storefronts are the faces of the shop; nil: it has none apart.
	Storefronts(ctx context.Context) ([]Storefront, error)
	// Languages are those the shop keeps texts in; the first is the default.
	Languages(ctx context.Context) ([]Language, error)
}

// OrderStatus is one state of the shop's status machine.
type OrderStatus struct {
	Code string
	Name string
	// Final: no further move is expected (done or cancelled).
	Final bool
	// Canceled: the sale did not happen; such an order is not sent if it was never sent.
	Canceled bool
	Retired  bool
}

// PaymentMethod is a way to pay.
type PaymentMethod struct {
	Code    string
	Name    string
	Retired bool
}

// DeliveryMethod is a way to deliver.
type DeliveryMethod struct {
	Code string
	Name string
	// Carrier is a hint for proposals: "novaposhta", "ukrposhta", "pickup" or empty.
	Carrier string
	Retired bool
}

// AddOn is an add-on that buyers may choose with an order.
type AddOn struct {
	Code    string
	Name    string
	Price   decimal.Decimal // zero: free
	Retired bool
}

// Storefront is one face of the shop.
type Storefront struct {
	ID      StorefrontID
	Name    string
	Domains []string // lower case host names, no port
}

// Language is a language of texts.
type Language struct {
	Code string // BCP 47, "uk"
	Name string
}
