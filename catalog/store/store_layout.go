package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/plan"
)

// RenewOutdated lets runs begin anew whose plans wait for a person in another layout: nobody can approve them
// any more. One whose connection has another run at work follows later.
func (s *Runs) RenewOutdated(ctx context.Context, now time.Time) error {
	const q = `UPDATE keybridge.run r SET state = 'queued', next_at = $2, queued_until = NULL, lease_until = NULL
		WHERE state = 'approval' AND layout <> $1 AND NOT EXISTS (
			SELECT 1 FROM keybridge.run o WHERE o.connection_id = r.connection_id AND o.id <> r.id
				AND o.state IN ('queued', 'running', 'waiting'))`
	if _, err := s.db.ExecContext(ctx, q, catalog.Layout, now); err != nil && !isTaken(err) {
		return fmt.Errorf("renew outdated plans: %w", err)
	}
	return nil
}

// BeginAnew stores that a run starts from its first phase, in the layout of this version, and forgets what
// planning has counted and listed. What it has written stays, and so does what it has asked.
// Errors: lease.ErrLost.
func (s *Runs) BeginAnew(ctx context.Context, tx *sqlx.Tx, run catalog.Run, until time.Time) error {
	const forget = `DELETE FROM keybridge.run_item WHERE run_id = $1`
	if _, err := tx.ExecContext(ctx, forget, run.ID); err != nil {
		return fmt.Errorf("begin run %d anew: %w", run.ID, err)
	}
	const set = `phase = $4, cursor = '', phase_done = 0, phase_total = 0, counters = $5, guards = '[]', approved_by = '',
		approved_at = NULL, layout = $6`
	return runRows().Keep(ctx, tx, leased(run), until, set, run.Phase, plan.JSON(run.Counters), run.Layout)
}
