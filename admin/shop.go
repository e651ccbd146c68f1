package admin

import (
	"context"
	"fmt"
	"slices"

	"github.com/keybridge/keybridge/plugin"
)

// shopLists are the shop's own lists that the merchant maps to the CRM's.
type shopLists struct {
	statuses   []plugin.OrderStatus
	payments   []plugin.PaymentMethod
	deliveries []plugin.DeliveryMethod
	addOns     []plugin.AddOn
	fronts     []plugin.Storefront
}

func readShop(ctx context.Context, shop plugin.Shop) (*shopLists, error) {
	var s shopLists
	d := shop.Dictionaries()
	for _, read := range []func() error{
		func() (err error) { s.statuses, err = d.OrderStatuses(ctx); return err },
		func() (err error) { s.payments, err = d.PaymentMethods(ctx); return err },
		func() (err error) { s.deliveries, err = d.DeliveryMethods(ctx); return err },
		func() (err error) { s.fronts, err = d.Storefronts(ctx); return err },
		func() (err error) {
			if shop.Capabilities().Has(plugin.CapAddOns) {
				s.addOns, err = d.AddOns(ctx)
			}
			return err
		},
	} {
		if err := read(); err != nil {
			return nil, fmt.Errorf("read the shop's dictionaries: %w", err)
		}
	}
	return &s, nil
}

func (s *shopLists) statusName(code string) string {
	at := slices.IndexFunc(s.statuses, func(o plugin.OrderStatus) bool { return o.Code == code })
	if at < 0 {
		return code
	}
	return s.statuses[at].Name
}
