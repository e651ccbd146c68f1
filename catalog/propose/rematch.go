package propose

import (
	"context"
	"strconv"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/plan"
)

// DropUnresolvable drops plans that would link what another product does not let go of, and lists them as conflicts.
func (w Proposer) DropUnresolvable(ctx context.Context, tx *sqlx.Tx, run *catalog.Run) error {
	claims, err := w.Store.Plans.Claims(ctx, tx, *run)
	if err != nil {
		return err
	}
	var marks []plan.Outcome
	var items []catalog.Item
	for _, c := range plan.UnresolvableClaims(claims) {
		marks = append(marks, plan.Outcome{CRM: c.CRM, State: plan.Dropped, Product: c.Product})
		items = append(items, catalog.Item{
			Kind: catalog.ItemConflict, CRMID: c.CRM, Product: c.Product, Name: c.Name, Reason: catalog.ReasonLinkedElsewhere,
			Params: catalog.Params{"product": string(c.Product), "crm": c.Holder},
		})
	}
	run.Counters.Count(items)
	if err := w.Store.Runs.AddItems(ctx, tx, run.ID, items, w.Now()); err != nil {
		return err
	}
	return w.Store.Plans.Mark(ctx, tx, run.ID, marks)
}

// previewRelinks looks at the links that a rematching run would change, before anybody is asked.
func (w Proposer) previewRelinks(ctx context.Context, tx *sqlx.Tx, run *catalog.Run) error {
	if !run.Rematch {
		return nil
	}
	if err := w.DropUnresolvable(ctx, tx, run); err != nil {
		return err
	}
	n, err := w.Store.Plans.CountRelinks(ctx, tx, run.ID)
	if err == nil && n > 0 {
		run.Guards = append(run.Guards, catalog.Guard{Code: catalog.GuardRematch, Params: catalog.Params{"count": strconv.Itoa(n)}})
	}
	return err
}
