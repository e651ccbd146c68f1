package plan

import (
	"strconv"
	"strings"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/internal/sliceutil"
	"github.com/keybridge/keybridge/plugin"
)

// match looks for the one product of the shop that the CRM's product is. It answers the product, or
// a plan that leaves everything alone and says why, or neither when the shop has none.
func match(r Rules, g CRMProduct, f ProductInputs) (found *plugin.Product, none *Plan) {
	if r.Match == settings.MatchNever {
		return nil, skuTaken(f)
	}
	if f.SeveralInCRM {
		return nil, conflict(catalog.ReasonSeveralInCRM, "", nil)
	}
	switch len(f.Hits) {
	case 0:
		return nil, nil
	case 1:
	default:
		return nil, conflict(catalog.ReasonSeveralInShop, "", catalog.Params{"count": strconv.Itoa(len(f.Hits))})
	}
	h := f.Hits[0]
	if c := linkedElsewhere(h); c != nil {
		return nil, c
	}
	if r.Match == settings.MatchID && !Agrees(g, h.Product) {
		return nil, conflict(catalog.ReasonIDDiffers, h.Product.ID, catalog.Params{"product": string(h.Product.ID)})
	}
	return &h.Product, nil
}

// skuTaken keeps a new product from doubling a SKU that the shop sells already.
func skuTaken(f ProductInputs) *Plan {
	if len(f.Hits) == 0 {
		return nil
	}
	id := f.Hits[0].Product.ID
	d := Plan{Action: actNone, Product: id}
	d.item(catalog.ItemSkip, catalog.ReasonSKUTaken, catalog.Params{"product": string(id)})
	return &d
}

// linkedElsewhere refuses a product that is linked already.
func linkedElsewhere(h keyMatch) *Plan {
	id := string(h.Product.ID)
	switch {
	case h.Connection != "":
		return conflict(catalog.ReasonOtherConnection, h.Product.ID, catalog.Params{"product": id, "connection": string(h.Connection)})
	case h.Owner != "":
		return conflict(catalog.ReasonLinkedElsewhere, h.Product.ID, catalog.Params{"product": id, "crm": h.Owner})
	}
	return nil
}

func conflict(reason catalog.Reason, id plugin.ProductID, p catalog.Params) *Plan {
	d := Plan{Action: actNone, Product: id}
	d.item(catalog.ItemConflict, reason, p)
	return &d
}

// Agrees reports whether SKU or name confirm an equal id: ids of two systems collide by accident.
func Agrees(g CRMProduct, p plugin.Product) bool {
	if NameKey(g.Product.Name) != "" && NameKey(g.Product.Name) == NameKey(p.Name) {
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

// NameKey is a name as names are compared: trimmed and with letters of one case.
func NameKey(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// KeysOf are the values by which a product is looked up in the shop; none: it cannot be found.
func KeysOf(key settings.MatchKey, g CRMProduct) []string {
	switch key {
	case settings.MatchID, settings.MatchExternalID:
		return []string{g.Product.ID}
	case settings.MatchName:
		return sliceutil.Unique([]string{strings.TrimSpace(g.Product.Name)})
	case settings.MatchBarcode:
		return sliceutil.Unique(sliceutil.Map(g.Offers, func(o catalog.Offer) string { return o.Barcode }))
	case settings.MatchSKU, settings.MatchNever:
		return sliceutil.Unique(sliceutil.Map(g.Offers, func(o catalog.Offer) string { return o.SKU }))
	}
	return nil
}

// ShopKey is the shop's word for a key; ok is false for the shop's own id, by which products are read and not looked
// up.
func ShopKey(key settings.MatchKey) (plugin.ProductKey, bool) {
	switch key {
	case settings.MatchName:
		return plugin.KeyName, true
	case settings.MatchBarcode:
		return plugin.KeyBarcode, true
	case settings.MatchExternalID:
		return plugin.KeyExternalID, true
	case settings.MatchSKU, settings.MatchNever:
		return plugin.KeySKU, true
	case settings.MatchID: // no key of the shop's
	}
	return "", false
}
