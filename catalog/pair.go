package catalog

import (
	"slices"
	"strings"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// pairing joins the offers of a product to the variants of its shop product.
type pairing struct {
	pairs map[string]plugin.VariantID
	// adds are offers without a variant; unclear ones could be any of several.
	adds, unclear []Offer
}

// pair joins by link first, then by the code that identifies goods, then by options, and at last
// the only offer to the only variant.
func pair(r rules, offers []Offer, shop plugin.Product, links map[string]variantLink) pairing {
	p := pairing{pairs: map[string]plugin.VariantID{}}
	free := slices.Clone(shop.Variants)
	rest := p.join(offers, &free, func(o Offer, v plugin.Variant) bool { return links[o.ID].Variant == v.ID })
	free = p.freeOf(free, offers, links, &rest)
	for _, same := range identities(r.Match) {
		rest = p.join(rest, &free, same)
	}
	if len(offers) == 1 && len(shop.Variants) == 1 && len(rest) == 1 && len(free) == 1 && len(rest[0].Options) == 0 {
		rest = p.join(rest, &free, func(Offer, plugin.Variant) bool { return true })
	}
	for _, o := range rest {
		if o.SKU == "" && o.Barcode == "" && len(o.Options) == 0 && len(free) > 0 {
			p.unclear = append(p.unclear, o)
			continue
		}
		p.adds = append(p.adds, o)
	}
	return p
}

// freeOf takes variants out that are linked to offers now gone, so that no other offer takes them —
// but for one case: a product without variants that has got some. Its only variant stays sold, as
// the first of them.
func (p *pairing) freeOf(free []plugin.Variant, offers []Offer, links map[string]variantLink, rest *[]Offer) []plugin.Variant {
	gone := map[plugin.VariantID]bool{}
	for offer, l := range links {
		if !slices.ContainsFunc(offers, func(o Offer) bool { return o.ID == offer }) {
			gone[l.Variant] = true
		}
	}
	if len(links) == 1 && len(free) == 1 && gone[free[0].ID] && len(free[0].Options) == 0 && len(*rest) > 0 {
		p.pairs[(*rest)[0].ID] = free[0].ID
		*rest = (*rest)[1:]
		return nil
	}
	return slices.DeleteFunc(free, func(v plugin.Variant) bool { return gone[v.ID] })
}

// join pairs each offer with the only free variant for which same holds, unless another offer would
// claim it too. It answers the offers left over.
func (p *pairing) join(offers []Offer, free *[]plugin.Variant, same func(Offer, plugin.Variant) bool) []Offer {
	claims := map[plugin.VariantID][]string{}
	for _, o := range offers {
		var hits []plugin.VariantID
		for _, v := range *free {
			if same(o, v) {
				hits = append(hits, v.ID)
			}
		}
		if len(hits) == 1 {
			claims[hits[0]] = append(claims[hits[0]], o.ID)
		}
	}
	for variant, by := range claims {
		if len(by) == 1 {
			p.pairs[by[0]] = variant
			*free = slices.DeleteFunc(*free, func(v plugin.Variant) bool { return v.ID == variant })
		}
	}
	return slices.DeleteFunc(slices.Clone(offers), func(o Offer) bool { return p.pairs[o.ID] != "" })
}

// identities are the ways in which an offer can be seen to be a variant, the surest first.
func identities(key settings.MatchKey) []func(Offer, plugin.Variant) bool {
	sku := func(o Offer, v plugin.Variant) bool { return o.SKU != "" && o.SKU == strings.TrimSpace(v.SKU) }
	barcode := func(o Offer, v plugin.Variant) bool {
		return o.Barcode != "" && o.Barcode == strings.TrimSpace(v.Barcode)
	}
	options := func(o Offer, v plugin.Variant) bool { return len(o.Options) > 0 && sameOptions(o.Options, v.Options) }
	if key == settings.MatchBarcode {
		return []func(Offer, plugin.Variant) bool{barcode, sku, options}
	}
	return []func(Offer, plugin.Variant) bool{sku, barcode, options}
}

// sameOptions compares without regard to order or case: two systems write axes differently.
func sameOptions(a, b []plugin.Attribute) bool {
	return slices.Equal(optionKeys(a), optionKeys(b))
}

func optionKeys(list []plugin.Attribute) []string {
	keys := each(list, func(a plugin.Attribute) string { return nameKey(a.Name) + "\x00" + nameKey(a.Value) })
	slices.Sort(keys)
	return keys
}
