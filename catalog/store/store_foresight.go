package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/plugin"
)

// Planning finds out what must become of links before anything is written: those of products deleted in
// the shop go, those of products that got or lost variants stand under other keys, and creations that an
// earlier run has begun are finished. All that is noted beside the staged products and done by
// Plans.TakeLinks, in one transaction, once the run may write.

// linkKey is the key under which the link of a staged product p stands.
const linkKey = `CASE WHEN p.link_key = '' THEN p.id ELSE p.link_key END`

// NoteLost notes staged products that are linked to what the shop no longer has.
func (s *Plans) NoteLost(ctx context.Context, tx *sqlx.Tx, run int64, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	const q = `UPDATE keybridge.stage_product SET lost = true WHERE run_id = $1 AND id = ANY($2)`
	if _, err := tx.ExecContext(ctx, q, run, pq.Array(ids)); err != nil {
		return fmt.Errorf("note lost products of run %d: %w", run, err)
	}
	return nil
}

// NoteMade notes what creations begun earlier have led to.
func (s *Plans) NoteMade(ctx context.Context, tx *sqlx.Tx, run int64, made map[string]plugin.ProductID) error {
	var ids, products []string
	for id, p := range made {
		ids, products = append(ids, id), append(products, string(p))
	}
	const q = `UPDATE keybridge.stage_product p SET made = t.product FROM unnest($2::text[], $3::text[]) AS t (id, product)
		WHERE p.run_id = $1 AND p.id = t.id`
	if _, err := tx.ExecContext(ctx, q, run, pq.Array(ids), pq.Array(products)); err != nil {
		return fmt.Errorf("note creations of run %d: %w", run, err)
	}
	return nil
}

// TakeLinks changes links as NoteLost, NoteMade and Staging.PutSplit have noted.
func (s *Plans) TakeLinks(ctx context.Context, tx *sqlx.Tx, run catalog.Run, now time.Time) error {
	const of = ` FROM keybridge.stage_product p WHERE p.run_id = $2 AND l.connection_id = $1 AND `
	for _, q := range []string{
		`DELETE FROM keybridge.link_variant l USING keybridge.stage_product p
			WHERE p.run_id = $2 AND p.lost AND l.connection_id = $1 AND l.crm_product_id = ` + linkKey,
		`DELETE FROM keybridge.link_product l USING keybridge.stage_product p
			WHERE p.run_id = $2 AND p.lost AND l.connection_id = $1 AND l.crm_id = ` + linkKey + ` AND l.state = 'linked'`,
		`UPDATE keybridge.link_variant l SET crm_product_id = p.id` + of + `p.link_key <> '' AND l.crm_product_id = p.link_key`,
		`UPDATE keybridge.link_product l SET crm_id = p.id, crm_hash = NULL` + of + `p.link_key <> '' AND l.crm_id = p.link_key
			AND l.state = 'linked'`,
	} {
		if _, err := tx.ExecContext(ctx, q, run.Connection, run.ID); err != nil {
			return fmt.Errorf("take links of run %d: %w", run.ID, err)
		}
	}
	const made = `UPDATE keybridge.link_product l SET product_id = p.made, state = 'linked', before_ids = '{}', updated_at = $3` + of + `
		p.made <> '' AND l.crm_id = p.id AND l.state = 'creating' AND NOT EXISTS (
			SELECT 1 FROM keybridge.link_product x WHERE x.shop_id = l.shop_id AND x.product_id = p.made)`
	if _, err := tx.ExecContext(ctx, made, run.Connection, run.ID, now); err != nil {
		return fmt.Errorf("take links of run %d: %w", run.ID, err)
	}
	const done = `UPDATE keybridge.stage_product SET link_key = '', lost = false, made = ''
		WHERE run_id = $1 AND (lost OR link_key <> '' OR made <> '')`
	if _, err := tx.ExecContext(ctx, done, run.ID); err != nil {
		return fmt.Errorf("take links of run %d: %w", run.ID, err)
	}
	return nil
}
