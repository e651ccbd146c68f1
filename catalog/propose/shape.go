package propose

import (
	"context"
	"slices"

	"github.com/keybridge/keybridge/catalog/plan"
	"github.com/keybridge/keybridge/plugin"
)

// linkShapes answers which products stay whole, given the links of each and of its offers. The capability of
// the shop says it of those that are not linked; of what is linked the shop's products do, so only those
// are looked at that are not as the capability has it.
func (w Proposer) linkShapes(ctx context.Context, links map[string][]plan.LinkOfKey) (map[string]bool, error) {
	shop := map[plugin.ProductID]plugin.Product{}
	var ids []plugin.ProductID
	for id, list := range links {
		for _, l := range list {
			if w.legacyShape(id, l) {
				ids = append(ids, l.Product)
			}
		}
	}
	slices.Sort(ids)
	if err := w.ShopProducts(ctx, ids, shop); err != nil {
		return nil, err
	}
	whole := map[string]bool{}
	for id, list := range links {
		for i := range list {
			if w.legacyShape(id, list[i]) {
				list[i].Look(shop)
			}
		}
		whole[id] = plan.StaysWhole(id, list, shop, w.Rules.Can.AsProducts)
	}
	return whole, nil
}

// legacyShape reports whether a link is not of the kind that links of the shop are made now.
func (w Proposer) legacyShape(id string, l plan.LinkOfKey) bool {
	if w.Rules.Can.AsProducts {
		return l.Key == id && len(l.Offers) > 1
	}
	return l.Key != id
}
