package catalog

import (
	"context"
	"slices"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/plugin"
)

// plan plans the next products. Nothing is written to the shop.
func (w *worker) plan(ctx context.Context) error {
	at, err := w.run.at()
	if err != nil {
		return err
	}
	if did, err := w.split(ctx, at); did || err != nil {
		return err
	}
	if at.Page == "" {
		if err := w.judgeWarehouses(ctx); err != nil {
			return err
		}
	}
	planner := *w // plans ahead while this one stores
	got, err := nextPages(ctx, w, pageKey{phase: w.run.Phase, page: at.Page}, oneAhead, planner.buildPlanBatch)
	if err != nil {
		return err
	}
	if len(got.Rows) == 0 {
		return w.skipTo(ctx, CheckPlan)
	}
	t := got.Rows[0]
	if did, err := w.foreseeMade(ctx, t.creating); did || err != nil {
		return err // the products are thought about anew in the next step
	}
	total := w.run.Total
	if total == 0 {
		if total, err = w.e.store.countStaged(ctx, w.run.ID); err != nil {
			return err
		}
	}
	run := w.next()
	run.moveTo(cursor{Page: got.Next})
	run.Done, run.Total = run.Done+int64(t.products), total
	run.Counters.Unchanged += t.unchanged
	return w.commitAsync(ctx, run, func(tx *sqlx.Tx) error {
		if err := w.e.store.noteLost(ctx, tx, run.ID, t.batch.lost); err != nil {
			return err
		}
		return w.storePlan(ctx, tx, run, t.batch)
	})
}

// pendingBatch is what was made up about the next products and is not stored yet.
type pendingBatch struct {
	products  int
	creating  []string // those whose creation was begun earlier
	unchanged int
	batch     planBatch
}

// buildPlanBatch makes up a plan of the products behind the given one, and changes nothing.
func (w *worker) buildPlanBatch(ctx context.Context, after string) (Page[pendingBatch], error) {
	var none Page[pendingBatch]
	rows, err := w.e.store.candidates(ctx, w.run, w.writesCategories(), w.rulesHash, after, w.e.deps.Config.PlanBatch)
	if err != nil || len(rows) == 0 {
		return none, err
	}
	open, unchanged, err := w.changed(ctx, rows)
	if err != nil {
		return none, err
	}
	batch, err := w.decideAll(ctx, open)
	if err != nil {
		return none, err
	}
	t := pendingBatch{products: len(rows), creating: creatingOf(rows), unchanged: unchanged, batch: batch}
	return Page[pendingBatch]{Rows: []pendingBatch{t}, Next: rows[len(rows)-1].ID}, nil
}

func creatingOf(rows []candidate) []string {
	var ids []string
	for _, r := range rows {
		if r.Creating {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// writesCategories reports whether this run brings the tree.
func (w *worker) writesCategories() bool { return w.run.Settings.Categories && w.rules.Can.Categories }

// changed leaves out products at which neither side nor the settings changed, and counts them.
func (w *worker) changed(ctx context.Context, rows []candidate) (open []candidate, unchanged int, err error) {
	var ids []plugin.ProductID
	for _, r := range rows {
		if r.Same {
			ids = append(ids, plugin.ProductID(r.Product))
		}
	}
	versions := map[plugin.ProductID]plugin.Version{}
	if len(ids) > 0 {
		if versions, err = w.catalog.Versions(ctx, ids); err != nil {
			return nil, 0, fromShop(err)
		}
	}
	busy, err := w.busy(ctx, rows)
	if err != nil {
		return nil, 0, err
	}
	for _, r := range rows {
		v, there := versions[plugin.ProductID(r.Product)]
		if r.Same && !w.run.Rematch && there && string(v) == r.Version && !busy[r.ID] {
			unchanged++
			continue
		}
		open = append(open, r)
	}
	return open, unchanged, nil
}

// busy answers products of which units are sold that the CRM does not know of.
func (w *worker) busy(ctx context.Context, rows []candidate) (map[string]bool, error) {
	if w.e.deps.Unsent == nil || !w.rules.Can.Stock {
		return nil, nil
	}
	rows = slices.DeleteFunc(slices.Clone(rows), func(r candidate) bool { return !r.Same })
	links, err := w.linksOf(ctx, rows)
	if err != nil {
		return nil, err
	}
	var variants []plugin.VariantID
	for _, l := range links {
		for _, v := range l.Variants {
			variants = append(variants, v.Variant)
		}
	}
	units, err := w.unsent(ctx, variants, earliest(rows))
	if err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for id, l := range links {
		for _, v := range l.Variants {
			out[id] = out[id] || units[v.Variant].Sign() > 0
		}
	}
	return out, nil
}

// planBatch is what the planning of some products came to.
type planBatch struct {
	plans []planned
	// calm are linked products at which nothing is to be written, to be skipped from now on.
	calm []linkUpdate
	// lost are links of products that the shop no longer has.
	lost []string
	// stands are offers of those whose stock is as it should be.
	stands []reading
	// unchanged counts products that are as they should be.
	unchanged int
	items     []Item
}

// decideAll plans products whole.
func (w *worker) decideAll(ctx context.Context, rows []candidate) (planBatch, error) {
	var b planBatch
	if len(rows) == 0 {
		return b, nil
	}
	m, err := w.gather(ctx, rows)
	if err != nil {
		return b, err
	}
	b.lost = m.lost
	for _, r := range rows {
		if r.Presence == live {
			g := m.goods[r.ID]
			d := decide(w.rules, g, m.facts(r))
			d.Name, d.Currency = cut(g.Product.Name), g.Product.Currency
			if l, linked := m.links[r.ID]; d.Action == actUpdate {
				d.countForGuards(linked, l, !agrees(g, m.shop[plugin.ProductID(r.Product)]))
			}
			b.take(r, m.links[r.ID], d)
			continue
		}
		if l, linked := m.links[r.ID]; linked {
			shop := m.shop[plugin.ProductID(r.Product)]
			d := decideMissing(w.rules, l, shop)
			d.Name = cut(shop.Name)
			b.take(r, l, d)
		}
	}
	return b, nil
}

// take sorts a decision about a product, which was joined by l before, into the batch.
func (b *planBatch) take(r candidate, l link, d decision) {
	d.ReadAt, d.Hash, d.InCategory = r.ReadAt.UTC(), r.Hash, plugin.CategoryID(r.ShopCategory)
	if d.Open {
		d.Hash = nil
	}
	for _, it := range d.Items {
		it.CRMID, it.Name = r.ID, d.Name
		b.items = append(b.items, it)
	}
	d.Items = nil
	switch {
	case d.Action == actNone:
	case d.calm(l):
		b.unchanged++
		for offer := range d.Pairs {
			b.stands = append(b.stands, reading{Offer: offer, ReadAt: d.ReadAt})
		}
		b.calm = append(b.calm, linkUpdate{CRM: r.ID, Hash: d.Hash, Version: d.Seen, Category: d.InCategory, Images: imagesDone, Currency: d.Currency})
	default:
		b.plans = append(b.plans, planned{CRM: r.ID, decision: d})
	}
}

// calm reports whether nothing is to be written, neither to the shop nor about it.
func (d *decision) calm(l link) bool {
	if d.Action != actUpdate || !d.empty() || d.Joins || len(d.Images) > 0 || len(d.Gone) > 0 || l.Missing != "" {
		return false
	}
	for offer, v := range d.Pairs {
		if had := l.Variants[offer]; had.Variant != v || had.Missing != "" {
			return false
		}
	}
	return true
}

// storePlan stores a batch and counts what was left alone.
func (w *worker) storePlan(ctx context.Context, tx *sqlx.Tx, run *Run, b planBatch) error {
	now := w.e.now()
	run.Counters.Unchanged += b.unchanged
	run.Counters.count(b.items)
	if !run.Preview { // a preview leaves the next run all its work
		if err := w.e.store.settle(ctx, tx, *run, w.rulesHash, b.calm, now); err != nil {
			return err
		}
		if err := w.e.store.letGo(ctx, tx, run.Connection, b.stands); err != nil {
			return err
		}
	}
	if err := w.e.store.addItems(ctx, tx, run.ID, b.items, now); err != nil {
		return err
	}
	return w.e.store.putPlan(ctx, tx, run.ID, b.plans)
}

// count adds listed items to the counters.
func (c *Counters) count(items []Item) {
	for _, it := range items {
		switch it.Kind {
		case ItemSkip:
			c.skip(it.Reason)
		case ItemConflict:
			c.Conflicts++
		case ItemError:
			c.Errors++
		case ItemNote:
			c.Notes++
		}
	}
}

// count counts what the next runs and calls compare with, once all is written.
func (w *worker) count(ctx context.Context, tx *sqlx.Tx, run *Run) (err error) {
	if run.Kind == Full {
		if run.Counters.Seen, err = w.e.store.seen(ctx, tx, *run); err != nil {
			return err
		}
	}
	if err := w.e.store.tidyHeld(ctx, tx, run.Connection); err != nil {
		return err
	}
	run.Counters.Available, err = w.e.store.stockAfter(ctx, tx, *run)
	return err
}

// tidy drops what the run has staged and, when nothing is left, ends it.
func (w *worker) tidy(ctx context.Context) error {
	run, left := w.next(), int64(0)
	err := w.commitAsync(ctx, run, func(tx *sqlx.Tx) (err error) {
		if run.cursor == "" {
			if err := w.count(ctx, tx, run); err != nil {
				return err
			}
			run.moveTo(cursor{Page: "counted"})
		}
		left, err = w.e.store.tidy(ctx, tx, run.Connection, run.ID)
		return err
	})
	if err != nil || left > 0 {
		return err
	}
	err = w.e.store.inTx(ctx, func(tx *sqlx.Tx) error {
		return w.e.store.end(ctx, tx, w.run, Done, outcome{}, w.e.now())
	})
	if err == nil {
		w.run.State = Done
	}
	return err
}
