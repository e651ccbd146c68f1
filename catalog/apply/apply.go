// Package apply brings a plan to the shop: verifies one that a person has approved, changes links, writes the
// tree, products and pictures under the locks of their links, tries once more what failed, and tidies up.
package apply

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/plan"
	"github.com/keybridge/keybridge/catalog/propose"
	"github.com/keybridge/keybridge/catalog/session"
	"github.com/keybridge/keybridge/internal/sliceutil"
	"github.com/keybridge/keybridge/plugin"
)

// writeAgain plans what failed anew and tries it once more.
func (w writer) writeAgain(ctx context.Context) error {
	old, err := w.Store.Plans.Open(ctx, w.Run.ID, plan.Again, "", w.Deps.Config.WriteBatch)
	if err != nil {
		return err
	}
	if len(old) == 0 {
		return w.SkipTo(ctx, catalog.WriteImages)
	}
	if w.Run.ApprovedBy != "" {
		return w.apply(ctx, old, w.Run.Total, true) // what was approved, and nothing else
	}
	ids := sliceutil.Map(old, func(p plan.Planned) string { return p.CRM })
	if did, err := w.resolve(ctx, ids); did || err != nil {
		return err
	}
	rows, err := w.Store.Staging.CandidatesByID(ctx, w.Run, w.WritesCategories(), w.RulesHash, ids)
	if err != nil {
		return err
	}
	batch, err := propose.NewPlanner(w.Session).DecideAll(ctx, rows)
	if err != nil {
		return err
	}
	// What needs no write any more is done; what was listed before is not listed again.
	batch.Items = nil
	still := sliceutil.Set(sliceutil.Map(batch.Plans, func(p plan.Planned) string { return p.CRM }))
	var done []plan.Outcome
	for _, p := range old {
		if !still[p.CRM] {
			done = append(done, plan.Outcome{CRM: p.CRM, State: plan.Done, Product: p.Product})
		}
	}
	run := w.Next()
	err = w.Commit(ctx, run, func(tx *sqlx.Tx) error {
		if err := w.Store.Links.Unlink(ctx, tx, run.Connection, batch.Lost); err != nil {
			return err
		}
		if err := w.proposer().StorePlan(ctx, tx, run, batch); err != nil {
			return err
		}
		return w.Store.Plans.Mark(ctx, tx, run.ID, done)
	})
	if err != nil || len(batch.Plans) == 0 {
		return err
	}
	return w.apply(ctx, batch.Plans, w.Run.Total, true)
}

// apply writes a batch to the shop and commits what came of it.
func (w writer) apply(ctx context.Context, plans []plan.Planned, total int64, last bool) error {
	b := &session.BatchResult{Last: last, Approved: w.Run.ApprovedBy != "", Gone: map[string]string{}, Fulfilled: map[string]plugin.ProductID{}}
	var err error
	wanted := sliceutil.Unique(sliceutil.Map(plans, func(p plan.Planned) string { return p.Category }))
	if b.Categories, err = w.Store.Links.CategoryTargets(ctx, w.Run.Connection, wanted); err != nil {
		return err
	}
	var creates, updates []plan.Planned
	for _, p := range plans {
		if p.Action == plan.ActCreate {
			creates = append(creates, p)
		} else {
			updates = append(updates, p)
		}
	}
	if err := w.applyCreates(ctx, creates, b); err != nil {
		return err
	}
	if updates, err = w.join(ctx, updates, b); err != nil {
		return err
	}
	run := w.Next()
	run.Done, run.Total = run.Done+int64(len(plans)), total
	if !last {
		session.MoveTo(run, session.RowCursor{After: plans[len(plans)-1].CRM})
	}
	return w.WriteLocked(ctx, run, updates, func(tx *sqlx.Tx) error {
		if run.Holds() {
			plan.HoldBackAll(updates)
		}
		if err := w.applyUpdates(ctx, updates, b); err != nil {
			return err
		}
		return w.Record(ctx, tx, run, b)
	})
}

// applyUpdates patches products.
func (w writer) applyUpdates(ctx context.Context, plans []plan.Planned, b *session.BatchResult) error {
	var patches []plugin.ProductPatch
	var of []plan.Planned
	for _, p := range plans {
		patch := b.PatchOf(p)
		if patch == nil {
			b.Wrote(p, plugin.ProductResult{ID: p.Product, Version: p.Seen})
			continue
		}
		patches, of = append(patches, *patch), append(of, p)
	}
	if len(patches) == 0 {
		return nil
	}
	results, err := w.Catalog.UpdateProducts(ctx, w.Origin(), patches)
	if err := session.CheckBatch(len(patches), len(results), err); err != nil {
		return err
	}
	for i, res := range results {
		if res.Err != nil {
			b.Failed(of[i], res.Err)
			continue
		}
		if err := session.CheckAdded(res, len(patches[i].AddVariants)); err != nil {
			return err
		}
		b.Wrote(of[i], res)
	}
	return nil
}

// join links the products of a batch that were found by key. One that somebody else has linked
// meanwhile is a conflict.
func (w writer) join(ctx context.Context, plans []plan.Planned, b *session.BatchResult) ([]plan.Planned, error) {
	var joining []plan.Planned
	for _, p := range plans {
		if p.Joins {
			joining = append(joining, p)
		}
	}
	if len(joining) == 0 {
		return plans, nil
	}
	var ours map[string]bool
	err := w.Commit(ctx, w.Next(), func(tx *sqlx.Tx) (err error) {
		ours, err = w.Store.Links.Join(ctx, tx, w.Run, joining, w.Now())
		return err
	})
	if err != nil {
		return nil, err
	}
	var out []plan.Planned
	for _, p := range plans {
		if p.Joins && !ours[p.CRM] {
			b.Marks = append(b.Marks, plan.Outcome{CRM: p.CRM, State: plan.Failed, Product: p.Product})
			b.Item(p, catalog.ItemConflict, catalog.ReasonLinkedElsewhere, catalog.Params{"product": string(p.Product)})
			continue
		}
		out = append(out, p)
	}
	return out, nil
}
