package apply

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/plan"
	"github.com/keybridge/keybridge/catalog/requests"
	"github.com/keybridge/keybridge/catalog/session"
	"github.com/keybridge/keybridge/internal/safehtml"
)

// verifyTree takes categories that have changed on either side out of an approved plan.
func (w writer) verifyTree(ctx context.Context) error {
	approved, err := w.Store.Plans.TreeOf(ctx, w.Run.ID, 0)
	if err != nil {
		return err
	}
	run := w.Next()
	run.Enter(catalog.VerifyPlan)
	if len(approved) == 0 {
		return w.Commit(ctx, run, nil)
	}
	crm, err := w.treeMoved(ctx, run)
	if err != nil {
		return err
	}
	changes, _, err := w.proposer().SimulateTree(ctx)
	if err != nil {
		return err
	}
	now := map[string]plan.TreeChange{}
	for _, c := range changes {
		now[c.CRM] = c
	}
	var dropped []string
	var items []catalog.Item
	for _, c := range approved {
		side := "shop"
		switch {
		case crm[c.CRM]:
			side = "crm"
		case now[c.CRM] == c:
			continue
		}
		dropped = append(dropped, c.CRM)
		if c.Action != plan.TreeGone {
			items = append(items, catalog.Item{Kind: catalog.ItemNote, CRMID: c.CRM, Name: c.Name, Reason: catalog.ReasonMoved, Params: catalog.Params{"side": side}})
		}
	}
	return w.Commit(ctx, run, func(tx *sqlx.Tx) error {
		if err := w.Store.Plans.DropTree(ctx, tx, run.ID, dropped); err != nil {
			return err
		}
		return w.Store.Runs.AddItems(ctx, tx, run.ID, items, w.Now())
	})
}

// treeMoved reads the CRM's tree again and answers the categories of which it does not say what was
// planned from.
func (w writer) treeMoved(ctx context.Context, run *catalog.Run) (map[string]bool, error) {
	source, err := w.OpenCRM(ctx)
	if err != nil {
		return nil, err
	}
	staged, err := w.Store.Staging.Categories(ctx, run.ID)
	if err != nil {
		return nil, err
	}
	before, out := map[string]catalog.Category{}, map[string]bool{}
	for _, c := range staged {
		before[c.ID], out[c.ID] = c, true
	}
	most := run.Counters.Requests + requests.Pages(len(staged)) + session.MaxStale
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
