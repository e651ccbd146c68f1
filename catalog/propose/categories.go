package propose

import (
	"context"
	"strings"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/plan"
	"github.com/keybridge/keybridge/catalog/session"
)

// SimulateTree is a dry run of writing the tree, as both sides are now, with what the guards measure; nothing when the
// run does not bring the tree.
func (w Proposer) SimulateTree(ctx context.Context) ([]plan.TreeChange, plan.TreeMeasures, error) {
	var m plan.TreeMeasures
	if w.Run.Kind != catalog.Full || !w.WritesCategories() {
		return nil, m, nil
	}
	f, err := w.TreeFacts(ctx, map[string]bool{})
	if err != nil {
		return nil, m, err
	}
	changes := plan.SimulateTree(f)
	m.Linked, m.Read = len(f.Links), len(f.Crm)
	for _, c := range changes {
		switch c.Action {
		case plan.TreeGone:
			m.Gone++
			m.Touched++
		case plan.TreeUpdated:
			m.Touched++
		case plan.TreeCreated, plan.TreeLinked:
		}
	}
	return changes, m, nil
}

// TreeFacts reads both sides of the tree. failed are categories of the CRM to leave out.
func (w Proposer) TreeFacts(ctx context.Context, failed map[string]bool) (plan.TreeFacts, error) {
	f := plan.TreeFacts{Failed: failed, Lang: w.Rules.Lang}
	var err error
	if f.Shop, err = w.Catalog.Categories(ctx, w.Rules.Lang); err != nil {
		return f, session.FromShop(err)
	}
	if f.Crm, err = w.Store.Staging.Categories(ctx, w.Run.ID); err != nil {
		return f, err
	}
	for i, c := range f.Crm {
		if f.Crm[i].Name = strings.TrimSpace(c.Name); f.Crm[i].Name == "" {
			f.Crm[i].Name = "№ " + c.ID // a shop takes no category without a name
		}
	}
	if f.Links, err = w.Store.Links.Categories(ctx, w.Run.Connection); err != nil {
		return f, err
	}
	f.Taken, err = w.Store.Links.OtherCategories(ctx, w.Run)
	return f, err
}
