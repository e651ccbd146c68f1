package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/plan"
	"github.com/keybridge/keybridge/internal/sliceutil"
	"github.com/keybridge/keybridge/plugin"
)

// Analyse tells Postgres what was planned; see Staging.Analyse.
func (s *Plans) Analyse(ctx context.Context, tx *sqlx.Tx) error {
	if _, err := tx.ExecContext(ctx, `ANALYZE keybridge.run_plan (run_id, crm_id, product_id, state, action)`); err != nil {
		return fmt.Errorf("analyse plan: %w", err)
	}
	return nil
}

// planBody selects a plan with the product version that our own later writes produced.
const planBody = `CASE WHEN seen_now = '' THEN body ELSE body || jsonb_build_object('seen_now', seen_now) END`

// Put stores plans; one of the same product is replaced.
func (s *Plans) Put(ctx context.Context, tx *sqlx.Tx, run int64, plans []plan.Planned) error {
	if len(plans) == 0 {
		return nil
	}
	columns := []string{
		"run_id", "crm_id", "action", "product_id", "name", "body", "state", "images", "price_moves", "gone_variants", "replaced",
		"foreign_made", "sold_out",
	}
	fresh, err := copied(ctx, tx, "run_plan", columns, plans, func(p plan.Planned) []any {
		return []any{
			run, p.CRM, string(p.Action), string(p.Product), p.Name, string(plan.JSON(p.Plan)), string(plan.Pending), "none",
			p.PriceMoves, p.FreshlyGone, p.Replaced, p.Foreign, len(p.SoldOut),
		}
	})
	if fresh || err != nil {
		return err
	}
	return s.Replace(ctx, tx, run, plans)
}

// Replace is Put for plans of which most likely one is there already.
func (s *Plans) Replace(ctx context.Context, tx *sqlx.Tx, run int64, plans []plan.Planned) error {
	if len(plans) == 0 {
		return nil
	}
	const q = `INSERT INTO keybridge.run_plan (run_id, crm_id, action, product_id, name, body, state, images,
			price_moves, gone_variants, replaced, foreign_made, sold_out)
		SELECT $1, crm_id, action, product_id, name, body::jsonb, 'pending', 'none', moves, gone, replaced, foreign_made, sold_out
		FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::integer[], $8::integer[],
				$9::boolean[], $10::boolean[], $11::integer[])
			AS t (crm_id, action, product_id, name, body, moves, gone, replaced, foreign_made, sold_out)
		ON CONFLICT (run_id, crm_id) DO UPDATE SET action = excluded.action, product_id = excluded.product_id,
			name = excluded.name, body = excluded.body`
	_, err := tx.ExecContext(ctx, q, run,
		pq.Array(sliceutil.Map(plans, func(p plan.Planned) string { return p.CRM })),
		pq.Array(sliceutil.Map(plans, func(p plan.Planned) string { return string(p.Action) })),
		pq.Array(sliceutil.Map(plans, func(p plan.Planned) string { return string(p.Product) })),
		pq.Array(sliceutil.Map(plans, func(p plan.Planned) string { return p.Name })),
		pq.Array(sliceutil.Map(plans, func(p plan.Planned) string { return string(plan.JSON(p.Plan)) })),
		pq.Array(sliceutil.Map(plans, func(p plan.Planned) int64 { return int64(p.PriceMoves) })),
		pq.Array(sliceutil.Map(plans, func(p plan.Planned) int64 { return int64(p.FreshlyGone) })),
		pq.Array(sliceutil.Map(plans, func(p plan.Planned) bool { return p.Replaced })),
		pq.Array(sliceutil.Map(plans, func(p plan.Planned) bool { return p.Foreign })),
		pq.Array(sliceutil.Map(plans, func(p plan.Planned) int64 { return int64(len(p.SoldOut)) })))
	if err != nil {
		return fmt.Errorf("store plan of run %d: %w", run, err)
	}
	return nil
}

// Open answers the next plans in a state, behind the given product.
func (s *Plans) Open(ctx context.Context, run int64, state plan.State, after string, limit int) ([]plan.Planned, error) {
	const q = `SELECT crm_id AS id, ` + planBody + ` FROM keybridge.run_plan
		WHERE run_id = $1 AND state = $2 AND crm_id > $3 ORDER BY crm_id LIMIT $4`
	return s.plans(ctx, run, q, run, state, after, limit)
}

// WithImages answers the next products whose pictures are to be written.
func (s *Plans) WithImages(ctx context.Context, run int64, limit int) ([]plan.Planned, error) {
	const q = `SELECT crm_id AS id, body || jsonb_build_object('product', product_id) FROM keybridge.run_plan
		WHERE run_id = $1 AND images = 'pending' ORDER BY crm_id LIMIT $2`
	return s.plans(ctx, run, q, run, limit)
}

func (s *Plans) plans(ctx context.Context, run int64, q string, args ...any) ([]plan.Planned, error) {
	var out []plan.Planned
	err := s.bodies(ctx, q, func(id string, body []byte) error {
		p := plan.Planned{CRM: id}
		err := json.Unmarshal(body, &p.Plan)
		p.Rebase()
		out = append(out, p)
		return err
	}, args...)
	if err != nil {
		return nil, fmt.Errorf("read plan of run %d: %w", run, err)
	}
	return out, nil
}

// Count counts the plans in a state.
func (s *Plans) Count(ctx context.Context, run int64, state plan.State) (int64, error) {
	var n int64
	const q = `SELECT count(*) FROM keybridge.run_plan WHERE run_id = $1 AND state = $2`
	if err := s.db.GetContext(ctx, &n, q, run, state); err != nil {
		return 0, fmt.Errorf("count plan of run %d: %w", run, err)
	}
	return n, nil
}

// CountImages counts products whose pictures are to be written.
func (s *Plans) CountImages(ctx context.Context, run int64) (int64, error) {
	var n int64
	const q = `SELECT count(*) FROM keybridge.run_plan WHERE run_id = $1 AND images = 'pending'`
	if err := s.db.GetContext(ctx, &n, q, run); err != nil {
		return 0, fmt.Errorf("count pictures of run %d: %w", run, err)
	}
	return n, nil
}

// Mark stores what became of plans.
func (s *Plans) Mark(ctx context.Context, tx *sqlx.Tx, run int64, rows []plan.Outcome) error {
	if len(rows) == 0 {
		return nil
	}
	const q = `UPDATE keybridge.run_plan p
		SET state = t.state, product_id = t.product_id, images = CASE WHEN t.images THEN 'pending' ELSE p.images END
		FROM unnest($2::text[], $3::text[], $4::text[], $5::boolean[]) AS t (crm_id, state, product_id, images)
		WHERE p.run_id = $1 AND p.crm_id = t.crm_id`
	_, err := tx.ExecContext(ctx, q, run,
		pq.Array(sliceutil.Map(rows, func(w plan.Outcome) string { return w.CRM })),
		pq.Array(sliceutil.Map(rows, func(w plan.Outcome) string { return string(w.State) })),
		pq.Array(sliceutil.Map(rows, func(w plan.Outcome) string { return string(w.Product) })),
		pq.Array(sliceutil.Map(rows, func(w plan.Outcome) bool { return w.Images })))
	if err != nil {
		return fmt.Errorf("mark plan of run %d: %w", run, err)
	}
	return nil
}

// ImagesDone marks the pictures of products as written.
func (s *Plans) ImagesDone(ctx context.Context, tx *sqlx.Tx, run int64, ids []string) error {
	const q = `UPDATE keybridge.run_plan SET images = 'done' WHERE run_id = $1 AND crm_id = ANY($2)`
	if _, err := tx.ExecContext(ctx, q, run, pq.Array(ids)); err != nil {
		return fmt.Errorf("mark pictures of run %d: %w", run, err)
	}
	return nil
}

// DropRivals takes plans out that mean one product of the shop; they are answered as conflicts.
func (s *Plans) DropRivals(ctx context.Context, tx *sqlx.Tx, run int64) ([]catalog.Item, error) {
	const q = `UPDATE keybridge.run_plan p SET state = 'dropped'
		WHERE p.run_id = $1 AND p.state = 'pending' AND p.product_id IN (
			SELECT x.product_id FROM keybridge.run_plan x
			WHERE x.run_id = $1 AND x.product_id <> '' GROUP BY x.product_id HAVING count(*) > 1)
		RETURNING p.crm_id, p.product_id, p.name`
	var rows []struct {
		CRMID   string `db:"crm_id"`
		Product string `db:"product_id"`
		Name    string `db:"name"`
	}
	if err := tx.SelectContext(ctx, &rows, q, run); err != nil {
		return nil, fmt.Errorf("look for rivals in run %d: %w", run, err)
	}
	items := make([]catalog.Item, len(rows))
	for i, r := range rows {
		items[i] = catalog.Item{
			Kind: catalog.ItemConflict, CRMID: r.CRMID, Product: plugin.ProductID(r.Product), Name: r.Name,
			Reason: catalog.ReasonSeveralInCRM,
		}
	}
	return items, nil
}

// Rebase rebases plans that wait for a person, or were approved, onto the versions that a write of our own produced:
// what is ours is no reason to leave the product alone. That write expected the version before, so nobody else has
// written between the two. What a run that matches anew means to write may be for another product of the CRM than the
// one whose price was written, so its plan stays. run is the one that wrote; 0: a stock call.
func (s *Plans) Rebase(ctx context.Context, tx *sqlx.Tx, conn plugin.ConnectionID, run int64, versions map[plugin.ProductID]plan.SeenVersion) error {
	if len(versions) == 0 {
		return nil
	}
	products, before, after := unzipped(versions)
	const q = `WITH ours AS (
			SELECT p.run_id, p.crm_id, t.after FROM unnest($3::text[], $4::text[], $5::text[]) AS t (product_id, before, after)
			JOIN keybridge.run r ON r.connection_id = $1 AND r.id <> $2 AND NOT r.rematch
				AND (r.state = 'approval' OR r.state IN ('queued', 'running', 'waiting') AND r.approved_at IS NOT NULL)
			JOIN keybridge.run_plan p ON p.run_id = r.id AND p.product_id = t.product_id AND p.product_id <> ''
				AND p.state IN ('pending', 'again')
				AND CASE WHEN p.seen_now = '' THEN p.body->>'seen' ELSE p.seen_now END = t.before
			WHERE t.after <> t.before
			ORDER BY p.run_id, p.crm_id FOR UPDATE OF p)
		UPDATE keybridge.run_plan p SET seen_now = ours.after FROM ours
		WHERE p.run_id = ours.run_id AND p.crm_id = ours.crm_id`
	if _, err := tx.ExecContext(ctx, q, conn, run, pq.Array(products), pq.Array(before), pq.Array(after)); err != nil {
		return fmt.Errorf("move plans of %s: %w", conn, err)
	}
	return nil
}
