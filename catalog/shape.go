package catalog

import (
	"context"
	"slices"

	"github.com/keybridge/keybridge/plugin"
)

// shapes answers which products stay whole, given the links of each and of its offers. The capability of
// the shop says it of those that are not linked; of what is linked the shop's products do, so only those
// are looked at that are not as the capability has it.
func (w *worker) shapes(ctx context.Context, links map[string][]keyed) (map[string]bool, error) {
	m := planInputs{shop: map[plugin.ProductID]plugin.Product{}}
	var ids []plugin.ProductID
	for id, list := range links {
		for _, l := range list {
			if w.odd(id, l) {
				ids = append(ids, l.Product)
			}
		}
	}
	slices.Sort(ids)
	if err := w.readProductsOf(ctx, ids, &m); err != nil {
		return nil, err
	}
	whole := map[string]bool{}
	for id, list := range links {
		for i := range list {
			if w.odd(id, list[i]) {
				list[i].look(m.shop)
			}
		}
		whole[id] = staysWhole(id, list, m.shop, w.rules.Can.AsProducts)
	}
	return whole, nil
}

// odd reports whether a link is not of the kind that links of the shop are made now.
func (w *worker) odd(id string, l keyed) bool {
	if w.rules.Can.AsProducts {
		return l.Key == id && len(l.Offers) > 1
	}
	return l.Key != id
}

// look notes what the shop has made of a product: nothing, or one with a single variant.
func (l *keyed) look(shop map[plugin.ProductID]plugin.Product) {
	p, there := shop[l.Product]
	if l.Gone = !there; l.Gone || len(p.Variants) != 1 {
		return
	}
	if i := slices.Index(l.Variants, string(p.Variants[0].ID)); i >= 0 {
		l.Offers, l.Variants = l.Offers[i:i+1], l.Variants[i:i+1]
	}
}

// staysWhole reports whether a product is one in the shop. It is pure.
func staysWhole(id string, links []keyed, shop map[plugin.ProductID]plugin.Product, asProducts bool) bool {
	links = there(links)
	if slices.ContainsFunc(links, func(l keyed) bool { return l.Key == id }) {
		return !asProducts || slices.ContainsFunc(links, func(l keyed) bool { return l.Key == id && len(shop[l.Product].Variants) > 1 })
	}
	if asProducts {
		return false
	}
	// Linked by key alone: the products were made one again when a single one is left that has variants.
	return len(links) == 0 || len(links) == 1 && len(shop[links[0].Product].Variants) > 1
}

// there drops the links of what the shop no longer has.
func there(links []keyed) []keyed {
	return slices.DeleteFunc(slices.Clone(links), func(l keyed) bool { return l.Gone })
}
