package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/keybridge/keybridge/catalog/plan"
	"github.com/keybridge/keybridge/internal/sliceutil"
)

// PutTree stores what a run means to do to the category tree.
func (s *Plans) PutTree(ctx context.Context, tx *sqlx.Tx, run int64, rows []plan.TreeChange) error {
	const q = `INSERT INTO keybridge.run_tree (run_id, n, crm_id, action, body, state)
		SELECT $1, n, crm_id, action, body::jsonb, 'pending'
		FROM unnest($2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS t (crm_id, action, body, n)
		ON CONFLICT (run_id, crm_id) DO UPDATE SET action = excluded.action, body = excluded.body, n = excluded.n`
	rows = sliceutil.LastOfEach(rows, func(c plan.TreeChange) string { return c.CRM })
	_, err := tx.ExecContext(ctx, q, run, pq.Array(sliceutil.Map(rows, func(c plan.TreeChange) string { return c.CRM })),
		pq.Array(sliceutil.Map(rows, func(c plan.TreeChange) string { return string(c.Action) })),
		pq.Array(sliceutil.Map(rows, func(c plan.TreeChange) string { return string(plan.JSON(c)) })))
	if err != nil {
		return fmt.Errorf("store categories of run %d: %w", run, err)
	}
	return nil
}

// TreeOf answers what a run still means to do to the category tree, in the order it is told; limit 0 is
// no limit.
func (s *Plans) TreeOf(ctx context.Context, run int64, limit int) ([]plan.TreeChange, error) {
	var rows []struct {
		CRM    string `db:"crm_id"`
		Action string `db:"action"`
		Body   []byte `db:"body"`
	}
	const q = `SELECT crm_id, action, body FROM keybridge.run_tree
		WHERE run_id = $1 AND state = 'pending' ORDER BY n, crm_id LIMIT nullif($2, 0)`
	if err := s.db.SelectContext(ctx, &rows, q, run, limit); err != nil {
		return nil, fmt.Errorf("categories of run %d: %w", run, err)
	}
	out := make([]plan.TreeChange, len(rows))
	for i, r := range rows {
		if err := json.Unmarshal(r.Body, &out[i]); err != nil {
			return nil, fmt.Errorf("categories of run %d: %w", run, err)
		}
		out[i].CRM, out[i].Action = r.CRM, plan.TreeAction(r.Action)
	}
	return out, nil
}

// DropTree takes categories out of what a run means to do.
func (s *Plans) DropTree(ctx context.Context, tx *sqlx.Tx, run int64, ids []string) error {
	const q = `UPDATE keybridge.run_tree SET state = 'dropped' WHERE run_id = $1 AND crm_id = ANY($2)`
	if _, err := tx.ExecContext(ctx, q, run, pq.Array(ids)); err != nil {
		return fmt.Errorf("drop categories of run %d: %w", run, err)
	}
	return nil
}
