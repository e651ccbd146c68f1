package catalog

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// unseenLinks are linked products that the run has not read and that are to be asked about: not those
// that were treated as missing before, nor those seen outside the chosen categories of late.
const unseenLinks = `
	FROM keybridge.link_product l
	WHERE l.connection_id = $1 AND l.state = 'linked' AND l.missing_action = ANY($3)
		AND ($4::text[] IS NULL OR l.outside_at IS NULL OR l.outside_at < $5 OR l.outside_category = ANY($4))`

const (
	unseenProducts = `SELECT l.crm_id AS id` + unseenLinks + `
		AND NOT EXISTS (SELECT 1 FROM keybridge.stage_product p WHERE p.run_id = $2 AND p.id = l.crm_id)`
	// unseenKeys is the same for keys of offers: it answers the products behind them.
	unseenKeys = `SELECT u.id FROM (SELECT DISTINCT split_part(l.crm_id, '/', 1) AS id` + unseenLinks + `) u
		WHERE NOT EXISTS (SELECT 1 FROM keybridge.stage_product p WHERE p.run_id = $2 AND p.id = u.id)`
)

func (q question) unseen() string {
	if q.keys {
		return unseenKeys
	}
	return unseenProducts
}

func (q question) args(run Run) []any {
	return []any{run.Connection, run.ID, pq.Array(q.untreated), pq.Array(q.scope), q.since}
}

// unseen answers linked products that are to be asked about by id, behind the given one.
func (s *store) unseen(ctx context.Context, run Run, q question, after string, limit int) ([]string, error) {
	var ids []string
	list := `SELECT x.id FROM (` + q.unseen() + `) x WHERE x.id COLLATE "C" > $6 ORDER BY x.id COLLATE "C" LIMIT $7`
	if err := s.db.SelectContext(ctx, &ids, list, append(q.args(run), after, limit)...); err != nil {
		return nil, fmt.Errorf("unseen products of run %d: %w", run.ID, err)
	}
	return ids, nil
}

// countUnseen counts what unseen answers.
func (s *store) countUnseen(ctx context.Context, run Run, q question) (int64, error) {
	var n int64
	if err := s.db.GetContext(ctx, &n, `SELECT count(*) FROM (`+q.unseen()+`) x`, q.args(run)...); err != nil {
		return 0, fmt.Errorf("count unseen products of run %d: %w", run.ID, err)
	}
	return n, nil
}

// noteOutside remembers which of the products just asked about lie outside the chosen categories.
func (s *store) noteOutside(ctx context.Context, tx *sqlx.Tx, run Run, by question, rows []stagedProduct, asked time.Time) error {
	of := `l.crm_id = t.id`
	if by.keys { // '0' comes right behind the separator
		of = `l.crm_id >= t.id AND l.crm_id < t.id || '0' AND split_part(l.crm_id, '/', 1) = t.id`
	}
	q := `UPDATE keybridge.link_product l
		SET outside_at = CASE WHEN t.outside THEN $2::timestamptz END, outside_category = t.category
		FROM unnest($3::text[], $4::boolean[], $5::text[]) AS t (id, outside, category)
		WHERE l.connection_id = $1 AND ` + of + ` AND (t.outside OR l.outside_at IS NOT NULL)`
	_, err := tx.ExecContext(ctx, q, run.Connection, asked,
		pq.Array(each(rows, func(p stagedProduct) string { return p.ID })),
		pq.Array(each(rows, func(p stagedProduct) bool { return p.Presence == outside })),
		pq.Array(each(rows, func(p stagedProduct) string { return p.Category })))
	if err != nil {
		return fmt.Errorf("remember products outside for run %d: %w", run.ID, err)
	}
	return nil
}

// noteInside forgets it of products that the lists have shown.
func (s *store) noteInside(ctx context.Context, tx *sqlx.Tx, run Run, by question) error {
	own := `l.crm_id`
	if by.keys {
		own = `split_part(l.crm_id, '/', 1)`
	}
	q := `UPDATE keybridge.link_product l SET outside_at = NULL FROM keybridge.stage_product p
		WHERE l.connection_id = $1 AND l.outside_at IS NOT NULL AND p.run_id = $2 AND p.id = ` + own
	if _, err := tx.ExecContext(ctx, q, run.Connection, run.ID); err != nil {
		return fmt.Errorf("forget products outside for run %d: %w", run.ID, err)
	}
	return nil
}
