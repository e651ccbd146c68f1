package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/plan"
)

// Outdated lists runs whose plans wait for a person in another layout: nobody can approve them any more. Those of
// connections that are off wait until they are on.
func (s *Runs) Outdated(ctx context.Context, limit int) ([]int64, error) {
	var ids []int64
	const q = `SELECT r.id FROM keybridge.run r JOIN keybridge.connection c ON c.id = r.connection_id
		WHERE r.state = 'approval' AND r.layout <> $1 AND c.enabled AND c.ready_at IS NOT NULL AND c.deleted_at IS NULL
		ORDER BY r.id LIMIT $2`
	if err := s.db.SelectContext(ctx, &ids, q, catalog.Layout, limit); err != nil {
		return nil, fmt.Errorf("outdated plans: %w", err)
	}
	return ids, nil
}

// RenewOutdated ends such a run and asks for one like it in its place, in one statement. While another run of its connection is
// in the way it does nothing. The old run never goes on, whichever version looks at it.
func (s *Runs) RenewOutdated(ctx context.Context, run catalog.Run, now time.Time) error {
	const q = `WITH void AS (UPDATE keybridge.run
			SET state = 'cancelled', fence = fence + 1, lease_until = NULL, finished_at = $2, error_code = $3
			WHERE id = $1 AND state = 'approval' AND layout <> $4
			RETURNING connection_id, shop_id, kind, settings, settings_version, started_by, preview, rematch)
		INSERT INTO keybridge.run (connection_id, shop_id, kind, state, phase, settings, settings_version, started_by,
			created_at, next_at, preview, rematch, layout)
		SELECT connection_id, shop_id, kind, 'queued', $5, settings, settings_version, started_by, $2, $2, preview, rematch, $4
		FROM void`
	_, err := s.db.ExecContext(ctx, q, run.ID, now, catalog.CodePlanOutdated, catalog.Layout, catalog.FirstPhase(run.Kind))
	if err != nil && !isTaken(err) {
		return fmt.Errorf("renew the plan of run %d: %w", run.ID, err)
	}
	return nil
}

// Check finds out, in a transaction that is to write beside the run's row, whether the lease is still held.
// Errors: lease.ErrLost.
func (s *Runs) Check(ctx context.Context, tx *sqlx.Tx, run catalog.Run) error {
	return runRows().Check(ctx, tx, leased(run))
}

// BeginAnew stores that a run starts from its first phase, in the layout of this version, and forgets what
// planning has counted and listed. What it has written stays, and so does what it has asked. A preview is kept from now.
// Errors: lease.ErrLost.
func (s *Runs) BeginAnew(ctx context.Context, tx *sqlx.Tx, run catalog.Run, now, until time.Time) error {
	const forget = `DELETE FROM keybridge.run_item WHERE run_id = $1`
	if _, err := tx.ExecContext(ctx, forget, run.ID); err != nil {
		return fmt.Errorf("begin run %d anew: %w", run.ID, err)
	}
	const set = `phase = $4, cursor = '', phase_done = 0, phase_total = 0, counters = $5, guards = '[]', approved_by = '',
		approved_at = NULL, layout = $6, created_at = CASE WHEN preview THEN $7::timestamptz ELSE created_at END`
	return runRows().Keep(ctx, tx, leased(run), until, set, run.Phase, plan.JSON(run.Counters), run.Layout, now)
}
