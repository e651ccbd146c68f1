package apply

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/plan"
	"github.com/keybridge/keybridge/catalog/session"
	"github.com/keybridge/keybridge/internal/sliceutil"
	"github.com/keybridge/keybridge/plugin"
)

// writeCategories writes what the tree lacks, a level at a time: each step reads the shop's tree
// anew, so a category made just before a crash is found by its name and not made twice.
func (w writer) writeCategories(ctx context.Context) error {
	then := catalog.WriteProducts
	if !w.Run.Settings.Products {
		then = catalog.Tidy
	}
	if !w.WritesCategories() {
		return w.SkipTo(ctx, then)
	}
	failed, err := session.CursorOf[session.TreeCursor](w.Run)
	if err != nil {
		return err
	}
	if failed == nil {
		failed = session.TreeCursor{}
	}
	tree, err := w.planTree(ctx, failed)
	if err != nil {
		return err
	}
	if tree.Empty() {
		return w.endCategories(ctx, tree, then)
	}
	b := &treeWriting{failed: failed, links: tree.Links}
	if err := w.patchCategories(ctx, tree.Patches, b); err != nil {
		return err
	}
	if err := w.createCategories(ctx, tree.Creates, b); err != nil {
		return err
	}
	run := w.Next()
	session.MoveTo(run, session.TreeCursor(b.failed))
	run.Done += int64(len(b.links))
	run.Counters.Categories += b.written
	run.Counters.Count(b.items)
	return w.Commit(ctx, run, func(tx *sqlx.Tx) error {
		if err := w.Store.Links.PutCategories(ctx, tx, *run, b.links, w.Now()); err != nil {
			return err
		}
		return w.ListItems(ctx, tx, b.items)
	})
}

// planTree plans what is to be written now; of an approved run nothing but what was approved.
func (w writer) planTree(ctx context.Context, failed map[string]bool) (plan.TreePlan, error) {
	f, err := w.proposer().TreeFacts(ctx, failed)
	if err != nil || w.Run.ApprovedBy == "" {
		return plan.DecideTree(f), err
	}
	rows, err := w.Store.Plans.TreeOf(ctx, w.Run.ID, 0)
	if err != nil {
		return plan.TreePlan{}, err
	}
	approved := sliceutil.Set(sliceutil.Map(rows, func(c plan.TreeChange) string { return c.CRM }))
	tree := plan.DecideTree(f)
	for plan.Unapproved(tree, f.Links, approved, failed) {
		tree = plan.DecideTree(f)
	}
	return tree, nil
}

// treeWriting is what came of one step.
type treeWriting struct {
	failed  map[string]bool
	links   []plan.CategoryLink
	items   []catalog.Item
	written int
}

func (b *treeWriting) refuse(crm, name string, err error) {
	b.failed[crm] = true
	b.items = append(b.items, catalog.Item{Kind: catalog.ItemError, CRMID: crm, Name: name, Reason: catalog.ReasonCategoryFailed, Params: session.TextParams(err)})
}

func (w writer) patchCategories(ctx context.Context, list []plan.TreePatch, b *treeWriting) error {
	list = list[:min(len(list), plugin.MaxBatch)]
	if len(list) == 0 {
		return nil
	}
	batch := sliceutil.Map(list, func(p plan.TreePatch) plugin.CategoryPatch { return p.Patch })
	results, err := w.Catalog.UpdateCategories(ctx, w.Origin(), batch)
	if err := session.CheckBatch(len(batch), len(results), err); err != nil {
		return err
	}
	for i, res := range results {
		if res.Err != nil {
			b.refuse(list[i].Link.CRM, list[i].Link.Name, res.Err)
			continue
		}
		b.links = append(b.links, list[i].Link)
		b.written++
	}
	return nil
}

func (w writer) createCategories(ctx context.Context, list []plan.TreeCreate, b *treeWriting) error {
	list = list[:min(len(list), plugin.MaxBatch)]
	if len(list) == 0 {
		return nil
	}
	batch := sliceutil.Map(list, func(c plan.TreeCreate) plugin.NewCategory {
		return plugin.NewCategory{Lang: w.Rules.Lang, Name: c.Category.Name, ParentID: c.Parent}
	})
	results, err := w.Catalog.CreateCategories(ctx, w.Origin(), batch)
	if err := session.CheckBatch(len(batch), len(results), err); err != nil {
		return err
	}
	for i, res := range results {
		c := list[i].Category
		if res.Err != nil {
			b.refuse(c.ID, c.Name, res.Err)
			continue
		}
		b.links = append(b.links, plan.CategoryLink{CRM: c.ID, Shop: res.ID, Name: c.Name, Parent: c.ParentID})
		b.written++
	}
	return nil
}

// endCategories lists what is left and goes on.
func (w writer) endCategories(ctx context.Context, tree plan.TreePlan, then catalog.Phase) error {
	var items []catalog.Item
	for _, l := range tree.Gone {
		items = append(items, catalog.Item{Kind: catalog.ItemNote, CRMID: l.CRM, Name: l.Name, Reason: catalog.ReasonCategoryGone})
	}
	for _, c := range tree.Loops {
		items = append(items, catalog.Item{Kind: catalog.ItemNote, CRMID: c.ID, Name: c.Name, Reason: catalog.ReasonCategoryLoop})
	}
	run := w.Next()
	run.Enter(then)
	return w.Commit(ctx, run, func(tx *sqlx.Tx) error {
		return w.Store.Runs.AddItems(ctx, tx, run.ID, items, w.Now())
	})
}
