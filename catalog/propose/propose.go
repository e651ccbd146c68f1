// Package propose makes, of what was staged, of the shop's state and of the links between them, the plan of a
// whole run, lets the guards look at it, and stores it. It writes nothing to the shop.
package propose

import (
	"context"
	"slices"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/plan"
	"github.com/keybridge/keybridge/catalog/session"
	"github.com/keybridge/keybridge/plugin"
)

// plan plans the next products. Nothing is written to the shop.
func (w Proposer) plan(ctx context.Context) error {
	at, err := session.CursorOf[session.RowCursor](w.Run)
	if err != nil {
		return err
	}
	got, err := session.NextPages(ctx, w.Session, session.PageKey{Phase: w.Run.Phase, Page: at.After}, session.OneAhead, NewPlanner(w.Session).buildPlanBatch)
	if err != nil {
		return err
	}
	if len(got.Rows) == 0 {
		return w.SkipTo(ctx, catalog.CheckPlan)
	}
	t := got.Rows[0]
	if did, err := w.recordEarlierCreations(ctx, t.creating); did || err != nil {
		return err // the products are planned anew in the next step
	}
	total := w.Run.Total
	if total == 0 {
		if total, err = w.Store.Staging.CountProducts(ctx, w.Run.ID); err != nil {
			return err
		}
	}
	run := w.Next()
	session.MoveTo(run, session.RowCursor{After: got.Next})
	run.Done, run.Total = run.Done+int64(t.products), total
	run.Counters.Unchanged += t.unchanged
	return w.CommitAsync(ctx, run, func(tx *sqlx.Tx) error {
		if err := w.Store.Plans.NoteLost(ctx, tx, run.ID, t.batch.Lost); err != nil {
			return err
		}
		return w.StorePlan(ctx, tx, run, t.batch)
	})
}

// pendingBatch is the plan of the next products, not stored yet.
type pendingBatch struct {
	products  int
	creating  []string // those whose creation was begun earlier
	unchanged int
	batch     plan.Batch
}

// buildPlanBatch plans the products behind the given one, and changes nothing.
func (w *Planner) buildPlanBatch(ctx context.Context, after string) (catalog.Page[pendingBatch], error) {
	var none catalog.Page[pendingBatch]
	rows, err := w.Store.Staging.Candidates(ctx, w.run, w.tree, w.RulesHash, after, w.Deps.Config.PlanBatch)
	if err != nil || len(rows) == 0 {
		return none, err
	}
	open, unchanged, err := w.changed(ctx, rows)
	if err != nil {
		return none, err
	}
	batch, err := w.DecideAll(ctx, open)
	if err != nil {
		return none, err
	}
	t := pendingBatch{products: len(rows), creating: creatingOf(rows), unchanged: unchanged, batch: batch}
	return catalog.Page[pendingBatch]{Rows: []pendingBatch{t}, Next: rows[len(rows)-1].ID}, nil
}

func creatingOf(rows []plan.Candidate) []string {
	var ids []string
	for _, r := range rows {
		if r.Creating {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// changed leaves out products at which neither side nor the settings changed, and counts them.
func (w *Planner) changed(ctx context.Context, rows []plan.Candidate) (open []plan.Candidate, unchanged int, err error) {
	var ids []plugin.ProductID
	for _, r := range rows {
		if r.Same {
			ids = append(ids, plugin.ProductID(r.Product))
		}
	}
	versions := map[plugin.ProductID]plugin.Version{}
	if len(ids) > 0 {
		if versions, err = w.Catalog.Versions(ctx, ids); err != nil {
			return nil, 0, session.FromShop(err)
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
func (w *Planner) busy(ctx context.Context, rows []plan.Candidate) (map[string]bool, error) {
	if w.Deps.Uncounted == nil || !w.Rules.Can.Stock {
		return nil, nil
	}
	rows = slices.DeleteFunc(slices.Clone(rows), func(r plan.Candidate) bool { return !r.Same })
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
	units, err := w.Uncounted(ctx, variants, plan.Earliest(rows))
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

// DecideAll plans products whole, also those at which nothing seems to have changed.
func (w *Planner) DecideAll(ctx context.Context, rows []plan.Candidate) (plan.Batch, error) {
	var b plan.Batch
	if len(rows) == 0 {
		return b, nil
	}
	m, err := w.gather(ctx, rows)
	if err != nil {
		return b, err
	}
	b.Lost = m.Lost
	for _, r := range rows {
		if r.Presence == plan.Live {
			g := m.Goods[r.ID]
			d := plan.Decide(m.Rules, g, m.Facts(r))
			d.Name, d.Currency = plan.Cut(g.Product.Name), g.Product.Currency
			if l, linked := m.Links[r.ID]; d.Action == plan.ActUpdate {
				d.CountForGuards(linked, l, !plan.Agrees(g, m.Shop[plugin.ProductID(r.Product)]))
			}
			b.Add(r, m.Links[r.ID], d)
			continue
		}
		if l, linked := m.Links[r.ID]; linked {
			shop := m.Shop[plugin.ProductID(r.Product)]
			d := plan.DecideMissing(m.Rules, l, shop)
			d.Name = plan.Cut(shop.Name)
			b.Add(r, l, d)
		}
	}
	return b, nil
}

// StorePlan stores a batch and counts in run what was left alone.
func (w Proposer) StorePlan(ctx context.Context, tx *sqlx.Tx, run *catalog.Run, b plan.Batch) error {
	now := w.Now()
	run.Counters.Unchanged += b.Unchanged
	run.Counters.Count(b.Items)
	if !run.Preview { // a preview leaves the next run all its work
		if err := w.Store.Links.Settle(ctx, tx, *run, w.RulesHash, b.InSync, now); err != nil {
			return err
		}
		if err := w.Store.Held.Release(ctx, tx, run.Connection, b.InStock); err != nil {
			return err
		}
	}
	if err := w.Store.Runs.AddItems(ctx, tx, run.ID, b.Items, now); err != nil {
		return err
	}
	return w.Store.Plans.Put(ctx, tx, run.ID, b.Plans)
}
