package apply

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/propose"
)

// relink changes the links of an approved plan, all of them in one transaction: two products that
// change places never stand in each other's way, and a crash leaves either all old or all new.
func (w writer) relink(ctx context.Context) error {
	run := w.Next()
	run.Enter(propose.FirstWrite(run.Kind))
	return w.Commit(ctx, run, func(tx *sqlx.Tx) error {
		if err := w.proposer().DropUnresolvable(ctx, tx, run); err != nil {
			return err
		}
		return w.Store.Plans.Relink(ctx, tx, *run, w.Now())
	})
}

// afterVerify is what follows once nothing has moved.
func (w writer) afterVerify() catalog.Phase {
	if w.Run.Rematch {
		return catalog.Relink
	}
	return propose.FirstWrite(w.Run.Kind)
}
