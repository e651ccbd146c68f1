package apply

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/session"
	"github.com/keybridge/keybridge/catalog/store"
)

// count counts what the next runs and calls compare with, once all is written.
func (w writer) count(ctx context.Context, tx *sqlx.Tx, run *catalog.Run) (err error) {
	if run.Kind == catalog.Full {
		if run.Counters.Seen, err = w.Store.Plans.Seen(ctx, tx, *run); err != nil {
			return err
		}
	}
	if err := w.Store.Held.Tidy(ctx, tx, run.Connection); err != nil {
		return err
	}
	run.Counters.Available, err = w.Store.Held.StockAfter(ctx, tx, *run)
	return err
}

// tidy drops what the run has staged and, when nothing is left, ends it.
func (w writer) tidy(ctx context.Context) error {
	run, left := w.Next(), int64(0)
	err := w.CommitAsync(ctx, run, func(tx *sqlx.Tx) (err error) {
		at, err := session.CursorOf[session.TidyCursor](*run)
		if err != nil {
			return err
		}
		if !at.Counted {
			if err := w.count(ctx, tx, run); err != nil {
				return err
			}
			session.MoveTo(run, session.TidyCursor{Counted: true})
		}
		left, err = w.Store.Staging.Tidy(ctx, tx, run.Connection, run.ID)
		return err
	})
	if err != nil || left > 0 {
		return err
	}
	err = w.Store.InTx(ctx, func(tx *sqlx.Tx) error {
		return w.Store.Runs.Finish(ctx, tx, w.Run, catalog.Done, store.Outcome{}, w.Now())
	})
	if err == nil {
		w.Run.State = catalog.Done
	}
	return err
}
