package catalog

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
)

// orDefaultList keeps an empty list from being stored as null.
func orDefaultList[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// lostLink says that a link l leads to what the shop no longer has.
const lostLink = `EXISTS (SELECT 1 FROM keybridge.stage_product p WHERE p.run_id = $1 AND p.lost AND l.crm_id = ` + linkKey + `)`

// measure counts what guards look at.
func (s *store) measure(ctx context.Context, tx *sqlx.Tx, run Run) (measures, error) {
	var m measures
	const q = `SELECT
		(SELECT count(*) FROM keybridge.link_product l
			WHERE l.connection_id = $2 AND l.state = 'linked' AND l.missing_action = '' AND NOT ` + lostLink + `)
			+ (SELECT count(*) FROM keybridge.stage_product WHERE run_id = $1 AND made <> '' AND NOT lost) AS linked,
		(SELECT count(*) FROM keybridge.link_variant v JOIN keybridge.link_product l
			ON l.connection_id = v.connection_id AND l.crm_id = v.crm_product_id
			WHERE v.connection_id = $2 AND v.missing_action = '' AND l.missing_action = '' AND NOT ` + lostLink + `) AS linked_variants,
		(SELECT count(*) FROM keybridge.stage_product WHERE run_id = $1 AND scanned) AS products,
		(SELECT count(*) FROM keybridge.stage_offer WHERE run_id = $1) AS offers,
		(SELECT count(*) FROM keybridge.run_plan x
			JOIN keybridge.link_product l ON l.connection_id = $2 AND l.crm_id = x.crm_id AND l.missing_action = ''
			WHERE x.run_id = $1 AND x.state = 'pending' AND x.action = 'missing') AS missing,
		coalesce(sum(gone_variants), 0) AS missing_variants, coalesce(sum(price_moves), 0) AS price_moves,
		count(*) FILTER (WHERE replaced) AS replaced, count(*) FILTER (WHERE foreign_made) AS foreign_made,
		coalesce(sum(sold_out), 0) AS sold_out
		FROM keybridge.run_plan WHERE run_id = $1 AND state = 'pending'`
	if err := tx.GetContext(ctx, &m, q, run.ID, run.Connection); err != nil {
		return m, fmt.Errorf("measure run %d: %w", run.ID, err)
	}
	var err error
	if m.Seen, err = s.seen(ctx, tx, run); err != nil {
		return m, err
	}
	const former = `SELECT coalesce(sum((counters->>'foreign')::bigint), 0) FROM keybridge.run
		WHERE connection_id = $1 AND state = 'done'`
	if err := tx.GetContext(ctx, &m.FormerForeign, former, run.Connection); err != nil {
		return m, fmt.Errorf("measure run %d: %w", run.ID, err)
	}
	m.SeenBefore, err = s.seenBefore(ctx, tx, run)
	return m, err
}

// seen counts linked products that the list of a run showed.
func (s *store) seen(ctx context.Context, tx *sqlx.Tx, run Run) (int, error) {
	var n int
	const q = `SELECT count(*) FROM keybridge.stage_product p
		JOIN keybridge.link_product l ON l.connection_id = $2 AND l.crm_id = ` + linkKey + ` AND (l.state = 'linked' OR p.made <> '')
		WHERE p.run_id = $1 AND p.scanned AND p.presence = 'live' AND NOT p.lost`
	if err := tx.GetContext(ctx, &n, q, run.ID, run.Connection); err != nil {
		return 0, fmt.Errorf("count seen products of run %d: %w", run.ID, err)
	}
	return n, nil
}

// seenBefore answers what the last full run saw under the same filter; 0: there was none.
func (s *store) seenBefore(ctx context.Context, tx *sqlx.Tx, run Run) (int, error) {
	const q = `SELECT settings, counters FROM keybridge.run
		WHERE connection_id = $1 AND kind = 'full' AND state = 'done' ORDER BY id DESC LIMIT 1`
	var row runRow
	err := tx.GetContext(ctx, &row, q, run.Connection)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("former run of %s: %w", run.Connection, err)
	}
	var before Run
	for raw, to := range map[*[]byte]any{&row.Settings: &before.Settings, &row.Counters: &before.Counters} {
		if err := json.Unmarshal(*raw, to); err != nil {
			return 0, fmt.Errorf("former run of %s: %w", run.Connection, err)
		}
	}
	if string(toJSON(before.Settings.Chosen)) != string(toJSON(run.Settings.Chosen)) {
		return 0, nil
	}
	return before.Counters.Seen, nil
}

// approve lets a waiting run go on, in its turn; false: it does not wait any more.
func (s *store) approve(ctx context.Context, id int64, by string, now time.Time) (bool, error) {
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

// dropPreview ends a preview that waits; false: the run is something else.
func (s *store) dropPreview(ctx context.Context, id int64, now time.Time) (bool, error) {
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

// lapse ends previews asked for before the given moment that nobody applied.
func (s *store) lapse(ctx context.Context, before, now time.Time) error {
	var ids []int64
	const q = `SELECT id FROM keybridge.run WHERE state = 'approval' AND preview AND created_at < $1`
	if err := s.db.SelectContext(ctx, &ids, q, before); err != nil {
		return fmt.Errorf("lapsed previews: %w", err)
	}
	for _, id := range ids {
		if _, err := s.dropPreview(ctx, id, now); err != nil {
			return err
		}
	}
	return nil
}

// pendingPlans answers plans not written yet, behind the given product.
func (s *store) pendingPlans(ctx context.Context, run int64, after string, limit int) ([]planned, error) {
	const q = `SELECT crm_id AS id, ` + planBody + ` FROM keybridge.run_plan
		WHERE run_id = $1 AND state = 'pending' AND crm_id > $2 ORDER BY crm_id LIMIT $3`
	return s.plans(ctx, run, q, run, after, limit)
}

func (s *store) planCounts(ctx context.Context, run int64) (PlanCounts, error) {
	var c PlanCounts
	const q = `SELECT count(*) FILTER (WHERE action = 'create') AS to_create,
			count(*) FILTER (WHERE action = 'update') AS to_update, count(*) FILTER (WHERE action = 'link') AS to_link,
			count(*) FILTER (WHERE action = 'missing') AS to_miss,
			(SELECT count(*) FROM keybridge.run_tree WHERE run_id = $1 AND state = 'pending' AND action <> 'gone') AS to_tree
		FROM keybridge.run_plan WHERE run_id = $1 AND state = 'pending'`
	if err := s.db.GetContext(ctx, &c, q, run); err != nil {
		return c, fmt.Errorf("count plan of run %d: %w", run, err)
	}
	return c, nil
}
