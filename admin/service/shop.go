package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/keybridge/keybridge/admin/form"
	"github.com/keybridge/keybridge/plugin"
)

// ReadShop reads the shop's own lists.
func ReadShop(ctx context.Context, shop plugin.Shop) (*form.ShopLists, error) {
	var s form.ShopLists
	d := shop.Dictionaries()
	for _, read := range []func() error{
		func() (err error) { s.Statuses, err = d.OrderStatuses(ctx); return err },
		func() (err error) { s.Payments, err = d.PaymentMethods(ctx); return err },
		func() (err error) { s.Deliveries, err = d.DeliveryMethods(ctx); return err },
		func() (err error) { s.Storefronts, err = d.Storefronts(ctx); return err },
		func() (err error) { s.Languages, err = d.Languages(ctx); return err },
		func() (err error) { s.Categories, err = readCategories(ctx, shop, s.Languages); return err },
		func() (err error) {
			if shop.Capabilities().Has(plugin.CapAddOns) {
				s.AddOns, err = d.AddOns(ctx)
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

// readCategories reads the shop's tree; a shop without a catalog has none.
func readCategories(ctx context.Context, shop plugin.Shop, langs []plugin.Language) ([]form.ShopCategory, error) {
	c := shop.Catalog()
	if c == nil {
		return nil, nil
	}
	lang := ""
	if len(langs) > 0 {
		lang = langs[0].Code
	}
	tree, err := c.Categories(ctx, lang)
	if errors.Is(err, plugin.ErrUnsupported) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	byID := make(map[plugin.CategoryID]plugin.Category, len(tree))
	for _, one := range tree {
		byID[one.ID] = one
	}
	out := make([]form.ShopCategory, 0, len(tree))
	for _, one := range tree {
		path := one.Name
		for up, steps := one.ParentID, 0; up != "" && steps < len(tree); up, steps = byID[up].ParentID, steps+1 {
			path = byID[up].Name + " → " + path
		}
		out = append(out, form.ShopCategory{ID: one.ID, Path: path})
	}
	slices.SortFunc(out, func(a, b form.ShopCategory) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.ID, b.ID))
	})
	return out, nil
}
