package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/plan"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/internal/sliceutil"
	"github.com/keybridge/keybridge/plugin"
)

// PinsOf answers the pinned fields of some products.
func (s *Review) PinsOf(ctx context.Context, db sqlx.QueryerContext, conn plugin.ConnectionID, ids []plugin.ProductID) (plan.Pins, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var rows []struct {
		Product plugin.ProductID    `db:"product_id"`
		Field   settings.OwnedField `db:"field"`
	}
	const q = `SELECT product_id, field FROM keybridge.pin WHERE connection_id = $1 AND product_id = ANY($2)`
	err := sqlx.SelectContext(ctx, db, &rows, q, conn, pq.Array(sliceutil.Map(ids, func(id plugin.ProductID) string { return string(id) })))
	if err != nil {
		return nil, fmt.Errorf("pins of %s: %w", conn, err)
	}
	out := plan.Pins{}
	for _, r := range rows {
		out[r.Product] = append(out[r.Product], r.Field)
	}
	return out, nil
}

// PinList answers pins in a fixed order, from behind the given one.
func (s *Review) PinList(ctx context.Context, conn plugin.ConnectionID, product plugin.ProductID, field settings.OwnedField, limit int) ([]catalog.Pin, error) {
	var rows []struct {
		Product plugin.ProductID    `db:"product_id"`
		Field   settings.OwnedField `db:"field"`
		By      string              `db:"pinned_by"`
		At      time.Time           `db:"pinned_at"`
	}
	const q = `SELECT product_id, field, pinned_by, pinned_at FROM keybridge.pin
		WHERE connection_id = $1 AND (product_id, field) > ($2, $3) ORDER BY product_id, field LIMIT $4`
	if err := s.db.SelectContext(ctx, &rows, q, conn, product, field, limit); err != nil {
		return nil, fmt.Errorf("pins of %s: %w", conn, err)
	}
	out := make([]catalog.Pin, len(rows))
	for i, r := range rows {
		out[i] = catalog.Pin{Product: r.Product, Field: r.Field, By: r.By, At: r.At.UTC()}
	}
	return out, nil
}

// Pin stores a pin; false: it was there.
func (s *Review) Pin(ctx context.Context, tx *sqlx.Tx, conn plugin.ConnectionID, product plugin.ProductID, field settings.OwnedField, by string, now time.Time) (bool, error) {
	const q = `INSERT INTO keybridge.pin (connection_id, product_id, field, pinned_by, pinned_at)
		VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`
	return s.touched(ctx, tx, product, q, conn, product, field, by, now)
}

// Unpin drops a pin and lets the next run look at the product again; false: there was none.
func (s *Review) Unpin(ctx context.Context, tx *sqlx.Tx, conn plugin.ConnectionID, product plugin.ProductID, field settings.OwnedField) (bool, error) {
	const q = `DELETE FROM keybridge.pin WHERE connection_id = $1 AND product_id = $2 AND field = $3`
	gone, err := s.touched(ctx, tx, product, q, conn, product, field)
	if err != nil || !gone {
		return gone, err
	}
	for _, q := range []string{
		`UPDATE keybridge.link_product SET crm_hash = NULL WHERE connection_id = $1 AND product_id = $2`,
		`UPDATE keybridge.link_variant SET price_hash = NULL WHERE connection_id = $1 AND product_id = $2`,
	} {
		if _, err := tx.ExecContext(ctx, q, conn, product); err != nil {
			return false, fmt.Errorf("unpin product %q: %w", product, err)
		}
	}
	return true, nil
}

func (s *Review) touched(ctx context.Context, tx *sqlx.Tx, product plugin.ProductID, q string, args ...any) (bool, error) {
	res, err := tx.ExecContext(ctx, q, args...)
	if err != nil {
		return false, fmt.Errorf("pin of product %q: %w", product, err)
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// Concerns reports whether a product of the shop is linked by a connection, or found by a run of its
// that waits for a person.
func (s *Review) Concerns(ctx context.Context, conn plugin.ConnectionID, product plugin.ProductID) (bool, error) {
	var is bool
	const q = `SELECT EXISTS (SELECT 1 FROM keybridge.link_product WHERE connection_id = $1 AND product_id = $2)
		OR EXISTS (SELECT 1 FROM keybridge.run r JOIN keybridge.run_plan p ON p.run_id = r.id
			WHERE r.connection_id = $1 AND r.state = 'approval' AND p.product_id = $2 AND $2 <> '')`
	if err := s.db.GetContext(ctx, &is, q, conn, product); err != nil {
		return false, fmt.Errorf("link of product %q: %w", product, err)
	}
	return is, nil
}
