package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/plan"
	"github.com/keybridge/keybridge/internal/sliceutil"
	"github.com/keybridge/keybridge/plugin"
)

// Approve lets a run that waits for approval write its plan, and nothing but that, as soon as no other
// run of the connection is at work. Before it writes, the run looks again at both sides of everything
// planned, in a worker: a product that has changed in the shop or in the CRM since it was planned is left
// alone and listed as ReasonMoved, for the next run. Price and stock are looked at by themselves, because
// price runs and stock calls go on meanwhile: where they are others by now, they are left out of the plan
// and what later readings brought stands. Errors: plugin.ErrNotFound, catalog.ErrNotWaiting,
// catalog.ErrMoved, catalog.ErrOff.
func (e *Engine) Approve(ctx context.Context, id int64, by string) error {
	run, err := e.Run(ctx, id)
	if err != nil {
		return err
	}
	if run.State != catalog.Approval {
		return fmt.Errorf("approve run %d: %w", id, catalog.ErrNotWaiting)
	}
	conn, err := e.t.Deps.Connections.Get(ctx, run.Connection)
	if err != nil {
		return fmt.Errorf("approve run %d: %w", id, err)
	}
	if !conn.Enabled || !e.t.Active(ctx, run.Shop) {
		return fmt.Errorf("approve run %d: %w", id, catalog.ErrOff)
	}
	if run.Layout != catalog.Layout { // it is about to be made anew
		return fmt.Errorf("approve run %d: %w", id, catalog.ErrMoved)
	}
	if !bytes.Equal(plan.JSON(conn.Settings.Catalog), plan.JSON(run.Settings)) {
		return fmt.Errorf("approve run %d: %w", id, catalog.ErrMoved)
	}
	ok, err := e.t.Store.Runs.Approve(ctx, id, by, e.t.Now())
	if err == nil && !ok {
		err = fmt.Errorf("approve run %d: %w", id, catalog.ErrNotWaiting)
	}
	return err
}

// Plan lists what a run means to do, in the order of the CRM's ids, from behind the product after
// (empty: from the first). It is empty before the run has planned and once the run is over. Errors: plugin.ErrNotFound.
func (e *Engine) Plan(ctx context.Context, run int64, after string, limit int) ([]catalog.Intended, error) {
	of, err := e.Run(ctx, run)
	if err != nil || of.Layout != catalog.Layout { // it is about to be planned anew
		return nil, err
	}
	plans, err := e.t.Store.Plans.Pending(ctx, run, after, limit)
	if err != nil {
		return nil, err
	}
	return sliceutil.Map(plans, func(p plan.Planned) catalog.Intended {
		if of.Holds() {
			p.MarkHeld()
		}
		return catalog.Intended{
			CRMID: p.CRM, Product: p.Product, Name: p.Name, Action: string(p.Action), Changes: p.Changes,
			Pictures: len(p.Images),
		}
	}), nil
}

// PlanCounts counts what Plan and PlanTree list; of an unknown run, nothing.
func (e *Engine) PlanCounts(ctx context.Context, run int64) (catalog.PlanCounts, error) {
	if ok, err := readable(ctx, e, run); !ok || err != nil {
		return catalog.PlanCounts{}, err
	}
	return e.t.Store.Plans.Counts(ctx, run)
}

// readable reports whether a run's plan is in the layout of this version; an unknown run has none.
func readable(ctx context.Context, e *Engine, id int64) (bool, error) {
	run, err := e.Run(ctx, id)
	if errors.Is(err, plugin.ErrNotFound) {
		return false, nil
	}
	return err == nil && run.Layout == catalog.Layout, err
}

// PlanTree lists what a run that waits for a person means to do to the categories. It is empty before
// the run has planned, once it is over, and of an unknown run.
func (e *Engine) PlanTree(ctx context.Context, run int64, limit int) ([]catalog.IntendedCategory, error) {
	if ok, err := readable(ctx, e, run); !ok || err != nil {
		return nil, err
	}
	rows, err := e.t.Store.Plans.TreeOf(ctx, run, limit)
	if err != nil {
		return nil, err
	}
	return sliceutil.Map(rows, func(c plan.TreeChange) catalog.IntendedCategory {
		return catalog.IntendedCategory{
			CRMID: c.CRM, Action: string(c.Action), Name: c.Name, OldName: c.OldName, Parent: c.Parent, OldParent: c.OldParent,
		}
	}), nil
}
