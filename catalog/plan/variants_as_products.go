package plan

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/sliceutil"
	"github.com/keybridge/keybridge/plugin"
)

// Look notes what the shop says of the linked product: it is gone, or has a single variant, so that only the offer of
// that one is linked.
func (l *LinkOfKey) Look(shop map[plugin.ProductID]plugin.Product) {
	p, there := shop[l.Product]
	if l.Gone = !there; l.Gone || len(p.Variants) != 1 {
		return
	}
	if i := slices.Index(l.Variants, string(p.Variants[0].ID)); i >= 0 {
		l.Offers, l.Variants = l.Offers[i:i+1], l.Variants[i:i+1]
	}
}

// StaysWhole reports whether the product id is one product in the shop rather than one for each variant. asProducts is
// the shop's capability; links are those of the product and its offers.
func StaysWhole(id string, links []LinkOfKey, shop map[plugin.ProductID]plugin.Product, asProducts bool) bool {
	links = there(links)
	if slices.ContainsFunc(links, func(l LinkOfKey) bool { return l.Key == id }) {
		return !asProducts || slices.ContainsFunc(links, func(l LinkOfKey) bool { return l.Key == id && len(shop[l.Product].Variants) > 1 })
	}
	if asProducts {
		return false
	}
	// Linked by key alone: the products were made one again when a single one is left that has variants.
	return len(links) == 0 || len(links) == 1 && len(shop[links[0].Product].Variants) > 1
}

// there drops the links of what the shop no longer has.
func there(links []LinkOfKey) []LinkOfKey {
	return slices.DeleteFunc(slices.Clone(links), func(l LinkOfKey) bool { return l.Gone })
}

// A shop may keep each variant as a product of its own. For such a one each live offer of a product
// with variants is staged as a product before anything is planned, under a key made of both codes.
// A product without variants stays itself, under its own code: keys and codes cannot be mistaken.
//
// What is linked stays as it is linked when the shop becomes one of the other kind, for as long as it
// keeps the products so: nothing is doubled then, and nothing sold twice.

// KeySeparator stands between the codes of a key. Codes of a CRM that has it in them are not for shops
// of this kind.
const KeySeparator = "/"

func offerKey(product, offer string) string { return product + KeySeparator + offer }

// CutKey answers the code of the CRM's product behind a key, and that of the offer; offer is empty when the key is that
// of a whole product.
func CutKey(key string) (product, offer string) {
	product, offer, _ = strings.Cut(key, KeySeparator)
	return product, offer
}

// comesInVariants reports whether a product is one of those that are split.
func comesInVariants(g CRMProduct) bool { return g.Product.Several || len(g.Offers) > 1 }

// splitGoods makes a product of each offer.
func splitGoods(g CRMProduct) []CRMProduct {
	out := make([]CRMProduct, len(g.Offers))
	for i, o := range g.Offers {
		p := g.Product
		p.ID, p.Name, p.Several, p.Own = offerKey(g.Product.ID, o.ID), offerName(g.Product.Name, o), false, catalog.Offer{}
		p.Attributes = merged(p.Attributes, o.Options)
		o.ProductID, o.Options = p.ID, nil
		out[i] = CRMProduct{Product: p, Offers: []catalog.Offer{o}}
	}
	return out
}

// offerName distinguishes a variant from its siblings: by the values of its options, or else by its SKU.
func offerName(name string, o catalog.Offer) string {
	if name == "" {
		return ""
	}
	by := strings.Join(sliceutil.Unique(sliceutil.Map(o.Options, func(a plugin.Attribute) string { return strings.TrimSpace(a.Value) })), ", ")
	if by = cmp.Or(by, o.SKU); by == "" {
		return name
	}
	return name + " (" + by + ")"
}

// Parent is a staged product as the CRM has it.
type Parent struct {
	ID       string    `db:"id"`
	Presence Presence  `db:"presence"`
	Scanned  bool      `db:"scanned"`
	ReadAt   time.Time `db:"read_at"`
}

// LinkOfKey is a link by its key, with the offers it was made from and their variants.
type LinkOfKey struct {
	Key      string
	Product  plugin.ProductID
	Offers   []string
	Variants []string
	// Gone: the shop no longer has the product, as far as that was looked at.
	Gone bool
}

// Splitting is what becomes of some staged products.
type Splitting struct {
	Rows []StagedProduct
	// Offers go to the products made of them.
	Offers []catalog.Offer
	// Parents are those that were split: what stands for them is said here.
	Parents map[string]Presence
	// Keys of links that move, by the old one.
	Keys map[string]string
}

// Add splits one product, unless it is to stay whole. Links are those of its key and of the keys of its
// offers.
func (s *Splitting) Add(p Parent, g CRMProduct, links []LinkOfKey, whole bool) {
	kept := map[string]bool{}
	switch {
	case p.Presence != Live:
		kept[p.ID] = true // it speaks for itself
	case whole || !comesInVariants(g) || len(g.Offers) == 0 && len(links) == 0:
		kept[p.ID] = true
		s.mergeToProduct(p.ID, g, there(links))
	default:
		s.Parents[p.ID] = Outside
		for _, one := range splitGoods(g) {
			kept[one.Product.ID] = true
			s.Offers = append(s.Offers, one.Offers...)
			s.Rows = append(s.Rows, staged(one.Product, p))
		}
		s.expandToVariants(p.ID, g, there(links))
	}
	for _, l := range links {
		key := cmp.Or(s.Keys[l.Key], l.Key)
		switch {
		case kept[key]:
		case key == p.ID:
			s.Parents[p.ID] = Absent
		default:
			s.Rows = append(s.Rows, gone(key, p))
		}
	}
}

// mergeToProduct keeps a product of the shop when the offers of a product have become one without variants.
func (s *Splitting) mergeToProduct(id string, g CRMProduct, links []LinkOfKey) {
	if len(links) == 0 || slices.ContainsFunc(links, func(l LinkOfKey) bool { return l.Key == id }) {
		return
	}
	s.Keys[survivingLink(links, g).Key] = id
}

// expandToVariants keeps a product of the shop when the CRM's has got variants: it goes on as one of them.
func (s *Splitting) expandToVariants(id string, g CRMProduct, links []LinkOfKey) {
	at := slices.IndexFunc(links, func(l LinkOfKey) bool { return l.Key == id })
	if at < 0 {
		return
	}
	taken := sliceutil.Set(sliceutil.Map(links, func(l LinkOfKey) string { return l.Key }))
	var free []string
	for _, o := range g.Offers {
		if key := offerKey(id, o.ID); !taken[key] {
			if slices.Contains(links[at].Offers, o.ID) {
				s.Keys[id] = key
				return
			}
			free = append(free, key)
		}
	}
	if len(free) > 0 {
		s.Keys[id] = free[0]
	}
}

// survivingLink picks the link of an offer that is still there, or else the first.
func survivingLink(links []LinkOfKey, g CRMProduct) LinkOfKey {
	there := sliceutil.Set(sliceutil.Map(g.Offers, func(o catalog.Offer) string { return o.ID }))
	for _, l := range links {
		if _, offer := CutKey(l.Key); there[offer] {
			return l
		}
	}
	return links[0]
}

func staged(one catalog.Product, p Parent) StagedProduct {
	body := JSON(one)
	return StagedProduct{
		ID: one.ID, Presence: Live, Scanned: p.Scanned, NameKey: NameKey(one.Name), Category: one.CategoryID,
		Hash: Digest(body), Body: body, ReadAt: p.ReadAt.UTC(),
	}
}

// gone stands for a linked offer that the CRM no longer has.
func gone(key string, p Parent) StagedProduct {
	return StagedProduct{ID: key, Presence: Absent, Body: []byte("{}"), Hash: []byte{}, ReadAt: p.ReadAt.UTC()}
}
