package bridge

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
	"github.com/keybridge/keybridge/internal/demoshop/store"
	"github.com/keybridge/keybridge/plugin"
)

// Place runs the checkout's transaction and tells the plugin of the order, by the capture level of
// the engine: inside the transaction, or by an event the transaction queues. A buyer who closes the
// page does not undo the order half way, and the plugin's statement must not run under a deadline.
func (in *Integration) Place(ctx context.Context, d store.Draft) (store.Placed, error) {
	ctx = context.WithoutCancel(ctx)
	p := in.Plugin()
	if p != nil {
		d.Durable = in.capture == plugin.CaptureDurable
		if in.capture == plugin.CaptureInTx {
			d.InTx = func(tx sqlx.ExecerContext, at domain.Placement) error {
				return in.tellPlaced(ctx, p, tx, contractPlacement(at))
			}
		}
	}
	done, err := in.sales.Checkout(ctx, d)
	if err != nil || done.Again || p == nil {
		return done, err
	}
	in.Nudge()
	if in.capture == plugin.CaptureInTx {
		in.tellCommitted(ctx, p, contractPlacement(done.Placement))
	}
	return done, nil
}

// watchedTx is the transaction in the plugin's hands; it remembers whether a statement failed.
type watchedTx struct {
	tx  sqlx.ExecerContext
	err error
}

// ExecContext implements plugin.Execer.
func (t *watchedTx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	res, err := t.tx.ExecContext(ctx, query, args...)
	t.err = errors.Join(t.err, err)
	return res, err
}

// tellPlaced calls the plugin inside the transaction. An error means: undo the plugin's statement,
// the scan will find the order.
func (in *Integration) tellPlaced(ctx context.Context, p plugin.Plugin, tx sqlx.ExecerContext, at plugin.Placement) (err error) {
	watched := &watchedTx{tx: tx}
	defer func() {
		if recovered := recover(); recovered != nil {
			err = errors.New("the plugin panicked")
		}
		if err != nil {
			in.log.ErrorContext(ctx, "plugin did not note the order in its checkout", "order", at.Order, "error", err)
		}
	}()
	p.Orders().PlacedTx(ctx, watched, at)
	return watched.err
}

func (in *Integration) tellCommitted(ctx context.Context, p plugin.Plugin, at plugin.Placement) {
	defer func() {
		if recovered := recover(); recovered != nil {
			in.log.ErrorContext(ctx, "plugin panicked after a checkout", "order", at.Order)
		}
	}()
	p.Orders().Committed(at)
}
