package catalog

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// putTree stores what a run means to do to the category tree.
func (s *store) putTree(ctx context.Context, tx *sqlx.Tx, run int64, rows []treeChange) error {
	const q = `INSERT INTO keybridge.run_tree (run_id, n, crm_id, action, body, state)
		SELECT $1, n, crm_id, action, body::jsonb, 'pending'
		FROM unnest($2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS t (crm_id, action, body, n)
		ON CONFLICT (run_id, crm_id) DO UPDATE SET action = excluded.action, body = excluded.body, n = excluded.n`
	rows = onlyLast(rows, func(c treeChange) string { return c.CRM })
	_, err := tx.ExecContext(ctx, q, run, pq.Array(each(rows, func(c treeChange) string { return c.CRM })),
		pq.Array(each(rows, func(c treeChange) string { return string(c.Action) })),
		pq.Array(each(rows, func(c treeChange) string { return string(toJSON(c)) })))
	if err != nil {
		return fmt.Errorf("store categories of run %d: %w", run, err)
	}
	return nil
}

// treeOf answers what a run still means to do to the category tree, in the order it is told; limit 0 is
// no limit.
func (s *store) treeOf(ctx context.Context, run int64, limit int) ([]treeChange, error) {
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
	out := make([]treeChange, len(rows))
	for i, r := range rows {
		if err := json.Unmarshal(r.Body, &out[i]); err != nil {
			return nil, fmt.Errorf("categories of run %d: %w", run, err)
		}
		out[i].CRM, out[i].Action = r.CRM, treeAction(r.Action)
	}
	return out, nil
}

// dropTree takes categories out of what a run means to do.
func (s *store) dropTree(ctx context.Context, tx *sqlx.Tx, run int64, ids []string) error {
	const q = `UPDATE keybridge.run_tree SET state = 'dropped' WHERE run_id = $1 AND crm_id = ANY($2)`
	if _, err := tx.ExecContext(ctx, q, run, pq.Array(ids)); err != nil {
		return fmt.Errorf("drop categories of run %d: %w", run, err)
	}
	return nil
}
