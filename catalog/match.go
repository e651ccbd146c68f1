package catalog

import (
	"strconv"
	"strings"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// match looks for the one product of the shop that the CRM's product is. It answers the product, or
// a plan that leaves everything alone and says why, or neither when the shop has none.
func match(r rules, g crmProduct, f productInputs) (found *plugin.Product, none *decision) {
	if r.Match == settings.MatchNever {
		return nil, taken(f)
	}
	if f.SeveralInCRM {
		return nil, conflict(ReasonSeveralInCRM, "", nil)
	}
	switch len(f.Hits) {
	case 0:
		return nil, nil
	case 1:
	default:
		return nil, conflict(ReasonSeveralInShop, "", Params{"count": strconv.Itoa(len(f.Hits))})
	}
	h := f.Hits[0]
	if c := owned(h); c != nil {
		return nil, c
	}
	if r.Match == settings.MatchID && !agrees(g, h.Product) {
		return nil, conflict(ReasonIDDiffers, h.Product.ID, Params{"product": string(h.Product.ID)})
	}
	return &h.Product, nil
}

// taken keeps a new product from doubling a SKU that the shop sells already.
func taken(f productInputs) *decision {
	if len(f.Hits) == 0 {
		return nil
	}
	id := f.Hits[0].Product.ID
	d := decision{Action: actNone, Product: id}
	d.item(ItemSkip, ReasonSKUTaken, Params{"product": string(id)})
	return &d
}

// owned refuses a product that is linked already.
func owned(h keyMatch) *decision {
	id := string(h.Product.ID)
	switch {
	case h.Connection != "":
		return conflict(ReasonOtherConnection, h.Product.ID, Params{"product": id, "connection": string(h.Connection)})
	case h.Owner != "":
		return conflict(ReasonLinkedElsewhere, h.Product.ID, Params{"product": id, "crm": h.Owner})
	}
	return nil
}

func conflict(reason Reason, id plugin.ProductID, p Params) *decision {
	d := decision{Action: actNone, Product: id}
	d.item(ItemConflict, reason, p)
	return &d
}

// agrees reports whether SKU or name confirm an equal id: ids of two systems collide by accident.
func agrees(g crmProduct, p plugin.Product) bool {
	if nameKey(g.Product.Name) != "" && nameKey(g.Product.Name) == nameKey(p.Name) {
		return true
	}
	skus := map[string]bool{}
	for _, v := range p.Variants {
		skus[strings.TrimSpace(v.SKU)] = true
	}
	for _, o := range g.Offers {
		if o.SKU != "" && skus[o.SKU] {
			return true
		}
	}
	return false
}

// nameKey is a name as names are compared: trimmed and with letters of one case.
func nameKey(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// keysOf are the values by which a product is looked up in the shop; none: it cannot be found.
func keysOf(key settings.MatchKey, g crmProduct) []string {
	switch key {
	case settings.MatchID, settings.MatchExternalID:
		return []string{g.Product.ID}
	case settings.MatchName:
		return unique([]string{strings.TrimSpace(g.Product.Name)})
	case settings.MatchBarcode:
		return unique(each(g.Offers, func(o Offer) string { return o.Barcode }))
	case settings.MatchSKU, settings.MatchNever:
		return unique(each(g.Offers, func(o Offer) string { return o.SKU }))
	}
	return nil
}

// shopKey is the shop's word for a key; false for the shop's own id, which is no key of its.
func shopKey(key settings.MatchKey) (plugin.ProductKey, bool) {
	switch key {
	case settings.MatchName:
		return plugin.KeyName, true
	case settings.MatchBarcode:
		return plugin.KeyBarcode, true
	case settings.MatchExternalID:
		return plugin.KeyExternalID, true
	case settings.MatchSKU, settings.MatchNever:
		return plugin.KeySKU, true
	}
	return "", false
}

func each[T, V any](list []T, f func(T) V) []V {
	out := make([]V, len(list))
	for i, v := range list {
		out[i] = f(v)
	}
	return out
}

// unique drops repeats and empty texts and keeps the order.
func unique(list []string) []string {
	seen := map[string]bool{"": true}
	var out []string
	for _, s := range list {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}
