package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/plan"
	"github.com/keybridge/keybridge/internal/sliceutil"
)

// Question is what linked products are to be asked about by id.
type Question struct {
	// Untreated are the notes about missing products that leave work to do.
	Untreated []string
	// Scope are the chosen categories and all below them; nil: all products are of interest.
	Scope []string
	// Since: who was seen outside the scope before that is asked about again.
	Since time.Time
	Keys  bool // links bear keys of offers; see plan.CutKey
}

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

func (q Question) unseen() string {
	if q.Keys {
		return unseenKeys
	}
	return unseenProducts
}

func (q Question) args(run catalog.Run) []any {
	return []any{run.Connection, run.ID, pq.Array(q.Untreated), pq.Array(q.Scope), q.Since}
}

// Unseen answers linked products that are to be asked about by id, behind the given one.
func (s *Staging) Unseen(ctx context.Context, run catalog.Run, q Question, after string, limit int) ([]string, error) {
	var ids []string
	list := `SELECT x.id FROM (` + q.unseen() + `) x WHERE x.id COLLATE "C" > $6 ORDER BY x.id COLLATE "C" LIMIT $7`
	if err := s.db.SelectContext(ctx, &ids, list, append(q.args(run), after, limit)...); err != nil {
		return nil, fmt.Errorf("unseen products of run %d: %w", run.ID, err)
	}
	return ids, nil
}

// CountUnseen counts what Unseen answers.
func (s *Staging) CountUnseen(ctx context.Context, run catalog.Run, q Question) (int64, error) {
	var n int64
	if err := s.db.GetContext(ctx, &n, `SELECT count(*) FROM (`+q.unseen()+`) x`, q.args(run)...); err != nil {
		return 0, fmt.Errorf("count unseen products of run %d: %w", run.ID, err)
	}
	return n, nil
}

// NoteOutside remembers which of the products just asked about lie outside the chosen categories.
func (s *Staging) NoteOutside(ctx context.Context, tx *sqlx.Tx, run catalog.Run, by Question, rows []plan.StagedProduct, asked time.Time) error {
	of := `l.crm_id = t.id`
	if by.Keys { // '0' comes right behind the separator
		of = `l.crm_id >= t.id AND l.crm_id < t.id || '0' AND split_part(l.crm_id, '/', 1) = t.id`
	}
	q := `UPDATE keybridge.link_product l
		SET outside_at = CASE WHEN t.outside THEN $2::timestamptz END, outside_category = t.category
		FROM unnest($3::text[], $4::boolean[], $5::text[]) AS t (id, outside, category)
		WHERE l.connection_id = $1 AND ` + of + ` AND (t.outside OR l.outside_at IS NOT NULL)`
	_, err := tx.ExecContext(ctx, q, run.Connection, asked,
		pq.Array(sliceutil.Map(rows, func(p plan.StagedProduct) string { return p.ID })),
		pq.Array(sliceutil.Map(rows, func(p plan.StagedProduct) bool { return p.Presence == plan.Outside })),
		pq.Array(sliceutil.Map(rows, func(p plan.StagedProduct) string { return p.Category })))
	if err != nil {
		return fmt.Errorf("remember products outside for run %d: %w", run.ID, err)
	}
	return nil
}

// NoteInside forgets what NoteOutside remembered, of products that the lists have shown since.
func (s *Staging) NoteInside(ctx context.Context, tx *sqlx.Tx, run catalog.Run, by Question) error {
	own := `l.crm_id`
	if by.Keys {
		own = `split_part(l.crm_id, '/', 1)`
	}
	q := `UPDATE keybridge.link_product l SET outside_at = NULL FROM keybridge.stage_product p
		WHERE l.connection_id = $1 AND l.outside_at IS NOT NULL AND p.run_id = $2 AND p.id = ` + own
	if _, err := tx.ExecContext(ctx, q, run.Connection, run.ID); err != nil {
		return fmt.Errorf("forget products outside for run %d: %w", run.ID, err)
	}
	return nil
}
