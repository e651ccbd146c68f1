package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/plugin"
)

// writeCategories writes what the tree lacks, a level at a time: each step reads the shop's tree
// anew, so a category made just before a crash is found by its name and not made twice.
func (w *worker) writeCategories(ctx context.Context) error {
	then := WriteProducts
	if !w.run.Settings.Products {
		then = Tidy
	}
	if !w.writesCategories() {
		return w.skipTo(ctx, then)
	}
	failed := map[string]bool{}
	if w.run.cursor != "" {
		if err := json.Unmarshal([]byte(w.run.cursor), &failed); err != nil {
			return fmt.Errorf("cursor of run %d: %w", w.run.ID, err)
		}
	}
	plan, err := w.planTree(ctx, failed)
	if err != nil {
		return err
	}
	if plan.empty() {
		return w.endCategories(ctx, plan, then)
	}
	b := &treeWriting{failed: failed, links: plan.links}
	if err := w.patchCategories(ctx, plan.patches, b); err != nil {
		return err
	}
	if err := w.createCategories(ctx, plan.creates, b); err != nil {
		return err
	}
	run := w.next()
	run.cursor = string(toJSON(b.failed))
	run.Done += int64(len(b.links))
	run.Counters.Categories += b.written
	run.Counters.count(b.items)
	return w.commit(ctx, run, func(tx *sqlx.Tx) error {
		if err := w.e.store.putCategories(ctx, tx, *run, b.links, w.e.now()); err != nil {
			return err
		}
		return w.list(ctx, tx, b.items)
	})
}

// planTree plans what is to be written now; of an approved run nothing but what was approved.
func (w *worker) planTree(ctx context.Context, failed map[string]bool) (treePlan, error) {
	f, err := w.treeFacts(ctx, failed)
	if err != nil || w.run.ApprovedBy == "" {
		return planTree(f), err
	}
	rows, err := w.e.store.treeOf(ctx, w.run.ID, 0)
	if err != nil {
		return treePlan{}, err
	}
	approved := setOf(each(rows, func(c treeChange) string { return c.CRM }))
	plan := planTree(f)
	for unapproved(plan, f.links, approved, failed) {
		plan = planTree(f)
	}
	return plan, nil
}

// treeFacts reads both sides of the tree.
func (w *worker) treeFacts(ctx context.Context, failed map[string]bool) (treeFacts, error) {
	f := treeFacts{failed: failed, lang: w.rules.Lang}
	var err error
	if f.shop, err = w.catalog.Categories(ctx, w.rules.Lang); err != nil {
		return f, fromShop(err)
	}
	if f.crm, err = w.e.store.stagedCategories(ctx, w.run.ID); err != nil {
		return f, err
	}
	for i, c := range f.crm {
		if f.crm[i].Name = strings.TrimSpace(c.Name); f.crm[i].Name == "" {
			f.crm[i].Name = "№ " + c.ID // a shop takes no category without a name
		}
	}
	if f.links, err = w.e.store.categoryLinks(ctx, w.run.Connection); err != nil {
		return f, err
	}
	f.taken, err = w.e.store.otherCategories(ctx, w.run)
	return f, err
}

// treeWriting is what came of one step.
type treeWriting struct {
	failed  map[string]bool
	links   []categoryLink
	items   []Item
	written int
}

func (b *treeWriting) refuse(crm, name string, err error) {
	b.failed[crm] = true
	b.items = append(b.items, Item{Kind: ItemError, CRMID: crm, Name: name, Reason: ReasonCategoryFailed, Params: saidParams(err)})
}

func (w *worker) patchCategories(ctx context.Context, list []treePatch, b *treeWriting) error {
	list = list[:min(len(list), plugin.MaxBatch)]
	if len(list) == 0 {
		return nil
	}
	batch := each(list, func(p treePatch) plugin.CategoryPatch { return p.patch })
	results, err := w.catalog.UpdateCategories(ctx, w.origin(), batch)
	if err := answered(len(batch), len(results), err); err != nil {
		return err
	}
	for i, res := range results {
		if res.Err != nil {
			b.refuse(list[i].link.CRM, list[i].link.Name, res.Err)
			continue
		}
		b.links = append(b.links, list[i].link)
		b.written++
	}
	return nil
}

func (w *worker) createCategories(ctx context.Context, list []treeCreate, b *treeWriting) error {
	list = list[:min(len(list), plugin.MaxBatch)]
	if len(list) == 0 {
		return nil
	}
	batch := each(list, func(c treeCreate) plugin.NewCategory {
		return plugin.NewCategory{Lang: w.rules.Lang, Name: c.category.Name, ParentID: c.parent}
	})
	results, err := w.catalog.CreateCategories(ctx, w.origin(), batch)
	if err := answered(len(batch), len(results), err); err != nil {
		return err
	}
	for i, res := range results {
		c := list[i].category
		if res.Err != nil {
			b.refuse(c.ID, c.Name, res.Err)
			continue
		}
		b.links = append(b.links, categoryLink{CRM: c.ID, Shop: res.ID, Name: c.Name, Parent: c.ParentID})
		b.written++
	}
	return nil
}

// endCategories lists what is left and goes on.
func (w *worker) endCategories(ctx context.Context, plan treePlan, then Phase) error {
	var items []Item
	for _, l := range plan.gone {
		items = append(items, Item{Kind: ItemNote, CRMID: l.CRM, Name: l.Name, Reason: ReasonCategoryGone})
	}
	for _, c := range plan.loops {
		items = append(items, Item{Kind: ItemNote, CRMID: c.ID, Name: c.Name, Reason: ReasonCategoryLoop})
	}
	run := w.next()
	run.enter(then)
	return w.commit(ctx, run, func(tx *sqlx.Tx) error {
		return w.e.store.addItems(ctx, tx, run.ID, items, w.e.now())
	})
}
