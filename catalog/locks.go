package catalog

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/plugin"
)

// writers bounds how many workers of this process write to shops at a time. Each holds a connection
// to the database while it does, for the locks of its links, and the shop needs another: were all of
// a pool held, nobody could go on.
type writers chan struct{}

// newWriters leaves half of a pool to everybody else.
func newWriters(pool int) writers {
	if pool <= 0 { // without bounds
		return nil
	}
	return make(writers, max(1, pool/2))
}

func (w writers) enter(ctx context.Context) (leave func(), err error) {
	if w == nil {
		return func() {}, nil
	}
	select {
	case w <- struct{}{}:
		return func() { <-w }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// locked runs write while the links of some products of the CRM are ours alone, and commits what it
// stores. Runs and stock calls both write price and stock under these locks, taken in the order of
// the offers' ids: whoever comes second sees what the first has written and when that was read. later
// are the variants of which a reading later than the plan's was written before. What was pinned since
// plans were made is taken out of them.
func (e *Engine) locked(ctx context.Context, conn plugin.ConnectionID, plans []planned, write func(tx *sqlx.Tx, later map[plugin.VariantID]bool) error) error {
	leave, err := e.writers.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	return e.store.inTx(ctx, func(tx *sqlx.Tx) error {
		readAt, err := e.store.lockLinks(ctx, tx, conn, each(plans, func(p planned) string { return p.CRM }))
		if err != nil {
			return err
		}
		pinned, err := e.store.pinsOf(ctx, tx, conn, each(plans, func(p planned) plugin.ProductID { return p.Product }))
		if err != nil {
			return err
		}
		for i := range plans {
			plans[i].keepPinned(pinned[plans[i].Product])
		}
		later := map[plugin.VariantID]bool{}
		for _, p := range plans {
			for id, at := range readAt[p.CRM] {
				later[id] = at.After(p.ReadAt)
			}
		}
		return write(tx, later)
	})
}

// writeLocked writes plans of a run under the locks of their links and commits what write stores
// together with where the run stands then.
func (w *worker) writeLocked(ctx context.Context, run *Run, plans []planned, write func(tx *sqlx.Tx) error) error {
	locked := func(ctx context.Context, f func(tx *sqlx.Tx) error) error {
		return w.e.locked(ctx, run.Connection, plans, func(tx *sqlx.Tx, later map[plugin.VariantID]bool) error {
			for i := range plans {
				plans[i].keepLater(later)
			}
			return f(tx)
		})
	}
	return w.commitBy(ctx, run, locked, write)
}

// keepLater takes price and stock of variants out of a plan of which a later reading was written
// meanwhile.
func (p *planned) keepLater(later map[plugin.VariantID]bool) {
	if p.Patch == nil {
		return
	}
	for _, v := range p.Patch.Variants {
		if later[v.ID] {
			p.leave(later, later)
			return
		}
	}
}
