package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/plan"
)

// Claims answers the products that a plan would link.
func (s *Plans) Claims(ctx context.Context, tx *sqlx.Tx, run catalog.Run) ([]plan.Claim, error) {
	const q = `SELECT p.crm_id, p.name, p.product_id, coalesce(l.crm_id, '') AS holder,
			coalesce(l.connection_id <> $2, false) AS other
		FROM keybridge.run_plan p
		LEFT JOIN keybridge.link_product l ON l.shop_id = $3 AND l.product_id = p.product_id
		WHERE p.run_id = $1 AND p.state = 'pending' AND (p.body->>'joins')::boolean
		ORDER BY p.crm_id`
	var rows []plan.Claim
	if err := tx.SelectContext(ctx, &rows, q, run.ID, run.Connection, run.Shop); err != nil {
		return nil, fmt.Errorf("links planned by run %d: %w", run.ID, err)
	}
	return rows, nil
}

// CountRelinks counts products that a plan would link to others than before.
func (s *Plans) CountRelinks(ctx context.Context, tx *sqlx.Tx, run int64) (int, error) {
	var n int
	const q = `SELECT count(*) FROM keybridge.run_plan WHERE run_id = $1 AND state = 'pending' AND body->>'from' <> ''`
	if err := tx.GetContext(ctx, &n, q, run); err != nil {
		return 0, fmt.Errorf("links planned by run %d: %w", run, err)
	}
	return n, nil
}

// Relink ends the links that a plan changes and makes the new ones.
func (s *Plans) Relink(ctx context.Context, tx *sqlx.Tx, run catalog.Run, now time.Time) error {
	const moving = ` IN (SELECT crm_id FROM keybridge.run_plan WHERE run_id = $2 AND state = 'pending' AND body->>'from' <> '')`
	for _, q := range []string{
		`DELETE FROM keybridge.link_variant WHERE connection_id = $1 AND crm_product_id` + moving,
		`DELETE FROM keybridge.link_product WHERE connection_id = $1 AND crm_id` + moving,
	} {
		if _, err := tx.ExecContext(ctx, q, run.Connection, run.ID); err != nil {
			return fmt.Errorf("change links of run %d: %w", run.ID, err)
		}
	}
	const insert = `INSERT INTO keybridge.link_product
			(connection_id, shop_id, crm_id, product_id, state, created_here, created_at, updated_at)
		SELECT $1, $3, crm_id, product_id, 'linked', false, $4, $4 FROM keybridge.run_plan
		WHERE run_id = $2 AND state = 'pending' AND body->>'from' <> ''`
	if _, err := tx.ExecContext(ctx, insert, run.Connection, run.ID, run.Shop, now); err != nil {
		return fmt.Errorf("change links of run %d: %w", run.ID, err)
	}
	const variants = `INSERT INTO keybridge.link_variant
			(connection_id, shop_id, crm_id, crm_product_id, variant_id, product_id)
		SELECT $1, $3, v.key, p.crm_id, v.value, p.product_id
		FROM keybridge.run_plan p CROSS JOIN LATERAL jsonb_each_text(p.body->'pairs') v
		WHERE p.run_id = $2 AND p.state = 'pending' AND p.body->>'from' <> ''
		ON CONFLICT DO NOTHING`
	if _, err := tx.ExecContext(ctx, variants, run.Connection, run.ID, run.Shop); err != nil {
		return fmt.Errorf("change links of run %d: %w", run.ID, err)
	}
	return nil
}
