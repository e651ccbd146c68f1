package catalog

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/plugin"
)

// A shop may keep each variant as a product of its own. For such a one each live offer of a product
// with variants is staged as a product before anything is planned, under a key made of both codes.
// A product without variants stays itself, under its own code: keys and codes cannot be mistaken.
//
// What is linked stays as it is linked when the shop becomes one of the other kind, for as long as it
// keeps the products so: nothing is doubled then, and nothing sold twice.

// keySeparator stands between the codes of a key. Codes of a CRM that has it in them are not for shops
// of this kind.
const keySeparator = "/"

// splitBatch is how many products of the CRM are split in one transaction.
const splitBatch = 250

func offerKey(product, offer string) string { return product + keySeparator + offer }

// cutKey answers the code of the CRM's product behind a key, and that of the offer when the key is of
// one.
func cutKey(key string) (product, offer string) {
	product, offer, _ = strings.Cut(key, keySeparator)
	return product, offer
}

// askedFor are the codes by which the CRM knows the products behind keys, each once.
func (w *worker) askedFor(keys []string) []string {
	if !w.keyed {
		return keys
	}
	return unique(each(keys, func(k string) string { product, _ := cutKey(k); return product }))
}

// underKeys answers products once for each key that was to be asked for.
func (w *worker) underKeys(keys []string, rows []Product) []Product {
	if !w.keyed {
		return rows
	}
	var out []Product
	for _, key := range keys {
		id, _ := cutKey(key)
		for _, p := range rows {
			if p.ID == id {
				p.ID = key
				out = append(out, p)
				break
			}
		}
	}
	return out
}

// sameID is the shop's product whose id equals the CRM's: that of the offer when the key is of one.
func (w *worker) sameID(key string) plugin.ProductID {
	if _, offer := cutKey(key); offer != "" && w.keyed {
		return plugin.ProductID(offer)
	}
	return plugin.ProductID(key)
}

// comesInVariants reports whether a product is one of those that are split.
func comesInVariants(g crmProduct) bool { return g.Product.Several || len(g.Offers) > 1 }

// splitGoods makes a product of each offer.
func splitGoods(g crmProduct) []crmProduct {
	out := make([]crmProduct, len(g.Offers))
	for i, o := range g.Offers {
		p := g.Product
		p.ID, p.Name, p.Several, p.Own = offerKey(g.Product.ID, o.ID), offerName(g.Product.Name, o), false, Offer{}
		p.Attributes = merged(p.Attributes, o.Options)
		o.ProductID, o.Options = p.ID, nil
		out[i] = crmProduct{Product: p, Offers: []Offer{o}}
	}
	return out
}

// offerName tells an offer from its sisters: by the values of its options, or else by its SKU.
func offerName(name string, o Offer) string {
	if name == "" {
		return ""
	}
	by := strings.Join(unique(each(o.Options, func(a plugin.Attribute) string { return strings.TrimSpace(a.Value) })), ", ")
	if by = orDefault(by, o.SKU); by == "" {
		return name
	}
	return name + " (" + by + ")"
}

// parent is a staged product as the CRM has it.
type parent struct {
	ID       string    `db:"id"`
	Presence presence  `db:"presence"`
	Scanned  bool      `db:"scanned"`
	ReadAt   time.Time `db:"read_at"`
}

// keyed is a link by its key, with the offers it was made from and their variants.
type keyed struct {
	Key      string
	Product  plugin.ProductID
	Offers   []string
	Variants []string
	// Gone: the shop no longer has the product, as far as that was looked at.
	Gone bool
}

// splitting is what becomes of some staged products.
type splitting struct {
	rows []stagedProduct
	// offers go to the products made of them.
	offers []Offer
	// parents are those that were split: what stands for them is said here.
	parents map[string]presence
	// keys of links that move, by the old one.
	keys map[string]string
}

// split splits the next staged products; false: all are.
func (w *worker) split(ctx context.Context, at cursor) (bool, error) {
	if !w.keyed || at.Page != "" || at.Group > 0 {
		return false, nil
	}
	parents, err := w.e.store.parents(ctx, w.run, w.rules.Can.AsProducts, at.After, min(splitBatch, w.e.deps.Config.PlanBatch))
	if err != nil {
		return false, err
	}
	run := w.next()
	if len(parents) == 0 {
		// One product may have become thousands, of which the database has no idea yet.
		if err := w.e.store.analyseStaged(ctx); err != nil {
			return false, err
		}
		run.moveTo(cursor{Group: 1})
		return true, w.commitAsync(ctx, run, nil)
	}
	ids := each(parents, func(p parent) string { return p.ID })
	all, err := w.e.store.goodsOf(ctx, w.run.ID, ids)
	if err != nil {
		return false, err
	}
	links, err := w.e.store.keysOf(ctx, w.run.Connection, ids)
	if err != nil {
		return false, err
	}
	s := splitting{parents: map[string]presence{}, keys: map[string]string{}}
	whole, err := w.shapes(ctx, links)
	if err != nil {
		return false, err
	}
	for _, p := range parents {
		s.add(p, all[p.ID], links[p.ID], whole[p.ID])
	}
	run.moveTo(cursor{After: ids[len(ids)-1]})
	return true, w.commit(ctx, run, func(tx *sqlx.Tx) error { return w.e.store.putSplit(ctx, tx, w.run, s) })
}

// add splits one product, unless it is to stay whole. Links are those of its key and of the keys of its
// offers.
func (s *splitting) add(p parent, g crmProduct, links []keyed, whole bool) {
	kept := map[string]bool{}
	switch {
	case p.Presence != live:
		kept[p.ID] = true // it speaks for itself
	case whole || !comesInVariants(g) || len(g.Offers) == 0 && len(links) == 0:
		kept[p.ID] = true
		s.become(p.ID, g, there(links))
	default:
		s.parents[p.ID] = outside
		for _, one := range splitGoods(g) {
			kept[one.Product.ID] = true
			s.offers = append(s.offers, one.Offers...)
			s.rows = append(s.rows, staged(one.Product, p))
		}
		s.fallApart(p.ID, g, there(links))
	}
	for _, l := range links {
		key := orDefault(s.keys[l.Key], l.Key)
		switch {
		case kept[key]:
		case key == p.ID:
			s.parents[p.ID] = absent
		default:
			s.rows = append(s.rows, gone(key, p))
		}
	}
}

// become keeps a product of the shop when the offers of a product have become one without variants.
func (s *splitting) become(id string, g crmProduct, links []keyed) {
	if len(links) == 0 || slices.ContainsFunc(links, func(l keyed) bool { return l.Key == id }) {
		return
	}
	s.keys[sold(links, g).Key] = id
}

// fallApart does so when a product has got variants: it goes on as one of them.
func (s *splitting) fallApart(id string, g crmProduct, links []keyed) {
	at := slices.IndexFunc(links, func(l keyed) bool { return l.Key == id })
	if at < 0 {
		return
	}
	taken := setOf(each(links, func(l keyed) string { return l.Key }))
	var free []string
	for _, o := range g.Offers {
		if key := offerKey(id, o.ID); !taken[key] {
			if slices.Contains(links[at].Offers, o.ID) {
				s.keys[id] = key
				return
			}
			free = append(free, key)
		}
	}
	if len(free) > 0 {
		s.keys[id] = free[0]
	}
}

// sold picks the link of an offer that is still there, or else the first.
func sold(links []keyed, g crmProduct) keyed {
	there := setOf(each(g.Offers, func(o Offer) string { return o.ID }))
	for _, l := range links {
		if _, offer := cutKey(l.Key); there[offer] {
			return l
		}
	}
	return links[0]
}

func staged(one Product, p parent) stagedProduct {
	body := toJSON(one)
	return stagedProduct{
		ID: one.ID, Presence: live, Scanned: p.Scanned, NameKey: nameKey(one.Name), Category: one.CategoryID,
		Hash: digest(body), Body: body, ReadAt: p.ReadAt.UTC(),
	}
}

// gone stands for a linked offer that the CRM no longer has.
func gone(key string, p parent) stagedProduct {
	return stagedProduct{ID: key, Presence: absent, Body: []byte("{}"), Hash: []byte{}, ReadAt: p.ReadAt.UTC()}
}
