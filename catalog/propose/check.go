package propose

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/plan"
	"github.com/keybridge/keybridge/internal/calendar"
)

// check looks at the plan as a whole before the first write. When a guard speaks up, and after a
// preview, the run stops here with its plan until a person decides.
func (w Proposer) check(ctx context.Context) error {
	tree, trees, err := w.SimulateTree(ctx)
	if err != nil {
		return err
	}
	run := w.Next()
	err = w.Commit(ctx, run, func(tx *sqlx.Tx) error {
		if err := w.Store.Plans.Analyse(ctx, tx); err != nil {
			return err
		}
		if run.Kind == catalog.Full {
			rivals, err := w.Store.Plans.DropRivals(ctx, tx, run.ID)
			if err != nil {
				return err
			}
			run.Counters.Count(rivals)
			if err := w.Store.Runs.AddItems(ctx, tx, run.ID, rivals, w.Now()); err != nil {
				return err
			}
		}
		if err := w.previewRelinks(ctx, tx, run); err != nil {
			return err
		}
		if err := w.guard(ctx, tx, run, trees); err != nil {
			return err
		}
		if plan.Asks(run.Guards) || run.Preview {
			run.Enter(firstVerify(run.Kind))
			run.State = catalog.Approval
			return w.Store.Plans.PutTree(ctx, tx, run.ID, tree)
		}
		run.Enter(FirstWrite(run.Kind))
		return w.ApplyLinks(ctx, tx, *run)
	})
	if err != nil || w.Run.State != catalog.Approval {
		return err
	}
	w.notifyWaiting(ctx)
	if err := w.Calendar.Wake(ctx, calendar.Owner(w.Run.Connection)); err != nil { // it is looked at again without that
		w.Deps.Log.Warn("schedule", "connection", w.Run.Connection, "error", err.Error())
	}
	return nil
}

// guard lets the guards look at the plan.
func (w Proposer) guard(ctx context.Context, tx *sqlx.Tx, run *catalog.Run, trees plan.TreeMeasures) error {
	m, err := w.Store.Plans.Measure(ctx, tx, *run)
	if err != nil {
		return err
	}
	if err := w.countSoldOut(ctx, tx, run, &m); err != nil {
		return err
	}
	if run.Kind == catalog.Full {
		run.Guards = append(run.Guards, plan.EvaluateTreeGuards(trees)...)
	}
	if run.Settings.Products {
		run.Guards = append(run.Guards, plan.EvaluateGuards(run.Kind, m, w.Rules.Limits)...)
	}
	return nil
}

// firstVerify is where an approved run goes on.
func firstVerify(kind catalog.Kind) catalog.Phase {
	if kind == catalog.Prices {
		return catalog.VerifyPlan
	}
	return catalog.VerifyCategories
}

// FirstWrite is the first phase of a run of that kind that writes to the shop.
func FirstWrite(kind catalog.Kind) catalog.Phase {
	if kind == catalog.Prices {
		return catalog.WritePrices
	}
	return catalog.WriteCategories
}

// notifyWaiting lets the merchant know that a run waits. Nothing waits for the message.
func (w Proposer) notifyWaiting(ctx context.Context) {
	if w.Deps.Notify == nil || w.Run.Preview {
		return
	}
	n := catalog.ApprovalRequest{Shop: w.Run.Shop, Connection: w.Run.Connection, Run: w.Run.ID, Kind: w.Run.Kind, Guards: w.Run.Guards, At: w.Now()}
	if err := w.Deps.Notify(ctx, n); err != nil {
		w.Deps.Log.Warn("message about a waiting run was not taken", "run", w.Run.ID, "error", err.Error())
	}
}

// ApplyLinks does, once the run may write, what planning has found must become of links; see store.Plans.TakeLinks. A
// preview that was approved also remembers what it has learned of the account.
func (w Proposer) ApplyLinks(ctx context.Context, tx *sqlx.Tx, run catalog.Run) error {
	s := w.Store
	if run.Kind == catalog.Full {
		if err := s.Plans.TakeLinks(ctx, tx, run, w.Now()); err != nil {
			return err
		}
	}
	if !run.Preview {
		return nil
	}
	if run.Kind == catalog.Prices {
		rows, err := s.Quotes.StagedCurrencies(ctx, tx, run.ID)
		if err != nil {
			return err
		}
		if err := s.Quotes.SetCurrencies(ctx, tx, run.Connection, rows); err != nil {
			return err
		}
	}
	chosen := w.Warehouses()
	if chosen == nil || run.StartedAt == nil {
		return nil
	}
	seen, err := s.Staging.Warehouses(ctx, tx, run.ID)
	if err != nil {
		return err
	}
	if err := s.Warehouses.See(ctx, tx, run.Connection, seen, w.Now()); err != nil {
		return err
	}
	_, err = s.Warehouses.CheckSeen(ctx, tx, run, chosen, *run.StartedAt)
	return err
}

// countSoldOut fills in what the guard of stock needs to know beside the plan, once that alone may be much.
func (w Proposer) countSoldOut(ctx context.Context, tx *sqlx.Tx, run *catalog.Run, m *plan.Measures) error {
	if m.SoldOut == 0 {
		return nil
	}
	var err error
	if m.Recent, err = w.Store.Held.SoldOutSince(ctx, tx, run.Connection, w.Now().Add(-plan.SoldOutWindow)); err != nil {
		return err
	}
	if m.SoldOut+m.Recent <= w.Rules.Limits.StockCount {
		return nil
	}
	before, err := w.Store.Held.StockBefore(ctx, tx, *run)
	if err != nil {
		return err
	}
	m.Before = before + m.Recent
	was, _, ok, err := w.Store.Held.LastRun(ctx, tx, run.Connection)
	if ok {
		m.Setting = plan.StockSetting(was, run.Settings)
	}
	return err
}
