package catalog

import (
	"context"

	"github.com/jmoiron/sqlx"
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/plugin"
)

// check looks at the plan as a whole before the first write. When a guard speaks up, and after a
// preview, the run stops here with its plan until a person decides.
func (w *worker) check(ctx context.Context) error {
	tree, trees, err := w.outlineTree(ctx)
	if err != nil {
		return err
	}
	run := w.next()
	err = w.commit(ctx, run, func(tx *sqlx.Tx) error {
		if err := w.e.store.analysePlan(ctx, tx); err != nil {
			return err
		}
		if run.Kind == Full {
			rivals, err := w.e.store.dropRivals(ctx, tx, run.ID)
			if err != nil {
				return err
			}
			run.Counters.count(rivals)
			if err := w.e.store.addItems(ctx, tx, run.ID, rivals, w.e.now()); err != nil {
				return err
			}
		}
		if err := w.foresee(ctx, tx, run); err != nil {
			return err
		}
		if err := w.guard(ctx, tx, run, trees); err != nil {
			return err
		}
		if asks(run.Guards) || run.Preview {
			run.enter(VerifyPlan)
			run.State = Approval
			return w.e.store.putTree(ctx, tx, run.ID, tree)
		}
		run.enter(firstWrite(run.Kind))
		return w.takeLinks(ctx, tx, *run)
	})
	if err != nil || w.run.State != Approval {
		return err
	}
	w.tell(ctx)
	if err := w.e.wakeDue(ctx, w.run.Connection); err != nil { // it is looked at again without that
		w.e.deps.Log.Warn("schedule", "connection", w.run.Connection, "error", err.Error())
	}
	return nil
}

// guard lets the guards look at the plan.
func (w *worker) guard(ctx context.Context, tx *sqlx.Tx, run *Run, trees treeMeasures) error {
	m, err := w.e.store.measure(ctx, tx, *run)
	if err != nil {
		return err
	}
	if err := w.drained(ctx, tx, run, &m); err != nil {
		return err
	}
	if run.Kind == Full {
		run.Guards = append(run.Guards, judgeTree(trees)...)
	}
	if run.Settings.Products {
		run.Guards = append(run.Guards, judge(run.Kind, m, w.rules.Limits)...)
	}
	return nil
}

func firstWrite(kind Kind) Phase {
	if kind == Prices {
		return WritePrices
	}
	return WriteCategories
}

// tell lets the merchant know that a run waits. Nothing waits for the message.
func (w *worker) tell(ctx context.Context) {
	if w.e.deps.Notify == nil || w.run.Preview {
		return
	}
	n := Waits{Shop: w.run.Shop, Connection: w.run.Connection, Run: w.run.ID, Kind: w.run.Kind, Guards: w.run.Guards, At: w.e.now()}
	if err := w.e.deps.Notify(ctx, n); err != nil {
		w.e.deps.Log.Warn("message about a waiting run was not taken", "run", w.run.ID, "error", err.Error())
	}
}

// moved reports whether a price moves by more than so many percent of what it was. One that was not
// set does not move.
func moved(from, to plugin.Money, percent int) bool {
	if !from.IsSet() || from.Amount.Sign() <= 0 || !to.IsSet() || from.Currency != to.Currency {
		return false
	}
	by := to.Amount.Sub(from.Amount).Abs()
	return by.Mul(decimal.NewFromInt(100)).GreaterThan(from.Amount.Mul(decimal.NewFromInt(int64(percent))))
}

// countForGuards notes on a plan what guards ask of it.
func (d *decision) countForGuards(linked bool, l link, replaced bool) {
	if d.Action != actUpdate || d.empty() && len(d.Images) == 0 {
		return
	}
	d.Foreign = d.Joins || linked && !l.CreatedHere
	d.Replaced = linked && replaced && d.From == ""
}

// takeLinks does, once the run may write, what planning has found must become of links. A preview that
// was approved also remembers what it has learned of the account.
func (w *worker) takeLinks(ctx context.Context, tx *sqlx.Tx, run Run) error {
	s := w.e.store
	if run.Kind == Full {
		if err := s.takeLinks(ctx, tx, run, w.e.now()); err != nil {
			return err
		}
	}
	if !run.Preview {
		return nil
	}
	if run.Kind == Prices {
		rows, err := s.stagedCurrencies(ctx, tx, run.ID)
		if err != nil {
			return err
		}
		if err := s.setCurrencies(ctx, tx, run.Connection, rows); err != nil {
			return err
		}
	}
	chosen := w.warehouses()
	if chosen == nil || run.StartedAt == nil {
		return nil
	}
	seen, err := s.stagedWarehouses(ctx, tx, run.ID)
	if err != nil {
		return err
	}
	if err := s.seeWarehouses(ctx, tx, run.Connection, seen, w.e.now()); err != nil {
		return err
	}
	_, err = s.judgeWarehouses(ctx, tx, run, chosen, *run.StartedAt)
	return err
}
