package catalog

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/keybridge/keybridge/plugin"
)

// PreviewKept is how long a preview waits for a person before it lapses. A run that a guard stopped
// waits as long as it takes.
const PreviewKept = time.Hour

var (
	// ErrNotWaiting: the run does not wait for approval, or not any more.
	ErrNotWaiting = fmt.Errorf("the run does not wait for approval: %w", plugin.ErrConflict)
	// ErrMoved: the settings have changed since the run planned, so its plan is not what they ask for.
	ErrMoved = fmt.Errorf("the settings have changed since: %w", plugin.ErrConflict)
)

// Waits tells that a run waits for approval.
type Waits struct {
	Shop       plugin.ShopID
	Connection plugin.ConnectionID
	Run        int64
	Kind       Kind
	Guards     []Guard
	At         time.Time
}

// Approve lets a run that waits for approval write its plan, and nothing but that, as soon as no other
// run of the connection is at work. Before it writes, the run looks again at both sides of everything
// planned, in a worker: a product that has changed in the shop or in the CRM since it was planned is left
// alone and listed as ReasonMoved, for the next run. Price and stock are looked at by themselves, because
// price runs and stock calls go on meanwhile: where they are others by now, they are left out of the plan
// and what later readings brought stands. Errors: plugin.ErrNotFound, ErrNotWaiting, ErrMoved, ErrOff.
func (e *Engine) Approve(ctx context.Context, id int64, by string) error {
	run, err := e.Run(ctx, id)
	if err != nil {
		return err
	}
	if run.State != Approval {
		return fmt.Errorf("approve run %d: %w", id, ErrNotWaiting)
	}
	conn, err := e.deps.Connections.Get(ctx, run.Connection)
	if err != nil {
		return fmt.Errorf("approve run %d: %w", id, err)
	}
	if !conn.Enabled || !e.active(ctx, run.Shop) {
		return fmt.Errorf("approve run %d: %w", id, ErrOff)
	}
	if !bytes.Equal(toJSON(conn.Settings.Catalog), toJSON(run.Settings)) {
		return fmt.Errorf("approve run %d: %w", id, ErrMoved)
	}
	ok, err := e.store.approve(ctx, id, by, e.now())
	if err == nil && !ok {
		err = fmt.Errorf("approve run %d: %w", id, ErrNotWaiting)
	}
	return err
}

// Intended is what a run means to do about one product.
type Intended struct {
	CRMID   string
	Product plugin.ProductID // empty: it is to be created
	Name    string
	Action  string // "create", "update", "link" or "missing"
	Changes []Change
	// Pictures counts those that the product shall have; 0: they stay as they are.
	Pictures int
}

// Plan lists what a run means to do, in the order of the CRM's ids, from behind the product after
// (empty: from the first). It is empty before the run has planned and once the run is over.
func (e *Engine) Plan(ctx context.Context, run int64, after string, limit int) ([]Intended, error) {
	of, err := e.Run(ctx, run)
	if err != nil {
		return nil, err
	}
	plans, err := e.store.pendingPlans(ctx, run, after, limit)
	if err != nil {
		return nil, err
	}
	return each(plans, func(p planned) Intended {
		if of.holds() {
			p.markHeld()
		}
		return Intended{
			CRMID: p.CRM, Product: p.Product, Name: p.Name, Action: string(p.Action), Changes: p.Changes,
			Pictures: len(p.Images),
		}
	}), nil
}

// PlanCounts counts a plan by what is to be done.
type PlanCounts struct {
	Create  int `db:"to_create"`
	Update  int `db:"to_update"`
	Link    int `db:"to_link"`
	Missing int `db:"to_miss"`
	// Categories counts those to be created, renamed, moved or linked.
	Categories int `db:"to_tree"`
}

// PlanCounts counts what Plan and PlanTree list.
func (e *Engine) PlanCounts(ctx context.Context, run int64) (PlanCounts, error) {
	return e.store.planCounts(ctx, run)
}
