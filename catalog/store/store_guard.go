package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/plan"
)

// lostLink says that a link l leads to what the shop no longer has.
const lostLink = `EXISTS (SELECT 1 FROM keybridge.stage_product p WHERE p.run_id = $1 AND p.lost AND l.crm_id = ` + linkKey + `)`

// Measure counts what guards look at.
func (s *Plans) Measure(ctx context.Context, tx *sqlx.Tx, run catalog.Run) (plan.Measures, error) {
	var m plan.Measures
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
	if m.Seen, err = s.Seen(ctx, tx, run); err != nil {
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

// Seen counts linked products that the list of a run showed.
func (s *Plans) Seen(ctx context.Context, tx *sqlx.Tx, run catalog.Run) (int, error) {
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
func (s *Plans) seenBefore(ctx context.Context, tx *sqlx.Tx, run catalog.Run) (int, error) {
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
	var before catalog.Run
	for raw, to := range map[*[]byte]any{&row.Settings: &before.Settings, &row.Counters: &before.Counters} {
		if err := json.Unmarshal(*raw, to); err != nil {
			return 0, fmt.Errorf("former run of %s: %w", run.Connection, err)
		}
	}
	if !bytes.Equal(plan.JSON(before.Settings.Chosen), plan.JSON(run.Settings.Chosen)) {
		return 0, nil
	}
	return before.Counters.Seen, nil
}

// Pending answers plans that have not been written yet, behind the given product.
func (s *Plans) Pending(ctx context.Context, run int64, after string, limit int) ([]plan.Planned, error) {
	const q = `SELECT crm_id AS id, ` + planBody + ` FROM keybridge.run_plan
		WHERE run_id = $1 AND state = 'pending' AND crm_id > $2 ORDER BY crm_id LIMIT $3`
	return s.plans(ctx, run, q, run, after, limit)
}

// Counts counts what a run means to do and has not done.
func (s *Plans) Counts(ctx context.Context, run int64) (catalog.PlanCounts, error) {
	var c catalog.PlanCounts
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
