package propose

import (
	"context"
	"maps"
	"slices"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/plan"
	"github.com/keybridge/keybridge/catalog/session"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/internal/sliceutil"
	"github.com/keybridge/keybridge/plugin"
)

// Planner plans products. It changes nothing, and works beside the session whose run it plans.
type Planner struct {
	*session.Connection
	run catalog.Run
	// tree: the run brings the categories.
	tree  bool
	names map[plugin.CategoryID]string // of the shop's categories, read when first needed
}

// NewPlanner plans for the run as it stands now.
func NewPlanner(w *session.Session) *Planner {
	return &Planner{Connection: &w.Connection, run: w.Run, tree: w.WritesCategories()}
}

// gather reads what planning the products needs to know.
func (w *Planner) gather(ctx context.Context, rows []plan.Candidate) (plan.Inputs, error) {
	m := plan.Inputs{Us: w.run.Connection, Rematch: w.run.Rematch, Shop: map[plugin.ProductID]plugin.Product{}}
	ids := sliceutil.Map(rows, func(r plan.Candidate) string { return r.ID })
	var err error
	if m.Goods, err = w.Store.Staging.Products(ctx, w.run.ID, ids); err != nil {
		return m, err
	}
	w.makeSafe(m.Goods)
	w.doubtOwn(m.Goods)
	if m.Links, err = w.linksOf(ctx, rows); err != nil {
		return m, err
	}
	if err := w.readLinked(ctx, rows, &m); err != nil {
		return m, err
	}
	m.StandIn()
	if err := w.lookUp(ctx, rows, &m); err != nil {
		return m, err
	}
	if m.Pins, err = w.Store.Review.PinsOf(ctx, w.Deps.DB, m.Us, slices.Collect(maps.Keys(m.Shop))); err != nil {
		return m, err
	}
	if m.Names, err = w.categoryNames(ctx); err != nil {
		return m, err
	}
	m.Rules = w.Rules
	if _, there := m.Names[m.Rules.Default]; !there {
		m.Rules.Default = "" // deleted in the shop: better no category than no product
	}
	// Asked after the products were read: whoever buys later moves their versions, and nothing is
	// written over that.
	var variants []plugin.VariantID
	for _, p := range m.Shop {
		variants = append(variants, sliceutil.Map(p.Variants, func(v plugin.Variant) plugin.VariantID { return v.ID })...)
	}
	m.Unsent, err = w.Uncounted(ctx, variants, plan.Earliest(rows))
	return m, err
}

// linksOf reads the links of staged products, by their ids. A creation begun earlier that has led to a
// product is a link too.
func (w *Planner) linksOf(ctx context.Context, rows []plan.Candidate) (map[string]plan.Link, error) {
	found, err := w.Store.Links.Products(ctx, w.run.Connection, sliceutil.Map(rows, func(r plan.Candidate) string { return r.Key }))
	if err != nil {
		return nil, err
	}
	out := make(map[string]plan.Link, len(found))
	for _, r := range rows {
		if l, linked := found[r.Key]; linked {
			out[r.ID] = l
		} else if r.Made {
			out[r.ID] = plan.Link{Variants: map[string]plan.VariantLink{}, CreatedHere: true}
		}
	}
	return out, nil
}

// categoryNames reads the names of the shop's categories, once.
func (w *Planner) categoryNames(ctx context.Context) (map[plugin.CategoryID]string, error) {
	if w.names != nil {
		return w.names, nil
	}
	tree, err := w.Catalog.Categories(ctx, w.Rules.Lang)
	if err != nil {
		return nil, session.FromShop(err)
	}
	w.names = make(map[plugin.CategoryID]string, len(tree))
	for _, c := range tree {
		w.names[c.ID] = c.Name
	}
	return w.names, nil
}

// doubtOwn keeps what a card says of its stock from standing for that of the chosen warehouses.
func (w *Planner) doubtOwn(all map[string]plan.CRMProduct) {
	if w.Warehouses() == nil {
		return
	}
	for id, g := range all {
		for i, o := range g.Offers {
			if o.ID == plan.OwnOffer(g.Product).ID {
				all[id].Offers[i].StockUnknown = true
			}
		}
	}
}

func (w *Planner) makeSafe(all map[string]plan.CRMProduct) {
	for id, g := range all {
		var ok bool
		g.Description, ok = w.Texts.HTML(g.Product.Description)
		g.TooLong = !ok
		all[id] = g
	}
}

// readLinked reads the shop's side of links. A product that the shop no longer has is one that it
// lacks, so its link goes.
func (w *Planner) readLinked(ctx context.Context, rows []plan.Candidate, m *plan.Inputs) error {
	var ids []plugin.ProductID
	for _, r := range rows {
		if r.Product != "" {
			ids = append(ids, plugin.ProductID(r.Product))
		}
	}
	if err := w.ShopProducts(ctx, ids, m.Shop); err != nil {
		return err
	}
	for _, r := range rows {
		l, linked := m.Links[r.ID]
		if !linked {
			continue
		}
		shop, there := m.Shop[plugin.ProductID(r.Product)]
		if !there {
			m.Lost = append(m.Lost, r.ID)
			delete(m.Links, r.ID)
			continue
		}
		l.Same = r.Same
		l.Edited = r.Version != "" && string(shop.Version) != r.Version
		m.Links[r.ID] = l
	}
	return nil
}

// lookUp looks for the products of the shop that unlinked ones of the CRM may be.
func (w *Planner) lookUp(ctx context.Context, rows []plan.Candidate, m *plan.Inputs) error {
	var free []string
	for _, r := range rows {
		if l, linked := m.Links[r.ID]; r.Presence == plan.Live && (!linked || m.Rematch && !l.CreatedHere) {
			free = append(free, r.ID)
		}
	}
	if len(free) == 0 {
		return nil
	}
	var err error
	if m.Several, err = w.Store.Staging.SeveralInCRM(ctx, w.run.ID, w.Rules.Match, free); err != nil {
		return err
	}
	if m.Hits, err = w.hits(ctx, free, m.Goods); err != nil {
		return err
	}
	found := map[plugin.ProductID]bool{}
	for _, list := range m.Hits {
		for _, id := range list {
			found[id] = true
		}
	}
	ids := slices.Sorted(maps.Keys(found))
	if err := w.ShopProducts(ctx, slices.Clone(ids), m.Shop); err != nil {
		return err
	}
	m.Owners, err = w.Store.Links.OwnersOf(ctx, w.run.Shop, ids)
	return err
}

// hits asks the shop for the keys of products and answers what each found.
func (w *Planner) hits(ctx context.Context, ids []string, all map[string]plan.CRMProduct) (map[string][]plugin.ProductID, error) {
	out := map[string][]plugin.ProductID{}
	key, byKey := plan.ShopKey(w.Rules.Match)
	if !byKey {
		if w.Rules.Match == settings.MatchID {
			for _, id := range ids {
				out[id] = []plugin.ProductID{w.sameID(id)}
			}
		}
		return out, nil
	}
	var values, of []string
	for _, id := range ids {
		for _, v := range plan.KeysOf(w.Rules.Match, all[id]) {
			values, of = append(values, v), append(of, id)
		}
	}
	for from := 0; from < len(values); from += plugin.MaxBatch {
		to := min(from+plugin.MaxBatch, len(values))
		found, err := w.Catalog.ProductsByKey(ctx, key, values[from:to])
		if err := session.CheckBatch(to-from, len(found), err); err != nil {
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
