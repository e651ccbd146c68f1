package plan

import (
	"slices"
	"strings"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/internal/sliceutil"
	"github.com/keybridge/keybridge/plugin"
)

// Pairing says which variants of the shop's product the offers of a product are.
type Pairing struct {
	Pairs map[string]plugin.VariantID // by offer
	// adds are offers without a variant; unclear ones could be any of several.
	adds, unclear []catalog.Offer
}

// identity is a way in which an offer can be seen to be a variant: both bear the same text. An empty
// one says nothing.
type identity struct {
	offer   func(catalog.Offer) string
	variant func(plugin.Variant) string
}

// Pair pairs by link first, then by the code that identifies goods, then by options, and at last
// the only offer to the only variant. It takes one look at each, however many there are.
func Pair(r Rules, offers []catalog.Offer, shop plugin.Product, links map[string]VariantLink) Pairing {
	p := Pairing{Pairs: map[string]plugin.VariantID{}}
	free := slices.Clone(shop.Variants)
	rest := p.join(offers, &free, identity{
		func(o catalog.Offer) string { return string(links[o.ID].Variant) },
		func(v plugin.Variant) string { return string(v.ID) },
	})
	free = p.freeOf(free, offers, links, &rest)
	for _, same := range identities(r.Match) {
		rest = p.join(rest, &free, same)
	}
	if len(offers) == 1 && len(shop.Variants) == 1 && len(rest) == 1 && len(free) == 1 && len(rest[0].Options) == 0 {
		p.Pairs[rest[0].ID] = free[0].ID
		return p
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
func (p *Pairing) freeOf(free []plugin.Variant, offers []catalog.Offer, links map[string]VariantLink, rest *[]catalog.Offer) []plugin.Variant {
	gone, there := map[plugin.VariantID]bool{}, sliceutil.Set(sliceutil.Map(offers, func(o catalog.Offer) string { return o.ID }))
	for offer, l := range links {
		if !there[offer] {
			gone[l.Variant] = true
		}
	}
	if len(links) == 1 && len(free) == 1 && gone[free[0].ID] && len(free[0].Options) == 0 && len(*rest) > 0 {
		p.Pairs[(*rest)[0].ID] = free[0].ID
		*rest = (*rest)[1:]
		return nil
	}
	return slices.DeleteFunc(free, func(v plugin.Variant) bool { return gone[v.ID] })
}

// join pairs each offer with the only free variant that bears the same text, unless another offer
// would claim it too. It answers the offers left over.
func (p *Pairing) join(offers []catalog.Offer, free *[]plugin.Variant, same identity) []catalog.Offer {
	bearers := map[string][]plugin.VariantID{}
	for _, v := range *free {
		if text := same.variant(v); text != "" {
			bearers[text] = append(bearers[text], v.ID)
		}
	}
	claims := map[plugin.VariantID][]string{}
	for _, o := range offers {
		if hits := bearers[same.offer(o)]; len(hits) == 1 {
			claims[hits[0]] = append(claims[hits[0]], o.ID)
		}
	}
	paired := map[plugin.VariantID]bool{}
	for variant, by := range claims {
		if len(by) == 1 {
			p.Pairs[by[0]], paired[variant] = variant, true
		}
	}
	*free = slices.DeleteFunc(*free, func(v plugin.Variant) bool { return paired[v.ID] })
	return slices.DeleteFunc(slices.Clone(offers), func(o catalog.Offer) bool { return p.Pairs[o.ID] != "" })
}

// identities are the ways in which an offer can be seen to be a variant, the surest first.
func identities(key settings.MatchKey) []identity {
	sku := identity{func(o catalog.Offer) string { return o.SKU }, func(v plugin.Variant) string { return strings.TrimSpace(v.SKU) }}
	barcode := identity{func(o catalog.Offer) string { return o.Barcode }, func(v plugin.Variant) string { return strings.TrimSpace(v.Barcode) }}
	options := identity{
		func(o catalog.Offer) string { return optionsText(o.Options) },
		func(v plugin.Variant) string { return optionsText(v.Options) },
	}
	if key == settings.MatchBarcode {
		return []identity{barcode, sku, options}
	}
	return []identity{sku, barcode, options}
}

// optionsText has no regard to order or case: two systems write axes differently. Empty: no options.
func optionsText(list []plugin.Attribute) string {
	if len(list) == 0 {
		return ""
	}
	keys := sliceutil.Map(list, func(a plugin.Attribute) string { return NameKey(a.Name) + "\x00" + NameKey(a.Value) })
	slices.Sort(keys)
	return string(JSON(keys))
}
