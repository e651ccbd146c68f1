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
	"github.com/keybridge/keybridge/plugin"
)

// Categories reads all category links of a connection.
func (s *Links) Categories(ctx context.Context, conn plugin.ConnectionID) ([]plan.CategoryLink, error) {
	var rows []plan.CategoryLink
	const q = `SELECT crm_id, category_id, name, parent_id FROM keybridge.link_category WHERE connection_id = $1`
	if err := s.db.SelectContext(ctx, &rows, q, conn); err != nil {
		return nil, fmt.Errorf("category links of %s: %w", conn, err)
	}
	return rows, nil
}

// OtherCategories answers the shop categories that other connections have linked.
func (s *Links) OtherCategories(ctx context.Context, run catalog.Run) (map[plugin.CategoryID]bool, error) {
	var ids []string
	const q = `SELECT category_id FROM keybridge.link_category WHERE shop_id = $1 AND connection_id <> $2`
	if err := s.db.SelectContext(ctx, &ids, q, run.Shop, run.Connection); err != nil {
		return nil, fmt.Errorf("categories of shop %q: %w", run.Shop, err)
	}
	out := make(map[plugin.CategoryID]bool, len(ids))
	for _, id := range ids {
		out[plugin.CategoryID(id)] = true
	}
	return out, nil
}

// PutCategories stores links of categories; one of the same category of the CRM is replaced.
func (s *Links) PutCategories(ctx context.Context, tx *sqlx.Tx, run catalog.Run, rows []plan.CategoryLink, now time.Time) error {
	if len(rows) == 0 {
		return nil
	}
	const q = `INSERT INTO keybridge.link_category (connection_id, shop_id, crm_id, category_id, name, parent_id, created_at)
		SELECT $1, $2, crm_id, category_id, name, parent_id, $3
		FROM unnest($4::text[], $5::text[], $6::text[], $7::text[]) AS t (crm_id, category_id, name, parent_id)
		ON CONFLICT (connection_id, crm_id) DO UPDATE SET category_id = excluded.category_id, name = excluded.name,
			parent_id = excluded.parent_id`
	_, err := tx.ExecContext(ctx, q, run.Connection, run.Shop, now,
		pq.Array(sliceutil.Map(rows, func(c plan.CategoryLink) string { return c.CRM })),
		pq.Array(sliceutil.Map(rows, func(c plan.CategoryLink) string { return string(c.Shop) })),
		pq.Array(sliceutil.Map(rows, func(c plan.CategoryLink) string { return c.Name })),
		pq.Array(sliceutil.Map(rows, func(c plan.CategoryLink) string { return c.Parent })))
	if err != nil {
		return fmt.Errorf("link categories of %s: %w", run.Connection, err)
	}
	return nil
}

// CategoryTargets answers the shop categories that CRM categories are linked to; those that are not are left out.
func (s *Links) CategoryTargets(ctx context.Context, conn plugin.ConnectionID, ids []string) (map[string]plugin.CategoryID, error) {
	var rows []plan.CategoryLink
	const q = `SELECT crm_id, category_id, name, parent_id FROM keybridge.link_category
		WHERE connection_id = $1 AND crm_id = ANY($2)`
	if err := s.db.SelectContext(ctx, &rows, q, conn, pq.Array(ids)); err != nil {
		return nil, fmt.Errorf("category links of %s: %w", conn, err)
	}
	out := make(map[string]plugin.CategoryID, len(rows))
	for _, r := range rows {
		out[r.CRM] = r.Shop
	}
	return out, nil
}
