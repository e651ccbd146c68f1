package admin

import (
	"cmp"
	"context"
	"errors"
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
	languages  []plugin.Language
	// categories stand in the order of the tree.
	categories []shopCategory
}

// shopCategory is a category of the shop with the names of those above it.
type shopCategory struct {
	id   plugin.CategoryID
	path string
}

func readShop(ctx context.Context, shop plugin.Shop) (*shopLists, error) {
	var s shopLists
	d := shop.Dictionaries()
	for _, read := range []func() error{
		func() (err error) { s.statuses, err = d.OrderStatuses(ctx); return err },
		func() (err error) { s.payments, err = d.PaymentMethods(ctx); return err },
		func() (err error) { s.deliveries, err = d.DeliveryMethods(ctx); return err },
		func() (err error) { s.fronts, err = d.Storefronts(ctx); return err },
		func() (err error) { s.languages, err = d.Languages(ctx); return err },
		func() (err error) { s.categories, err = readCategories(ctx, shop, s.languages); return err },
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

// readCategories reads the shop's tree; a shop without a catalog has none.
func readCategories(ctx context.Context, shop plugin.Shop, langs []plugin.Language) ([]shopCategory, error) {
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
	out := make([]shopCategory, 0, len(tree))
	for _, one := range tree {
		path := one.Name
		for up, steps := one.ParentID, 0; up != "" && steps < len(tree); up, steps = byID[up].ParentID, steps+1 {
			path = byID[up].Name + " → " + path
		}
		out = append(out, shopCategory{one.ID, path})
	}
	slices.SortFunc(out, func(a, b shopCategory) int {
		return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.id, b.id))
	})
	return out, nil
}

func (s *shopLists) hasCategory(id plugin.CategoryID) bool {
	return slices.ContainsFunc(s.categories, func(c shopCategory) bool { return c.id == id })
}

func (s *shopLists) hasLanguage(code string) bool {
	return slices.ContainsFunc(s.languages, func(l plugin.Language) bool { return l.Code == code })
}
