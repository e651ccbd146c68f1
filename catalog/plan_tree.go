package catalog

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog/requests"
	"github.com/keybridge/keybridge/internal/safehtml"
)

// IntendedCategory is what a run means to do about one category. Parents are told as paths; an empty
// one is the top of the tree.
type IntendedCategory struct {
	CRMID string
	// Action is "create", "update" (renamed or moved), "link" or "gone" (from the CRM, and left).
	Action            string
	Name, OldName     string // OldName only of an update
	Parent, OldParent string
}

// PlanTree lists what a run that waits for a person means to do to the categories. It is empty before
// the run has planned and once it is over.
func (e *Engine) PlanTree(ctx context.Context, run int64, limit int) ([]IntendedCategory, error) {
	rows, err := e.store.treeOf(ctx, run, limit)
	if err != nil {
		return nil, err
	}
	return each(rows, func(c treeChange) IntendedCategory {
		return IntendedCategory{
			CRMID: c.CRM, Action: string(c.Action), Name: c.Name, OldName: c.OldName, Parent: c.Parent, OldParent: c.OldParent,
		}
	}), nil
}

// treeMeasures are what guards look at in the category tree.
type treeMeasures struct {
	Linked int
	// Read counts the categories that the CRM answered.
	Read int
	// Touched counts linked categories that are gone from the CRM or to be renamed or moved, Gone the
	// former alone.
	Touched, Gone int
}

// outlineTree tells what the run will do to the tree, as both sides are now.
func (w *worker) outlineTree(ctx context.Context) ([]treeChange, treeMeasures, error) {
	var m treeMeasures
	if w.run.Kind != Full || !w.writesCategories() {
		return nil, m, nil
	}
	f, err := w.treeFacts(ctx, map[string]bool{})
	if err != nil {
		return nil, m, err
	}
	changes := outline(f)
	m.Linked, m.Read = len(f.links), len(f.crm)
	for _, c := range changes {
		switch c.Action {
		case treeGone:
			m.Gone++
			m.Touched++
		case treeUpdated:
			m.Touched++
		case treeCreated, treeLinked:
		}
	}
	return changes, m, nil
}

// verifyTree takes categories that have changed on either side out of an approved plan.
func (w *worker) verifyTree(ctx context.Context) error {
	approved, err := w.e.store.treeOf(ctx, w.run.ID, 0)
	if err != nil {
		return err
	}
	run := w.next()
	run.moveTo(cursor{Group: 1})
	if len(approved) == 0 {
		return w.commit(ctx, run, nil)
	}
	crm, err := w.treeMoved(ctx, run)
	if err != nil {
		return err
	}
	changes, _, err := w.outlineTree(ctx)
	if err != nil {
		return err
	}
	now := map[string]treeChange{}
	for _, c := range changes {
		now[c.CRM] = c
	}
	var dropped []string
	var items []Item
	for _, c := range approved {
		side := "shop"
		switch {
		case crm[c.CRM]:
			side = "crm"
		case now[c.CRM] == c:
			continue
		}
		dropped = append(dropped, c.CRM)
		if c.Action != treeGone {
			items = append(items, Item{Kind: ItemNote, CRMID: c.CRM, Name: c.Name, Reason: ReasonMoved, Params: Params{"side": side}})
		}
	}
	return w.commit(ctx, run, func(tx *sqlx.Tx) error {
		if err := w.e.store.dropTree(ctx, tx, run.ID, dropped); err != nil {
			return err
		}
		return w.e.store.addItems(ctx, tx, run.ID, items, w.e.now())
	})
}

// treeMoved reads the CRM's tree again and answers the categories of which it does not say what was
// planned from.
func (w *worker) treeMoved(ctx context.Context, run *Run) (map[string]bool, error) {
	source, err := w.crm(ctx)
	if err != nil {
		return nil, err
	}
	staged, err := w.e.store.stagedCategories(ctx, run.ID)
	if err != nil {
		return nil, err
	}
	before, out := map[string]Category{}, map[string]bool{}
	for _, c := range staged {
		before[c.ID], out[c.ID] = c, true
	}
	most := run.Counters.Requests + requests.Pages(len(staged)) + maxStale
	for at := ""; run.Counters.Requests < most; {
		page, err := source.CategoryPage(ctx, at)
		if err != nil {
			return nil, fmt.Errorf("verify categories: %w", err)
		}
		run.Counters.Requests++
		for _, c := range page.Rows {
			c.Name = safehtml.Text(c.Name)
			out[c.ID] = before[c.ID] != c
		}
		if at = page.Next; at == "" {
			break
		}
	}
	return out, nil
}

// unapproved adds to failed what a plan would do that nobody has approved; it reports whether there is
// anything.
func unapproved(p treePlan, links []categoryLink, approved map[string]bool, failed map[string]bool) bool {
	linked := map[string]bool{}
	for _, l := range links {
		linked[l.CRM] = true
	}
	strange := map[string]bool{}
	for _, l := range p.links {
		strange[l.CRM] = !linked[l.CRM]
	}
	for _, t := range p.patches {
		strange[t.link.CRM] = true
	}
	for _, t := range p.creates {
		strange[t.category.ID] = true
	}
	maps.DeleteFunc(strange, func(id string, is bool) bool { return !is || approved[id] })
	for _, id := range slices.Sorted(maps.Keys(strange)) {
		failed[id] = true
	}
	return len(strange) > 0
}
