package engine

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"time"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/apply"
	"github.com/keybridge/keybridge/catalog/propose"
	"github.com/keybridge/keybridge/catalog/quotes"
	"github.com/keybridge/keybridge/catalog/session"
	"github.com/keybridge/keybridge/catalog/stage"
	"github.com/keybridge/keybridge/catalog/store"
	"github.com/keybridge/keybridge/internal/budget"
	"github.com/keybridge/keybridge/internal/jobs/lease"
)

// Handle implements jobs.Handler: it works on a run for one slice and says in the run's row when to go on. A run that
// is over, not due or leased by another worker is no error; an error is our database's, and the run is handed over
// again once its lease is over.
func (e *Engine) Handle(ctx context.Context, id int64) error {
	now := e.t.Now()
	run, ok, err := e.t.Store.Runs.Claim(ctx, id, now, now.Add(e.t.Deps.Config.Lease))
	if err != nil || !ok {
		return err
	}
	w := session.New(e.t, run)
	err = w.Slice(ctx, e.steps)
	return e.finishSlice(ctx, w.Run, err)
}

// finishSlice writes down how a slice ended.
func (e *Engine) finishSlice(ctx context.Context, run catalog.Run, err error) error {
	stopping := ctx.Err() != nil
	// What is to be written must be written even while the process stops.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	log := e.t.Deps.Log.With("run", run.ID, "connection", run.Connection)
	if err = e.recordOutcome(ctx, log, run, err, stopping); errors.Is(err, lease.ErrLost) {
		log.Warn("run: it was ended, or its lease ran out and another worker goes on")
		return nil
	}
	return err
}

// recordOutcome stores how a slice ended. Errors: lease.ErrLost when the run is another worker's by now.
func (e *Engine) recordOutcome(ctx context.Context, log *slog.Logger, run catalog.Run, err error, stopping bool) error {
	var why store.Outcome
	var later *budget.WaitError
	switch {
	case errors.Is(err, lease.ErrLost):
		return err
	case err == nil && (run.State == catalog.Done || run.State == catalog.Approval):
		return nil
	case err == nil, stopping:
		return e.t.Store.Runs.Release(ctx, run, e.t.Now())
	case errors.As(err, &later): // its turn is too far away to keep a worker for
		return e.t.Store.Runs.Release(ctx, run, e.t.Now().Add(later.After))
	default:
		why = session.OutcomeOf(err)
	}
	if why.Final || run.Attempts+1 >= session.MaxAttempts {
		log.Error("run failed", "phase", run.Phase, "code", why.Code, "error", err.Error())
		return e.t.Store.Runs.Finish(ctx, e.t.Deps.DB, run, catalog.Failed, why, e.t.Now())
	}
	next := e.t.Now().Add(session.Pause(run.Attempts, why.After))
	log.Warn("run waits", "phase", run.Phase, "code", why.Code, "until", next, "error", err.Error())
	return e.t.Store.Runs.Retry(ctx, run, next, why)
}

// steps are those of every phase. Reading, from ReadCategories to CheckWarehouses, CheckCurrency and ReadPrices are in package
// stage; SplitVariants, PlanProducts and CheckPlan in propose; VerifyCategories, VerifyPlan, Relink, the writing of
// categories, products and pictures, WriteAgain and Tidy in apply; PlanPrices and WritePrices in quotes.
func steps() map[catalog.Phase]session.Step {
	all := map[catalog.Phase]session.Step{}
	for _, some := range []map[catalog.Phase]session.Step{stage.Steps(), propose.Steps(), apply.Steps(), quotes.Steps()} {
		maps.Copy(all, some)
	}
	// A price run plans anew what failed by the means of price runs.
	again, prices := all[catalog.WriteAgain], quotes.Again
	all[catalog.WriteAgain] = func(ctx context.Context, w *session.Session) error {
		if w.Run.Kind == catalog.Prices {
			return prices(ctx, w)
		}
		return again(ctx, w)
	}
	return all
}
