package store

import (
	"context"
	"fmt"
	"time"
)

// Approve lets a waiting run go on, in its turn; false: it does not wait any more.
func (s *Runs) Approve(ctx context.Context, id int64, by string, now time.Time) (bool, error) {
	const q = `UPDATE keybridge.run SET state = 'queued', next_at = $3, queued_until = NULL, lease_until = NULL,
			approved_by = $2, approved_at = $3
		WHERE id = $1 AND state = 'approval'`
	res, err := s.db.ExecContext(ctx, q, id, by, now)
	if err != nil {
		return false, fmt.Errorf("approve run %d: %w", id, err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// DropPreview ends a preview that waits; false: the run is something else.
func (s *Runs) DropPreview(ctx context.Context, id int64, now time.Time) (bool, error) {
	const q = `WITH ended AS (UPDATE keybridge.run
		SET state = 'cancelled', fence = fence + 1, lease_until = NULL, finished_at = $1
		WHERE id = $2 AND state = 'approval' AND preview
		RETURNING connection_id, kind, state)` + wakeSchedules
	res, err := s.db.ExecContext(ctx, q, now, id)
	if err != nil {
		return false, fmt.Errorf("end preview %d: %w", id, err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// ExpirePreviews ends previews asked for before the given moment that nobody applied.
func (s *Runs) ExpirePreviews(ctx context.Context, before, now time.Time) error {
	var ids []int64
	const q = `SELECT id FROM keybridge.run WHERE state = 'approval' AND preview AND created_at < $1`
	if err := s.db.SelectContext(ctx, &ids, q, before); err != nil {
		return fmt.Errorf("lapsed previews: %w", err)
	}
	for _, id := range ids {
		if _, err := s.DropPreview(ctx, id, now); err != nil {
			return err
		}
	}
	return nil
}
