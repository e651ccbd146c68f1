package store

import (
	"context"
	"fmt"
	"time"
)

// purgeBatch is how many rows one statement forgets, so that none holds up others for long.
const purgeBatch = 10_000

// Purge forgets what runs that ended before a moment have changed and left alone. The runs
// themselves, with their counters, stay.
func (s *Runs) Purge(ctx context.Context, before time.Time) error {
	for _, table := range []string{"run_change", "run_item"} {
		q := `DELETE FROM keybridge.` + table + ` WHERE id IN (
			SELECT x.id FROM keybridge.run r JOIN keybridge.` + table + ` x ON x.run_id = r.id
			WHERE r.finished_at < $1 LIMIT $2)`
		for more := true; more; {
			res, err := s.db.ExecContext(ctx, q, before, purgeBatch)
			if err != nil {
				return fmt.Errorf("purge %s: %w", table, err)
			}
			n, err := res.RowsAffected()
			if err != nil {
				return fmt.Errorf("purge %s: %w", table, err)
			}
			more = n == purgeBatch
		}
	}
	return nil
}
