package catalog

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// planInputs is what planning some products needs to know, read in few calls.
type planInputs struct {
	goods map[string]crmProduct
	links map[string]link
	// shop holds products of the shop: linked ones and those a key has found.
	shop map[plugin.ProductID]plugin.Product
	// hits are the products that a key found, by the CRM's product.
	hits    map[string][]plugin.ProductID
	owners  map[plugin.ProductID]ownership
	several map[string]bool
	unsent  map[plugin.VariantID]decimal.Decimal
	names   map[plugin.CategoryID]string
	pins    pins
	// lost are links whose product the shop no longer has.
	lost []string
	us   plugin.ConnectionID
	// rematch: links of products that we did not create are in question.
	rematch bool
}

// gather reads it.
func (w *worker) gather(ctx context.Context, rows []candidate) (planInputs, error) {
	m := planInputs{us: w.run.Connection, rematch: w.run.Rematch, shop: map[plugin.ProductID]plugin.Product{}}
	ids := each(rows, func(r candidate) string { return r.ID })
	var err error
	if m.goods, err = w.e.store.goodsOf(ctx, w.run.ID, ids); err != nil {
		return m, err
	}
	w.makeSafe(m.goods)
	w.doubtOwn(m.goods)
	if m.links, err = w.linksOf(ctx, rows); err != nil {
		return m, err
	}
	if err := w.readLinked(ctx, rows, &m); err != nil {
		return m, err
	}
	m.standIn()
	if err := w.lookUp(ctx, rows, &m); err != nil {
		return m, err
	}
	if m.pins, err = w.e.store.pinsOf(ctx, w.e.deps.DB, m.us, slices.Collect(maps.Keys(m.shop))); err != nil {
		return m, err
	}
	if m.names, err = w.categoryNames(ctx); err != nil {
		return m, err
	}
	if _, there := m.names[w.rules.Default]; !there {
		w.rules.Default = "" // deleted in the shop: better no category than no product
	}
	// Asked after the products were read: whoever buys later moves their versions, and nothing is
	// written over that.
	var variants []plugin.VariantID
	for _, p := range m.shop {
		variants = append(variants, each(p.Variants, func(v plugin.Variant) plugin.VariantID { return v.ID })...)
	}
	m.unsent, err = w.unsent(ctx, variants, earliest(rows))
	return m, err
}

// linksOf reads the links of staged products, by their ids. A creation begun earlier that has led to a
// product is a link too.
func (w *worker) linksOf(ctx context.Context, rows []candidate) (map[string]link, error) {
	found, err := w.e.store.links(ctx, w.run.Connection, each(rows, func(r candidate) string { return r.Key }))
	if err != nil {
		return nil, err
	}
	out := make(map[string]link, len(found))
	for _, r := range rows {
		if l, linked := found[r.Key]; linked {
			out[r.ID] = l
		} else if r.Made {
			out[r.ID] = link{Variants: map[string]variantLink{}, CreatedHere: true}
		}
	}
	return out, nil
}

// standIn lets the card of a product speak for its only linked offer when the list of offers has left
// that out: the link stays as it is.
func (m *planInputs) standIn() {
	for id, g := range m.goods {
		l := m.links[id]
		if len(g.Offers) != 1 || g.Offers[0].ID != ownOffer(g.Product).ID || len(l.Variants) != 1 {
			continue
		}
		for offer, v := range l.Variants {
			if v.Missing == "" {
				g.Offers = []Offer{g.Offers[0]}
				g.Offers[0].ID = offer
				m.goods[id] = g
			}
		}
	}
}

// categoryNames reads the names of the shop's categories, once a slice.
func (w *worker) categoryNames(ctx context.Context) (map[plugin.CategoryID]string, error) {
	if w.names != nil {
		return w.names, nil
	}
	tree, err := w.catalog.Categories(ctx, w.rules.Lang)
	if err != nil {
		return nil, fromShop(err)
	}
	w.names = make(map[plugin.CategoryID]string, len(tree))
	for _, c := range tree {
		w.names[c.ID] = c.Name
	}
	return w.names, nil
}

// doubtOwn keeps what a card says of its stock from standing for that of the chosen warehouses.
func (w *worker) doubtOwn(all map[string]crmProduct) {
	if w.warehouses() == nil {
		return
	}
	for id, g := range all {
		for i, o := range g.Offers {
			if o.ID == ownOffer(g.Product).ID {
				all[id].Offers[i].StockUnknown = true
			}
		}
	}
}

func (w *worker) makeSafe(all map[string]crmProduct) {
	for id, g := range all {
		var ok bool
		g.Description, ok = w.e.texts.HTML(g.Product.Description)
		g.TooLong = !ok
		all[id] = g
	}
}

// readLinked reads the shop's side of links. A product that the shop no longer has is one that it
// lacks, so its link goes.
func (w *worker) readLinked(ctx context.Context, rows []candidate, m *planInputs) error {
	var ids []plugin.ProductID
	for _, r := range rows {
		if r.Product != "" {
			ids = append(ids, plugin.ProductID(r.Product))
		}
	}
	if err := w.readProductsOf(ctx, ids, m); err != nil {
		return err
	}
	for _, r := range rows {
		l, linked := m.links[r.ID]
		if !linked {
			continue
		}
		shop, there := m.shop[plugin.ProductID(r.Product)]
		if !there {
			m.lost = append(m.lost, r.ID)
			delete(m.links, r.ID)
			continue
		}
		l.Same = r.Same
		l.Edited = r.Version != "" && string(shop.Version) != r.Version
		m.links[r.ID] = l
	}
	return nil
}

func (w *worker) readProductsOf(ctx context.Context, ids []plugin.ProductID, m *planInputs) error {
	ids = slices.DeleteFunc(ids, func(id plugin.ProductID) bool { _, have := m.shop[id]; return have })
	for part := range slices.Chunk(ids, plugin.MaxBatch) {
		products, err := w.catalog.Products(ctx, w.rules.Lang, part)
		if err != nil {
			return fromShop(err)
		}
		for _, p := range products {
			if err := withVariants(p); err != nil {
				return err
			}
			m.shop[p.ID] = p
		}
	}
	return nil
}

// lookUp looks for the products of the shop that unlinked ones of the CRM may be.
func (w *worker) lookUp(ctx context.Context, rows []candidate, m *planInputs) error {
	var free []string
	for _, r := range rows {
		if l, linked := m.links[r.ID]; r.Presence == live && (!linked || m.rematch && !l.CreatedHere) {
			free = append(free, r.ID)
		}
	}
	if len(free) == 0 {
		return nil
	}
	var err error
	if m.several, err = w.e.store.severalInCRM(ctx, w.run.ID, w.rules.Match, free); err != nil {
		return err
	}
	if m.hits, err = w.hits(ctx, free, m.goods); err != nil {
		return err
	}
	found := map[plugin.ProductID]bool{}
	for _, list := range m.hits {
		for _, id := range list {
			found[id] = true
		}
	}
	ids := slices.Sorted(maps.Keys(found))
	if err := w.readProductsOf(ctx, slices.Clone(ids), m); err != nil {
		return err
	}
	m.owners, err = w.e.store.ownersOf(ctx, w.run.Shop, ids)
	return err
}

// hits asks the shop for the keys of products and answers what each found.
func (w *worker) hits(ctx context.Context, ids []string, all map[string]crmProduct) (map[string][]plugin.ProductID, error) {
	out := map[string][]plugin.ProductID{}
	key, byKey := shopKey(w.rules.Match)
	if !byKey {
		if w.rules.Match == settings.MatchID {
			for _, id := range ids {
				out[id] = []plugin.ProductID{w.sameID(id)}
			}
		}
		return out, nil
	}
	var values, of []string
	for _, id := range ids {
		for _, v := range keysOf(w.rules.Match, all[id]) {
			values, of = append(values, v), append(of, id)
		}
	}
	for from := 0; from < len(values); from += plugin.MaxBatch {
		to := min(from+plugin.MaxBatch, len(values))
		found, err := w.catalog.ProductsByKey(ctx, key, values[from:to])
		if err := answered(to-from, len(found), err); err != nil {
			return nil, err
		}
		for i, hits := range found {
			id := of[from+i]
			for _, h := range hits {
				if !slices.Contains(out[id], h.ProductID) {
					out[id] = append(out[id], h.ProductID)
				}
			}
		}
	}
	return out, nil
}

// earliest is when the oldest of the rows was read.
func earliest(rows []candidate) time.Time {
	var at time.Time
	for _, r := range rows {
		if at.IsZero() || r.ReadAt.Before(at) {
			at = r.ReadAt.UTC()
		}
	}
	return at
}

// unsent asks for the units of variants that the CRM did not know to be sold at a moment.
func (w *worker) unsent(ctx context.Context, ids []plugin.VariantID, at time.Time) (map[plugin.VariantID]decimal.Decimal, error) {
	if w.e.deps.Unsent == nil || !w.rules.Can.Stock || len(ids) == 0 {
		return nil, nil
	}
	slices.Sort(ids)
	return w.e.deps.Unsent(ctx, w.run.Connection, ids, at)
}

// productInputs are those of one product.
func (m *planInputs) facts(r candidate) productInputs {
	f := productInputs{
		SeveralInCRM: m.several[r.ID], Unsent: m.unsent, Names: m.names, Pins: m.pins,
		Category: target{ID: plugin.CategoryID(r.ShopCategory), Pending: r.ShopCategory == "" && r.CategoryName != "", Name: r.CategoryName},
	}
	if l, ok := m.links[r.ID]; ok {
		shop := m.shop[plugin.ProductID(r.Product)]
		f.Link, f.Shop = &l, &shop
		if !m.rematch || l.CreatedHere {
			return f
		}
		f.Rematch = true
	}
	for _, id := range m.hits[r.ID] {
		p, there := m.shop[id]
		if !there {
			continue
		}
		h := keyMatch{Product: p}
		if o, linked := m.owners[id]; linked && !m.questioned(o) {
			h.Owner = o.CRM
			if o.Connection != m.us {
				h.Connection = o.Connection
			}
		}
		f.Hits = append(f.Hits, h)
	}
	return f
}

// questioned reports whether an ownership is one that a rematching run may end.
func (m *planInputs) questioned(o ownership) bool {
	return m.rematch && o.Connection == m.us && !o.Made
}
