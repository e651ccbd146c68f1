package session

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/plan"
	"github.com/keybridge/keybridge/internal/sliceutil"
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

// Locked runs write while the links of some products of the CRM are ours alone, and commits what it
// stores. Runs and stock calls both write price and stock under these locks, taken in the order of
// the offers' ids: whoever comes second sees what the first has written and when that was read. later
// are the variants of which a reading later than the plan's was written before. What was pinned since
// plans were made is taken out of them.
func (c *Connection) Locked(ctx context.Context, plans []plan.Planned, write func(tx *sqlx.Tx, later map[plugin.VariantID]bool) error) error {
	leave, err := c.writers.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	return c.Store.InTx(ctx, func(tx *sqlx.Tx) error {
		readAt, err := c.Store.Quotes.LockLinks(ctx, tx, c.ID, sliceutil.Map(plans, func(p plan.Planned) string { return p.CRM }))
		if err != nil {
			return err
		}
		pinned, err := c.Store.Review.PinsOf(ctx, tx, c.ID, sliceutil.Map(plans, func(p plan.Planned) plugin.ProductID { return p.Product }))
		if err != nil {
			return err
		}
		for i := range plans {
			plans[i].DropPinned(pinned[plans[i].Product])
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

// WriteLocked is Locked for a run: what later readings have brought is taken out of plans, and what write stores is
// committed with the checkpoint. Errors: as Commit's.
func (w *Session) WriteLocked(ctx context.Context, run *catalog.Run, plans []plan.Planned, write func(tx *sqlx.Tx) error) error {
	locked := func(ctx context.Context, f func(tx *sqlx.Tx) error) error {
		return w.Locked(ctx, plans, func(tx *sqlx.Tx, later map[plugin.VariantID]bool) error {
			for i := range plans {
				plans[i].DropOutdated(later)
			}
			return f(tx)
		})
	}
	return w.commitBy(ctx, run, locked, write)
}
